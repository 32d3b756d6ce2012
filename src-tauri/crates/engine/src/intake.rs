//! What a batch of alerts changes, worked out in memory between one round of reading and one of writing.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use firebreak_core::asset::{self, Asset};
use firebreak_core::correlate::{
    Candidate, Entity, Joined, Lead, Placement, Stretch, candidates, entities, linked, place,
    stretch,
};
use firebreak_core::finding::{Finding, FindingDraft, FindingKey};
use firebreak_core::suppression::{Suppression, hidden_by};
use firebreak_core::{
    AlertId, AssetId, FindingId, IncidentId, IncidentState, Severity, SuppressionId, Timestamp,
};
use firebreak_store::{IncidentHead, KnownFinding, Link, StoreError, Write};

use crate::bridge::Bridge;
use crate::engine::fresh;
use crate::head;
use crate::notes::Notes;

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
    /// The rule that hides it.
    pub hidden_by: Option<SuppressionId>,
    /// Whether a newer version was known.
    pub late: bool,
}

/// A batch being taken in. Everything it may touch is in here.
pub(crate) struct Intake<'a> {
    source: &'a str,
    now: Timestamp,
    next_number: i64,
    findings: HashMap<FindingKey, KnownFinding>,
    assets: HashMap<AssetId, Asset>,
    incidents: HashMap<IncidentId, IncidentHead>,
    /// When incidents name the entities of this batch.
    named: HashMap<String, Vec<Stretch>>,
    /// The same as it is stored, of the entities where that changed.
    named_before: BTreeMap<String, Vec<Stretch>>,
    /// The incident that has the findings of each home that was merged.
    roots: HashMap<IncidentId, IncidentId>,
    bridges: Vec<Bridge>,
    changed_findings: BTreeSet<FindingKey>,
    /// Findings whose older version, just arrived, was worse than any before.
    worse_findings: BTreeSet<FindingKey>,
    changed_assets: BTreeSet<AssetId>,
    changed_incidents: BTreeSet<IncidentId>,
    opened: BTreeSet<IncidentId>,
    links: Vec<Link>,
    notes: Notes,
    /// Rules in force.
    rules: Vec<Suppression>,
    hidden: BTreeMap<FindingId, SuppressionId>,
    /// Findings that were hidden, by this batch or before it, and are not any more.
    shown: BTreeSet<FindingId>,
    /// Incidents that were put off and stand as before, with the reason.
    woken: BTreeMap<IncidentId, String>,
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
    /// Findings that a rule hides from now on.
    pub hidden: usize,
    /// Incidents that are put off no more, with the reason.
    pub woken: BTreeMap<IncidentId, String>,
    /// Incidents that a finding showed to be one.
    pub bridges: Vec<Bridge>,
}

