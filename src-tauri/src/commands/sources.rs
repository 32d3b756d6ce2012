use std::sync::Arc;

use firebreak_wire::{
    ConnectionTest, MappingPreview, SourceDraft, SourceView, VendorForm, WriteBackStatusView,
    WriteBackView,
};

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn list_vendors(desk: Open<'_>) -> Answer<Vec<VendorForm>> {
    Ok(desk.vendors())
}

#[tauri::command]
pub async fn list_sources(desk: Open<'_>) -> Answer<Vec<SourceView>> {
    desk.sources().await.map_err(wire)
}

#[tauri::command]
pub async fn add_source(desk: Open<'_>, draft: SourceDraft) -> Answer<SourceView> {
    desk.add_source_from_window(draft).await.map_err(wire)
}

#[tauri::command]
pub async fn preview_mapping(mapping: String, message: String) -> Answer<MappingPreview> {
    Ok(firebreak_desk::preview_mapping(&mapping, &message))
}

#[tauri::command]
pub async fn test_source(desk: Open<'_>, name: String) -> Answer<ConnectionTest> {
    desk.test_source(&name).await.map_err(wire)
}

#[tauri::command]
pub async fn remove_source(desk: Open<'_>, name: String) -> Answer<()> {
    desk.remove_source(&name).await.map_err(wire)
}

#[tauri::command]
pub async fn set_source_polling(desk: Open<'_>, name: String, polling: bool) -> Answer<SourceView> {
    desk.set_source_polling(&name, polling).await.map_err(wire)
}

#[tauri::command]
pub async fn reset_source(desk: Open<'_>, name: String) -> Answer<SourceView> {
    desk.reset_source(&name).await.map_err(wire)
}

#[tauri::command]
pub async fn start_backfill(desk: Open<'_>, name: String, days: Option<u32>) -> Answer<()> {
    let desk = Arc::clone(desk.inner());
    desk.start_backfill(&name, days).await.map_err(wire)
}

#[tauri::command]
pub async fn cancel_backfill(desk: Open<'_>, name: String) -> Answer<()> {
    desk.cancel_backfill(&name);
    Ok(())
}

#[tauri::command]
pub async fn poll_now(desk: Open<'_>, source: Option<String>) -> Answer<()> {
    desk.poll_now(source.as_deref()).await.map(|_| ()).map_err(wire)
}

#[tauri::command]
pub async fn ask_write_back(
    desk: Open<'_>,
    incident: String,
    status: Option<WriteBackStatusView>,
    comment: String,
) -> Answer<Vec<WriteBackView>> {
    desk.ask_write_back(&incident, status, &comment).await.map_err(wire)
}

#[tauri::command]
pub async fn withdraw_write_back(desk: Open<'_>, incident: String, order: String) -> Answer<()> {
    desk.withdraw_write_back(&incident, &order).await.map_err(wire)
}
