//! The user interface: its modules and its build.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::stage;

/// What the build reads, beside the folders `src` and `public`.
const SOURCES: &[&str] = &["src", "public", "index.html", "approval.html"];

/// `npm ci`, unless the installed modules came from this very lock file.
pub fn install_modules(checkout: &Checkout) -> Result<(), Failure> {
    let ui = checkout.ui();
    let lock_file = ui.join("package-lock.json");
    let stamp = ui.join("node_modules/.firebreak-lock");
    let lock = fs::read(&lock_file).map_err(Failure::file("read", &lock_file))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        stage::note("ok", "node modules match the lock file");
        return Ok(());
    }
    stage::run(
        checkout,
        "install node modules",
        npm(checkout, &["ci", "--no-audit", "--no-fund"]),
    )?;
    fs::write(&stamp, lock).map_err(Failure::file("write", &stamp))
}

/// `npm run build`, unless the result is newer than everything it is made from.
pub fn build(checkout: &Checkout) -> Result<(), Failure> {
    let ui = checkout.ui();
    if is_built(&ui) {
        stage::note("ok", "user interface is built");
        return Ok(());
    }
    stage::run(checkout, "build the user interface", npm(checkout, &["run", "build"]))?;
    Ok(())
}

/// An npm command in the folder of the user interface.
pub fn npm(checkout: &Checkout, words: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(words).current_dir(checkout.ui()).env("NO_COLOR", "1");
    command
}

fn is_built(ui: &Path) -> bool {
    let Some(built) = modified(&ui.join("dist/index.html")) else { return false };
    let settings = fs::read_dir(ui).into_iter().flatten().flatten().map(|entry| entry.path());
    settings
        .filter(|path| {
            path.extension().is_some_and(|end| end == "json" || end == "ts" || end == "js")
        })
        .chain(SOURCES.iter().map(|name| ui.join(name)))
        .filter_map(|path| newest(&path))
        .all(|changed| changed <= built)
}

/// The latest change of a file, or of anything in a folder.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = modified(path)?;
    let below = fs::read_dir(path).into_iter().flatten().flatten();
    below.filter_map(|entry| newest(&entry.path())).chain([own]).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
