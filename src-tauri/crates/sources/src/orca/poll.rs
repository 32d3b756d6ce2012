//! One page of alerts.

use firebreak_core::ports::RawAlert;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::Answer;
use super::client::{Ask, Client, Load};
use super::cursor::{Mark, Next, Position, Step};
use super::fault::OrcaFault;
use super::query::{self, RULES, SERVING_LAYER};
use super::shape::ALERT;
use crate::documents::verbatim;
use crate::fields::{at, text_of};
use crate::http::Verb;
use crate::instant::instant;
use crate::json;

/// A page, read but not yet judged as a step of the sweep.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) alerts: Vec<RawAlert>,
    pub(super) step: Step,
}

/// Asks for the page that `position` points to.
pub(super) async fn fetch(
    client: &Client,
    position: &Position,
    page_size: u32,
) -> Result<Batch, OrcaFault> {
    let limit = page_size.clamp(1, 1_000);
    if position.rules {
        // XSOAR's connector never asks for more than 500 here.
        let form = query::changed_by_rules(position.after, position.token(), limit.min(500));
        let ask = Ask { verb: Verb::Post, path: &RULES, query: vec![], body: Load::Form(form) };
        return by_rules(&client.ask(&ask).await?);
    }
    let (edge, index) = position.rows();
    let answer = serving_layer(client, query::changed_alerts(edge, index, limit)).await?;
    let rows = answer.rows()?;
    let promised = text_of(&answer.beside("next_page_token")?).is_some();
    let more = !rows.is_empty() && (promised || rows.len() >= limit as usize);
    let next = if more { Next::Rows } else { Next::Nothing };
    Ok(batch(&rows, "data.AlertId", "data.LastUpdated", next))
}

/// A question to the serving layer.
pub(super) async fn serving_layer(client: &Client, body: Value) -> Result<Answer, OrcaFault> {
    let ask = Ask { verb: Verb::Post, path: &SERVING_LAYER, query: vec![], body: Load::Json(body) };
    client.ask(&ask).await
}

fn by_rules(answer: &Answer) -> Result<Batch, OrcaFault> {
    let rows = answer.rows()?;
    let token = text_of(&answer.beside("next_page_token")?).filter(|token| token.len() <= 8_192);
    let promised = answer.beside("has_next_page_token")?;
    let next = match (token, promised) {
        (_, Value::Bool(false)) | (None, Value::Null) => Next::Nothing,
        // Some answers promise more and then have nothing: that is the end as well.
        _ if rows.is_empty() => Next::Nothing,
        (Some(token), _) => Next::Token(token),
        // Taking silence for the end could pass over pages that are there.
        (None, _) => {
            let why = "it promises a next page and does not say where";
            return Err(OrcaFault::Senseless(why.to_owned()));
        }
    };
    Ok(batch(&rows, "state.alert_id", "state.last_updated", next))
}

/// `id` and `clock` are where a row's id and its time of change stand.
fn batch(rows: &[&RawValue], id: &str, clock: &str, next: Next) -> Batch {
    let (mut times, mut marks) = (Vec::new(), Vec::new());
    for row in rows {
        let value = json::value(row).0;
        let plain = |path: &str| {
            let field = at(&value, path);
            field.get("value").unwrap_or(field).clone()
        };
        let changed = plain(clock);
        times.extend(instant(&changed));
        marks.push(match text_of(&plain(id)) {
            Some(id) => Mark::of(&format!("{id} {changed}")),
            None => Mark::of(row.get()),
        });
    }
    let alerts = rows.iter().map(|row| verbatim(row, ALERT)).collect();
    Batch { alerts, step: Step { times, marks, next } }
}
