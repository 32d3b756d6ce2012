//! How much room the caps leave a run.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{Asked, LIMITS_FILE, Limits, Touch, WINDOW_MINUTES};
use crate::{AssetId, Timestamp};

/// Which cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapName {
    /// Resources that the plans of one incident may change.
    Plan,
    /// Resources in an hour, in all accounts.
    All,
    /// Resources in an hour, in this account.
    Account,
    /// The share of this account's resources of one kind, in an hour.
    Share,
    /// Runs of the same action on the same resource, in an hour.
    Runs,
    /// The wait before the same action runs on the same resource again.
    CoolDown,
}

/// What one cap says of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Which cap.
    pub cap: CapName,
    /// What counts already: resources, runs, or minutes since the last run.
    pub used: u32,
    /// How much it may be.
    pub limit: u32,
    /// Whether the run may not begin.
    pub is_full: bool,
    /// One line: "3 of 5 resources this hour in 123456789012".
    pub text: String,
    /// When there is room again if nothing else runs; `None` where that is not known or never.
    pub frees_at: Option<Timestamp>,
    /// What would change it.
    pub remedy: String,
}

impl Room {
    /// What is in the way, with what would change it.
    pub fn refusal(&self) -> String {
        let when = self
            .frees_at
            .map(|at| format!("there is room again at {} UTC; ", at.format("%H:%M")))
            .unwrap_or_default();
        format!("{}; {when}{}", self.text, self.remedy)
    }
}

/// A resource that was changed, and when it stops counting; `None` while a run is under way.
type Counted<'a> = BTreeMap<(&'a str, &'a AssetId), Option<Timestamp>>;

impl Limits {
    /// What every cap says of a run, given the runs that count. The run may begin when none is full.
    pub fn room(&self, asked: &Asked, touches: &[Touch], now: Timestamp) -> Vec<Room> {
        let recent: Vec<&Touch> =
            touches.iter().filter(|touch| touch.is_open || ends(touch) > now).collect();
        let here = |touch: &&&Touch| touch.account == asked.account;
        let kind = asked.action.spec().target;
        let alike = |touch: &&&Touch| here(touch) && touch.action.spec().target == kind;
        let own = touches.iter().filter(|touch| touch.incident == asked.incident);
        let account = self.account(&asked.account);
        let (share, of_what) = self.share(asked);
        let mut rooms = vec![
            resources(
                (CapName::Plan, self.plan.resources.0, "[plan] resources"),
                asked,
                counted(own).into_keys().map(|key| (key, None)).collect(),
                "by the plans of this incident",
            ),
            resources(
                (CapName::All, self.all.hour.0, "[all] hour"),
                asked,
                counted(recent.iter().copied()),
                "this hour in all accounts",
            ),
            resources(
                (CapName::Account, account.hour.0, "[account] hour"),
                asked,
                counted(recent.iter().filter(here).copied()),
                &format!("this hour in {}", asked.account),
            ),
            resources(
                (CapName::Share, share, "[account] share_percent"),
                asked,
                counted(recent.iter().filter(alike).copied()),
                &of_what,
            ),
        ];
        rooms.extend(self.again(asked, &recent, now));
        rooms
    }

    /// How many resources the share is, and of what.
    fn share(&self, asked: &Asked) -> (u32, String) {
        let account = self.account(&asked.account);
        let kind = asked.action.spec().target.name().replace('_', " ");
        let place = format!("this hour in {}", asked.account);
        if asked.known == 0 {
            let text = format!("of kind {kind} {place}, where none is known to take a share of");
            return (account.share_unknown.0, text);
        }
        let percent = account.share_percent.0;
        let share = asked.known.saturating_mul(u64::from(percent)) / 100;
        let share = u32::try_from(share).unwrap_or(u32::MAX).max(account.share_at_least.0);
        (share, format!("of kind {kind} {place} ({percent} % of {} that are known)", asked.known))
    }

    fn again(&self, asked: &Asked, recent: &[&Touch], now: Timestamp) -> Vec<Room> {
        let same: Vec<&&Touch> = recent
            .iter()
            .filter(|touch| {
                touch.action == asked.action
                    && touch.account == asked.account
                    && touch.target == asked.target
            })
            .collect();
        let Some(newest) = same.iter().map(|touch| touch.at).max() else { return Vec::new() };
        let (used, limit) = (count(same.len()), self.again.runs.0);
        let oldest = same.iter().map(|touch| ends(touch)).min();
        let mut rooms = vec![Room {
            cap: CapName::Runs,
            used,
            limit,
            is_full: used >= limit,
            text: format!("{used} of {limit} runs of {} on it this hour", asked.action),
            frees_at: oldest.filter(|_| used == limit && same.iter().all(|touch| !touch.is_open)),
            remedy: raise("[again] runs"),
        }];
        let waits = self.again.cool_down_minutes.0;
        let until = newest + TimeDelta::minutes(i64::from(waits));
        let standing = same.iter().any(|touch| touch.holds && touch.at == newest);
        if standing && (until > now || same.iter().any(|touch| touch.is_open)) {
            let minutes = (now - newest).num_minutes();
            rooms.push(Room {
                cap: CapName::CoolDown,
                used: u32::try_from(minutes).unwrap_or(0),
                limit: waits,
                is_full: true,
                text: format!("{} ran on it less than {waits} minutes ago", asked.action),
                frees_at: Some(until),
                remedy: format!("undo that run, or {}", raise("[again] cool_down_minutes")),
            });
        }
        rooms
    }
}

fn resources(
    (cap, limit, setting): (CapName, u32, &str),
    asked: &Asked,
    counted: Counted<'_>,
    of_what: &str,
) -> Room {
    let is_new = !counted.contains_key(&(asked.account.as_str(), &asked.target));
    let used = count(counted.len());
    let wanted = used.saturating_add(u32::from(is_new));
    let is_full = wanted > limit;
    let noun = if limit == 1 { "resource" } else { "resources" };
    Room {
        cap,
        used,
        limit,
        is_full,
        text: format!("{used} of {limit} {noun} {of_what}"),
        frees_at: if is_full { frees_at(counted, wanted - limit) } else { None },
        remedy: raise(setting),
    }
}

/// When so many of what is counted have stopped counting. A run under way has no such time.
fn frees_at(counted: Counted<'_>, how_many: u32) -> Option<Timestamp> {
    let mut ends: Vec<Timestamp> = counted.into_values().flatten().collect();
    ends.sort();
    ends.get(usize::try_from(how_many).ok()?.checked_sub(1)?).copied()
}

/// Different resources, each with the time at which its last run stops counting.
fn counted<'a>(touches: impl Iterator<Item = &'a Touch>) -> Counted<'a> {
    let mut counted: Counted<'a> = BTreeMap::new();
    for touch in touches {
        let end = (!touch.is_open).then(|| ends(touch));
        counted
            .entry((touch.account.as_str(), &touch.target))
            .and_modify(|known| *known = known.zip(end).map(|(one, other)| one.max(other)))
            .or_insert(end);
    }
    counted
}

fn ends(touch: &Touch) -> Timestamp {
    touch.at + TimeDelta::minutes(WINDOW_MINUTES)
}

fn raise(setting: &str) -> String {
    format!("a larger {setting} in {LIMITS_FILE} would change it")
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
