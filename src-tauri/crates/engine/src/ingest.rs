//! Alerts into findings into incidents, in one transaction with the cursor.

use std::collections::BTreeSet;

use firebreak_core::asset::{self, Asset};
use firebreak_core::correlate::{Placement, place};
use firebreak_core::finding::{Finding, FindingDraft, FindingKey};
use firebreak_core::incident::{Incident, label};
use firebreak_core::ports::{Cursor, NotAnAlert, RawAlert};
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{AlertId, FindingId, IncidentId, IncidentState, Timestamp, canonical, text};
use firebreak_store::{IncidentSummary, Write};
use serde_json::json;

use crate::engine::fresh;
use crate::{Engine, EngineError, EngineEvent, Identity};

/// Alerts stored in one transaction when they come from a file.
const BATCH: usize = 500;
/// Observations of one finding that become evidence.
const MOST_OBSERVATIONS: usize = 50;

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngestReport {
    /// Alerts that came.
    pub received: u32,
    /// Of these, the very same bytes known before.
    pub repeated: u32,
    /// Stored verbatim but not understood.
    pub unread: u32,
    /// Findings new or changed.
    pub findings: u32,
    /// Incidents opened.
    pub opened: Vec<IncidentId>,
    /// Incidents that took something in.
    pub changed: BTreeSet<IncidentId>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// What became of its alerts.
    pub report: IngestReport,
    /// Objects in it that are no alerts, in words.
    pub problems: Vec<String>,
}

/// Where a batch came from, and where to go on after it.
pub(crate) struct Origin<'a> {
    pub source: &'a str,
    pub vendor: &'a str,
    pub progress: Progress<'a>,
}

