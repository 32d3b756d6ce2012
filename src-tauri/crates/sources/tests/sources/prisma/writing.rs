//! Writing back: what is sent, what is not, and that nothing is sent twice.

use std::sync::{Arc, Mutex};

use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackEnd, WriteBackStatus};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::stand::{Tenant, ok, search};

fn order(status: Option<WriteBackStatus>) -> WriteBack {
    WriteBack {
        vendor_id: "P-7".into(),
        kind: "alert".into(),
        status,
        comment: "Contained by Firebreak".into(),
        marker: "[firebreak inc-1]".into(),
    }
}

/// One alert and one incident that remember what was done to them.
async fn tenant(alert: Value, lose_answers: bool) -> (Tenant, Arc<Mutex<Value>>) {
    let state = Arc::new(Mutex::new(alert));
    let shared = Arc::clone(&state);
    let answer = move |request: &Request| {
        let mut alert = shared.lock().unwrap();
        let done =
            if lose_answers { ResponseTemplate::new(504) } else { ResponseTemplate::new(200) };
        match request.url.path() {
            "/alert/P-7" if alert.is_null() => ResponseTemplate::new(404),
            "/alert/P-7" => ok(alert.clone()),
            "/alert/dismiss" => {
                assert_eq!(search(request)["alerts"], json!(["P-7"]));
                let snoozed = search(request)["dismissalTimeRange"].is_object();
                alert["status"] = json!(if snoozed { "snoozed" } else { "dismissed" });
                alert["dismissalNote"] = search(request)["dismissalNote"].clone();
                done
            }
            "/alert/reopen" => {
                alert["status"] = json!("open");
                done
            }
            "/compute/api/v34.04/audits/incidents" => ok(json!([alert.clone()])),
            "/compute/api/v34.04/audits/incidents/acknowledge/5e" => {
                alert["acknowledged"] = search(request)["acknowledged"].clone();
                done
            }
            other => panic!("not expected: {other}"),
        }
    };
    (Tenant::answering(answer).await, state)
}

#[tokio::test]
async fn a_dismissal_carries_the_note_and_the_filter_that_the_vendor_requires() {
    let (tenant, state) = tenant(json!({"id": "P-7", "status": "open"}), false).await;
    let writer = tenant.writer(&tenant.config());
    let end = writer.write_back(&order(Some(WriteBackStatus::Resolved))).await.unwrap();
    assert!(matches!(end, WriteBackEnd::Written { note } if note.contains("dismissed")));
    let body = &tenant.bodies("/alert/dismiss").await[0];
    assert_eq!(body["filter"], json!({"timeRange": {"type": "to_now", "value": "epoch"}}));
    assert_eq!(body.get("dismissalTimeRange"), None);
    assert_eq!(state.lock().unwrap()["dismissalNote"], "Contained by Firebreak\n[firebreak inc-1]");
    let again = writer.write_back(&order(Some(WriteBackStatus::Resolved))).await.unwrap();
    assert_eq!(again, WriteBackEnd::AlreadySo { note: "dismissed with this note".into() });
    assert_eq!(tenant.bodies("/alert/dismiss").await.len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_not_followed_by_a_second_write() {
    let (tenant, _) = tenant(json!({"id": "P-7", "status": "open"}), true).await;
    let writer = tenant.writer(&tenant.config());
    assert!(writer.write_back(&order(Some(WriteBackStatus::Resolved))).await.is_err());
    assert_eq!(
        tenant.bodies("/alert/dismiss").await.len(),
        1,
        "a write is never repeated by itself"
    );
    let end = writer.write_back(&order(Some(WriteBackStatus::Resolved))).await.unwrap();
    assert!(matches!(end, WriteBackEnd::AlreadySo { .. }));
    assert_eq!(tenant.bodies("/alert/dismiss").await.len(), 1);
}

#[tokio::test]
async fn what_the_vendor_has_no_word_for_sends_nothing() {
    let (tenant, _) = tenant(json!({"id": "P-7", "status": "open"}), false).await;
    let writer = tenant.writer(&tenant.config());
    for status in [None, Some(WriteBackStatus::InProgress)] {
        let end = writer.write_back(&order(status)).await.unwrap();
        assert!(matches!(end, WriteBackEnd::Impossible { .. }), "{status:?}: {end:?}");
    }
    let audit = WriteBack { kind: "audit".into(), ..order(Some(WriteBackStatus::Resolved)) };
    assert!(matches!(writer.write_back(&audit).await.unwrap(), WriteBackEnd::Impossible { .. }));
    let stray =
        WriteBack { vendor_id: "../user/me".into(), ..order(Some(WriteBackStatus::Resolved)) };
    assert!(matches!(writer.write_back(&stray).await.unwrap(), WriteBackEnd::Impossible { .. }));
    assert!(tenant.asked().await.iter().all(|line| line == "GET /alert/P-7"));
}

#[tokio::test]
async fn snoozing_reopening_and_an_alert_that_is_gone() {
    let (tenant_, state) = tenant(json!({"id": "P-7", "status": "open"}), false).await;
    let mut config = tenant_.config();
    config.snooze_in_progress = Some(std::time::Duration::from_secs(8 * 3_600));
    let writer = tenant_.writer(&config);
    writer.write_back(&order(Some(WriteBackStatus::InProgress))).await.unwrap();
    assert_eq!(
        tenant_.bodies("/alert/dismiss").await[0]["dismissalTimeRange"]["value"],
        json!({"amount": 8, "unit": "hour"})
    );
    writer.write_back(&order(Some(WriteBackStatus::Reopened))).await.unwrap();
    assert_eq!(state.lock().unwrap()["status"], "open");
    let (gone, _) = tenant(Value::Null, false).await;
    let end = gone.writer(&gone.config()).write_back(&order(Some(WriteBackStatus::Resolved))).await;
    assert!(matches!(end.unwrap(), WriteBackEnd::Impossible { .. }));
}

#[tokio::test]
async fn an_incident_is_acknowledged_once() {
    let (tenant, state) = tenant(json!({"_id": "5e", "acknowledged": false}), false).await;
    let incident = |status| WriteBack {
        vendor_id: "5e".into(),
        kind: "incident".into(),
        ..order(Some(status))
    };
    let without = tenant.writer(&tenant.config());
    let end = without.write_back(&incident(WriteBackStatus::Resolved)).await.unwrap();
    assert!(matches!(end, WriteBackEnd::Impossible { .. }), "no Compute address");
    let writer = tenant.writer(&tenant.with_compute());
    let end = writer.write_back(&incident(WriteBackStatus::Resolved)).await.unwrap();
    assert_eq!(end, WriteBackEnd::Written { note: "acknowledged".into() });
    assert_eq!(state.lock().unwrap()["acknowledged"], true);
    let end = writer.write_back(&incident(WriteBackStatus::FalsePositive)).await.unwrap();
    assert_eq!(end, WriteBackEnd::AlreadySo { note: "acknowledged".into() });
    writer.write_back(&incident(WriteBackStatus::Reopened)).await.unwrap();
    assert_eq!(state.lock().unwrap()["acknowledged"], false);
}
