//! Orca: its alerts in every form, its client against a small server, its writer.

mod faults;
mod graph;
mod hostile;
mod polling;
mod reading;
mod samples;
pub mod stand;
mod writing;
