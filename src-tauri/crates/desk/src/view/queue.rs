use firebreak_core::incident::label;
use firebreak_core::queue::{OwnerFilter, QueueFilter};
use firebreak_core::{AssetId, queue};
use firebreak_wire as wire;

const ROWS: u32 = 200;

pub(crate) fn row(row: &queue::QueueRow) -> wire::QueueRow {
    wire::QueueRow {
        id: row.id.to_string(),
        label: label(row.number),
        title: row.title.clone(),
        severity: row.severity,
        state: row.state,
        owner: row.owner.clone(),
        handed_over: row.handed_over,
        asset: row.asset.as_ref().map(AssetId::to_string),
        asset_name: row.asset_name.clone(),
        account: row.account.clone(),
        account_name: row.account_name.clone(),
        region: row.region.clone(),
        techniques: row.techniques.clone(),
        sources: row.sources.clone(),
        finding_count: row.finding_count,
        opened_at: row.opened_at,
        updated_at: row.updated_at,
        clock: row.clock.map(|clock| wire::ClockView { goal: clock.goal, due: clock.due }),
        snoozed_until: row.snoozed_until,
        steps_proven: row.steps_proven,
        steps_total: row.steps_total,
    }
}

pub(crate) fn page(page: &queue::QueuePage) -> wire::QueuePage {
    wire::QueuePage {
        rows: page.rows.iter().map(row).collect(),
        matching: page.matching,
        more_match: page.more_match,
        total: page.total,
        next: page.next.clone(),
    }
}

pub(crate) fn counts(counts: queue::QueueCounts) -> wire::QueueCounts {
    wire::QueueCounts {
        open: counts.open,
        unowned: counts.unowned,
        critical: counts.critical,
        containing: counts.containing,
        contained: counts.contained,
        snoozed: counts.snoozed,
        all: counts.all,
    }
}

/// `me` becomes the person's own name.
pub(crate) fn filter(query: wire::QueueQuery, me: &str) -> QueueFilter {
    QueueFilter {
        text: query.text,
        states: query.states.unwrap_or_default(),
        severities: query.severities.unwrap_or_default(),
        account: query.account,
        owner: match query.owner.as_deref() {
            None | Some("") => OwnerFilter::Any,
            Some("none") => OwnerFilter::Nobody,
            Some("me") => OwnerFilter::Person(me.to_owned()),
            Some(name) => OwnerFilter::Person(name.to_owned()),
        },
        opened_after: query.opened_after,
        opened_before: query.opened_before,
        order: match query.order.unwrap_or_default() {
            wire::QueueOrder::Severity => queue::QueueOrder::Severity,
            wire::QueueOrder::Clock => queue::QueueOrder::Clock,
        },
        after: query.after,
        skip: query.skip.unwrap_or(0),
        limit: query.limit.unwrap_or(ROWS),
    }
}
