use std::sync::Arc;

use firebreak_wire::{Envelope, LinkTarget, Snapshot};
use tauri::ipc::Channel;
use tokio::sync::broadcast::error::RecvError;

use super::{Answer, Open, wire};

#[tauri::command]
pub async fn get_snapshot(desk: Open<'_>) -> Answer<Snapshot> {
    desk.snapshot().await.map_err(wire)
}

/// Where the address leads that the system handed over last, once.
#[tauri::command]
pub async fn take_link(desk: Open<'_>) -> Answer<Option<LinkTarget>> {
    Ok(desk.take_link())
}

/// Sends every event from now on, in order, until the page goes away.
#[tauri::command]
pub async fn subscribe(desk: Open<'_>, channel: Channel<Envelope>) -> Answer<()> {
    let desk = Arc::clone(&desk);
    let mut events = desk.events();
    tauri::async_runtime::spawn(async move {
        loop {
            match events.recv().await {
                Ok(envelope) => {
                    if channel.send(envelope).is_err() {
                        return;
                    }
                }
                // The page sees the gap in the numbers and takes a new snapshot.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
    Ok(())
}
