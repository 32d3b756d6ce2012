//! Alerts into findings into incidents, in one transaction with the cursor.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use firebreak_core::audit::Entry;
use firebreak_core::finding::{FindingDraft, FindingKey};
use firebreak_core::incident::label;
use firebreak_core::ports::{Cursor, Normaliser, NotAnAlert, RawAlert};
use firebreak_core::{AlertId, IncidentId, Timestamp, canonical};
use firebreak_store::{IncidentHead, NewAlert, StoreError, Write};
use serde_json::json;
use tokio::task::JoinError;

use crate::engine::fresh;
use crate::intake::{AlertRef, Intake, Taken, Told};
use crate::{Engine, EngineError, EngineEvent, Identity};

/// Alerts stored in one transaction when they come from a file.
const BATCH: usize = 1_000;
/// Fewer are read where they are; handing them to other threads would cost more.
const WORTH_A_THREAD: usize = 32;
/// Alerts that one audit record tells of.
const ALERTS_A_RECORD: usize = 100;

/// What became of alerts.
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
    pub opened: u32,
    /// Known incidents that took something in, counted once a batch.
    pub changed: u32,
    /// Findings that a suppression rule hid.
    pub hidden: u32,
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
    pub progress: Progress<'a>,
    /// Whether an alert says how things are now. A queue and a file may say how they once were.
    pub is_current: bool,
}

/// Whose place in the source's stream the batch moves on, and how far changes are seen then.
pub(crate) enum Progress<'a> {
    None,
    /// Moves only a cursor that still is `from`.
    Poll {
        from: Option<&'a Cursor>,
        to: &'a Cursor,
        seen_until: Option<Timestamp>,
    },
    Backfill(&'a Cursor, Option<Timestamp>),
}

impl Progress<'_> {
    /// The place after the batch.
    pub fn cursor(&self) -> Option<&Cursor> {
        match self {
            Self::None => None,
            Self::Poll { to, .. } | Self::Backfill(to, _) => Some(to),
        }
    }
}

