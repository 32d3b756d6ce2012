use firebreak_wire::{QueueQuery, TriageChange, TriageOrder, TriageReport};

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn change_incidents(desk: Open<'_>, order: TriageOrder) -> Answer<TriageReport> {
    desk.change_incidents(order).await.map_err(wire)
}

#[tauri::command]
pub async fn undo_triage(desk: Open<'_>, change: Option<String>) -> Answer<TriageReport> {
    desk.undo_triage(change.as_deref()).await.map_err(wire)
}

#[tauri::command]
pub async fn cancel_triage(desk: Open<'_>) -> Answer<()> {
    desk.cancel_triage();
    Ok(())
}

#[tauri::command]
pub async fn add_note(desk: Open<'_>, id: String, note: String) -> Answer<()> {
    desk.add_note(&id, &note).await.map_err(wire)
}

#[tauri::command]
pub async fn read_handover(desk: Open<'_>, id: String) -> Answer<()> {
    desk.read_handover(&id).await.map_err(wire)
}

#[tauri::command]
pub async fn list_triage(desk: Open<'_>, limit: u32) -> Answer<Vec<TriageChange>> {
    desk.list_triage(limit).await.map_err(wire)
}

#[tauri::command]
pub async fn select_incidents(desk: Open<'_>, query: QueueQuery) -> Answer<Vec<String>> {
    desk.select_incidents(query).await.map_err(wire)
}
