//! What people do to incidents while they sort the queue. Every such change is recorded with what it
//! altered, so that it can be taken back; whether it may be made, and whether it can still be undone, is
//! decided here.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{FindingId, HandoverId, IncidentId, IncidentState, Timestamp};

/// Days that an incident may be put off at most.
pub const MOST_SNOOZED_DAYS: i64 = 30;

/// What a person wants done with some incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Move each to a state.
    Move {
        /// Where to.
        to: IncidentState,
        /// In the person's words; needed for closing.
        reason: String,
        /// Which kind of false positive; needed for, and only for, a false positive.
        cause: Option<Cause>,
    },
    /// Give each to a person, or to nobody.
    Assign {
        /// To whom.
        owner: Option<String>,
    },
    /// Hand each to a person, with what they must know.
    HandOver {
        /// To whom.
        to: String,
        /// What is done and what is next, in Markdown.
        note: String,
    },
    /// Put each off until a time.
    Snooze {
        /// Until when.
        until: Timestamp,
    },
    /// Let each that is put off stand as before.
    Wake,
    /// Put the findings of each into this incident, and close each.
    Merge {
        /// Into which.
        into: IncidentId,
    },
    /// Take each out of the incident it was merged into, with what is its own.
    Unmerge,
    /// Put single findings of one incident into another, or into one of their own.
    Relocate {
        /// Which.
        findings: Vec<FindingId>,
        /// Into which; `None` opens one.
        into: Option<IncidentId>,
    },
}

/// Why a false positive was one. Closed, so that it can be counted by rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It happened, and somebody was entitled to it.
    ExpectedActivity,
    /// A drill, a penetration test, a scanner of our own.
    Test,
    /// The rule fires on what is harmless.
    RuleTooBroad,
    /// The rule did not know something about the asset.
    MissingContext,
    /// True, known and accepted.
    AcceptedRisk,
    /// What the source said is not so.
    WrongData,
}

impl Cause {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::ExpectedActivity,
        Self::Test,
        Self::RuleTooBroad,
        Self::MissingContext,
        Self::AcceptedRisk,
        Self::WrongData,
    ];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExpectedActivity => "expected_activity",
            Self::Test => "test",
            Self::RuleTooBroad => "rule_too_broad",
            Self::MissingContext => "missing_context",
            Self::AcceptedRisk => "accepted_risk",
            Self::WrongData => "wrong_data",
        }
    }

    /// Reads a stored name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

/// What triage may alter of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// Where it stands.
    pub state: IncidentState,
    /// Who works on it.
    pub owner: Option<String>,
    /// Which kind of false positive it is.
    pub cause: Option<Cause>,
    /// The incident that has its findings.
    pub merged_into: Option<IncidentId>,
    /// The handover that its owner has not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<HandoverId>,
    /// How it is put off; there exactly where its state is snoozed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snooze: Option<Snooze>,
}

/// How an incident is put off.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snooze {
    /// Until when.
    pub until: Timestamp,
    /// Where it stood, and will stand again.
    pub from: IncidentState,
}

impl Snooze {
    /// Whether its time came. One that ends later than a person may choose was made when the clock
    /// was ahead; it ends now, so that no clock hides an incident for good.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now || self.until > now + Duration::days(MOST_SNOOZED_DAYS)
    }
}

impl Standing {
    /// How it stands once moved. Moving to where it is already alters nothing.
    ///
    /// # Errors
    /// Why not, in words that follow the incident's label.
    pub fn moved(&self, to: IncidentState, cause: Option<Cause>) -> Result<Self, String> {
        if self.merged_into.is_some() {
            return Err("is merged into another; take it out of that one first".to_owned());
        }
        if to != self.state && !self.state.choices().contains(&to) {
            return Err(format!("is {}; a person can't make it {}", self.state.name(), to.name()));
        }
        let snooze = self.snooze.clone().filter(|_| to == IncidentState::Snoozed);
        let handover = self.handover.clone().filter(|_| to.is_open());
        Ok(Self { state: to, cause, handover, snooze, ..self.clone() })
    }

