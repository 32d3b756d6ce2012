//! Polling: what is asked, what is delivered, and that nothing is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use firebreak_core::ports::{AlertSource, Clock, Cursor, Normaliser, Trouble};
use firebreak_sources::orca::{OrcaApi, OrcaNormaliser};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::stand::{Organisation, RULES, SERVING, alert, body, data, form, sweep};
use crate::stand::HandClock;

/// Alerts by number with the second of their last change; answers like the serving layer.
#[derive(Default)]
struct Tenant {
    alerts: BTreeMap<usize, i64>,
    seed: u64,
    /// Changes one alert at every request.
    restless: Option<Arc<HandClock>>,
}

impl Tenant {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        if let Some(clock) = &self.restless {
            clock.turn(7);
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = (self.seed >> 33) as usize % 60;
            self.alerts.insert(number, clock.now().timestamp());
        }
        let asked = body(request);
        let filter = &asked["query"]["with"]["values"][0];
        assert_eq!(
            (filter["key"].as_str(), filter["operator"].as_str()),
            (Some("LastUpdated"), Some("gte"))
        );
        let from: DateTime<Utc> = filter["values"][0].as_str().unwrap().parse().unwrap();
        let mut found: Vec<(i64, usize)> = self.alerts.iter().map(|(n, at)| (*at, *n)).collect();
        found.retain(|(at, _)| *at >= from.timestamp());
        found.sort_unstable();
        let (skip, limit) =
            (asked["start_at_index"].as_u64().unwrap(), asked["limit"].as_u64().unwrap());
        let page = found.iter().skip(skip as usize).take(limit as usize);
        data(page.map(|(at, n)| alert(*n, &time(*at))).collect())
    }
}

fn time(second: i64) -> String {
    DateTime::from_timestamp(second, 0).unwrap().to_rfc3339()
}

async fn organisation(tenant: Tenant) -> (Organisation, Arc<Mutex<Tenant>>) {
    let tenant = Arc::new(Mutex::new(tenant));
    let shared = Arc::clone(&tenant);
    let answer = move |request: &Request| shared.lock().unwrap().answer(request);
    (Organisation::answering(answer).await, tenant)
}

fn source(organisation: &Organisation, page_size: u32) -> firebreak_sources::orca::OrcaSource {
    let mut config = organisation.config();
    config.page_size = page_size;
    organisation.source_with(&config)
}

#[tokio::test]
async fn changes_are_asked_for_by_last_updated_and_the_edge_follows() {
    let now = HandClock::new().now().timestamp();
    let alerts = (0..7).map(|n| (n, now - 1_000 + n as i64 * 10)).collect();
    let (organisation, _) = organisation(Tenant { alerts, ..Tenant::default() }).await;
    let (mut ids, cursor) = sweep(&source(&organisation, 3), None).await.unwrap();
    ids.dedup();
    assert_eq!(ids, (0..7).map(|n| format!("orca-{n}")).collect::<Vec<_>>());
    let asked = organisation.bodies().await;
    assert_eq!(asked[0]["query"]["models"], json!(["Alert"]));
    assert_eq!(asked[0]["order_by[]"], json!(["LastUpdated"]));
    assert_eq!(asked[0]["additional_models[]"], json!(["Inventory", "CloudAccount"]));
    assert_eq!(asked[0]["query"]["with"]["values"][0]["values"], json!(["2026-09-14T14:13:20Z"]));
    assert_eq!(asked[1]["start_at_index"], 0);
    assert!(organisation.asked().await.iter().all(|line| *line == format!("POST {SERVING}")));
    // The next sweep begins at the newest change less the overlap.
    sweep(&source(&organisation, 3), Some(cursor)).await.unwrap();
    let from =
        organisation.bodies().await[asked.len()]["query"]["with"]["values"][0]["values"][0].clone();
    let newest = now - 1_000 + 60;
    assert_eq!(from, time(newest - 600).replace("+00:00", "Z"));
}

