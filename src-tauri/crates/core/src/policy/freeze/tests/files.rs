use proptest::prelude::*;

use super::super::{Freezes, Touching};
use super::{freezes, ids, read, stop, utc};
use crate::plan::Direction;
use crate::{ActionId, Environment, Severity};

const ONE: &str = "[[window]]\nid = \"year-end\"\ntitle = \"Year-end close\"\nreason = \"the books\"\n\
    from = 2026-12-28T18:00:00Z\nuntil = \"2027-01-04T07:00:00+01:00\"\n\
    only = { accounts = [\"111111111111\"], environments = [\"production\"] }\n\
    except = { severity = \"critical\", actions = [\"aws.iam.deny_user\"] }\n\n\
    [[weekly]]\nid = \"evenings\"\ntitle = \"Evenings\"\nreason = \"nobody is in\"\n\
    weekdays = [\"friday\"]\nfrom = 18:00:00\nuntil = \"06:00\"\n\
    only = { actions = [\"aws.ec2.isolate\"] }\n\
    # end\n";

/// What is written instead of what, and how what is said of it begins.
fn unexpected((old, new, expected): (&str, &str, &str)) -> Option<String> {
    assert!(ONE.contains(old), "{old}");
    let said = read(&[("freezes.toml", &ONE.replacen(old, new, 1))]).expect_err(new);
    (!said.starts_with(expected) || !said.contains("; ")).then(|| format!("{expected}\n  {said}"))
}

