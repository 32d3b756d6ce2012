//! `cargo xtask shots`: the README's screenshots, taken from the real window on the sandbox.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::{binaries, python, testing, tools, web};

/// Tells the window test to keep its pictures, and where.
const FOLDER_VARIABLE: &str = "FIREBREAK_SHOTS";

/// Runs the window test's `shots` case, which drives the real program through WebDriver.
pub fn shots(checkout: &Checkout) -> Result<ExitCode, Failure> {
    debian::install_missing(checkout, Purpose::Test)?;
    web::install_modules(checkout)?;
    python::environment(checkout)?;
    tools::install(checkout, &tools::TAURI_DRIVER)?;
    web::build(checkout)?;
    binaries::build_with_tests(checkout)?;
    let mut words: Vec<OsString> = ["cargo", "test"].map(Into::into).to_vec();
    words.extend(checkout.whole_workspace().iter().map(Into::into));
    words.extend(["--test", "acceptance", "--", "shots", "--nocapture"].map(Into::into));
    let folder = checkout.root.join("docs/screenshots");
    testing::in_session(checkout, None, &words, &[(FOLDER_VARIABLE, folder)])
}
