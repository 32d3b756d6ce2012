//! The rules that strict structured output puts on a schema, so that a client that breaks them is told.

use serde_json::{Map, Value, json};

/// Checks `response_format` as the vendor does; the error is the message for the client.
pub(crate) fn check(format: &Value) -> Result<&Value, String> {
    if format["type"] != "json_schema" {
        return Err("response_format.type must be json_schema".into());
    }
    let named = &format["json_schema"];
    let name = named["name"].as_str().unwrap_or_default();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err("response_format.json_schema.name must match [A-Za-z0-9_-]{1,64}".into());
    }
    if named["strict"] != true {
        return Err("this server only takes response_format.json_schema.strict = true".into());
    }
    let schema = &named["schema"];
    if schema["type"] != "object" {
        return Err("the root of the schema must have type object".into());
    }
    walk(schema, "schema")?;
    Ok(schema)
}

fn walk(schema: &Value, at: &str) -> Result<(), String> {
    if let Some(properties) = schema["properties"].as_object() {
        closed(schema, properties, at)?;
        for (name, inner) in properties {
            walk(inner, &format!("{at}.properties.{name}"))?;
        }
    }
    for place in ["items", "anyOf", "$defs"] {
        match &schema[place] {
            Value::Array(several) => {
                several.iter().try_for_each(|inner| walk(inner, &format!("{at}.{place}")))?;
            }
            Value::Object(named) if place == "$defs" => {
                named
                    .iter()
                    .try_for_each(|(name, inner)| walk(inner, &format!("{at}.$defs.{name}")))?;
            }
            inner @ Value::Object(_) => walk(inner, &format!("{at}.{place}"))?,
            _ => {}
        }
    }
    Ok(())
}

fn closed(schema: &Value, properties: &Map<String, Value>, at: &str) -> Result<(), String> {
    if schema["additionalProperties"] != false {
        return Err(format!("{at}: additionalProperties must be false"));
    }
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match properties.keys().find(|name| !required.contains(&name.as_str())) {
        Some(missing) => {
            Err(format!("{at}: required must list every property, {missing} is missing"))
        }
        None => Ok(()),
    }
}

/// The smallest value that a schema allows, for schemas that the stand-in does not know.
pub(crate) fn smallest(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].as_array().and_then(|allowed| allowed.first()) {
        return first.clone();
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(several) => several.first().and_then(Value::as_str),
        one => one.as_str(),
    };
    match kind {
        Some("object") => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            fields
                .map(|(name, inner)| (name.clone(), smallest(inner)))
                .collect::<Map<_, _>>()
                .into()
        }
        Some("array") => {
            let least = schema["minItems"].as_u64().unwrap_or(0);
            (0..least).map(|_| smallest(&schema["items"])).collect()
        }
        Some("string") => json!(""),
        Some("number" | "integer") => schema.get("minimum").cloned().unwrap_or(json!(0)),
        Some("boolean") => json!(false),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(schema: Value) -> Value {
        json!({ "type": "json_schema", "json_schema": { "name": "triage", "strict": true, "schema": schema } })
    }

    #[test]
    fn closed_objects_pass_and_open_ones_are_named() {
        let inner = json!({ "type": "object", "properties": { "id": { "type": "string" } } });
        let good = json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false });
        assert!(check(&format(good)).is_ok());
        let bad = json!({
            "type": "object", "additionalProperties": false, "required": ["steps"],
            "properties": { "steps": { "type": "array", "items": inner } },
        });
        let message = check(&format(bad)).unwrap_err();
        assert_eq!(message, "schema.properties.steps.items: additionalProperties must be false");
    }

    #[test]
    fn optional_properties_are_refused() {
        let schema = json!({ "type": "object", "properties": { "a": {}, "b": {} }, "required": ["a"], "additionalProperties": false });
        assert_eq!(
            check(&format(schema)).unwrap_err(),
            "schema: required must list every property, b is missing"
        );
    }

    #[test]
    fn the_smallest_value_follows_the_schema() {
        let schema = json!({ "type": "object", "properties": {
            "verdict": { "enum": ["yes", "no"] }, "list": { "type": "array", "minItems": 2, "items": { "type": "string" } },
            "score": { "type": "number", "minimum": 0.5 } } });
        assert_eq!(smallest(&schema), json!({ "verdict": "yes", "list": ["", ""], "score": 0.5 }));
    }
}
