//! What was delivered already, so that listing everything again delivers only what changed.
//!
//! Kept in the cursor, which the engine stores together with the alerts: an alert counts as
//! delivered exactly when it is stored.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::ports::RawAlert;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::client::{is_id, member};
use crate::fields::text_of;
use crate::instant::instant;

/// Most alerts remembered. Those beyond are delivered again at every review, which harms nobody.
const KNOWN_CAP: usize = 10_000;
/// An alert that stays open is watched this long.
const OPEN_CAP: TimeDelta = TimeDelta::days(90);
/// Fields whose change makes an alert worth delivering again.
const TELLING: [&str; 10] = [
    "status",
    "severity",
    "alertName",
    "alertType",
    "alertInfo",
    "startTime",
    "endTime",
    "lastUserUpdatedTime",
    "policyId",
    "reachability",
];

/// What is remembered of one alert: digest, start in seconds since 1970, whether it is open, and
/// how urgently its details are owed (0 when they are not).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark(pub(super) String, pub(super) i64, pub(super) bool, pub(super) u8);

/// An alert as a list shows it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) alert: RawAlert,
    /// `None` when its id is nothing that can be asked for.
    pub(super) id: Option<String>,
    pub(super) start: Option<Timestamp>,
    /// 5 for Critical down to 1 for everything that is not known to be worse.
    pub(super) urgency: u8,
    open: bool,
    digest: String,
}

impl Listed {
    pub(super) fn new(alert: RawAlert) -> Self {
        let mut hash = Sha256::new();
        for field in TELLING {
            hash.update(member(&alert, field).to_string());
            hash.update([0]);
        }
        let word = |name: &str| text_of(&member(&alert, name)).unwrap_or_default();
        let urgency = match word("severity").to_ascii_uppercase().as_str() {
            "CRITICAL" | "1" => 5,
            "HIGH" | "2" => 4,
            "MEDIUM" | "3" => 3,
            "LOW" | "4" => 2,
            _ => 1,
        };
        Self {
            id: Some(word("alertId")).filter(|id| is_id(id)),
            start: instant(&member(&alert, "startTime")),
            urgency,
            // A status that is not understood may still change.
            open: !word("status").eq_ignore_ascii_case("closed"),
            digest: hex::encode(&hash.finalize()[..6]),
            alert,
        }
    }
}

/// The alerts remembered, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Known(BTreeMap<String, Mark>);

impl Known {
    /// Whether this very state of the alert was delivered.
    pub(super) fn holds(&self, listed: &Listed) -> bool {
        let mark = listed.id.as_ref().and_then(|id| self.0.get(id));
        mark.is_some_and(|mark| mark.0 == listed.digest)
    }

    /// Whether any state of it was delivered.
    pub(super) fn has(&self, listed: &Listed) -> bool {
        listed.id.as_ref().is_some_and(|id| self.0.contains_key(id))
    }

    /// Remembers it as delivered; `owed` when its details could not be had for lack of requests.
    pub(super) fn put(&mut self, listed: &Listed, owed: bool) {
        let Some(id) = &listed.id else { return };
        let start = listed.start.map_or(0, |start| start.timestamp());
        let urgency = if owed { listed.urgency } else { 0 };
        let mark = Mark(listed.digest.clone(), start, listed.open, urgency);
        self.0.insert(id.clone(), mark);
    }

    /// Ids whose details are owed with their urgency, the most urgent first, at most so many.
    pub(super) fn owed(&self, most: usize) -> Vec<(String, u8)> {
        let mut owed: Vec<_> = self.0.iter().filter(|(_, mark)| mark.3 > 0).collect();
        owed.sort_by_key(|(_, mark)| (std::cmp::Reverse(mark.3), std::cmp::Reverse(mark.1)));
        owed.into_iter().take(most).map(|(id, mark)| (id.clone(), mark.3)).collect()
    }

    /// Its details are no longer owed: delivered, or not to be had.
    pub(super) fn paid(&mut self, id: &str) {
        if let Some(mark) = self.0.get_mut(id) {
            mark.3 = 0;
        }
    }

    /// When the oldest alert that was open began.
    pub(super) fn oldest_open(&self) -> Option<Timestamp> {
        self.open_starts().min()
    }

    /// Whether an alert that was open began between the two.
    pub(super) fn open_between(&self, from: Timestamp, until: Timestamp) -> bool {
        self.open_starts().any(|start| start >= from && start <= until)
    }