#[tokio::test]
async fn a_crash_between_pages_goes_on_at_the_page() {
    let now = HandClock::new().now().timestamp();
    let alerts = (0..7).map(|n| (n, now - 1_000 + n as i64 * 10)).collect();
    let (organisation, _) = organisation(Tenant { alerts, ..Tenant::default() }).await;
    let first = source(&organisation, 3).poll(None).await.unwrap();
    assert!(first.more && first.seen_until.is_none());
    // The process died here; a new one has only the stored cursor, and an hour has passed.
    organisation.clock.turn(3_600);
    let (ids, _) = sweep(&source(&organisation, 3), Some(first.cursor.clone())).await.unwrap();
    assert_eq!(ids[0], "orca-2", "the row on the edge comes again, none is stepped over");
    assert_eq!(ids.last().unwrap(), "orca-6");
    let again = sweep(&source(&organisation, 3), Some(first.cursor)).await.unwrap().0;
    assert_eq!(again, ids);
}

#[tokio::test]
async fn many_changes_in_one_second_are_all_delivered() {
    let now = HandClock::new().now().timestamp();
    let alerts = (0..250).map(|n| (n, now - 500)).chain([(900, now - 400)]).collect();
    let (organisation, _) = organisation(Tenant { alerts, ..Tenant::default() }).await;
    let (mut ids, _) = sweep(&source(&organisation, 20), None).await.unwrap();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 251);
}

#[tokio::test]
async fn changes_while_paging_are_all_delivered() {
    for seed in 0..12 {
        let clock = HandClock::new();
        let start = clock.now().timestamp();
        let alerts = (0..40).map(|n| (n, start - 1_000 + n as i64)).collect();
        let (mut organisation, tenant) =
            organisation(Tenant { alerts, seed, restless: Some(clock.clone()) }).await;
        organisation.clock = clock;
        let source = source(&organisation, 4);
        let (mut seen, mut cursor) = (BTreeMap::new(), None::<Cursor>);
        for round in 0..8 {
            if round == 6 {
                tenant.lock().unwrap().restless = None;
            }
            loop {
                let page = source.poll(cursor.as_ref()).await.unwrap();
                for raw in &page.alerts {
                    let value: Value = serde_json::from_slice(&raw.body).unwrap();
                    let data = &value["data"];
                    seen.insert(
                        data["AlertId"]["value"].clone().to_string(),
                        data["LastUpdated"]["value"].clone(),
                    );
                }
                cursor = Some(page.cursor);
                if !page.more {
                    break;
                }
            }
        }
        let last: BTreeMap<String, Value> = tenant
            .lock()
            .unwrap()
            .alerts
            .iter()
            .map(|(n, at)| (format!("\"orca-{n}\""), json!(time(*at))))
            .collect();
        assert_eq!(seen, last, "seed {seed}");
    }
}

fn rules_alert(number: usize) -> Value {
    json!({"type": "t", "type_string": "T", "asset_unique_id": "a", "data": {"title": "T"},
        "state": {"alert_id": format!("orca-{number}"), "status": "open", "risk_level": "low",
                  "last_updated": format!("2026-09-2{number}T00:00:00+00:00")}})
}

/// `orca-0`, `orca-1`, … two a page, as the rules API answers.
fn rules(request: &Request) -> ResponseTemplate {
    let from: usize = form(request, "next_page_token").map_or(0, |token| token.parse().unwrap());
    let token = (from + 2 < 5).then(|| (from + 2).to_string());
    ResponseTemplate::new(200).set_body_json(json!({
        "version": "0.1.0", "status": "success", "total_items": 5,
        "has_next_page_token": token.is_some(), "next_page_token": token,
        "data": (from..(from + 2).min(5)).map(rules_alert).collect::<Vec<_>>(),
    }))
}

#[tokio::test]
async fn where_the_serving_layer_is_not_there_the_rules_api_is_asked() {
    let organisation = Organisation::answering(|request: &Request| match request.url.path() {
        RULES => rules(request),
        _ => ResponseTemplate::new(404).set_body_json(json!({"detail": "Not found."})),
    })
    .await;
    let (ids, cursor) = sweep(&organisation.source(), None).await.unwrap();
    assert_eq!(ids, ["orca-0", "orca-1", "orca-2", "orca-3", "orca-4"]);
    let asked = organisation.asked().await;
    let (serving, old) = (format!("POST {SERVING}"), format!("POST {RULES}"));
    assert_eq!(asked, [serving.as_str(), &old, &old, &old], "asked for once, then remembered");
    let requests = organisation.server.received_requests().await.unwrap();
    let filters: Vec<Value> = requests[1..]
        .iter()
        .map(|request| serde_json::from_str(&form(request, "dsl_filter").unwrap()).unwrap())
        .collect();
    assert_eq!(
        filters[0][0],
        json!({"field": "state.last_updated", "range": {"gte": "2026-09-14T14:13:20Z"}})
    );
    assert_eq!(filters[0][1], json!({"field": "state.score", "includes": [1, 2, 3, 4]}));
    assert!(filters.iter().all(|filter| *filter == filters[0]), "held while paging");
    sweep(&organisation.source(), Some(cursor)).await.unwrap();
    assert_eq!(organisation.asked().await[4], old);
}

