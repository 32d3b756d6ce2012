use chrono::{DateTime, Utc};
use firebreak_core::write_back::{Budget, WriteBackStatus};
use firebreak_store::{Backfill, SourceRow, WriteBackRow, WriteBackState};
use firebreak_wire as wire;

use crate::background::BREAKER_OPENS_AT;

/// What the view adds to the row.
pub(crate) struct SourceFacts {
    pub vendor_title: String,
    pub alerts: u32,
    pub unread: u32,
    pub per_hour: Vec<u32>,
    pub next_poll: Option<DateTime<Utc>>,
    pub budget: Option<Budget>,
    pub note: Option<String>,
    pub backfill: Option<Backfill>,
    pub backfill_running: bool,
    pub can_write: bool,
    pub writes_waiting: u32,
    pub can_backfill: bool,
    pub can_reset: bool,
}

pub(crate) fn source(row: &SourceRow, facts: SourceFacts) -> wire::SourceView {
    let health = match (&row.problem, row.needs_person, row.last_success) {
        (Some(_), true, _) => wire::SourceHealth::Failed,
        (Some(_), false, _) => wire::SourceHealth::Degraded,
        (None, _, None) => wire::SourceHealth::NeverPolled,
        (None, _, Some(_)) => wire::SourceHealth::Ok,
    };
    let unread = facts.unread;
    let unread_note = (unread > 0)
        .then(|| format!("{unread} of its alerts are stored verbatim but were not understood"));
    let running = facts.backfill_running;
    wire::SourceView {
        name: row.name.clone(),
        vendor: row.vendor.clone(),
        vendor_title: facts.vendor_title,
        api_url: row.api_url.clone(),
        auth_url: row.auth_url.clone(),
        client_id: row.client_id.clone(),
        settings: row.settings.clone(),
        health,
        problem: row.problem.clone().or(facts.note).or(unread_note),
        remedy: row.remedy.clone(),
        last_success: row.last_success,
        next_poll: facts.next_poll,
        polling: row.polling,
        alerts_total: facts.alerts,
        alerts_unread: unread,
        per_hour: facts.per_hour,
        cursor: row.seen_until,
        failures: row.failures,
        breaker_open: row.failures >= BREAKER_OPENS_AT,
        budget: facts.budget.map(budget),
        backfill: facts.backfill.map(|backfill| self::backfill(&backfill, running)),
        can_write: facts.can_write,
        writes_waiting: facts.writes_waiting,
        can_backfill: facts.can_backfill,
        can_reset: facts.can_reset,
    }
}

fn budget(budget: Budget) -> wire::BudgetView {
    wire::BudgetView {
        limit: budget.limit,
        period_seconds: u32::try_from(budget.period.as_secs().max(1)).unwrap_or(u32::MAX),
        left: budget.left,
        blocked_until: budget.blocked_until,
    }
}

fn backfill(backfill: &Backfill, running: bool) -> wire::BackfillView {
    wire::BackfillView {
        since: backfill.since,
        seen_until: backfill.seen_until,
        pages: backfill.pages,
        alerts: backfill.alerts,
        started_at: backfill.started_at,
        ended_at: backfill.ended_at,
        outcome: backfill.outcome.clone(),
        running,
    }
}

pub(crate) fn write_back(row: &WriteBackRow) -> wire::WriteBackView {
    wire::WriteBackView {
        id: row.id.clone(),
        source: row.source.clone(),
        vendor_id: row.order.vendor_id.clone(),
        status: row.order.status.map(|status| match status {
            WriteBackStatus::InProgress => wire::WriteBackStatusView::InProgress,
            WriteBackStatus::Resolved => wire::WriteBackStatusView::Resolved,
            WriteBackStatus::FalsePositive => wire::WriteBackStatusView::FalsePositive,
            WriteBackStatus::Reopened => wire::WriteBackStatusView::Reopened,
        }),
        comment: row.order.comment.clone(),
        state: match row.state {
            WriteBackState::Waiting => wire::WriteBackStateView::Waiting,
            WriteBackState::Written => wire::WriteBackStateView::Written,
            WriteBackState::AlreadySo => wire::WriteBackStateView::AlreadySo,
            WriteBackState::Impossible => wire::WriteBackStateView::Impossible,
            WriteBackState::Failed => wire::WriteBackStateView::Failed,
            WriteBackState::Withdrawn => wire::WriteBackStateView::Withdrawn,
        },
        attempts: row.attempts,
        note: row.note.clone(),
        asked_by: row.asked_by.clone(),
        asked_at: row.asked_at,
        next_try: row.not_before.filter(|_| row.ended_at.is_none()),
        ended_at: row.ended_at,
    }
}

pub(crate) fn status(status: wire::WriteBackStatusView) -> WriteBackStatus {
    match status {
        wire::WriteBackStatusView::InProgress => WriteBackStatus::InProgress,
        wire::WriteBackStatusView::Resolved => WriteBackStatus::Resolved,
        wire::WriteBackStatusView::FalsePositive => WriteBackStatus::FalsePositive,
        wire::WriteBackStatusView::Reopened => WriteBackStatus::Reopened,
    }
}
