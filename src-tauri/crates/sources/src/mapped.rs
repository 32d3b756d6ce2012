//! Messages of any shape, read by a mapping that the customer writes.
//!
//! The vendors' webhook bodies are templates that customers edit, so a message may look like
//! anything. A mapping is a small JSON document: for each field of a finding where in the message
//! its value stands ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) pointers), and what the
//! words of the sender mean. It decides where to look and nothing else: values are capped, cleaned
//! and checked as those of the vendors' own alerts are. It has no expressions, no patterns and no
//! way to reach anything outside the message.

mod document;
mod field;
mod normalise;
mod parse;
mod pointer;
mod reading;
mod resource;
mod several;
mod shipped;
mod words;

pub use document::{Fault, Faults, MAPPING_CAP, Mapping};
pub use field::Field;
pub use normalise::MappedNormaliser;
pub use reading::{FieldReading, Reading};
pub use shipped::{SHIPPED, Shipped};
