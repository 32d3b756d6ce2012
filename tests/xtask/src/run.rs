//! `cargo xtask run`: from a fresh checkout to an open console.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;

use crate::checkout::Checkout;
use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::session::{self, Screen};
use crate::{binaries, leash, python, stage, web};

#[derive(Args)]
pub struct Options {
    /// Open the console on this workspace, with your own keychain and no sandbox.
    #[arg(long, conflicts_with_all = ["headless", "seed"])]
    home: Option<PathBuf>,
    /// Seed of the sandbox's account and alerts.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Do the whole job without a window, and print it.
    #[arg(long)]
    headless: bool,
}

/// Prepares everything, then opens the console (or does the same job headless).
pub fn run(checkout: &Checkout, options: &Options) -> Result<ExitCode, Failure> {
    debian::install_missing(checkout, Purpose::Run)?;
    web::install_modules(checkout)?;
    if options.home.is_none() {
        python::environment(checkout)?;
    }
    web::build(checkout)?;
    binaries::build(checkout)?;
    match &options.home {
        Some(home) => open_workspace(checkout, home),
        None => open_sandbox(checkout, options),
    }
}

/// The inner half: makes the workspace from what the sandbox says, then opens it.
pub fn console(
    checkout: &Checkout,
    home: &Path,
    ready: &Path,
    headless: bool,
) -> Result<ExitCode, Failure> {
    let programs = checkout.programs("debug");
    let mut init = Command::new(programs.join("firebreakctl"));
    init.arg("--home").arg(home).args(["init", "--sandbox"]).arg(ready);
    stage::run(checkout, "make a workspace on the sandbox", init)?;
    if headless {
        stage::note("", "no window: the same engine does the job and prints it");
        let mut demo = Command::new(programs.join("firebreakctl"));
        demo.arg("--home").arg(home).arg("demo");
        return follow(checkout, &demo, None);
    }
    stage::note("", "the console is open; close its window to end the sandbox");
    let mut window = Command::new(programs.join("firebreak"));
    window.arg("--home").arg(home);
    follow(checkout, &window, None)
}

fn open_workspace(checkout: &Checkout, home: &Path) -> Result<ExitCode, Failure> {
    if !has_display() {
        return Err(Failure::Missing {
            what: format!(
                "there is no display to open a window on; firebreakctl --home {} does the same \
                 work without one",
                home.display()
            ),
        });
    }
    let mut window = Command::new(checkout.programs("debug").join("firebreak"));
    window.arg("--home").arg(home);
    follow(checkout, &window, None)
}

fn open_sandbox(checkout: &Checkout, options: &Options) -> Result<ExitCode, Failure> {
    let headless = options.headless || !has_display();
    let folder = session::new_folder()?;
    let mut words: Vec<OsString> = vec![checkout.xtask.clone().into(), "console".into()];
    words.extend(["--home".into(), folder.join("home").into()]);
    words.extend(["--ready".into(), folder.join(session::READY_FILE).into()]);
    if headless {
        words.push("--headless".into());
    }
    let session = session::wrapped(checkout, &folder, Some(options.seed), Screen::Own, &words);
    follow(checkout, &session, Some(&folder))
}

fn follow(
    checkout: &Checkout,
    command: &Command,
    remove: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let child = leash::leashed(&checkout.xtask, command, remove)
        .spawn()
        .map_err(Failure::start(program))?;
    Ok(leash::exit_code(leash::follow(child)?))
}

fn has_display() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
