use firebreak_core::finding::Finding;
use firebreak_core::incident::label;
use firebreak_core::suppression::{Scope, SourceRule, Tag};
use firebreak_core::{AssetId, Severity, Timestamp, asset};
use firebreak_engine::{Covered, Preview};
use firebreak_store::SuppressionRow;
use firebreak_wire as wire;

pub(crate) fn rule(row: &SuppressionRow, now: Timestamp) -> wire::SuppressionView {
    let rule = &row.rule;
    wire::SuppressionView {
        id: rule.id.to_string(),
        scope: scope(&rule.scope),
        up_to: rule.up_to,
        reason: rule.reason.clone(),
        made_by: rule.made_by.clone(),
        made_at: rule.made_at,
        expires_at: rule.term.expires_at,
        in_force: rule.term.holds(now),
        hid: row.hid,
        hides: row.hides,
        last_hid: row.last_hid,
    }
}

pub(crate) fn scope(scope: &Scope) -> wire::SuppressionScope {
    wire::SuppressionScope {
        source: scope.rule.as_ref().map(|rule| rule.source.clone()),
        rule: scope.rule.as_ref().map(|rule| rule.rule.clone()),
        asset: scope.asset.as_ref().map(AssetId::to_string),
        account: scope.account.clone(),
        tag: scope.tag.as_ref().map(|tag| tag.key.clone()),
        tag_value: scope.tag.as_ref().and_then(|tag| tag.value.clone()),
    }
}

/// A source without its rule, or a rule without its source, stays blank and is refused with words.
pub(crate) fn asked(scope: wire::SuppressionScope) -> Scope {
    let rule = match (scope.source, scope.rule) {
        (None, None) => None,
        (source, rule) => {
            Some(SourceRule { source: source.unwrap_or_default(), rule: rule.unwrap_or_default() })
        }
    };
    let value = scope.tag_value;
    Scope {
        rule,
        asset: scope.asset.map(AssetId::new),
        account: scope.account,
        tag: scope.tag.map(|key| Tag { key, value }),
    }
}

pub(crate) fn preview(preview: &Preview) -> wire::SuppressionPreview {
    let kind = |(severity, findings, hidden): &(Severity, u32, bool)| wire::SuppressedSeverity {
        severity: *severity,
        findings: *findings,
        hidden: *hidden,
    };
    wire::SuppressionPreview {
        days: u32::try_from(preview.days).unwrap_or(u32::MAX),
        more: preview.more,
        up_to: preview.up_to,
        by_severity: preview.by_severity.iter().map(kind).collect(),
        findings: preview.findings,
        incidents: preview.incidents,
        partly: preview.partly,
        examples: preview.examples.iter().map(finding).collect(),
        open: preview.open.iter().map(covered).collect(),
        open_count: preview.open_count,
    }
}

pub(crate) fn finding(finding: &Finding) -> wire::SuppressedFinding {
    let asset = asset::asset_id(&finding.source, &finding.draft.resource);
    wire::SuppressedFinding {
        id: finding.id.to_string(),
        source: finding.source.clone(),
        title: finding.draft.title.clone(),
        severity: finding.draft.severity,
        asset: asset.map(|id| id.to_string()),
        began_at: finding.began_at(),
    }
}

fn covered(one: &Covered) -> wire::CoveredIncident {
    wire::CoveredIncident {
        id: one.incident.to_string(),
        label: label(one.number),
        title: one.title.clone(),
        severity: one.severity,
        state: one.state,
    }
}
