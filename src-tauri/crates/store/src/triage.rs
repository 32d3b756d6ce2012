//! Triage changes: how incidents stand, what changes altered, and whose findings are whose.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use firebreak_core::finding::Finding;
use firebreak_core::triage::{Cause, MOST_SNOOZED_DAYS, Snooze, Standing};
use firebreak_core::{FindingId, HandoverId, IncidentId, IncidentState, Severity, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};

use crate::many::insert;
use crate::row::{Place, json_text, time_text};
use crate::{Fact, Store, StoreError, Write};

/// How an incident stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// Which.
    pub incident: IncidentId,
    /// Its number.
    pub number: i64,
    /// How.
    pub standing: Standing,
    /// The incident that has its findings; itself unless it is merged.
    pub root: IncidentId,
}

impl Stand {
    /// The change that lets it stand so.
    pub fn altered(&self, after: Standing) -> Altered {
        Altered { incident: self.incident.clone(), before: self.standing.clone(), after }
    }
}

/// How an incident stood before a change, and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered {
    /// Which.
    pub incident: IncidentId,
    /// Before.
    pub before: Standing,
    /// After.
    pub after: Standing,
}

/// A finding that went from one incident to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocated {
    /// Which.
    pub finding: FindingId,
    /// Whose it was.
    pub before: IncidentId,
    /// Whose it became.
    pub after: IncidentId,
}

/// A change that people made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// `chg_` and a UUIDv7.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// In words: `closed: scanner`.
    pub text: String,
    /// How many incidents it altered.
    pub incidents: u32,
    /// When it was taken back, and by whom.
    pub undone: Option<(Timestamp, String)>,
}

/// A finding in an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// As it stands.
    pub finding: Finding,
    /// The greatest severity it ever had.
    pub worst: Severity,
    /// Whose it is by itself.
    pub home: IncidentId,
}

impl Write {
    /// How these incidents stand, in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError::Missing`] names the first that there is not.
    pub async fn stands(&mut self, ids: &BTreeSet<IncidentId>) -> Result<Vec<Stand>, StoreError> {
        stands(self.connection(), ids).await
    }

    /// Lets incidents stand as the changes say. Which incident has whose findings is
    /// [`Write::merge_tree`]'s.
    pub async fn set_standings(
        &mut self,
        altered: &[Altered],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        // Many go to the same standing; one statement serves all of those.
        let mut alike: BTreeMap<String, (&Standing, Vec<&IncidentId>)> = BTreeMap::new();
        for one in altered {
            let group = alike.entry(json_text(&one.after)).or_insert((&one.after, Vec::new()));
            group.1.push(&one.incident);
        }
        for (standing, ids) in alike.into_values() {
            sqlx::query(
                "UPDATE incident SET state = ?2, owner = ?3, cause = ?4, merged_into = ?5, handover = ?6,
                   updated_at = ?7, snoozed_until = ?8, snoozed_from = ?9
                 WHERE id IN (SELECT value FROM json_each(?1))",
            )
            .bind(json_text(&ids))
            .bind(standing.state.name())
            .bind(&standing.owner)
            .bind(standing.cause.map(Cause::name))
            .bind(standing.merged_into.as_ref().map(IncidentId::as_str))
            .bind(standing.handover.as_ref().map(HandoverId::as_str))
            .bind(time_text(at))
            .bind(standing.snooze.as_ref().map(|snooze| time_text(snooze.until)))
            .bind(standing.snooze.as_ref().map(|snooze| snooze.from.name()))
            .execute(self.connection())
            .await
            .map_err(StoreError::of("changing incidents"))?;
        }
        Ok(())
    }

