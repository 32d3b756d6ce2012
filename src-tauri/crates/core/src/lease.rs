//! What Firebreak changed in a cloud is on lease, never for good: it is somebody's, until a time at
//! which a person decides again, and it is read again until it is undone or given up.
//!
//! A lease begins with the intent, before the first call leaves, so that nothing that was changed is
//! ever nobody's business; it ends where the undo is proven, where nothing was changed after all, where
//! nothing can change back, or where a person says that it stays as it is.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::proof::Judgement;
use crate::{IncidentId, ProofOutcome, StepId, Timestamp, text};

/// Until when a lease runs where nobody said.
pub const FIRST_REVIEW: TimeDelta = TimeDelta::hours(24);
/// The farthest ahead that a review may be.
pub const LONGEST: TimeDelta = TimeDelta::days(30);
/// The soonest.
pub const SHORTEST: TimeDelta = TimeDelta::minutes(5);
/// Most characters of a reason.
pub const REASON_CAP: usize = 500;
/// Most characters of a name.
const NAME_CAP: usize = 80;

/// Between two reads: while it is young, on its first day, later.
const READ_EVERY: [(TimeDelta, TimeDelta); 2] =
    [(TimeDelta::hours(1), TimeDelta::minutes(2)), (TimeDelta::hours(24), TimeDelta::minutes(10))];
const READ_SELDOM: TimeDelta = TimeDelta::hours(1);
/// After a read that failed; doubles with each in a row, up to an hour.
const TRY_AGAIN: TimeDelta = TimeDelta::minutes(1);
/// So many reads may be missed before its proof counts as stale.
const MISSED: i32 = 3;

/// How a containment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// No read has shown it yet.
    Unproven,
    /// The last read that could tell showed all of it.
    Holds,
    /// A read showed that some of it is not so: it did not work, or somebody changed it back.
    Broken,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unproven, Self::Holds, Self::Broken];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unproven => "unproven",
            Self::Holds => "holds",
            Self::Broken => "broken",
        }
    }

    /// Reads a stored name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }
}

/// Why a lease is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// The undo is proven: what was there before is there again.
    Undone,
    /// No call changed anything.
    Nothing,
    /// It is proven and can't be changed back by anybody: a terminated instance.
    Final,
    /// A person said that it stays as it is, and why.
    Released,
}

impl EndKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Undone, Self::Nothing, Self::Final, Self::Released];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Undone => "undone",
            Self::Nothing => "nothing",
            Self::Final => "final",
            Self::Released => "released",
        }
    }

    /// Reads a stored name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The end of a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub kind: EndKind,
    /// Who ended it, and in their words why, where a person did.
    pub reason: Option<String>,
}

/// What a read made of it that people must hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is shown for the first time.
    Proven,
    /// It was shown before, and is not so any more.
    ChangedBack,
    /// It was not so, and is again.
    Restored,
    /// It was never shown, and a read shows that it is not so.
    Refuted,
}

/// What one step changed, held for somebody until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The step.
    pub step: StepId,
    /// The step's incident, as it was when the step was proposed.
    pub incident: IncidentId,
    /// Whose it is. Nobody's only where it is older than leases are.
    pub owner: Option<String>,
    /// When the intent was written.
    pub begun_at: Timestamp,
    /// When somebody decides again.
    pub review_at: Timestamp,
    /// Whether it was said that this time has come.
    pub review_told: bool,
    /// How it stands.
    pub standing: Standing,
    /// Since when.
    pub since: Timestamp,
    /// The newest read that showed all of it.
    pub proved_at: Option<Timestamp>,
    /// The newest read that answered.
    pub read_at: Option<Timestamp>,
    /// What that read showed otherwise than it must be, or could not tell. Untrusted.
    pub note: Option<String>,
    /// Why the last attempt to read failed; `None` where it answered. Untrusted.
    pub unread: Option<String>,
    /// Attempts that failed in a row.
    pub failures: u32,
    /// When it is read next.
    pub next_read_at: Timestamp,
    /// Its end.
    pub end: Option<End>,
}

impl Lease {
    /// A lease that begins with an intent.
    pub fn begin(step: StepId, incident: IncidentId, owner: &str, at: Timestamp) -> Self {
        Self {
            step,
            incident,
            owner: Some(text::line(owner, NAME_CAP)),
            begun_at: at,
            review_at: at + FIRST_REVIEW,
            review_told: false,
            standing: Standing::Unproven,
            since: at,
            proved_at: None,
            read_at: None,
            note: None,
            unread: None,
            failures: 0,
            next_read_at: at + every(at, at),
            end: None,
        }
    }

