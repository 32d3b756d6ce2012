//! Polling: what is asked, what is delivered, and that nothing is lost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use firebreak_core::ports::{AlertSource, Clock, Cursor, Normaliser, Trouble};
use firebreak_sources::wiz::WizNormaliser;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::stand::{HandClock, Tenant, data, gql_error, page, sweep, variables, wants_detections};

fn issue(id: &str, changed: &str) -> Value {
    json!({"id": id, "status": "OPEN", "severity": "LOW", "createdAt": "2026-01-01T00:00:00Z",
           "statusChangedAt": changed, "sourceRule": {"name": "R"}})
}

/// `issue-1` … `issue-7`, three a page.
fn seven(request: &Request) -> ResponseTemplate {
    if wants_detections(request) {
        return page(
            "detections",
            vec![json!({"id": "d", "createdAt": "2026-09-01T00:00:00Z"})],
            None,
        );
    }
    let from: usize =
        variables(request)["after"].as_str().map_or(0, |after| after.parse().unwrap());
    let nodes = (from..(from + 3).min(7))
        .map(|n| issue(&format!("issue-{}", n + 1), &format!("2026-09-0{}T00:00:00Z", n + 1)));
    let next = (from + 3 < 7).then(|| (from + 3).to_string());
    page("issues", nodes.collect(), next.as_deref())
}

fn ids(bodies: &[Value]) -> Vec<&str> {
    bodies.iter().map(|body| body["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_timestamp_is_held_while_paging_and_then_follows_what_was_seen() {
    let tenant = Tenant::answering(seven).await;
    let (bodies, cursor) = sweep(&tenant.source(), None).await.unwrap();
    assert_eq!(
        ids(&bodies),
        ["issue-1", "issue-2", "issue-3", "issue-4", "issue-5", "issue-6", "issue-7", "d"]
    );
    let asked = tenant.asked().await;
    let lookback = "2026-09-14T14:13:20.000000Z";
    for (request, after) in asked[..3].iter().zip([Value::Null, json!("3"), json!("6")]) {
        assert_eq!(request["filterBy"], json!({"statusChangedAt": {"after": lookback}}));
        assert_eq!(request["after"], after);
        assert_eq!(request["orderBy"], json!({"field": "CREATED_AT", "direction": "ASC"}));
    }
    assert_eq!(asked[3]["filterBy"], json!({"createdAt": {"after": lookback}}));

    // All were older than the look-back: the position stays. Newer ones move it, less the overlap.
    let moved = cursor.0.replace("2026-09-14T14:13:20Z", "2026-08-01T00:00:00Z");
    let (_, cursor) = sweep(&tenant.source(), Some(Cursor(moved))).await.unwrap();
    sweep(&tenant.source(), Some(cursor)).await.unwrap();
    let asked = tenant.asked().await;
    assert_eq!(asked[8]["filterBy"]["statusChangedAt"]["after"], "2026-09-06T23:55:00.000000Z");
    assert_eq!(asked[11]["filterBy"]["createdAt"]["after"], "2026-08-31T23:55:00.000000Z");
}

#[tokio::test]
async fn a_crash_between_pages_goes_on_at_the_page() {
    let tenant = Tenant::answering(seven).await;
    let first = tenant.source().poll(None).await.unwrap();
    assert!(first.more && first.seen_until.is_none());
    // The process died here; a new one has only the stored cursor, and an hour has passed.
    tenant.clock.turn(3_600);
    let (bodies, _) = sweep(&tenant.source(), Some(first.cursor.clone())).await.unwrap();
    assert_eq!(ids(&bodies)[..4], ["issue-4", "issue-5", "issue-6", "issue-7"]);
    let asked = tenant.asked().await;
    assert_eq!(asked[0]["filterBy"], asked[1]["filterBy"]);
    // The page before the crash was stored or not: asking again gives the same.
    let (again, _) = sweep(&tenant.source(), Some(first.cursor)).await.unwrap();
    assert_eq!(again, bodies);
}

#[tokio::test]
async fn alerts_are_delivered_byte_for_byte_and_unknown_words_lose_none() {
    let odd =
        r#"{ "id":"x" , "status":"ON_FIRE","severity":null,  "n":1.0e+2,"s":"\u00e9\ud800" }"#;
    let body = format!(
        r#"{{"data":{{"issues":{{"nodes":[null,{odd},null],"pageInfo":{{"hasNextPage":false,"endCursor":null}}}},
        "detections":{{"nodes":[],"pageInfo":{{"hasNextPage":false}}}}}}}}"#
    );
    let tenant = Tenant::answering(move |_: &Request| {
        ResponseTemplate::new(200).set_body_raw(body.clone(), "application/json")
    })
    .await;
    let page = tenant.source().poll(None).await.unwrap();
    assert_eq!(page.alerts.len(), 1);
    assert_eq!(page.alerts[0].body, odd.as_bytes());
    let finding = WizNormaliser.normalise(&page.alerts[0]).unwrap();
    assert_eq!(finding.status_as_given.as_deref(), Some("ON_FIRE"));
}

