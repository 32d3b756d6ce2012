//! Runs a test inside a session bus and home of its own.
//!
//! The environment of a running program can't be changed safely, so a test starts itself again
//! with the environment it wants. The bus activates nothing: what answers on it, the test started.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const INSIDE: &str = "FIREBREAK_KEYRING_TEST";
const LIMIT: Duration = Duration::from_secs(90);

const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// What the session offers from the start.
pub enum Session {
    /// A bus on which nobody answers yet.
    EmptyBus,
    /// An address where no bus listens yet: `bus` in [`runtime_dir`].
    NoBus,
}

/// Runs `body` inside such a session, as the test of this name.
pub fn run<F: Future<Output = ()>>(test: &str, session: Session, body: impl FnOnce() -> F) {
    if std::env::var(INSIDE).is_ok_and(|inside| inside == test) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(body());
        println!("{}", finished(test));
        return;
    }
    let missing: Vec<_> = ["dbus-run-session", "dbus-daemon", "gnome-keyring-daemon"]
        .into_iter()
        .filter(|program| find(program).is_none())
        .collect();
    if !missing.is_empty() {
        eprintln!("SKIPPED: {test}: not installed: {missing:?}");
        return;
    }
    start_again(test, session);
}

fn start_again(test: &str, session: Session) {
    let home = tempfile::tempdir().unwrap();
    for folder in ["data", "run"] {
        std::fs::create_dir(home.path().join(folder)).unwrap();
    }
    make_private(&home.path().join("run"));
    let config = bus_config(home.path());
    let program = std::env::current_exe().unwrap();
    let mut command = match session {
        Session::EmptyBus => {
            let mut command = Command::new("dbus-run-session");
            command.arg("--config-file").arg(config).arg("--").arg(program);
            command
        }
        Session::NoBus => {
            let mut command = Command::new(program);
            let address = format!("unix:path={}", home.path().join("run/bus").display());
            command.env("DBUS_SESSION_BUS_ADDRESS", address);
            command
        }
    };
    let child = command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, test)
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("XDG_RUNTIME_DIR", home.path().join("run"))
        .env_remove("GNOME_KEYRING_CONTROL")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(home.path().join("out")).unwrap())
        .stderr(std::fs::File::create(home.path().join("err")).unwrap())
        .spawn()
        .unwrap();
    let ended = wait(child);
    let out = std::fs::read_to_string(home.path().join("out")).unwrap();
    let err = std::fs::read_to_string(home.path().join("err")).unwrap();
    // The marker shows that the body ran: a name that matches no test passes too.
    let passed = ended == Some(true) && out.contains(&finished(test));
    assert!(passed, "{test} inside its session: {ended:?}\n{out}\n{err}");
    for skipped in err.lines().filter(|line| line.starts_with("SKIPPED")) {
        eprintln!("{skipped}");
    }
}

/// The folder of this session's sockets. Only inside a session.
pub fn runtime_dir() -> PathBuf {
    PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR").unwrap())
}

/// A file that starts a bus which activates nothing.
pub fn bus_config(folder: &Path) -> PathBuf {
    let path = folder.join("bus.conf");
    std::fs::write(&path, BUS).unwrap();
    path
}

/// `None` when the time ran out.
fn wait(mut child: std::process::Child) -> Option<bool> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.success());
        }
        if start.elapsed() > LIMIT {
            // The bus and what runs on it go too: they share the child's process group.
            let group = format!("-{}", child.id());
            Command::new("kill").args(["-KILL", "--", &group]).status().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// D-Bus and gnome-keyring want a runtime folder that others can't read.
fn make_private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
}

fn finished(test: &str) -> String {
    format!("finished inside: {test}")
}
