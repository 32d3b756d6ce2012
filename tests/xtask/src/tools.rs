//! Cargo programs that tasks need, pinned and kept in the user's cache between checkouts.

use std::path::PathBuf;

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::stage;

/// A program that `cargo install` brings.
pub struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Speaks WebDriver to the real window.
pub const TAURI_DRIVER: Tool = Tool { name: "tauri-driver", version: "2.1.0" };
/// Checks licences, duplicate versions and where crates come from.
pub const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

/// Installs the tool unless this version is there; returns the program.
pub fn install(checkout: &Checkout, tool: &Tool) -> Result<PathBuf, Failure> {
    let program = program(checkout, tool);
    if program.is_file() {
        return Ok(program);
    }
    let mut command = checkout.cargo(["install", tool.name, "--locked", "--version", tool.version]);
    command.arg("--root").arg(folder(checkout, tool));
    // They run for seconds: a quick build is worth more than a quick program.
    command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    stage::run(checkout, &format!("install {}", tool.name), command)?;
    Ok(program)
}

/// Where the tool is, once installed.
pub fn program(checkout: &Checkout, tool: &Tool) -> PathBuf {
    folder(checkout, tool).join("bin").join(tool.name)
}

/// A folder a version: two checkouts that pin different ones don't fight.
fn folder(checkout: &Checkout, tool: &Tool) -> PathBuf {
    checkout.tools().join(format!("{}-{}", tool.name, tool.version))
}