    /// Moves an incident, with all that was merged into it, to where its `merged_into` says by now:
    /// under another root, or under itself. Answers the incidents that lost and that got findings.
    pub async fn merge_tree(
        &mut self,
        id: &IncidentId,
    ) -> Result<BTreeSet<IncidentId>, StoreError> {
        let moving = StoreError::of("moving an incident's findings");
        let row = sqlx::query(
            "SELECT coalesce(i.root, i.id) AS before, coalesce(into_.root, into_.id, i.id) AS after
             FROM incident i LEFT JOIN incident into_ ON into_.id = i.merged_into WHERE i.id = ?1",
        )
        .bind(id.as_str())
        .fetch_one(self.connection())
        .await
        .map_err(moving)?;
        let (before, after): (String, String) = (row.get("before"), row.get("after"));
        sqlx::query(
            "WITH RECURSIVE below (id) AS (
               VALUES (?1) UNION SELECT i.id FROM below JOIN incident i ON i.merged_into = below.id)
             UPDATE incident SET root = nullif(?2, id) WHERE id IN (SELECT id FROM below)",
        )
        .bind(id.as_str())
        .bind(&after)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("moving an incident under another"))?;
        sqlx::query(
            "WITH RECURSIVE below (id) AS (
               VALUES (?1) UNION SELECT i.id FROM below JOIN incident i ON i.merged_into = below.id)
             UPDATE incident_finding
             SET home = nullif(coalesce(home, incident), ?3), incident = ?3
             WHERE incident = ?2 AND coalesce(home, incident) IN (SELECT id FROM below)",
        )
        .bind(id.as_str())
        .bind(&before)
        .bind(&after)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("moving an incident's findings"))?;
        Ok([before, after].into_iter().map(IncidentId::new).collect())
    }

    /// Gives findings to other incidents. Answers the incidents that lost and that got some.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for one that is not whose it is said to be; nothing is moved then.
    pub async fn relocate(
        &mut self,
        moves: &[Relocated],
    ) -> Result<BTreeSet<IncidentId>, StoreError> {
        let mut touched = BTreeSet::new();
        for one in moves {
            let rows = sqlx::query(
                "UPDATE incident_finding SET incident = coalesce(i.root, i.id),
                   home = iif(i.root IS NULL, NULL, i.id), because = NULL, score = NULL
                 FROM incident i
                 WHERE finding = ?1 AND coalesce(home, incident) = ?2 AND i.id = ?3
                 RETURNING incident",
            )
            .bind(one.finding.as_str())
            .bind(one.before.as_str())
            .bind(one.after.as_str())
            .fetch_all(self.connection())
            .await
            .map_err(StoreError::of("moving findings"))?;
            if rows.len() != 1 {
                let id = one.finding.to_string();
                return Err(StoreError::Conflict { table: "incident_finding", id });
            }
            touched.extend([&one.before, &one.after].map(IncidentId::clone));
        }
        let roots = self.stands(&touched).await?;
        Ok(roots.into_iter().map(|stand| stand.root).collect())
    }

    /// The findings that an incident has now, its own and those of incidents merged into it.
    pub async fn members(&mut self, incident: &IncidentId) -> Result<Vec<Member>, StoreError> {
        let rows = sqlx::query(
            "SELECT f.id, f.doc, f.worst, coalesce(l.home, l.incident) AS home
             FROM incident_finding l JOIN finding f ON f.id = l.finding
             WHERE l.incident = ?1 ORDER BY f.began_at, f.id",
        )
        .bind(incident.as_str())
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("reading findings"))?;
        rows.iter()
            .map(|row| {
                let (finding, worst) = finding(row)?;
                Ok(Member { finding, worst, home: IncidentId::new(row.get::<String, _>("home")) })
            })
            .collect()
    }

    /// Facts that count no more, or again.
    pub async fn withdraw_facts(
        &mut self,
        facts: &[&Fact],
        withdrawn: bool,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE evidence SET withdrawn = ?2 FROM json_each(?1) asked
             WHERE evidence.incident = asked.value->>'incident' AND evidence.source = asked.value->>'source'
               AND evidence.at = asked.value->>'at' AND evidence.text = asked.value->>'text'",
        )
        .bind(json_text(&facts))
        .bind(withdrawn)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("withdrawing evidence"))?;
        Ok(())
    }

    /// Records a change, or more of one that is recorded.
    pub async fn put_change(
        &mut self,
        change: &ChangeRow,
        altered: &[Altered],
        relocated: &[Relocated],
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO triage_change (id, at, actor, text, incidents) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET incidents = incidents + excluded.incidents",
        )
        .bind(&change.id)
        .bind(time_text(change.at))
        .bind(&change.actor)
        .bind(&change.text)
        .bind(change.incidents)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("recording a change"))?;
        let into = "INSERT INTO triage_incident (change, incident, before, after) ";
        insert(self.connection(), "recording a change", (into, ""), altered, |row, one| {
            row.push_bind(&change.id)
                .push_bind(one.incident.as_str())
                .push_bind(json_text(&one.before))
                .push_bind(json_text(&one.after));
        })
        .await?;
        let into = "INSERT INTO triage_finding (change, finding, before, after) ";
        insert(self.connection(), "recording a change", (into, ""), relocated, |row, one| {
            row.push_bind(&change.id)
                .push_bind(one.finding.as_str())
                .push_bind(one.before.as_str())
                .push_bind(one.after.as_str());
        })
        .await
    }

    /// Marks a change as taken back.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody did so already.
    pub async fn mark_undone(
        &mut self,
        id: &str,
        at: Timestamp,
        who: &str,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE triage_change SET undone_at = ?2, undone_by = ?3 WHERE id = ?1 AND undone_at IS NULL",
        )
        .bind(id)
        .bind(time_text(at))
        .bind(who)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("taking a change back"))?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table: "triage_change", id: id.to_owned() }),
        }
    }

    /// Whether a later change, not taken back, altered how this incident stands.
    pub async fn altered_since(
        &mut self,
        id: &IncidentId,
        change: &str,
    ) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT 1 FROM triage_incident t JOIN triage_change c ON c.id = t.change
             WHERE t.incident = ?1 AND c.undone_at IS NULL
               AND c.position > (SELECT position FROM triage_change WHERE id = ?2) LIMIT 1",
        )
        .bind(id.as_str())
        .bind(change)
        .fetch_optional(self.connection())
        .await
        .map_err(StoreError::of("looking for later changes"))?;
        Ok(row.is_some())
    }

    /// How an incident stood before it was merged to where it is.
    pub async fn before_merge(&mut self, id: &IncidentId) -> Result<Option<Standing>, StoreError> {
        let row = sqlx::query(
            "SELECT t.before FROM triage_incident t JOIN triage_change c ON c.id = t.change
             WHERE t.incident = ?1 AND t.before->>'$.merged_into' IS NULL
               AND t.after->>'$.merged_into' IS NOT NULL
             ORDER BY c.position DESC LIMIT 1",
        )
        .bind(id.as_str())
        .fetch_optional(self.connection())
        .await
        .map_err(StoreError::of("reading how an incident stood"))?;
        row.map(|row| Place { table: "triage_incident", id: id.as_str() }.json(row.get("before")))
            .transpose()
    }
}

