//! Dismissing, snoozing, reopening.

use serde_json::{Value, json};

use super::client::{said, tenant};

fn change(id: &str) -> Value {
    json!({"alerts": [id], "policies": [], "dismissalNote": "looked at", "filter": {"timeRange": {"type": "to_now", "value": "epoch"}}})
}

#[tokio::test]
async fn an_alert_is_dismissed_once_and_opened_again() {
    let session = tenant().await;
    let id = session.id_of("web-7", "miner").await;
    assert_eq!(session.post("/alert/dismiss", change(&id)).await.status(), 200);
    let shown = session.alert(&id).await;
    assert_eq!(
        (&shown["status"], &shown["dismissalNote"]),
        (&json!("dismissed"), &json!("looked at"))
    );
    let again = session.post("/alert/dismiss", change(&id)).await;
    assert_eq!(
        (again.status().as_u16(), said(&again).as_str()),
        (404, "alert_no_longer_in_expected_state")
    );
    assert_eq!(session.post("/alert/reopen", change(&id)).await.status(), 200);
    let shown = session.alert(&id).await;
    assert_eq!((&shown["status"], shown.get("dismissalNote")), (&json!("open"), None));
    assert_eq!(shown["history"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_time_range_makes_it_a_snooze() {
    let session = tenant().await;
    let id = session.id_of("web-7", "miner").await;
    let mut snooze = change(&id);
    snooze["dismissalTimeRange"] = json!({"type": "relative", "relativeTimeType": "FORWARD", "value": {"amount": 8, "unit": "hour"}});
    assert_eq!(session.post("/alert/dismiss", snooze).await.status(), 200);
    let shown = session.alert(&id).await;
    assert_eq!(shown["status"], "snoozed");
    assert!(shown["dismissalUntilTs"].as_i64().unwrap() > shown["lastUpdated"].as_i64().unwrap());
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let session = tenant().await;
    let id = session.id_of("web-7", "miner").await;
    for part in ["filter", "alerts", "dismissalNote"] {
        let mut lacking = change(&id);
        lacking.as_object_mut().unwrap().remove(part);
        let response = session.post("/alert/dismiss", lacking).await;
        assert_eq!(
            (response.status().as_u16(), said(&response).as_str()),
            (400, "missing_required_parameter")
        );
    }
    let unknown = session.post("/alert/dismiss", change("P-0")).await;
    assert_eq!(
        (unknown.status().as_u16(), said(&unknown).as_str()),
        (400, "invalid_parameter_value")
    );
    let open = session.post("/alert/reopen", change(&id)).await;
    assert_eq!(open.status(), 400);
}
