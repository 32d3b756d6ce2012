//! Taking alerts in, many at once: what a batch may touch is read first, and what it changed is written
//! last, each with few statements.

use std::collections::{BTreeSet, HashMap};

use firebreak_core::asset::Asset;
use firebreak_core::correlate::Lead;
use firebreak_core::finding::{Finding, FindingKey};
use firebreak_core::ports::RawAlert;
use firebreak_core::suppression::rule_of;
use firebreak_core::timeline::Entry;
use firebreak_core::{
    AlertId, AssetId, EvidenceId, FindingId, IncidentId, IncidentState, Severity, SuppressionId,
    Timestamp, asset,
};
use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::context::assets;
use crate::incidents::IncidentSummary;
use crate::many::insert;
use crate::row::{Place, json_text, time_text};
use crate::triage::finding;
use crate::{StoreError, Write};

/// An alert to be stored verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// Ours.
    pub id: AlertId,
    /// As it came.
    pub raw: RawAlert,
    /// Hash of its bytes, hex.
    pub sha256: String,
    /// Why it was not understood.
    pub problem: Option<String>,
}

/// A finding, and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownFinding {
    /// As it stands.
    pub finding: Finding,
    /// The greatest severity it ever had.
    pub worst: Severity,
    /// The incident that it is in.
    pub incident: Option<IncidentId>,
    /// Whose it is by itself: that one, or one that was merged into it.
    pub home: Option<IncidentId>,
    /// The rule that hides it.
    pub hidden_by: Option<SuppressionId>,
}

/// A finding that goes into an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Which.
    pub finding: FindingId,
    /// Into which.
    pub incident: IncidentId,
    /// Whose it is by itself: this one, or one that was merged into it.
    pub home: IncidentId,
    /// Why it goes there, and how sure that is. `None` for the one that opened it.
    pub because: Option<(String, f64)>,
}

/// An incident without its findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentHead {
    /// Which.
    pub id: IncidentId,
    /// Its number.
    pub number: i64,
    /// Untrusted.
    pub title: String,
    /// The finding it is named after. `None` where an earlier version opened it.
    pub lead: Option<Lead>,
    /// The greatest severity of its findings, ever.
    pub severity: Severity,
    /// Where it stands. Not written: taking alerts in moves no incident.
    pub state: IncidentState,
    /// What it is about.
    pub asset: Option<AssetId>,
    /// What the queue shows beside it.
    pub summary: IncidentSummary,
    /// How many findings it has.
    pub findings: i64,
    /// Why they are one incident.
    pub joined_because: String,
    /// When its first finding began.
    pub opened_at: Timestamp,
    /// When its last finding began.
    pub last_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

/// One fact about an incident; two with the same four texts are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Fact {
    /// About which.
    pub incident: IncidentId,
    /// Who says so.
    pub source: String,
    /// When it was so, as it is stored.
    pub at: String,
    /// One line. Untrusted.
    pub text: String,
}

impl Fact {
    /// A fact, with its time as it is stored.
    pub fn new(incident: &IncidentId, source: &str, at: Timestamp, text: &str) -> Self {
        let (source, text) = (source.to_owned(), text.to_owned());
        Self { incident: incident.clone(), source, at: time_text(at), text }
    }
}

/// The facts that are known of some incidents.
#[derive(Debug, Default)]
pub struct KnownFacts {
    /// Of those asked for, the numbers of the ones that are known.
    pub numbers: HashMap<Fact, i64>,
    /// The greatest number of each incident.
    pub last: HashMap<IncidentId, i64>,
}

/// A fact with its number and the hash of the alert that told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedFact {
    /// The fact.
    pub fact: Fact,
    /// Its number within the incident, from 1.
    pub number: i64,
    /// Hex.
    pub sha256: String,
}

