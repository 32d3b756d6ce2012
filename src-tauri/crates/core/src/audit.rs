//! The audit log's arithmetic.
