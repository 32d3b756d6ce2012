//! The sandbox, judged from outside: over HTTP, and by independent clients where there are any.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod account;
mod client;
mod faults;
mod independent;
mod lacework;
mod model;
mod operations;
mod orca;
mod orca_shapes;
mod paging;
mod prisma;
mod program;
mod python;
mod scenarios;
mod token;
mod writes;