    /// Takes in what a read showed; `words` is what of it is otherwise than it must be. A read that
    /// can't tell changes nothing but its own time: it neither proves nor refutes.
    pub fn read(&mut self, judgement: &Judgement, words: &str, at: Timestamp) -> Option<Turn> {
        let (standing, turn) = match (self.standing, judgement.outcome) {
            (before, ProofOutcome::Unknown) => (before, None),
            (Standing::Holds, ProofOutcome::Proven) => (Standing::Holds, None),
            (Standing::Unproven, ProofOutcome::Proven) => (Standing::Holds, Some(Turn::Proven)),
            (Standing::Broken, ProofOutcome::Proven) => (Standing::Holds, Some(Turn::Restored)),
            (Standing::Broken, ProofOutcome::Refuted) => (Standing::Broken, None),
            (Standing::Holds, ProofOutcome::Refuted) => (Standing::Broken, Some(Turn::ChangedBack)),
            (Standing::Unproven, ProofOutcome::Refuted) => (Standing::Broken, Some(Turn::Refuted)),
        };
        if standing != self.standing {
            (self.standing, self.since) = (standing, at);
        }
        let is_proven = judgement.outcome == ProofOutcome::Proven;
        if is_proven {
            self.proved_at = Some(at);
        }
        self.read_at = Some(at);
        self.note = (!is_proven).then(|| text::line(words, text::LINE_CAP));
        (self.unread, self.failures) = (None, 0);
        self.postpone(at);
        turn
    }

    /// Takes in that a read failed. How it stands is not touched: what was shown last was shown, and
    /// its age tells how much that is worth.
    pub fn could_not_read(&mut self, why: &str, at: Timestamp) {
        self.unread = Some(text::line(why, text::LINE_CAP));
        self.failures = self.failures.saturating_add(1);
        let doublings = (self.failures - 1).min(6);
        self.next_read_at = at + (TRY_AGAIN * 2_i32.pow(doublings)).min(READ_SELDOM);
    }

    /// Looks again later: now is not the time.
    pub fn postpone(&mut self, at: Timestamp) {
        self.next_read_at = at + every(self.since, at);
    }

    /// Whether what it rests on is older than it should be, or was never shown.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        let due = every(self.since, now) * MISSED;
        self.end.is_none() && self.proved_at.is_none_or(|at| now - at > due)
    }

    /// Whether somebody is to decide again.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.end.is_none() && self.review_at <= now
    }

    /// Holds it until another time.
    ///
    /// # Errors
    /// Why not, with what to change.
    pub fn renew(&mut self, until: Timestamp, now: Timestamp) -> Result<(), String> {
        self.refuse_if_over()?;
        if until < now + SHORTEST || until > now + LONGEST {
            return Err("a review is 5 minutes to 30 days ahead; give another time".to_owned());
        }
        (self.review_at, self.review_told) = (until, false);
        Ok(())
    }

    /// Gives it to somebody.
    ///
    /// # Errors
    /// Why not, with what to change.
    pub fn hand(&mut self, to: &str) -> Result<(), String> {
        self.refuse_if_over()?;
        let name = text::line(to.trim(), NAME_CAP);
        if name.is_empty() {
            return Err("a containment must be somebody's; give a name".to_owned());
        }
        self.owner = Some(name);
        Ok(())
    }

    /// Gives it up: what was changed stays, and nobody looks after it any more.
    ///
    /// # Errors
    /// Why not, with what to change.
    pub fn release(&mut self, who: &str, reason: &str, now: Timestamp) -> Result<(), String> {
        self.refuse_if_over()?;
        let reason = text::line(reason.trim(), REASON_CAP);
        if reason.is_empty() {
            return Err("give the reason why it stays as it is with nobody watching".to_owned());
        }
        let reason = format!("{}: {reason}", text::line(who, NAME_CAP));
        self.end = Some(End { at: now, kind: EndKind::Released, reason: Some(reason) });
        Ok(())
    }

    /// Ends it, unless it is over.
    pub fn finish(&mut self, kind: EndKind, now: Timestamp) {
        if self.end.is_none() {
            self.end = Some(End { at: now, kind, reason: None });
        }
    }

    /// Says that it is over, where it is.
    ///
    /// # Errors
    /// How it ended.
    pub fn refuse_if_over(&self) -> Result<(), String> {
        match &self.end {
            None => Ok(()),
            Some(end) => Err(format!("this containment is over ({})", end.kind.name())),
        }
    }
}

