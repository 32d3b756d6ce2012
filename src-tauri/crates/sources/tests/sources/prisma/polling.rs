//! Polling: what is asked, what is delivered, and that nothing is lost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use firebreak_core::ports::{AlertSource, Clock, Cursor, Trouble};
use firebreak_sources::prisma::ChangeClock;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::stand::{Tenant, alert, ids, minute, ok, page, search, sweep};
use crate::stand::HandClock;

fn is_status(request: &Request) -> bool {
    search(request)["filters"][0]["value"] == "ALERT_STATUS_UPDATED"
}

/// `P-1` … `P-7` by status, three a page; `P-8` by any change.
fn seven(request: &Request) -> ResponseTemplate {
    let asked = search(request);
    let from = match asked["pageToken"].as_str() {
        Some(token) => token.parse().unwrap(),
        None if is_status(request) => 0,
        None => return page(vec![alert("P-8", -5)], None),
    };
    let items = (from..(from + 3).min(7)).map(|n| alert(&format!("P-{}", n + 1), n as i64 - 100));
    let next = (from + 3 < 7).then(|| (from + 3).to_string());
    page(items.collect(), next.as_deref())
}

#[tokio::test]
async fn the_window_is_held_while_paging_and_then_follows_what_was_seen() {
    let tenant = Tenant::answering(seven).await;
    let (bodies, cursor) = sweep(&tenant.source(), None).await.unwrap();
    assert_eq!(ids(&bodies), ["P-1", "P-2", "P-3", "P-4", "P-5", "P-6", "P-7", "P-8"]);
    let asked = tenant.bodies("/v2/alert").await;
    let week = json!({"startTime": minute(-7 * 24 * 60), "endTime": minute(0)});
    assert_eq!(asked[0]["timeRange"], json!({"type": "absolute", "value": week}));
    assert_eq!(
        asked[0]["filters"],
        json!([{"name": "timeRange.type", "operator": "=", "value": "ALERT_STATUS_UPDATED"}])
    );
    assert_eq!((&asked[0]["limit"], &asked[0]["sortBy"]), (&json!(200), &json!(["alertTime:asc"])));
    assert_eq!(asked[1], json!({"pageToken": "3"}));
    assert_eq!(asked[2], json!({"pageToken": "6"}));
    assert_eq!(asked[3]["filters"][0]["value"], "ALERT_UPDATED");

    tenant.clock.turn(600);
    sweep(&tenant.source(), Some(cursor)).await.unwrap();
    let asked = tenant.bodies("/v2/alert").await;
    let range = |n: usize| asked[n]["timeRange"]["value"].clone();
    assert_eq!(range(4), json!({"startTime": minute(-94 - 30), "endTime": minute(10)}));
    assert_eq!(range(7), json!({"startTime": minute(-5 - 30), "endTime": minute(10)}));
}

/// Both sweeps bring most alerts; the one by any change is made less often, and brings no less.
#[tokio::test]
async fn the_sweep_by_any_change_is_made_less_often_and_its_window_waits() {
    let tenant = Tenant::answering(|request: &Request| {
        page(vec![alert(if is_status(request) { "P-1" } else { "P-2" }, -5)], None)
    })
    .await;
    let (bodies, mut cursor) = sweep(&tenant.source(), None).await.unwrap();
    assert_eq!(ids(&bodies), ["P-1", "P-2"], "the first time both");
    for minutes in 1..=10 {
        tenant.clock.turn(60);
        let (bodies, next) = sweep(&tenant.source(), Some(cursor)).await.unwrap();
        let expected: &[&str] = if minutes == 10 { &["P-1", "P-2"] } else { &["P-1"] };
        assert_eq!(ids(&bodies), expected, "after {minutes} minutes");
        cursor = next;
    }
    let asked = tenant.bodies("/v2/alert").await;
    assert_eq!(asked.len(), 2 + 11, "22 when each was made every time");
    let window = |request: &Value| request["timeRange"]["value"].clone();
    let waited = json!({"startTime": minute(-5 - 30), "endTime": minute(10)});
    assert_eq!(window(asked.last().unwrap()), waited, "since what it saw last");
    // A back-fill is read whole.
    let source = tenant.source();
    let place = source.start_at(tenant.clock.now());
    assert_eq!(ids(&sweep(&source, Some(place)).await.unwrap().0), ["P-1", "P-2"]);
}

