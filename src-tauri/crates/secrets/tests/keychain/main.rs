//! The keychain against a real gnome-keyring in a session of its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "this whole program is a test")]

mod calls;
mod daemon;
mod hangs;
mod keys;
mod leaks;
mod prompts;
mod session;
mod states;