/// An alert, and what its vendor's normaliser made of it.
pub(crate) struct Reading {
    raw: RawAlert,
    sha256: String,
    read: Result<FindingDraft, NotAnAlert>,
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
        let normaliser = self.vendors_normaliser(vendor)?;
        let mut objects = normaliser
            .split(bytes)
            .map_err(|NotAnAlert(problem)| EngineError::Invalid(problem))?
            .into_iter();
        let mut whole = FileReport { report: IngestReport::default(), problems: Vec::new() };
        let source = format!("file:{vendor}");
        let progress = Progress::None;
        let origin = Origin { source: &source, progress, is_current: false };
        let mut next = || {
            let batch: Vec<RawAlert> = objects.by_ref().take(BATCH).collect();
            tokio::spawn(read_all(Arc::clone(&normaliser), batch))
        };
        // One batch is read while the one before it is stored.
        let mut reading = next();
        loop {
            let mut batch = joined(reading.await);
            if batch.is_empty() {
                return Ok(whole);
            }
            reading = next();
            batch.retain(|alert| match &alert.read {
                Ok(_) => true,
                Err(NotAnAlert(problem)) => {
                    whole.problems.push(problem.clone());
                    false
                }
            });
            whole.report.add(&self.store_batch(&origin, batch, who).await?);
        }
    }

    pub(crate) fn vendors_normaliser(
        &self,
        vendor: &str,
    ) -> Result<Arc<dyn Normaliser>, EngineError> {
        self.normalisers.get(vendor).cloned().ok_or_else(|| {
            let known: Vec<&str> = self.normalisers.keys().map(String::as_str).collect();
            EngineError::Invalid(format!(
                "{vendor:?} is not a vendor that is known; known: {}",
                known.join(", ")
            ))
        })
    }

    /// Stores a batch: alerts verbatim, findings, incidents, audit records and the cursor, all or
    /// nothing.
    pub(crate) async fn store_batch(
        &self,
        origin: &Origin<'_>,
        batch: Vec<Reading>,
        who: &Identity,
    ) -> Result<IngestReport, EngineError> {
        let result = self.store_transaction(origin, batch, who).await;
        if let Err(EngineError::Store(error)) = &result {
            self.note_storage(error);
        }
        let (report, taken) = result?;
        let opened: HashSet<&IncidentId> = taken.opened.iter().map(|head| &head.id).collect();
        for incident in &taken.changed {
            let is_new = opened.contains(incident);
            self.emit(EngineEvent::IncidentChanged { incident: incident.clone(), is_new });
        }
        if report.hidden > 0 {
            self.emit(EngineEvent::SuppressionsChanged);
        }
        if !taken.changed.is_empty() || report.unread > 0 || report.hidden > 0 {
            self.emit(EngineEvent::AuditChanged);
        }
        Ok(report)
    }

    async fn store_transaction(
        &self,
        origin: &Origin<'_>,
        batch: Vec<Reading>,
        who: &Identity,
    ) -> Result<(IngestReport, Taken), EngineError> {
        let source = origin.source;
        let now = self.now();
        let received = batch.len();
        let mut write = self.store.write().await?;
        let hashes: Vec<&str> = batch.iter().map(|alert| alert.sha256.as_str()).collect();
        let mut known = write.known_alerts(source, &hashes).await?;
        let (mut alerts, mut read, mut records) = (Vec::new(), Vec::new(), Vec::new());
        let mut seen_before = Vec::new();
        for Reading { raw, sha256, read: finding } in batch {
            if let Some(id) = known.get(&sha256) {
                let id = id.clone();
                seen_before.extend(finding.ok().map(|draft| (draft, AlertRef { id, sha256 })));
                continue;
            }
            let id = AlertId::new(fresh("alr"));
            known.insert(sha256.clone(), id.clone());
            let mut problem = None;
            match finding {
                Ok(draft) => {
                    read.push((draft, AlertRef { id: id.clone(), sha256: sha256.clone() }));
                }
                Err(NotAnAlert(text)) => {
                    records.push(self.not_understood(who, source, &text, &id, &sha256));
                    problem = Some(text);
                }
            }
            alerts.push(NewAlert { id, raw, sha256, problem });
        }
        let back = match origin.is_current {
            true => came_back(&mut write, source, seen_before, &read).await?,
            false => Vec::new(),
        };
        let mut report = IngestReport {
            received: count(received),
            repeated: count(received - alerts.len()),
            unread: count(records.len()),
            ..IngestReport::default()
        };
        let mut taken = Taken::default();
        if !alerts.is_empty() || !back.is_empty() {
            write.put_alerts(source, now, &alerts).await?;
            let drafts = read.iter().chain(&back).map(|(draft, _)| draft);
            let mut intake = Intake::begin(&mut write, source, drafts, now).await?;
            let mut take = |(draft, alert)| intake.take(draft, alert);
            let told: Vec<Told> = read.into_iter().map(&mut take).collect();
            let mut back: Vec<Told> = back.into_iter().map(&mut take).collect();
            back.retain(|told| !told.late);
            taken = intake.finish(&mut write).await?;
            for (kind, told) in [("alerts_stored", told), ("alerts_came_back", back)] {
                let chunks = told.chunks(ALERTS_A_RECORD);
                records.extend(chunks.map(|told| self.alerts_told(who, kind, source, told)));
            }
            report.findings = count(taken.findings);
            report.opened = count(taken.opened.len());
            report.hidden = count(taken.hidden);
            report.changed = count(taken.changed.len() - taken.opened.len());
            records.extend(self.follow_up(&mut write, &mut taken).await?);
            write.audit_all(records).await?;
        }
        match origin.progress {
            Progress::None => {}
            Progress::Poll { from, to, seen_until } => {
                write.move_cursor(source, (from, to), seen_until, now).await?;
            }
            Progress::Backfill(cursor, seen_until) => {
                write.move_backfill(source, cursor, seen_until, report.received).await?;
            }
        }
        write.commit().await?;
        Ok((report, taken))
    }

    fn alerts_told(
        &self,
        who: &Identity,
        kind: &'static str,
        source: &str,
        told: &[Told],
    ) -> Entry {
        let text = match told {
            [one] => format!("{} {} from {source}", one.key.kind, one.key.vendor_id),
            several => format!("{} alerts from {source}", several.len()),
        };
        let alerts: Vec<_> = told
            .iter()
            .map(|told| {
                let mut line = json!({
                    "alert": told.alert.id.as_str(),
                    "sha256": told.alert.sha256,
                    "kind": told.key.kind,
                    "vendor_id": told.key.vendor_id,
                    "finding": told.finding.as_str(),
                    "incident": told.incident,
                });
                if let Some(rule) = &told.hidden_by {
                    line["hidden_by"] = json!(rule);
                }
                line
            })
            .collect();
        self.record(who, kind, source, text, json!({ "alerts": alerts }))
    }

    pub(crate) fn incident_opened(&self, head: &IncidentHead) -> Entry {
        let text = format!("{} opened: {}", label(head.number), head.title);
        let detail = json!({
            "severity": head.severity, "asset": head.asset, "because": head.joined_because,
        });
        self.record(&Identity::firebreak(), "incident_opened", head.id.to_string(), text, detail)
    }

    fn not_understood(
        &self,
        who: &Identity,
        source: &str,
        problem: &str,
        id: &AlertId,
        sha256: &str,
    ) -> Entry {
        let text = format!("stored verbatim but not understood: {problem}");
        let detail = json!({ "alert": id.as_str(), "sha256": sha256 });
        self.record(who, "alert_not_understood", source, text, detail)
    }
}

