//! Declares every command, so that a window may call only those that its capability names.

const COMMANDS: &[&str] = &[
    "add_cloud_account",
    "add_note",
    "add_source",
    "add_suppression",
    "ask_write_back",
    "cancel_backfill",
    "cancel_run",
    "cancel_triage",
    "change_incidents",
    "decline_approval",
    "end_suppression",
    "get_approval_document",
    "get_incident",
    "get_raw_alert",
    "get_snapshot",
    "list_audit",
    "list_incidents",
    "list_sources",
    "list_suppressed",
    "list_suppressions",
    "list_triage",
    "list_vendors",
    "poll_now",
    "preview_mapping",
    "preview_suppression",
    "propose_plan",
    "queue_counts",
    "reconcile_step",
    "reject_step",
    "remove_cloud_account",
    "remove_model",
    "remove_source",
    "renew_suppression",
    "request_approval",
    "request_phase",
    "reset_source",
    "retry_keychain",
    "run_step",
    "select_incidents",
    "set_model",
    "set_source_polling",
    "sign_approval",
    "start_backfill",
    "subscribe",
    "test_cloud_account",
    "test_model",
    "test_source",
    "undo_triage",
    "verify_audit",
    "withdraw_write_back",
];

fn main() {
    // The interface is embedded at compile time, by a macro that cargo can't look into.
    println!("cargo:rerun-if-changed=../ui/dist");
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))
        .expect("the shell's configuration, capabilities and icons are in the repository");
}
