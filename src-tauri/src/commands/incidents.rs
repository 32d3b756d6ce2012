use firebreak_wire::{IncidentView, QueueCounts, QueuePage, QueueQuery, RawAlertView};

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn list_incidents(desk: Open<'_>, query: QueueQuery) -> Answer<QueuePage> {
    desk.list_incidents(query).await.map_err(wire)
}

#[tauri::command]
pub async fn queue_counts(desk: Open<'_>) -> Answer<QueueCounts> {
    desk.queue_counts().await.map_err(wire)
}

#[tauri::command]
pub async fn get_incident(desk: Open<'_>, id: String) -> Answer<IncidentView> {
    desk.incident(&id).await.map_err(wire)
}

#[tauri::command]
pub async fn get_incident_markdown(desk: Open<'_>, id: String) -> Answer<String> {
    desk.incident_markdown(&id).await.map_err(wire)
}

#[tauri::command]
pub async fn get_raw_alert(desk: Open<'_>, finding: String) -> Answer<RawAlertView> {
    desk.raw_alert(&finding).await.map_err(wire)
}

#[tauri::command]
pub async fn propose_plan(desk: Open<'_>, id: String) -> Answer<IncidentView> {
    desk.propose_plan(&id).await.map_err(wire)
}
