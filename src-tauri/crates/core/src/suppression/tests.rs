use super::*;
use crate::finding::{FindingStatus, Resource};
use crate::{AlertId, FindingId};

fn at(day: u32) -> Timestamp {
    chrono::NaiveDate::from_ymd_opt(2026, 11, day).unwrap().and_hms_opt(9, 0, 0).unwrap().and_utc()
}

fn finding(severity: Severity) -> Finding {
    let tags = [("team", "media"), ("env", "")];
    Finding {
        id: FindingId::new("f"),
        source: "wiz".to_owned(),
        alert: AlertId::new("a"),
        alert_sha256: String::new(),
        received_at: at(1),
        draft: FindingDraft {
            kind: "issue".to_owned(),
            vendor_id: "1".to_owned(),
            title: String::new(),
            description: None,
            severity,
            severity_as_given: None,
            status: FindingStatus::New,
            status_as_given: None,
            created_at: None,
            updated_at: None,
            status_changed_at: None,
            resource: Resource {
                native_id: Some("i-1".to_owned()),
                account: Some("123".to_owned()),
                tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
                ..Resource::default()
            },
            actor: None,
            rule_id: Some("R-1".to_owned()),
            rule_name: Some("Miner".to_owned()),
            tactics: Vec::new(),
            techniques: Vec::new(),
            observations: Vec::new(),
            evidence_query: None,
            unknowns: Vec::new(),
        },
    }
}

fn rule(source: &str, rule: &str) -> Option<SourceRule> {
    Some(SourceRule { source: source.to_owned(), rule: rule.to_owned() })
}

#[test]
fn all_that_is_given_must_hold() {
    let whole = Scope {
        rule: rule("wiz", "R-1"),
        asset: Some(AssetId::new("i-1")),
        account: Some("123".to_owned()),
        tag: Some(Tag::parse("team=media")),
    };
    let check = |scope: &Scope| scope.covers(&finding(Severity::Low));
    assert!(check(&whole));
    for broken in [
        Scope { rule: rule("orca", "R-1"), ..whole.clone() },
        Scope { rule: rule("wiz", "Miner"), ..whole.clone() },
        Scope { asset: Some(AssetId::new("i-2")), ..whole.clone() },
        Scope { account: Some("1234".to_owned()), ..whole.clone() },
        Scope { tag: Some(Tag::parse("team=web")), ..whole.clone() },
        Scope { tag: Some(Tag::parse("owner")), ..whole.clone() },
        Scope { tag: Some(Tag::parse("env=prod")), ..whole.clone() },
    ] {
        assert!(!check(&broken), "{broken:?}");
    }
    assert!(check(&Scope { tag: Some(Tag::parse("env")), ..Scope::default() }), "any value");
    assert!(check(&Scope { tag: Some(Tag::parse("env=")), ..Scope::default() }), "no value");
    assert!(!check(&Scope::default()), "nothing given covers nothing");
}

#[test]
fn a_rule_without_an_id_goes_by_its_name_and_none_by_none() {
    let mut unnamed = finding(Severity::Low);
    unnamed.draft.rule_id = Some(String::new());
    assert_eq!(rule_of(&unnamed.draft), Some("Miner"));
    unnamed.draft.rule_name = None;
    assert_eq!(rule_of(&unnamed.draft), None);
    assert!(!Scope { rule: rule("wiz", ""), ..Scope::default() }.covers(&unnamed));
}

#[test]
fn worse_ones_show_and_what_nobody_knows_may_be_worse() {
    use Severity::{Critical, High, Informational, Low, Medium, Unknown};
    for (up_to, hidden) in [
        (Unknown, vec![Unknown]),
        (Informational, vec![Informational]),
        (Medium, vec![Medium, Low, Informational]),
        (High, vec![High, Medium, Low, Informational]),
        (Critical, Severity::ALL.to_vec()),
    ] {
        let reached: Vec<Severity> =
            Severity::ALL.into_iter().filter(|severity| reaches(up_to, *severity)).collect();
        assert_eq!(reached, hidden, "{up_to:?}");
    }
}

#[test]
fn a_finding_is_counted_with_the_oldest_rule_whatever_their_order() {
    let made = |id: &str, up_to| Suppression {
        id: SuppressionId::new(id),
        scope: Scope { rule: rule("wiz", "R-1"), ..Scope::default() },
        up_to,
        reason: "known".to_owned(),
        made_by: "ana".to_owned(),
        made_at: at(1),
        term: Term { expires_at: at(9), ended: false },
    };
    let mut rules =
        vec![made("b", Severity::High), made("c", Severity::High), made("a", Severity::Low)];
    for _ in 0..3 {
        rules.rotate_left(1);
        let by =
            |severity| hidden_by(&rules, &finding(severity), severity).map(|by| by.id.as_str());
        assert_eq!(by(Severity::Low), Some("a"));
        assert_eq!(by(Severity::High), Some("b"));
        assert_eq!(by(Severity::Critical), None);
    }
}

#[test]
fn a_rule_needs_a_scope_a_reason_and_an_end() {
    let blank = Scope {
        account: Some(" ".to_owned()),
        tag: Some(Tag::parse("=x")),
        asset: Some(AssetId::new("")),
        rule: None,
    };
    assert!(blank.checked().unwrap_err().contains("say what to suppress"));
    let nameless = Scope { rule: rule("wiz", " "), ..Scope::default() };
    assert!(nameless.checked().unwrap_err().contains("its source and its id"));
    assert!(checked_reason(" \n").is_err());
    assert_eq!(checked_reason(" our\nscanner ").unwrap(), "our scanner");
    assert!(checked_expiry(at(1), at(1)).is_err());
    assert!(checked_expiry(at(1) + Duration::days(MOST_DAYS), at(1)).is_ok());
    assert!(checked_expiry(at(1) + Duration::days(MOST_DAYS + 1), at(1)).is_err());
}

#[test]
fn a_term_is_taken_back_field_by_field() {
    let made = Term { expires_at: at(9), ended: false };
    let renewed = Term { expires_at: at(19), ended: false };
    let ended = Term { expires_at: at(19), ended: true };
    assert_eq!(ended.undone(&made, &renewed), Some(Term { expires_at: at(9), ended: true }));
    assert_eq!(ended.undone(&renewed, &ended), Some(renewed.clone()));
    let again = Term { expires_at: at(29), ended: false };
    assert_eq!(again.undone(&made, &renewed), None);
    assert!(made.holds(at(8)) && !made.holds(at(9)) && !ended.holds(at(2)));
}
