use firebreak_wire::{SavedView, SavedViewDraft};

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn list_views(desk: Open<'_>) -> Answer<Vec<SavedView>> {
    desk.views().await.map_err(wire)
}

#[tauri::command]
pub async fn save_view(desk: Open<'_>, draft: SavedViewDraft) -> Answer<SavedView> {
    desk.save_view(draft).await.map_err(wire)
}

#[tauri::command]
pub async fn delete_view(desk: Open<'_>, id: String) -> Answer<()> {
    desk.delete_view(&id).await.map_err(wire)
}
