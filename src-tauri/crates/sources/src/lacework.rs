//! Lacework (FortiCNAPP): a client for version 2 of its API and a reader of what it sends.
//!
//! Shapes follow the vendor's own Go and Python clients and public integrations; its description
//! of the API is behind a login. The reader therefore takes any type at any place, keeps what it
//! understands and names the rest. Polling reads only; writing back is a part of its own.

mod allowance;
mod client;
mod config;
mod cursor;
mod details;
mod entity;
mod facts;
mod fault;
mod graph;
mod known;
mod normalise;
mod people;
mod probe;
mod resource;
mod scope;
mod shape;
mod source;
mod split;
mod token;
mod translate;
mod wire;
mod writer;

pub use config::{LaceworkConfig, LaceworkRegion};
pub use fault::LaceworkFault;
pub use normalise::LaceworkNormaliser;
pub use scope::Scope;
pub use source::LaceworkSource;
pub use writer::LaceworkWriter;
