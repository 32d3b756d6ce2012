//! `POST Alerts/search`: filters and chosen fields.

use serde_json::{Map, Value};

/// Keeps the rows that every filter lets through, cut down to the fields asked for.
pub(super) fn search(rows: Vec<Value>, order: &Value) -> Result<Vec<Value>, String> {
    let filters = order["filters"].as_array().cloned().unwrap_or_default();
    let mut kept = Vec::new();
    for row in rows {
        let mut passes = true;
        for filter in &filters {
            passes &= lets_through(&row, filter)?;
        }
        if passes {
            kept.push(cut_down(row, &order["returns"]));
        }
    }
    Ok(kept)
}

fn cut_down(row: Value, wanted: &Value) -> Value {
    let Some(wanted) = wanted.as_array().filter(|wanted| !wanted.is_empty()) else { return row };
    let fields = wanted.iter().filter_map(Value::as_str);
    let chosen = fields.map(|name| (name.to_owned(), row[name].clone()));
    Value::Object(chosen.collect::<Map<_, _>>())
}

fn lets_through(row: &Value, filter: &Value) -> Result<bool, String> {
    let field = filter["field"].as_str().ok_or("a filter needs a field")?;
    let actual = plain(field.split('.').fold(row, |value, part| &value[part]));
    let one = || match &filter["value"] {
        Value::Null => Err(format!("the filter of {field} needs a value")),
        value => Ok(plain(value)),
    };
    let several = || match filter["values"].as_array() {
        None => Err(format!("the filter of {field} needs values")),
        Some(values) => Ok(values.iter().map(plain).collect::<Vec<_>>()),
    };
    let like = |pattern: String| contains(&actual, &pattern);
    let low = actual.to_lowercase();
    Ok(match filter["expression"].as_str().unwrap_or_default() {
        "eq" => actual == one()?,
        "ne" => actual != one()?,
        "in" => several()?.contains(&actual),
        "not_in" => !several()?.contains(&actual),
        "like" => like(one()?),
        "not_like" => !like(one()?),
        "ilike" => contains(&low, &one()?.to_lowercase()),
        "not_ilike" => !contains(&low, &one()?.to_lowercase()),
        "gt" => actual > one()?,
        "ge" => actual >= one()?,
        "lt" => actual < one()?,
        "le" => actual <= one()?,
        "between" => match several()?.as_slice() {
            [from, until] => actual >= *from && actual <= *until,
            _ => return Err(format!("between needs two values for {field}")),
        },
        other => return Err(format!("{other:?} is not an expression that is served")),
    })
}

/// SQL's `%` at both ends or neither.
fn contains(text: &str, pattern: &str) -> bool {
    match pattern.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')) {
        Some(part) => text.contains(part),
        None => text == pattern,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