    fn open_starts(&self) -> impl Iterator<Item = Timestamp> {
        let open = self.0.values().filter(|mark| mark.2 && mark.1 > 0);
        open.filter_map(|mark| chrono::DateTime::from_timestamp(mark.1, 0))
    }

    /// Forgets what no list will show again: closed before `edge`, open for longer than is watched.
    /// Beyond the cap the oldest closed ones go first, then the oldest.
    pub(super) fn prune(&mut self, edge: Timestamp, now: Timestamp) {
        let (edge, longest) = (edge.timestamp(), (now - OPEN_CAP).timestamp());
        self.0.retain(|_, mark| mark.1 >= edge || (mark.2 && mark.1 >= longest) || mark.3 > 0);
        let beyond = self.0.len().saturating_sub(KNOWN_CAP);
        if beyond > 0 {
            let mut all: Vec<_> = self.0.iter().map(|(id, m)| (m.2, m.1, id.clone())).collect();
            all.sort_unstable();
            all.iter().take(beyond).for_each(|(.., id)| drop(self.0.remove(id)));
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The severity's urgency at and above which further scopes are read.
pub(super) const URGENT: u8 = 4;
/// The severity's urgency at which what was observed is read, which alone names techniques.
pub(super) const MIDDLING: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listed(id: u64, status: &str, start: &str) -> Listed {
        let body = json!({"alertId": id, "status": status, "severity": "High", "startTime": start});
        Listed::new(RawAlert { kind: "alert".into(), body: body.to_string().into_bytes() })
    }

    fn day(day: u32) -> Timestamp {
        format!("2026-09-{day:02}T00:00:00Z").parse().unwrap()
    }

    #[test]
    fn a_change_is_a_change_and_order_is_none() {
        let mut known = Known::default();
        let open = listed(1, "Open", "2026-09-01T00:00:00Z");
        known.put(&open, false);
        assert!(known.holds(&open) && known.has(&open));
        assert!(!known.holds(&listed(1, "Closed", "2026-09-01T00:00:00Z")));
        let turned = br#"{"startTime":"2026-09-01T00:00:00Z", "severity":"High","status":"Open","alertId":1}"#;
        let turned = RawAlert { kind: "alert".into(), body: turned.to_vec() };
        assert!(known.holds(&Listed::new(turned)));
    }

    #[test]
    fn what_can_not_be_asked_for_is_never_known() {
        let body = json!({"alertId": "../../access/tokens", "status": "Open"});
        let odd =
            Listed::new(RawAlert { kind: "alert".into(), body: body.to_string().into_bytes() });
        let mut known = Known::default();
        known.put(&odd, true);
        assert_eq!((odd.id.as_ref(), known.len(), known.holds(&odd)), (None, 0, false));
    }

    #[test]
    fn open_ones_are_watched_longer_and_the_cap_holds() {
        let mut known = Known::default();
        known.put(&listed(1, "Open", "2026-09-01T00:00:00Z"), false);
        known.put(&listed(2, "Closed", "2026-09-01T00:00:00Z"), false);
        known.prune(day(20), day(27));
        assert_eq!((known.len(), known.oldest_open()), (1, Some(day(1))));
        known.prune(day(20), day(27) + TimeDelta::days(80));
        assert_eq!(known.len(), 0);
        for id in 0..KNOWN_CAP as u64 + 50 {
            known.put(
                &listed(id, if id < 100 { "Closed" } else { "Open" }, "2026-09-20T00:00:00Z"),
                false,
            );
        }
        known.prune(day(1), day(27));
        assert_eq!(known.len(), KNOWN_CAP);
        assert!(known.has(&listed(100, "Open", "2026-09-20T00:00:00Z")));
    }

    #[test]
    fn debts_are_paid_the_most_urgent_first() {
        let mut known = Known::default();
        known.put(&listed(7, "Open", "2026-09-01T00:00:00Z"), true);
        let low = json!({"alertId": 8, "severity": "Low", "startTime": "2026-09-02T00:00:00Z"});
        known.put(
            &Listed::new(RawAlert { kind: "alert".into(), body: low.to_string().into_bytes() }),
            true,
        );
        assert_eq!(known.owed(9), [("7".to_owned(), 4), ("8".to_owned(), 2)]);
        known.paid("7");
        assert_eq!(known.owed(9), [("8".to_owned(), 2)]);
        let stored = serde_json::to_string(&known).unwrap();
        assert_eq!(serde_json::from_str::<Known>(&stored).unwrap(), known);
    }
}
