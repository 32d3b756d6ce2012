//! Writing back: what is sent, once, and what is not.

use std::sync::{Arc, Mutex};

use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackEnd, WriteBackStatus};
use firebreak_sources::wiz::WizWriter;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::stand::{Tenant, data, gql_error, query, variables};

/// One issue that takes notes and statuses; answers to mutations may be lost.
struct Issue {
    state: Arc<Mutex<Value>>,
    tenant: Tenant,
}

impl Issue {
    async fn new(kind: &str, status: &str, lost: &'static str) -> Self {
        let state = Arc::new(Mutex::new(
            json!({ "id": "iss-1", "type": kind, "status": status, "notes": [] }),
        ));
        let held = Arc::clone(&state);
        let tenant = Tenant::answering(move |request: &Request| {
            let mut issue = held.lock().unwrap();
            let (query, input) = (query(request), variables(request)["input"].clone());
            let answer = if query.contains("FirebreakIssueState") {
                return data(json!({"data": {"issues": {"nodes": [issue.clone()]}}}));
            } else if query.contains("FirebreakCreateNote") {
                let note = json!({ "id": "n", "text": input["text"] });
                issue["notes"].as_array_mut().unwrap().push(note.clone());
                json!({"data": {"createIssueNote": {"issueNote": note}}})
            } else {
                issue["status"] = input["patch"]["status"].clone();
                issue["reason"] = input["patch"]["resolutionReason"].clone();
                json!({"data": {"updateIssue": {"issue": issue.clone()}}})
            };
            if !lost.is_empty() && query.contains(lost) {
                return ResponseTemplate::new(502);
            }
            data(answer)
        })
        .await;
        Self { state, tenant }
    }

    fn writer(&self) -> WizWriter {
        WizWriter::new(&self.tenant.config(), self.tenant.keychain.clone()).unwrap()
    }

    fn notes(&self) -> usize {
        self.state.lock().unwrap()["notes"].as_array().unwrap().len()
    }

    fn says(&self, member: &str) -> Value {
        self.state.lock().unwrap()[member].clone()
    }
}

fn order(status: Option<WriteBackStatus>) -> WriteBack {
    WriteBack {
        vendor_id: "iss-1".to_owned(),
        kind: "issue".to_owned(),
        status,
        comment: "Isolated, proven. [firebreak:1a2b]".to_owned(),
        marker: "firebreak:1a2b".to_owned(),
    }
}

#[tokio::test]
async fn a_status_is_set_as_the_kind_of_issue_takes_it() {
    let threat = "THREAT_DETECTION";
    let posture = "TOXIC_COMBINATION";
    let cases = [
        (threat, WriteBackStatus::InProgress, "IN_PROGRESS", None),
        (threat, WriteBackStatus::Resolved, "RESOLVED", Some("MALICIOUS_THREAT")),
        (threat, WriteBackStatus::FalsePositive, "RESOLVED", Some("NOT_MALICIOUS_THREAT")),
        (posture, WriteBackStatus::FalsePositive, "REJECTED", Some("FALSE_POSITIVE")),
    ];
    for (kind, status, expected, reason) in cases {
        let issue = Issue::new(kind, "OPEN", "").await;
        let end = issue.writer().write_back(&order(Some(status))).await.unwrap();
        assert!(matches!(end, WriteBackEnd::Written { .. }), "{kind} {status:?}: {end:?}");
        assert_eq!((issue.says("status"), issue.says("reason")), (json!(expected), json!(reason)));
        let again = issue.writer().write_back(&order(Some(status))).await.unwrap();
        assert!(matches!(again, WriteBackEnd::AlreadySo { .. }), "{again:?}");
        assert_eq!(issue.notes(), 1, "one note, however often it is asked");
    }
}

#[tokio::test]
async fn what_wiz_refuses_is_never_sent() {
    let issue = Issue::new("CLOUD_CONFIGURATION", "OPEN", "").await;
    let end = issue.writer().write_back(&order(Some(WriteBackStatus::Resolved))).await.unwrap();
    let WriteBackEnd::Impossible { why } = end else { panic!("{end:?}") };
    assert!(why.contains("resolves this kind of issue itself"), "{why}");
    assert_eq!((issue.says("status"), issue.notes()), (json!("OPEN"), 1));
    let detection = WriteBack { kind: "detection".to_owned(), ..order(None) };
    let asked = issue.tenant.asked().await.len();
    let end = issue.writer().write_back(&detection).await.unwrap();
    assert!(matches!(end, WriteBackEnd::Impossible { .. }), "{end:?}");
    assert_eq!(issue.tenant.asked().await.len(), asked, "a detection is not asked about");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_no_second_note() {
    for lost in ["FirebreakCreateNote", "FirebreakUpdateIssue"] {
        let issue = Issue::new("THREAT_DETECTION", "OPEN", lost).await;
        let order = order(Some(WriteBackStatus::InProgress));
        let error = issue.writer().write_back(&order).await.unwrap_err();
        assert_eq!(error.trouble, firebreak_core::ports::Trouble::Passing, "{error}");
        let mut last = None;
        for _ in 0..3 {
            last = issue.writer().write_back(&order).await.ok();
        }
        assert_eq!((issue.notes(), issue.says("status")), (1, json!("IN_PROGRESS")), "{lost}");
        assert!(matches!(last, Some(WriteBackEnd::AlreadySo { .. })), "{lost}: {last:?}");
    }
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let tenant = Tenant::answering(|request: &Request| {
        match query(request).contains("mutation") {
            true => gql_error("FORBIDDEN", "access denied"),
            false => data(json!({"data": {"issues": {"nodes": [{"id": "iss-1", "type": "THREAT_DETECTION", "status": "OPEN", "notes": []}]}}})),
        }
    })
    .await;
    let writer = WizWriter::new(&tenant.config(), tenant.keychain.clone()).unwrap();
    let error = writer.write_back(&order(None)).await.unwrap_err();
    assert!(error.remedy.unwrap().contains("update:issues"));
}
