//! Alert sources: clients that poll a CNAPP and normalisers that read what it sends.
//!
//! One module a vendor, one HTTP client builder for all of them ([`http`]). Whatever arrives is a
//! stranger's text: bodies and depth are capped before parsing, ids are opaque, and an address
//! found in an alert is never fetched. The clients that poll have no mutating request; what writes
//! a status or comment back is a part of its own, made only where that is allowed.

mod attack;
mod documents;
mod fields;
pub mod http;
mod instant;
mod json;
mod kinds;
pub mod lacework;
pub mod mapped;
pub mod native;
pub mod ocsf;
pub mod orca;
mod pace;
mod patience;
pub mod prisma;
mod resource;
mod sweep;
pub mod wiz;

pub use http::HttpConfig;
pub use patience::Patience;
