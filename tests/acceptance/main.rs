//! The acceptance tests: one program, one module a subject.

// Clippy knows `#[test]` functions, not what they call.
#![allow(clippy::unwrap_used)]
// What only the gated modules call; see `unsettled` in Cargo.toml.
#![cfg_attr(not(feature = "unsettled"), allow(dead_code))]

mod house;
mod terminal;
#[cfg(feature = "unsettled")]
mod window;
