//! The second window: drawn from the exact calls, with a capability of its own.

use std::sync::Arc;

use firebreak_desk::Desk;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder, WindowEvent};

use crate::windows::{APPROVAL, is_own};

/// Opens the window on whatever the desk has pending. One at a time: an open one is reloaded by
/// closing it first, so that it never shows one document and signs another.
pub fn open(app: &AppHandle) -> tauri::Result<()> {
    if let Some(open) = app.get_webview_window(APPROVAL) {
        open.destroy()?;
    }
    let window = WebviewWindowBuilder::new(app, APPROVAL, WebviewUrl::App("approval.html".into()))
        .title("Firebreak: approve")
        .inner_size(980.0, 680.0)
        .min_inner_size(760.0, 520.0)
        .center()
        .focused(true)
        .disable_drag_drop_handler()
        .on_navigation(is_own)
        .build()?;
    let handle = app.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { .. } = event {
            let desk = Arc::clone(&handle.state::<Arc<Desk>>());
            tauri::async_runtime::spawn(async move {
                if let Err(error) = desk.decline_pending(None).await {
                    tracing::warn!(%error, "the confirmation could not be put away");
                }
            });
        }
    });
    Ok(())
}

/// Closes the window once its document is decided.
pub fn close(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(APPROVAL)
        && let Err(error) = window.destroy()
    {
        tracing::warn!(%error, "the approval window could not be closed");
    }
}
