//! A policy document, read without trust: whoever may write policies may write anything into one.

use serde_json::Value;

/// Longest document read, in bytes; IAM itself takes at most 10,240 characters.
pub const DOCUMENT_CAP: usize = 64 * 1024;
/// Statements read of one document, and values of one list.
const MOST_STATEMENTS: usize = 500;
const MOST_VALUES: usize = 1_000;
/// Longest pattern or value taken, in bytes.
const VALUE_CAP: usize = 2_048;

/// What a policy says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    pub(super) statements: Vec<Statement>,
    /// Why some of it could not be read; what that part allows or denies is not known.
    pub(super) unread: Option<String>,
}

/// Whether a statement gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its place in the document, from 1.
    pub(super) place: usize,
    pub(super) effect: Effect,
    pub(super) actions: Terms,
    /// `None` in trust policies, where the role is meant.
    pub(super) resources: Option<Terms>,
    pub(super) principals: Option<Principals>,
    pub(super) conditions: Vec<Condition>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) is_not: bool,
    pub(super) patterns: Vec<String>,
}

/// `Principal` or `NotPrincipal`: kind (`AWS`, `Service`, …) and value. Everybody is `AWS` `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Principals {
    pub(super) is_not: bool,
    pub(super) named: Vec<(String, String)>,
}

/// One key of one operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) operator: String,
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

impl Document {
    /// Reads a document. What can't be read is remembered as [unread](Self::unread), and makes
    /// uncertain what it might have denied.
    pub fn parse(text: &str) -> Self {
        let unread = |why: &str| Self { statements: Vec::new(), unread: Some(why.to_owned()) };
        if text.len() > DOCUMENT_CAP {
            return unread("it is longer than any policy that IAM takes");
        }
        // serde_json refuses what is nested deeper than 128.
        let Ok(value) = serde_json::from_str::<Value>(text) else { return unread("it is no JSON") };
        let given = match &value["Statement"] {
            Value::Array(list) => list.as_slice(),
            one @ Value::Object(_) => std::slice::from_ref(one),
            _ => return unread("it has no statements"),
        };
        let mut document = Self::default();
        if given.len() > MOST_STATEMENTS {
            document.unread = Some(format!("only its first {MOST_STATEMENTS} statements are read"));
        }
        for (index, value) in given.iter().take(MOST_STATEMENTS).enumerate() {
            match Statement::read(index + 1, value) {
                Some(statement) => document.statements.push(statement),
                None => {
                    document.unread =
                        Some(format!("its statement {} is not understood", index + 1));
                }
            }
        }
        document
    }

    /// A document that is not at hand.
    pub fn missing(why: &str) -> Self {
        Self { statements: Vec::new(), unread: Some(why.to_owned()) }
    }

    /// Why some of it could not be read.
    pub fn unread(&self) -> Option<&str> {
        self.unread.as_deref()
    }

    /// Patterns of resources that it names, so that what policies talk about is known.
    pub(super) fn resources(&self) -> impl Iterator<Item = &str> {
        let terms = self.statements.iter().filter_map(|statement| statement.resources.as_ref());
        terms.filter(|terms| !terms.is_not).flat_map(|terms| &terms.patterns).map(String::as_str)
    }
}

impl Statement {
    fn read(place: usize, value: &Value) -> Option<Self> {
        let effect = match value["Effect"].as_str()? {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            _ => return None,
        };
        let actions = terms(value, "Action", "NotAction").ok()??;
        let resources = terms(value, "Resource", "NotResource").ok()?;
        let principals = principals(value).ok()?;
        if resources.is_none() && principals.is_none() {
            return None;
        }
        let conditions = conditions(&value["Condition"])?;
        Some(Self { place, effect, actions, resources, principals, conditions })
    }
}

/// `Ok(None)` for neither of them; an error for both, and for what is no text.
fn terms(value: &Value, is: &str, is_not: &str) -> Result<Option<Terms>, ()> {
    match (value.get(is), value.get(is_not)) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(()),
        (Some(given), None) => Ok(Some(Terms { is_not: false, patterns: texts(given).ok_or(())? })),
        (None, Some(given)) => Ok(Some(Terms { is_not: true, patterns: texts(given).ok_or(())? })),
    }
}

fn principals(value: &Value) -> Result<Option<Principals>, ()> {
    let (given, is_not) = match (value.get("Principal"), value.get("NotPrincipal")) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(()),
        (Some(given), None) => (given, false),
        (None, Some(given)) => (given, true),
    };
    let mut named = Vec::new();
    match given {
        Value::String(everybody) if everybody == "*" => {
            named.push(("AWS".to_owned(), "*".to_owned()));
        }
        Value::Object(kinds) => {
            for (kind, values) in kinds {
                let values = texts(values).ok_or(())?;
                named.extend(values.into_iter().map(|value| (kind.clone(), value)));
            }
        }
        _ => return Err(()),
    }
    if named.len() > MOST_VALUES { Err(()) } else { Ok(Some(Principals { is_not, named })) }
}

fn conditions(value: &Value) -> Option<Vec<Condition>> {
    let mut found = Vec::new();
    if value.is_null() {
        return Some(found);
    }
    for (operator, keys) in value.as_object()? {
        for (key, values) in keys.as_object()? {
            let (operator, key) = (operator.clone(), key.clone());
            found.push(Condition { operator, key, values: texts(values)? });
        }
    }
    (found.len() <= MOST_VALUES).then_some(found)
}

/// A text or a list of texts; truth values and numbers are written as text too.
fn texts(value: &Value) -> Option<Vec<String>> {
    let list = match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    if list.len() > MOST_VALUES {
        return None;
    }
    let text = |value: &Value| match value {
        Value::String(text) if text.len() <= VALUE_CAP => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    list.iter().map(text).collect()
}
