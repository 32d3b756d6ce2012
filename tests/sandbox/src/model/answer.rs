//! What the honest model says: only what the evidence says, only what the menu offers.

use serde_json::{Map, Value, json};

use super::prompt::{Item, Prompt};
use super::strict;

/// Longest quotation from the evidence.
const QUOTED: usize = 140;

/// Words in a menu entry and how early such a step should come.
const ORDER: [(&str, u8); 5] =
    [("isolate", 0), ("deactivate", 1), ("access_key", 1), ("quarantine", 2), ("stop", 3)];

/// Words in the evidence and the cause they point to.
const CAUSES: [(&str, &str); 5] = [
    (
        "miner",
        "Someone ran a cryptocurrency miner on the asset, most likely through the application it exposes.",
    ),
    (
        "mining",
        "Someone ran a cryptocurrency miner on the asset, most likely through the application it exposes.",
    ),
    ("new country", "An access key has left the hands of its owner and is used by someone else."),
    ("access key", "An access key has left the hands of its owner and is used by someone else."),
    (
        "public",
        "The resource was opened to everyone by its own policy; no use of it has been seen.",
    ),
];

/// Fills the schema from the prompt.
pub(crate) fn honest(prompt: &Prompt, schema: &Value) -> Value {
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    let one = |(name, inner): (String, Value)| {
        let value = match name.as_str() {
            "summary" => summary(prompt, &inner),
            "hypothesis" => hypothesis(prompt, &inner),
            "steps" => steps(prompt, &inner),
            "confidence" => json!(if prompt.evidence.len() > 1 { 0.82 } else { 0.6 }),
            _ => strict::smallest(&inner),
        };
        (name, value)
    };
    Value::Object(fields.into_iter().map(one).collect::<Map<_, _>>())
}

fn summary(prompt: &Prompt, schema: &Value) -> Value {
    let cited = |place: usize| prompt.evidence.get(place).or_else(|| prompt.evidence.first());
    let first = sentence("What was seen: ", cited(0));
    let second = match prompt.evidence.get(1) {
        Some(item) => sentence("Beside it: ", Some(item)),
        None => {
            json!({ "text": "Nothing else in the evidence adds to it.", "cites": ids(cited(0)) })
        }
    };
    let third = json!({
        "text": format!("{} pieces of evidence and {} possible steps were given.", prompt.evidence.len(), prompt.menu.len()),
        "cites": ids(cited(prompt.evidence.len().saturating_sub(1))),
    });
    let wanted = schema["minItems"].as_u64().unwrap_or(3) as usize;
    [first, second, third.clone()]
        .into_iter()
        .chain(std::iter::repeat(third))
        .take(wanted.max(3))
        .collect()
}

fn sentence(opening: &str, item: Option<&Item>) -> Value {
    let text = item.map_or("nothing was given", |item| item.text.as_str());
    let mut text: String =
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(QUOTED).collect();
    if !text.ends_with('.') {
        text.push('.');
    }
    json!({ "text": format!("{opening}{text}"), "cites": ids(item) })
}

fn ids(item: Option<&Item>) -> Vec<&str> {
    item.map(|item| item.id.as_str()).into_iter().collect()
}

fn hypothesis(prompt: &Prompt, schema: &Value) -> Value {
    let points_to = |item: &Item, word: &str| item.text.to_lowercase().contains(word);
    let found = CAUSES.iter().find_map(|(word, cause)| {
        prompt.evidence.iter().find(|item| points_to(item, word)).map(|item| (*cause, item))
    });
    let (text, item) = match found {
        Some((cause, item)) => (cause, Some(item)),
        None => ("The evidence does not say how it began.", prompt.evidence.first()),
    };
    let claim = json!({ "text": text, "cites": ids(item) });
    if schema["type"] == "array" { json!([claim]) } else { claim }
}

fn steps(prompt: &Prompt, schema: &Value) -> Value {
    let most = schema["maxItems"].as_u64().map_or(usize::MAX, |most| most as usize);
    let rank = |item: &Item| {
        let text = item.text.to_lowercase();
        ORDER.iter().find(|(word, _)| text.contains(word)).map_or(9, |(_, rank)| *rank)
    };
    let mut menu: Vec<&Item> = prompt.menu.iter().collect();
    menu.sort_by_key(|item| rank(item));
    let because = prompt.evidence.first().map_or("the evidence", |item| item.id.as_str());
    menu.iter()
        .take(most)
        .enumerate()
        .map(|(place, item)| json!({ "id": item.id, "why": format!("Step {} answers {because}.", place + 1) }))
        .collect()
}
