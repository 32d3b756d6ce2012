//! A desktop notification for a new critical incident, and for a containment that somebody changed back.
//! The text is ours: nothing of an alert is shown by the system's notification service, which may render
//! markup.

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
    let desk = Arc::clone(desk);
    tauri::async_runtime::spawn(async move {
        // What did not hold before the console was opened is on its board, and no news.
        let mut broken = desk.lease_counts().await.map_or(0, |counts| counts.broken);
        drop(desk);
        loop {
            match events.recv().await {
                Ok(envelope) => {
                    if let Some(label) = critical(&envelope) {
                        let body = format!("{label} was opened. Open Firebreak to look at it.");
                        notify(&app, "Critical incident", &body);
                    }
                    if let Event::LeasesChanged { counts } = envelope.event {
                        if counts.broken > broken {
                            notify(
                                &app,
                                "A containment does not hold",
                                "What was contained is not so any more. Open Firebreak to look at it.",
                            );
                        }
                        broken = counts.broken;
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

fn notify(app: &AppHandle, title: &str, body: &str) {
    let shown = app.notification().builder().title(title).body(body).show();
    if let Err(error) = shown {
        tracing::debug!(%error, "the system shows no notifications");
    }
}
