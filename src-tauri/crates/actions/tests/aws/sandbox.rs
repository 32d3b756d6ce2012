//! Starts the simulated account of `tests/sandbox/aws` for one test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running account; gone when dropped.
pub struct Sandbox {
    child: Child,
    pub port: u16,
    ready: Value,
}

impl Sandbox {
    /// Starts one. `None`, said loudly, where its Python environment is not installed.
    pub fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap();
        let python = std::env::var_os("FIREBREAK_PYTHON")
            .map_or_else(|| root.join("target/sandbox-venv/bin/python"), PathBuf::from);
        if !python.exists() {
            eprintln!("SKIPPED: no {}; `cargo xtask run` installs it", python.display());
            return None;
        }
        let mut child = Command::new(python)
            .arg("-B")
            .arg(root.join("tests/sandbox/aws/serve.py"))
            .args(["--seed", "7", "--settle-ms", "150"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulated account starts");
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("one line of JSON when ready");
        let port = ready["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap();
        Some(Self { child, port, ready })
    }

    /// The id behind a logical name: `instance.web-7.id`.
    pub fn name(&self, logical: &str) -> String {
        let names = &self.ready["names"];
        names[logical].as_str().unwrap_or_else(|| panic!("no {logical} in {names}")).to_owned()
    }

    /// Id and secret of `read`, `write` or `deploy_bot`.
    pub fn key(&self, who: &str) -> (String, String) {
        let text = |field: &str| self.ready["keys"][who][field].as_str().unwrap().to_owned();
        (text("id"), text("secret"))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may be gone already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
