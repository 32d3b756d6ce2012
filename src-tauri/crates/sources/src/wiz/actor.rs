//! Reading who did it.

use firebreak_core::finding::Actor;
use serde_json::Value;

use super::events::{Events, fill};
use crate::fields::{at, id, opaque, text_of, title};
use crate::native;

/// The actor that the first of `people` with a name or id describes, completed from the entries
/// about the same one and from the events. `None` when nobody is named.
pub(super) fn actor(people: &[&Value], events: &Events) -> Option<Actor> {
    let main = people.iter().find(|person| native_id(person).is_some() || name(person).is_some());
    let same = |other: &&&Value| {
        main.is_some_and(|main| {
            let ids = (text_of(at(main, "id")), text_of(at(other, "id")));
            matches!(ids, (Some(a), Some(b)) if a == b)
        })
    };
    let mut actor = Actor::default();
    for person in main.into_iter().chain(people.iter().filter(same)) {
        fill(&mut actor.native_id, native_id(person));
        fill(&mut actor.name, name(person));
        fill(&mut actor.access_key_id, id(at(person, "accessKeyId")));
    }
    fill(&mut actor.native_id, events.actor_arn.as_deref().map(|arn| native::canonical(arn).id));
    fill(&mut actor.name, events.actor_name.as_deref().map(opaque));
    fill(&mut actor.access_key_id, events.access_key_id.as_deref().map(opaque));
    fill(&mut actor.address, events.address.as_deref().map(opaque));
    (actor != Actor::default()).then_some(actor)
}

/// One line about the role the actor took on and the tool they came with.
pub(super) fn manner(person: &Value) -> Vec<String> {
    let role = text_of(at(person, "actingAs.providerUniqueId"))
        .or_else(|| text_of(at(person, "actingAs.name")));
    let mut lines = Vec::new();
    lines.extend(role.map(|role| format!("The actor acts as {role}.")));
    lines.extend(
        text_of(at(person, "userAgent"))
            .map(|agent| format!("The actor's client calls itself {agent}.")),
    );
    lines
}

fn native_id(person: &Value) -> Option<String> {
    let given =
        ["providerUniqueId", "externalId"].iter().filter_map(|path| text_of(at(person, path)));
    let given: Vec<String> = given.collect();
    let best = given.iter().find(|id| native::is_cloud_form(id)).or_else(|| given.first());
    best.map(|id| native::canonical(id).id)
}

fn name(person: &Value) -> Option<String> {
    ["name", "friendlyName", "email"].iter().find_map(|path| title(at(person, path)))
}
