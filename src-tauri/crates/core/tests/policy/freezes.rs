//! Change freezes among the policies: what a rule may ask of time, and what becomes of bad files.

use chrono::TimeDelta;
use firebreak_core::Severity;
use firebreak_core::plan::Direction;
use firebreak_core::policy::{Policies, Question, Verdict, VerdictKind};

use crate::ask::{noon, question, shipped, shipped_and, shipped_files, shipped_schema};

/// From an hour before noon to an hour after it.
const AROUND_NOON: &str = "[[window]]\nid = \"noon\"\ntitle = \"Noon\"\nreason = \"lunch\"\n\
    from = 2026-11-22T11:00:00Z\nuntil = 2026-11-22T13:00:00Z\n\
    except = { severity = \"critical\" }\n# end\n";

fn files_with(name: &str, text: &str) -> Vec<(String, String)> {
    let mut files = shipped_files();
    files.push((name.to_owned(), text.to_owned()));
    files
}

fn frozen() -> Policies {
    Policies::load(&files_with("freezes.toml", AROUND_NOON), &shipped_schema())
        .unwrap_or_else(|problems| panic!("{problems}"))
}

fn check(verdict: &Verdict, kind: VerdictKind, rules: &[&str]) {
    let ids: Vec<&str> = verdict.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!((verdict.kind, ids.as_slice()), (kind, rules), "{}", verdict.reasons());
}

const ONE: VerdictKind = VerdictKind::NeedsApproval(1);

#[test]
fn inside_a_freeze_it_is_denied_and_outside_it_is_as_before() {
    let policies = frozen();
    let verdict = policies.decide_at(&question());
    check(&verdict, VerdictKind::Denied, &["freeze:noon"]);
    assert_eq!(
        verdict.rules[0].reason,
        "change freeze \"Noon\" until 2026-11-22 13:00 UTC (lunch); wait until then, or change it in \
         freezes.toml, or its except in freezes.toml; it lets severity critical through"
    );
    for minutes in [-61, 60] {
        let at = noon() + TimeDelta::minutes(minutes);
        assert_eq!(policies.decide_at(&Question { at, ..question() }).kind, ONE);
    }
    let undo = Question { direction: Direction::Undo, ..question() };
    assert_eq!(policies.decide_at(&undo).kind, ONE);
}

#[test]
fn an_exception_needs_two_approvals() {
    let critical = Question { severity: Severity::Critical, ..question() };
    let verdict = frozen().decide_at(&critical);
    let rules = &["freeze-exception-two-approvals", "approved-by-people"];
    check(&verdict, VerdictKind::NeedsApproval(2), rules);
    assert_eq!(shipped().decide_at(&critical).kind, ONE, "no freeze, no exception");
    let undo = Question { direction: Direction::Undo, ..critical };
    assert_eq!(frozen().decide_at(&undo).kind, ONE);
}

#[test]
fn a_rule_may_ask_for_the_hour_and_the_day() {
    let policies = shipped_and(
        "@id(\"night\")\n@reason(\"at night two people look\")\n\
         forbid (principal, action in Action::\"mutate\", resource)\nwhen {\n\
         [Weekday::\"saturday\", Weekday::\"sunday\"].contains(context.weekday) &&\n\
         (context.hour < 6 || context.hour >= 22) && context.approvals < 2 };",
    );
    // Noon is on a Sunday.
    for (hours, expected) in [
        (9, 1),   // 21:00
        (10, 2),  // 22:00
        (12, 1),  // Monday, 00:00
        (-7, 2),  // 05:00
        (-6, 1),  // 06:00
        (-36, 2), // Saturday, 00:00
        (-37, 1), // Friday, 23:00
    ] {
        let at = noon() + TimeDelta::hours(hours);
        let verdict = policies.decide(&Question { at, ..question() });
        assert_eq!(verdict.kind, VerdictKind::NeedsApproval(expected), "{hours}");
    }
    let misspelt = "@id(\"x\")\n@reason(\"y\")\nforbid (principal, action in Action::\"mutate\", \
        resource)\nwhen { context.weekday == Weekday::\"caturday\" };\n// end\n";
    let files = files_with("mine.cedar", misspelt);
    let problems = Policies::load(&files, &shipped_schema()).expect_err("no such day");
    assert!(problems.to_string().contains("mine.cedar:4"), "{problems}");
}

#[test]
fn a_rule_may_name_a_freeze() {
    let mut files = files_with("freezes.toml", AROUND_NOON);
    let rule = "@id(\"not-even-then\")\n@reason(\"not at noon, whatever is excepted\")\n\
        forbid (principal, action in Action::\"mutate\", resource)\n\
        when { context.freeze.contains(\"noon\") };\n// end\n";
    files.push(("mine.cedar".to_owned(), rule.to_owned()));
    let policies = Policies::load(&files, &shipped_schema()).unwrap();
    let critical = Question { severity: Severity::Critical, ..question() };
    check(&policies.decide_at(&critical), VerdictKind::Denied, &["not-even-then"]);
    let undo = Question { direction: Direction::Undo, ..critical };
    assert_eq!(policies.decide_at(&undo).kind, ONE, "an undo is in no freeze");
}

#[test]
fn freezes_are_part_of_the_version() {
    let version = frozen().version().to_owned();
    assert_ne!(version, shipped().version());
    let other = AROUND_NOON.replace("13:00", "14:00");
    let changed = Policies::load(&files_with("freezes.toml", &other), &shipped_schema()).unwrap();
    assert_ne!(version, changed.version());
}

#[test]
fn freezes_that_can_not_be_read_hold_everything_but_undoing() {
    for (name, text) in [
        ("freezes.toml", "[[window]]\nid = 5\n# end\n"),
        ("freezes.toml", AROUND_NOON.strip_suffix("# end\n").unwrap()),
        ("change.ics", "BEGIN:VCALENDAR\n"),
    ] {
        let files = files_with(name, text);
        assert!(Policies::load(&files, &shipped_schema()).is_err());
        let (policies, problems) = Policies::load_or_deny(&files, &shipped_schema());
        assert!(problems.unwrap().to_string().starts_with(name));
        check(&policies.decide_at(&question()), VerdictKind::Denied, &["freezes-unusable"]);
        let undo = Question { direction: Direction::Undo, ..question() };
        assert_eq!(policies.decide_at(&undo).kind, ONE);
        assert!(policies.unusable().is_none() && policies.freezes().why_unusable().is_some());
        assert_ne!(policies.version(), shipped().version());
    }
    // With anything else wrong, everything is denied, undoing too.
    let mut files = files_with("freezes.toml", "oh");
    files.push(("mine.cedar".to_owned(), "oh".to_owned()));
    let (policies, _) = Policies::load_or_deny(&files, &shipped_schema());
    let undo = Question { direction: Direction::Undo, ..question() };
    check(&policies.decide_at(&undo), VerdictKind::Denied, &["policies-unusable"]);
}
