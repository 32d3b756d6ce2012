//! The queue with text: words, and beginnings of words, in FTS5.

use firebreak_core::queue::{OwnerFilter, QueueFilter};
use sqlx::Row;

use super::{After, COUNTED, Found, stretches};
use crate::{Store, StoreError};

/// Most words of one search; nobody types more, and each is a list to walk.
const MOST_WORDS: usize = 16;

/// The words of a search; `None` where there is nothing to look for.
pub(super) fn words(filter: &QueueFilter) -> Option<Vec<&str>> {
    let text = filter.text.as_deref().unwrap_or_default();
    // FTS5 drops all that is neither letter nor digit; a word of nothing else would match nothing.
    let words = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    let words: Vec<&str> = words.take(MOST_WORDS).collect();
    (!words.is_empty()).then_some(words)
}

/// Every word or its beginning, and the facets asked for, as an FTS5 expression
/// (<https://www.sqlite.org/fts5.html#full_text_query_syntax>).
pub(super) fn expression(
    words: &[&str],
    filter: &QueueFilter,
    accounts: Option<&[String]>,
) -> String {
    // Within quotes nothing but the quote itself means anything, and NUL, which ends the expression.
    let phrase = |word: &&str| {
        let plain = word.replace(|char: char| char == '"' || char.is_control(), " ");
        format!("\"{plain}\" *")
    };
    let phrases: Vec<_> = words.iter().map(phrase).collect();
    let mut parts = vec![format!("words : ({})", phrases.join(" AND "))];
    let mut narrow = |facets: Vec<String>| {
        let quoted: Vec<_> = facets.iter().map(|facet| format!("\"{facet}\"")).collect();
        parts.push(format!("facets : ({})", quoted.join(" OR ")));
    };
    if !filter.states.is_empty() {
        narrow(filter.states.iter().map(|state| facet('s', state.name())).collect());
    }
    match &filter.owner {
        OwnerFilter::Any => {}
        OwnerFilter::Nobody => narrow(vec![facet('o', "")]),
        OwnerFilter::Person(name) => narrow(vec![facet('o', name)]),
    }
    match accounts {
        None => {}
        // No account is called so: a facet that nothing has.
        Some([]) => narrow(vec!["none".to_owned()]),
        Some(accounts) => narrow(accounts.iter().map(|account| facet('a', account)).collect()),
    }
    parts.join(" AND ")
}

/// As the triggers of `0003_queue.sql` write it.
fn facet(kind: char, value: &str) -> String {
    let hex: String = value.bytes().map(|byte| format!("{byte:02X}")).collect();
    format!("{kind}{hex}")
}

impl Store {
    pub(super) async fn found(
        &self,
        filter: &QueueFilter,
        expression: &str,
        after: Option<&After>,
        limit: u32,
    ) -> Result<Found, StoreError> {
        // The walk that counts is the one that finds: looking a broad word up is most of the work.
        let skip = if after.is_some() { 0 } else { filter.skip };
        let limit = limit.saturating_add(skip);
        let most = if after.is_some() { limit } else { limit.max(COUNTED + 1) };
        let (mut places, mut number) = (Vec::new(), 0);
        for stretch in stretches(filter, after) {
            let left = most.saturating_sub(number);
            if left == 0 {
                break;
            }
            let rows = sqlx::query(
                "WITH found AS MATERIALIZED (SELECT rowid AS place FROM incident_text
                   WHERE incident_text MATCH ?1 AND rowid BETWEEN ?2 AND ?3
                   ORDER BY rowid DESC LIMIT ?4)
                 SELECT place, (SELECT count(*) FROM found) AS number FROM found
                 ORDER BY place DESC LIMIT ?5",
            )
            .bind(expression)
            .bind(*stretch.start())
            .bind(*stretch.end())
            .bind(left)
            .bind(limit)
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("searching incidents"))?;
            number += rows.first().map_or(0, |row| row.get::<u32, _>("number"));
            places.extend(rows.iter().map(|row| row.get::<i64, _>("place")));
        }
        places.truncate(limit as usize);
        let places = places.into_iter().skip(skip as usize).collect();
        let (matching, more_match) = match after {
            Some(after) => (after.matching, after.more_match),
            None => (number.min(COUNTED), number > COUNTED),
        };
        Ok(Found { places, matching, more_match })
    }
}
