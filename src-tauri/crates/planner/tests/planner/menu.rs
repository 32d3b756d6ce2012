//! What is offered, what is not, and what is said about the rest.

use firebreak_core::finding::{Actor, Finding, ResourceKind};
use firebreak_core::playbook::{Playbook, PlaybookStep, TargetRule};
use firebreak_core::{ActionId, Severity};
use firebreak_planner::menu::MENU_CAP;
use firebreak_planner::{enumerate, gaps, shipped};

use crate::case::{INSTANCE, KEY, at, finding};

fn playbook(id: &str) -> Playbook {
    shipped().into_iter().find(|playbook| playbook.id == id).expect("it is shipped")
}

fn with_key(id: &str, key: &str) -> Finding {
    finding(id, |finding| {
        finding.draft.actor =
            Some(Actor { access_key_id: Some(key.to_owned()), ..Actor::default() });
    })
}

fn listed(playbook: &Playbook, findings: &[Finding]) -> Vec<String> {
    enumerate(playbook, findings)
        .iter()
        .map(|candidate| {
            let menu = &candidate.menu;
            format!(
                "{} {} {}{} <- {}",
                menu.id,
                menu.action,
                menu.target,
                if menu.mandatory { " !" } else { "" },
                candidate.finding
            )
        })
        .collect()
}

#[test]
fn a_miner_with_a_named_key_offers_all_four_in_the_playbooks_order() {
    let expected = [
        format!("M1 aws.ec2.isolate {INSTANCE} ! <- a"),
        format!("M2 aws.ec2.stop {INSTANCE} <- a"),
        format!("M3 aws.iam.detach_instance_profile {INSTANCE} <- a"),
        format!("M4 aws.iam.deactivate_access_key {KEY} <- b"),
    ];
    let mining = playbook("crypto-mining-ec2");
    let (plain, keyed) = (finding("a", |_| {}), with_key("b", KEY));
    assert_eq!(listed(&mining, &[plain.clone(), keyed.clone()]), expected);
    assert_eq!(listed(&mining, &[keyed.clone(), plain.clone(), keyed]), expected);
    assert_eq!(listed(&mining, &[plain]), expected[..3]);
    assert_eq!(listed(&mining, &[]), Vec::<String>::new());
}

#[test]
fn the_worst_findings_targets_come_first() {
    let mild = finding("a", |finding| {
        finding.draft.severity = Severity::Low;
        finding.draft.actor = Some(Actor {
            access_key_id: Some("AKIAMILD000000000000".to_owned()),
            ..Actor::default()
        });
    });
    let late = finding("b", |finding| {
        finding.draft.created_at = Some(at(9));
        finding.draft.actor = Some(Actor {
            access_key_id: Some("AKIALATE000000000000".to_owned()),
            ..Actor::default()
        });
    });
    let early = finding("c", |finding| {
        finding.draft.created_at = Some(at(1));
        finding.draft.actor = Some(Actor {
            access_key_id: Some("AKIAEARLY00000000000".to_owned()),
            ..Actor::default()
        });
    });
    assert_eq!(
        listed(&playbook("stolen-access-key"), &[mild, late, early]),
        [
            "M1 aws.iam.deactivate_access_key AKIAEARLY00000000000 ! <- c",
            "M2 aws.iam.deactivate_access_key AKIALATE000000000000 ! <- b",
            "M3 aws.iam.deactivate_access_key AKIAMILD000000000000 ! <- a",
        ]
    );
}

#[test]
fn a_target_has_the_shape_of_what_the_action_acts_on() {
    let check = |change: fn(&mut Finding), gap: &str| {
        let findings = [finding("a", change)];
        let mining = playbook("crypto-mining-ec2");
        assert_eq!(listed(&mining, &findings), Vec::<String>::new());
        assert_eq!(gaps(&mining, &findings)[0], gap);
    };
    let none = "The mandatory step aws.ec2.isolate has no target: no finding is about an instance with an id.";
    check(|finding| finding.draft.resource.kind = Some(ResourceKind::Bucket), none);
    check(|finding| finding.draft.resource.kind = None, none);
    check(
        |finding| {
            finding.draft.resource.native_id = None;
            finding.draft.resource.vendor_id = None;
        },
        none,
    );
    let shape = |shown: &str| {
        format!(
            "The mandatory step aws.ec2.isolate is not offered: the alert gives no instance id of AWS, only {shown}."
        )
    };
    check(
        |finding| {
            finding.draft.resource.native_id = None;
            finding.draft.resource.vendor_id = Some("w-1".to_owned());
        },
        &shape("wiz-prod:w-1"),
    );
    check(
        |finding| finding.draft.resource.native_id = Some("i-1 --all".to_owned()),
        &shape("i-1 --all"),
    );
    check(
        |finding| finding.draft.resource.native_id = Some("i-1\u{202e}\n2".to_owned()),
        &shape("i-1[U+202E] 2"),
    );
    check(
        |finding| finding.draft.resource.native_id = Some("arn:aws:s3:::i-123".to_owned()),
        &shape("arn:aws:s3:::i-123"),
    );
    check(
        |finding| finding.draft.resource.platform = Some("Azure".to_owned()),
        "The mandatory step aws.ec2.isolate is not offered: the alert is about Azure, and it acts on AWS.",
    );
}

