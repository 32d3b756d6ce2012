//! The acceptance tests: one program, one module a subject.

// Clippy knows `#[test]` functions, not what they call.
#![allow(clippy::unwrap_used)]

mod house;
mod terminal;
mod window;