#[test]
fn mistakes_have_a_place_and_a_remedy() {
    let wrong: Vec<String> = [
        ("\"year-end\"", "\"Year End\"", "freezes.toml:2:6: \"Year End\" is no id"),
        (
            "\"evenings\"",
            "\"year-end\"",
            "freezes.toml: freeze \"year-end\" is in freezes.toml already",
        ),
        ("\"the books\"", "\" \"", "freezes.toml:4:10: it is empty"),
        ("reason = \"the books\"\n", "", "freezes.toml:1:1: missing field `reason`"),
        (
            "2026-12-28T18:00:00Z",
            "2026-12-28T18:00:00",
            "freezes.toml:5:8: \"2026-12-28T18:00:00\" is no moment with an offset",
        ),
        ("2026-12-28T18:00:00Z", "2026-12-28", "freezes.toml:5:8: \"2026-12-28\" is no moment"),
        ("2026-12-28T18:00:00Z", "5", "freezes.toml:5:8: a time is expected here, not a integer"),
        ("2027-01-04", "2026-01-04", "freezes.toml:1:1: freeze year-end: until is not after from"),
        ("[\"111111111111\"]", "[\"1111\"]", "freezes.toml:7:21: \"1111\" is no AWS account id"),
        ("[\"111111111111\"]", "[]", "freezes.toml:7:21: the list is empty"),
        ("\"production\"", "\"prod\"", "freezes.toml:7:55: unknown variant `prod`"),
        (
            "\"critical\"",
            "\"unknown\"",
            "freezes.toml:8:23: \"unknown\" is no severity that can be a least one",
        ),
        (
            "aws.iam.deny_user",
            "aws.iam.delete",
            "freezes.toml:8:46: unknown variant `aws.iam.delete`",
        ),
        ("only = { acc", "scope = { acc", "freezes.toml:7:1: unknown field `scope`"),
        ("[\"friday\"]", "[\"fri\"]", "freezes.toml:14:12: \"fri\" is no weekday"),
        ("from = 18:00:00", "from = \"25:00\"", "freezes.toml:15:8: \"25:00\" is no time of day"),
        ("from = 18:00:00", "from = 18:00:30", "freezes.toml:15:8: \"18:00:30\" is no time of day"),
        (
            "from = 18:00:00",
            "from = \"06:00\"",
            "freezes.toml:10:1: freeze evenings: from is until",
        ),
        (
            "until = \"06:00\"",
            "until = \"06:00\"\noffset = \"Europe/Berlin\"",
            "freezes.toml:17:10: \"Europe/Berlin\" is no fixed offset",
        ),
        ("[[weekly]]", "[[weekly]", "freezes.toml:10:"),
        ("# end\n", "", "freezes.toml:18:1: the last line is not `# end`"),
        (
            "# end",
            "[calendars.\"gone.ics\"]\n# end",
            "freezes.toml: there is no calendar \"gone.ics\"",
        ),
    ]
    .into_iter()
    .filter_map(unexpected)
    .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_freeze_holds_what_it_is_about_and_lets_its_exceptions_through() {
    let freezes = freezes(ONE);
    // A Tuesday.
    let at = utc("2026-12-29 12:00:00");
    let production = Touching { environment: Environment::Production, ..stop() };
    let frozen = |touching: &Touching<'_>| ids(&freezes.frozen(touching, at)).join(" ");
    assert_eq!(frozen(&production), "year-end");
    assert_eq!(frozen(&stop()), "", "another environment");
    let other = |touching: Touching<'static>| frozen(&touching);
    assert_eq!(other(Touching { account: Some("222222222222"), ..production }), "");
    assert_eq!(other(Touching { account: None, ..production }), "year-end", "it may be that one");
    assert_eq!(other(Touching { environment: Environment::Unknown, ..production }), "year-end");
    assert_eq!(other(Touching { severity: Severity::Critical, ..production }), "");
    assert_eq!(other(Touching { severity: Severity::Unknown, ..production }), "year-end");
    assert_eq!(other(Touching { action: ActionId::IamDenyUser, ..production }), "");
    assert_eq!(other(Touching { direction: Direction::Undo, ..production }), "");
    // Policies are told of those that let it through as well, and never of an undo.
    let around = |touching: Touching<'_>| freezes.around(&touching, at);
    assert_eq!(around(Touching { severity: Severity::Critical, ..production }), ["year-end"]);
    assert!(around(Touching { direction: Direction::Undo, ..production }).is_empty());
    let told = &freezes.frozen(&production, at)[0];
    assert_eq!(
        told.text,
        "change freeze \"Year-end close\" until 2027-01-04 06:00 UTC (the books)"
    );
    assert!(told.remedy.ends_with("it lets severity critical; action aws.iam.deny_user through"));
}

#[test]
fn the_list_has_what_holds_and_what_is_to_come() {
    let freezes = freezes(ONE);
    let listed = |at: &str| -> Vec<&str> {
        freezes.list(utc(at)).iter().map(|(freeze, _)| freeze.id.as_str()).collect()
    };
    assert_eq!(listed("2026-11-24 12:00:00"), ["evenings", "year-end"], "the next first");
    assert_eq!(listed("2026-12-29 12:00:00"), ["year-end", "evenings"]);
    assert_eq!(listed("2027-01-04 06:00:00"), ["evenings"]);
    let (freeze, _) = freezes.list(utc("2026-12-29 12:00:00"))[0];
    assert_eq!(freeze.about(), "account 111111111111; environment production");
    assert_eq!(freeze.when(), "2026-12-28 18:00 to 2027-01-04 06:00 UTC");
}

#[test]
fn what_can_not_be_read_holds_everything_but_undoing() {
    let freezes = Freezes::unusable("freezes.toml:1:1: oh".to_owned());
    let at = utc("2026-12-29 12:00:00");
    assert_eq!(ids(&freezes.frozen(&stop(), at)), ["freezes-unusable"]);
    let undo = Touching { direction: Direction::Undo, ..stop() };
    assert!(freezes.frozen(&undo, at).is_empty());
}

#[test]
fn no_half_file_is_read() {
    for cut in 0..ONE.len() - "# end\n".len() {
        assert!(read(&[("freezes.toml", &ONE[..cut])]).is_err(), "{cut}");
    }
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in any::<String>(), lines in "([a-z\\[\\]=\" :+-]{0,30}\n){0,6}") {
        let _ = read(&[("freezes.toml", &format!("{text}\n# end"))]);
        let _ = read(&[("freezes.toml", &format!("[[weekly]]\n{lines}\n# end"))]);
    }
}
