//! Conditions: decided where the value is known, and said to be undecided where it is not.
//!
//! Operators and keys as in the IAM User Guide, "IAM JSON policy elements: Condition operators" and
//! "AWS global condition context keys".

use std::collections::BTreeMap;

use super::answer::Fit;
use super::document::Condition;
use super::glob::{covers, covers_any_case};
use crate::text;

/// What is known of a request, by key in lower case. What an attacker chooses or what only the
/// request itself knows (address, MFA, tags, external id) is not among it.
#[derive(Debug, Clone, Default)]
pub(super) struct Context(BTreeMap<String, String>);

impl Context {
    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.insert(key.to_ascii_lowercase(), value.into());
        self
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(&key.to_ascii_lowercase()).map(String::as_str)
    }
}

/// Whether all conditions hold: of the values of one key, any; of the keys, each.
pub(super) fn holds(conditions: &[Condition], context: &Context) -> Fit {
    conditions.iter().fold(Fit::Yes, |fit, condition| fit.and(|| decide(condition, context)))
}

fn decide(condition: &Condition, context: &Context) -> Fit {
    let undecided = || {
        let key = text::line(&condition.key, 60);
        Fit::Maybe(format!("a condition on {key} is not decided"))
    };
    let operator = condition.operator.to_ascii_lowercase();
    let operator = operator.strip_suffix("ifexists").unwrap_or(&operator);
    let Some(value) = context.get(&condition.key) else { return undecided() };
    if condition.values.iter().any(|value| value.contains("${")) {
        return undecided();
    }
    let any = |fits: &dyn Fn(&str) -> bool| condition.values.iter().any(|one| fits(one));
    match operator {
        "stringequals" => Fit::of(any(&|one| one == value)),
        "stringnotequals" => Fit::of(!any(&|one| one == value)),
        "stringequalsignorecase" => Fit::of(any(&|one| one.eq_ignore_ascii_case(value))),
        "stringnotequalsignorecase" => Fit::of(!any(&|one| one.eq_ignore_ascii_case(value))),
        "stringlike" => Fit::of(any(&|one| covers(one, value))),
        "stringnotlike" => Fit::of(!any(&|one| covers(one, value))),
        "arnequals" | "arnlike" => Fit::of(any(&|one| covers(one, value))),
        "arnnotequals" | "arnnotlike" => Fit::of(!any(&|one| covers(one, value))),
        "bool" => Fit::of(any(&|one| covers_any_case(one, value))),
        // The key is there.
        "null" => Fit::of(any(&|one| one.eq_ignore_ascii_case("false"))),
        _ => undecided(),
    }
}
