//! The Lacework account, from outside.

mod account;
mod client;
mod faults;
mod judge;
mod token;
