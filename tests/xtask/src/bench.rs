//! `cargo xtask bench`: builds the release programs and runs the benchmark beside a sandbox.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::{binaries, python, testing, tools, web};

/// Prints the benchmark's table. The program decides which sandbox it starts and when.
pub fn bench(checkout: &Checkout, arguments: &[OsString]) -> Result<ExitCode, Failure> {
    debian::install_missing(checkout, Purpose::Test)?;
    web::install_modules(checkout)?;
    python::environment(checkout)?;
    tools::install(checkout, &tools::TAURI_DRIVER)?;
    web::build(checkout)?;
    binaries::build_release(checkout)?;
    let programs = checkout.programs("release");
    let mut words: Vec<OsString> = vec![programs.join("bench").into()];
    words.extend_from_slice(arguments);
    testing::in_session(checkout, None, &words, &[("FIREBREAK_BIN_DIR", programs)])
}
