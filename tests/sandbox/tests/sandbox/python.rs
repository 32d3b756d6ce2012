//! Running Python scripts with the sandbox's interpreter: independent clients judge the stand-ins.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use firebreak_sandbox::{Options, Sandbox};
use serde_json::Value;

/// The interpreter, if it has a module; says so when a test is skipped for the lack of it.
pub fn with_module(module: &str) -> Option<PathBuf> {
    that_runs(&format!("import {module}"), module)
}

/// The interpreter, if a script that looks for `what` ends well.
pub fn that_runs(script: &str, what: &str) -> Option<PathBuf> {
    let python = Sandbox::python(&Options::default());
    let has = |python: &PathBuf| {
        Command::new(python)
            .args(["-c", script])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let found = python.filter(has);
    if found.is_none() {
        eprintln!(
            "skipped: no Python with {what} (FIREBREAK_PYTHON or target/sandbox-venv, see tests/xtask/requirements.txt)"
        );
    }
    found
}

/// Runs a script with JSON on its standard input; whether it succeeded and what it said.
pub fn run(python: &PathBuf, script: &str, given: &Value) -> (bool, String) {
    let mut child = Command::new(python)
        .args(["-B", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}
