//! The acceptance tests: one program, one module a subject.

// Clippy knows `#[test]` functions, not what they call.
#![allow(clippy::unwrap_used)]

mod house;
// See `unsettled` in Cargo.toml.
#[cfg(feature = "unsettled")]
mod terminal;
#[cfg(feature = "unsettled")]
mod window;
