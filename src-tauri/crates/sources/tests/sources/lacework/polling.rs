//! Polling: what is asked, what is delivered, and that nothing is lost or doubled.

use std::collections::BTreeMap;
use std::time::Duration;

use firebreak_core::ports::{AlertSource, Cursor, Normaliser};
use firebreak_sources::lacework::LaceworkNormaliser;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::stand::{Account, alert, ids, sweep};

#[tokio::test]
async fn new_alerts_come_once_and_whole() {
    let account = Account::with([alert(1, 100, "High", "Open"), alert(2, 5, "Low", "Open")]).await;
    let source = account.source();
    let first = source.poll(None).await.unwrap();
    let read = |alert| LaceworkNormaliser.normalise(alert).unwrap();
    let findings: Vec<_> = first.alerts.iter().map(read).collect();
    assert_eq!(findings.len(), 2);
    for finding in &findings {
        assert_eq!(finding.resource.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
    }
    assert!(findings[0].observations.iter().any(|line| line.text == "New? Yes"));
    assert!(first.seen_until.is_some() && !first.more);
    let asked = account.asked().await;
    assert_eq!(
        asked[0],
        "GET /api/v2/Alerts?startTime=2026-09-14T14:13:20.000Z&endTime=2026-09-21T14:13:20.000Z"
    );
    assert!(asked.contains(&"GET /api/v2/Alerts/2?scope=Details".to_owned()));
    assert!(!asked.contains(&"GET /api/v2/Alerts/2?scope=Investigation".to_owned()), "{asked:#?}");
    assert!(asked.contains(&"GET /api/v2/Alerts/1?scope=Events".to_owned()));
    let (again, _) = sweep(&source, Some(first.cursor)).await.unwrap();
    assert_eq!(again, []);
    // The newest began 5 hours ago; six hours of overlap before it are listed again.
    let asked = account.asked().await;
    assert_eq!(
        asked.last().unwrap(),
        "GET /api/v2/Alerts?startTime=2026-09-21T03:13:20.000Z&endTime=2026-09-21T14:13:20.000Z"
    );
}

#[tokio::test]
async fn a_status_a_severity_and_a_text_that_change_are_seen() {
    let old =
        [alert(1, 150, "High", "Open"), alert(2, 90, "Low", "Open"), alert(3, 80, "Low", "Open")];
    let account = Account::with(old).await;
    let source = account.source();
    let (_, cursor) = sweep(&source, None).await.unwrap();
    account.change(1, json!({"status": "Closed"}));
    account.change(2, json!({"severity": "Critical"}));
    // Not yet due: they began long before the overlap.
    account.clock.turn(600);
    let (seen, cursor) = sweep(&source, Some(cursor)).await.unwrap();
    assert_eq!(seen, []);
    account.clock.turn(301);
    // Another process has only the cursor.
    let (seen, cursor) = sweep(&account.source(), Some(cursor)).await.unwrap();
    assert_eq!(
        BTreeMap::from_iter(seen),
        BTreeMap::from([(1, "Closed".into()), (2, "Open".into())])
    );
    account.change(3, json!({"lastUserUpdatedTime": "2026-09-21T14:00:00.000Z"}));
    account.clock.turn(901);
    let (seen, _) = sweep(&source, Some(cursor)).await.unwrap();
    assert_eq!(ids(&seen), [3]);
}

#[tokio::test]
async fn an_alert_open_for_longer_than_the_lookback_is_watched_until_it_closes() {
    let account =
        Account::with([alert(1, 160, "High", "Open"), alert(2, 160, "High", "Closed")]).await;
    let source = account.source();
    let (_, mut cursor) = sweep(&source, None).await.unwrap();
    for _ in 0..20 {
        account.clock.turn(86_400);
        let (seen, next) = sweep(&source, Some(cursor)).await.unwrap();
        assert_eq!(seen, []);
        cursor = next;
    }
    account.add(alert(9, 161, "High", "Open"));
    account.change(1, json!({"status": "Closed"}));
    account.clock.turn(901);
    let (seen, cursor) = sweep(&source, Some(cursor)).await.unwrap();
    assert_eq!(seen, [(1, "Closed".to_owned())], "9 began before the look-back and was never ours");
    account.clock.turn(86_400);
    let (seen, cursor) = sweep(&source, Some(cursor)).await.unwrap();
    assert_eq!((seen.len(), cursor.0.contains("\"known\":{}")), (0, true), "{}", cursor.0);
}

#[tokio::test]
async fn what_is_filed_late_is_delivered() {
    let account = Account::with([alert(5, 2, "Low", "Open")]).await;
    let source = account.source();
    let (_, cursor) = sweep(&source, None).await.unwrap();
    account.add(alert(6, 7, "Low", "Open"));
    let (seen, cursor) = sweep(&source, Some(cursor)).await.unwrap();
    assert_eq!(ids(&seen), [6], "within the overlap");
    account.add(alert(7, 120, "Low", "Open"));
    account.clock.turn(901);
    let (seen, _) = sweep(&source, Some(cursor)).await.unwrap();
    assert_eq!(ids(&seen), [7], "by the review");
}

#[tokio::test]
async fn pages_and_windows_are_walked_and_a_crash_goes_on_at_the_page() {
    let account = Account::with((1..=23).map(|id| alert(id, id as i64 * 20, "Low", "Open"))).await;
    account.alerts.lock().unwrap().page = 4;
    let mut config = account.config();
    config.lookback = Duration::from_secs(20 * 86_400);
    let (mut seen, mut cursor, mut pages) = (Vec::new(), None::<Cursor>, 0);
    loop {
        // A fresh process for every page, which takes an hour.
        let page = account.source_with(&config).poll(cursor.as_ref()).await.unwrap();
        account.clock.turn(3_600);
        let id = |alert: &firebreak_core::ports::RawAlert| {
            serde_json::from_slice::<Value>(&alert.body).unwrap()["alertId"].as_u64().unwrap()
        };
        seen.extend(page.alerts.iter().map(id));
        (cursor, pages) = (Some(page.cursor), pages + 1);
        if !page.more {
            break;
        }
    }
    assert!(pages > 7, "{pages}");
    assert_eq!(seen.len(), 23, "each once");
    seen.sort_unstable();
    assert_eq!(seen, (1..=23).collect::<Vec<u64>>());
    let lists = account.asked().await.into_iter().filter(|asked| asked.contains("startTime"));
    let lists: Vec<String> = lists.collect();
    assert!(
        lists[0].ends_with("startTime=2026-09-01T14:13:20.000Z&endTime=2026-09-08T14:13:20.000Z")
    );
    assert!(
        lists[1].ends_with("startTime=2026-09-08T14:13:20.000Z&endTime=2026-09-15T14:13:20.000Z")
    );
    assert!(
        lists[2].ends_with("startTime=2026-09-15T14:13:20.000Z&endTime=2026-09-21T14:13:20.000Z")
    );
}

#[tokio::test]
async fn a_page_that_was_not_stored_is_delivered_again() {
    let account = Account::with([alert(1, 3, "Low", "Open")]).await;
    let source = account.source();
    let first = source.poll(None).await.unwrap();
    let again = source.poll(None).await.unwrap();
    assert_eq!(first.alerts, again.alerts);
    assert_eq!(first.alerts.len(), 1);
}

#[tokio::test]
async fn a_page_that_is_gone_begins_the_window_anew() {
    let account = Account::with((1..=6).map(|id| alert(id, id as i64, "Low", "Open"))).await;
    account.alerts.lock().unwrap().page = 4;
    let source = account.source();
    let first = source.poll(None).await.unwrap();
    assert!(first.more);
    let mut once = true;
    account.instead(move |request| {
        let gone = once && request.url.path().contains("page_");
        once &= !gone;
        gone.then(|| ResponseTemplate::new(404).set_body_json(json!({"message": "expired"})))
    });
    let (seen, _) = sweep(&source, Some(first.cursor)).await.unwrap();
    assert_eq!(ids(&seen), [5, 6]);
}

#[tokio::test]
async fn without_requests_left_alerts_come_as_listed_and_whole_later() {
    let account = Account::with((1..=60).map(|id| alert(id, 2, "Low", "Open"))).await;
    let mut config = account.config();
    config.requests_per_hour = std::num::NonZeroU32::new(64).unwrap();
    let source = account.source_with(&config);
    let page = source.poll(None).await.unwrap();
    let whole = |alert: &&firebreak_core::ports::RawAlert| {
        serde_json::from_slice::<Value>(&alert.body).unwrap()["entityMap"].is_object()
    };
    assert_eq!(page.alerts.len(), 60, "none waits");
    let read = page.alerts.iter().filter(whole).count();
    assert!(read > 15 && read < 28, "{read} of 60 read whole with 28 requests at once");
    let budget = source.budget().unwrap();
    assert_eq!((budget.limit, budget.period), (56, Duration::from_secs(3_600)));
    assert!(budget.left <= 8 && budget.blocked_until.is_none(), "{budget:?}");
    // Plenty again: the rest comes whole, and each once.
    let (seen, cursor) = sweep(&account.source(), Some(page.cursor)).await.unwrap();
    assert_eq!(seen.len(), 60 - read);
    let (seen, _) = sweep(&account.source(), Some(cursor)).await.unwrap();
    assert_eq!(seen, []);
}

#[tokio::test]
async fn a_key_that_may_not_read_details_still_polls() {
    let account = Account::with((1..=5).map(|id| alert(id, 2, "High", "Open"))).await;
    account.instead(|request| {
        let details = request.url.query().is_some_and(|query| query.contains("scope="));
        details
            .then(|| ResponseTemplate::new(403).set_body_json(json!({"message": "not permitted"})))
    });
    let (seen, _) = sweep(&account.source(), None).await.unwrap();
    assert_eq!(ids(&seen), [1, 2, 3, 4, 5]);
    let asked = account.asked().await;
    assert_eq!(asked.iter().filter(|asked| asked.contains("scope=")).count(), 1, "asked once");
}

#[tokio::test]
async fn odd_rows_are_delivered_as_they_came() {
    let odd = r#"{ "alertId":"x/../y" , "status":"ON_FIRE","severity":null,  "n":1.0e+2,"s":"\u00e9\ud800" }"#;
    let body = format!(r#"{{"paging":{{"urls":{{"nextPage":""}}}},"data":[null,{odd},7]}}"#);
    let account = Account::with([]).await;
    account.instead(move |_| {
        Some(ResponseTemplate::new(200).set_body_raw(body.clone(), "application/json"))
    });
    let page = account.source().poll(None).await.unwrap();
    assert_eq!(page.alerts.len(), 2);
    assert!(page.alerts.iter().any(|alert| alert.body == odd.as_bytes()));
    let finding = page.alerts.iter().find_map(|alert| LaceworkNormaliser.normalise(alert).ok());
    assert_eq!(finding.unwrap().status_as_given.as_deref(), Some("ON_FIRE"));
    assert!(account.asked().await.iter().all(|asked| !asked.contains("..")));
}

#[tokio::test]
async fn no_content_is_no_alert() {
    let account = Account::with([]).await;
    account.instead(|_| Some(ResponseTemplate::new(204)));
    let page = account.source().poll(None).await.unwrap();
    assert!(page.alerts.is_empty() && !page.more);
}

#[tokio::test]
async fn the_sub_account_and_the_organisation_are_named() {
    let account = Account::with([]).await;
    let mut config = account.config();
    (config.sub_account, config.organisation) = (Some("retail".to_owned()), true);
    sweep(&account.source_with(&config), None).await.unwrap();
    let requests = account.server.received_requests().await.unwrap();
    let list = requests.iter().find(|request| request.url.path().ends_with("/Alerts")).unwrap();
    assert_eq!(
        (&list.headers["account-name"], &list.headers["org-access"]),
        (&"retail".parse().unwrap(), &"true".parse().unwrap())
    );
    assert_eq!(list.headers["authorization"], "Bearer token-1");
}

/// Alerts are filed, late ones too, changed and closed while a list is paged, the process dies
/// between any two pages, and requests fail: in the end every alert is known as it is.
#[tokio::test]
async fn whatever_happens_while_polling_the_last_state_of_every_alert_is_delivered() {
    for seed in 0..4_u64 {
        let account =
            Account::with((1..=30).map(|id| alert(id, id as i64 * 4, "Low", "Open"))).await;
        account.alerts.lock().unwrap().page = 7;
        let mut dice = seed + 1;
        let mut throw = move |sides: u64| {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % sides
        };
        let mut fails = seed;
        account.instead(move |_| {
            fails = fails.wrapping_mul(25_214_903_917).wrapping_add(11) % (1 << 48);
            ((fails >> 20) % 9 == 0).then(|| ResponseTemplate::new(401))
        });
        let mut config = account.config();
        config.patience.attempts = 1;
        let (mut known, mut cursor) = (BTreeMap::new(), None::<Cursor>);
        let mut source = account.source_with(&config);
        for turn in 0..150_u64 {
            if turn < 90 {
                let id = 1 + throw(30);
                match throw(4) {
                    0 => account.change(id, json!({"status": "Closed"})),
                    1 => account.change(
                        id,
                        json!({"severity": if throw(2) == 0 { "Low" } else { "High" }}),
                    ),
                    2 => account.add(alert(100 + turn, throw(160) as i64, "Medium", "Open")),
                    _ => source = account.source_with(&config),
                }
            }
            account.clock.turn(120);
            let Ok(page) = source.poll(cursor.as_ref()).await else { continue };
            for raw in &page.alerts {
                let body: Value = serde_json::from_slice(&raw.body).unwrap();
                let state = if body["alert"].is_object() { body["alert"].clone() } else { body };
                let fields = (state["status"].clone(), state["severity"].clone());
                known.insert(state["alertId"].as_u64().unwrap(), fields);
            }
            cursor = Some(page.cursor);
        }
        let alerts = account.alerts.lock().unwrap();
        let real = alerts
            .all
            .iter()
            .map(|(id, alert)| (*id, (alert["status"].clone(), alert["severity"].clone())));
        assert_eq!(known, real.collect(), "seed {seed}");
    }
}
