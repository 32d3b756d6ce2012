//! The audit log: tree, notes, records and verification.

mod log;
mod tamper;
