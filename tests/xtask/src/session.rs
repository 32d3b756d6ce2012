//! A private session: a bus, an unlocked keychain and, on request, the sandbox.
//!
//! Sandbox and tests never touch the person's own keychain or data folders, and work where there
//! is no session at all (CI, a container, ssh). On Linux that is `dbus-run-session` with its own
//! gnome-keyring; elsewhere the native keychain is used.

use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::{leash, python, stage};

/// Where the sandbox writes its addresses and credentials, in the session's folder.
pub const READY_FILE: &str = "ready.json";
/// Tells the command inside where that file is.
pub const READY_VARIABLE: &str = "FIREBREAK_SANDBOX";

const KEYCHAIN_PATIENCE: Duration = Duration::from_secs(15);
const SANDBOX_PATIENCE: Duration = Duration::from_secs(90);

/// The bus and what it starts (portals, accessibility) chatter on standard error: that goes to a
/// file, while the command keeps the terminal. The file's name comes as `$0`.
const ON_A_QUIET_BUS: &str = "exec 3>&2 2>>\"$0\"; \
     exec dbus-run-session -- sh -c 'exec 2>&3 3>&-; exec \"$@\"' sh \"$@\"";

#[derive(Args)]
pub struct Options {
    /// The session's folder.
    #[arg(long)]
    folder: PathBuf,
    /// Start the sandbox, with this seed.
    #[arg(long)]
    seed: Option<u64>,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Which screen the command draws on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// The person's own, if there is one.
    Own,
    /// A virtual one.
    Virtual,
}