impl Write {
    /// Of these hashes, the ones of alerts that a source delivered before, with the alerts' ids.
    pub async fn known_alerts(
        &mut self,
        source: &str,
        hashes: &[&str],
    ) -> Result<HashMap<String, AlertId>, StoreError> {
        let rows = sqlx::query(
            "SELECT a.sha256, a.id FROM json_each(?2) asked
             CROSS JOIN alert a ON a.source = ?1 AND a.sha256 = asked.value",
        )
        .bind(source)
        .bind(json_text(&hashes))
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("looking for alerts"))?;
        let id = |row: &SqliteRow| AlertId::new(row.get::<String, _>("id"));
        Ok(rows.iter().map(|row| (row.get("sha256"), id(row))).collect())
    }

    /// The alert that each of these findings was last read from.
    pub async fn newest_alerts(
        &mut self,
        keys: &[FindingKey],
    ) -> Result<HashMap<FindingKey, AlertId>, StoreError> {
        let rows = sqlx::query(
            "SELECT f.source, f.kind, f.vendor_id, f.alert FROM json_each(?1) asked
             CROSS JOIN finding f ON f.source = asked.value->>'source' AND f.kind = asked.value->>'kind'
               AND f.vendor_id = asked.value->>'vendor_id'",
        )
        .bind(json_text(&keys))
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("looking for the alerts of findings"))?;
        let key = |row: &SqliteRow| FindingKey {
            source: row.get("source"),
            kind: row.get("kind"),
            vendor_id: row.get("vendor_id"),
        };
        let alert = |row: &SqliteRow| AlertId::new(row.get::<String, _>("alert"));
        Ok(rows.iter().map(|row| (key(row), alert(row))).collect())
    }

    /// The findings known under these keys, with the incident that each is in.
    pub async fn known_findings(
        &mut self,
        keys: &[FindingKey],
    ) -> Result<HashMap<FindingKey, KnownFinding>, StoreError> {
        let rows = sqlx::query(
            "SELECT f.id, f.doc, f.worst, i.incident, coalesce(i.home, i.incident) AS home, s.rule
             FROM json_each(?1) asked
             CROSS JOIN finding f ON f.source = asked.value->>'source' AND f.kind = asked.value->>'kind'
               AND f.vendor_id = asked.value->>'vendor_id'
             LEFT JOIN incident_finding i ON i.finding = f.id
             LEFT JOIN suppressed_finding s ON s.finding = f.id AND s.shown_at IS NULL",
        )
        .bind(json_text(&keys))
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("looking for findings"))?;
        rows.iter()
            .map(|row| {
                let (finding, worst) = finding(row)?;
                let incident = row.get::<Option<String>, _>("incident").map(IncidentId::new);
                let home = row.get::<Option<String>, _>("home").map(IncidentId::new);
                let hidden_by = row.get::<Option<String>, _>("rule").map(SuppressionId::new);
                Ok((finding.key(), KnownFinding { finding, worst, incident, home, hidden_by }))
            })
            .collect()
    }

    /// What is known of these assets.
    pub async fn known_assets(
        &mut self,
        ids: &BTreeSet<AssetId>,
    ) -> Result<HashMap<AssetId, Asset>, StoreError> {
        let assets = assets(self.connection(), ids).await?;
        Ok(assets.into_iter().map(|asset| (asset.id.clone(), asset)).collect())
    }

    /// These incidents, without their findings.
    pub async fn incident_heads(
        &mut self,
        ids: &BTreeSet<IncidentId>,
    ) -> Result<Vec<IncidentHead>, StoreError> {
        let rows = sqlx::query(
            "SELECT i.* FROM json_each(?1) asked CROSS JOIN incident i ON i.id = asked.value",
        )
        .bind(json_text(ids))
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("looking for incidents"))?;
        rows.iter().map(head).collect()
    }

    /// The number of the next incident.
    pub async fn next_incident_number(&mut self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT coalesce(max(number), 0) + 1 AS next FROM incident")
            .fetch_one(self.connection())
            .await
            .map_err(StoreError::of("numbering an incident"))?;
        Ok(row.get("next"))
    }

    /// Which of these facts are known, and the last number of each of their incidents.
    pub async fn known_facts(&mut self, facts: &[&Fact]) -> Result<KnownFacts, StoreError> {
        let incidents: BTreeSet<&IncidentId> = facts.iter().map(|fact| &fact.incident).collect();
        let last = sqlx::query(
            "SELECT asked.value AS incident, max(e.number) AS last FROM json_each(?1) asked
             CROSS JOIN evidence e ON e.incident = asked.value GROUP BY 1",
        )
        .bind(json_text(&incidents))
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("counting evidence"))?;
        let known = sqlx::query(
            "SELECT e.incident, e.source, e.at, e.text, e.number FROM json_each(?1) asked
             CROSS JOIN evidence e ON e.incident = asked.value->>'incident'
               AND e.source = asked.value->>'source' AND e.at = asked.value->>'at'
               AND e.text = asked.value->>'text'",
        )
        .bind(json_text(&facts))
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("finding evidence"))?;
        let incident = |row: &SqliteRow| IncidentId::new(row.get::<String, _>("incident"));
        let fact = |row: &SqliteRow| Fact {
            incident: incident(row),
            source: row.get("source"),
            at: row.get("at"),
            text: row.get("text"),
        };
        Ok(KnownFacts {
            numbers: known.iter().map(|row| (fact(row), row.get("number"))).collect(),
            last: last.iter().map(|row| (incident(row), row.get("last"))).collect(),
        })
    }

    /// Stores alerts, none of which the source delivered before, and counts them.
    pub async fn put_alerts(
        &mut self,
        source: &str,
        received_at: Timestamp,
        alerts: &[NewAlert],
    ) -> Result<(), StoreError> {
        let at = time_text(received_at);
        let into = "INSERT INTO alert (id, source, kind, sha256, received_at, problem, body) ";
        insert(self.connection(), "storing alerts", (into, ""), alerts, |row, alert| {
            row.push_bind(alert.id.as_str())
                .push_bind(source)
                .push_bind(&alert.raw.kind)
                .push_bind(&alert.sha256)
                .push_bind(&at)
                .push_bind(&alert.problem)
                .push_bind(&alert.raw.body);
        })
        .await?;
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let unread = alerts.iter().filter(|alert| alert.problem.is_some()).count();
        sqlx::query(
            "INSERT INTO alert_tally (source, hour, alerts, unread) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (source, hour) DO UPDATE SET
               alerts = alerts + excluded.alerts, unread = unread + excluded.unread",
        )
        .bind(source)
        .bind(received_at.timestamp().div_euclid(3600))
        .bind(count(alerts.len()))
        .bind(count(unread))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("counting alerts"))?;
        Ok(())
    }

    /// Stores findings, or their newer versions, each with the greatest severity it ever had.
    pub async fn put_findings(
        &mut self,
        findings: &[(&Finding, Severity)],
    ) -> Result<(), StoreError> {
        let statement = (
            "INSERT INTO finding (id, source, kind, vendor_id, alert, began_at, received_at, asset, rule, worst, doc) ",
            " ON CONFLICT (source, kind, vendor_id) DO UPDATE SET
                alert = excluded.alert, began_at = excluded.began_at, asset = excluded.asset,
                rule = excluded.rule, worst = excluded.worst, doc = excluded.doc",
        );
        insert(
            self.connection(),
            "storing findings",
            statement,
            findings,
            |row, (finding, worst)| {
                let was_worse = *worst > finding.draft.severity;
                let asset = asset::asset_id(&finding.source, &finding.draft.resource);
                row.push_bind(finding.id.as_str())
                    .push_bind(&finding.source)
                    .push_bind(&finding.draft.kind)
                    .push_bind(&finding.draft.vendor_id)
                    .push_bind(finding.alert.as_str())
                    .push_bind(time_text(finding.began_at()))
                    .push_bind(time_text(finding.received_at))
                    .push_bind(asset.as_ref().map(AssetId::as_str))
                    .push_bind(rule_of(&finding.draft))
                    .push_bind(was_worse.then(|| worst.name()))
                    .push_bind(json_text(finding));
            },
        )
        .await
    }

    /// Stores what is known of assets.
    pub async fn put_assets(&mut self, assets: &[&Asset]) -> Result<(), StoreError> {
        let statement =
            ("INSERT INTO asset (id, doc) ", " ON CONFLICT (id) DO UPDATE SET doc = excluded.doc");
        insert(self.connection(), "storing assets", statement, assets, |row, asset| {
            row.push_bind(asset.id.as_str()).push_bind(json_text(asset));
        })
        .await
    }

    /// Opens incidents, and takes over what findings said about known ones. A known one keeps its
    /// state and its owner.
    pub async fn put_incidents(&mut self, heads: &[&IncidentHead]) -> Result<(), StoreError> {
        // In the order of `place`: rows that come in theirs are what FTS5 takes without flushing each.
        let mut heads = heads.to_vec();
        let until = self.acknowledged_within().await?;
        heads.sort_by_key(|head| (head.severity, head.opened_at.timestamp(), head.number));
        let statement = (
            "INSERT INTO incident (id, number, title, lead, severity, severity_rank, state, asset, asset_name,
               account, account_name, region, techniques, sources, finding_count, joined_because, opened_at,
               last_at, updated_at, search, due) ",
            " ON CONFLICT (id) DO UPDATE SET
               title = excluded.title, lead = excluded.lead, severity = excluded.severity,
               severity_rank = excluded.severity_rank, asset = excluded.asset, asset_name = excluded.asset_name,
               account = excluded.account, account_name = excluded.account_name, region = excluded.region,
               techniques = excluded.techniques, sources = excluded.sources,
               finding_count = excluded.finding_count, opened_at = excluded.opened_at,
               last_at = excluded.last_at, updated_at = excluded.updated_at, search = excluded.search",
        );
        insert(self.connection(), "storing incidents", statement, &heads, |row, head| {
            let summary = &head.summary;
            row.push_bind(head.id.as_str())
                .push_bind(head.number)
                .push_bind(&head.title)
                .push_bind(head.lead.as_ref().map(json_text))
                .push_bind(head.severity.name())
                .push_bind(head.severity.rank())
                .push_bind(head.state.name())
                .push_bind(head.asset.as_ref().map(AssetId::as_str))
                .push_bind(&summary.asset_name)
                .push_bind(&summary.account)
                .push_bind(&summary.account_name)
                .push_bind(&summary.region)
                .push_bind(json_text(&summary.techniques))
                .push_bind(json_text(&summary.sources))
                .push_bind(head.findings)
                .push_bind(&head.joined_because)
                .push_bind(time_text(head.opened_at))
                .push_bind(time_text(head.last_at))
                .push_bind(time_text(head.updated_at))
                .push_bind(search_text(head))
                .push_bind(due(head, &until));
        })
        .await
    }

    /// How many minutes there are to take an incident on, by severity.
    async fn acknowledged_within(&mut self) -> Result<HashMap<Severity, i64>, StoreError> {
        let rows = sqlx::query("SELECT severity, acknowledge FROM clock_target")
            .fetch_all(self.connection())
            .await
            .map_err(StoreError::of("reading targets"))?;
        let read = |row: &SqliteRow| {
            let name: String = row.get("severity");
            let place = Place { table: "clock_target", id: &name };
            Ok((place.word(&name, Severity::from_name)?, row.get("acknowledge")))
        };
        rows.iter().map(read).collect()
    }

    /// Puts findings that are in no incident into one.
    pub async fn link_findings(&mut self, links: &[Link]) -> Result<(), StoreError> {
        let into = "INSERT INTO incident_finding (finding, incident, home, because, score) ";
        insert(
            self.connection(),
            "putting findings into incidents",
            (into, ""),
            links,
            |row, link| {
                row.push_bind(link.finding.as_str())
                    .push_bind(link.incident.as_str())
                    .push_bind(Some(link.home.as_str()).filter(|_| link.home != link.incident))
                    .push_bind(link.because.as_ref().map(|(because, _)| because))
                    .push_bind(link.because.as_ref().map(|(_, score)| *score));
            },
        )
        .await
    }

    /// Stores facts that are not known yet.
    pub async fn put_facts(&mut self, facts: &[NumberedFact]) -> Result<(), StoreError> {
        let into = "INSERT INTO evidence (incident, number, source, at, text, sha256) ";
        insert(self.connection(), "storing evidence", (into, ""), facts, |row, numbered| {
            let fact = &numbered.fact;
            row.push_bind(fact.incident.as_str())
                .push_bind(numbered.number)
                .push_bind(&fact.source)
                .push_bind(&fact.at)
                .push_bind(&fact.text)
                .push_bind(&numbered.sha256);
        })
        .await
    }

    /// Adds lines to timelines.
    pub async fn put_timelines(&mut self, lines: &[(IncidentId, Entry)]) -> Result<(), StoreError> {
        let into = "INSERT INTO timeline (incident, at, kind, actor, text, evidence) ";
        insert(
            self.connection(),
            "writing timelines",
            (into, ""),
            lines,
            |row, (incident, entry)| {
                row.push_bind(incident.as_str())
                    .push_bind(time_text(entry.at))
                    .push_bind(entry.kind.name())
                    .push_bind(&entry.actor)
                    .push_bind(&entry.text)
                    .push_bind(entry.evidence.as_ref().map(EvidenceId::as_str));
            },
        )
        .await
    }
}