#[tokio::test]
async fn every_request_carries_the_session_and_asks_for_details() {
    let tenant = Tenant::answering(seven).await;
    sweep(&tenant.source(), None).await.unwrap();
    let requests = tenant.server.received_requests().await.unwrap();
    let login: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(login, json!({"username": "key-1", "password": crate::stand::SECRET}));
    for request in &requests[1..] {
        assert_eq!(request.headers["x-redlock-auth"], "jwt-1");
        assert_eq!(request.url.query(), Some("detailed=true"));
        assert!(!request.headers.contains_key("authorization"));
    }
}

#[tokio::test]
async fn a_crash_between_pages_goes_on_at_the_page() {
    let tenant = Tenant::answering(seven).await;
    let first = tenant.source().poll(None).await.unwrap();
    assert!(first.more && first.seen_until.is_none());
    tenant.clock.turn(3_600);
    let (bodies, _) = sweep(&tenant.source(), Some(first.cursor.clone())).await.unwrap();
    assert_eq!(ids(&bodies)[..4], ["P-4", "P-5", "P-6", "P-7"]);
    let (again, _) = sweep(&tenant.source(), Some(first.cursor)).await.unwrap();
    assert_eq!(again, bodies);
}

#[tokio::test]
async fn a_page_without_items_is_the_last_whatever_it_promises() {
    let tenant = Tenant::answering(|_: &Request| page(vec![], Some("more"))).await;
    assert!(sweep(&tenant.source(), None).await.unwrap().0.is_empty());
    assert_eq!(tenant.asked().await.len(), 2);
}

#[tokio::test]
async fn alerts_are_delivered_byte_for_byte() {
    let odd = r#"{ "id":"x" , "status":"ON_FIRE","policy":null,  "n":1.0e+2,"s":"\u00e9\ud800" }"#;
    let body = format!(r#"{{"items":[null,{odd}],"nextPageToken":""}}"#);
    let tenant = Tenant::answering(move |_: &Request| {
        ResponseTemplate::new(200).set_body_raw(body.clone(), "application/json")
    })
    .await;
    let page = tenant.source().poll(None).await.unwrap();
    assert_eq!(page.alerts.len(), 1);
    assert_eq!(page.alerts[0].body, odd.as_bytes());
}

#[tokio::test]
async fn one_sweep_and_further_filters_where_configured() {
    let tenant = Tenant::answering(seven).await;
    let mut config = tenant.config();
    config.changes = vec![ChangeClock::Anything];
    config.filters = vec![("policy.severity".into(), "high".into())];
    let (bodies, _) = sweep(&tenant.source_with(&config), None).await.unwrap();
    assert_eq!(ids(&bodies), ["P-8"]);
    assert_eq!(
        tenant.bodies("/v2/alert").await[0]["filters"][1],
        json!({"name": "policy.severity", "operator": "=", "value": "high"})
    );
}

/// A tenant in which alerts change while they are read, and whose pages are mere offsets, so that
/// each change shifts them: the worst that paging can meet.
struct Restless {
    alerts: BTreeMap<usize, i64>,
    windows: BTreeMap<String, (i64, i64, usize)>,
    clock: Arc<HandClock>,
    seed: u64,
    changes: bool,
}

impl Restless {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        self.clock.turn(40);
        for _ in 0..if self.changes { 3 } else { 0 } {
            self.seed = self
                .seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let id = (self.seed >> 33) as usize % 60;
            self.alerts.insert(id, self.clock.now().timestamp_millis());
        }
        let asked = search(request);
        let range = &asked["timeRange"]["value"];
        let window = asked["pageToken"].as_str().map(|token| self.windows[token]);
        let (start, end, from) = window.unwrap_or_else(|| {
            (range["startTime"].as_i64().unwrap(), range["endTime"].as_i64().unwrap(), 0)
        });
        let matching: Vec<_> =
            self.alerts.iter().filter(|(_, at)| (start..=end).contains(*at)).collect();
        let shown = matching.iter().skip(from).take(4);
        let items: Vec<Value> = shown
            .map(|(id, at)| json!({"id": id.to_string(), "policyId": "p", "lastSeen": at, "lastUpdated": at}))
            .collect();
        let next = (from + 4 < matching.len()).then(|| format!("token-{}", self.windows.len()));
        if let Some(token) = &next {
            self.windows.insert(token.clone(), (start, end, from + 4));
        }
        page(items, next.as_deref())
    }
}

