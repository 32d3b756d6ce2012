//! Debian packages: which are needed, why, and which of them are missing.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

use crate::checkout::{Checkout, on_path};
use crate::failure::Failure;
use crate::stage;

struct Package {
    name: &'static str,
    why: &'static str,
}

const TO_BUILD_AND_RUN: &[Package] = &[
    Package { name: "build-essential", why: "C compiler and linker" },
    Package { name: "pkg-config", why: "finds the system libraries" },
    Package { name: "libwebkit2gtk-4.1-dev", why: "the window's web view" },
    Package { name: "librsvg2-dev", why: "icons in bundles" },
    Package { name: "dbus", why: "session bus: keychain and notifications" },
    Package { name: "gnome-keyring", why: "keychain of the sandbox" },
];

const TO_TEST: &[Package] = &[
    Package { name: "xvfb", why: "a display for the window test" },
    Package { name: "xauth", why: "xvfb-run needs it" },
    Package { name: "webkit2gtk-driver", why: "drives the real window" },
    Package { name: "strace", why: "fault injection" },
];

/// Only root can make a root.
const CLEAN_ROOT: Package =
    Package { name: "debootstrap", why: "a clean root to try the package on" };

const COMPRESSOR: Package = Package { name: "xz-utils", why: "makes the package small" };

const PYTHON_VENV: Package =
    Package { name: "python3-venv", why: "environment of the simulated AWS" };
const NPM: Package = Package { name: "npm", why: "builds the user interface" };

/// What a task is about to do; decides which packages it needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Run,
    Test,
    Package,
}

/// Installs the missing packages; says which and why. On another system prints the list and goes
/// on: the build then says what it misses.
pub fn install_missing(checkout: &Checkout, purpose: Purpose) -> Result<(), Failure> {
    let needed = needed(purpose);
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    if !on_path("dpkg-query") || !on_path("apt-get") {
        stage::note("note", "not a Debian system; these are needed under the names used here:");
        needed.iter().for_each(|package| stage::note("", &described(package)));
        return Ok(());
    }
    let present = installed(&needed)?;
    let missing: Vec<_> =
        needed.into_iter().filter(|package| !present.contains(package.name)).collect();
    if missing.is_empty() {
        stage::note("ok", "system packages are there");
        return Ok(());
    }
    stage::note("", "system packages to install:");
    missing.iter().for_each(|package| stage::note("", &described(package)));
    apt_get(checkout, "refresh the package lists", &["update"])?;
    let mut words = vec!["install", "-y", "--no-install-recommends"];
    words.extend(missing.iter().map(|package| package.name));
    apt_get(checkout, "install system packages", &words)
}

fn needed(purpose: Purpose) -> Vec<&'static Package> {
    let mut needed: Vec<_> = TO_BUILD_AND_RUN.iter().collect();
    if !python_makes_environments() {
        needed.push(&PYTHON_VENV);
    }
    if !on_path("npm") {
        needed.push(&NPM);
    }
    if purpose == Purpose::Test {
        needed.extend(TO_TEST);
    }
    if purpose == Purpose::Package {
        needed.push(&COMPRESSOR);
        needed.extend(is_root().then_some(&CLEAN_ROOT));
    }
    needed
}

fn described(package: &Package) -> String {
    format!("{:<24}{}", package.name, package.why)
}

/// Debian splits `ensurepip` off; a Python from elsewhere has it.
fn python_makes_environments() -> bool {
    Command::new("python3")
        .args(["-c", "import ensurepip, venv"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn installed(packages: &[&Package]) -> Result<BTreeSet<String>, Failure> {
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Package} ${db:Status-Status}\\n"])
        .args(packages.iter().map(|package| package.name))
        .stderr(Stdio::null())
        .output()
        .map_err(Failure::start("dpkg-query"))?;
    Ok(parse_installed(&String::from_utf8_lossy(&output.stdout)))
}

fn parse_installed(listing: &str) -> BTreeSet<String> {
    listing
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, status)| *status == "installed")
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Root installs in a stage. Anybody else goes through sudo, which may have to ask for a password
/// at the terminal and therefore keeps it.
fn apt_get(checkout: &Checkout, name: &str, words: &[&str]) -> Result<(), Failure> {
    let options = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"];
    if is_root() {
        let mut command = Command::new("apt-get");
        command.args(options).args(words).env("DEBIAN_FRONTEND", "noninteractive");
        return stage::run(checkout, name, command).map(|_| ());
    }
    if !on_path("sudo") {
        return Err(Failure::Missing {
            what: format!("not root and no sudo: run `apt-get {}` as root", words.join(" ")),
        });
    }
    let mut command = Command::new("sudo");
    if !io::stdin().is_terminal() {
        command.arg("--non-interactive");
    }
    command.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(options).args(words);
    stage::note("", &format!("{name} (sudo)"));
    let status = command.status().map_err(Failure::start("sudo"))?;
    if status.success() { Ok(()) } else { Err(Failure::Stage { name: name.to_owned() }) }
}

/// Whether we may install packages and enter a chroot.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_package_that_is_installed_counts() {
        let present = parse_installed("dbus installed\nxvfb config-files\nxauth not-installed\n");
        assert_eq!(present.into_iter().collect::<Vec<_>>(), ["dbus"]);
    }
}
