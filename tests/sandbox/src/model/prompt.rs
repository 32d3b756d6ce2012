//! What the prompt offers: a menu of steps and a list of evidence, found in the user's message.

use serde_json::Value;

/// A menu entry or a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Opaque id, `M` or `E` and digits.
    pub(crate) id: String,
    /// What it says, as far as text can be found in it.
    pub(crate) text: String,
}

/// The parts of a prompt that an answer may refer to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// Steps to choose from.
    pub(crate) menu: Vec<Item>,
    /// Evidence to cite.
    pub(crate) evidence: Vec<Item>,
}

impl Prompt {
    /// Reads the last JSON object of a message that has a menu or evidence.
    pub(crate) fn read(message: &str) -> Self {
        let objects = objects(message);
        let offers =
            |object: &&Value| find(object, "menu").or_else(|| find(object, "evidence")).is_some();
        let Some(last) = objects.iter().rev().find(offers) else { return Self::default() };
        Self { menu: items(find(last, "menu"), 'M'), evidence: items(find(last, "evidence"), 'E') }
    }
}

/// JSON objects in a text, in order, not those inside others.
fn objects(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find('{').map(|at| from + at) {
        let mut stream = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) => {
                from = start + stream.byte_offset();
                found.push(value);
            }
            _ => from = start + 1,
        }
    }
    found
}

fn find<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) => fields
            .get(name)
            .filter(|found| found.is_array())
            .or_else(|| fields.values().find_map(|inner| find(inner, name))),
        Value::Array(items) => items.iter().find_map(|inner| find(inner, name)),
        _ => None,
    }
}

fn items(list: Option<&Value>, letter: char) -> Vec<Item> {
    let one = |value: &Value| {
        let id = value["id"].as_str().or_else(|| value.as_str())?;
        let digits = id.strip_prefix(letter)?;
        let fits = !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit());
        fits.then(|| Item { id: id.to_owned(), text: longest(value) })
    };
    list.and_then(Value::as_array).into_iter().flatten().filter_map(one).collect()
}

/// The longest string in a value, which is the one people would read.
fn longest(value: &Value) -> String {
    fn all<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::String(text) => found.push(text),
            Value::Array(items) => items.iter().for_each(|item| all(item, found)),
            Value::Object(fields) => fields.values().for_each(|item| all(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    all(value, &mut found);
    // A prompt may join a stranger's words by this mark instead of spaces; it means a space.
    found.into_iter().max_by_key(|text| text.len()).unwrap_or_default().replace('\u{2c6}', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, menu: &[&str], evidence: &[&str]) {
        let prompt = Prompt::read(message);
        let ids = |items: &[Item]| items.iter().map(|item| item.id.clone()).collect::<Vec<_>>();
        assert_eq!(
            (ids(&prompt.menu), ids(&prompt.evidence)),
            (
                menu.iter().map(ToString::to_string).collect(),
                evidence.iter().map(ToString::to_string).collect()
            )
        );
    }

    #[test]
    fn the_last_object_with_a_menu_counts() {
        check(
            r#"Rules {not json}. Old: {"menu":[{"id":"M9"}]} now {"menu":[{"id":"M1"},{"id":"M2"}],"evidence":[{"id":"E1","text":"a {brace}"}]} bye {}"#,
            &["M1", "M2"],
            &["E1"],
        );
    }

    #[test]
    fn nested_and_foreign_ids() {
        check(
            r#"{"case":{"menu":[{"id":"M1"},{"id":"M1x"},{"id":"X1"},{"id":"M"}],"evidence":["E7"]}}"#,
            &["M1"],
            &["E7"],
        );
    }

    #[test]
    fn marked_words_are_read_as_words() {
        let prompt =
            Prompt::read(r#"{"evidence":[{"id":"E1","text":"access\u02c6key\u02c6used"}]}"#);
        assert_eq!(prompt.evidence[0].text, "access key used");
    }

    #[test]
    fn nothing_to_find() {
        check("no object here {{{{", &[], &[]);
    }
}
