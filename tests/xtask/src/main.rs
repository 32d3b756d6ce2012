//! `cargo xtask`: everything a person or a CI machine runs on this checkout.
//!
//! It depends on no product crate, so that it compiles in seconds on a fresh machine and can
//! install what the rest needs. Progress goes to stderr, one line a stage; results go to stdout.

mod bench;
mod binaries;
mod checkout;
mod debian;
mod failure;
mod generate;
mod judges;
mod leash;
mod lint;
mod package;
mod python;
mod run;
mod session;
mod shots;
mod stage;
mod tally;
mod testing;
mod tools;
mod web;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::checkout::Checkout;
use crate::failure::Failure;

/// Builds, runs, tests and packages Firebreak.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what is missing, build, start the sandbox and open the console on it.
    Run(run::Options),
    /// Run every test, including the real window driven through WebDriver.
    Test(testing::Options),
    /// Formatting, clippy, dependency policy and the user interface's own checks.
    Lint,
    /// What CI runs: lint and test, with one summary.
    Ci,
    /// Write the TypeScript twins of the wire types to ui/src/lib/wire.
    Generate {
        /// Change nothing; fail when the committed files differ.
        #[arg(long)]
        check: bool,
    },
    /// Print the repository's benchmark.
    Bench {
        /// Passed to the benchmark program.
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Build the .deb, check its size, and start it on a clean root.
    Package,
    /// Take the README's screenshots from the real window.
    Shots,
    /// Run a command that dies with this process's standard input. Used by the other tasks.
    #[command(hide = true)]
    Leash(leash::Options),
    /// Run a command beside a private keychain and, on request, a sandbox.
    #[command(hide = true)]
    Inside(session::Options),
    /// Make the sandbox workspace and open it. Runs inside a private session.
    #[command(hide = true)]
    Console {
        #[arg(long)]
        home: PathBuf,
        #[arg(long)]
        ready: PathBuf,
        #[arg(long)]
        headless: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match perform(arguments.task) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<ExitCode, Failure> {
    // The leash is everywhere and must start at once: it never looks at the checkout.
    if let Task::Leash(options) = task {
        return leash::hold(options);
    }
    let checkout = Checkout::find()?;
    match task {
        Task::Run(options) => run::run(&checkout, &options),
        Task::Test(options) => testing::test(&checkout, &options),
        Task::Lint => lint::lint(&checkout),
        Task::Ci => testing::ci(&checkout),
        Task::Generate { check } => generate::generate(&checkout, check),
        Task::Bench { arguments } => bench::bench(&checkout, &arguments),
        Task::Package => package::package(&checkout),
        Task::Shots => shots::shots(&checkout),
        Task::Inside(options) => session::inside(&checkout, options),
        Task::Console { home, ready, headless } => run::console(&checkout, &home, &ready, headless),
        Task::Leash(options) => leash::hold(options),
    }
}
