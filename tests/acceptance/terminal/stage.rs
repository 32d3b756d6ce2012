//! The parts of one test: a folder, a bus with a keyring, a sandbox and a workspace on it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use firebreak_sandbox::faults::{Fault, Mode, Target};
use firebreak_sandbox::{Options, Running, Sandbox};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::bus::Bus;
use super::said::{Said, list, text};

/// Longer than any command may take; a test that hangs says where.
const PATIENCE: Duration = Duration::from_secs(90);

/// One test's world. Dropping it ends every process it started.
pub struct Stage {
    pub sandbox: Running,
    pub bus: Bus,
    /// Where `--home` points; a test may move it.
    pub home: PathBuf,
    /// Level of the program's log.
    pub log: &'static str,
    /// Everything the program ever wrote.
    transcript: Mutex<Vec<u8>>,
    program: PathBuf,
    folder: TempDir,
}

impl Stage {
    /// A workspace on a fresh sandbox, or a loud word on why it can't be had here.
    pub async fn start(test: &str, options: Options) -> Option<Self> {
        let stage = Self::bare(test, options).await?;
        let ready = stage.ready_file();
        stage.run(&["init", "--sandbox", &ready.display().to_string()]).await.ended(0);
        Some(stage)
    }

    /// The same without a workspace.
    pub async fn bare(test: &str, options: Options) -> Option<Self> {
        match Self::started(options).await {
            Ok(stage) => Some(stage),
            Err(reason) => {
                eprintln!("SKIPPED terminal::{test}: {reason}");
                None
            }
        }
    }

    async fn started(options: Options) -> Result<Self, String> {
        if !cfg!(target_os = "linux") {
            return Err("a keychain of its own can be had on Linux only".to_owned());
        }
        let program = program("firebreakctl")?;
        if options.aws && Sandbox::python(&options).is_none() {
            return Err("there is no Python with moto; run `cargo xtask test`".to_owned());
        }
        let folder =
            TempDir::with_prefix("firebreak-terminal-").map_err(|error| error.to_string())?;
        let bus = Bus::start(folder.path())?;
        let quick = Options {
            rate_limit: None,
            settle: Duration::from_millis(100),
            group_maximum: 90,
            ..options
        };
        let sandbox = Sandbox::start(quick).await.map_err(|error| error.to_string())?;
        let home = folder.path().join("home");
        Ok(Self { sandbox, bus, home, log: "warn", transcript: Mutex::default(), program, folder })
    }

    /// Writes the sandbox's ready file and answers where; it holds secrets, so the caller removes it
    /// before looking for some.
    pub fn ready_file(&self) -> PathBuf {
        let path = self.folder.path().join("ready.json");
        self.sandbox.ready().write(&path).unwrap();
        path
    }

