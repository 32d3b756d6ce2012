//! The Python environment of the simulated AWS account (moto), with every version pinned.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::stage;

const FOLDER: &str = "sandbox-venv";

/// Makes the environment, unless it was made from this very list; returns its interpreter.
pub fn environment(checkout: &Checkout) -> Result<PathBuf, Failure> {
    let folder = checkout.target.join(FOLDER);
    let python = interpreter(checkout);
    let stamp = folder.join(".firebreak-requirements");
    let requirements = checkout.root.join("tests/xtask/requirements.txt");
    let wanted = fs::read(&requirements).map_err(Failure::file("read", &requirements))?;
    let runs = || Command::new(&python).arg("--version").output().is_ok_and(|o| o.status.success());
    if fs::read(&stamp).is_ok_and(|made_from| made_from == wanted) && runs() {
        stage::note("ok", "Python environment of the simulated AWS is there");
        return Ok(python);
    }
    let mut create = Command::new("python3");
    create.args(["-m", "venv", "--clear"]).arg(&folder);
    stage::run(checkout, "create the Python environment", create)?;
    let mut install = Command::new(&python);
    install
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .arg("--requirement")
        .arg(&requirements);
    stage::run(checkout, "install the simulated AWS (moto)", install)?;
    fs::write(&stamp, wanted).map_err(Failure::file("write", &stamp))?;
    Ok(python)
}

/// Its interpreter, whether it has been made yet or not.
pub fn interpreter(checkout: &Checkout) -> PathBuf {
    checkout.target.join(FOLDER).join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    })
}
