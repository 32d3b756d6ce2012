//! The parts of one run: sandbox, workspace, driver and the program.

use std::env;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::ClientBuilder;
use firebreak_sandbox::{Options, Running, Sandbox};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::page::Page;

const DRIVER_PATIENCE: Duration = Duration::from_secs(30);
/// Where programs keep what is a person's; the workspace that is not named is in the first.
const OWN_FOLDERS: [&str; 3] = ["XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"];

/// A console on a fresh sandbox workspace. Dropping it ends every process it started.
pub struct Rig {
    pub page: Page,
    pub sandbox: Running,
    pub programs: Programs,
    driver: Driver,
    home: PathBuf,
    folder: TempDir,
}

/// What a run needs from the machine.
#[derive(Clone)]
pub struct Programs {
    folder: PathBuf,
    pub python: PathBuf,
    tauri_driver: PathBuf,
    webkit_driver: PathBuf,
}

impl Rig {
    /// Starts everything, or says loudly why it can't be done here.
    pub async fn start(test: &str, options: Options) -> Option<Self> {
        let programs = Programs::for_test(test)?;
        Some(Self::started(programs, options, None).await)
    }

    /// Starts the person's own console, which is there once only, by a link to an incident; answers the
    /// incident's id, too.
    pub async fn linked(test: &str, options: Options) -> Option<(Self, String)> {
        let programs = Programs::for_test(test)?;
        let mut id = String::new();
        let rig = Self::started(programs, options, Some(&mut id)).await;
        Some((rig, id))
    }

