//! The JSON Schema of an answer, in the subset that strict decoding takes.

use firebreak_core::assessment::{HYPOTHESIS_SENTENCES, MenuItem, SUMMARY_SENTENCES};
use firebreak_core::evidence::Evidence;
use serde_json::{Value, json};

/// Exactly what [`firebreak_core::assessment::read_answer`] reads. Ids are enumerations: a decoder
/// that keeps to the schema can't write one that was not offered. What it says is checked all the
/// same.
pub(crate) fn answer_schema(menu: &[MenuItem], evidence: &[Evidence]) -> Value {
    let menu_ids: Vec<&str> = menu.iter().map(|item| item.id.as_str()).collect();
    let evidence_ids: Vec<&str> = evidence.iter().map(|fact| fact.id.as_str()).collect();
    let sentence = object(json!({
        "text": { "type": "string" },
        "cites": list(one_of(&evidence_ids), 0, evidence_ids.len()),
    }));
    let step = object(json!({ "id": one_of(&menu_ids), "why": { "type": "string" } }));
    object(json!({
        "summary": list(sentence.clone(), SUMMARY_SENTENCES, SUMMARY_SENTENCES),
        "hypothesis": list(sentence, 1, HYPOTHESIS_SENTENCES),
        "steps": list(step, 0, menu_ids.len()),
        "confidence": { "type": "number", "minimum": 0, "maximum": 1 },
    }))
}

/// Every property required and no other allowed, as strict mode demands.
fn object(properties: Value) -> Value {
    let required: Vec<String> =
        properties.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn list(items: Value, least: usize, most: usize) -> Value {
    json!({ "type": "array", "items": items, "minItems": least, "maxItems": most })
}

/// An empty enumeration is no valid schema; the list around it then admits no item.
fn one_of(ids: &[&str]) -> Value {
    if ids.is_empty() {
        json!({ "type": "string" })
    } else {
        json!({ "type": "string", "enum": ids })
    }
}
