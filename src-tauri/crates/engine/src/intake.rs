//! What a batch of alerts changes, worked out in memory between one round of reading and one of writing.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeSet, HashMap};

use firebreak_core::asset::{self, Asset};
use firebreak_core::correlate::{Candidate, Lead, Placement, place};
use firebreak_core::finding::{Finding, FindingDraft, FindingKey};
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{
    AlertId, AssetId, FindingId, IncidentId, IncidentState, Timestamp, evidence, text,
};
use firebreak_store::{
    Fact, IncidentHead, IncidentSummary, KnownFacts, NumberedFact, StoreError, Write,
};

use crate::engine::fresh;

/// Observations of one finding that become evidence.
const MOST_OBSERVATIONS: usize = 50;
/// Technique ids that the queue keeps of an incident.
const MOST_TECHNIQUES: usize = 8;

/// The alert that a finding came in.
#[derive(Debug, Clone)]
pub(crate) struct AlertRef {
    pub id: AlertId,
    pub sha256: String,
}

/// What one alert became, for the audit log.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub alert: AlertRef,
    pub key: FindingKey,
    pub finding: FindingId,
    pub incident: Option<IncidentId>,
    /// Whether a newer version was known.
    pub late: bool,
}

/// A batch being taken in. Everything it may touch is in here.
pub(crate) struct Intake<'a> {
    source: &'a str,
    now: Timestamp,
    next_number: i64,
    findings: HashMap<FindingKey, (Finding, Option<IncidentId>)>,
    assets: HashMap<AssetId, Asset>,
    incidents: HashMap<IncidentId, IncidentHead>,
    by_asset: HashMap<AssetId, BTreeSet<IncidentId>>,
    changed_findings: BTreeSet<FindingKey>,
    changed_assets: BTreeSet<AssetId>,
    changed_incidents: BTreeSet<IncidentId>,
    opened: BTreeSet<IncidentId>,
    links: Vec<(FindingId, IncidentId)>,
    notes: Vec<Note>,
}

/// A fact of an incident, and the line of the timeline that it makes.
struct Note {
    fact: Fact,
    sha256: String,
    line: Option<Entry>,
    /// Whether the line is left out when the fact is known.
    once: bool,
}

/// What a batch changed, once it is written.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Findings new or changed.
    pub findings: usize,
    /// Incidents opened, by number.
    pub opened: Vec<IncidentHead>,
    /// Incidents that took something in, the opened ones too.
    pub changed: BTreeSet<IncidentId>,
}

