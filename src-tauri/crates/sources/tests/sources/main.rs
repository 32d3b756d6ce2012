//! Tests of the sources, from outside: files and wire in, findings and errors out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod corpora;
mod faults;
mod graph;
mod hostile_bodies;
mod interleaving;
mod lacework;
mod mapped;
mod mutation;
mod ocsf;
mod orca;
mod polling;
mod prisma;
mod probing;
mod queries;
mod reading;
mod samples;
mod stand;
mod straying;
mod vendors;
mod writing;
