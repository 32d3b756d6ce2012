use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::finding::{Attack, FindingDraft, FindingStatus};
use crate::{AlertId, FindingId};

fn finding(source: &str, id: &str, minutes: i64) -> Finding {
    Finding {
        id: FindingId::new(format!("{source}-{id}")),
        source: source.to_owned(),
        alert: AlertId::new("a"),
        alert_sha256: String::new(),
        received_at: at(0) + Duration::minutes(minutes),
        draft: FindingDraft {
            kind: "issue".to_owned(),
            vendor_id: id.to_owned(),
            title: String::new(),
            description: None,
            severity: Severity::High,
            severity_as_given: None,
            status: FindingStatus::New,
            status_as_given: None,
            created_at: None,
            updated_at: None,
            status_changed_at: None,
            resource: Resource { native_id: text("i-0aaaaaaaaaaaaaaaa"), ..Resource::default() },
            actor: None,
            rule_id: None,
            rule_name: None,
            tactics: Vec::new(),
            techniques: Vec::new(),
            observations: Vec::new(),
            evidence_query: None,
            unknowns: Vec::new(),
        },
    }
}

fn titled(source: &str, title: &str, minutes: i64) -> Finding {
    let mut finding = finding(source, title, minutes);
    finding.draft.title = title.to_owned();
    finding
}

fn doing(source: &str, technique: &str, minutes: i64) -> Finding {
    let mut finding = finding(source, &format!("{technique}-{minutes}"), minutes);
    finding.draft.techniques = vec![Attack { id: technique.to_owned(), name: None }];
    finding
}

/// Ids of the lead and of the witnesses of each fact.
fn told(findings: &[Finding]) -> BTreeSet<Vec<String>> {
    let id = |at: usize| findings[at].id.to_string();
    let ids = |fact: Fact| {
        let witnesses = fact.witnesses.into_iter().map(|(at, _)| id(at));
        core::iter::once(id(fact.lead)).chain(witnesses).collect()
    };
    facts(findings).into_iter().map(ids).collect()
}

fn one_fact(one: Finding, other: Finding) -> bool {
    facts(&[one, other]).len() == 1
}

#[test]
fn two_sources_that_say_the_same_of_an_asset_are_one_fact() {
    let title = "CryptoCurrency:EC2/BitcoinTool.B!DNS";
    let guard = |source: &str, minutes| titled(source, title, minutes);
    assert!(one_fact(guard("wiz", 0), titled("orca", &format!("GuardDuty: \"{title}\"."), 59)));
    assert!(!one_fact(guard("wiz", 0), guard("orca", 61)), "an hour later it is another time");
    assert!(!one_fact(guard("wiz", 0), guard("wiz", 5)), "a source knows its own duplicates");
    assert!(one_fact(
        titled("wiz", "cve-2026-12345 in openssl", 0),
        titled("orca", "(CVE-2026-12345)", 1_200)
    ));
    assert!(one_fact(doing("wiz", "T1496", 0), doing("prisma", "T1496.001", 3)));
    let facts = facts(&[doing("wiz", "T1496", 0), doing("prisma", "T1496.001", 3)]);
    assert_eq!(
        facts[0].witnesses,
        [(1, "technique T1496 of i-0aaaaaaaaaaaaaaaa, 3 min apart".into())]
    );
}

#[test]
fn what_says_more_keeps_them_apart() {
    let with = |mut finding: Finding, title: &str| {
        finding.draft.title = title.to_owned();
        finding
    };
    let mining = |source: &str| doing(source, "T1496", 0);
    assert!(!one_fact(
        with(mining("wiz"), "Trojan:EC2/DropPoint"),
        with(mining("orca"), "CryptoCurrency:EC2/BitcoinTool.B")
    ));
    assert!(one_fact(with(mining("wiz"), "Trojan:EC2/DropPoint"), mining("orca")));
    let by = |mut finding: Finding, key: &str, user: &str| {
        finding.draft.actor =
            Some(Actor { access_key_id: text(key), native_id: text(user), ..Actor::default() });
        finding
    };
    assert!(!one_fact(by(mining("wiz"), "AKIA1", "u"), by(mining("orca"), "AKIA2", "u")));
    assert!(one_fact(
        by(mining("wiz"), "AKIA1", "u"),
        by(mining("orca"), "AKIA1", "named otherwise")
    ));
    assert!(one_fact(by(mining("wiz"), "AKIA1", "u"), mining("orca")), "who is not said");
    let mut elsewhere = mining("orca");
    elsewhere.draft.resource.native_id = text("i-0bbbbbbbbbbbbbbbb");
    assert!(!one_fact(mining("wiz"), elsewhere));
    let tactic = |source: &str| doing(source, "TA0040", 0);
    assert!(!one_fact(tactic("wiz"), tactic("orca")), "a tactic says too little");
    for nothing in ["", "Policy", "Policy:", "Recon:EC2/", "CVE-26-1", "CVE-2026-12", "a:b/c"] {
        assert!(!one_fact(titled("wiz", nothing, 0), titled("orca", nothing, 0)), "{nothing}");
    }
}

#[test]
fn the_worst_leads_and_each_speaks_once() {
    let mut critical = doing("prisma", "T1496", 10);
    critical.draft.severity = Severity::Critical;
    let findings = [doing("wiz", "T1496", 0), doing("wiz", "T1496", 9), critical];
    let facts = facts(&findings);
    assert_eq!(facts.len(), 2);
    assert_eq!((facts[0].lead, facts[0].witnesses[0].0), (2, 0), "the earlier is asked first");
}

fn any() -> impl Strategy<Value = Finding> {
    let source = prop::sample::select(vec!["wiz", "prisma", "orca"]);
    let says = prop::sample::select(vec!["T1496", "T1496.001", "T1078", "CVE-2026-11111", ""]);
    (source, says, 0..200_i64, any_severity(), 0..10_000_u32).prop_map(
        |(source, says, minutes, severity, id)| {
            let mut finding = match says.starts_with('T') {
                true => doing(source, says, minutes),
                false => titled(source, says, minutes),
            };
            finding.draft.severity = severity;
            finding.draft.vendor_id = id.to_string();
            finding.id = FindingId::new(format!("{source}-{id}"));
            finding
        },
    )
}

fn any_severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

proptest! {
    /// Every finding is in one fact, once; the order in which they come makes no difference; no source
    /// speaks twice; the lead outranks all its witnesses.
    #[test]
    fn none_is_lost_and_order_does_not_matter(
        (findings, shuffled) in prop::collection::vec(any(), 0..24).prop_map(|mut all| {
            let mut keys = BTreeSet::new();
            all.retain(|one| keys.insert(one.key()));
            all
        }).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        prop_assert_eq!(told(&findings), told(&shuffled));
        let mut seen: Vec<usize> = Vec::new();
        for fact in facts(&findings) {
            let all: Vec<usize> =
                core::iter::once(fact.lead).chain(fact.witnesses.iter().map(|one| one.0)).collect();
            let sources: BTreeSet<&str> = all.iter().map(|at| findings[*at].source.as_str()).collect();
            prop_assert_eq!(sources.len(), all.len());
            let lead = Lead::of(&findings[fact.lead]);
            prop_assert!(all[1..].iter().all(|at| lead.outranks(&Lead::of(&findings[*at]))));
            seen.extend(all);
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..findings.len()).collect::<Vec<_>>());
    }
}
