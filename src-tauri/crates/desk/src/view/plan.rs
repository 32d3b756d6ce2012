use firebreak_core::approval::Approval;
use firebreak_core::call::Call;
use firebreak_core::containment::undo_calls;
use firebreak_core::plan::{Plan, ProofRecord};
use firebreak_core::policy::{Freeze, Frozen, Room, Rule, Standing, Verdict, VerdictKind};
use firebreak_core::{AssetId, Direction, EvidenceId, StepState};
use firebreak_engine::{hold, in_the_way};
use firebreak_store::{CallRow, IntentRow, StoredStep};
use firebreak_wire as wire;

/// What a step's view needs beyond the step.
pub(crate) struct StepFacts {
    pub approvals: Vec<Approval>,
    pub undo_approvals: Vec<Approval>,
    pub run: Option<IntentRow>,
    pub undo_run: Option<IntentRow>,
    /// Whether this process is running it now.
    pub running: bool,
    /// Why nothing can be approved or run at all (phase 1, no write credential).
    pub obstacle: Option<String>,
    /// Why no step is to be run any more, where its incident is over. Undoing stays.
    pub over: Option<String>,
    /// What the caps say of running it now.
    pub rooms: Vec<Room>,
    /// The change freezes that are in the way of running it now.
    pub frozen: Vec<Frozen>,
}

pub(crate) fn plan(plan: &Plan, steps: Vec<wire::StepView>, cut: wire::CutView) -> wire::PlanView {
    let model = plan.model.as_deref().map(|model| format!(" + model {model}")).unwrap_or_default();
    wire::PlanView {
        id: plan.id.to_string(),
        proposed_at: plan.proposed_at,
        written_by: format!("playbook {} v{}{model}", plan.playbook, plan.playbook_version),
        matched_because: plan.matched_because.clone(),
        threat: plan.threat.clone(),
        steps,
        cut,
    }
}

pub(crate) fn step(stored: &StoredStep, facts: &StepFacts) -> wire::StepView {
    let step = &stored.step;
    let draft = step.draft.as_ref();
    let calls = draft.map(|draft| draft.calls.as_slice()).unwrap_or_default();
    let undo = match &stored.undo {
        Some(undo) => undo.calls.clone(),
        None => undo_calls(calls),
    };
    wire::StepView {
        id: step.id.to_string(),
        rank: step.rank,
        action: step.action,
        title: step.title(),
        target: step.target.to_string(),
        target_name: step.target_name.clone(),
        account: Some(step.account.clone()),
        region: Some(step.region.clone()),
        parameters: step
            .parameters
            .iter()
            .map(|(name, value)| wire::Parameter { name: name.clone(), value: value.clone() })
            .collect(),
        why: step.why.clone(),
        model_why: step.model_why.clone(),
        model_rank: step.model_rank,
        cites: step.cites.iter().map(EvidenceId::to_string).collect(),
        disruption: draft.map(|draft| draft.disruption.clone()).unwrap_or_default(),
        reversible: draft.is_some_and(|draft| draft.reversible),
        undo_summary: draft.map(|draft| draft.undo_summary.clone()).unwrap_or_default(),
        warnings: draft.map(|draft| draft.warnings.clone()).unwrap_or_default(),
        calls: calls.iter().map(call).collect(),
        undo_calls: undo.iter().map(call).collect(),
        proof_predicate: draft
            .map(|draft| draft.proof.iter().map(|condition| condition.describe()).collect())
            .unwrap_or_default(),
        proof: step.proof.as_ref().map(proof),
        verdict: verdict(&step.verdict.under(&facts.frozen)),
        caps: facts.rooms.iter().map(cap).collect(),
        state: step.state,
        state_note: step.state_note.clone(),
        mandatory: step.mandatory,
        digest: step.subject().map(|subject| subject.digest().to_string()),
        approvals: facts.approvals.iter().map(approval).collect(),
        undo_approvals: facts.undo_approvals.iter().map(approval).collect(),
        read_at: step.read_at,
        can: options(stored, facts),
        run: progress_of(facts.run.as_ref(), facts.running),
        undo_run: progress_of(facts.undo_run.as_ref(), facts.running),
    }
}

fn options(stored: &StoredStep, facts: &StepFacts) -> wire::StepOptions {
    let step = &stored.step;
    let free = facts.obstacle.is_none();
    let needed = match step.verdict.kind {
        VerdictKind::NeedsApproval(needed) => needed,
        VerdictKind::Auto | VerdictKind::Denied => 0,
    };
    let have = u32::try_from(facts.approvals.len()).unwrap_or(u32::MAX);
    let signed = have >= needed && step.verdict.kind != VerdictKind::Denied;
    let untouched = matches!(step.state, StepState::Proposed | StepState::Approved);
    let waiting = untouched && facts.over.is_none();
    let capped = in_the_way(&facts.rooms);
    let frozen = hold(&facts.frozen);
    let open = free && waiting && capped.is_none() && frozen.is_none();
    let sent_something = facts.run.as_ref().is_some_and(|run| {
        run.calls.iter().any(|call| call.outcome.as_deref() == Some("accepted"))
    });
    // A step that only made snapshots has nothing to put back.
    let has_inverse = step.draft.as_ref().is_some_and(|draft| !undo_calls(&draft.calls).is_empty());
    let undoable = free && step.state.can_be_undone() && sent_something && has_inverse;
    let undo_signed = stored.undo.as_ref().is_some_and(|undo| match undo.verdict.kind {
        VerdictKind::Auto => true,
        VerdictKind::NeedsApproval(needed) => facts.undo_approvals.len() >= needed as usize,
        VerdictKind::Denied => false,
    });
    wire::StepOptions {
        approve: open && !signed,
        run: open && signed && (needed > 0 || step.verdict.kind == VerdictKind::Auto),
        reject: waiting,
        undo: undoable && !undo_signed,
        run_undo: undoable && undo_signed,
        cancel: facts.running && matches!(step.state, StepState::Running | StepState::Undoing),
        reconcile: matches!(
            step.state,
            StepState::Unknown | StepState::Dispatched | StepState::Refuted
        ),
        blocked_because: facts
            .obstacle
            .clone()
            .filter(|_| waiting || step.state.can_be_undone())
            .or_else(|| facts.over.clone().filter(|_| untouched))
            .or_else(|| {
                let frozen = frozen.filter(|_| untouched);
                frozen.map(|why| format!("A change freeze is in the way: {why}."))
            })
            .or_else(|| capped.filter(|_| untouched).map(|why| format!("A cap is full: {why}."))),
    }
}

