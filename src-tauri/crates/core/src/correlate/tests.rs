mod facts;

use std::collections::HashMap;

use chrono::{Duration, TimeZone, Utc};
use proptest::prelude::*;

use super::*;
use crate::finding::{Actor, Resource};

fn named(actor: Actor) -> Vec<(Role, String)> {
    let resource = Resource {
        native_id: Some("i-0aaaaaaaaaaaaaaaa".to_owned()),
        vendor_id: Some("7c1".to_owned()),
        ..Resource::default()
    };
    let named = entity::of("wiz", &resource, Some(&actor));
    named.into_iter().map(|entity| (entity.role, entity.id)).collect()
}

fn by(native_id: &str) -> Vec<(Role, String)> {
    let mut named = named(Actor { native_id: Some(native_id.to_owned()), ..Actor::default() });
    named.retain(|(role, _)| *role != Role::Asset);
    named
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_finding_names_what_it_is_about_and_who_did_it() {
    let actor = Actor {
        native_id: text("arn:aws:iam::1:user/ana"),
        name: text("ana"),
        access_key_id: text("AKIA1"),
        address: text("::ffff:198.51.100.7"),
    };
    let all = [
        (Role::Asset, "i-0aaaaaaaaaaaaaaaa"),
        (Role::Asset, "wiz:7c1"),
        (Role::Credential, "AKIA1"),
        (Role::Actor, "arn:aws:iam::1:user/ana"),
        (Role::Address, "198.51.100.7"),
    ];
    assert_eq!(named(actor), all.map(|(role, id)| (role, id.to_owned())));
}

#[test]
fn what_many_share_links_nobody() {
    assert_eq!(by("arn:aws:iam::1:role/ci"), []);
    assert_eq!(by("arn:aws:sts::1:assumed-role/ci/"), []);
    assert_eq!(by(""), []);
    for address in ["10.1.2.3", "172.16.0.1", "127.0.0.1", "100.64.0.9", "fe80::1", "fd00::1", "x"]
    {
        let actor = Actor { address: text(address), ..Actor::default() };
        assert!(named(actor).iter().all(|(role, _)| *role == Role::Asset), "{address}");
    }
}

#[test]
fn an_instances_session_is_the_instance() {
    let session = "arn:aws:sts::1:assumed-role/web/i-0bbbbbbbbbbbbbbbb";
    assert_eq!(by(session), [(Role::Actor, "i-0bbbbbbbbbbbbbbbb".to_owned())]);
    let person = "arn:aws:sts::1:assumed-role/admin/ana@acme.example";
    assert_eq!(by(person), [(Role::Actor, person.to_owned())]);
    let own = "arn:aws:sts::1:assumed-role/web/i-0aaaaaaaaaaaaaaaa";
    assert_eq!(by(own), [], "what it is about already, it names once");
}

fn at(hours: i64) -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 22, 0, 0, 0).unwrap() + Duration::hours(hours)
}

fn shared(role: Role, hours: i64) -> Shared {
    let entity = Entity { role, id: format!("{role:?}") };
    Shared { entity, apart: Duration::hours(hours) }
}

#[test]
fn an_address_supports_and_is_not_enough() {
    let candidate = |shared: Vec<Shared>| Candidate { incident: IncidentId::new("inc_a"), shared };
    assert!(linked(&[candidate(vec![shared(Role::Address, 0)])]).is_empty());
    let actor = linked(&[candidate(vec![shared(Role::Actor, 1)])]);
    let both = linked(&[candidate(vec![shared(Role::Actor, 1), shared(Role::Address, 1)])]);
    assert!(both[0].score > actor[0].score && both[0].score < 1.0);
    assert_eq!(both[0].because, "shares actor Actor and address Address, 1 h apart");
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Asset), Just(Role::Credential), Just(Role::Actor), Just(Role::Address)]
}

proptest! {
    /// More that is shared, or nearer, never makes a link weaker.
    #[test]
    fn a_score_rises_with_what_is_shared(
        some in prop::collection::vec((role(), 0..=24_i64), 0..5), more in role(), hours in 0..24_i64,
    ) {
        let mut all: Vec<Shared> = some.into_iter().map(|(role, gap)| shared(role, gap)).collect();
        let before = score(&all);
        all.push(shared(more, hours + 1));
        let far = score(&all);
        all.last_mut().unwrap().apart = Duration::hours(hours);
        prop_assert!((0.0..=1.0).contains(&before) && before <= far && far <= score(&all));
    }

    /// A stretch links what its findings would link, one by one.
    #[test]
    fn stretches_link_what_findings_would(
        came in prop::collection::vec((0..3_u8, 0..200_i64), 1..20), asked in 0..200_i64,
    ) {
        let mut stretches = Vec::new();
        for (home, hours) in &came {
            stretch(&mut stretches, &IncidentId::new(format!("inc_{home}")), at(*hours));
        }
        let name = Entity { role: Role::Asset, id: "i-1".to_owned() };
        let known = HashMap::from([(name.id.clone(), stretches)]);
        let found = candidates(&[name], at(asked), &known, Clone::clone);
        let mut found: Vec<String> =
            found.into_iter().map(|(candidate, _)| candidate.incident.to_string()).collect();
        found.sort();
        let near = came.iter().filter(|(_, hours)| (hours - asked).abs() <= WINDOW_HOURS);
        let mut expected: Vec<String> = near.map(|(home, _)| format!("inc_{home}")).collect();
        expected.sort();
        expected.dedup();
        prop_assert_eq!(found, expected);
    }
}
