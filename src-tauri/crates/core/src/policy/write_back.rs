//! May this be told to a source? Asked before every write back, by people and by automation.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Decision, Entity, Request, RestrictedExpression, Schema};

use super::load::Loaded;
use super::request::{long, member, text, uid};
use super::{Phase, Policies, Principal, Rule, Verdict, VerdictKind};
use crate::Severity;
use crate::write_back::WriteBackStatus;

/// The id of the rule behind a denial that no policy gave.
const DEFAULT_DENY: &str = "default-deny";

/// One question: may this be written to that source, now?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteBackQuestion {
    /// Who would write.
    pub principal: Principal,
    /// The configured source's name.
    pub source: String,
    /// `wiz`, `prisma`, …
    pub vendor: String,
    /// The workspace's phase.
    pub phase: Phase,
    /// The incident's severity.
    pub severity: Severity,
    /// The status to set; `None` only leaves a comment.
    pub status: Option<WriteBackStatus>,
}

impl Policies {
    /// What policy says of writing to a source: allowed (`Auto`) or denied. Signatures are for what
    /// changes a cloud; nobody signs a comment.
    pub fn decide_write_back(&self, question: &WriteBackQuestion) -> Verdict {
        self.verdict_by(|loaded| loaded.decide_write_back(question))
    }
}

impl Loaded {
    fn decide_write_back(&self, question: &WriteBackQuestion) -> (VerdictKind, Vec<Rule>) {
        match self.ask_write_back(question) {
            Ok(decided) => decided,
            Err(why) => (VerdictKind::Denied, vec![super::decide::failed(&why)]),
        }
    }

    fn ask_write_back(
        &self,
        question: &WriteBackQuestion,
    ) -> Result<(VerdictKind, Vec<Rule>), String> {
        let (request, entities) = prepare(self, question)?;
        let response = self.authorizer.is_authorized(&request, &self.policies, &entities);
        if let Some(error) = response.diagnostics().errors().next() {
            return Err(error.to_string());
        }
        let rules = self.rules_behind(&response);
        Ok(match response.decision() {
            Decision::Allow => (VerdictKind::Auto, rules),
            Decision::Deny if rules.is_empty() => (VerdictKind::Denied, vec![nothing_permits()]),
            Decision::Deny => (VerdictKind::Denied, rules),
        })
    }
}

/// Whether the question can be asked under a schema.
pub(super) fn probe(schema: &Schema) -> Result<(), String> {
    for principal in [Principal::Person("probe".to_owned()), Principal::Automation] {
        let question = WriteBackQuestion {
            principal,
            source: "probe".to_owned(),
            vendor: "probe".to_owned(),
            phase: Phase::Triage,
            severity: Severity::Unknown,
            status: Some(WriteBackStatus::Resolved),
        };
        request(&question, schema)?;
    }
    Ok(())
}

fn prepare(
    loaded: &Loaded,
    question: &WriteBackQuestion,
) -> Result<(Request, cedar_policy::Entities), String> {
    let principal = principal(question)?;
    let attributes = HashMap::from([
        ("name".to_owned(), text(&question.source)),
        ("vendor".to_owned(), text(&question.vendor)),
    ]);
    let source = Entity::new(uid("Source", &question.source)?, attributes, HashSet::new())
        .map_err(|error| error.to_string())?;
    let entities = loaded
        .actions
        .clone()
        .add_entities(
            [Entity::new_no_attrs(principal, HashSet::new()), source],
            Some(&loaded.schema),
        )
        .map_err(|error| error.to_string())?;
    Ok((request(question, &loaded.schema)?, entities))
}

fn request(question: &WriteBackQuestion, schema: &Schema) -> Result<Request, String> {
    let closes =
        matches!(question.status, Some(WriteBackStatus::Resolved | WriteBackStatus::FalsePositive));
    let context = Context::from_pairs([
        ("phase".to_owned(), long(u32::from(question.phase.number()))),
        ("severity".to_owned(), member("Severity", question.severity.name())?),
        ("closes".to_owned(), RestrictedExpression::new_bool(closes)),
    ])
    .map_err(|error| error.to_string())?;
    Request::new(
        principal(question)?,
        uid("Action", "write_back")?,
        uid("Source", &question.source)?,
        context,
        Some(schema),
    )
    .map_err(|error| error.to_string())
}

fn principal(question: &WriteBackQuestion) -> Result<cedar_policy::EntityUid, String> {
    match &question.principal {
        Principal::Person(name) => uid("Person", name),
        Principal::Automation => uid("Automation", "firebreak"),
    }
}

fn nothing_permits() -> Rule {
    Rule {
        id: DEFAULT_DENY.to_owned(),
        reason: "no policy permits writing to this source; a policy that permits the action \
                 write_back would have to be added"
            .to_owned(),
    }
}
