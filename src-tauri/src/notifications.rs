//! A desktop notification for a new critical incident. The text is ours: nothing of the alert is
//! shown by the system's notification service, which may render markup.

use std::sync::Arc;

use firebreak_desk::Desk;
use firebreak_wire::{Envelope, Event};
use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt;
use tokio::sync::broadcast::error::RecvError;

/// Watches the event stream for as long as the application runs.
pub fn watch(app: &AppHandle, desk: &Arc<Desk>) {
    let app = app.clone();
    let mut events = desk.events();
    tauri::async_runtime::spawn(async move {
        loop {
            match events.recv().await {
                Ok(envelope) => {
                    if let Some(label) = critical(&envelope) {
                        notify(&app, &label);
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

fn critical(envelope: &Envelope) -> Option<String> {
    match &envelope.event {
        Event::IncidentChanged { row, is_new: true, .. } => {
            let word = serde_json::to_value(row.severity).ok()?;
            (word == "critical").then(|| row.label.clone())
        }
        _ => None,
    }
}

fn notify(app: &AppHandle, label: &str) {
    let shown = app
        .notification()
        .builder()
        .title("Critical incident")
        .body(format!("{label} was opened. Open Firebreak to look at it."))
        .show();
    if let Err(error) = shown {
        tracing::debug!(%error, "the system shows no notifications");
    }
}