#[test]
fn an_arn_of_an_instance_is_a_target_too() {
    let arn = "arn:aws:ec2:eu-central-1:123456789012:instance/i-0c41f0b9";
    let findings =
        [finding("a", |finding| finding.draft.resource.native_id = Some(arn.to_owned()))];
    assert_eq!(enumerate(&playbook("crypto-mining-ec2"), &findings)[0].menu.target.as_str(), arn);
}

#[test]
fn a_temporary_or_strange_key_is_not_offered_and_said() {
    let stolen = playbook("stolen-access-key");
    let check = |key: &str, gap: &str| {
        let findings = [with_key("a", key)];
        assert_eq!(listed(&stolen, &findings), Vec::<String>::new());
        assert_eq!(gaps(&stolen, &findings), [gap]);
    };
    check(
        "ASIAIOSFODNN7EXAMPLE",
        "The mandatory step aws.iam.deactivate_access_key is not offered: ASIAIOSFODNN7EXAMPLE is a temporary key, which \
         can't be made inactive; revoke the sessions of the role that it came from.",
    );
    check(
        "root",
        "The mandatory step aws.iam.deactivate_access_key is not offered: root is not an access key id.",
    );
    check(
        "",
        "The mandatory step aws.iam.deactivate_access_key has no target: no finding names an access key.",
    );
    assert_eq!(gaps(&stolen, &[with_key("a", KEY)]), Vec::<String>::new());
    assert_eq!(gaps(&playbook("crypto-mining-ec2"), &[finding("a", |_| {})]), Vec::<String>::new());
}

#[test]
fn users_and_roles_are_offered_by_their_arns_only() {
    let stolen = playbook("stolen-access-key");
    let acting = |native: &str| {
        finding("a", |finding| {
            let (native_id, access_key_id) = (Some(native.to_owned()), Some(KEY.to_owned()));
            finding.draft.actor = Some(Actor { native_id, access_key_id, ..Actor::default() });
        })
    };
    let offered = |native: &str| -> Vec<String> {
        let menu = enumerate(&stolen, &[acting(native)]);
        let beside_the_key = menu.iter().skip(1).map(|one| &one.menu);
        beside_the_key.map(|menu| format!("{} {}", menu.action, menu.target)).collect()
    };
    let (user, role) = ("aws.iam.deny_user", "aws.iam.revoke_role_sessions");
    let arn = "arn:aws:iam::123456789012:user/ops/deploy-bot";
    assert_eq!(offered(arn), [format!("{user} {arn}")]);
    let arn = "arn:aws:iam::123456789012:role/web-node";
    assert_eq!(offered(arn), [format!("{role} {arn}")]);
    let session = "arn:aws:sts::123456789012:assumed-role/web-node/i-0c41f0b9";
    assert_eq!(offered(session), [format!("{role} {arn}")]);
    for nobody in ["arn:aws:iam::123456789012:root", "deploy-bot", "arn:aws:iam::1:user/x", ""] {
        assert_eq!(offered(nobody), Vec::<String>::new(), "{nobody}");
    }
}

#[test]
fn one_target_reached_by_two_steps_stands_once_and_mandatory() {
    let step = |target, mandatory| PlaybookStep {
        action: ActionId::IamDeactivateAccessKey,
        target,
        why: format!("{target:?}"),
        mandatory,
        parameters: [("of".to_owned(), format!("{target:?}"))].into(),
    };
    let steps = vec![step(TargetRule::Resource, false), step(TargetRule::ActorAccessKey, true)];
    let both = Playbook { steps, ..playbook("stolen-access-key") };
    let key = finding("a", |finding| {
        finding.draft.resource.kind = Some(ResourceKind::AccessKey);
        finding.draft.resource.native_id = Some(KEY.to_owned());
    });
    let candidates = enumerate(&both, &[key]);
    assert_eq!(candidates.len(), 1);
    assert!(candidates[0].menu.mandatory);
    // The mandatory step's own words and parameters stay with it.
    assert_eq!(
        (candidates[0].menu.why.as_str(), candidates[0].parameters["of"].as_str()),
        ("ActorAccessKey", "ActorAccessKey")
    );
}

#[test]
fn a_flood_of_targets_is_capped_aloud_and_never_at_the_mandatory_steps_cost() {
    let mut findings: Vec<Finding> = (0..5_000)
        .map(|number| with_key(&format!("f{number:05}"), &format!("AKIA{number:016}")))
        .collect();
    let mining = playbook("crypto-mining-ec2");
    let candidates = enumerate(&mining, &findings);
    assert_eq!(candidates.len(), MENU_CAP);
    assert_eq!(candidates[0].menu.action, ActionId::Ec2Isolate);
    let left = 5_000 + 3 - MENU_CAP;
    assert_eq!(
        gaps(&mining, &findings),
        [format!(
            "{left} more targets are not offered: a menu has at most {MENU_CAP} entries. Look at whether the alerts are a flood."
        )]
    );
    findings.reverse();
    assert_eq!(enumerate(&mining, &findings), candidates);
}