pub(crate) fn call(call: &Call) -> wire::CallView {
    let rendered = call.render();
    wire::CallView {
        operation: rendered.operation.to_owned(),
        subject: rendered.subject,
        details: rendered.details,
        before: rendered.before,
        after: rendered.after,
        disruptive: rendered.disruptive,
    }
}

fn progress_of(intent: Option<&IntentRow>, running: bool) -> Vec<wire::CallProgress> {
    intent
        .map(|intent| {
            let live = running && intent.ended_at.is_none();
            intent.calls.iter().map(|call| progress(call, live)).collect()
        })
        .unwrap_or_default()
}

/// `live` tells a call that is under way from one whose process died.
pub(crate) fn progress(row: &CallRow, live: bool) -> wire::CallProgress {
    let rendered = row.call.render();
    let status = match (row.sending_at, row.outcome.as_deref()) {
        (_, Some("accepted")) => wire::CallStatus::Dispatched,
        // The cloud had nothing to do: shown with its note, and never as something we did.
        (_, Some("already_so")) => wire::CallStatus::NotSent,
        (_, Some("rejected")) => wire::CallStatus::Failed,
        (_, Some(_)) => wire::CallStatus::Unknown,
        (Some(_), None) if live => wire::CallStatus::InFlight,
        (Some(_), None) => wire::CallStatus::Unknown,
        (None, None) if live => wire::CallStatus::Waiting,
        (None, None) => wire::CallStatus::NotSent,
    };
    wire::CallProgress {
        index: u32::try_from(row.position).unwrap_or(u32::MAX),
        operation: rendered.operation.to_owned(),
        subject: rendered.subject,
        status,
        note: row.note.clone(),
        at: row.answered_at.or(row.sending_at),
    }
}

pub(crate) fn proof(record: &ProofRecord) -> wire::ProofView {
    wire::ProofView {
        outcome: record.judgement.outcome,
        read_at: record.read_at,
        checks: record
            .judgement
            .checks
            .iter()
            .map(|check| wire::ProofCheck {
                expectation: check.expectation.clone(),
                observed: check.observed.clone(),
                outcome: check.outcome,
            })
            .collect(),
    }
}

pub(crate) fn verdict(verdict: &Verdict) -> wire::VerdictView {
    let (kind, approvals_needed) = match verdict.kind {
        VerdictKind::Auto => (wire::VerdictKind::Auto, 0),
        VerdictKind::NeedsApproval(needed) => (wire::VerdictKind::NeedsApproval, needed),
        VerdictKind::Denied => (wire::VerdictKind::Denied, 0),
    };
    wire::VerdictView {
        kind,
        approvals_needed,
        rules: verdict.rules.iter().map(rule).collect(),
        policy_version: verdict.policy_version.clone(),
    }
}

pub(crate) fn cap(room: &Room) -> wire::CapView {
    wire::CapView {
        text: room.text.clone(),
        used: room.used,
        limit: room.limit,
        full: room.is_full,
        frees_at: room.frees_at,
        remedy: room.remedy.clone(),
    }
}

pub(crate) fn freeze((freeze, standing): (&Freeze, Standing)) -> wire::FreezeView {
    let (from, until) = match standing {
        Standing::Now { until } => (None, until),
        Standing::Next { from } => (Some(from), None),
        Standing::Past => (None, None),
    };
    wire::FreezeView {
        id: freeze.id.clone(),
        title: freeze.title.clone(),
        reason: freeze.reason.clone(),
        file: freeze.file.clone(),
        when: freeze.when(),
        about: freeze.about(),
        lets_through: freeze.lets_through(),
        in_force: matches!(standing, Standing::Now { .. }),
        from,
        until,
    }
}

pub(crate) fn rule(rule: &Rule) -> wire::RuleView {
    wire::RuleView { id: rule.id.clone(), reason: rule.reason.clone() }
}

pub(crate) fn approval(approval: &Approval) -> wire::ApprovalView {
    let statement = &approval.statement;
    wire::ApprovalView {
        approver: statement.approver.clone(),
        key: key_name(&statement.key),
        at: statement.signed_at,
        expires_at: statement.expires_at,
    }
}

/// The first 16 digits of the SHA-256 of the public key's hex digits: short enough to compare aloud.
pub(crate) fn key_name(key: &str) -> String {
    firebreak_core::canonical::sha256_hex(key.as_bytes()).chars().take(16).collect()
}

pub(crate) fn direction(direction: Direction) -> wire::Direction {
    match direction {
        Direction::Execute => wire::Direction::Execute,
        Direction::Undo => wire::Direction::Undo,
    }
}

pub(crate) fn core_direction(direction: wire::Direction) -> Direction {
    match direction {
        wire::Direction::Execute => Direction::Execute,
        wire::Direction::Undo => Direction::Undo,
    }
}

pub(crate) fn asset_text(id: &AssetId) -> String {
    id.to_string()
}