/// Whose place in the source's stream the batch moves on, and how far changes are seen then.
pub(crate) enum Progress<'a> {
    None,
    Poll(&'a Cursor, Option<Timestamp>),
    Backfill(&'a Cursor, Option<Timestamp>),
}

impl Engine {
    /// Takes alert payloads from a file or message.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when the vendor is not known or the bytes are no JSON at all; single
    /// objects that are no alerts are in the report instead.
    pub async fn ingest_file(
        &self,
        vendor: &str,
        bytes: &[u8],
        who: &Identity,
    ) -> Result<FileReport, EngineError> {
        let normaliser = self.normalisers.get(vendor).ok_or_else(|| {
            let known: Vec<&str> = self.normalisers.keys().map(String::as_str).collect();
            EngineError::Invalid(format!(
                "{vendor:?} is not a vendor that is known; known: {}",
                known.join(", ")
            ))
        })?;
        let objects =
            normaliser.split(bytes).map_err(|NotAnAlert(problem)| EngineError::Invalid(problem))?;
        let mut whole = FileReport { report: IngestReport::default(), problems: Vec::new() };
        let mut alerts = Vec::new();
        for object in objects {
            match normaliser.normalise(&object) {
                Ok(_) => alerts.push(object),
                Err(NotAnAlert(problem)) => whole.problems.push(problem),
            }
        }
        let source = format!("file:{vendor}");
        for batch in alerts.chunks(BATCH) {
            let report = self
                .ingest(&Origin { source: &source, vendor, progress: Progress::None }, batch, who)
                .await?;
            whole.report.add(report);
        }
        Ok(whole)
    }

    /// Stores a batch: alerts verbatim, findings, incidents, audit records and the cursor, all or
    /// nothing.
    pub(crate) async fn ingest(
        &self,
        origin: &Origin<'_>,
        alerts: &[RawAlert],
        who: &Identity,
    ) -> Result<IngestReport, EngineError> {
        let result = self.ingest_transaction(origin, alerts, who).await;
        if let Err(EngineError::Store(error)) = &result {
            self.note_storage(error);
        }
        let report = result?;
        for incident in &report.changed {
            let is_new = report.opened.contains(incident);
            self.emit(EngineEvent::IncidentChanged { incident: incident.clone(), is_new });
        }
        if !report.changed.is_empty() || report.unread > 0 {
            self.emit(EngineEvent::AuditChanged);
        }
        Ok(report)
    }

    async fn ingest_transaction(
        &self,
        origin: &Origin<'_>,
        alerts: &[RawAlert],
        who: &Identity,
    ) -> Result<IngestReport, EngineError> {
        let normaliser = self.normalisers.get(origin.vendor).ok_or_else(|| {
            EngineError::Invalid(format!("{:?} is not a vendor that is known", origin.vendor))
        })?;
        let now = self.now();
        let mut report = IngestReport::default();
        let mut write = self.store.write().await?;
        for raw in alerts {
            report.received += 1;
            let sha256 = canonical::sha256_hex(&raw.body);
            let read = normaliser.normalise(raw);
            let problem = read.as_ref().err().map(ToString::to_string);
            let id = AlertId::new(fresh("alr"));
            if !write.put_alert(&id, origin.source, raw, &sha256, now, problem.as_deref()).await? {
                report.repeated += 1;
                continue;
            }
            match read {
                Ok(draft) => {
                    let stored = AlertRef { id, sha256, at: now };
                    self.take_finding(&mut write, origin.source, draft, stored, who, &mut report)
                        .await?;
                }
                Err(problem) => {
                    report.unread += 1;
                    let text = format!("stored verbatim but not understood: {problem}");
                    let detail = json!({ "alert": id.as_str(), "sha256": sha256 });
                    write
                        .audit(self.record(
                            who,
                            "alert_not_understood",
                            origin.source,
                            text,
                            detail,
                        ))
                        .await?;
                }
            }
        }
        match origin.progress {
            Progress::None => {}
            Progress::Poll(cursor, seen_until) => {
                write.move_cursor(origin.source, cursor, seen_until, now).await?;
            }
            Progress::Backfill(cursor, seen_until) => {
                write.move_backfill(origin.source, cursor, seen_until, report.received).await?;
            }
        }
        write.commit().await?;
        Ok(report)
    }

    async fn take_finding(
        &self,
        write: &mut Write,
        source: &str,
        draft: FindingDraft,
        alert: AlertRef,
        who: &Identity,
        report: &mut IngestReport,
    ) -> Result<(), EngineError> {
        let key = FindingKey {
            source: source.to_owned(),
            kind: draft.kind.clone(),
            vendor_id: draft.vendor_id.clone(),
        };
        let known = write.finding_by_key(&key).await?;
        let id = known
            .as_ref()
            .map_or_else(|| FindingId::new(fresh("fnd")), |(finding, _)| finding.id.clone());
        let finding = Finding {
            id,
            source: source.to_owned(),
            alert: alert.id,
            alert_sha256: alert.sha256,
            received_at: known.as_ref().map_or(alert.at, |(finding, _)| finding.received_at),
            draft,
        };
        write.put_finding(&finding).await?;
        report.findings += 1;
        let asset = match Asset::from_resource(source, &finding.draft.resource) {
            Some(asset) => Some(write.absorb_asset(asset).await?),
            None => None,
        };
        let incident = match known.and_then(|(before, incident)| Some((before, incident?))) {
            Some((before, incident)) => {
                self.update_incident(write, &incident, &finding, Some(&before)).await?;
                Some((incident, false))
            }
            None => self.place_finding(write, &finding, asset.as_ref()).await?,
        };
        let subject =
            incident.as_ref().map_or_else(|| finding.id.to_string(), |(id, _)| id.to_string());
        let text = format!("{} {} from {source}", finding.draft.kind, finding.draft.vendor_id);
        let detail = json!({
            "alert": finding.alert.as_str(),
            "finding": finding.id.as_str(),
            "sha256": finding.alert_sha256,
            "severity": finding.draft.severity,
            "status": finding.draft.status,
        });
        write.audit(self.record(who, "alert_stored", subject, text, detail)).await?;
        if let Some((incident, opened)) = incident {
            if opened {
                report.opened.push(incident.clone());
            }
            report.changed.insert(incident);
        }
        Ok(())
    }

    async fn place_finding(
        &self,
        write: &mut Write,
        finding: &Finding,
        asset: Option<&Asset>,
    ) -> Result<Option<(IncidentId, bool)>, EngineError> {
        let candidates = match asset {
            Some(asset) => write.candidates(&asset.id).await?,
            None => Vec::new(),
        };
        match place(finding, asset.map(|asset| &asset.id), &candidates) {
            Placement::Nowhere => Ok(None),
            Placement::Join(incident, _) => {
                write.link_finding(&incident, &finding.id).await?;
                self.update_incident(write, &incident, finding, None).await?;
                Ok(Some((incident, false)))
            }
            Placement::Open(because) => {
                let incident = self.open_incident(write, finding, because).await?;
                Ok(Some((incident, true)))
            }
        }
    }

    async fn open_incident(
        &self,
        write: &mut Write,
        finding: &Finding,
        because: String,
    ) -> Result<IncidentId, EngineError> {
        let number = write.next_incident_number().await?;
        let incident = Incident {
            id: IncidentId::new(fresh("inc")),
            number,
            title: finding.draft.title.clone(),
            severity: finding.draft.severity,
            state: IncidentState::New,
            owner: None,
            asset: asset::asset_id(&finding.source, &finding.draft.resource),
            findings: vec![finding.id.clone()],
            joined_because: because,
            opened_at: finding.began_at(),
            updated_at: self.now(),
        };
        let summary = summarise(IncidentSummary::default(), finding);
        write.put_incident(&incident, &summary, finding.began_at()).await?;
        write.link_finding(&incident.id, &finding.id).await?;
        note_finding(write, &incident.id, finding, None).await?;
        let text = format!("{} opened: {}", label(number), incident.title);
        let detail = json!({ "severity": incident.severity, "asset": incident.asset, "because": incident.joined_because });
        write
            .audit(self.record(
                &Identity::firebreak(),
                "incident_opened",
                incident.id.to_string(),
                text,
                detail,
            ))
            .await?;
        Ok(incident.id)
    }

    /// Takes a new or changed finding into an incident. Severity only ever rises here.
    async fn update_incident(
        &self,
        write: &mut Write,
        id: &IncidentId,
        finding: &Finding,
        before: Option<&Finding>,
    ) -> Result<(), EngineError> {
        let (mut incident, summary, last_at) = write.incident(id).await?;
        if finding.draft.severity > incident.severity {
            incident.severity = finding.draft.severity;
            incident.title.clone_from(&finding.draft.title);
        }
        // A source may tell of an alert first and of its resource later.
        if incident.asset.is_none() {
            incident.asset = asset::asset_id(&finding.source, &finding.draft.resource);
        }
        incident.opened_at = incident.opened_at.min(finding.began_at());
        incident.updated_at = self.now();
        let summary = summarise(summary, finding);
        write.put_incident(&incident, &summary, last_at.max(finding.began_at())).await?;
        note_finding(write, id, finding, before).await
    }
}

struct AlertRef {
    id: AlertId,
    sha256: String,
    at: Timestamp,
}

impl IngestReport {
    /// Adds another batch's numbers.
    pub fn add(&mut self, other: Self) {
        self.received += other.received;
        self.repeated += other.repeated;
        self.unread += other.unread;
        self.findings += other.findings;
        self.opened.extend(other.opened);
        self.changed.extend(other.changed);
    }
}

/// Evidence and timeline lines of a finding, or of what changed about it.
async fn note_finding(
    write: &mut Write,
    incident: &IncidentId,
    finding: &Finding,
    before: Option<&Finding>,
) -> Result<(), EngineError> {
    let draft = &finding.draft;
    let sha256 = &finding.alert_sha256;
    let (evidence, _) = write
        .put_evidence(incident, &finding.source, finding.began_at(), &draft.title, sha256)
        .await?;
    let line = match before {
        None => Some((finding.began_at(), draft.title.clone())),
        Some(before) if before.draft.status != draft.status => {
            let at = draft.status_changed_at.or(draft.updated_at).unwrap_or(finding.received_at);
            Some((
                at,
                format!(
                    "{} says {} is now {}",
                    finding.source,
                    draft.vendor_id,
                    draft.status.name()
                ),
            ))
        }
        Some(before) if before.draft.severity != draft.severity => Some((
            draft.updated_at.unwrap_or(finding.received_at),
            format!("{} now calls {} {}", finding.source, draft.vendor_id, draft.severity.name()),
        )),
        Some(_) => None,
    };
    if let Some((at, text)) = line {
        let actor = finding.source.clone();
        let entry = Entry { at, kind: EntryKind::Finding, actor, text, evidence: Some(evidence) };
        write.put_timeline(incident, &entry).await?;
    }
    let known = before.map(|before| before.draft.observations.as_slice()).unwrap_or_default();
    for seen in
        draft.observations.iter().filter(|seen| !known.contains(seen)).take(MOST_OBSERVATIONS)
    {
        let at = seen.at.unwrap_or_else(|| finding.began_at());
        let line = text::line(&seen.text, text::LINE_CAP);
        let (evidence, is_new) =
            write.put_evidence(incident, &finding.source, at, &line, sha256).await?;
        // An issue and its detections tell the same story; once is enough.
        if !is_new {
            continue;
        }
        let actor = finding.source.clone();
        let entry =
            Entry { at, kind: EntryKind::Activity, actor, text: line, evidence: Some(evidence) };
        write.put_timeline(incident, &entry).await?;
    }
    Ok(())
}

fn summarise(mut summary: IncidentSummary, finding: &Finding) -> IncidentSummary {
    let resource = &finding.draft.resource;
    let fill = |slot: &mut Option<String>, value: &Option<String>| {
        if slot.is_none() {
            slot.clone_from(value);
        }
    };
    fill(&mut summary.asset_name, &resource.given_name().map(str::to_owned));
    fill(&mut summary.account, &resource.account);
    fill(&mut summary.account_name, &resource.account_name);
    fill(&mut summary.region, &resource.region);
    for technique in &finding.draft.techniques {
        if !summary.techniques.contains(&technique.id) && summary.techniques.len() < 8 {
            summary.techniques.push(technique.id.clone());
        }
    }
    if !summary.sources.contains(&finding.source) {
        summary.sources.push(finding.source.clone());
    }
    summary
}
