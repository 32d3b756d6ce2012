//! `cargo xtask lint`: formatting, clippy, dependency policy, the user interface's checks.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::checkout::{Checkout, on_path};
use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::tally::Tally;
use crate::{stage, tools, web};

/// Every check that needs no test run.
pub fn lint(checkout: &Checkout) -> Result<ExitCode, Failure> {
    debian::install_missing(checkout, Purpose::Run)?;
    web::install_modules(checkout)?;
    let mut tally = Tally::default();
    // The window embeds the built interface: clippy can't expand it without one.
    web::build(checkout)?;
    user_interface(checkout, &mut tally)?;
    rust(checkout, &mut tally)?;
    Ok(tally.report())
}

/// Types and markup of the user interface.
pub fn user_interface(checkout: &Checkout, tally: &mut Tally) -> Result<(), Failure> {
    let command = web::npm(checkout, &["run", "check"]);
    check(checkout, "check the user interface (svelte-check)", command, tally)
}

/// Formatting, clippy and dependencies.
pub fn rust(checkout: &Checkout, tally: &mut Tally) -> Result<(), Failure> {
    ensure_components(checkout)?;
    check(checkout, "formatting", checkout.cargo(["fmt", "--all", "--check"]), tally)?;
    let mut clippy = checkout.cargo(["clippy", "--all-targets", "--color", "never"]);
    clippy.args(checkout.whole_workspace()).args(["--", "-D", "warnings"]);
    check(checkout, "clippy", clippy, tally)?;
    dependencies(checkout, tally)
}

fn dependencies(checkout: &Checkout, tally: &mut Tally) -> Result<(), Failure> {
    let deny = tools::install(checkout, &tools::CARGO_DENY)?;
    let command = cargo_deny(checkout, &deny, &["licenses", "bans", "sources"]);
    check(checkout, "licences, bans and sources (cargo deny)", command, tally)?;
    if advisory_database().is_some_and(|folder| folder.is_dir()) {
        let command = cargo_deny(checkout, &deny, &["--disable-fetch", "advisories"]);
        return check(checkout, "advisories (cargo deny)", command, tally);
    }
    tally
        .skip("advisories", "no copy of the RustSec database here; `cargo deny fetch db` gets one");
    Ok(())
}

fn cargo_deny(checkout: &Checkout, program: &PathBuf, what: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&checkout.root).args(["--color", "never", "check"]).args(what);
    command
}

/// Where `cargo deny fetch` keeps its copies.
fn advisory_database() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    Some(home.join("advisory-dbs"))
}

/// A minimal toolchain comes without them.
fn ensure_components(checkout: &Checkout) -> Result<(), Failure> {
    if (on_path("cargo-fmt") && on_path("cargo-clippy")) || !on_path("rustup") {
        return Ok(());
    }
    let mut command = Command::new("rustup");
    command.args(["component", "add", "rustfmt", "clippy"]);
    stage::run(checkout, "install rustfmt and clippy", command).map(|_| ())
}

fn check(
    checkout: &Checkout,
    name: &str,
    command: Command,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let outcome = stage::attempt(checkout, name, command)?;
    tally.check(name, outcome.status.success());
    Ok(())
}
