//! Prisma Cloud: what its payloads become, and how its APIs are polled and written to.

mod faults;
mod graph;
mod hostile;
mod judge;
mod openapi;
mod polling;
mod reading;
mod samples;
pub mod stand;
mod writing;
