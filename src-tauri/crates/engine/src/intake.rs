//! What a batch of alerts changes, worked out in memory between one round of reading and one of writing.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use firebreak_core::asset::{self, Asset};
use firebreak_core::correlate::{Candidate, Lead, Placement, place};
use firebreak_core::finding::{Finding, FindingDraft, FindingKey};
use firebreak_core::suppression::{Suppression, hidden_by};
use firebreak_core::{
    AlertId, AssetId, FindingId, IncidentId, IncidentState, Severity, SuppressionId, Timestamp,
};
use firebreak_store::{IncidentHead, KnownFinding, Link, StoreError, Write};

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
    by_asset: HashMap<AssetId, BTreeSet<IncidentId>>,
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
        let inside = findings.values().filter_map(|known| known.incident.clone()).collect();
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
        let mut known =
            KnownFinding { finding: newest, worst, incident: None, hidden_by: before_hidden };
        let newest = &known.finding;
        known.incident = match self.findings.get(&key).and_then(|known| known.incident.clone()) {
            Some(incident) => {
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
        })
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
        let asset = asset::asset_id(self.source, &finding.draft.resource);
        let on_it = asset.as_ref().and_then(|asset| self.by_asset.get(asset)).into_iter().flatten();
        // Where an incident was merged into another, that one takes in what is about its asset. Each
        // has one home there: itself where it is on the asset, else the first that was merged into it.
        let mut homes: BTreeMap<&IncidentId, &IncidentId> = BTreeMap::new();
        for home in on_it {
            let root = self.incidents[home].root.as_ref().unwrap_or(home);
            homes
                .entry(root)
                .and_modify(|kept| {
                    if home == root {
                        *kept = home
                    }
                })
                .or_insert(home);
        }
        let candidates: Vec<Candidate> = homes
            .keys()
            .map(|root| &self.incidents[*root])
            .map(|head| Candidate {
                incident: head.id.clone(),
                state: head.state,
                first_at: head.opened_at,
                last_at: head.last_at,
            })
            .collect();
        let (incident, home) = match place(finding, asset.as_ref(), &candidates) {
            Placement::Nowhere => return None,
            Placement::Join(incident, _) => {
                let home = homes[&incident].clone();
                if finding.draft.status.is_active() {
                    let title = &finding.draft.title;
                    self.wake(&incident, || format!("a new finding joined: {title}"));
                }
                (incident, home)
            }
            Placement::Open(because) => {
                let id = self.open(finding, because);
                (id.clone(), id)
            }
        };
        let head = self.incidents.get_mut(&incident).expect("a candidate, or opened just now");
        head.findings += 1;
        let link = Link { finding: finding.id.clone(), incident: incident.clone(), home };
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

    /// Lets an incident that is put off stand as before.
    fn wake(&mut self, incident: &IncidentId, why: impl FnOnce() -> String) {
        if self.incidents[incident].state == IncidentState::Snoozed {
            self.woken.entry(incident.clone()).or_insert_with(why);
        }
    }

    fn open(&mut self, finding: &Finding, because: String) -> IncidentId {
        let id = IncidentId::new(fresh("inc"));
        self.keep(head::opened((id.clone(), self.next_number), finding, because, self.now));
        self.next_number += 1;
        self.opened.insert(id.clone());
        id
    }

    /// Takes what a finding says into its incident. `newest` is the finding as it stands, which is
    /// not what arrived when that came late.
    fn extend(&mut self, id: &IncidentId, lead: Lead, arrived: &Finding, newest: &Finding) {
        let head = self.incidents.get_mut(id).expect("every incident of the batch is in it");
        head::take_in(head, lead, arrived, &newest.draft.title, self.now);
        if let Some(asset) = head::settle_asset(head, arrived) {
            self.by_asset.entry(asset.clone()).or_default().insert(id.clone());
        }
        self.changed_incidents.insert(id.clone());
    }
}
