use firebreak_desk::Target;
use firebreak_wire::{CommandQuery, CommandView, ExportedFile};

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn get_command_view(desk: Open<'_>, query: CommandQuery) -> Answer<CommandView> {
    desk.command_view(query).await.map_err(wire)
}

/// The page names its own file: the window chooses no path.
#[tauri::command]
pub async fn export_overview(desk: Open<'_>, query: CommandQuery) -> Answer<ExportedFile> {
    desk.export_overview(query, None).await.map_err(wire)
}

#[tauri::command]
pub async fn get_clock_targets(desk: Open<'_>) -> Answer<Vec<Target>> {
    desk.clock_targets().await.map_err(wire)
}

#[tauri::command]
pub async fn set_clock_targets(desk: Open<'_>, targets: Vec<Target>) -> Answer<Vec<Target>> {
    desk.set_clock_targets(&targets).await.map_err(wire)
}