/// A tenant in which issues change while they are read, and whose pages are mere offsets, so that
/// each change shifts them: the worst that paging can meet.
struct Restless {
    issues: BTreeMap<usize, i64>,
    clock: Arc<HandClock>,
    seed: u64,
    changes: bool,
}

impl Restless {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        if wants_detections(request) {
            return page("detections", vec![], None);
        }
        self.clock.turn(40);
        for _ in 0..if self.changes { 3 } else { 0 } {
            self.seed = self
                .seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let id = (self.seed >> 33) as usize % 60;
            self.issues.insert(id, self.clock.now().timestamp());
        }
        let variables = variables(request);
        let after = variables["filterBy"]["statusChangedAt"]["after"].as_str().unwrap();
        let after = after.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
        let from: usize = variables["after"].as_str().map_or(0, |after| after.parse().unwrap());
        let matching: Vec<_> =
            self.issues.iter().filter(|(_, changed)| **changed > after).collect();
        let shown = matching.iter().skip(from).take(4);
        let nodes = shown.map(|(id, at)| {
            issue(&id.to_string(), &chrono::DateTime::from_timestamp(**at, 0).unwrap().to_rfc3339())
        });
        let next = (from + 4 < matching.len()).then(|| (from + 4).to_string());
        page("issues", nodes.collect(), next.as_deref())
    }
}

#[tokio::test]
async fn changes_while_paging_are_all_delivered() {
    for seed in 0..12 {
        let clock = HandClock::new();
        let start = clock.now().timestamp();
        let issues = (0..40).map(|id| (id, start - 1_000 + id as i64)).collect();
        let state =
            Arc::new(Mutex::new(Restless { issues, clock: clock.clone(), seed, changes: true }));
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
                seen.insert(
                    body["id"].as_str().unwrap().parse::<usize>().unwrap(),
                    body["statusChangedAt"].clone(),
                );
            }
            cursor = Some(next);
        }
        let last: BTreeMap<_, _> = state
            .lock()
            .unwrap()
            .issues
            .iter()
            .map(|(id, at)| {
                (*id, json!(chrono::DateTime::from_timestamp(*at, 0).unwrap().to_rfc3339()))
            })
            .collect();
        assert_eq!(seen, last, "seed {seed}");
    }
}

#[tokio::test]
async fn a_time_in_the_future_does_not_carry_the_position_away() {
    let tenant = Tenant::answering(|request: &Request| match wants_detections(request) {
        true => page("detections", vec![], None),
        false => page(
            "issues",
            vec![
                issue("far", "2199-01-01T00:00:00Z"),
                json!({"id": "none", "statusChangedAt": null}),
            ],
            None,
        ),
    })
    .await;
    let (bodies, cursor) = sweep(&tenant.source(), None).await.unwrap();
    assert_eq!(bodies.len(), 2);
    sweep(&tenant.source(), Some(cursor)).await.unwrap();
    assert_eq!(
        tenant.asked().await[2]["filterBy"]["statusChangedAt"]["after"],
        "2026-09-21T14:08:20.000000Z"
    );
}

#[tokio::test]
async fn endless_and_senseless_pages_are_errors() {
    let check = |answer: Value, words: &'static str| async move {
        let tenant = Tenant::answering(move |_: &Request| data(answer.clone())).await;
        let error = sweep(&tenant.source(), None).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::Garbage, "{error}");
        assert!(error.message.contains(words), "{error}");
    };
    let info = |info: Value| json!({"data": {"issues": {"nodes": [], "pageInfo": info}}});
    check(
        info(json!({"hasNextPage": true, "endCursor": "same"})),
        "the next page is the same page",
    )
    .await;
    check(info(json!({"hasNextPage": true, "endCursor": null})), "does not say where").await;
    check(info(json!({"hasNextPage": null})), "does not say whether").await;
    check(info(Value::Null), "does not say whether").await;
    check(
        json!({"data": {"issues": {"nodes": null, "pageInfo": {"hasNextPage": false}}}}),
        "has no nodes",
    )
    .await;
    check(json!({"data": {"issues": null}}), "is no object").await;
    check(json!({"data": {}}), "no data.issues").await;
    check(json!({"data": null}), "no data").await;
    check(json!([]), "no data").await;
}

