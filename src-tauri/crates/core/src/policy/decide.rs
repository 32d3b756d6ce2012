//! From a question to a verdict: the least number of approvals that Cedar allows.

use cedar_policy::{Decision, PolicyId, Response};

use super::load::Loaded;
use super::request::Prepared;
use super::{MOST_APPROVALS, Principal, Question, Rule, VerdictKind};
use crate::text;

/// The id of the rule behind a denial that no policy gave.
pub(super) const DEFAULT_DENY: &str = "default-deny";
/// The id of the rule behind a denial for an evaluation error.
pub(super) const ERROR: &str = "policy-error";

impl Loaded {
    pub(super) fn decide(
        &self,
        question: &Question,
        freezes: &[String],
    ) -> (VerdictKind, Vec<Rule>) {
        match self.ask(question, freezes) {
            Ok(decided) => decided,
            Err(why) => (VerdictKind::Denied, vec![failed(&why)]),
        }
    }

    fn ask(
        &self,
        question: &Question,
        freezes: &[String],
    ) -> Result<(VerdictKind, Vec<Rule>), String> {
        let prepared = Prepared::new(question, freezes, &self.schema, &self.actions)?;
        let mut forbidding: Vec<PolicyId> = Vec::new();
        for approvals in 0..=MOST_APPROVALS {
            let request = prepared.request(approvals, &self.schema)?;
            let response =
                self.authorizer.is_authorized(&request, &self.policies, &prepared.entities);
            // Cedar skips a policy that fails. A forbid that was skipped must not let through.
            if let Some(error) = response.diagnostics().errors().next() {
                return Err(error.to_string());
            }
            let reasons = sorted(&response);
            if response.decision() == Decision::Allow {
                let kind = if approvals == 0 {
                    VerdictKind::Auto
                } else {
                    VerdictKind::NeedsApproval(approvals)
                };
                return Ok((kind, self.rules_of(forbidding.iter().chain(&reasons))));
            }
            forbidding = reasons;
        }
        if forbidding.is_empty() {
            return Ok((VerdictKind::Denied, vec![default_deny(question)]));
        }
        Ok((VerdictKind::Denied, self.rules_of(forbidding.iter())))
    }

    pub(super) fn rules_behind(&self, response: &Response) -> Vec<Rule> {
        self.rules_of(sorted(response).iter())
    }

    fn rules_of<'a>(&self, ids: impl Iterator<Item = &'a PolicyId>) -> Vec<Rule> {
        ids.map(|id| self.rule(id)).collect()
    }
}

/// What stands behind a denial when a policy could not be evaluated.
pub(super) fn failed(why: &str) -> Rule {
    let reason = format!("the policies could not be evaluated, so it is denied: {why}");
    Rule { id: ERROR.to_owned(), reason: text::line(&reason, text::LINE_CAP) }
}

/// The policies behind a response: the permits of an allow, the forbids of a denial.
fn sorted(response: &Response) -> Vec<PolicyId> {
    let mut ids: Vec<PolicyId> = response.diagnostics().reason().cloned().collect();
    ids.sort();
    ids
}

fn default_deny(question: &Question) -> Rule {
    let Question { action, direction, phase, .. } = question;
    let (who, change) = match &question.principal {
        Principal::Person(_) => ("a person", "a policy that permits it would have to be added"),
        Principal::Automation => (
            "automation",
            "a person must run it, or a policy that permits automation to would have to be added",
        ),
    };
    let reason = format!(
        "no policy permits {who} to {} {action} in phase {phase}, with any number of approvals up to {MOST_APPROVALS}; {change}",
        direction.name(),
    );
    Rule { id: DEFAULT_DENY.to_owned(), reason }
}
