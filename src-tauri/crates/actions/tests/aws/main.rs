//! The reader and the executor against a simulated AWS account (moto, corrected and seeded, with
//! IAM enforced), through a proxy that counts what changes something and can break it.

// Clippy knows `#[test]` functions, not what they call.
#![allow(clippy::unwrap_used)]

mod bench;
mod entitlements;
mod faults;
mod identity;
mod journal;
mod networks;
mod place;
mod profile;
mod proxy;
mod queue;
mod reads;
mod refusals;
mod runs;
mod sandbox;
mod snapshot;
mod standby;
