//! Orca Security: a client for its REST API and a reader of what it sends.
//!
//! Orca publishes no API description. Two generations of its API are in use: the serving layer
//! (`POST /api/serving-layer/query`, every value wrapped in `{"value": …}`) and the older rules API
//! (`POST /api/rules/query/alerts`, flat snake_case, the same form as its webhooks). Requests and
//! shapes follow public clients that work against them; the reader takes any type at any place,
//! keeps what it understands and names the rest.

mod answer;
mod client;
mod config;
mod cursor;
mod evidence;
mod fault;
mod graph;
mod normalise;
mod plain;
mod poll;
mod probe;
mod query;
mod ration;
mod resource;
mod shape;
mod source;
mod split;
mod words;
mod writer;

pub use config::{OrcaApi, OrcaConfig, REGIONS, Region};
pub use fault::OrcaFault;
pub use normalise::OrcaNormaliser;
pub use source::OrcaSource;
pub use writer::OrcaWriter;