    /// A folder of the test's own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program with these words, ready to start.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--home").arg(&self.home).args(words);
        let folder = self.folder.path();
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("HOME", folder).env("XDG_DATA_HOME", folder.join("data"));
        command.env("XDG_RUNTIME_DIR", folder.join("run")).env("USER", "ana");
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.bus.address).env("FIREBREAK_LOG", self.log);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs the program to its end.
    pub async fn run(&self, words: &[&str]) -> Said {
        self.finish(words, self.command(words)).await
    }

    /// Runs a command of ours to its end.
    pub async fn finish(&self, words: &[&str], mut command: Command) -> Said {
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = output.unwrap_or_else(|_| panic!("`{}` does not end", words.join(" ")));
        self.heard(words, &output.expect("firebreakctl starts"))
    }

    /// Runs the program with a line typed on its standard input.
    pub async fn typed(&self, words: &[&str], line: &str) -> Said {
        self.type_into(words, self.command(words), line).await
    }

    /// Runs a command of ours with a line typed on its standard input.
    pub async fn type_into(&self, words: &[&str], mut command: Command, line: &str) -> Said {
        let mut child = command.stdin(Stdio::piped()).spawn().expect("firebreakctl starts");
        if let Some(mut input) = child.stdin.take() {
            // A program that ends without reading is judged by what it says.
            let _ = input.write_all(format!("{line}\n").as_bytes()).await;
        }
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("`{}` does not end", words.join(" ")));
        self.heard(words, &output.expect("firebreakctl ends"))
    }

    /// Takes in what a run wrote.
    pub fn heard(&self, words: &[&str], output: &Output) -> Said {
        let mut transcript = self.transcript.lock().unwrap_or_else(PoisonError::into_inner);
        transcript.extend_from_slice(&output.stdout);
        transcript.extend_from_slice(&output.stderr);
        drop(transcript);
        let code = output.status.code().unwrap_or(-1);
        Said::new(words.join(" "), code, &output.stdout, &output.stderr)
    }

    /// The document of a command that ends well.
    pub async fn json(&self, words: &[&str]) -> Value {
        let words = [words, &["--json"]].concat();
        self.run(&words).await.ended(0).document()
    }

    /// A command that does not end well says why, once for people and once as the only document.
    pub async fn refuses(&self, words: &[&str], code: i32, because: &str) -> Value {
        let words = [words, &["--json"]].concat();
        let said = self.run(&words).await.ended(code).says(because);
        assert!(said.err.contains("firebreakctl: "), "no word on standard error: {said}");
        said.document()
    }

    /// Orders a fault.
    pub fn fault(&self, target: Target, mode: Mode) {
        self.sandbox.fault(Fault::new(target, mode));
    }

    /// Takes every fault of a target away.
    pub fn heal(&self, target: Target) {
        self.sandbox.fault(Fault::new(target, Mode::None));
    }

    /// The queue's row about an asset, by the asset's name.
    pub async fn incident_about(&self, asset: &str) -> Value {
        let page = self.json(&["incidents", "list"]).await;
        let rows = list(&page, "/rows");
        let row = rows.iter().find(|row| row["asset_name"] == asset);
        row.unwrap_or_else(|| panic!("no incident about {asset} in {page:#}")).clone()
    }

    /// Plans an incident by the playbook and answers the id of its step with this action.
    pub async fn planned(&self, asset: &str, action: &str) -> String {
        let row = self.incident_about(asset).await;
        let plan = self.json(&["plan", text(&row, "/label"), "--planner", "playbook"]).await;
        step_of(&plan, action)
    }

    /// A step as it stands.
    pub async fn step(&self, id: &str) -> Value {
        self.json(&["step", "show", id]).await
    }

    /// The log is whole, anchored outside the database.
    pub async fn audit_holds(&self) -> Value {
        let verdict = self.json(&["audit", "verify"]).await;
        assert_eq!(verdict["ok"], true, "{verdict:#}");
        verdict
    }

    /// Kinds of all audit records in order.
    pub async fn records(&self) -> Vec<String> {
        let export = self.json(&["audit", "export"]).await;
        list(&export, "/records").iter().map(|record| text(record, "/kind").to_owned()).collect()
    }

    /// What the audit log tells of each alert that became a finding.
    pub async fn alerts_on_record(&self) -> Vec<Value> {
        let export = self.json(&["audit", "export"]).await;
        let bodies = list(&export, "/records").iter().map(|record| text(record, "/body"));
        let bodies = bodies.map(|body| serde_json::from_str::<Value>(body).unwrap());
        let stored = bodies.filter(|body| body["kind"] == "alerts_stored");
        stored.flat_map(|body| list(&body, "/detail/alerts").to_vec()).collect()
    }

    /// None of the sandbox's secrets is in a file of the workspace or in anything that was written.
    pub fn no_secret_leaked(&self) {
        let ready = self.sandbox.ready();
        let mut secrets = Vec::new();
        secrets.extend(ready.wiz.as_ref().map(|wiz| &wiz.client_secret));
        secrets.extend(ready.aws.iter().flat_map(|aws| [&aws.read_secret, &aws.write_secret]));
        secrets.extend(ready.model.as_ref().map(|model| &model.api_key));
        assert!(secrets.iter().all(|secret| secret.len() >= 16), "secrets that can be looked for");
        for secret in secrets {
            assert_eq!(self.found(secret.as_bytes()), None, "a secret was written down");
        }
    }

    /// Where these bytes are: a file of the workspace, or what was printed and logged.
    pub fn found(&self, bytes: &[u8]) -> Option<String> {
        let transcript = self.transcript.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places = vec![("what was printed and logged".to_owned(), transcript.clone())];
        files(&self.home, &mut places);
        assert!(places.len() > 2, "the workspace has files");
        let holds = |place: &[u8]| place.windows(bytes.len()).any(|window| window == bytes);
        places.into_iter().find(|(_, place)| holds(place)).map(|(name, _)| name)
    }
}

/// The id of the step of a plan with this action.
pub fn step_of(plan: &Value, action: &str) -> String {
    let steps = list(plan, "/steps");
    let step = steps.iter().find(|step| step["action"] == action);
    text(step.unwrap_or_else(|| panic!("no {action} in {plan:#}")), "/id").to_owned()
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

/// Where `cargo xtask test` says programs are, else beside this one.
fn program(name: &str) -> Result<PathBuf, String> {
    let beside =
        env::current_exe().ok().and_then(|path| Some(path.parent()?.parent()?.to_path_buf()));
    let folder = env::var_os("FIREBREAK_BIN_DIR").map(PathBuf::from).or(beside);
    let program = folder.unwrap_or_default().join(name);
    match program.is_file() {
        true => Ok(program),
        false => Err(format!("{} is missing; run `cargo xtask test`", program.display())),
    }
}
