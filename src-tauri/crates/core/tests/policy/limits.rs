//! Caps: the file, and how much room it leaves.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{TimeDelta, TimeZone, Utc};
use firebreak_core::policy::{Asked, CapName, Limits, Policies, Room, Touch};
use firebreak_core::{ActionId, AssetId, IncidentId, Timestamp};
use proptest::prelude::{ProptestConfig, prop, proptest};
use proptest::prop_assert;

use crate::ask::{shipped, shipped_files, shipped_schema};

const SMALL: &str = "[all]\nhour = 5\n[plan]\nresources = 3\n[account]\nhour = 4\nshare_percent = 10\n\
    share_at_least = 2\nshare_unknown = 1\n[accounts.222222222222]\nhour = 2\n[again]\n\
    cool_down_minutes = 5\nruns = 3\n# end\n";

static SMALL_LIMITS: LazyLock<Limits> = LazyLock::new(|| limited(SMALL).expect("caps"));

/// The shipped policies under these caps.
fn limited(text: &str) -> Result<Limits, String> {
    let mut files = shipped_files();
    files.retain(|(name, _)| name != "limits.toml");
    files.push(("limits.toml".to_owned(), text.to_owned()));
    Policies::load(&files, &shipped_schema())
        .map(|policies| policies.limits().clone())
        .map_err(|problems| problems.to_string())
}

fn check(old: &str, new: &str, expected: &str) {
    assert!(SMALL.contains(old), "{old}");
    let said = limited(&SMALL.replacen(old, new, 1)).expect_err("a mistake");
    assert!(said.starts_with(expected), "{said}");
    assert!(said.contains("; "), "no remedy: {said}");
}

#[test]
fn mistakes_have_a_place_and_a_remedy() {
    check("hour = 5", "hour = -1", "limits.toml:2:8: -1 is not a whole number from 0 to 100000");
    check("hour = 5", "hour = 1.5", "limits.toml:2:8: ");
    check("hour = 5", "hours = 5", "limits.toml:2:1: unknown field `hours`");
    check("[plan]\nresources = 3\n", "", "limits.toml:1:1: missing field `plan`");
    check("share_percent = 10", "share_percent = 101", "limits.toml:7:17: 101 is not");
    check("runs = 3", "", "limits.toml:12:1: missing field `runs`");
    check("222222222222", "22222222222", "limits.toml:10:11: \"22222222222\" is no AWS account id");
    check("[all]", "[all", "limits.toml:1:5: ");
    check("# end\n", "", "limits.toml:15:1: the last line is not `# end`");
}

#[test]
fn a_file_of_another_name_is_not_passed_over() {
    let mut files = shipped_files();
    files.push(("limit.toml".to_owned(), SMALL.to_owned()));
    assert!(Policies::load(&files, &shipped_schema()).is_err());
}

#[test]
fn caps_are_part_of_the_version() {
    let mut files = shipped_files();
    let (_, text) = files.iter_mut().find(|(name, _)| name == "limits.toml").expect("caps");
    *text = text.replacen("hour = 30", "hour = 31", 1);
    let changed = Policies::load(&files, &shipped_schema()).expect("it loads");
    assert_ne!(changed.version(), shipped().version());
}

#[test]
fn without_caps_nothing_runs() {
    let mut files = shipped_files();
    files.retain(|(name, _)| name != "limits.toml");
    let policies = Policies::load(&files, &shipped_schema()).expect("it loads");
    for limits in [policies.limits(), Policies::deny_all("no file").limits()] {
        assert!(limits.room(&asked("1", 1, 100), &[], noon()).iter().any(|room| room.is_full));
    }
}

fn noon() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).single().expect("a time")
}

fn asked(account: &str, machine: u32, known: u64) -> Asked {
    Asked {
        incident: IncidentId::new("inc"),
        action: ActionId::Ec2Stop,
        account: account.repeat(12),
        target: AssetId::new(format!("i-{machine}")),
        known,
    }
}

fn ran(asked: &Asked, minutes_ago: i64) -> Touch {
    Touch {
        incident: asked.incident.clone(),
        action: asked.action,
        account: asked.account.clone(),
        target: asked.target.clone(),
        at: noon() - TimeDelta::minutes(minutes_ago),
        is_open: false,
        holds: true,
    }
}

fn of(rooms: &[Room], cap: CapName) -> &Room {
    rooms.iter().find(|room| room.cap == cap).expect("the cap is asked")
}

#[test]
fn what_counts_is_said_with_when_there_is_room_again() {
    let limits = limited(SMALL).expect("caps");
    let other =
        |incident: &str, touch: Touch| Touch { incident: IncidentId::new(incident), ..touch };
    let touches: Vec<Touch> = (1..=4)
        .map(|machine| other("before", ran(&asked("1", machine, 0), 10 * i64::from(machine))))
        .collect();
    let rooms = limits.room(&asked("1", 9, 1000), &touches, noon());
    let account = of(&rooms, CapName::Account);
    assert_eq!(account.text, "4 of 4 resources this hour in 111111111111");
    assert!(account.is_full);
    assert_eq!(account.frees_at, Some(noon() + TimeDelta::minutes(20)), "the oldest, at 40");
    assert!(account.refusal().contains("room again at 12:20 UTC; a larger [account] hour"));
    let share = of(&rooms, CapName::Share);
    assert_eq!((share.used, share.limit, share.is_full), (4, 100, false));
    assert_eq!(of(&rooms, CapName::Plan).used, 0, "another incident's");
    // A resource that counts already takes no further place.
    assert!(!of(&limits.room(&asked("1", 4, 1000), &touches, noon()), CapName::Account).is_full);
    // A run under way has no end that could be said.
    let mut open = touches.clone();
    open.iter_mut()
        .for_each(|touch| (touch.is_open, touch.at) = (true, noon() - TimeDelta::hours(3)));
    let rooms = limits.room(&asked("1", 9, 1000), &open, noon());
    assert!(of(&rooms, CapName::Account).is_full);
    assert_eq!(of(&rooms, CapName::Account).frees_at, None);
}

