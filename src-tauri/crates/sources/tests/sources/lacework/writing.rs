//! Writing back: once, and never what Lacework refuses.

use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackEnd, WriteBackStatus};
use serde_json::json;
use wiremock::ResponseTemplate;

use super::stand::{Account, alert};

fn order(id: &str, status: Option<WriteBackStatus>) -> WriteBack {
    WriteBack {
        vendor_id: id.to_owned(),
        kind: "alert".to_owned(),
        status,
        comment: "contained: web-7 is isolated".to_owned(),
        marker: "[firebreak inc-1]".to_owned(),
    }
}

async fn account() -> Account {
    Account::with([alert(1, 5, "High", "Open")]).await
}

#[tokio::test]
async fn resolved_closes_with_a_comment_and_a_second_order_changes_nothing() {
    for (status, reason) in [(WriteBackStatus::Resolved, 3), (WriteBackStatus::FalsePositive, 1)] {
        let account = account().await;
        let order = order("1", Some(status));
        let end = account.writer().write_back(&order).await.unwrap();
        assert!(
            matches!(&end, WriteBackEnd::Written { note } if note.contains("comment left; closed")),
            "{end:?}"
        );
        let end = account.writer().write_back(&order).await.unwrap();
        assert!(
            matches!(&end, WriteBackEnd::AlreadySo { note } if note == "it was closed before"),
            "{end:?}"
        );
        let alerts = account.alerts.lock().unwrap();
        assert_eq!(
            alerts.comments,
            [(1, "contained: web-7 is isolated [firebreak inc-1]".to_owned())]
        );
        assert_eq!(alerts.closings, [(1, json!({ "reason": reason }))]);
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_recognised() {
    let account = account().await;
    let order = order("1", Some(WriteBackStatus::Resolved));
    // The close arrives, and its answer does not.
    account.instead(move |request| {
        let close = request.url.path().ends_with("/close");
        close.then(|| ResponseTemplate::new(502))
    });
    let error = account.writer().write_back(&order).await.unwrap_err();
    assert_eq!(error.operation, "lacework write back");
    account.instead(|_| None);
    account.change(1, json!({"status": "Closed"}));
    let end = account.writer().write_back(&order).await.unwrap();
    assert!(matches!(end, WriteBackEnd::AlreadySo { .. }), "{end:?}");
    let alerts = account.alerts.lock().unwrap();
    assert_eq!((alerts.comments.len(), alerts.closings.len()), (1, 0));
}

#[tokio::test]
async fn a_write_is_sent_once_however_it_ends() {
    let account = account().await;
    account
        .instead(|request| (request.method.as_str() == "POST").then(|| ResponseTemplate::new(503)));
    account.writer().write_back(&order("1", None)).await.unwrap_err();
    let posts = account.asked().await.into_iter().filter(|asked| asked.starts_with("POST"));
    assert_eq!(posts.count(), 1);
}

#[tokio::test]
async fn work_in_progress_is_a_comment() {
    let account = account().await;
    let order = order("1", Some(WriteBackStatus::InProgress));
    let end = account.writer().write_back(&order).await.unwrap();
    assert!(
        matches!(end, WriteBackEnd::Written { note } if note.contains("no status for work in progress"))
    );
    let end = account.writer().write_back(&order).await.unwrap();
    assert!(matches!(end, WriteBackEnd::AlreadySo { .. }));
    let alerts = account.alerts.lock().unwrap();
    assert_eq!((alerts.comments.len(), alerts.closings.len()), (1, 0));
}

#[tokio::test]
async fn a_closed_alert_is_not_opened_again() {
    let account = Account::with([alert(1, 5, "High", "Closed")]).await;
    let reopen = order("1", Some(WriteBackStatus::Reopened));
    let end = account.writer().write_back(&reopen).await.unwrap();
    assert!(matches!(end, WriteBackEnd::Impossible { why } if why.contains("open an alert again")));
    let asked = account.asked().await;
    assert!(asked.iter().all(|asked| asked.starts_with("GET")), "{asked:?}");
}

#[tokio::test]
async fn what_lacework_does_not_know_is_impossible() {
    let account = account().await;
    for id in ["7", "../access/tokens", ""] {
        let end = account.writer().write_back(&order(id, None)).await.unwrap();
        assert!(matches!(end, WriteBackEnd::Impossible { .. }), "{id}");
    }
    let mut issue = order("1", None);
    issue.kind = "issue".to_owned();
    let end = account.writer().write_back(&issue).await.unwrap();
    assert!(matches!(end, WriteBackEnd::Impossible { .. }));
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let account = account().await;
    account
        .instead(|request| (request.method.as_str() == "POST").then(|| ResponseTemplate::new(403)));
    let error = account.writer().write_back(&order("1", None)).await.unwrap_err();
    assert!(error.remedy.unwrap().contains("Alerts: write"));
}