impl Store {
    /// A change with what it altered.
    pub async fn change(
        &self,
        id: &str,
    ) -> Result<(ChangeRow, Vec<Altered>, Vec<Relocated>), StoreError> {
        let place = Place { table: "triage_change", id };
        let row = sqlx::query("SELECT * FROM triage_change WHERE id = ?1")
            .bind(id)
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading a change"))?
            .ok_or_else(|| place.missing())?;
        let altered = sqlx::query(
            "SELECT incident, before, after FROM triage_incident WHERE change = ?1 ORDER BY incident",
        )
        .bind(id)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading a change"))?;
        let altered = altered.iter().map(|row| {
            Ok(Altered {
                incident: IncidentId::new(row.get::<String, _>("incident")),
                before: place.json(row.get("before"))?,
                after: place.json(row.get("after"))?,
            })
        });
        let relocated = sqlx::query(
            "SELECT finding, before, after FROM triage_finding WHERE change = ?1 ORDER BY finding",
        )
        .bind(id)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading a change"))?;
        let relocated = relocated.iter().map(|row| Relocated {
            finding: FindingId::new(row.get::<String, _>("finding")),
            before: IncidentId::new(row.get::<String, _>("before")),
            after: IncidentId::new(row.get::<String, _>("after")),
        });
        Ok((change_row(&row)?, altered.collect::<Result<_, StoreError>>()?, relocated.collect()))
    }

    /// The newest changes, newest first: all, or one person's.
    pub async fn changes(
        &self,
        actor: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ChangeRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM triage_change WHERE ?1 IS NULL OR actor = ?1
             ORDER BY position DESC LIMIT ?2",
        )
        .bind(actor)
        .bind(limit)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("listing changes"))?;
        rows.iter().map(change_row).collect()
    }

    /// What a person would take back next.
    pub async fn newest_change(&self, actor: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(
            "SELECT id FROM triage_change WHERE actor = ?1 AND undone_at IS NULL
             ORDER BY position DESC LIMIT 1",
        )
        .bind(actor)
        .fetch_optional(self.read())
        .await
        .map_err(StoreError::of("looking for the newest change"))?;
        Ok(row.map(|row| row.get("id")))
    }

    /// Incidents that were put off until now or earlier, or to later than a person may choose; some
    /// thousand at most.
    pub async fn due_snoozes(&self, now: Timestamp) -> Result<BTreeSet<IncidentId>, StoreError> {
        let rows = sqlx::query(
            "SELECT id FROM incident INDEXED BY incident_snoozed WHERE snoozed_until IS NOT NULL
               AND (snoozed_until <= ?1 OR snoozed_until > ?2)
             ORDER BY snoozed_until LIMIT 1000",
        )
        .bind(time_text(now))
        .bind(time_text(now + Duration::days(MOST_SNOOZED_DAYS)))
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("looking for incidents to wake"))?;
        Ok(rows.iter().map(|row| IncidentId::new(row.get::<String, _>("id"))).collect())
    }

    /// How an incident stands.
    pub async fn standing(&self, id: &IncidentId) -> Result<Stand, StoreError> {
        let mut stands = stands(self.read(), &BTreeSet::from([id.clone()])).await?;
        Ok(stands.pop().expect("one that is missing is an error"))
    }

    /// The incidents that were merged into one, by id and number.
    pub async fn merged_into(&self, id: &IncidentId) -> Result<Vec<(IncidentId, i64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, number FROM incident WHERE merged_into = ?1 ORDER BY number LIMIT 500",
        )
        .bind(id.as_str())
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("listing merged incidents"))?;
        let id = |row: &SqliteRow| IncidentId::new(row.get::<String, _>("id"));
        Ok(rows.iter().map(|row| (id(row), row.get("number"))).collect())
    }

    /// False positives by the rule that raised them and by cause, most first.
    pub async fn false_positives(&self) -> Result<Vec<(String, String, Cause, u32)>, StoreError> {
        let rows = sqlx::query(
            "SELECT f.source, coalesce(f.doc->>'$.rule_name', f.doc->>'$.rule_id', f.doc->>'$.title') AS rule,
               i.cause, count(DISTINCT i.id) AS incidents
             FROM incident i JOIN incident_finding l ON l.incident = i.id JOIN finding f ON f.id = l.finding
             WHERE i.cause IS NOT NULL
             GROUP BY 1, 2, 3 ORDER BY incidents DESC, 1, 2, 3 LIMIT 200",
        )
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("counting false positives"))?;
        rows.iter()
            .map(|row| {
                let place = Place { table: "incident", id: "cause" };
                let cause = place.word(row.get("cause"), Cause::from_name)?;
                let incidents = u32::try_from(row.get::<i64, _>("incidents")).unwrap_or(u32::MAX);
                Ok((row.get("source"), row.get("rule"), cause, incidents))
            })
            .collect()
    }
}

