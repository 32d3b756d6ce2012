//! Compute: incidents and their acknowledgement.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{empty, tenant};

#[tokio::test]
async fn sensors_detections_are_incidents_of_the_same_instance() {
    let session = tenant().await;
    let path = "/compute/api/v34.04/audits/incidents";
    let answer = session.send(Method::GET, path, None).await.unwrap();
    assert!(answer.headers().contains_key("total-count"));
    let found: Value = answer.json().await.unwrap();
    let miner =
        found.as_array().unwrap().iter().find(|one| one["category"] == "cryptoMiner").unwrap();
    let alert = session.alert(&session.id_of("web-7", "miner").await).await;
    assert_eq!(
        (&miner["resourceID"], &miner["accountID"]),
        (&alert["resource"]["id"], &alert["resource"]["accountId"])
    );
    let id = miner["_id"].as_str().unwrap();
    let acknowledge = format!("{path}/acknowledge/{id}");
    let done = session
        .send(Method::PATCH, &acknowledge, Some(json!({"acknowledged": true})))
        .await
        .unwrap();
    assert_eq!(done.status(), 200);
    let only: Value = session
        .send(Method::GET, &format!("{path}?id={id}"), None)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!((only.as_array().unwrap().len(), &only[0]["acknowledged"]), (1, &json!(true)));
}

#[tokio::test]
async fn its_own_login_gives_a_bearer_token_and_no_incident_is_null() {
    let session = empty().await;
    let ready = session.ready();
    let url = format!("{}/api/v34.04/authenticate", ready.compute_url);
    let body = json!({"username": ready.access_key_id, "password": ready.secret_key});
    let answer: Value =
        session.http.post(&url).json(&body).send().await.unwrap().json().await.unwrap();
    let url = format!("{}/api/v34.04/audits/incidents", ready.compute_url);
    let found =
        session.http.get(&url).bearer_auth(answer["token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(found.text().await.unwrap(), "null");
    let refused = session.http.get(&url).bearer_auth("made up").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json::<Value>().await.unwrap(), json!({"err": "invalid credentials"}));
}
