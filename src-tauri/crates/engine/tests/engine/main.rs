//! The use cases against a real database and a simulated cloud, source and keychain.

mod approving;
mod crashing;
mod ingesting;
mod recording;
mod running;
mod world;
