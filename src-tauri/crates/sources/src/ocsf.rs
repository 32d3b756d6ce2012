//! OCSF Detection Finding (class 2004): a reader for findings of any producer.
//!
//! Schema: <https://schema.ocsf.io/classes/detection_finding>. Producers differ in what they fill
//! and how (Prowler writes `time` in seconds, the schema says milliseconds), so any type is taken at
//! any place, what is understood is kept and the rest named. Nothing is polled here and nothing
//! written back: such findings come as files and messages.

mod evidence;
mod normalise;
mod resource;
mod shape;

pub use normalise::OcsfNormaliser;
