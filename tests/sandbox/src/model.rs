//! The stand-in model server: OpenAI chat completions with strict JSON schema, honest and otherwise.

mod answer;
mod hostile;
mod http;
mod prompt;
mod strict;

pub(crate) use http::{Model, router};
