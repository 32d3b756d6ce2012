use firebreak_wire::{AuditPage, AuditVerdict};

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn list_audit(desk: Open<'_>, before: Option<u64>, limit: u32) -> Answer<AuditPage> {
    desk.list_audit(before, limit).await.map_err(wire)
}

#[tauri::command]
pub async fn verify_audit(desk: Open<'_>) -> Answer<AuditVerdict> {
    desk.verify_audit().await.map_err(wire)
}
