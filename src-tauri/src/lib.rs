//! The desktop shell: the only package that names tauri.
//!
//! Commands are letterboxes to the desk; windows, notifications and the event channel are all that
//! is decided here. There are two windows with two capabilities: `main` may ask for everything but
//! confirm nothing, `approval` shows one document drawn by Rust and may sign or decline it.

mod approval_window;
mod arguments;
mod commands;
mod notifications;
mod setup;
mod windows;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

/// Opens the console; returns when its last window is closed.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("FIREBREAK_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    // Colours are escape sequences: they are for a terminal, never for a file or a journal.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.with_ansi(colours).init();
    match setup::launch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "Firebreak can't start");
            ExitCode::FAILURE
        }
    }
}
