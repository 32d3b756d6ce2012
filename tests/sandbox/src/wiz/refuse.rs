//! Refusals inside a GraphQL answer: HTTP 200 with `errors`.

use std::cell::RefCell;

use apollo_compiler::resolvers::FieldError;
use serde_json::{Value, json};

/// Why a field could not be answered.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// For people.
    pub(crate) message: String,
    /// Apollo-style code, such as `BAD_USER_INPUT`.
    pub(crate) code: &'static str,
    /// Path below the field, such as the argument at fault.
    pub(crate) path: Vec<String>,
}

impl Refusal {
    /// The client sent something that cannot be.
    pub(crate) fn input(message: impl Into<String>, path: &[&str]) -> Self {
        let path = path.iter().map(|&part| part.to_owned()).collect();
        Self { message: message.into(), code: "BAD_USER_INPUT", path }
    }

    /// An id of nothing that exists.
    pub(crate) fn unknown(what: &str, argument: &str) -> Self {
        Self::input(format!("{argument} must be the id of an existing {what}"), &[argument])
    }
}

/// Codes and paths of refusals while they travel through the GraphQL executor, which only carries a message.
#[derive(Default)]
pub(crate) struct Refusals(RefCell<Vec<Refusal>>);

impl Refusals {
    /// Keeps the refusal and gives what the executor understands.
    pub(crate) fn raise(&self, refusal: Refusal) -> FieldError {
        let message = refusal.message.clone();
        self.0.borrow_mut().push(refusal);
        FieldError { message }
    }

    /// Puts code and path back into an error of the executor.
    pub(crate) fn complete(&self, mut error: Value) -> Value {
        // The executor puts words of its own in front of a resolver's message.
        let bare =
            error["message"].as_str().and_then(|message| message.strip_prefix("resolver error: "));
        if let Some(bare) = bare.map(str::to_owned) {
            error["message"] = json!(bare);
        }
        let kept =
            self.0.borrow().iter().find(|kept| error["message"] == kept.message.as_str()).cloned();
        let Some(refusal) = kept else {
            error["extensions"]["code"] = json!("INTERNAL_SERVER_ERROR");
            return error;
        };
        error["extensions"]["code"] = json!(refusal.code);
        if let Some(path) = error["path"].as_array_mut() {
            path.extend(refusal.path.into_iter().map(Value::from));
        }
        if let Some(error) = error.as_object_mut() {
            error.remove("locations");
        }
        error
    }
}