/// A new folder that only we can read.
pub fn new_folder() -> Result<PathBuf, Failure> {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
    let name = format!("firebreak-session-{}-{since:x}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    private_folder(&folder)?;
    for name in ["data", "cache", "run", "tmp"] {
        private_folder(&folder.join(name))?;
    }
    Ok(folder)
}

/// Wraps a command so that it runs in a private session kept in `folder`.
pub fn wrapped(
    checkout: &Checkout,
    folder: &Path,
    seed: Option<u64>,
    screen: Screen,
    command: &[OsString],
) -> Command {
    let mut words: Vec<OsString> = Vec::new();
    if screen == Screen::Virtual && cfg!(target_os = "linux") {
        words.extend(["xvfb-run", "-a", "-s", "-screen 0 1440x900x24"].map(OsString::from));
    }
    if cfg!(target_os = "linux") {
        words.extend(["sh", "-c", ON_A_QUIET_BUS].map(OsString::from));
        words.push(folder.join("bus.log").into());
    }
    words.extend([checkout.xtask.clone().into(), "inside".into(), "--folder".into()]);
    words.push(folder.into());
    if let Some(seed) = seed {
        words.extend(["--seed".into(), seed.to_string().into()]);
    }
    words.push("--".into());
    words.extend_from_slice(command);
    let mut wrapped = Command::new(&words[0]);
    wrapped.args(&words[1..]);
    // Set outside the bus: whatever it starts by itself keeps away from the person's data too.
    wrapped.env("XDG_DATA_HOME", folder.join("data")).env("XDG_CACHE_HOME", folder.join("cache"));
    if screen == Screen::Virtual {
        wrapped.env_remove("WAYLAND_DISPLAY").env("GDK_BACKEND", "x11").env("NO_AT_BRIDGE", "1");
    }
    wrapped
}

/// Inside the session: unlocks the keychain, starts the sandbox if asked, runs the command.
pub fn inside(checkout: &Checkout, options: Options) -> Result<ExitCode, Failure> {
    if cfg!(target_os = "linux") {
        unlock_keychain(&options.folder)?;
    }
    let sandbox = match options.seed {
        Some(seed) => Some(start_sandbox(checkout, seed, &options.folder)?),
        None => None,
    };
    let (program, arguments) =
        options.command.split_first().expect("clap demands at least one word");
    let mut command = Command::new(program);
    command.args(arguments);
    if sandbox.is_some() {
        command.env(READY_VARIABLE, options.folder.join(READY_FILE));
    }
    let ended = stage::attached(command);
    if let Some(sandbox) = sandbox {
        leash::release(sandbox)?;
    }
    Ok(leash::exit_code(ended?))
}

/// Starts a keyring of our own on this bus. It ends with the bus.
fn unlock_keychain(folder: &Path) -> Result<(), Failure> {
    let mut daemon = Command::new("gnome-keyring-daemon")
        .args(["--unlock", "--components=secrets"])
        // A daemon of the person's session announces itself in these places: ours must not find it.
        .env_remove("GNOME_KEYRING_CONTROL")
        .env("XDG_RUNTIME_DIR", folder.join("run"))
        .env("HOME", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(Failure::start("gnome-keyring-daemon"))?;
    if let Some(mut password) = daemon.stdin.take() {
        password.write_all(b"sandbox").map_err(Failure::start("gnome-keyring-daemon"))?;
    }
    daemon.wait().map_err(Failure::start("gnome-keyring-daemon"))?;
    let deadline = Instant::now() + KEYCHAIN_PATIENCE;
    while !keychain_is_unlocked() {
        if Instant::now() > deadline {
            return Err(Failure::Unexpected {
                what: "the private keychain did not unlock (gnome-keyring-daemon)".to_owned(),
            });
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Asks for the owner first: asking the service itself would make the bus start another one.
fn keychain_is_unlocked() -> bool {
    let owned = [
        "--dest=org.freedesktop.DBus",
        "/org/freedesktop/DBus",
        "org.freedesktop.DBus.NameHasOwner",
        "string:org.freedesktop.secrets",
    ];
    let locked = [
        "--dest=org.freedesktop.secrets",
        "/org/freedesktop/secrets/aliases/default",
        "org.freedesktop.DBus.Properties.Get",
        "string:org.freedesktop.Secret.Collection",
        "string:Locked",
    ];
    bus_says(&owned, "boolean true") && bus_says(&locked, "boolean false")
}

fn bus_says(words: &[&str], answer: &str) -> bool {
    Command::new("dbus-send")
        .args(["--session", "--print-reply", "--reply-timeout=2000"])
        .args(words)
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|reply| String::from_utf8_lossy(&reply.stdout).contains(answer))
}

/// Starts the stand-in vendors and waits until they answer.
fn start_sandbox(checkout: &Checkout, seed: u64, folder: &Path) -> Result<Child, Failure> {
    let (ready, temporary) = (folder.join(READY_FILE), folder.join("tmp"));
    let began = Instant::now();
    let log = checkout.target.join("xtask-logs/sandbox.log");
    let sink = File::create(&log).map_err(Failure::file("write", &log))?;
    let twin = sink.try_clone().map_err(Failure::file("write", &log))?;
    let mut command = Command::new(checkout.programs("debug").join("firebreak-sandbox"));
    command.arg("--seed").arg(seed.to_string()).arg("--ready-file").arg(&ready);
    command.arg("--python").arg(python::interpreter(checkout));
    // Ended by a signal it leaves its own files behind: they go with the session's folder.
    command.env("TMPDIR", temporary);
    let mut child = leash::leashed(&checkout.xtask, &command, None)
        .stdout(sink)
        .stderr(twin)
        .spawn()
        .map_err(Failure::start("firebreak-sandbox"))?;
    while !ready.is_file() {
        let ended = child.try_wait().map_err(Failure::start("firebreak-sandbox"))?;
        if ended.is_some() || began.elapsed() > SANDBOX_PATIENCE {
            stage::show_tail(&log);
            return Err(Failure::Stage { name: "start the sandbox".to_owned() });
        }
        thread::sleep(Duration::from_millis(50));
    }
    let seconds = began.elapsed().as_secs_f64();
    stage::note("ok", &format!("sandbox answers (seed {seed}) {seconds:.1} s"));
    Ok(child)
}

fn private_folder(path: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(Failure::file("create", path))
}
