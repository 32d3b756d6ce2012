//! The keychain against a real gnome-keyring in a session of its own.
#![cfg(target_os = "linux")]

mod calls;
mod daemon;
mod hangs;
mod keys;
mod leaks;
mod prompts;
mod session;
mod states;