    async fn started(programs: Programs, options: Options, linked: Option<&mut String>) -> Self {
        let folder = TempDir::with_prefix("firebreak-window-").unwrap();
        let python = Some(programs.python.clone());
        let sandbox =
            Sandbox::start(Options { python, ..options }).await.expect("the sandbox starts");
        let ready = folder.path().join("ready.json");
        sandbox.ready().write(&ready).unwrap();
        let home = home_in(folder.path(), linked.is_some());
        let made = programs
            .firebreakctl(&home, &["init", "--sandbox", &ready.display().to_string()])
            .await;
        assert!(
            made.status.success(),
            "firebreakctl init: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let words = match linked {
            None => vec!["--home".to_owned(), home.display().to_string()],
            Some(id) => {
                *id = programs.first_incident(&home).await;
                vec![format!("firebreak://incident/{id}")]
            }
        };
        let driver = Driver::start(&programs, folder.path());
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&programs.program("firebreak"), &words))
            .connect(&driver.url)
            .await
            .unwrap_or_else(|error| panic!("no window: {error}\n{}", driver.log_tail()));
        let page = Page::new(client).await;
        Self { page, sandbox, programs, driver, home, folder }
    }

    /// The workspace's folder.
    pub fn home(&self) -> PathBuf {
        self.home.clone()
    }

    /// Starts the person's own console a second time, as the system does when a link is clicked.
    pub async fn start_again(&self, words: &[&str]) -> std::process::Output {
        let mut command = tokio::process::Command::new(self.programs.program("firebreak"));
        command.args(words).stdin(Stdio::null()).kill_on_drop(true);
        for name in OWN_FOLDERS {
            command.env(name, self.folder.path().join(name));
        }
        let ended = tokio::time::timeout(DRIVER_PATIENCE, command.output()).await;
        ended.expect("the second start ends by itself").expect("firebreak starts")
    }

    /// Closes the windows and waits until the program has put everything away.
    pub async fn close(&mut self) {
        self.page.close().await;
        let deadline = Instant::now() + DRIVER_PATIENCE;
        while self.driver.children().len() > 1 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Programs {
    /// Finds them, or says loudly that the test is skipped, and why.
    fn for_test(test: &str) -> Option<Self> {
        Self::find().map_err(|reason| eprintln!("SKIPPED window::{test}: {reason}")).ok()
    }

    /// `cargo xtask test` says where they are. Without it this would use a person's own keychain.
    fn find() -> Result<Self, String> {
        let path = |name: &str| {
            env::var_os(name)
                .map(PathBuf::from)
                .ok_or(format!("{name} is not set; run `cargo xtask test`"))
        };
        let there = |path: PathBuf, what: &str| {
            if path.is_file() {
                Ok(path)
            } else {
                Err(format!("{what} is missing ({})", path.display()))
            }
        };
        for (name, what) in
            [("DISPLAY", "a display"), ("DBUS_SESSION_BUS_ADDRESS", "a session bus")]
        {
            env::var_os(name).ok_or(format!("there is no {what} ({name} is not set)"))?;
        }
        let programs = Self {
            folder: path("FIREBREAK_BIN_DIR")?,
            python: there(path("FIREBREAK_PYTHON")?, "Python with moto")?,
            tauri_driver: there(path("FIREBREAK_TAURI_DRIVER")?, "tauri-driver")?,
            webkit_driver: there(
                path("FIREBREAK_WEBKIT_DRIVER")?,
                "WebKitWebDriver (package webkit2gtk-driver)",
            )?,
        };
        for name in ["firebreak", "firebreakctl"] {
            there(programs.program(name), "the program")?;
        }
        Ok(programs)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Polls, and answers the id of the worst incident.
    async fn first_incident(&self, home: &Path) -> String {
        let polled = self.firebreakctl(home, &["poll"]).await;
        assert!(polled.status.success(), "{}", String::from_utf8_lossy(&polled.stderr));
        let listed =
            self.firebreakctl(home, &["--json", "incidents", "list", "--limit", "1"]).await;
        let page: Value = serde_json::from_slice(&listed.stdout).unwrap();
        page["rows"][0]["id"].as_str().expect("an incident").to_owned()
    }

    /// Runs the terminal's program on a workspace.
    pub async fn firebreakctl(&self, home: &Path, words: &[&str]) -> std::process::Output {
        let mut command = tokio::process::Command::new(self.program("firebreakctl"));
        command.arg("--home").arg(home).args(words).stdin(Stdio::null());
        command.output().await.expect("firebreakctl starts")
    }
}

/// A workspace of its own, or the one that a console has when it is told none.
fn home_in(folder: &Path, own: bool) -> PathBuf {
    if own { folder.join(OWN_FOLDERS[0]).join("firebreak") } else { folder.join("home") }
}

fn capabilities(program: &Path, words: &[String]) -> serde_json::Map<String, Value> {
    let wanted = json!({ "tauri:options": { "application": program, "args": words } });
    wanted.as_object().cloned().unwrap_or_default()
}

/// tauri-driver, the WebKitWebDriver behind it and, behind that, the program.
struct Driver {
    child: Child,
    url: String,
    log: PathBuf,
}

impl Driver {
    fn start(programs: &Programs, folder: &Path) -> Self {
        let (port, native) = (free_port(), free_port());
        let log = folder.join("driver.log");
        let sink = File::create(&log).unwrap();
        let mut command = Command::new(&programs.tauri_driver);
        command.args(["--port", &port.to_string(), "--native-port", &native.to_string()]);
        command.arg("--native-driver").arg(&programs.webkit_driver);
        // The page's own storage must not be shared with another run.
        for name in OWN_FOLDERS {
            let own = folder.join(name);
            fs::create_dir_all(&own).unwrap();
            command.env(name, own);
        }
        command.stdin(Stdio::null()).stdout(sink.try_clone().unwrap()).stderr(sink);
        let child = command.spawn().expect("tauri-driver starts");
        let driver = Self { child, url: format!("http://127.0.0.1:{port}"), log };
        let deadline = Instant::now() + DRIVER_PATIENCE;
        while [port, native].iter().any(|port| TcpStream::connect(("127.0.0.1", *port)).is_err()) {
            assert!(
                Instant::now() < deadline,
                "tauri-driver does not answer\n{}",
                driver.log_tail()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        driver
    }

    /// Every process below tauri-driver, the nearest first.
    fn children(&self) -> Vec<u32> {
        let mut found = vec![self.child.id()];
        let parents = parents();
        let mut at = 0;
        while let Some(parent) = found.get(at).copied() {
            found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
            at += 1;
        }
        found.remove(0);
        found
    }

    fn log_tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what driver and program wrote:\n{}", self.log_tail());
        }
        let below: Vec<String> = self.children().iter().map(u32::to_string).collect();
        // Already gone is what is wanted.
        let _ = self.child.kill();
        let _ = Command::new("kill").args(below).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

/// Every process of the machine with its parent.
fn parents() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let child = entry.file_name().to_str()?.parse().ok()?;
            // The name in parentheses may hold anything; what follows the last one is numbers.
            let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
            Some((child, parent))
        })
        .collect()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port()
}
