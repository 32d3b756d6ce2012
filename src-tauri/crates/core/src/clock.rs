//! Clocks: how long an incident may wait for somebody to take it on, and for its containment.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{IncidentState, Severity, Timestamp};

/// Shortest and longest that a target may be, in minutes: one minute to ninety days.
pub const MINUTES: std::ops::RangeInclusive<u32> = 1..=129_600;

/// What a team promises for incidents of one severity, from when the incident began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Of which severity.
    pub severity: Severity,
    /// Minutes until somebody took it on.
    pub acknowledge: u32,
    /// Minutes until it is contained or over.
    pub contain: u32,
}

impl Target {
    /// Whether it can be promised.
    ///
    /// # Errors
    /// Why not, with what to change.
    pub fn check(&self) -> Result<(), String> {
        let name = self.severity.name();
        for (what, minutes) in [("acknowledge", self.acknowledge), ("contain", self.contain)] {
            if !MINUTES.contains(&minutes) {
                return Err(format!(
                    "{name}: {minutes} minutes to {what}; give 1 minute to 90 days"
                ));
            }
        }
        match self.contain >= self.acknowledge {
            true => Ok(()),
            false => Err(format!(
                "{name}: it can't be contained ({} min) before anybody takes it on ({} min)",
                self.contain, self.acknowledge
            )),
        }
    }
}

/// What a clock runs towards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Somebody takes it on.
    Acknowledge,
    /// It is contained.
    Contain,
}

/// A clock that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// What for.
    pub goal: Goal,
    /// When its time is up, to the second.
    pub due: Timestamp,
}

/// The clock of an incident; `None` where none runs.
pub fn clock(
    opened_at: Timestamp,
    state: IncidentState,
    acknowledged: bool,
    target: &Target,
) -> Option<Clock> {
    if !runs(state) {
        return None;
    }
    let (goal, minutes) = match acknowledged {
        false => (Goal::Acknowledge, target.acknowledge),
        true => (Goal::Contain, target.contain),
    };
    let due = opened_at.checked_add_signed(TimeDelta::minutes(minutes.into()))?;
    Some(Clock { goal, due })
}

/// The states in which a clock runs.
pub const RUNNING: [IncidentState; 4] =
    [IncidentState::New, IncidentState::Triaged, IncidentState::Planned, IncidentState::Containing];

/// Whether a clock runs in this state.
pub fn runs(state: IncidentState) -> bool {
    RUNNING.contains(&state)
}

/// The middle one; of an even number the lower of the two.
pub fn median(mut seconds: Vec<i64>) -> Option<i64> {
    let middle = seconds.len().checked_sub(1)? / 2;
    Some(*seconds.select_nth_unstable(middle).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target = Target { severity: Severity::High, acknowledge: 60, contain: 240 };

    #[test]
    fn first_somebody_takes_it_on_then_it_is_contained() {
        let at = Timestamp::default();
        let new = clock(at, IncidentState::New, false, &TARGET).unwrap();
        assert_eq!((new.goal, new.due.timestamp()), (Goal::Acknowledge, 3_600));
        let taken = clock(at, IncidentState::New, true, &TARGET).unwrap();
        assert_eq!((taken.goal, taken.due.timestamp()), (Goal::Contain, 14_400));
        for state in [IncidentState::Contained, IncidentState::Closed, IncidentState::FalsePositive]
        {
            assert_eq!(clock(at, state, true, &TARGET), None);
        }
    }

    #[test]
    fn a_target_that_nobody_can_keep_is_refused_by_name() {
        assert_eq!(TARGET.check(), Ok(()));
        let none = Target { acknowledge: 0, ..TARGET }.check().unwrap_err();
        assert!(none.starts_with("high: 0 minutes to acknowledge"), "{none}");
        let turned = Target { contain: 30, ..TARGET }.check().unwrap_err();
        assert!(turned.contains("before anybody takes it on"), "{turned}");
    }

    #[test]
    fn the_median_is_one_of_them() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![9]), Some(9));
        assert_eq!(median(vec![9, 1, 5, 7]), Some(5));
    }
}
