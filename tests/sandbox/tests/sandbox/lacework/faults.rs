//! Faults on order.

use std::time::{Duration, Instant};

use firebreak_sandbox::faults::{Fault, Mode, Target};
use reqwest::Method;
use serde_json::json;

use super::client::{last_hours, shipped};

#[tokio::test]
async fn each_fault_is_played_once_and_then_all_is_well() {
    let session = shipped().await;
    for (mode, status) in [
        (Mode::TooMany, 429),
        (Mode::Unauthorized, 401),
        (Mode::Forbidden, 403),
        (Mode::Internal, 500),
        (Mode::Html200, 200),
        (Mode::Garbage, 200),
    ] {
        session.running.fault(Fault { count: 1, ..Fault::new(Target::Lacework, mode) });
        let answer = session.send(Method::GET, "", None).await;
        assert_eq!(answer.status(), status, "{mode:?}");
        let text = answer.bytes().await.unwrap();
        let json = serde_json::from_slice::<serde_json::Value>(&text).is_ok();
        assert_eq!(json, !matches!(mode, Mode::Html200 | Mode::Garbage), "{mode:?}");
        assert_eq!(session.get("").await.0, 200, "{mode:?}");
    }
}

#[tokio::test]
async fn connections_are_cut_before_and_within_the_answer() {
    let session = shipped().await;
    let url = format!("{}/api/v2/Alerts{}", session.ready().address, last_hours(160));
    for mode in [Mode::Cut, Mode::CutHalf] {
        session.running.fault(Fault { count: 1, ..Fault::new(Target::Lacework, mode) });
        let answer = session.http.get(&url).bearer_auth(&session.token).send().await;
        let whole = match answer {
            Ok(answer) => answer.bytes().await.is_ok(),
            Err(_) => false,
        };
        assert!(!whole, "{mode:?}");
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_took_effect() {
    let session = shipped().await;
    let id = session.of_type("MaliciousFile").await;
    let fault = Fault { matches: Some("close".into()), ..Fault::new(Target::Lacework, Mode::Lost) };
    session.running.fault(fault);
    let url = format!("{}/api/v2/Alerts/{id}/close", session.ready().address);
    let order = session.http.post(url).bearer_auth(&session.token).json(&json!({"reason": 3}));
    assert!(order.send().await.is_err());
    let (_, details) = session.get(&format!("/{id}?scope=Details")).await;
    assert_eq!(details["data"]["status"], "Closed");
}

#[tokio::test]
async fn tokens_are_forgotten_and_answers_grow_and_wait() {
    let session = shipped().await;
    let once = |mode| Fault { count: 1, ..Fault::new(Target::Lacework, mode) };
    session.running.fault(Fault { bytes: Some(3_000_000), ..once(Mode::Huge) });
    let answer = session.send(Method::GET, "", None).await;
    assert!(answer.bytes().await.unwrap().len() >= 3_000_000);
    session.running.fault(Fault { delay_ms: 300, ..once(Mode::Slow) });
    let began = Instant::now();
    assert_eq!(session.get("").await.0, 200);
    assert!(began.elapsed() >= Duration::from_millis(300));
    session.running.fault(once(Mode::ExpiredToken));
    assert_eq!(session.get("").await.0, 401);
    assert_eq!(session.get("").await.0, 401, "the token is gone for good");
    let log = session.running.ledger().requests(Some("lacework"), 0);
    assert!(log.iter().all(|request| !request.headers.contains_key("x-lw-uaks")));
    assert!(log.iter().any(|request| request.operation == "token"));
}
