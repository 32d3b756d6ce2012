//! `cargo xtask package`: the .deb, its size, and a start on a clean root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::json;

use crate::checkout::{Checkout, on_path};
use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::tally::Tally;
use crate::{stage, web};

/// The bundler, pinned to the shell's minor version.
const BUNDLER: &str = "@tauri-apps/cli@2.12.5";
const LIMIT_MEGABYTES: f64 = 25.0;
const RELEASE: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org/debian";

/// Builds and tries the package; says what couldn't be tried here.
pub fn package(checkout: &Checkout) -> Result<ExitCode, Failure> {
    debian::install_missing(checkout, Purpose::Package)?;
    web::install_modules(checkout)?;
    web::build(checkout)?;
    bundle(checkout)?;
    let package = newest_package(&checkout.target.join("release/bundle/deb"))?;
    repack(checkout, &package)?;
    let mut tally = Tally::default();
    let bytes = fs::metadata(&package).map_err(Failure::file("read", &package))?.len();
    let megabytes = bytes as f64 / 1e6;
    stage::say(&format!("{} {megabytes:.1} MB", package.display()));
    tally.check(&format!("at most {LIMIT_MEGABYTES} MB"), megabytes <= LIMIT_MEGABYTES);
    try_on_clean_root(checkout, &package, &mut tally)?;
    Ok(tally.report())
}

/// What is shipped is compiled by itself: the tests' libraries switch features on that have no
/// business in it.
fn bundle(checkout: &Checkout) -> Result<(), Failure> {
    let mut compile = checkout.cargo(["build", "--release", "--color", "never", "--bins"]);
    compile.args(["-p", "firebreak", "-p", "firebreak-cli"]).args(checkout.shell_features());
    stage::run(checkout, "build the release programs (minutes)", compile)?;

    let local = checkout.ui().join("node_modules/.bin/tauri");
    let mut command = if local.is_file() {
        Command::new(local)
    } else {
        let mut npx = Command::new("npx");
        npx.args(["--yes", "--package", BUNDLER, "--", "tauri"]);
        npx
    };
    let tool = checkout.programs("release").join("firebreakctl");
    let files = json!({ "/usr/bin/firebreakctl": tool });
    let config = json!({ "bundle": { "active": true, "linux": { "deb": { "files": files } } } });
    command.args(["bundle", "--bundles", "deb", "--ci", "--config", &config.to_string()]);
    command.current_dir(checkout.root.join("src-tauri"));
    command.env("CARGO_TARGET_DIR", &checkout.target).env("NO_COLOR", "1");
    stage::run(checkout, "bundle the Debian package", command).map(|_| ())
}

/// The bundler compresses with gzip, whose window is too small to see that the window's program and
/// the terminal's hold the same code. xz sees it, and every dpkg reads it.
fn repack(checkout: &Checkout, package: &Path) -> Result<(), Failure> {
    let folder = checkout.target.join("release/bundle/deb/repack");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(Failure::file("create", &folder))?;
    // The order of the members is part of the format (deb(5)).
    let script = "set -euo pipefail; ar x \"$1\"; gzip -dc data.tar.gz | xz -9 >data.tar.xz; \
                  rm \"$1\"; ar rcD \"$1\" debian-binary control.tar.gz data.tar.xz";
    let mut command = Command::new("bash");
    command.args(["-c", script, "bash"]).arg(package).current_dir(&folder);
    stage::run(checkout, "compress the package with xz", command)?;
    fs::remove_dir_all(&folder).map_err(Failure::file("remove", &folder))
}

fn newest_package(folder: &Path) -> Result<PathBuf, Failure> {
    let files = fs::read_dir(folder).map_err(Failure::file("read", folder))?.flatten();
    files
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "deb"))
        .max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok())
        .ok_or_else(|| Failure::Missing { what: format!("no .deb in {}", folder.display()) })
}

/// Installs the package into a minimal Debian of its own and starts it there.
fn try_on_clean_root(
    checkout: &Checkout,
    package: &Path,
    tally: &mut Tally,
) -> Result<(), Failure> {
    const NAME: &str = "installs and starts on a clean root";
    if !debian::is_root() {
        tally.skip(NAME, "a chroot needs root");
        return Ok(());
    }
    if !on_path("debootstrap") {
        tally.skip(NAME, "there is no debootstrap here");
        return Ok(());
    }
    let root = checkout.target.join("clean-root");
    let _ = fs::remove_dir_all(&root);
    let mut bootstrap = Command::new("debootstrap");
    bootstrap.args(["--variant=minbase", RELEASE]).arg(&root).arg(MIRROR);
    stage::run(checkout, "make a clean Debian root", bootstrap)?;
    let inside = root.join("firebreak.deb");
    fs::copy(package, &inside).map_err(Failure::file("write", &inside))?;

    let install = "export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && \
                   apt-get install -y --no-install-recommends /firebreak.deb xvfb xauth dbus";
    let installed = stage::attempt(checkout, "install the package there", chroot(&root, install))?;
    tally.check("the package installs on a clean root", installed.status.success());
    let version =
        stage::attempt(checkout, "firebreak --version", chroot(&root, "firebreak --version"))?;
    tally.check("firebreak --version answers there", version.status.success());
    let link = "grep -qx 'Exec=firebreak %u' /usr/share/applications/Firebreak.desktop && \
                grep -qx 'MimeType=x-scheme-handler/firebreak;' /usr/share/applications/Firebreak.desktop";
    let linked = stage::attempt(checkout, "look at its desktop entry", chroot(&root, link))?;
    tally.check("links to incidents are handed to it", linked.status.success());
    // Ten seconds alive with a window is a start: `timeout` then ends it with 124.
    let start = "mkdir -p /tmp/home && cd /tmp && export HOME=/tmp/home && \
                 xvfb-run -a dbus-run-session -- timeout 10 firebreak --home /tmp/workspace; \
                 code=$?; echo \"ended with $code\"; test $code -eq 124";
    let started = stage::attempt(checkout, "start the window there", chroot(&root, start))?;
    tally.check("the window starts there and stays", started.status.success());
    fs::remove_dir_all(&root).map_err(Failure::file("remove", &root))
}

/// `unshare` gives the chroot a /proc of its own that goes away by itself.
fn chroot(root: &Path, script: &str) -> Command {
    let mounted = format!(
        "mount -t proc proc {0}/proc && mount --rbind /dev {0}/dev && exec chroot {0} bash -c \"$1\"",
        root.display()
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--", "bash", "-c", &mounted, "bash", script]);
    command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    command
}