#[tokio::test]
async fn a_page_that_is_gone_begins_the_sweep_anew_with_the_same_timestamp() {
    let lost = AtomicUsize::new(0);
    let tenant = Tenant::answering(move |request: &Request| {
        if variables(request)["after"] == "6" && lost.fetch_add(1, Ordering::SeqCst) == 0 {
            return gql_error("BAD_USER_INPUT", "the cursor is not valid");
        }
        seven(request)
    })
    .await;
    let (bodies, _) = sweep(&tenant.source(), None).await.unwrap();
    for n in 1..=7 {
        assert!(ids(&bodies).contains(&format!("issue-{n}").as_str()));
    }
    let asked = tenant.asked().await;
    assert!(
        asked[..asked.len() - 1].iter().all(|request| request["filterBy"] == asked[0]["filterBy"])
    );
}

#[tokio::test]
async fn without_the_scope_for_detections_issues_are_polled_all_the_same() {
    let tenant = Tenant::answering(|request: &Request| match wants_detections(request) {
        true => gql_error("FORBIDDEN", "missing scope"),
        false => seven(request),
    })
    .await;
    let source = tenant.source();
    let (bodies, cursor) = sweep(&source, None).await.unwrap();
    assert_eq!(bodies.len(), 7);
    sweep(&source, Some(cursor)).await.unwrap();
    let asked = tenant.asked().await;
    // What was never read is not passed over: once the scope is there, it starts at the look-back.
    assert_eq!(
        asked.last().unwrap()["filterBy"]["createdAt"]["after"],
        "2026-09-14T14:13:20.000000Z"
    );
}

#[tokio::test]
async fn issues_never_wait_behind_detections_that_fail() {
    let tenant = Tenant::answering(|request: &Request| match wants_detections(request) {
        true => ResponseTemplate::new(503),
        false => page("issues", vec![issue("i", "2026-09-01T00:00:00Z")], None),
    })
    .await;
    let source = tenant.source();
    let stored = source.poll(None).await.unwrap().cursor;
    let error = source.poll(Some(&stored)).await.unwrap_err();
    assert_eq!(
        (error.trouble, error.operation.as_str()),
        (Trouble::Passing, "wiz poll detections")
    );
    let page = source.poll(Some(&stored)).await.unwrap();
    assert_eq!(page.alerts.len(), 1, "issues first, then detections again");
    assert!(source.poll(Some(&page.cursor)).await.is_err());
}

#[tokio::test]
async fn without_the_scope_for_details_issues_come_plain() {
    let tenant =
        Tenant::answering(|request: &Request| match variables(request)["details"] == true {
            true => gql_error("FORBIDDEN", "read:threat_issues is needed"),
            false => seven(request),
        })
        .await;
    let source = tenant.source();
    assert_eq!(sweep(&source, None).await.unwrap().0.len(), 8);
    let details = tenant.asked().await.iter().filter(|request| request["details"] == true).count();
    assert_eq!(details, 1, "asked once, then remembered");
}

#[tokio::test]
async fn a_position_that_is_not_ours_is_an_error_and_asks_nothing() {
    let tenant = Tenant::answering(seven).await;
    let error = tenant.source().poll(Some(&Cursor("2026-01-01".into()))).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(tenant.asked().await.is_empty());
}

#[tokio::test]
async fn what_has_been_seen_is_said_when_both_sweeps_are_done() {
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
async fn a_clock_that_is_set_back_does_not_take_back_what_has_been_seen() {
    let tenant = Tenant::answering(|request: &Request| match wants_detections(request) {
        true => page("detections", vec![], None),
        false => page("issues", vec![issue("i", "2026-09-21T14:00:00Z")], None),
    })
    .await;
    let (_, cursor) = sweep(&tenant.source(), None).await.unwrap();
    tenant.clock.turn(-86_400);
    let issues = tenant.source().poll(Some(&cursor)).await.unwrap();
    let end = tenant.source().poll(Some(&issues.cursor)).await.unwrap();
    assert!(
        end.seen_until >= Some("2026-09-21T13:55:00Z".parse().unwrap()),
        "{:?}",
        end.seen_until
    );
}
