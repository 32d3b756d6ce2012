//! A session bus of our own with a gnome-keyring on it, so that no test meets a person's keychain.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const SERVICE: &str = "org.freedesktop.secrets";
const DEFAULT: &str = "/org/freedesktop/secrets/aliases/default";
const PASSWORD: &[u8] = b"sandbox";

/// The bus. Dropping it ends it and the keyring.
pub struct Bus {
    daemon: Child,
    keyring: Option<Child>,
    pub address: String,
    folder: PathBuf,
}

impl Bus {
    /// Starts a bus with an unlocked keyring that keeps its files in `folder`.
    pub fn start(folder: &Path) -> Result<Self, String> {
        for name in ["data", "cache", "run"] {
            std::fs::create_dir_all(folder.join(name)).map_err(|error| error.to_string())?;
        }
        let mut daemon = own(Command::new("dbus-daemon"), folder);
        daemon.args(["--session", "--nofork", "--nopidfile", "--print-address=1"]);
        daemon.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut daemon = daemon.spawn().map_err(|error| format!("dbus-daemon: {error}"))?;
        let mut address = String::new();
        if let Some(said) = daemon.stdout.take() {
            let read = BufReader::new(said).read_line(&mut address);
            read.map_err(|error| format!("dbus-daemon: {error}"))?;
        }
        let address = address.trim().to_owned();
        let mut bus = Self { daemon, keyring: None, address, folder: folder.to_path_buf() };
        bus.unlock()?;
        Ok(bus)
    }

    /// Puts an unlocked keyring in the place of what is there.
    pub fn unlock(&mut self) -> Result<(), String> {
        self.keyring(true)?;
        self.until("the keyring is unlocked", |bus| bus.property_locked().contains("boolean false"))
    }

    /// Puts the same keyring, locked, in the place of what is there.
    pub fn lock(&mut self) -> Result<(), String> {
        self.keyring(false)?;
        self.until("the keyring is locked", |bus| bus.property_locked().contains("boolean true"))
    }

    fn keyring(&mut self, unlocked: bool) -> Result<(), String> {
        self.end_keyring();
        let mut command = own(Command::new("gnome-keyring-daemon"), &self.folder);
        command.args(["--foreground", "--components=secrets"]).args(unlocked.then_some("--unlock"));
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut keyring =
            command.spawn().map_err(|error| format!("gnome-keyring-daemon: {error}"))?;
        if let Some(mut password) = keyring.stdin.take() {
            password.write_all(PASSWORD).map_err(|error| error.to_string())?;
        }
        self.keyring = Some(keyring);
        // Asking the service itself before it is there would make the bus start another one.
        self.until("the keyring answers", |bus| {
            let name = format!("string:{SERVICE}");
            let words = ["--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
            bus.says(&[words[0], words[1], "org.freedesktop.DBus.NameHasOwner", &name])
                .contains("boolean true")
        })
    }

    /// Deletes an item of Firebreak's; answers how many there were.
    pub fn forget(&self, user: &str) -> usize {
        let service = format!("--dest={SERVICE}");
        let wanted = format!("dict:string:string:username,{user}");
        let found = self.says(&[
            &service,
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.SearchItems",
            &wanted,
        ]);
        let items: Vec<&str> = found.split('"').filter(|part| part.starts_with("/org/")).collect();
        for item in &items {
            self.says(&[&service, item, "org.freedesktop.Secret.Item.Delete"]);
        }
        items.len()
    }

    fn property_locked(&self) -> String {
        let service = format!("--dest={SERVICE}");
        self.says(&[
            &service,
            DEFAULT,
            "org.freedesktop.DBus.Properties.Get",
            "string:org.freedesktop.Secret.Collection",
            "string:Locked",
        ])
    }

    fn says(&self, words: &[&str]) -> String {
        let mut command = Command::new("dbus-send");
        command.args(["--session", "--print-reply", "--reply-timeout=2000"]).args(words);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address).stderr(Stdio::null());
        let said = command.output().map(|Output { stdout, .. }| stdout).unwrap_or_default();
        String::from_utf8_lossy(&said).into_owned()
    }

    fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            if Instant::now() > deadline {
                return Err(format!("after {} s it does not hold that {what}", PATIENCE.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(())
    }

    fn end_keyring(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            // Already gone is what is wanted.
            let _ = keyring.kill();
            let _ = keyring.wait();
        }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.end_keyring();
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// With folders of its own, and nothing that leads to a keyring of the person's session.
fn own(mut command: Command, folder: &Path) -> Command {
    command.env_remove("GNOME_KEYRING_CONTROL").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.env("HOME", folder).env("XDG_DATA_HOME", folder.join("data"));
    command.env("XDG_CACHE_HOME", folder.join("cache")).env("XDG_RUNTIME_DIR", folder.join("run"));
    command
}
