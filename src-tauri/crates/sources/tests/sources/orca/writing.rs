//! Writing back: comment and status, once, and never what Orca would refuse.

use std::sync::{Arc, Mutex};

use firebreak_core::ports::Trouble;
use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackEnd, WriteBackStatus};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::stand::{Organisation, body};

/// One alert with its status and comments.
#[derive(Default)]
struct Alert {
    status: String,
    comments: Vec<String>,
    /// The next write takes effect and its answer is lost.
    lose: bool,
}

fn entry(comment: &str) -> Value {
    json!({"unique_id": "u", "alert_id": "orca-7", "type": "comment",
           "details": {"description": "Added comment", "comment": comment}})
}

fn answer(alert: &Mutex<Alert>, request: &Request) -> ResponseTemplate {
    let ok = |value: Value| ResponseTemplate::new(200).set_body_json(value);
    let mut alert = alert.lock().unwrap();
    let lost = request.method.as_str() == "PUT" && std::mem::take(&mut alert.lose);
    let answer = match request.url.path().strip_prefix("/api/alerts/orca-7/").unwrap() {
        "event_log" => {
            ok(json!({"event_log": alert.comments.iter().map(|c| entry(c)).collect::<Vec<_>>()}))
        }
        "comment" => {
            let comment = body(request)["comment"].as_str().unwrap().to_owned();
            alert.comments.push(comment.clone());
            ok(entry(&comment))
        }
        status => {
            let status = status.strip_prefix("status/").unwrap();
            if alert.status == status {
                ResponseTemplate::new(400).set_body_json(
                    json!({"status": "failure", "error": "requested to set same configuration"}),
                )
            } else {
                alert.status = status.to_owned();
                ok(json!({"status": "success"}))
            }
        }
    };
    if lost { ResponseTemplate::new(502) } else { answer }
}

async fn organisation() -> (Organisation, Arc<Mutex<Alert>>) {
    let alert = Arc::new(Mutex::new(Alert { status: "open".into(), ..Alert::default() }));
    let shared = Arc::clone(&alert);
    (Organisation::answering(move |request| answer(&shared, request)).await, alert)
}

fn order(status: Option<WriteBackStatus>) -> WriteBack {
    WriteBack {
        vendor_id: "orca-7".into(),
        kind: "alert".into(),
        status,
        comment: "Contained: i-1 isolated. [firebreak inc-1]".into(),
        marker: "[firebreak inc-1]".into(),
    }
}

#[tokio::test]
async fn comment_and_status_are_written_once() {
    let (organisation, alert) = organisation().await;
    let writer = organisation.writer();
    let order = order(Some(WriteBackStatus::InProgress));
    let end = writer.write_back(&order).await.unwrap();
    assert_eq!(
        end,
        WriteBackEnd::Written { note: "comment added; status set to in_progress".into() }
    );
    let end = writer.write_back(&order).await.unwrap();
    assert_eq!(end, WriteBackEnd::AlreadySo { note: "status was in_progress already".into() });
    assert_eq!(alert.lock().unwrap().comments.len(), 1);
}

#[tokio::test]
async fn our_words_become_orcas() {
    for (ours, theirs) in [
        (WriteBackStatus::InProgress, "in_progress"),
        (WriteBackStatus::Resolved, "close"),
        (WriteBackStatus::FalsePositive, "dismiss"),
    ] {
        let (organisation, alert) = organisation().await;
        organisation.writer().write_back(&order(Some(ours))).await.unwrap();
        assert_eq!(alert.lock().unwrap().status, theirs);
    }
    let (organisation, _) = organisation().await;
    let end = organisation.writer().write_back(&order(Some(WriteBackStatus::Reopened))).await;
    assert_eq!(
        end.unwrap(),
        WriteBackEnd::Written { note: "comment added; status was open already".into() }
    );
    let end = organisation.writer().write_back(&order(None)).await.unwrap();
    assert!(matches!(end, WriteBackEnd::AlreadySo { .. }));
}

#[tokio::test]
async fn a_comment_whose_answer_was_lost_is_recognised_and_not_doubled() {
    let (organisation, alert) = organisation().await;
    let writer = organisation.writer();
    let order = order(Some(WriteBackStatus::Resolved));
    alert.lock().unwrap().lose = true;
    let error = writer.write_back(&order).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Passing);
    // The status is set twice by itself: the first answer is lost, the second says "same".
    alert.lock().unwrap().lose = true;
    let end = writer.write_back(&order).await.unwrap();
    assert_eq!(end, WriteBackEnd::AlreadySo { note: "status was close already".into() });
    assert_eq!(alert.lock().unwrap().comments.len(), 1);
    assert_eq!(alert.lock().unwrap().status, "close");
}

#[tokio::test]
async fn what_orca_cannot_take_is_never_sent() {
    let (organisation, _) = organisation().await;
    let writer = organisation.writer();
    for id in ["sha256:0011", "orca-1/../../x", "", "orca-", "263534"] {
        let order = WriteBack { vendor_id: id.into(), ..order(None) };
        assert!(
            matches!(writer.write_back(&order).await.unwrap(), WriteBackEnd::Impossible { .. }),
            "{id}"
        );
    }
    let order = WriteBack { marker: String::new(), ..order(None) };
    assert!(matches!(writer.write_back(&order).await.unwrap(), WriteBackEnd::Impossible { .. }));
    assert!(organisation.asked().await.is_empty());
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let organisation = Organisation::answering(|request: &Request| match request.method.as_str() {
        "GET" => ResponseTemplate::new(200).set_body_json(json!({"event_log": []})),
        _ => ResponseTemplate::new(403).set_body_json(json!({"detail": "no"})),
    })
    .await;
    let error = organisation.writer().write_back(&order(None)).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(error.remedy.unwrap().contains("to change and comment alerts"));
}

#[tokio::test]
async fn a_log_that_makes_no_sense_stops_the_comment() {
    let organisation = Organisation::answering(|_: &Request| {
        ResponseTemplate::new(200).set_body_json(json!({"odd": 1}))
    })
    .await;
    let error = organisation.writer().write_back(&order(None)).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Garbage);
    assert_eq!(organisation.asked().await, ["GET /api/alerts/orca-7/event_log"]);
}
