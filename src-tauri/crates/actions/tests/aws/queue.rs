//! The queue: listened to, deleted only when stored, dead letters shown.

use std::sync::Arc;
use std::time::Duration;

use firebreak_actions::{KeySource, SqsConfig, SqsSource};
use firebreak_core::finding::FindingDraft;
use firebreak_core::ports::{AlertSource, Normaliser, NotAnAlert, Page, RawAlert, Trouble};

use crate::place::{Now, Place, key};

/// Takes JSON objects as they are.
struct Objects;

impl Normaliser for Objects {
    fn normalise(&self, _: &RawAlert) -> Result<FindingDraft, NotAnAlert> {
        Err(NotAnAlert("not asked here".to_owned()))
    }
    fn split(&self, bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
        let object =
            serde_json::from_slice::<serde_json::Value>(bytes).ok().filter(|v| v.is_object());
        match object {
            Some(_) => Ok(vec![RawAlert { kind: "issue".to_owned(), body: bytes.to_vec() }]),
            None => Err(NotAnAlert("no object".to_owned())),
        }
    }
}

fn source(place: &Place, who: &str, visibility: u64) -> SqsSource {
    let key: KeySource = key(&place.sandbox, who);
    let url = place.sandbox.name("queue.alerts.url");
    let region = place.sandbox.name("region");
    let mut config = SqsConfig::new("queue", url, region, key);
    config.endpoint = Some(format!("http://127.0.0.1:{}", place.sandbox.port));
    config.wait = Duration::from_secs(1);
    config.visibility = Duration::from_secs(visibility);
    SqsSource::new(config, Arc::new(Objects), place.vault.clone(), Arc::new(Now))
}

/// Somebody's forwarder.
async fn forward(place: &Place, bodies: impl IntoIterator<Item = String>) {
    let (id, secret) = place.sandbox.key("forward");
    let credentials = aws_sdk_sqs::config::Credentials::new(id, secret, None, None, "test");
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::v2026_01_12())
        .region(aws_sdk_sqs::config::Region::new(place.sandbox.name("region")))
        .credentials_provider(credentials)
        .endpoint_url(format!("http://127.0.0.1:{}", place.sandbox.port))
        .build();
    let sqs = aws_sdk_sqs::Client::from_conf(config);
    for body in bodies {
        let url = place.sandbox.name("queue.alerts.url");
        sqs.send_message().queue_url(url).message_body(body).send().await.unwrap();
    }
}

fn bodies(page: &Page) -> Vec<String> {
    let mut bodies: Vec<String> =
        page.alerts.iter().map(|alert| String::from_utf8(alert.body.clone()).unwrap()).collect();
    bodies.sort();
    bodies
}

#[tokio::test]
async fn a_message_is_deleted_only_when_it_is_stored() {
    let Some(place) = Place::new().await else { return };
    let sent: Vec<String> = (0..23).map(|n| format!("{{\"id\":{n:02}}}")).collect();
    forward(&place, sent.clone()).await;
    let listener = source(&place, "listen", 1);
    let page = listener.poll(None).await.unwrap();
    assert_eq!(bodies(&page), sent, "all of them in one page");
    assert!(page.more);

    // We died before they were stored: they come again.
    let again = loop {
        let page = listener.poll(None).await.unwrap();
        if page.alerts.len() == sent.len() {
            break page;
        }
    };
    assert_eq!(bodies(&again), sent);
    listener.stored(&again.cursor).await.unwrap();
    let end = listener.poll(Some(&again.cursor)).await.unwrap();
    assert_eq!((end.alerts.len(), end.more), (0, false), "deleted");
    assert!(end.seen_until.is_some());
}

#[tokio::test]
async fn wrappings_come_off_and_what_cannot_be_read_is_kept() {
    let Some(place) = Place::new().await else { return };
    let alert = "{\"id\":  1}";
    let event = format!("{{\"detail-type\":\"x\",\"source\":\"y\",\"detail\":{alert}}}");
    forward(&place, [event, "<html>".to_owned()]).await;
    let listener = source(&place, "listen", 60);
    let page = listener.poll(None).await.unwrap();
    let mut kinds: Vec<&str> = page.alerts.iter().map(|alert| alert.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["issue", "message"]);
    assert_eq!(bodies(&page), ["<html>", alert]);
    listener.stored(&page.cursor).await.unwrap();
}

#[tokio::test]
async fn dead_letters_are_shown() {
    let Some(place) = Place::new().await else { return };
    forward(&place, ["{}".to_owned()]).await;
    let hasty = source(&place, "listen", 0);
    // Three times received and never stored: the queue gives it up.
    for _ in 0..6 {
        hasty.poll(None).await.unwrap();
    }
    let fresh = source(&place, "listen", 60);
    fresh.poll(None).await.unwrap();
    let note = fresh.note().expect("a dead letter is worth a note");
    assert!(note.starts_with("1 messages"), "{note}");
    let lines = fresh.test().await;
    assert!(lines.iter().all(|line| line.ok), "{lines:?}");
    assert!(lines[1].text.contains("firebreak-alerts-dead"), "{lines:?}");
}

#[tokio::test]
async fn a_missing_permission_is_a_persons_turn() {
    let Some(place) = Place::new().await else { return };
    let error = source(&place, "read", 60).poll(None).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson, "{error}");
    assert!(
        error.remedy.as_deref().unwrap_or_default().contains("sqs:ReceiveMessage"),
        "{error:?}"
    );
}
