//! Letterboxes: take a request, call one function of the desk, map the error.

mod approval;
mod audit;
mod commander;
mod incidents;
mod leases;
mod settings;
mod sources;
mod steps;
mod stream;
mod suppressions;
mod triage;
mod views;

use std::sync::Arc;

use firebreak_desk::{Desk, DeskError};
use firebreak_wire::WireError;
use tauri::ipc::Invoke;

/// The open workspace.
type Open<'a> = tauri::State<'a, Arc<Desk>>;
/// What a command answers.
type Answer<T> = Result<T, WireError>;

fn wire(error: DeskError) -> WireError {
    if let firebreak_wire::ErrorCode::Internal = error.to_wire().code {
        tracing::error!(%error, "a command failed");
    }
    error.to_wire()
}

/// Every command. `build.rs` lists the same names; what it does not list can't be called.
pub fn handler() -> impl Fn(Invoke) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        approval::decline_approval,
        approval::get_approval_document,
        approval::request_approval,
        approval::request_phase,
        approval::sign_approval,
        audit::list_audit,
        audit::verify_audit,
        commander::export_overview,
        commander::get_clock_targets,
        commander::get_command_view,
        commander::set_clock_targets,
        incidents::get_incident,
        incidents::get_incident_markdown,
        incidents::get_raw_alert,
        incidents::list_incidents,
        incidents::propose_plan,
        incidents::queue_counts,
        settings::add_cloud_account,
        settings::remove_cloud_account,
        settings::remove_model,
        settings::retry_keychain,
        settings::set_model,
        settings::test_cloud_account,
        settings::test_model,
        sources::add_source,
        sources::ask_write_back,
        sources::cancel_backfill,
        sources::list_sources,
        sources::list_vendors,
        sources::poll_now,
        sources::preview_mapping,
        sources::remove_source,
        sources::reset_source,
        sources::set_source_polling,
        sources::start_backfill,
        sources::test_source,
        sources::withdraw_write_back,
        leases::hand_lease,
        leases::list_leases,
        leases::prove_lease,
        leases::release_lease,
        leases::renew_lease,
        steps::cancel_run,
        steps::reconcile_step,
        steps::reject_step,
        steps::run_step,
        stream::get_snapshot,
        stream::subscribe,
        stream::take_link,
        suppressions::add_suppression,
        suppressions::end_suppression,
        suppressions::list_suppressed,
        suppressions::list_suppressions,
        suppressions::preview_suppression,
        suppressions::renew_suppression,
        triage::add_note,
        triage::cancel_triage,
        triage::change_incidents,
        triage::list_triage,
        triage::read_handover,
        triage::select_incidents,
        triage::undo_triage,
        views::delete_view,
        views::list_views,
        views::save_view,
    ]
}
