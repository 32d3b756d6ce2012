//! Alert sources: clients that poll a CNAPP and normalisers that read what it sends.
//!
//! One module a vendor, one HTTP client builder for all of them ([`http`]). Whatever arrives is a
//! stranger's text: bodies and depth are capped before parsing, ids are opaque, and an address
//! found in an alert is never fetched. Polling changes nothing anywhere; what tells a vendor
//! something is a writer of its own, constructed only where that is allowed.

mod attack;
mod fields;
pub mod http;
mod instant;
mod json;
pub mod lacework;
pub mod native;
mod pace;
mod patience;
pub mod wiz;

pub use http::HttpConfig;
pub use patience::Patience;
