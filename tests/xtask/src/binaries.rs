//! The product's programs, always built with one set of flags.

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::stage;

/// Builds `firebreak`, `firebreakctl` and `firebreak-sandbox` for development.
pub fn build(checkout: &Checkout) -> Result<(), Failure> {
    compile(checkout, "build the programs (minutes when cold)", &["--bins"])
}

/// Builds the programs and every test.
pub fn build_with_tests(checkout: &Checkout) -> Result<(), Failure> {
    compile(checkout, "build the programs and tests (minutes when cold)", &["--bins", "--tests"])
}

/// Builds the programs as they are shipped.
pub fn build_release(checkout: &Checkout) -> Result<(), Failure> {
    compile(checkout, "build the release programs (minutes)", &["--bins", "--release"])
}

fn compile(checkout: &Checkout, name: &str, targets: &[&str]) -> Result<(), Failure> {
    let mut command = checkout.cargo(["build", "--color", "never"]);
    // Not ourselves: replacing the running program helps nobody.
    command.args(checkout.whole_workspace()).args(["--exclude", "xtask"]).args(targets);
    stage::run(checkout, name, command).map(|_| ())
}
