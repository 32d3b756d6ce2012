//! Denying a user and revoking a role's sessions.

use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::timed;
use super::*;
use crate::Timestamp;

const UNTIL: &[(&str, &str)] = &[("issued_before", "2026-11-23T12:30:00Z")];

fn deny(user: IamIdentity, own: &OwnIdentity) -> Result<Draft, Refused> {
    let on = Observed::Identity(Box::new(user));
    draft(ActionId::IamDenyUser, &on, &BTreeMap::new(), &names(), own)
}

fn revoke(role: IamIdentity, given: &[(&str, &str)], own: &OwnIdentity) -> Result<Draft, Refused> {
    let on = Observed::Identity(Box::new(role));
    draft(ActionId::IamRevokeRoleSessions, &on, &parameters(given), &names(), own)
}

/// Either action on what it is meant for.
fn contain(target: IamIdentity) -> Result<Draft, Refused> {
    let own = OwnIdentity::default();
    match target.identity {
        IdentityRef::User(_) => deny(target, &own),
        IdentityRef::Role(_) => revoke(target, UNTIL, &own),
    }
}

fn both() -> [IamIdentity; 2] {
    [identity("user", "deploy-bot"), identity("role", "web-node")]
}

fn policy_of(drafted: &Draft) -> (String, String) {
    match drafted.calls.as_slice() {
        [Call::PutInlinePolicy { name, document, .. }] => (name.clone(), document.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_documents_deny_everything_and_the_sessions_issued_before() {
    let [user, role] = both();
    let (name, document) = policy_of(&contain(user).unwrap());
    assert!(name.starts_with(GROUP) && name.len() <= 128, "{name}");
    assert_eq!(
        document,
        r#"{"Statement":[{"Action":"*","Effect":"Deny","Resource":"*","Sid":"FirebreakDenyAll"}],"Version":"2012-10-17"}"#
    );
    let (_, document) = policy_of(&contain(role).unwrap());
    assert_eq!(
        document,
        r#"{"Statement":[{"Action":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-11-23T12:30:00Z"}},"Effect":"Deny","Resource":"*","Sid":"FirebreakRevokeSessions"}],"Version":"2012-10-17"}"#
    );
}

#[test]
fn who_can_not_or_must_not_be_denied_is_refused() {
    type Change = fn(&mut IamIdentity);
    let ours = |target: &IamIdentity| policy_of(&contain(target.clone()).unwrap()).0;
    let cases: &[(&str, &str, Change)] = &[
        ("user", "root user of the account", |t| t.arn = "arn:aws:iam::123456789012:root".into()),
        ("user", "have 2048 of 2048", |t| fill(t, 2_048)),
        ("role", "have 10240 of 10240", |t| fill(t, 10_240)),
        ("role", "a service-linked role", |t| {
            t.arn =
                "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/web-node".into();
        }),
        ("role", "IAM Identity Center", |t| {
            t.arn = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/web-node".into();
        }),
    ];
    for (kind, expected, change) in cases {
        let mut target = identity(kind, "web-node");
        change(&mut target);
        let refused = contain(target).expect_err(expected);
        assert!(refused.reason.contains(expected), "{expected}: {refused}");
        assert!(!refused.remedy.is_empty());
    }
    for target in both() {
        let mut taken = target.clone();
        taken.policies.insert(ours(&target), "{}".to_owned());
        assert!(contain(taken).unwrap_err().reason.contains("says something else"));
        let on = Observed::Identity(Box::new(target.clone()));
        let Observed::Identity(done) = play(&contain(target).unwrap().calls, on) else { panic!() };
        assert!(contain(*done).unwrap_err().reason.contains("already"));
    }
}

fn fill(target: &mut IamIdentity, size: usize) {
    // White space does not count.
    target.policies = BTreeMap::from([("big".to_owned(), "x ".repeat(size))]);
}

#[test]
fn our_own_identities_are_never_denied() {
    let own = OwnIdentity {
        arns: vec![
            "arn:aws:iam::123456789012:user/deploy-bot".to_owned(),
            "arn:aws:sts::123456789012:assumed-role/web-node/ir".to_owned(),
        ],
        access_keys: Vec::new(),
    };
    let [user, role] = both();
    assert!(deny(user, &own).unwrap_err().reason.contains("Firebreak's own"));
    assert!(revoke(role, UNTIL, &own).unwrap_err().reason.contains("Firebreak's own"));
    assert!(deny(identity("user", "web-node"), &own).is_ok());
    assert!(revoke(identity("role", "deploy-bot"), UNTIL, &own).is_ok());
}

#[test]
fn kinds_and_parameters_that_do_not_belong_are_refused() {
    let own = OwnIdentity::default();
    let [user, role] = both();
    assert!(deny(role.clone(), &own).is_err());
    assert!(revoke(user.clone(), UNTIL, &own).is_err());
    let on = Observed::Identity(Box::new(user));
    let given = parameters(&[("capacity", "keep")]);
    assert!(draft(ActionId::IamDenyUser, &on, &given, &names(), &own).is_err());
    for given in [
        &[][..],
        &[("issued_before", "")],
        &[("issued_before", "now")],
        &[("issued_before", "2026-11-23T12:30:00.5Z")],
        &[("issued_before", "2026-11-23T13:30:00+01:00")],
        &[("issued_before", "2026-11-23T12:30:00Z"), ("until", "x")],
    ] {
        assert!(revoke(role.clone(), given, &own).is_err(), "{given:?}");
    }
}

#[test]
fn the_time_lies_ahead_until_it_has_passed() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let action = ActionId::IamRevokeRoleSessions;
    let first = timed(action, &BTreeMap::new(), at("2026-11-23T12:00:00.2Z"));
    assert_eq!(first, parameters(&[("issued_before", "2026-11-23T12:31:00Z")]));
    assert!(
        revoke(
            identity("role", "r"),
            &[("issued_before", &first["issued_before"])],
            &OwnIdentity::default()
        )
        .is_ok()
    );
    // Stable for as long as it can be signed and run, and moved from the very moment on.
    assert_eq!(timed(action, &first, at("2026-11-23T12:30:59Z")), first);
    let moved = timed(action, &first, at("2026-11-23T12:31:00Z"));
    assert_eq!(moved, parameters(&[("issued_before", "2026-11-23T13:01:00Z")]));
    let nonsense = parameters(&[("issued_before", "never")]);
    assert_ne!(timed(action, &nonsense, at("2026-11-23T12:00:00Z")), nonsense);
    assert_eq!(
        timed(ActionId::Ec2Stop, &BTreeMap::new(), at("2026-11-23T12:00:00Z")),
        BTreeMap::new()
    );
}

#[test]
fn what_comes_back_is_said() {
    let drafted = contain(identity("role", "web-node")).unwrap();
    let warned = drafted.warnings.join(" ");
    assert!(warned.contains("arn:aws:iam::123456789012:root, ec2.amazonaws.com"), "{warned}");
    assert!(warned.contains("a whole account or everybody"), "{warned}");
    let mut used = identity("role", "web-node");
    used.last_used = Some("at 2026-11-23T11:50:00Z in eu-central-1".to_owned());
    let on = |role: &IamIdentity| Observed::Identity(Box::new(role.clone()));
    assert_eq!(
        on(&used).fingerprint(),
        on(&identity("role", "web-node")).fingerprint(),
        "that a role is used voids no approval"
    );
    assert!(contain(used).unwrap().disruption.join(" ").contains("11:50:00Z in eu-central-1"));
}

#[test]
fn undo_removes_only_what_was_written() {
    for target in both() {
        let before = Observed::Identity(Box::new(target.clone()));
        let drafted = contain(target).unwrap();
        let (name, _) = policy_of(&drafted);
        let after = play(&drafted.calls, before);
        for change in [None, Some("{\"Statement\":[]}".to_owned())] {
            let Observed::Identity(mut changed) = after.clone() else { panic!() };
            match change {
                Some(other) => changed.policies.insert(name.clone(), other),
                None => changed.policies.remove(&name),
            };
            let differences = undo_check(&drafted.calls, &Observed::Identity(changed)).unwrap_err();
            assert!(differences[0].observed.contains(&name), "{differences:?}");
        }
        // What others wrote beside it is theirs and stays.
        let Observed::Identity(mut more) = after else { panic!() };
        more.policies.insert("later".to_owned(), "{}".to_owned());
        let more = Observed::Identity(more);
        assert_eq!(undo_check(&drafted.calls, &more), Ok(()));
        let Observed::Identity(undone) = play(&undo_calls(&drafted.calls), more) else { panic!() };
        assert!(undone.policies.contains_key("later"));
    }
}

fn some_policies() -> impl Strategy<Value = BTreeMap<String, String>> {
    let document =
        (0..900_usize).prop_map(|length| format!("{{\"x\":\"{}\"}}", "y".repeat(length)));
    let ours = names().policy();
    btree_map(select(vec!["a".to_owned(), "b".to_owned(), "c".to_owned(), ours]), document, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn denying_is_proven_and_its_undo_restores_everything(
        is_user in any::<bool>(),
        policies in some_policies(),
    ) {
        let kind = if is_user { "user" } else { "role" };
        let target = IamIdentity { policies, ..identity(kind, "somebody") };
        let before = Observed::Identity(Box::new(target.clone()));
        let Ok(drafted) = contain(target) else { return Ok(()) };
        prop_assert_eq!(judge(&drafted.proof, &before).outcome, ProofOutcome::Refuted);
        let after = play(&drafted.calls, before.clone());
        prop_assert_eq!(judge(&drafted.proof, &after).outcome, ProofOutcome::Proven);
        prop_assert_ne!(after.fingerprint(), before.fingerprint());
        prop_assert_eq!(undo_check(&drafted.calls, &after), Ok(()));
        let undo = undo_calls(&drafted.calls);
        let restored = play(&undo, after);
        prop_assert_eq!(judge(&undo_proof(&undo), &restored).outcome, ProofOutcome::Proven);
        prop_assert_eq!(restored, before);
    }
}
