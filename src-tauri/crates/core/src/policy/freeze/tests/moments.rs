use chrono::{Datelike, FixedOffset, NaiveDate, TimeDelta, Weekday};
use proptest::prelude::*;

use super::super::Standing;
use super::super::when::{Weekly, When};
use super::{freezes, ids, stop, utc};
use crate::Timestamp;

const WEEK: i64 = 7 * 24 * 60;

/// Whether a moment is in a weekly window, by the calendar on the wall: the days that may have begun it
/// are looked at one by one.
fn is_inside(weekly: &Weekly, at: Timestamp) -> bool {
    let local = at.with_timezone(&weekly.offset).naive_local();
    let hour = |day: NaiveDate, minutes: u32| {
        day.and_hms_opt(0, 0, 0).expect("midnight") + TimeDelta::minutes(i64::from(minutes))
    };
    (0..=1).any(|back| {
        let day = local.date() - TimeDelta::days(back);
        let last = if weekly.until > weekly.from { day } else { day + TimeDelta::days(1) };
        weekly.days.contains(&day.weekday())
            && hour(day, weekly.from) <= local
            && local < hour(last, weekly.until)
    })
}

/// The first whole minute from a moment on of which something holds, within nine days.
fn first(from: Timestamp, holds: impl Fn(Timestamp) -> bool) -> Option<Timestamp> {
    (0..WEEK + 2 * 24 * 60).map(|minutes| from + TimeDelta::minutes(minutes)).find(|at| holds(*at))
}

fn weekly() -> impl Strategy<Value = Weekly> {
    let days = prop::sample::subsequence(
        vec![
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
            Weekday::Sat,
            Weekday::Sun,
        ],
        1..=7,
    );
    let clock = prop_oneof![
        (0..1440_u32, 1..=1440_u32),
        Just((0, 1440)),
        Just((0, 720)),
        (0..1440_u32).prop_map(|from| (from, from.max(1))),
        (1..1440_u32).prop_map(|from| (from, from - 1)),
    ];
    let offset = prop_oneof![Just(0), -14 * 60..=14 * 60_i32];
    (days, clock, offset)
        .prop_filter("a window has a length", |(_, (from, until), _)| from != until && *until > 0)
        .prop_map(|(days, (from, until), minutes)| Weekly {
            days,
            from,
            until,
            offset: FixedOffset::east_opt(minutes * 60).expect("an offset"),
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_week_is_what_its_minutes_are(
        weekly in weekly(), minute in 0..2_000_000_i64, second in 0..60_i64
    ) {
        let whole = utc("2024-02-27 00:00:00") + TimeDelta::minutes(minute);
        let expected = if is_inside(&weekly, whole) {
            Standing::Now { until: first(whole, |at| !is_inside(&weekly, at)) }
        } else {
            Standing::Next { from: first(whole, |at| is_inside(&weekly, at)).expect("a week has all") }
        };
        // A window begins and ends with a minute, so its seconds make no difference.
        let at = whole + TimeDelta::seconds(second) + TimeDelta::microseconds(second);
        prop_assert_eq!(When::Weekly(weekly).standing(at), expected);
    }

    #[test]
    fn once_is_from_its_first_second_until_its_last(
        from in 0..1_000_000_i64, lasts in 1..100_000_i64, at in 0..1_200_000_i64
    ) {
        let moment = |second: i64| utc("2026-11-24 00:00:00") + TimeDelta::seconds(second);
        let until = from + lasts;
        let expected = match at {
            at if at < from => Standing::Next { from: moment(from) },
            at if at < until => Standing::Now { until: Some(moment(until)) },
            _ => Standing::Past,
        };
        let when = When::Once { from: moment(from), until: moment(until) };
        prop_assert_eq!(when.standing(moment(at)), expected);
    }
}

#[test]
fn a_window_over_midnight_is_in_the_next_day_and_days_that_touch_are_one() {
    let text = "[[weekly]]\nid = \"weekend\"\ntitle = \"Weekend\"\nreason = \"nobody is in\"\n\
        weekdays = [\"friday\", \"saturday\"]\nfrom = \"18:00\"\nuntil = \"06:00\"\n\
        offset = \"+01:00\"\n# end\n";
    let freezes = freezes(text);
    // Friday 27 November 2026, 18:00 in Berlin is 17:00 UTC.
    for (at, is_in) in [
        ("2026-11-27 16:59:59", false),
        ("2026-11-27 17:00:00", true),
        ("2026-11-28 04:59:59", true),
        ("2026-11-28 05:00:00", false),
        ("2026-11-28 17:00:00", true),
        ("2026-11-29 05:00:00", false),
        ("2026-11-29 17:00:00", false),
    ] {
        assert_eq!(!freezes.frozen(&stop(), utc(at)).is_empty(), is_in, "{at}");
    }
    let listed = freezes.list(utc("2026-11-24 00:00:00"));
    assert_eq!(listed[0].1, Standing::Next { from: utc("2026-11-27 17:00:00") });
    assert_eq!(listed[0].0.when(), "Fri, Sat 18:00 to 06:00 UTC+01:00");

    let whole = text.replace("18:00", "00:00").replace("06:00", "24:00").replace("+01:00", "UTC");
    let frozen = super::freezes(&whole).frozen(&stop(), utc("2026-11-27 12:00:00"));
    assert_eq!(frozen[0].until, Some(utc("2026-11-29 00:00:00")), "both days");
}

#[test]
fn all_days_and_all_hours_never_end() {
    let text = "[[weekly]]\nid = \"always\"\ntitle = \"Always\"\nreason = \"moving out\"\n\
        weekdays = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\", \"saturday\", \
        \"sunday\"]\nfrom = \"00:00\"\nuntil = \"24:00\"\n# end\n";
    let frozen = freezes(text).frozen(&stop(), utc("2026-11-27 12:00:00"));
    assert_eq!((ids(&frozen), frozen[0].until), (vec!["always"], None));
    assert!(frozen[0].text.contains("never ends"), "{}", frozen[0].text);
}
