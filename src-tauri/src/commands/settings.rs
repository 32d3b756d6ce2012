use firebreak_wire::{
    CloudAccountDraft, CloudAccountView, ConnectionTest, KeychainView, ModelDraft, ModelView,
};

use super::{Answer, Open, wire};

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
