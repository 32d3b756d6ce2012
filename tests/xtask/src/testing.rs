//! `cargo xtask test` and `cargo xtask ci`: every test, one summary.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::checkout::{Checkout, on_path};
use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::session::{self, Screen};
use crate::tally::{Suite, Tally};
use crate::{binaries, generate, judges, leash, lint, python, stage, tools, web};

/// Third-party material that is never committed; tests that want it skip themselves without it.
const MATERIAL: &[&str] = &["FIREBREAK_SAMPLES", "FIREBREAK_SPECS", "FIREBREAK_CORPORA"];

#[derive(Args)]
pub struct Options {
    /// Only Rust tests whose name contains this.
    filter: Option<String>,
}

/// Every test, in the order in which a failure is cheapest.
pub fn test(checkout: &Checkout, options: &Options) -> Result<ExitCode, Failure> {
    let mut tally = Tally::default();
    let ended = match &options.filter {
        Some(filter) => filtered(checkout, filter, &mut tally),
        None => everything(checkout, &mut tally),
    };
    Ok(summed_up(&mut tally, ended))
}

/// Lint and test with one summary.
pub fn ci(checkout: &Checkout) -> Result<ExitCode, Failure> {
    let mut tally = Tally::default();
    let ended = everything(checkout, &mut tally).and_then(|()| lint::rust(checkout, &mut tally));
    Ok(summed_up(&mut tally, ended))
}

fn summed_up(tally: &mut Tally, ended: Result<(), Failure>) -> ExitCode {
    if let Err(failure) = ended {
        tally.check(&failure.to_string(), false);
    }
    for name in MATERIAL.iter().filter(|name| env::var_os(name).is_none()) {
        stage::note("note", &format!("{name} is not set: tests on that material skip themselves"));
    }
    tally.report()
}

fn everything(checkout: &Checkout, tally: &mut Tally) -> Result<(), Failure> {
    prepare(checkout)?;
    lint::user_interface(checkout, tally)?;
    let unit = stage::attempt(checkout, "test the user interface", web::npm(checkout, &["test"]))?;
    tally.add(Suite::from_vitest("ui", &unit.output()?, unit.status.success()));
    binaries::build_with_tests(checkout)?;
    generate::check_built(checkout, tally)?;
    rust(checkout, None, tally)?;
    documentation(checkout, tally)
}

fn filtered(checkout: &Checkout, filter: &str, tally: &mut Tally) -> Result<(), Failure> {
    prepare(checkout)?;
    binaries::build_with_tests(checkout)?;
    rust(checkout, Some(filter), tally)
}

fn prepare(checkout: &Checkout) -> Result<(), Failure> {
    debian::install_missing(checkout, Purpose::Test)?;
    web::install_modules(checkout)?;
    python::environment(checkout)?;
    judges::install(checkout)?;
    tools::install(checkout, &tools::TAURI_DRIVER)?;
    web::build(checkout)
}

/// The whole suite runs in one private session: bus, unlocked keychain and a virtual screen.
fn rust(checkout: &Checkout, filter: Option<&str>, tally: &mut Tally) -> Result<(), Failure> {
    let nextest = on_path("cargo-nextest");
    let mut words: Vec<OsString> = vec!["cargo".into()];
    words.extend(
        if nextest { ["nextest", "run"].as_slice() } else { &["test"] }.iter().map(Into::into),
    );
    words.extend(checkout.whole_workspace().iter().map(Into::into));
    words.extend(["--no-fail-fast", "--color", "never"].map(Into::into));
    words.extend(filter.map(Into::into));
    if nextest {
        // What a passing test printed is where it says that it skipped itself.
        words.extend(["--success-output", "final", "--no-tests", "pass"].map(Into::into));
    } else {
        words.extend(["--bins", "--lib", "--tests", "--", "--show-output"].map(Into::into));
    }
    let folder = session::new_folder()?;
    let mut command = session::wrapped(checkout, &folder, None, Screen::Virtual, &words);
    command.current_dir(&checkout.root).envs(environment(checkout));
    let name = "test the Rust code and the real window";
    let outcome = stage::attempt_in(checkout, name, command, Some(&folder))?;
    let (output, good) = (outcome.output()?, outcome.status.success());
    tally.add(if nextest {
        Suite::from_nextest("rust", &output, good)
    } else {
        Suite::from_libtest("rust", &output, good)
    });
    Ok(())
}

/// Documentation examples, among them those that must not compile.
fn documentation(checkout: &Checkout, tally: &mut Tally) -> Result<(), Failure> {
    let mut command = checkout.cargo(["test", "--doc", "--no-fail-fast"]);
    command.args(checkout.whole_workspace()).envs(environment(checkout));
    let outcome = stage::attempt(checkout, "test the documentation's examples", command)?;
    tally.add(Suite::from_libtest("doc", &outcome.output()?, outcome.status.success()));
    Ok(())
}

/// Where tests find the programs they start.
pub fn environment(checkout: &Checkout) -> Vec<(&'static str, PathBuf)> {
    vec![
        ("FIREBREAK_BIN_DIR", checkout.programs("debug")),
        ("FIREBREAK_PYTHON", python::interpreter(checkout)),
        ("FIREBREAK_PRISM", judges::prism(checkout)),
        ("FIREBREAK_TAURI_DRIVER", tools::program(checkout, &tools::TAURI_DRIVER)),
        ("FIREBREAK_WEBKIT_DRIVER", PathBuf::from("/usr/bin/WebKitWebDriver")),
        // The exporters of the wire types run with the other tests: keep them out of the checkout.
        ("TS_RS_EXPORT_DIR", checkout.target.join("wire-bindings")),
    ]
}

/// Runs one command in a private session with a virtual screen, its output handed through.
pub fn in_session(
    checkout: &Checkout,
    seed: Option<u64>,
    words: &[OsString],
    settings: &[(&str, PathBuf)],
) -> Result<ExitCode, Failure> {
    let folder = session::new_folder()?;
    let mut command = session::wrapped(checkout, &folder, seed, Screen::Virtual, words);
    command.current_dir(&checkout.root).envs(environment(checkout));
    command.envs(settings.iter().map(|(name, value)| (*name, value)));
    let ended = leash::leashed(&checkout.xtask, &command, Some(&folder))
        .spawn()
        .map_err(Failure::start("a private session"))
        .and_then(leash::follow)?;
    Ok(leash::exit_code(ended))
}
