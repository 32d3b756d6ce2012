use chrono::Utc;
use firebreak_core::audit::{AnchorFinding, Hash, Record};
use firebreak_engine::AuditReport;
use firebreak_store::StoredRecord;
use firebreak_wire as wire;

pub(crate) fn verdict(report: &AuditReport) -> wire::AuditVerdict {
    let found = &report.verdict;
    let mut problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    problems.extend(report.tampering.iter().cloned());
    let text = match report.tampering.first() {
        Some(tampering) if found.ok() => tampering.clone(),
        _ => found.to_string(),
    };
    problems.extend(report.cautions.iter().map(|caution| format!("note: {caution}")));
    problems.extend(found.cautions.iter().map(|caution| format!("note: {caution}")));
    wire::AuditVerdict {
        ok: report.ok(),
        size: found.size,
        signed_size: found.signed_size,
        root: hex(&found.root),
        checked_at: report.checked_at,
        key: report.key.clone(),
        anchor: match found.anchor {
            AnchorFinding::Agrees { .. } => wire::AnchorState::Agrees,
            AnchorFinding::Disagrees => wire::AnchorState::Disagrees,
            AnchorFinding::Unreadable => wire::AnchorState::Unreadable,
            AnchorFinding::Absent => wire::AnchorState::Absent,
        },
        first_bad: found.first_bad(),
        text,
        problems,
    }
}

/// What is shown before the first verification.
pub(crate) fn not_checked() -> wire::AuditVerdict {
    wire::AuditVerdict {
        ok: true,
        size: 0,
        signed_size: None,
        root: String::new(),
        checked_at: Utc::now(),
        key: None,
        anchor: wire::AnchorState::Absent,
        first_bad: None,
        text: "not verified yet".to_owned(),
        problems: Vec::new(),
    }
}

/// A row for people. Bytes that are no record are shown as they are: the verdict names them.
pub(crate) fn row(stored: &StoredRecord) -> wire::AuditRow {
    let body = String::from_utf8_lossy(&stored.body).into_owned();
    let leaf_hash = stored.leaf.iter().map(|byte| format!("{byte:02x}")).collect();
    match Record::from_canonical(&stored.body) {
        Ok(record) => wire::AuditRow {
            index: stored.position,
            at: record.at,
            actor: record.actor,
            kind: record.kind,
            subject: record.subject,
            text: record.text,
            body,
            leaf_hash,
        },
        Err(problem) => wire::AuditRow {
            index: stored.position,
            at: chrono::DateTime::UNIX_EPOCH,
            actor: "unreadable".to_owned(),
            kind: "unreadable".to_owned(),
            subject: String::new(),
            text: problem.to_string(),
            body,
            leaf_hash,
        },
    }
}

fn hex(hash: &Hash) -> String {
    hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
