//! The use cases against a real database and a simulated cloud, source and keychain.

// Clippy knows `#[test]` functions, not what they call.
#![allow(clippy::unwrap_used)]

mod approving;
mod backtesting;
mod capping;
mod clock;
mod clocks;
mod connecting;
mod crashing;
mod entitling;
mod fleet;
mod freezing;
mod handing;
mod ingesting;
mod interleaving;
mod joining;
mod killing;
mod overtaking;
mod paging;
mod reaching;
mod recording;
mod rules;
mod running;
mod snoozing;
mod suppressing;
mod telling;
mod triaging;
mod vendor;
mod watching;
mod weighing;
mod world;
