use firebreak_desk::Timestamp;
use firebreak_wire::{LeaseBoard, LeaseView};

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn list_leases(desk: Open<'_>, all: bool) -> Answer<LeaseBoard> {
    desk.lease_board(all).await.map_err(wire)
}

#[tauri::command]
pub async fn prove_lease(desk: Open<'_>, step: String) -> Answer<LeaseView> {
    desk.prove_lease(&step).await.map_err(wire)
}

#[tauri::command]
pub async fn renew_lease(desk: Open<'_>, step: String, until: Timestamp) -> Answer<LeaseView> {
    desk.renew_lease(&step, until).await.map_err(wire)
}

#[tauri::command]
pub async fn hand_lease(desk: Open<'_>, step: String, to: String) -> Answer<LeaseView> {
    desk.hand_lease(&step, &to).await.map_err(wire)
}

#[tauri::command]
pub async fn release_lease(desk: Open<'_>, step: String, reason: String) -> Answer<LeaseView> {
    desk.release_lease(&step, &reason).await.map_err(wire)
}
