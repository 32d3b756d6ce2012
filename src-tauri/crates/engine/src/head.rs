//! An incident as its findings make it. Each is taken in so that the order in which they came makes no
//! difference.

use std::collections::BTreeSet;

use firebreak_core::asset::asset_id;
use firebreak_core::correlate::Lead;
use firebreak_core::finding::Finding;
use firebreak_core::{IncidentId, IncidentState, Timestamp};
use firebreak_store::{IncidentHead, IncidentSummary, Member};

/// Technique ids that the queue keeps of an incident.
const MOST_TECHNIQUES: usize = 8;

/// A new incident around its first finding.
pub(crate) fn opened(
    (id, number): (IncidentId, i64),
    finding: &Finding,
    because: String,
    now: Timestamp,
) -> IncidentHead {
    IncidentHead {
        id,
        number,
        title: finding.draft.title.clone(),
        lead: Some(Lead::of(finding)),
        severity: finding.draft.severity,
        state: IncidentState::New,
        asset: asset_id(&finding.source, &finding.draft.resource),
        summary: IncidentSummary::default(),
        findings: 0,
        joined_because: because,
        opened_at: finding.began_at(),
        last_at: finding.began_at(),
        updated_at: now,
    }
}

/// Takes what a finding says into its incident. Severity only ever rises here. `title` is the
/// finding's as it stands, which is not what arrived when that came late.
pub(crate) fn take_in(
    head: &mut IncidentHead,
    lead: Lead,
    arrived: &Finding,
    title: &str,
    now: Timestamp,
) {
    let severity = lead.severity;
    match &mut head.lead {
        Some(known) if known.key == lead.key => {
            known.severity = known.severity.max(lead.severity);
            known.began_at = known.began_at.min(lead.began_at);
            title.clone_into(&mut head.title);
        }
        Some(known) if lead.outranks(known) => {
            *known = lead;
            title.clone_into(&mut head.title);
        }
        None if severity > head.severity => {
            head.lead = Some(lead);
            title.clone_into(&mut head.title);
        }
        Some(_) | None => {}
    }
    head.severity = head.severity.max(severity);
    head.opened_at = head.opened_at.min(arrived.began_at());
    head.last_at = head.last_at.max(arrived.began_at());
    head.updated_at = now;
    summarise(&mut head.summary, arrived);
}

/// The incident as these findings alone make it; number, state and reason stay. With none it keeps
/// what it was called by.
pub(crate) fn rebuild(head: &mut IncidentHead, members: &[Member], now: Timestamp) {
    head.findings = i64::try_from(members.len()).unwrap_or(i64::MAX);
    head.updated_at = now;
    let lead = |member: &Member| Lead { severity: member.worst, ..Lead::of(&member.finding) };
    let order = |member: &&Member| lead(member).order();
    let Some(first) = members.iter().min_by_key(order) else { return };
    let asset = |member: &Member| asset_id(&member.finding.source, &member.finding.draft.resource);
    let own = || members.iter().filter(|member| member.home == head.id);
    // What it was about, it is about as long as a finding of its own says so.
    if head.asset.is_none() || !own().any(|member| asset(member) == head.asset) {
        let named = |member: &&Member| asset(member).is_some();
        let about = own().filter(named).min_by_key(order);
        let about = about.or_else(|| members.iter().filter(named).min_by_key(order));
        head.asset = about.and_then(asset);
    }
    head.lead = Some(lead(first));
    head.title.clone_from(&first.finding.draft.title);
    head.severity = first.worst;
    head.opened_at = first.finding.began_at();
    head.last_at = first.finding.began_at();
    head.summary = IncidentSummary::default();
    for member in members {
        let finding = &member.finding;
        take_in(head, lead(member), finding, &finding.draft.title, now);
    }
}

/// The asset that an incident is about, once a finding names one: a source may tell of an alert
/// first and of its resource later.
pub(crate) fn settle_asset(head: &mut IncidentHead, finding: &Finding) {
    if head.asset.is_none() {
        head.asset = asset_id(&finding.source, &finding.draft.resource);
    }
}

/// What the queue shows. Each is chosen so that the order in which findings came makes no difference.
fn summarise(summary: &mut IncidentSummary, finding: &Finding) {
    fn choose(slot: &mut Option<String>, said: Option<&str>) {
        let Some(said) = said else { return };
        // The shortest says it: `web-7`, not `web-7.acme.internal`.
        let order = |text: &str| (text.len(), text.to_owned());
        if slot.as_deref().is_none_or(|known| order(said) < order(known)) {
            *slot = Some(said.to_owned());
        }
    }
    let resource = &finding.draft.resource;
    choose(&mut summary.asset_name, resource.given_name());
    choose(&mut summary.account, resource.account.as_deref());
    choose(&mut summary.account_name, resource.account_name.as_deref());
    choose(&mut summary.region, resource.region.as_deref());
    let ids = finding.draft.techniques.iter().map(|technique| technique.id.clone());
    include(&mut summary.techniques, ids);
    summary.techniques.truncate(MOST_TECHNIQUES);
    include(&mut summary.sources, [finding.source.clone()]);
}

/// Adds to a sorted list what it has not.
fn include(list: &mut Vec<String>, more: impl IntoIterator<Item = String>) {
    let mut all: BTreeSet<String> = std::mem::take(list).into_iter().collect();
    all.extend(more);
    list.extend(all);
}
