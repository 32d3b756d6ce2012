//! Wiz: a client for its GraphQL API and a reader of what it sends.
//!
//! Wiz publishes no schema. Queries and shapes follow public clients that work against it; the
//! reader therefore takes any type at any place, keeps what it understands and names the rest.

mod actor;
mod client;
mod config;
mod cursor;
mod events;
mod fault;
mod graph;
mod normalise;
mod poll;
mod probe;
pub mod queries;
mod resource;
mod shape;
mod source;
mod split;
mod token;
mod writer;

pub use config::WizConfig;
pub use fault::WizFault;
pub use normalise::WizNormaliser;
pub use source::WizSource;
pub use writer::WizWriter;