#[test]
fn a_share_is_of_what_is_known_and_strict_where_nothing_is() {
    let limits = limited(SMALL).expect("caps");
    let one = [ran(&asked("1", 1, 0), 10)];
    for (known, limit, is_full) in [(0, 1, true), (1, 2, false), (19, 2, false), (50, 5, false)] {
        let rooms = limits.room(&asked("1", 2, known), &one, noon());
        let share = of(&rooms, CapName::Share);
        assert_eq!((share.used, share.limit, share.is_full), (1, limit, is_full), "{known}");
    }
    let key = Asked { action: ActionId::IamDeactivateAccessKey, ..asked("1", 2, 0) };
    assert!(!of(&limits.room(&key, &one, noon()), CapName::Share).is_full, "another kind");
}

#[test]
fn an_account_may_have_caps_of_its_own() {
    let limits = limited(SMALL).expect("caps");
    let rooms = limits.room(&asked("2", 1, 0), &[], noon());
    assert_eq!(of(&rooms, CapName::Account).limit, 2);
    assert_eq!(of(&rooms, CapName::Share).limit, 1, "what it does not say is as for the others");
}

#[test]
fn the_same_again_waits_while_what_it_did_holds() {
    let limits = limited(SMALL).expect("caps");
    let run = asked("1", 1, 100);
    let mut touches = vec![ran(&run, 3)];
    let rooms = limits.room(&run, &touches, noon());
    let wait = of(&rooms, CapName::CoolDown);
    assert_eq!((wait.is_full, wait.frees_at), (true, Some(noon() + TimeDelta::minutes(2))));
    let isolate = Asked { action: ActionId::Ec2Isolate, ..run.clone() };
    assert!(limits.room(&isolate, &touches, noon()).iter().all(|room| !room.is_full));
    touches[0].holds = false;
    assert!(limits.room(&run, &touches, noon()).iter().all(|room| !room.is_full));
    touches.extend([ran(&run, 20), ran(&run, 30)]);
    let rooms = limits.room(&run, &touches, noon());
    let runs = of(&rooms, CapName::Runs);
    assert_eq!((runs.is_full, runs.frees_at), (true, Some(noon() + TimeDelta::minutes(30))));
}

/// How many different resources were changed in the hour that ends at a moment.
fn changed(done: &[(Asked, Timestamp)], at: Timestamp, count: impl Fn(&Asked) -> bool) -> usize {
    let hour = TimeDelta::minutes(60);
    let within = done.iter().filter(|(run, when)| *when <= at && at - *when < hour && count(run));
    within.map(|(run, _)| (&run.account, &run.target)).collect::<BTreeSet<_>>().len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is asked in whatever order: every hour there ever was is within every cap.
    #[test]
    fn no_order_of_runs_exceeds_a_cap(
        steps in prop::collection::vec((0..3_u8, 0..12_u32, 0..4_u8, 0..25_i64, 0..2_u8), 1..120)
    ) {
        let limits = &*SMALL_LIMITS;
        let (mut now, mut touches, mut done) = (noon(), Vec::new(), Vec::new());
        for (account, machine, incident, minutes, action) in steps {
            now += TimeDelta::minutes(minutes);
            let action = [ActionId::Ec2Stop, ActionId::Ec2Isolate][usize::from(action)];
            let known = u64::from(account) * 20;
            let run = Asked {
                incident: IncidentId::new(format!("inc-{incident}")),
                action,
                ..asked(["1", "2", "3"][usize::from(account)], machine, known)
            };
            if limits.room(&run, &touches, now).iter().all(|room| !room.is_full) {
                touches.push(Touch { at: now, ..ran(&run, 0) });
                done.push((run, now));
            }
        }
        prop_assert!(!done.is_empty());
        for (run, at) in &done {
            prop_assert!(changed(&done, *at, |_| true) <= 5);
            let cap = if run.account.starts_with('2') { 2 } else { 4 };
            prop_assert!(changed(&done, *at, |other| other.account == run.account) <= cap);
            let share = [1, 2, 4][usize::from(run.account.as_bytes()[0] - b'1')];
            prop_assert!(changed(&done, *at, |other| other.account == run.account) <= share);
            let own: BTreeSet<_> = done.iter().filter(|(other, _)| other.incident == run.incident)
                .map(|(other, _)| (&other.account, &other.target)).collect();
            prop_assert!(own.len() <= 3);
            let same = done.iter().filter(|(other, when)| other.action == run.action
                && (&other.account, &other.target) == (&run.account, &run.target) && *when != *at);
            for (_, when) in same {
                prop_assert!((*at - *when).abs() >= TimeDelta::minutes(5));
            }
        }
    }
}
