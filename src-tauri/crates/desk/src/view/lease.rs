use firebreak_core::Timestamp;
use firebreak_core::incident::Incident;
use firebreak_core::lease::Lease;
use firebreak_core::plan::Step;
use firebreak_store::LeaseCounts;
use firebreak_wire as wire;

use super::plan;

pub(crate) fn counts(counts: LeaseCounts) -> wire::LeaseCountsView {
    let LeaseCounts { active, broken, due } = counts;
    wire::LeaseCountsView { active, broken, due }
}

pub(crate) fn lease(
    lease: &Lease,
    step: &Step,
    incident: &Incident,
    now: Timestamp,
) -> wire::LeaseView {
    let draft = step.draft.as_ref();
    wire::LeaseView {
        step: lease.step.to_string(),
        incident: wire::IncidentLink { id: incident.id.to_string(), label: incident.label() },
        incident_title: incident.title.clone(),
        incident_state: incident.state,
        title: step.title(),
        target: step.target.to_string(),
        target_name: step.target_name.clone(),
        account: step.account.clone(),
        region: step.region.clone(),
        owner: lease.owner.clone(),
        begun_at: lease.begun_at,
        review_at: lease.review_at,
        is_due: lease.is_due(now),
        standing: lease.standing,
        since: lease.since,
        proved_at: lease.proved_at,
        is_stale: lease.is_stale(now),
        read_at: lease.read_at,
        next_read_at: lease.next_read_at,
        note: lease.note.clone(),
        unread: lease.unread.clone(),
        step_state: step.state,
        step_note: step.state_note.clone(),
        proof: step.proof.as_ref().map(plan::proof),
        disruption: draft.map(|draft| draft.disruption.clone()).unwrap_or_default(),
        undo_summary: draft.map(|draft| draft.undo_summary.clone()),
        end: lease.end.as_ref().map(|end| wire::LeaseEnd {
            at: end.at,
            kind: end.kind,
            reason: end.reason.clone(),
        }),
    }
}
