//! The audit log: tree, notes, records and verification.

mod log;
mod note;
mod record;
mod tamper;
mod tree;
