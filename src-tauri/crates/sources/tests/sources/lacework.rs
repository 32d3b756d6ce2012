//! Lacework: files and wire in, findings and errors out.

mod faults;
mod graph;
mod hostile;
mod polling;
mod reading;
mod samples;
mod stand;
mod writing;
