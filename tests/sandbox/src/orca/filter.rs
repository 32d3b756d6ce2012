//! The serving layer's filters, over unwrapped fields.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// An object of the graph: its fields, and the asset behind it where it is an alert.
pub(super) struct Subject<'a> {
    pub(super) fields: &'a Map<String, Value>,
    pub(super) inventory: Option<&'a Map<String, Value>>,
}

/// Whether the object satisfies `with`; `Err` names what the filter does wrong.
pub(super) fn satisfies(subject: &Subject<'_>, with: &Value) -> Result<bool, String> {
    let Some(filter) = with.as_object() else { return Ok(true) };
    let operator = filter.get("operator").and_then(Value::as_str).unwrap_or_default();
    let values = filter.get("values").and_then(Value::as_array);
    match (filter.get("type").and_then(Value::as_str).unwrap_or_default(), operator) {
        ("operation", "and" | "or") => {
            let mut any = false;
            let mut all = true;
            for value in values.into_iter().flatten() {
                let holds = satisfies(subject, value)?;
                any |= holds;
                all &= holds;
            }
            Ok(if operator == "and" { all } else { any })
        }
        ("object_set" | "object", "has") => has(subject, filter),
        (kind, operator) => {
            let key = filter.get("key").and_then(Value::as_str).ok_or("a filter needs a key")?;
            let values = values.ok_or("a filter needs values")?;
            compare(field(subject.fields, key), kind, operator, values)
        }
    }
}

/// `Inventory` or `Inventories` that satisfies an inner filter.
fn has(subject: &Subject<'_>, filter: &Map<String, Value>) -> Result<bool, String> {
    let key = filter.get("keys").map(|keys| &keys[0]).and_then(Value::as_str).unwrap_or_default();
    if !["Inventory", "Inventories"].contains(&key) {
        return Err(format!("{key} is not a relation of this model"));
    }
    let Some(fields) = subject.inventory else { return Ok(false) };
    let inner = Subject { fields, inventory: None };
    satisfies(&inner, filter.get("with").unwrap_or(&Value::Null))
}

fn field<'a>(fields: &'a Map<String, Value>, key: &str) -> &'a Value {
    let key = if key == "asset_unique_id" { "AssetUniqueId" } else { key };
    fields.get(key).unwrap_or(&Value::Null)
}

fn compare(actual: &Value, kind: &str, operator: &str, values: &[Value]) -> Result<bool, String> {
    if kind == "datetime" {
        let moments = values.iter().map(moment).collect::<Result<Vec<_>, _>>()?;
        let Ok(actual) = moment(actual) else { return Ok(false) };
        return ordered(&actual, operator, &moments);
    }
    match operator {
        "in" | "eq" => Ok(values.iter().any(|value| same(actual, value))),
        "not_in" | "not_eq" => Ok(!values.iter().any(|value| same(actual, value))),
        _ => {
            let numbers: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
            let numbers = numbers.ok_or_else(|| format!("{operator} needs numbers"))?;
            actual.as_f64().map_or(Ok(false), |actual| ordered(&actual, operator, &numbers))
        }
    }
}

fn ordered<T: PartialOrd>(actual: &T, operator: &str, values: &[T]) -> Result<bool, String> {
    let first = values.first().ok_or("a filter needs values")?;
    let last = values.last().unwrap_or(first);
    Ok(match operator {
        "gte" => actual >= first,
        "gt" => actual > first,
        "lte" => actual <= first,
        "lt" => actual < first,
        "range" | "date_range" => actual >= first && actual <= last,
        other => return Err(format!("{other} is not an operator")),
    })
}

/// ISO 8601 with a zone, or milliseconds since 1970; the API is known to be strict about it.
fn moment(value: &Value) -> Result<DateTime<Utc>, String> {
    let wrong = || format!("{value} is not a valid datetime");
    match value {
        Value::String(text) => {
            DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).map_err(|_| wrong())
        }
        Value::Number(number) => {
            number.as_i64().and_then(DateTime::from_timestamp_millis).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

fn same(actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        (Value::Array(items), wanted) => items.contains(wanted),
        (Value::String(a), Value::String(b)) => a.eq_ignore_ascii_case(b),
        (a, b) => a == b,
    }
}