#[tokio::test]
async fn changes_while_paging_are_all_delivered() {
    for seed in 0..12 {
        let clock = HandClock::new();
        let start = clock.now().timestamp_millis();
        let alerts = (0..40).map(|id| (id, start - 1_000_000 + id as i64)).collect();
        let state = Restless {
            alerts,
            windows: BTreeMap::new(),
            clock: clock.clone(),
            seed,
            changes: true,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let mut tenant =
            Tenant::answering(move |request: &Request| shared.lock().unwrap().answer(request))
                .await;
        tenant.clock = clock;
        let source = tenant.source();
        let (mut seen, mut cursor) = (BTreeMap::new(), None);
        for round in 0..8 {
            state.lock().unwrap().changes = round < 6;
            let (bodies, next) = sweep(&source, cursor).await.unwrap();
            for body in bodies {
                let id = body["id"].as_str().unwrap().parse::<usize>().unwrap();
                seen.insert(id, body["lastSeen"].as_i64().unwrap());
            }
            cursor = Some(next);
        }
        assert_eq!(seen, state.lock().unwrap().alerts, "seed {seed}");
    }
}

#[tokio::test]
async fn endless_and_senseless_pages_are_errors() {
    let check = |answer: Value, words: &'static str| async move {
        let tenant = Tenant::answering(move |_: &Request| ok(answer.clone())).await;
        let error = sweep(&tenant.source(), None).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::Garbage, "{error}");
        assert!(error.message.contains(words), "{error}");
    };
    let item = json!({"id": "P-1"});
    check(json!({"items": [item], "nextPageToken": "same"}), "the next page is the same page")
        .await;
    check(json!({"items": [item], "nextPageToken": 7}), "a nextPageToken that is none").await;
    check(json!({"items": [item], "nextPageToken": "t".repeat(20_000)}), "that is none").await;
    check(json!({"items": null}), "has no items").await;
    check(json!({}), "has no items").await;
    check(json!([]), "is no object").await;
}

