//! A question as Cedar takes it. Everything is built typed and checked against the schema; no
//! text of a question is ever parsed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
    Schema,
};
use chrono::{Datelike, Timelike, Weekday};

use super::{Facts, Phase, Principal, Question};
use crate::plan::Direction;
use crate::{ActionId, AssetId, Environment, Severity, Timestamp};

/// A question without the number of approvals.
pub(super) struct Prepared {
    principal: EntityUid,
    action: EntityUid,
    resource: EntityUid,
    circumstances: Vec<(String, RestrictedExpression)>,
    pub entities: Entities,
}

impl Prepared {
    /// Builds entities and circumstances. The error is in words.
    /// `freezes` are the ids of those that it is in.
    pub fn new(
        question: &Question,
        freezes: &[String],
        schema: &Schema,
        actions: &Entities,
    ) -> Result<Self, String> {
        let principal = match &question.principal {
            Principal::Person(name) => uid("Person", name)?,
            Principal::Automation => uid("Automation", "firebreak")?,
        };
        let action = uid("Action", question.action.name())?;
        let target = asset(&question.target)?;
        let resource = target.uid();
        let entities = actions
            .clone()
            .add_entities(
                [Entity::new_no_attrs(principal.clone(), HashSet::new()), target],
                Some(schema),
            )
            .map_err(|error| error.to_string())?;
        Ok(Self {
            principal,
            action,
            resource,
            circumstances: circumstances(question, freezes)?,
            entities,
        })
    }

    /// The request with a number of approvals. Only the first of a question is checked against the
    /// schema: the others differ in one number.
    pub fn request(&self, approvals: u32, schema: &Schema) -> Result<Request, String> {
        let pairs =
            self.circumstances.iter().cloned().chain([("approvals".to_owned(), long(approvals))]);
        let context = Context::from_pairs(pairs).map_err(|error| error.to_string())?;
        Request::new(
            self.principal.clone(),
            self.action.clone(),
            self.resource.clone(),
            context,
            (approvals == 0).then_some(schema),
        )
        .map_err(|error| error.to_string())
    }
}

/// Whether questions about an action can be asked under a schema, by people and by automation.
pub(super) fn probe(schema: &Schema, action: ActionId) -> Result<(), String> {
    let actions = schema.action_entities().map_err(|error| error.to_string())?;
    for principal in [Principal::Person("probe".to_owned()), Principal::Automation] {
        for environment in [
            Environment::Production,
            Environment::Staging,
            Environment::Development,
            Environment::Unknown,
        ] {
            let question = sample(principal.clone(), action, environment);
            Prepared::new(&question, &["probe".to_owned()], schema, &actions)?
                .request(0, schema)?;
        }
    }
    Ok(())
}

fn sample(principal: Principal, action: ActionId, environment: Environment) -> Question {
    Question {
        principal,
        action,
        direction: Direction::Execute,
        target: Facts {
            id: AssetId::new("probe"),
            environment,
            account: Some("probe".to_owned()),
            region: Some("probe".to_owned()),
            owner: Some("probe".to_owned()),
            tags: BTreeMap::from([("probe".to_owned(), "probe".to_owned())]),
            crown_jewel: false,
        },
        phase: Phase::Triage,
        threat: "probe".to_owned(),
        severity: Severity::Unknown,
        reversible: true,
        mandatory: false,
        model_involved: false,
        calls: 0,
        disruptive_calls: 0,
        at: Timestamp::UNIX_EPOCH,
    }
}

fn asset(facts: &Facts) -> Result<Entity, String> {
    let mut attributes = HashMap::from([
        ("native_id".to_owned(), text(facts.id.as_str())),
        ("environment".to_owned(), member("Environment", facts.environment.name())?),
        ("crown_jewel".to_owned(), RestrictedExpression::new_bool(facts.crown_jewel)),
    ]);
    for (name, value) in
        [("account", &facts.account), ("region", &facts.region), ("owner", &facts.owner)]
    {
        if let Some(value) = value {
            attributes.insert(name.to_owned(), text(value));
        }
    }
    let tags: Vec<_> = facts.tags.iter().map(|(key, value)| (key.clone(), text(value))).collect();
    Entity::new_with_tags(uid("Asset", facts.id.as_str())?, attributes, [], tags)
        .map_err(|error| error.to_string())
}

fn circumstances(
    question: &Question,
    freezes: &[String],
) -> Result<Vec<(String, RestrictedExpression)>, String> {
    let flag = RestrictedExpression::new_bool;
    let pairs = [
        ("phase", long(u32::from(question.phase.number()))),
        ("direction", member("Direction", question.direction.name())?),
        ("threat", text(&question.threat)),
        ("severity", member("Severity", question.severity.name())?),
        ("reversible", flag(question.reversible)),
        ("mandatory", flag(question.mandatory)),
        ("model_involved", flag(question.model_involved)),
        ("calls", long(question.calls)),
        ("disruptive_calls", long(question.disruptive_calls)),
        ("hour", long(question.at.hour())),
        ("weekday", member("Weekday", weekday(question.at))?),
        ("freeze", RestrictedExpression::new_set(freezes.iter().map(|id| text(id)))),
    ];
    Ok(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The name of the day in UTC, as the schema has it.
fn weekday(at: Timestamp) -> &'static str {
    match at.weekday() {
        Weekday::Mon => "monday",
        Weekday::Tue => "tuesday",
        Weekday::Wed => "wednesday",
        Weekday::Thu => "thursday",
        Weekday::Fri => "friday",
        Weekday::Sat => "saturday",
        Weekday::Sun => "sunday",
    }
}

pub(super) fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    let kind = EntityTypeName::from_str(kind).map_err(|error| error.to_string())?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

pub(super) fn member(kind: &str, id: &str) -> Result<RestrictedExpression, String> {
    uid(kind, id).map(RestrictedExpression::new_entity_uid)
}

pub(super) fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

pub(super) fn long(value: u32) -> RestrictedExpression {
    RestrictedExpression::new_long(i64::from(value))
}