impl<'a> Intake<'a> {
    /// Reads everything that these findings may touch.
    pub async fn begin<'d>(
        write: &mut Write,
        source: &'a str,
        drafts: impl Iterator<Item = &'d FindingDraft>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (mut keys, mut assets, mut names) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut first, mut last) = (now, now);
        for draft in drafts {
            keys.insert(FindingKey::of(source, draft));
            assets.extend(asset::asset_id(source, &draft.resource));
            names.extend(entities(source, draft).into_iter().map(|entity| entity.id));
            let began = draft.created_at.unwrap_or(now);
            (first, last) = (first.min(began), last.max(began));
        }
        let keys: Vec<FindingKey> = keys.into_iter().collect();
        let findings = write.known_findings(&keys).await?;
        // Where no time is given, a finding began when it was first received.
        first = findings.values().map(|known| known.finding.received_at).fold(first, Ord::min);
        let names = names.iter().map(String::as_str).collect();
        let named = write.named(&names, (first, last)).await?;
        let homes = named.stretches.values().flatten().map(|stretch| &stretch.home);
        let roots = homes.map(|home| named.roots.get(home).unwrap_or(home).clone());
        let inside = findings.values().filter_map(|known| known.incident.clone());
        let heads = write.incident_heads(&roots.chain(inside).collect()).await?;
        Ok(Self {
            source,
            now,
            next_number: write.next_incident_number().await?,
            findings,
            assets: write.known_assets(&assets).await?,
            incidents: heads.into_iter().map(|head| (head.id.clone(), head)).collect(),
            named: named.stretches,
            named_before: BTreeMap::new(),
            roots: named.roots,
            bridges: Vec::new(),
            changed_findings: BTreeSet::new(),
            worse_findings: BTreeSet::new(),
            changed_assets: BTreeSet::new(),
            changed_incidents: BTreeSet::new(),
            opened: BTreeSet::new(),
            links: Vec::new(),
            notes: Notes::default(),
            rules: write.suppressions_in_force(now).await?,
            hidden: BTreeMap::new(),
            shown: BTreeSet::new(),
            woken: BTreeMap::new(),
        })
    }

    /// Takes one finding in.
    pub fn take(&mut self, draft: FindingDraft, alert: AlertRef) -> Told {
        let key = FindingKey::of(self.source, &draft);
        let known = self.findings.get(&key).cloned();
        let before = known.as_ref().map(|known| &known.finding);
        let late = before.is_some_and(|before| before.is_newer_than(&draft));
        let arrived = Finding {
            id: before.map_or_else(|| FindingId::new(fresh("fnd")), |before| before.id.clone()),
            source: self.source.to_owned(),
            alert: alert.id.clone(),
            alert_sha256: alert.sha256.clone(),
            received_at: before.map_or(self.now, |before| before.received_at),
            draft,
        };
        let newest = match before {
            Some(before) if late => before.clone(),
            _ => arrived.clone(),
        };
        let severity = arrived.draft.severity;
        let worst = known.as_ref().map_or(severity, |known| known.worst.max(severity));
        if !late {
            self.absorb(&arrived);
            self.changed_findings.insert(key.clone());
        } else if known.as_ref().is_some_and(|known| worst > known.worst) {
            self.worse_findings.insert(key.clone());
        }
        let worsened = known.as_ref().is_some_and(|known| worst > known.worst);
        let before_hidden = known.as_ref().and_then(|known| known.hidden_by.clone());
        let inside = known.as_ref().and_then(|known| known.incident.clone());
        let home = known.as_ref().and_then(|known| known.home.clone());
        let mut known =
            KnownFinding { finding: newest, worst, incident: None, home, hidden_by: before_hidden };
        let newest = &known.finding;
        known.incident = match inside {
            Some(incident) => {
                if newest.draft.status.is_active() {
                    let home = known.home.as_ref().unwrap_or(&incident);
                    self.name_again(&arrived, home, &incident);
                }
                self.extend(&incident, Lead::of(&arrived), &arrived, newest);
                let active = newest.draft.status.is_active();
                let reopened = !late && before.is_some_and(|it| !it.draft.status.is_active());
                if active && (worsened || reopened) {
                    let id = &newest.draft.vendor_id;
                    let what = if worsened { "is worse than before" } else { "is open again" };
                    let source = self.source;
                    self.wake(&incident, || format!("{id} of {source} {what}"));
                }
                self.notes.arrived(&incident, &arrived, before, late);
                Some(incident)
            }
            // What is hidden and turns out to have been worse shows, whichever version came first.
            None if late && !(worsened && known.hidden_by.is_some()) => None,
            None => {
                let incident = self.place(&mut known);
                if let Some(incident) = incident.as_ref().filter(|_| late) {
                    self.extend(incident, Lead::of(&arrived), &arrived, &known.finding);
                    self.notes.arrived(incident, &arrived, before, late);
                }
                incident
            }
        };
        let told = Told {
            alert,
            key: key.clone(),
            finding: arrived.id,
            incident: known.incident.clone(),
            hidden_by: known.hidden_by.clone(),
            late,
        };
        self.findings.insert(key, known);
        told
    }

    /// Shows a finding whose rule ended, unless another hides it or it is over.
    pub fn reveal(&mut self, key: &FindingKey) {
        let Some(mut known) = self.findings.get(key).cloned() else { return };
        if known.incident.is_none() && known.finding.draft.status.is_active() {
            known.incident = self.place(&mut known);
            self.findings.insert(key.clone(), known);
        }
    }

    /// Writes what changed.
    pub async fn finish(self, write: &mut Write) -> Result<Taken, StoreError> {
        let findings: Vec<(&Finding, Severity)> = self
            .changed_findings
            .union(&self.worse_findings)
            .map(|key| (&self.findings[key].finding, self.findings[key].worst))
            .collect();
        write.put_findings(&findings).await?;
        let assets: Vec<&Asset> = self.changed_assets.iter().map(|id| &self.assets[id]).collect();
        write.put_assets(&assets).await?;
        let mut incidents: Vec<&IncidentHead> =
            self.changed_incidents.iter().map(|id| &self.incidents[id]).collect();
        incidents.sort_by_key(|head| head.number);
        write.put_incidents(&incidents).await?;
        write.link_findings(&self.links).await?;
        let (gone, come) = renamed(&self.named_before, &self.named);
        write.rename(&gone, &come).await?;
        let opened =
            incidents.into_iter().filter(|head| self.opened.contains(&head.id)).cloned().collect();
        self.notes.write(write, &self.opened).await?;
        let shown: Vec<&FindingId> = self.shown.iter().chain(self.hidden.keys()).collect();
        write.show(&shown, self.now).await?;
        let hidden = self.hidden.len();
        write.hide(&self.hidden.into_iter().collect::<Vec<_>>(), self.now).await?;
        Ok(Taken {
            findings: self.changed_findings.len(),
            opened,
            changed: self.changed_incidents,
            hidden,
            woken: self.woken,
            bridges: self.bridges,
        })
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

    /// A finding that no incident has yet: hidden where a rule says so.
    fn place(&mut self, known: &mut KnownFinding) -> Option<IncidentId> {
        let finding = &known.finding;
        if let Some(rule) = hidden_by(&self.rules, finding, known.worst) {
            // What is over would have opened nothing, so there is nothing to hide.
            if finding.draft.status.is_active() && known.hidden_by.as_ref() != Some(&rule.id) {
                self.hidden.insert(finding.id.clone(), rule.id.clone());
                known.hidden_by = Some(rule.id.clone());
            }
            return None;
        }
        let names = entities(self.source, &finding.draft);
        let found = self.candidates(&names, finding);
        let with: Vec<Candidate> = found.iter().map(|(candidate, _)| candidate.clone()).collect();
        let active = finding.draft.status.is_active();
        let (incident, home, because) = match place(finding, &names, &with) {
            Placement::Nowhere => return None,
            Placement::Join(joined) => {
                let (first, others) = joined.split_first().expect("it joins something");
                if active {
                    let title = &finding.draft.title;
                    self.wake(&first.incident, || format!("a new finding joined: {title}"));
                    self.bridge(&first.incident, others);
                }
                let at_home = found.iter().find(|(it, _)| it.incident == first.incident);
                let home = at_home.map_or_else(|| first.incident.clone(), |(_, home)| home.clone());
                (first.incident.clone(), home, Some((first.because.clone(), first.score)))
            }
            Placement::Open(because) => {
                let id = self.open(finding, because);
                (id.clone(), id, None)
            }
        };
        if active {
            self.name(&names, &home, finding);
        }
        let head = self.incidents.get_mut(&incident).expect("a candidate, or opened just now");
        head.findings += 1;
        known.home = Some(home.clone());
        let link = Link { finding: finding.id.clone(), incident: incident.clone(), home, because };
        self.links.push(link);
        let lead = Lead { severity: known.worst, ..Lead::of(finding) };
        self.extend(&incident, lead, finding, finding);
        self.notes.arrived(&incident, finding, None, false);
        if known.hidden_by.is_some() {
            self.hidden.remove(&finding.id);
            self.shown.insert(finding.id.clone());
            known.hidden_by = None;
        }
        Some(incident)
    }

    /// What a finding shares with incidents that take findings in, each with the home that the finding
    /// would have there.
    fn candidates(&self, names: &[Entity], finding: &Finding) -> Vec<(Candidate, IncidentId)> {
        let root_of = |home: &IncidentId| self.roots.get(home).unwrap_or(home).clone();
        candidates(names, finding.began_at(), &self.named, root_of)
    }

    /// Keeps what a finding names, so that others find its incident by it.
    fn name(&mut self, names: &[Entity], home: &IncidentId, finding: &Finding) {
        let at = finding.began_at();
        for Entity { id, .. } in names {
            let now = self.named.entry(id.clone()).or_default();
            if now.iter().any(|known| known.home == *home && known.gap(at).is_zero()) {
                continue;
            }
            self.named_before.entry(id.clone()).or_insert_with(|| now.clone());
            stretch(now, home, at);
        }
    }

    /// A new version of a known finding may name more than the one before did.
    fn name_again(&mut self, arrived: &Finding, home: &IncidentId, incident: &IncidentId) {
        let names = entities(self.source, &arrived.draft);
        let found = self.candidates(&names, arrived);
        let with: Vec<Candidate> = found.into_iter().map(|(candidate, _)| candidate).collect();
        let joined = linked(&with);
        // What it was taken out of or kept apart from by a person is not looked at again.
        if self.incidents[incident].state.takes_findings() {
            self.bridge(incident, &joined);
        }
        self.name(&names, home, arrived);
    }

    /// Notes that incidents are one thing happening.
    fn bridge(&mut self, incident: &IncidentId, others: &[Joined]) {
        let others = others.iter().filter(|other| other.incident != *incident);
        self.bridges.extend(others.map(|other| Bridge {
            one: incident.clone(),
            other: other.incident.clone(),
            because: other.because.clone(),
        }));
    }

    /// Lets an incident that is put off stand as before.
    fn wake(&mut self, incident: &IncidentId, why: impl FnOnce() -> String) {
        if self.incidents[incident].state == IncidentState::Snoozed {
            self.woken.entry(incident.clone()).or_insert_with(why);
        }
    }

    fn open(&mut self, finding: &Finding, because: String) -> IncidentId {
        let id = IncidentId::new(fresh("inc"));
        let head = head::opened((id.clone(), self.next_number), finding, because, self.now);
        self.incidents.insert(id.clone(), head);
        self.next_number += 1;
        self.opened.insert(id.clone());
        id
    }

    /// Takes what a finding says into its incident. `newest` is the finding as it stands, which is
    /// not what arrived when that came late.
    fn extend(&mut self, id: &IncidentId, lead: Lead, arrived: &Finding, newest: &Finding) {
        let head = self.incidents.get_mut(id).expect("every incident of the batch is in it");
        head::take_in(head, lead, arrived, &newest.draft.title, self.now);
        head::settle_asset(head, arrived);
        self.changed_incidents.insert(id.clone());
    }
}

/// The stretches that are no more, and those that are new.
type Renamed<'a> = (Vec<(&'a str, Stretch)>, Vec<(&'a str, Stretch)>);

fn renamed<'a>(
    before: &'a BTreeMap<String, Vec<Stretch>>,
    now: &'a HashMap<String, Vec<Stretch>>,
) -> Renamed<'a> {
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for (entity, before) in before {
        let now = &now[entity];
        let lost = before.iter().filter(|old| !now.contains(old));
        gone.extend(lost.map(|old| (entity.as_str(), old.clone())));
        let new = now.iter().filter(|new| !before.contains(new));
        come.extend(new.map(|new| (entity.as_str(), new.clone())));
    }
    (gone, come)
}
