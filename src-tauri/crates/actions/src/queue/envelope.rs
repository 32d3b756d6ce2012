//! What a message carries, once what wraps it is taken off.

use firebreak_core::ports::{Normaliser, RawAlert};
use serde_json::value::RawValue;

/// Kind of what no normaliser could even split. It is stored verbatim and counted.
const UNREADABLE: &str = "message";
/// Wrappings taken off one another: SNS around EventBridge around an alert.
const WRAPPINGS: usize = 4;
/// Longest message of SQS, bytes (SQS quotas; 1 MiB since 2025).
const MESSAGE_CAP: usize = 1 << 20;

/// The alerts in a message. One that can't be read comes out whole, so that it is never lost.
pub fn alerts(body: &str, normaliser: &dyn Normaliser) -> Vec<RawAlert> {
    let inner = unwrapped(body);
    if inner.len() <= MESSAGE_CAP
        && let Ok(alerts) = normaliser.split(inner.as_bytes())
        && !alerts.is_empty()
    {
        return alerts;
    }
    vec![RawAlert { kind: UNREADABLE.to_owned(), body: body.as_bytes().to_vec() }]
}

/// SNS: `{"Type":"Notification","Message":"…"}`. EventBridge: `{"detail-type":…,"detail":{…}}`.
fn unwrapped(body: &str) -> String {
    let mut text = body.to_owned();
    for _ in 0..WRAPPINGS {
        let Some(inner) = sns(&text).or_else(|| event(&text)) else { break };
        text = inner;
    }
    text
}

fn sns(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Notification {
        #[serde(rename = "Type")]
        kind: String,
        #[serde(rename = "Message")]
        message: String,
        #[serde(rename = "TopicArn")]
        _topic: String,
    }
    let read: Notification = serde_json::from_str(text).ok()?;
    (read.kind == "Notification").then_some(read.message)
}

fn event(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Event<'a> {
        #[serde(rename = "detail-type")]
        _kind: String,
        #[serde(rename = "source")]
        _source: String,
        #[serde(borrow)]
        detail: &'a RawValue,
    }
    let read: Event<'_> = serde_json::from_str(text).ok()?;
    Some(read.detail.get().to_owned())
}

#[cfg(test)]
mod tests {
    use firebreak_core::finding::FindingDraft;
    use firebreak_core::ports::NotAnAlert;
    use serde_json::json;

    use super::*;

    /// Takes objects and nothing else.
    struct Objects;

    impl Normaliser for Objects {
        fn normalise(&self, _: &RawAlert) -> Result<FindingDraft, NotAnAlert> {
            Err(NotAnAlert("not asked here".to_owned()))
        }
        fn split(&self, bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
            match bytes.starts_with(b"{") {
                true => Ok(vec![RawAlert { kind: "issue".to_owned(), body: bytes.to_vec() }]),
                false => Err(NotAnAlert("no object".to_owned())),
            }
        }
    }

    fn check(body: &str, kind: &str, expected: &str) {
        let found = alerts(body, &Objects);
        assert_eq!(found.len(), 1, "{body}");
        assert_eq!((found[0].kind.as_str(), found[0].body.as_slice()), (kind, expected.as_bytes()));
    }

    #[test]
    fn envelopes_come_off_and_the_inside_stays_byte_for_byte() {
        let alert = r#"{"id":  "a-1", "n": 1e400}"#;
        check(alert, "issue", alert);
        let event = format!(
            r#"{{"version":"0","detail-type":"Alert","source":"lacework","detail":{alert}}}"#
        );
        check(&event, "issue", alert);
        let sns = json!({"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": event});
        check(&sns.to_string(), "issue", alert);
    }

    #[test]
    fn what_can_not_be_read_is_kept_whole() {
        for body in ["", "no json", "[1]", "\u{0}"] {
            check(body, UNREADABLE, body);
        }
        let subscription = r#"{"Type":"SubscriptionConfirmation","SubscribeURL":"https://x"}"#;
        check(subscription, "issue", subscription);
        let mut deep = "\"x\"".to_owned();
        for _ in 0..6 {
            deep = json!({"Type": "Notification", "TopicArn": "t", "Message": deep}).to_string();
        }
        assert_eq!(alerts(&deep, &Objects).len(), 1, "wrappings end");
    }
}