    /// How it stands once it is put off, or put off until another time. What steps ran for is never.
    ///
    /// # Errors
    /// Why not, in words that follow the incident's label.
    pub fn snoozed(&self, until: Timestamp) -> Result<Self, String> {
        let from = match self.state {
            _ if self.merged_into.is_some() => {
                return Err("is merged into another; take it out of that one first".to_owned());
            }
            IncidentState::New | IncidentState::Triaged | IncidentState::Planned => self.state,
            IncidentState::Snoozed => self.woken()?.state,
            IncidentState::Containing | IncidentState::Contained => {
                return Err(format!("is {}: steps of its plan ran", self.state.name()));
            }
            IncidentState::Closed | IncidentState::FalsePositive => {
                return Err(format!("is {}; {}", self.state.name(), self.state.remedy()));
            }
        };
        let snooze = Some(Snooze { until, from });
        Ok(Self { state: IncidentState::Snoozed, snooze, ..self.clone() })
    }

    /// How it stands once it is put off no more: as before.
    ///
    /// # Errors
    /// Why not, in words that follow the incident's label.
    pub fn woken(&self) -> Result<Self, String> {
        match &self.snooze {
            Some(Snooze { from, .. }) => Ok(Self { state: *from, snooze: None, ..self.clone() }),
            None => Err(format!("is {}, not snoozed", self.state.name())),
        }
    }

    /// How it stands once it is somebody's. What was handed to one person is for no other to read.
    pub fn assigned(&self, owner: Option<String>) -> Self {
        let handover = self.handover.clone().filter(|_| owner == self.owner);
        Self { owner, handover, ..self.clone() }
    }

    /// How it stands once it is handed to a person, who has not read that yet.
    ///
    /// # Errors
    /// Why not, in words that follow the incident's label.
    pub fn handed_over(&self, to: &str, handover: HandoverId) -> Result<Self, String> {
        if self.merged_into.is_some() {
            return Err("is merged into another; hand that one over".to_owned());
        }
        if !self.state.is_open() {
            return Err(format!("is {}; {}", self.state.name(), self.state.remedy()));
        }
        Ok(Self { owner: Some(to.to_owned()), handover: Some(handover), ..self.clone() })
    }

    /// How it stands once merged.
    ///
    /// # Errors
    /// Why not, in words that follow the incident's label.
    pub fn merged(&self, into: &IncidentId) -> Result<Self, String> {
        match self.state {
            _ if self.merged_into.is_some() => Err("is merged into another already".to_owned()),
            IncidentState::New | IncidentState::Triaged | IncidentState::Planned => Ok(Self {
                state: IncidentState::Closed,
                merged_into: Some(into.clone()),
                handover: None,
                ..self.clone()
            }),
            IncidentState::Containing | IncidentState::Contained => Err(format!(
                "is {}: steps of its plan ran, so merge the others into it",
                self.state.name()
            )),
            IncidentState::Snoozed | IncidentState::Closed | IncidentState::FalsePositive => {
                Err(format!("is {}; {}", self.state.name(), self.state.remedy()))
            }
        }
    }

    /// Whether others may be merged into it, or findings put into it.
    ///
    /// # Errors
    /// Why not, in words that follow the incident's label.
    pub fn takes_in(&self) -> Result<(), String> {
        if self.merged_into.is_some() {
            return Err("is merged into another, so nothing can go into it".to_owned());
        }
        if !self.state.is_open() {
            return Err(format!("is {}; {}", self.state.name(), self.state.remedy()));
        }
        Ok(())
    }

