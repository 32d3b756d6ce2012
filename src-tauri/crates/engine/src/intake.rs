//! What a batch of alerts changes, worked out in memory between one round of reading and one of writing.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use firebreak_core::asset::{self, Asset};
use firebreak_core::correlate::{Candidate, Lead, Placement, place};
use firebreak_core::finding::{Finding, FindingDraft, FindingKey};
use firebreak_core::{AlertId, AssetId, FindingId, IncidentId, Severity, Timestamp};
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
        let incident = match known.as_ref().and_then(|known| known.incident.clone()) {
            Some(incident) => {
                self.extend(&incident, &arrived, &newest);
                self.notes.arrived(&incident, &arrived, before, late);
                Some(incident)
            }
            None if late => None,
            None => self.place(&arrived),
        };
        let finding = arrived.id;
        let known = KnownFinding { finding: newest, worst, incident: incident.clone() };
        self.findings.insert(key.clone(), known);
        Told { alert, key, finding, incident, late }
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
        self.extend(&incident, finding, finding);
        self.notes.arrived(&incident, finding, None, false);
        Some(incident)
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
    fn extend(&mut self, id: &IncidentId, arrived: &Finding, newest: &Finding) {
        let head = self.incidents.get_mut(id).expect("every incident of the batch is in it");
        head::take_in(head, Lead::of(arrived), arrived, &newest.draft.title, self.now);
        if let Some(asset) = head::settle_asset(head, arrived) {
            self.by_asset.entry(asset.clone()).or_default().insert(id.clone());
        }
        self.changed_incidents.insert(id.clone());
    }
}