#[tokio::test]
async fn the_api_may_be_fixed_in_the_settings_and_changed() {
    let organisation = Organisation::answering(|request: &Request| match request.url.path() {
        RULES => rules(request),
        _ => data(vec![alert(9, "2026-09-20T00:00:00Z")]),
    })
    .await;
    let mut config = organisation.config();
    config.api = OrcaApi::Rules;
    let page = organisation.source_with(&config).poll(None).await.unwrap();
    assert!(page.more);
    config.api = OrcaApi::ServingLayer;
    let (ids, _) = sweep(&organisation.source_with(&config), Some(page.cursor)).await.unwrap();
    assert_eq!(ids, ["orca-9"]);
}

#[tokio::test]
async fn a_token_that_is_gone_begins_the_sweep_anew() {
    let lost = std::sync::atomic::AtomicBool::new(false);
    let organisation = Organisation::answering(move |request: &Request| {
        let second = form(request, "next_page_token").as_deref() == Some("2");
        if second && !lost.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return ResponseTemplate::new(200)
                .set_body_json(json!({"status": "failure", "error": "invalid next_page_token"}));
        }
        rules(request)
    })
    .await;
    let mut config = organisation.config();
    config.api = OrcaApi::Rules;
    let (ids, _) = sweep(&organisation.source_with(&config), None).await.unwrap();
    for number in 0..5 {
        assert!(ids.contains(&format!("orca-{number}")));
    }
}

#[tokio::test]
async fn endless_and_senseless_pages_are_errors() {
    let check = |answer: Value, words: &'static str| async move {
        let organisation = Organisation::answering(move |_: &Request| {
            ResponseTemplate::new(200).set_body_json(answer.clone())
        })
        .await;
        let mut config = organisation.config();
        config.api = OrcaApi::Rules;
        let error = sweep(&organisation.source_with(&config), None).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::Garbage, "{error}");
        assert!(error.message.contains(words), "{error}");
    };
    let rows = vec![rules_alert(1)];
    check(json!({"status": "success", "data": rows, "has_next_page_token": true, "next_page_token": "same"}), "same page").await;
    check(
        json!({"status": "success", "data": rows, "has_next_page_token": true}),
        "does not say where",
    )
    .await;
    check(json!({"status": "success", "data": null}), "no list of data").await;
    check(json!({"status": "success"}), "no list of data").await;
    check(json!([]), "no list of data").await;
}

#[tokio::test]
async fn alerts_are_delivered_byte_for_byte_and_unknown_words_lose_none() {
    let odd = r#"{ "id":"x" ,"type":"Alert","data":{"AlertId":{"value":"orca-1"},"Status":{"value":"ON_FIRE"},"RiskLevel":{"value":null},"n":{"value":1.0e+2},"s":"\u00e9\ud800"} }"#;
    let text = format!(r#"{{"status":"success","data":[null,{odd},null]}}"#);
    let organisation = Organisation::answering(move |_: &Request| {
        ResponseTemplate::new(200).set_body_raw(text.clone(), "application/json")
    })
    .await;
    let page = organisation.source().poll(None).await.unwrap();
    assert_eq!(page.alerts.len(), 1);
    assert_eq!(page.alerts[0].body, odd.as_bytes());
    let finding = OrcaNormaliser.normalise(&page.alerts[0]).unwrap();
    assert_eq!(finding.status_as_given.as_deref(), Some("ON_FIRE"));
    assert_eq!(finding.vendor_id, "orca-1");
}

#[tokio::test]
async fn a_position_that_is_not_ours_is_an_error_and_asks_nothing() {
    let organisation = Organisation::answering(|_: &Request| data(vec![])).await;
    let cursor = Cursor("2026-01-01".into());
    let error = organisation.source().poll(Some(&cursor)).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(organisation.asked().await.is_empty());
}