/// The second in which the time of an incident that is just opened is up. For any other row the
/// triggers of `incident` find it out.
fn due(head: &IncidentHead, until: &HashMap<Severity, i64>) -> Option<i64> {
    let minutes = until.get(&head.severity).filter(|_| head.state == IncidentState::New)?;
    Some(head.opened_at.timestamp() + 60 * minutes)
}

fn head(row: &SqliteRow) -> Result<IncidentHead, StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "incident", id: &id };
    Ok(IncidentHead {
        id: IncidentId::new(&id),
        number: row.get("number"),
        title: row.get("title"),
        lead: place.maybe_json(row.get("lead"))?,
        severity: place.word(row.get("severity"), Severity::from_name)?,
        state: place.word(row.get("state"), IncidentState::from_name)?,
        asset: row.get::<Option<String>, _>("asset").map(AssetId::new),
        summary: IncidentSummary {
            asset_name: row.get("asset_name"),
            account: row.get("account"),
            account_name: row.get("account_name"),
            region: row.get("region"),
            techniques: place.json(row.get("techniques"))?,
            sources: place.json(row.get("sources"))?,
        },
        findings: row.get("finding_count"),
        joined_because: row.get("joined_because"),
        opened_at: place.time(row.get("opened_at"))?,
        last_at: place.time(row.get("last_at"))?,
        updated_at: place.time(row.get("updated_at"))?,
    })
}

/// Lower-case text that the queue's search looks through.
fn search_text(head: &IncidentHead) -> String {
    let summary = &head.summary;
    let mut parts = vec![firebreak_core::incident::label(head.number), head.title.clone()];
    parts.extend(head.asset.as_ref().map(ToString::to_string));
    parts.extend(summary.asset_name.clone());
    parts.extend(summary.account.clone());
    parts.extend(summary.account_name.clone());
    parts.extend(summary.techniques.iter().cloned());
    parts.join(" ").to_lowercase()
}
