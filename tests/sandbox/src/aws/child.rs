//! The Python process that runs moto.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::error::Error;
use crate::options::Options;

/// The Python side, compiled in so that the program runs from anywhere.
const FILES: [(&str, &str); 5] = [
    ("serve.py", include_str!("../../aws/serve.py")),
    ("seed.py", include_str!("../../aws/seed.py")),
    ("corrections_ec2.py", include_str!("../../aws/corrections_ec2.py")),
    ("corrections_autoscaling.py", include_str!("../../aws/corrections_autoscaling.py")),
    ("corrections_identity.py", include_str!("../../aws/corrections_identity.py")),
];

/// Importing moto and seeding takes about 5 s; a loaded machine may need much longer.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much of the child's complaints is kept.
const KEPT: usize = 16 * 1024;

/// A running account.
pub(crate) struct Account {
    /// Port of moto on loopback.
    pub(crate) port: u16,
    /// Logical names of what was made.
    pub(crate) names: BTreeMap<String, String>,
    /// Access keys by purpose.
    pub(crate) keys: Keys,
    child: Child,
    _files: tempfile::TempDir,
}

/// Access keys of the account.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Keys {
    pub(crate) read: Key,
    pub(crate) write: Key,
    pub(crate) deploy_bot: Key,
    pub(crate) listen: Key,
    pub(crate) forward: Key,
}

/// One access key.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// What the child prints when it is ready.
#[derive(Deserialize)]
struct Report {
    port: u16,
    names: BTreeMap<String, String>,
    keys: Keys,
}

/// The interpreter to use: the one given, `FIREBREAK_PYTHON`, or the virtual environment under `target`.
pub(crate) fn find_python(given: Option<&Path>) -> Option<PathBuf> {
    let program = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    let under = |target: PathBuf| target.join("sandbox-venv").join(program);
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let candidates = [
        given.map(Path::to_owned),
        std::env::var_os("FIREBREAK_PYTHON").map(PathBuf::from),
        std::env::var_os("CARGO_TARGET_DIR").map(|target| under(target.into())),
        Some(under("target".into())),
        Some(under(checkout)),
    ];
    candidates.into_iter().flatten().find(|candidate| candidate.is_file())
}

/// Starts moto, seeds it and waits until it is ready.
pub(crate) async fn start(options: &Options) -> Result<Account, Error> {
    let python = find_python(options.python.as_deref()).ok_or(Error::NoPython)?;
    let files = unpack()?;
    let mut command = Command::new(&python);
    command
        .arg("-B")
        .arg(files.path().join("serve.py"))
        .arg("--seed")
        .arg(options.seed.to_string())
        .arg("--settle-ms")
        .arg(options.settle.as_millis().to_string())
        .arg("--group-maximum")
        .arg(options.group_maximum.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // The seeding client must not pick up the developer's own account.
    for name in [
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
        "AWS_SESSION_TOKEN",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
    ] {
        command.env_remove(name);
    }
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    let mut child = command.spawn().map_err(|source| Error::Spawn { python, source })?;
    let complaints = collect(child.stderr.take());
    let report = report(&mut child).await.map_err(|problem| {
        let said = complaints.lock().unwrap_or_else(PoisonError::into_inner);
        Error::Moto {
            detail: format!("{problem}; it said: {}", String::from_utf8_lossy(&said).trim()),
        }
    })?;
    Ok(Account { port: report.port, names: report.names, keys: report.keys, child, _files: files })
}

impl Account {
    /// Ends the child; it would also end by itself once its standard input closes.
    pub(crate) async fn stop(mut self) {
        drop(self.child.stdin.take());
        if tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

fn unpack() -> Result<tempfile::TempDir, Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    };
    let folder = tempfile::Builder::new()
        .prefix("firebreak-sandbox-")
        .tempdir()
        .map_err(failed(&std::env::temp_dir()))?;
    for (name, text) in FILES {
        let path = folder.path().join(name);
        std::fs::write(&path, text).map_err(failed(&path))?;
    }
    Ok(folder)
}

async fn report(child: &mut Child) -> Result<Report, String> {
    let output = child.stdout.take().ok_or("its output is not connected")?;
    let mut lines = BufReader::new(output).lines();
    let line = match tokio::time::timeout(PATIENCE, lines.next_line()).await {
        Err(_) => return Err(format!("it was not ready after {} s", PATIENCE.as_secs())),
        Ok(Err(error)) => return Err(format!("its output broke off: {error}")),
        Ok(Ok(None)) => {
            let ended = child
                .wait()
                .await
                .map_or_else(|error| error.to_string(), |status| status.to_string());
            // Its last words may still be on their way to the collector.
            tokio::time::sleep(Duration::from_millis(50)).await;
            return Err(format!("it ended with {ended}"));
        }
        Ok(Ok(Some(line))) => line,
    };
    serde_json::from_str(&line).map_err(|error| format!("its report is not understood ({error})"))
}

fn collect(stderr: Option<tokio::process::ChildStderr>) -> Arc<Mutex<Vec<u8>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    if let Some(mut stderr) = stderr {
        let shared = Arc::clone(&kept);
        tokio::spawn(async move {
            let mut chunk = [0; 4096];
            while let Ok(read) = stderr.read(&mut chunk).await {
                if read == 0 {
                    break;
                }
                tracing::debug!(said = %String::from_utf8_lossy(&chunk[..read]), "moto");
                let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&chunk[..read]);
                let surplus = kept.len().saturating_sub(KEPT);
                kept.drain(..surplus);
            }
        });
    }
    kept
}