/// Between two reads of what stands as it does since `since`.
fn every(since: Timestamp, now: Timestamp) -> TimeDelta {
    let age = now - since;
    let young = READ_EVERY.iter().find(|(until, _)| age < *until);
    young.map_or(READ_SELDOM, |(_, every)| *every)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::proof::Check;

    fn at(minutes: i64) -> Timestamp {
        chrono::Utc.with_ymd_and_hms(2026, 11, 24, 3, 0, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    fn lease() -> Lease {
        Lease::begin(StepId::new("stp_1"), IncidentId::new("inc_1"), "ana", at(0))
    }

    fn seen(outcome: ProofOutcome) -> Judgement {
        let check = Check { expectation: "it is so".into(), observed: "it".into(), outcome };
        Judgement { outcome, checks: vec![check] }
    }

    #[test]
    fn a_change_back_is_told_once_and_so_is_its_end() {
        let mut lease = lease();
        let read = |lease: &mut Lease, outcome, minute| {
            lease.read(&seen(outcome), "it is otherwise", at(minute))
        };
        assert_eq!(read(&mut lease, ProofOutcome::Unknown, 1), None);
        assert_eq!(lease.standing, Standing::Unproven);
        assert_eq!(read(&mut lease, ProofOutcome::Proven, 2), Some(Turn::Proven));
        assert_eq!(read(&mut lease, ProofOutcome::Proven, 4), None);
        assert_eq!(read(&mut lease, ProofOutcome::Refuted, 6), Some(Turn::ChangedBack));
        assert_eq!((lease.since, lease.proved_at), (at(6), Some(at(4))));
        assert_eq!(lease.note.as_deref(), Some("it is otherwise"));
        assert_eq!(read(&mut lease, ProofOutcome::Refuted, 8), None);
        assert_eq!(read(&mut lease, ProofOutcome::Unknown, 9), None);
        assert_eq!(lease.standing, Standing::Broken);
        assert_eq!(read(&mut lease, ProofOutcome::Proven, 10), Some(Turn::Restored));
        assert_eq!((lease.note, lease.since), (None, at(10)));
    }

    #[test]
    fn what_could_not_be_read_is_tried_less_and_less_often_and_goes_stale() {
        let mut lease = lease();
        assert!(lease.is_stale(at(0)), "what was never shown rests on nothing");
        lease.read(&seen(ProofOutcome::Proven), "", at(1));
        assert!(!lease.is_stale(at(7)) && lease.is_stale(at(8)));
        let waits: Vec<i64> = (0..9)
            .map(|_| {
                lease.could_not_read("access denied", at(10));
                (lease.next_read_at - at(10)).num_minutes()
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(lease.standing, Standing::Holds, "nothing was shown otherwise");
        lease.read(&seen(ProofOutcome::Proven), "", at(12));
        assert_eq!((lease.failures, lease.unread.as_deref()), (0, None));
    }

    #[test]
    fn it_is_read_less_often_as_it_ages() {
        let wait = |minutes| (every(at(0), at(minutes))).num_minutes();
        assert_eq!([wait(0), wait(59), wait(60), wait(1_439), wait(1_440)], [2, 2, 10, 10, 60]);
    }

    #[test]
    fn it_is_always_somebodys_until_a_time() {
        let mut lease = lease();
        assert!(!lease.is_due(at(1_439)) && lease.is_due(at(1_440)));
        assert!(
            lease.renew(at(4), at(0)).is_err() && lease.renew(at(60 * 24 * 31), at(0)).is_err()
        );
        lease.review_told = true;
        lease.renew(at(5), at(0)).unwrap();
        assert_eq!((lease.review_at, lease.review_told), (at(5), false));
        assert!(lease.hand(" \u{202e} ").is_err() || lease.owner.as_deref() != Some(""));
        assert!(lease.hand("  ").is_err());
        lease.hand("bo").unwrap();
        assert_eq!(lease.owner.as_deref(), Some("bo"));
    }

    #[test]
    fn giving_it_up_takes_a_reason_and_is_the_end() {
        let mut lease = lease();
        assert!(lease.release("ana", "  ", at(1)).is_err());
        lease.release("ana", "the key was rotated", at(1)).unwrap();
        let end = lease.end.clone().unwrap();
        assert_eq!(end.reason.as_deref(), Some("ana: the key was rotated"));
        assert!(lease.renew(at(60), at(2)).is_err() && lease.hand("bo").is_err());
        assert!(lease.release("bo", "again", at(2)).is_err());
        lease.finish(EndKind::Undone, at(3));
        assert_eq!(lease.end.unwrap(), end, "an end stays as it was");
    }

    proptest! {
        #[test]
        fn it_never_holds_but_by_the_last_read_that_could_tell(reads in prop::collection::vec(0..4_u8, 0..40)) {
            let mut lease = lease();
            let mut last = None;
            for (minute, read) in (1..).zip(reads) {
                let outcome = match read {
                    0 => ProofOutcome::Proven,
                    1 => ProofOutcome::Refuted,
                    2 => ProofOutcome::Unknown,
                    _ => {
                        lease.could_not_read("no answer", at(minute));
                        continue;
                    }
                };
                lease.read(&seen(outcome), "", at(minute));
                if outcome != ProofOutcome::Unknown {
                    last = Some(outcome);
                }
            }
            let expected = match last {
                None => Standing::Unproven,
                Some(ProofOutcome::Proven) => Standing::Holds,
                Some(_) => Standing::Broken,
            };
            prop_assert_eq!(lease.standing, expected);
            prop_assert_eq!(lease.proved_at.is_some() || last != Some(ProofOutcome::Proven), true);
        }
    }
}
