use firebreak_desk::{Severity, Timestamp};
use firebreak_wire::{
    SuppressedFinding, SuppressionDraft, SuppressionPreview, SuppressionScope, SuppressionView,
    TriageReport,
};

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn preview_suppression(
    desk: Open<'_>,
    scope: SuppressionScope,
    up_to: Option<Severity>,
) -> Answer<SuppressionPreview> {
    desk.preview_suppression(scope, up_to).await.map_err(wire)
}

#[tauri::command]
pub async fn add_suppression(desk: Open<'_>, draft: SuppressionDraft) -> Answer<TriageReport> {
    desk.add_suppression(draft).await.map_err(wire)
}

#[tauri::command]
pub async fn renew_suppression(
    desk: Open<'_>,
    id: String,
    expires_at: Timestamp,
) -> Answer<TriageReport> {
    desk.renew_suppression(&id, expires_at).await.map_err(wire)
}

#[tauri::command]
pub async fn end_suppression(desk: Open<'_>, id: String) -> Answer<TriageReport> {
    desk.end_suppression(&id).await.map_err(wire)
}

#[tauri::command]
pub async fn list_suppressions(desk: Open<'_>, all: bool) -> Answer<Vec<SuppressionView>> {
    desk.list_suppressions(all).await.map_err(wire)
}

#[tauri::command]
pub async fn list_suppressed(desk: Open<'_>, id: String) -> Answer<Vec<SuppressedFinding>> {
    desk.list_suppressed(&id).await.map_err(wire)
}