impl IngestReport {
    /// Adds another batch's numbers.
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.repeated += other.repeated;
        self.unread += other.unread;
        self.findings += other.findings;
        self.opened += other.opened;
        self.changed += other.changed;
        self.hidden += other.hidden;
    }
}

/// Hashes and normalises alerts, on every core and off the threads that wait for the network.
pub(crate) async fn read_all(
    normaliser: Arc<dyn Normaliser>,
    alerts: Vec<RawAlert>,
) -> Vec<Reading> {
    if alerts.len() < WORTH_A_THREAD {
        return read_some(&*normaliser, alerts);
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = alerts.len().div_ceil(cores);
    let mut alerts = alerts.into_iter();
    let mut tasks = Vec::new();
    loop {
        let some: Vec<RawAlert> = alerts.by_ref().take(share).collect();
        if some.is_empty() {
            break;
        }
        let normaliser = Arc::clone(&normaliser);
        tasks.push(tokio::task::spawn_blocking(move || read_some(&*normaliser, some)));
    }
    let mut whole = Vec::new();
    for task in tasks {
        whole.extend(joined(task.await));
    }
    whole
}

fn read_some(normaliser: &dyn Normaliser, alerts: Vec<RawAlert>) -> Vec<Reading> {
    let read = |raw: RawAlert| Reading {
        sha256: canonical::sha256_hex(&raw.body),
        read: normaliser.normalise(&raw),
        raw,
    };
    alerts.into_iter().map(read).collect()
}

/// A panic in a task is a panic here.
fn joined<T>(done: Result<T, JoinError>) -> T {
    done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// Of alerts that were seen before, those that tell of a finding as it once was and is again: reopened
/// without a new time, they have the very bytes they had.
async fn came_back(
    write: &mut Write,
    source: &str,
    seen_before: Vec<(FindingDraft, AlertRef)>,
    fresh: &[(FindingDraft, AlertRef)],
) -> Result<Vec<(FindingDraft, AlertRef)>, StoreError> {
    if seen_before.is_empty() {
        return Ok(seen_before);
    }
    let key = |draft: &FindingDraft| FindingKey::of(source, draft);
    let keys: Vec<FindingKey> = seen_before.iter().map(|(draft, _)| key(draft)).collect();
    let newest = write.newest_alerts(&keys).await?;
    let told: HashSet<FindingKey> = fresh.iter().map(|(draft, _)| key(draft)).collect();
    let is_back = |draft: &FindingDraft, alert: &AlertRef| {
        let key = key(draft);
        !told.contains(&key) && newest.get(&key).is_some_and(|newest| *newest != alert.id)
    };
    Ok(seen_before.into_iter().filter(|(draft, alert)| is_back(draft, alert)).collect())
}

pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
