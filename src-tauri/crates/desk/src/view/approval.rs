use chrono::{DateTime, Utc};
use firebreak_core::asset::Environment;
use firebreak_core::policy::VerdictKind;
use firebreak_core::ports::Preflight;
use firebreak_engine::ApprovalSheet;
use firebreak_wire as wire;

use super::plan;

pub(crate) fn document(sheet: &ApprovalSheet, account_name: &str, me: &str) -> wire::StepDocument {
    let step = &sheet.step;
    let undo = sheet.subject.direction == firebreak_core::Direction::Undo;
    let verb = if undo { "Undo: " } else { "" };
    let permitted =
        sheet.preflight.iter().filter(|line| line.result == Preflight::Permitted).count();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    wire::StepDocument {
        step: step.id.to_string(),
        direction: plan::direction(sheet.subject.direction),
        title: format!("{verb}{} in {account_name}", step.title()),
        incident_label: sheet.incident_label.clone(),
        rank: step.rank,
        asked_by: me.to_owned(),
        environment: environment(step.environment).to_owned(),
        reversible: sheet.draft.reversible,
        calls: sheet.subject.calls.iter().map(plan::call).collect(),
        breaks: sheet.draft.disruption.clone(),
        undo: sheet.draft.undo_summary.clone(),
        proof: sheet.subject.proof.iter().map(|condition| condition.describe()).collect(),
        warnings: sheet.draft.warnings.clone(),
        policy_version: sheet.verdict.policy_version.clone(),
        rules: sheet.verdict.rules.iter().map(plan::rule).collect(),
        caps: sheet.rooms.iter().map(plan::cap).collect(),
        approvals_needed: match sheet.verdict.kind {
            VerdictKind::NeedsApproval(needed) => needed,
            VerdictKind::Auto | VerdictKind::Denied => 0,
        },
        preflight: preflight(sheet, sheet.preflight_at, count(permitted)),
        signed: sheet.signed.iter().map(plan::approval).collect(),
        signer: me.to_owned(),
        signer_key: sheet.signer_key.as_deref().map(plan::key_name).unwrap_or_default(),
        digest: sheet.subject.digest().to_string(),
        expires_at: sheet.expires_at,
        blocked_because: sheet.blocked.clone(),
    }
}

fn preflight(
    sheet: &ApprovalSheet,
    checked_at: DateTime<Utc>,
    permitted: u32,
) -> wire::PreflightView {
    let lines = sheet
        .preflight
        .iter()
        .map(|line| {
            let (outcome, note) = match &line.result {
                Preflight::Permitted => (wire::PreflightOutcome::Permitted, None),
                Preflight::Refused(why) => (wire::PreflightOutcome::Refused, Some(why.clone())),
                Preflight::Unknown(why) => (wire::PreflightOutcome::Unknown, Some(why.clone())),
            };
            wire::PreflightLine { operation: line.operation.to_owned(), outcome, note }
        })
        .collect::<Vec<_>>();
    wire::PreflightView {
        checked_at,
        permitted,
        total: u32::try_from(lines.len()).unwrap_or(u32::MAX),
        lines,
    }
}

fn environment(environment: Environment) -> &'static str {
    environment.name()
}
