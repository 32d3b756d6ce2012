//! Keyset paging with opaque cursors: what changes between two pages neither repeats nor hides other rows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::refuse::Refusal;

/// Largest page that is served.
pub(crate) const LARGEST: i64 = 500;
const USUAL: i64 = 100;

/// Sort key: the order asked for, then the id.
pub(crate) type Key<'a> = (i64, &'a str);

/// `first` and `after` of a list.
pub(crate) struct Page {
    first: usize,
    after: Option<(i64, String)>,
}

impl Page {
    /// Reads the arguments.
    pub(crate) fn read(arguments: &Value) -> Result<Self, Refusal> {
        let first = arguments["first"].as_i64().unwrap_or(USUAL);
        if !(1..=LARGEST).contains(&first) {
            return Err(Refusal::input(
                format!("first must be between 1 and {LARGEST}"),
                &["first"],
            ));
        }
        let after =
            match arguments["after"].as_str() {
                None | Some("") => None,
                Some(cursor) => Some(decode(cursor).ok_or_else(|| {
                    Refusal::input("after is not a cursor of this list", &["after"])
                })?),
            };
        Ok(Self { first: first as usize, after })
    }

    /// Cuts the page out of everything that matched and renders it as a connection.
    pub(crate) fn cut<'a, T>(
        &self,
        all: Vec<T>,
        key: impl Fn(&T) -> Key<'a>,
        render: impl Fn(&T) -> Value,
    ) -> Value {
        let total = all.len();
        let after = self.after.as_ref().map(|(order, id)| (*order, id.as_str()));
        let mut rest: Vec<(Key<'a>, T)> = all
            .into_iter()
            .map(|item| (key(&item), item))
            .filter(|(key, _)| after.is_none_or(|after| *key > after))
            .collect();
        let more = rest.len() > self.first;
        if more {
            // Only the page itself needs sorting, which matters with a hundred thousand issues.
            rest.select_nth_unstable_by(self.first, |one, other| one.0.cmp(&other.0));
            rest.truncate(self.first);
        }
        rest.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let end = rest.last().map(|(key, _)| encode(*key));
        let nodes: Vec<Value> = rest.iter().map(|(_, item)| render(item)).collect();
        json!({ "nodes": nodes, "totalCount": total, "pageInfo": { "hasNextPage": more, "endCursor": end } })
    }
}

fn encode((order, id): Key<'_>) -> String {
    URL_SAFE_NO_PAD.encode(format!("{order}|{id}"))
}

fn decode(cursor: &str) -> Option<(i64, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (order, id) = text.split_once('|')?;
    Some((order.parse().ok()?, id.to_owned()))
}