    /// How it stands once a change is undone: what the change altered is as before, the rest as now.
    /// `None` when something the change altered was altered again since, and not back: a snooze that
    /// ended by itself left things as they were.
    pub fn undone(&self, before: &Self, after: &Self) -> Option<Self> {
        Some(Self {
            state: back(&self.state, &before.state, &after.state)?,
            owner: back(&self.owner, &before.owner, &after.owner)?,
            cause: back(&self.cause, &before.cause, &after.cause)?,
            merged_into: back(&self.merged_into, &before.merged_into, &after.merged_into)?,
            handover: strictly_back(&self.handover, &before.handover, &after.handover)?,
            snooze: back(&self.snooze, &before.snooze, &after.snooze)?,
        })
    }
}

/// As [`back`], but what is as before again was not left alone: somebody read what was handed over.
fn strictly_back<T: Clone + PartialEq>(now: &T, before: &T, after: &T) -> Option<T> {
    match before == after || now == after {
        true => back(now, before, after),
        false => None,
    }
}

pub(crate) fn back<T: Clone + PartialEq>(now: &T, before: &T, after: &T) -> Option<T> {
    match () {
        () if before == after || now == before => Some(now.clone()),
        () if now == after => Some(before.clone()),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(state: IncidentState) -> Standing {
        Standing {
            state,
            owner: None,
            cause: None,
            merged_into: None,
            handover: None,
            snooze: None,
        }
    }

    #[test]
    fn an_incident_whose_steps_ran_is_never_merged_away() {
        let into = IncidentId::new("inc_a");
        for state in IncidentState::ALL {
            let merged = standing(state).merged(&into);
            let quiet = matches!(
                state,
                IncidentState::New | IncidentState::Triaged | IncidentState::Planned
            );
            assert_eq!(merged.is_ok(), quiet, "{state:?}");
        }
    }

    #[test]
    fn a_merged_incident_is_neither_moved_nor_merged_nor_filled() {
        let merged = standing(IncidentState::New).merged(&IncidentId::new("inc_a")).unwrap();
        assert!(merged.moved(IncidentState::Triaged, None).is_err());
        assert!(merged.merged(&IncidentId::new("inc_b")).is_err());
        assert!(merged.takes_in().is_err());
    }

    #[test]
    fn undo_leaves_alone_what_the_change_did_not_alter() {
        let before = standing(IncidentState::New);
        let after = before.moved(IncidentState::Closed, None).unwrap();
        let assigned_since = after.assigned(Some("ana".to_owned()));
        let undone = assigned_since.undone(&before, &after).unwrap();
        assert_eq!(undone, before.assigned(Some("ana".to_owned())));
    }

    #[test]
    fn undo_is_refused_where_somebody_went_on() {
        let before = standing(IncidentState::New);
        let after = before.moved(IncidentState::Closed, None).unwrap();
        let reopened = after.moved(IncidentState::Triaged, None).unwrap();
        assert_eq!(reopened.undone(&before, &after), None);
        assert_eq!(after.undone(&before, &after), Some(before));
    }

    fn at(day: u32) -> Timestamp {
        chrono::NaiveDate::from_ymd_opt(2026, 11, day)
            .unwrap()
            .and_hms_opt(9, 0, 0)
            .unwrap()
            .and_utc()
    }

    #[test]
    fn what_steps_ran_for_and_what_is_over_is_not_put_off() {
        for state in IncidentState::ALL {
            let quiet = matches!(
                state,
                IncidentState::New | IncidentState::Triaged | IncidentState::Planned
            );
            assert_eq!(standing(state).snoozed(at(2)).is_ok(), quiet, "{state:?}");
        }
        let merged = standing(IncidentState::New).merged(&IncidentId::new("inc_a")).unwrap();
        assert!(merged.snoozed(at(2)).is_err());
    }

    #[test]
    fn a_snoozed_incident_wakes_as_it_stood() {
        let planned = standing(IncidentState::Planned);
        let snoozed = planned.snoozed(at(2)).unwrap();
        let longer = snoozed.snoozed(at(3)).unwrap();
        assert_eq!(longer.snooze.as_ref().unwrap().until, at(3));
        assert_eq!(longer.woken().unwrap(), planned);
        assert!(planned.woken().is_err());
        assert!(snoozed.merged(&IncidentId::new("inc_a")).unwrap_err().contains("wake it first"));
        assert!(snoozed.takes_in().unwrap_err().contains("wake it first"));
        for to in IncidentState::Snoozed.choices() {
            assert_eq!(snoozed.moved(*to, None).unwrap().snooze, None, "{to:?}");
        }
        assert_eq!(snoozed.moved(IncidentState::Snoozed, None).unwrap(), snoozed);
        assert!(planned.moved(IncidentState::Snoozed, None).is_err(), "until when?");
    }

    #[test]
    fn no_clock_hides_an_incident_for_good() {
        let snooze = Snooze { until: at(20), from: IncidentState::New };
        assert!(!snooze.is_over(at(19)) && snooze.is_over(at(20)) && snooze.is_over(at(25)));
        let set_back = at(20) - Duration::days(MOST_SNOOZED_DAYS + 1);
        assert!(snooze.is_over(set_back));
    }

    #[test]
    fn a_snooze_that_ended_by_itself_is_taken_back_without_a_word() {
        let before = standing(IncidentState::Triaged);
        let after = before.snoozed(at(2)).unwrap();
        let woken = after.woken().unwrap();
        assert_eq!(after.undone(&before, &after), Some(before.clone()));
        assert_eq!(woken.undone(&before, &after), Some(woken));
        let longer = after.snoozed(at(3)).unwrap();
        assert_eq!(longer.undone(&before, &after), None);
        assert_eq!(longer.undone(&after, &longer), Some(after));
    }

    #[test]
    fn standings_of_earlier_versions_are_read_and_written_as_they_were() {
        let old = r#"{"state":"new","owner":null,"cause":null,"merged_into":null}"#;
        let read: Standing = serde_json::from_str(old).unwrap();
        assert_eq!(read, standing(IncidentState::New));
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
        let snoozed = read.snoozed(at(2)).unwrap();
        let text = serde_json::to_string(&snoozed).unwrap();
        assert_eq!(serde_json::from_str::<Standing>(&text).unwrap(), snoozed);
    }

    #[test]
    fn a_handover_waits_for_its_owner_and_for_nobody_else() {
        let before = standing(IncidentState::Triaged).assigned(Some("ana".to_owned()));
        let handed = before.handed_over("ben", HandoverId::new("hnd_1")).unwrap();
        assert_eq!(handed.owner.as_deref(), Some("ben"));
        assert_eq!(handed.assigned(Some("ben".to_owned())), handed);
        assert_eq!(handed.assigned(Some("eve".to_owned())).handover, None);
        assert_eq!(handed.moved(IncidentState::New, None).unwrap().handover, handed.handover);
        assert_eq!(handed.moved(IncidentState::Closed, None).unwrap().handover, None);
        assert_eq!(handed.undone(&before, &handed), Some(before.clone()));
        let read = Standing { handover: None, ..handed.clone() };
        assert_eq!(read.undone(&before, &handed), None, "its owner went on");
        let closed = before.moved(IncidentState::Closed, None).unwrap();
        assert!(closed.handed_over("ben", HandoverId::new("hnd_1")).is_err());
        let merged = before.merged(&IncidentId::new("inc_a")).unwrap();
        assert!(merged.handed_over("ben", HandoverId::new("hnd_1")).is_err());
    }

    #[test]
    fn a_standing_of_before_handovers_is_read() {
        let old = r#"{"state":"new","owner":null,"cause":null,"merged_into":null}"#;
        let read: Standing = serde_json::from_str(old).unwrap();
        assert_eq!(read, standing(IncidentState::New));
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
    }

    #[test]
    fn every_cause_is_read_as_it_is_written() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_name(cause.name()), Some(cause));
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
        }
    }
}