#[tokio::test]
async fn a_page_that_is_gone_begins_the_sweep_anew_with_the_same_window() {
    let lost = AtomicUsize::new(0);
    let tenant = Tenant::answering(move |request: &Request| {
        if search(request)["pageToken"] == "6" && lost.fetch_add(1, Ordering::SeqCst) == 0 {
            return ResponseTemplate::new(400)
                .insert_header("x-redlock-status", r#"[{"i18nKey":"invalid_page_token"}]"#);
        }
        seven(request)
    })
    .await;
    let (bodies, _) = sweep(&tenant.source(), None).await.unwrap();
    for n in 1..=8 {
        assert!(ids(&bodies).contains(&format!("P-{n}").as_str()));
    }
    let asked = tenant.bodies("/v2/alert").await;
    let starts = asked.iter().filter_map(|asked| asked["timeRange"]["value"]["startTime"].as_i64());
    assert!(starts.take(2).all(|start| start == minute(-7 * 24 * 60)));
}

#[tokio::test]
async fn a_position_that_is_not_ours_is_an_error_and_asks_nothing() {
    let tenant = Tenant::answering(seven).await;
    let error = tenant.source().poll(Some(&Cursor("2026-01-01".into()))).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(tenant.server.received_requests().await.unwrap().is_empty());
}

fn incidents(request: &Request) -> ResponseTemplate {
    if request.url.path() == "/v2/alert" {
        return page(vec![], None);
    }
    assert_eq!(request.headers["authorization"], "Bearer jwt-2");
    let query: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
    let from: usize = query["offset"].parse().unwrap();
    let items: Vec<Value> = (from..(from + 50).min(120))
        .map(|n| json!({"_id": format!("i{n}"), "time": "2026-09-21T14:00:00Z", "acknowledged": false}))
        .collect();
    ok(Value::from(items)).insert_header("Total-Count", "120")
}

#[tokio::test]
async fn incidents_of_compute_come_after_the_alerts() {
    let tenant = Tenant::answering(incidents).await;
    let source = tenant.source_with(&tenant.with_compute());
    let (bodies, cursor) = sweep(&source, None).await.unwrap();
    assert_eq!((bodies.len(), ids(&bodies)[119]), (120, "i119"));
    sweep(&source, Some(cursor)).await.unwrap();
    let requests = tenant.server.received_requests().await.unwrap();
    let from = |n: usize| {
        let asked: Vec<_> =
            requests.iter().filter(|r| r.url.path().ends_with("/incidents")).collect();
        asked[n].url.query_pairs().find(|(key, _)| key == "from").unwrap().1.into_owned()
    };
    assert_eq!(from(0), "2026-09-14T14:13:20.000Z");
    assert_eq!(from(3), "2026-09-21T13:00:00.000Z", "the newest seen, less an hour");
}

#[tokio::test]
async fn no_incidents_is_null_and_alerts_never_wait_behind_incidents_that_fail() {
    let tenant = Tenant::answering(|request: &Request| match request.url.path() {
        "/v2/alert" => page(vec![alert("P-1", 0)], None),
        _ => ok(Value::Null),
    })
    .await;
    let source = tenant.source_with(&tenant.with_compute());
    assert_eq!(sweep(&source, None).await.unwrap().0.len(), 2);

    let tenant = Tenant::answering(|request: &Request| match request.url.path() {
        "/v2/alert" => page(vec![alert("P-1", 0)], None),
        _ => ResponseTemplate::new(503),
    })
    .await;
    let source = tenant.source_with(&tenant.with_compute());
    let first = source.poll(None).await.unwrap();
    let second = source.poll(Some(&first.cursor)).await.unwrap();
    let error = source.poll(Some(&second.cursor)).await.unwrap_err();
    assert_eq!(error.operation, "prisma poll incidents");
    let page = source.poll(Some(&second.cursor)).await.unwrap();
    assert_eq!(page.alerts.len(), 1, "alerts first, then incidents again");
}

#[tokio::test]
async fn what_has_been_seen_is_said_when_all_sweeps_are_done() {
    let tenant = Tenant::answering(seven).await;
    let (source, mut cursor) = (tenant.source(), None);
    let began = tenant.clock.now();
    loop {
        let page = source.poll(cursor.as_ref()).await.unwrap();
        tenant.clock.turn(60);
        assert_eq!(page.seen_until, (!page.more).then_some(began));
        if !page.more {
            break;
        }
        cursor = Some(page.cursor);
    }
}

#[tokio::test]
async fn a_source_asks_for_nothing_that_changes_anything() {
    let tenant = Tenant::answering(|request: &Request| match request.url.path() {
        "/v2/alert" => page(vec![alert("P-1", 0)], None),
        _ => ok(Value::Null),
    })
    .await;
    let source = tenant.source_with(&tenant.with_compute());
    sweep(&source, None).await.unwrap();
    source.test().await;
    let resource = json!({"rrn": "r", "unifiedAssetId": "u", "id": "i-0feedfacefeedface", "resourceType": "INSTANCE"});
    let mut about = alert("P-1", 0);
    about["resource"] = resource;
    source.neighbours(&tenant.finding(&about)).await.unwrap();
    let reads = [
        "POST /v2/alert",
        "POST /uai/v1/asset",
        "POST /resource",
        "POST /api/v1/permission",
        "POST /compute/api/v34.04/authenticate",
        "GET /compute/api/v34.04/audits/incidents",
    ];
    let asked = tenant.asked().await;
    assert!(asked.iter().all(|line| reads.contains(&line.as_str())), "{asked:?}");
    assert!(asked.len() > 7, "{asked:?}");
}

#[tokio::test]
async fn alerts_without_the_time_of_their_change_move_the_position_by_an_earlier_one() {
    let tenant = Tenant::answering(|_: &Request| {
        page(
            vec![json!({"id": "P-1", "policyId": "p", "alertTime": minute(-60), "lastSeen": null})],
            None,
        )
    })
    .await;
    let (_, cursor) = sweep(&tenant.source(), None).await.unwrap();
    tenant.clock.turn(600);
    sweep(&tenant.source(), Some(cursor)).await.unwrap();
    let asked = tenant.bodies("/v2/alert").await;
    for sweep in [2, 3] {
        assert_eq!(asked[sweep]["timeRange"]["value"]["startTime"], minute(-90));
    }
}
