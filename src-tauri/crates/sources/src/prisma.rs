//! Prisma Cloud: clients for its CSPM and Compute APIs, a reader of what they send, and a writer.
//!
//! Sources of facts: the vendor's OpenAPI description of CSPM and of Compute 34.04 (pan.dev), its
//! pages on rate limits and errors, and public clients that work against it. What only those
//! clients know is marked so where it is used; `docs/fields/prisma.md` lists what is unconfirmed.

mod actor;
mod alert;
mod budget;
mod client;
mod compute;
mod config;
mod cursor;
mod fault;
mod graph;
mod incident;
mod kinds;
mod normalise;
mod permission;
mod poll;
mod probe;
mod resource;
mod session;
mod shape;
mod source;
mod split;
mod tags;
mod token;
mod write;

pub use config::{ChangeClock, PrismaConfig, STACKS, Stack};
pub use fault::PrismaFault;
pub use normalise::PrismaNormaliser;
pub use source::PrismaSource;
pub use write::PrismaWriter;
