//! Suppression rules, what they hide, and what they would have hidden.

mod lookback;

use firebreak_core::finding::Finding;
use firebreak_core::suppression::{Suppression, Term};
use firebreak_core::{FindingId, Severity, SuppressionId, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::many::insert;
use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

pub use lookback::{Held, Lookback, Witness};

/// A rule, and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionRow {
    /// The rule.
    pub rule: Suppression,
    /// Findings that it ever hid.
    pub hid: u32,
    /// Findings that it hides now.
    pub hides: u32,
    /// When it last began to hide one.
    pub last_hid: Option<Timestamp>,
}

/// How long a rule held before a change, and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermChange {
    /// Which.
    pub rule: SuppressionId,
    /// Before.
    pub before: Term,
    /// After.
    pub after: Term,
}

impl Write {
    /// The rules that are in force.
    pub async fn suppressions_in_force(
        &mut self,
        now: Timestamp,
    ) -> Result<Vec<Suppression>, StoreError> {
        let rows = sqlx::query("SELECT * FROM suppression WHERE NOT ended AND expires_at > ?1")
            .bind(time_text(now))
            .fetch_all(self.connection())
            .await
            .map_err(StoreError::of("reading suppression rules"))?;
        rows.iter().map(suppression).collect()
    }

    /// One rule.
    pub async fn suppression(&mut self, id: &SuppressionId) -> Result<Suppression, StoreError> {
        let row = sqlx::query("SELECT * FROM suppression WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(self.connection())
            .await
            .map_err(StoreError::of("reading a suppression rule"))?
            .ok_or_else(|| Place { table: "suppression", id: id.as_str() }.missing())?;
        suppression(&row)
    }

    /// Adds a rule.
    pub async fn put_suppression(&mut self, rule: &Suppression) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO suppression (id, scope, up_to, reason, made_by, made_at, expires_at, ended)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(rule.id.as_str())
        .bind(json_text(&rule.scope))
        .bind(rule.up_to.name())
        .bind(&rule.reason)
        .bind(&rule.made_by)
        .bind(time_text(rule.made_at))
        .bind(time_text(rule.term.expires_at))
        .bind(rule.term.ended)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("adding a suppression rule"))?;
        Ok(())
    }

    /// Lets rules hold as long as a change says, and records that it does.
    pub async fn put_terms(
        &mut self,
        change: &str,
        terms: &[TermChange],
    ) -> Result<(), StoreError> {
        self.set_terms(terms).await?;
        let into = "INSERT INTO triage_suppression (change, rule, before, after) ";
        insert(self.connection(), "recording a change", (into, ""), terms, |row, one| {
            row.push_bind(change)
                .push_bind(one.rule.as_str())
                .push_bind(json_text(&one.before))
                .push_bind(json_text(&one.after));
        })
        .await
    }

    /// Lets rules hold as long as these say.
    pub async fn set_terms(&mut self, terms: &[TermChange]) -> Result<(), StoreError> {
        for one in terms {
            sqlx::query("UPDATE suppression SET expires_at = ?2, ended = ?3 WHERE id = ?1")
                .bind(one.rule.as_str())
                .bind(time_text(one.after.expires_at))
                .bind(one.after.ended)
                .execute(self.connection())
                .await
                .map_err(StoreError::of("changing a suppression rule"))?;
        }
        Ok(())
    }

    /// Hides findings, each by a rule.
    pub async fn hide(
        &mut self,
        findings: &[(FindingId, SuppressionId)],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let at = time_text(at);
        let statement = (
            "INSERT INTO suppressed_finding (rule, finding, at) ",
            " ON CONFLICT (rule, finding) DO UPDATE SET at = excluded.at, shown_at = NULL",
        );
        insert(self.connection(), "hiding findings", statement, findings, |row, (finding, rule)| {
            row.push_bind(rule.as_str()).push_bind(finding.as_str()).push_bind(&at);
        })
        .await
    }

    /// Lets findings be hidden no more.
    pub async fn show(&mut self, findings: &[&FindingId], at: Timestamp) -> Result<(), StoreError> {
        if findings.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "UPDATE suppressed_finding SET shown_at = ?2
             WHERE shown_at IS NULL AND finding IN (SELECT value FROM json_each(?1))",
        )
        .bind(json_text(&findings))
        .bind(time_text(at))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("showing findings"))?;
        Ok(())
    }

    /// Findings that are hidden by rules no longer in force, oldest first, with those rules.
    pub async fn hidden_too_long(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Finding, SuppressionId)>, StoreError> {
        let rows = sqlx::query(
            "SELECT f.id, f.doc, h.rule FROM suppression s
             JOIN suppressed_finding h ON h.rule = s.id AND h.shown_at IS NULL
             JOIN finding f ON f.id = h.finding
             WHERE s.ended OR s.expires_at <= ?1
             ORDER BY f.began_at, f.id LIMIT ?2",
        )
        .bind(time_text(now))
        .bind(limit)
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("looking for findings to show"))?;
        rows.iter()
            .map(|row| {
                let finding = Place { table: "finding", id: row.get("id") }.json(row.get("doc"))?;
                Ok((finding, SuppressionId::new(row.get::<String, _>("rule"))))
            })
            .collect()
    }
}

