//! The store against a plain model of the same.

// Clippy knows `#[test]` functions, not what they call.
#![allow(clippy::unwrap_used)]

mod queue;
mod suppressions;
mod upgrading;
mod views;
