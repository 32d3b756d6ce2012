use firebreak_wire::{
    CloudAccountDraft, CloudAccountView, ConnectionTest, KeychainView, ModelDraft, ModelView,
    SourceDraft, SourceView,
};

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn add_source(desk: Open<'_>, draft: SourceDraft) -> Answer<SourceView> {
    desk.add_source(draft).await.map_err(wire)
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
pub async fn poll_now(desk: Open<'_>, source: Option<String>) -> Answer<()> {
    desk.poll_now(source.as_deref()).await.map(|_| ()).map_err(wire)
}

/// No endpoint from the window: a page that was taken over must not redirect the cloud calls.
#[tauri::command]
pub async fn add_cloud_account(
    desk: Open<'_>,
    draft: CloudAccountDraft,
) -> Answer<CloudAccountView> {
    desk.add_cloud_account(draft, None).await.map_err(wire)
}

#[tauri::command]
pub async fn test_cloud_account(desk: Open<'_>, name: String) -> Answer<ConnectionTest> {
    desk.test_cloud_account(&name).await.map_err(wire)
}

#[tauri::command]
pub async fn remove_cloud_account(desk: Open<'_>, name: String) -> Answer<()> {
    desk.remove_cloud_account(&name).await.map_err(wire)
}

#[tauri::command]
pub async fn set_model(desk: Open<'_>, draft: ModelDraft) -> Answer<ModelView> {
    desk.set_model(draft).await.map_err(wire)
}

#[tauri::command]
pub async fn remove_model(desk: Open<'_>) -> Answer<ModelView> {
    desk.remove_model().await.map_err(wire)
}

#[tauri::command]
pub async fn test_model(desk: Open<'_>) -> Answer<ConnectionTest> {
    desk.test_model().await.map_err(wire)
}

#[tauri::command]
pub async fn retry_keychain(desk: Open<'_>) -> Answer<KeychainView> {
    desk.retry_keychain().await.map_err(wire)
}