impl Store {
    /// Rules with what they did: those in force, soonest to expire first; or all, those in force first.
    pub async fn suppressions(
        &self,
        now: Timestamp,
        all: bool,
    ) -> Result<Vec<SuppressionRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.*,
               (SELECT count(*) FROM suppressed_finding h WHERE h.rule = s.id) AS hid,
               (SELECT count(*) FROM suppressed_finding h
                WHERE h.rule = s.id AND h.shown_at IS NULL) AS hides,
               (SELECT max(at) FROM suppressed_finding h WHERE h.rule = s.id) AS last_hid,
               (NOT s.ended AND s.expires_at > ?1) AS holds
             FROM suppression s WHERE ?2 OR (NOT s.ended AND s.expires_at > ?1)
             ORDER BY holds DESC, iif(holds, s.expires_at, NULL), s.expires_at DESC, s.id LIMIT 1000",
        )
        .bind(time_text(now))
        .bind(all)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("listing suppression rules"))?;
        rows.iter().map(suppression_row).collect()
    }

    /// Whether findings are hidden by rules no longer in force.
    pub async fn hides_too_long(&self, now: Timestamp) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT 1 FROM suppression s WHERE (s.ended OR s.expires_at <= ?1) AND EXISTS (
               SELECT 1 FROM suppressed_finding h WHERE h.rule = s.id AND h.shown_at IS NULL) LIMIT 1",
        )
        .bind(time_text(now))
        .fetch_optional(self.read())
        .await
        .map_err(StoreError::of("looking for findings to show"))?;
        Ok(row.is_some())
    }

    /// What a change altered of rules.
    pub async fn terms_of(&self, change: &str) -> Result<Vec<TermChange>, StoreError> {
        let place = Place { table: "triage_suppression", id: change };
        let rows = sqlx::query(
            "SELECT rule, before, after FROM triage_suppression WHERE change = ?1 ORDER BY rule",
        )
        .bind(change)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading a change"))?;
        rows.iter()
            .map(|row| {
                Ok(TermChange {
                    rule: SuppressionId::new(row.get::<String, _>("rule")),
                    before: place.json(row.get("before"))?,
                    after: place.json(row.get("after"))?,
                })
            })
            .collect()
    }

    /// The rule that hides a finding now.
    pub async fn hidden_by(
        &self,
        finding: &FindingId,
    ) -> Result<Option<SuppressionId>, StoreError> {
        let row = sqlx::query(
            "SELECT rule FROM suppressed_finding WHERE finding = ?1 AND shown_at IS NULL",
        )
        .bind(finding.as_str())
        .fetch_optional(self.read())
        .await
        .map_err(StoreError::of("looking for a finding's rule"))?;
        Ok(row.map(|row| SuppressionId::new(row.get::<String, _>("rule"))))
    }

    /// The newest findings that a rule hides now.
    pub async fn hidden_findings(
        &self,
        rule: &SuppressionId,
        limit: u32,
    ) -> Result<Vec<Finding>, StoreError> {
        let rows = sqlx::query(
            "SELECT f.id, f.doc FROM suppressed_finding h JOIN finding f ON f.id = h.finding
             WHERE h.rule = ?1 AND h.shown_at IS NULL ORDER BY h.at DESC, f.id DESC LIMIT ?2",
        )
        .bind(rule.as_str())
        .bind(limit)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("listing hidden findings"))?;
        rows.iter()
            .map(|row| Place { table: "finding", id: row.get("id") }.json(row.get("doc")))
            .collect()
    }
}

fn suppression(row: &SqliteRow) -> Result<Suppression, StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "suppression", id: &id };
    Ok(Suppression {
        id: SuppressionId::new(&id),
        scope: place.json(row.get("scope"))?,
        up_to: place.word(row.get("up_to"), Severity::from_name)?,
        reason: row.get("reason"),
        made_by: row.get("made_by"),
        made_at: place.time(row.get("made_at"))?,
        term: Term { expires_at: place.time(row.get("expires_at"))?, ended: row.get("ended") },
    })
}

fn suppression_row(row: &SqliteRow) -> Result<SuppressionRow, StoreError> {
    let rule = suppression(row)?;
    let count = |name: &str| u32::try_from(row.get::<i64, _>(name)).unwrap_or(u32::MAX);
    let last_hid = Place { table: "suppressed_finding", id: rule.id.as_str() }
        .maybe_time(row.get("last_hid"))?;
    Ok(SuppressionRow { hid: count("hid"), hides: count("hides"), last_hid, rule })
}