impl<'a> Intake<'a> {
    /// Reads everything that these findings may touch.
    pub async fn begin<'d>(
        write: &mut Write,
        source: &'a str,
        drafts: impl Iterator<Item = &'d FindingDraft>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (mut keys, mut assets) = (BTreeSet::new(), BTreeSet::new());
        for draft in drafts {
            keys.insert(FindingKey::of(source, draft));
            assets.extend(asset::asset_id(source, &draft.resource));
        }
        let keys: Vec<FindingKey> = keys.into_iter().collect();
        let findings = write.known_findings(&keys).await?;
        let inside = findings.values().filter_map(|(_, incident)| incident.clone()).collect();
        let heads = write.incident_heads(&assets, &inside).await?;
        let mut intake = Self {
            source,
            now,
            next_number: write.next_incident_number().await?,
            findings,
            assets: write.known_assets(&assets).await?,
            incidents: HashMap::new(),
            by_asset: HashMap::new(),
            changed_findings: BTreeSet::new(),
            changed_assets: BTreeSet::new(),
            changed_incidents: BTreeSet::new(),
            opened: BTreeSet::new(),
            links: Vec::new(),
            notes: Vec::new(),
        };
        for head in heads {
            intake.keep(head);
        }
        Ok(intake)
    }

    /// Takes one finding in.
    pub fn take(&mut self, draft: FindingDraft, alert: AlertRef) -> Told {
        let key = FindingKey::of(self.source, &draft);
        let known = self.findings.get(&key).cloned();
        let late = known.as_ref().is_some_and(|(known, _)| known.is_newer_than(&draft));
        let arrived = Finding {
            id: known
                .as_ref()
                .map_or_else(|| FindingId::new(fresh("fnd")), |(known, _)| known.id.clone()),
            source: self.source.to_owned(),
            alert: alert.id.clone(),
            alert_sha256: alert.sha256.clone(),
            received_at: known.as_ref().map_or(self.now, |(known, _)| known.received_at),
            draft,
        };
        let finding = arrived.id.clone();
        let (known, inside) = known.unzip();
        let newest = match &known {
            Some(known) if late => known.clone(),
            _ => arrived.clone(),
        };
        if !late {
            self.absorb(&arrived);
            self.changed_findings.insert(key.clone());
        }
        let incident = match inside.flatten() {
            Some(incident) => {
                self.extend(&incident, &arrived, &newest);
                self.note(&incident, &arrived, known.as_ref(), late);
                Some(incident)
            }
            None if late => None,
            None => self.place(&arrived),
        };
        self.findings.insert(key.clone(), (newest, incident.clone()));
        Told { alert, key, finding, incident, late }
    }

    /// Writes what changed.
    pub async fn finish(mut self, write: &mut Write) -> Result<Taken, StoreError> {
        let findings: Vec<&Finding> =
            self.changed_findings.iter().map(|key| &self.findings[key].0).collect();
        write.put_findings(&findings).await?;
        let assets: Vec<&Asset> = self.changed_assets.iter().map(|id| &self.assets[id]).collect();
        write.put_assets(&assets).await?;
        let mut incidents: Vec<&IncidentHead> =
            self.changed_incidents.iter().map(|id| &self.incidents[id]).collect();
        incidents.sort_by_key(|head| head.number);
        write.put_incidents(&incidents).await?;
        write.link_findings(&self.links).await?;
        let opened =
            incidents.into_iter().filter(|head| self.opened.contains(&head.id)).cloned().collect();
        let notes = std::mem::take(&mut self.notes);
        self.write_notes(write, notes).await?;
        Ok(Taken { findings: self.changed_findings.len(), opened, changed: self.changed_incidents })
    }

    fn keep(&mut self, head: IncidentHead) {
        if let Some(asset) = &head.asset {
            self.by_asset.entry(asset.clone()).or_default().insert(head.id.clone());
        }
        self.incidents.insert(head.id.clone(), head);
    }

    fn absorb(&mut self, finding: &Finding) {
        let Some(fresh) = Asset::from_resource(self.source, &finding.draft.resource) else {
            return;
        };
        let id = fresh.id.clone();
        match self.assets.entry(id.clone()) {
            Slot::Occupied(mut known) => {
                let before = known.get().clone();
                known.get_mut().absorb(fresh);
                if *known.get() == before {
                    return;
                }
            }
            Slot::Vacant(place) => {
                place.insert(fresh);
            }
        }
        self.changed_assets.insert(id);
    }

    /// A finding that no incident has yet.
    fn place(&mut self, finding: &Finding) -> Option<IncidentId> {
        let asset = asset::asset_id(self.source, &finding.draft.resource);
        let on_it = asset.as_ref().and_then(|asset| self.by_asset.get(asset)).into_iter().flatten();
        let candidates: Vec<Candidate> = on_it
            .map(|id| &self.incidents[id])
            .map(|head| Candidate {
                incident: head.id.clone(),
                state: head.state,
                first_at: head.opened_at,
                last_at: head.last_at,
            })
            .collect();
        let incident = match place(finding, asset.as_ref(), &candidates) {
            Placement::Nowhere => return None,
            Placement::Join(incident, _) => incident,
            Placement::Open(because) => self.open(finding, asset, because),
        };
        let head = self.incidents.get_mut(&incident).expect("a candidate, or opened just now");
        head.findings += 1;
        self.links.push((finding.id.clone(), incident.clone()));
        self.extend(&incident, finding, finding);
        self.note(&incident, finding, None, false);
        Some(incident)
    }

    fn open(&mut self, finding: &Finding, asset: Option<AssetId>, because: String) -> IncidentId {
        let id = IncidentId::new(fresh("inc"));
        self.keep(IncidentHead {
            id: id.clone(),
            number: self.next_number,
            title: finding.draft.title.clone(),
            lead: Some(Lead::of(finding)),
            severity: finding.draft.severity,
            state: IncidentState::New,
            asset,
            summary: IncidentSummary::default(),
            findings: 0,
            joined_because: because,
            opened_at: finding.began_at(),
            last_at: finding.began_at(),
            updated_at: self.now,
        });
        self.next_number += 1;
        self.opened.insert(id.clone());
        id
    }

    /// Takes what a finding says into its incident. Severity only ever rises here. `newest` is the
    /// finding as it stands, which is not what arrived when that came late.
    fn extend(&mut self, id: &IncidentId, arrived: &Finding, newest: &Finding) {
        let head = self.incidents.get_mut(id).expect("every incident of the batch is in it");
        let lead = Lead::of(arrived);
        match &mut head.lead {
            Some(known) if known.key == lead.key => {
                known.severity = known.severity.max(lead.severity);
                known.began_at = known.began_at.min(lead.began_at);
                head.title.clone_from(&newest.draft.title);
            }
            Some(known) if lead.outranks(known) => {
                *known = lead;
                head.title.clone_from(&newest.draft.title);
            }
            None if arrived.draft.severity > head.severity => {
                head.lead = Some(lead);
                head.title.clone_from(&newest.draft.title);
            }
            Some(_) | None => {}
        }
        head.severity = head.severity.max(arrived.draft.severity);
        // A source may tell of an alert first and of its resource later.
        if head.asset.is_none() {
            head.asset = asset::asset_id(self.source, &arrived.draft.resource);
            if let Some(asset) = &head.asset {
                self.by_asset.entry(asset.clone()).or_default().insert(id.clone());
            }
        }
        head.opened_at = head.opened_at.min(arrived.began_at());
        head.last_at = head.last_at.max(arrived.began_at());
        head.updated_at = self.now;
        summarise(&mut head.summary, arrived);
        self.changed_incidents.insert(id.clone());
    }

    /// Evidence and timeline lines of a finding, or of what changed about it.
    fn note(
        &mut self,
        incident: &IncidentId,
        finding: &Finding,
        before: Option<&Finding>,
        late: bool,
    ) {
        let mut note = |at: Timestamp, text: &str, line: Option<Entry>, once: bool| {
            self.notes.push(Note {
                fact: Fact::new(incident, &finding.source, at, text),
                sha256: finding.alert_sha256.clone(),
                line,
                once,
            });
        };
        let line = |at, kind, text| Entry {
            at,
            kind,
            actor: finding.source.clone(),
            text,
            evidence: None,
        };
        let draft = &finding.draft;
        let change = match before {
            None => Some((finding.began_at(), draft.title.clone())),
            Some(before) => changed(before, finding).filter(|_| !late),
        };
        let change = change.map(|(at, text)| line(at, EntryKind::Finding, text));
        note(finding.began_at(), &draft.title, change, false);
        let known = before.map(|before| before.draft.observations.as_slice()).unwrap_or_default();
        let fresh = draft.observations.iter().filter(|seen| !known.contains(seen));
        for seen in fresh.take(MOST_OBSERVATIONS) {
            let at = seen.at.unwrap_or_else(|| finding.began_at());
            let said = text::line(&seen.text, text::LINE_CAP);
            // An issue and its detections tell the same story; once is enough.
            note(at, &said, Some(line(at, EntryKind::Activity, said.clone())), true);
        }
    }

    async fn write_notes(&self, write: &mut Write, notes: Vec<Note>) -> Result<(), StoreError> {
        let old: Vec<&Fact> = notes
            .iter()
            .map(|note| &note.fact)
            .filter(|fact| !self.opened.contains(&fact.incident))
            .collect();
        let KnownFacts { mut numbers, mut last } = match old.is_empty() {
            true => KnownFacts::default(),
            false => write.known_facts(&old).await?,
        };
        let (mut facts, mut lines) = (Vec::new(), Vec::new());
        for Note { fact, sha256, line, once } in notes {
            let incident = fact.incident.clone();
            let (number, is_new) = match numbers.entry(fact.clone()) {
                Slot::Occupied(known) => (*known.get(), false),
                Slot::Vacant(place) => {
                    let last = last.entry(incident.clone()).or_default();
                    *last += 1;
                    facts.push(NumberedFact { fact, number: *last, sha256 });
                    (*place.insert(*last), true)
                }
            };
            if let Some(mut line) = line.filter(|_| is_new || !once) {
                let number = usize::try_from(number).unwrap_or_default();
                line.evidence = Some(evidence::evidence_id(number));
                lines.push((incident, line));
            }
        }
        write.put_facts(&facts).await?;
        write.put_timelines(&lines).await
    }
}

/// What a newer version says differently, for the timeline.
fn changed(before: &Finding, now: &Finding) -> Option<(Timestamp, String)> {
    let draft = &now.draft;
    let (source, id) = (&now.source, &draft.vendor_id);
    if before.draft.status != draft.status {
        let at = draft.status_changed_at.or(draft.updated_at).unwrap_or(now.received_at);
        Some((at, format!("{source} says {id} is now {}", draft.status.name())))
    } else if before.draft.severity != draft.severity {
        let at = draft.updated_at.unwrap_or(now.received_at);
        Some((at, format!("{source} now calls {id} {}", draft.severity.name())))
    } else {
        None
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
