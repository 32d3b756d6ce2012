use firebreak_wire::Direction;

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn reject_step(desk: Open<'_>, step: String, reason: String) -> Answer<()> {
    desk.reject_step(&step, &reason).await.map_err(wire)
}

#[tauri::command]
pub async fn run_step(desk: Open<'_>, step: String, direction: Direction) -> Answer<()> {
    desk.run_step(&step, direction).map_err(wire)
}

#[tauri::command]
pub async fn cancel_run(desk: Open<'_>, step: String) -> Answer<()> {
    desk.cancel_run(&step).map_err(wire)
}

#[tauri::command]
pub async fn reconcile_step(desk: Open<'_>, step: String) -> Answer<()> {
    desk.reconcile_step(&step).await.map(|_| ()).map_err(wire)
}
