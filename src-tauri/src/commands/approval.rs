use firebreak_wire::{ApprovalDocument, Direction, ErrorCode, WireError};
use tauri::{AppHandle, WebviewWindow};

use super::{Answer, Open, wire};
use crate::approval_window;
use crate::windows::APPROVAL;

#[tauri::command]
pub async fn request_approval(
    app: AppHandle,
    desk: Open<'_>,
    step: String,
    direction: Direction,
) -> Answer<()> {
    desk.ask_approval(&step, direction).await.map_err(wire)?;
    approval_window::open(&app).map_err(|error| window(&error))
}

#[tauri::command]
pub async fn request_phase(app: AppHandle, desk: Open<'_>, phase: u32) -> Answer<()> {
    if desk.ask_phase(phase).await.map_err(wire)? {
        approval_window::open(&app).map_err(|error| window(&error))?;
    }
    Ok(())
}

#[tauri::command]
pub async fn get_approval_document(
    from: WebviewWindow,
    desk: Open<'_>,
) -> Answer<ApprovalDocument> {
    own_window_only(&from)?;
    desk.approval_document().await.map_err(wire)
}

#[tauri::command]
pub async fn sign_approval(app: AppHandle, from: WebviewWindow, desk: Open<'_>) -> Answer<()> {
    own_window_only(&from)?;
    desk.sign_pending().await.map_err(wire)?;
    approval_window::close(&app);
    Ok(())
}

#[tauri::command]
pub async fn decline_approval(
    app: AppHandle,
    from: WebviewWindow,
    desk: Open<'_>,
    reason: Option<String>,
) -> Answer<()> {
    own_window_only(&from)?;
    desk.decline_pending(reason.as_deref()).await.map_err(wire)?;
    approval_window::close(&app);
    Ok(())
}

/// The capability already keeps the main window out; a slip in a capability file must not let it in.
fn own_window_only(from: &WebviewWindow) -> Answer<()> {
    if from.label() == APPROVAL {
        return Ok(());
    }
    Err(WireError {
        code: ErrorCode::Refused,
        message: "only the approval window can confirm".to_owned(),
        retryable: false,
    })
}

fn window(error: &tauri::Error) -> WireError {
    WireError {
        code: ErrorCode::Internal,
        message: format!("the approval window can't be opened: {error}"),
        retryable: true,
    }
}