/// The finding in a row of `finding`, and the greatest severity it ever had; the column holds that only
/// where it is not what the finding says now.
pub(crate) fn finding(row: &SqliteRow) -> Result<(Finding, Severity), StoreError> {
    let place = Place { table: "finding", id: row.get("id") };
    let finding: Finding = place.json(row.get("doc"))?;
    let kept: Option<&str> = row.get("worst");
    let kept = kept.map(|name| place.word(name, Severity::from_name)).transpose()?;
    let worst = finding.draft.severity;
    let worst = kept.map_or(worst, |kept| kept.max(worst));
    Ok((finding, worst))
}

async fn stands(
    executor: impl SqliteExecutor<'_>,
    ids: &BTreeSet<IncidentId>,
) -> Result<Vec<Stand>, StoreError> {
    let rows = sqlx::query(
        "SELECT i.id, i.number, i.state, i.owner, i.cause, i.merged_into, i.handover, i.root,
           i.snoozed_until, i.snoozed_from
         FROM json_each(?1) asked CROSS JOIN incident i ON i.id = asked.value ORDER BY i.number",
    )
    .bind(json_text(ids))
    .fetch_all(executor)
    .await
    .map_err(StoreError::of("looking for incidents"))?;
    let stands: Vec<Stand> = rows.iter().map(stand).collect::<Result<_, _>>()?;
    let there: BTreeSet<&IncidentId> = stands.iter().map(|stand| &stand.incident).collect();
    match ids.iter().find(|id| !there.contains(id)) {
        Some(id) => Err(Place { table: "incident", id: id.as_str() }.missing()),
        None => Ok(stands),
    }
}

fn stand(row: &SqliteRow) -> Result<Stand, StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "incident", id: &id };
    let cause: Option<String> = row.get("cause");
    let root: Option<String> = row.get("root");
    let until = place.maybe_time(row.get("snoozed_until"))?;
    let from: Option<String> = row.get("snoozed_from");
    let from = from.map(|name| place.word(&name, IncidentState::from_name)).transpose()?;
    Ok(Stand {
        incident: IncidentId::new(&id),
        number: row.get("number"),
        standing: Standing {
            state: place.word(row.get("state"), IncidentState::from_name)?,
            owner: row.get("owner"),
            cause: cause.as_deref().map(|name| place.word(name, Cause::from_name)).transpose()?,
            merged_into: row.get::<Option<String>, _>("merged_into").map(IncidentId::new),
            handover: row.get::<Option<String>, _>("handover").map(HandoverId::new),
            snooze: until.zip(from).map(|(until, from)| Snooze { until, from }),
        },
        root: IncidentId::new(root.unwrap_or_else(|| id.clone())),
    })
}

fn change_row(row: &SqliteRow) -> Result<ChangeRow, StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "triage_change", id: &id };
    let undone_at = place.maybe_time(row.get("undone_at"))?;
    Ok(ChangeRow {
        at: place.time(row.get("at"))?,
        actor: row.get("actor"),
        text: row.get("text"),
        incidents: u32::try_from(row.get::<i64, _>("incidents")).unwrap_or(u32::MAX),
        undone: undone_at.zip(row.get::<Option<String>, _>("undone_by")),
        id,
    })
}
