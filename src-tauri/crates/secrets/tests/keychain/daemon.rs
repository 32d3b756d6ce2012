//! A real gnome-keyring, and the ways in which a person or the system would treat it.

use std::collections::HashMap;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use zbus::Connection;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

pub const PASSWORD: &str = "correct horse";
const SECRETS: &str = "org.freedesktop.secrets";
const SECRETS_PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
/// gnome-keyring's own door for programs that know the password, used by its settings tool.
const INTERNAL: &str = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";

/// Stops when dropped.
pub struct Daemon(Child);

impl Daemon {
    /// As after a login: a default keyring exists and is unlocked.
    pub async fn unlocked() -> Self {
        Self::start(Some(PASSWORD), None).await
    }

    /// Without a login: keyrings on disk stay locked, and none is made.
    pub async fn without_login() -> Self {
        Self::start(None, None).await
    }

    /// The same, with prompts going to this bus name instead of the desktop's prompter.
    pub async fn with_prompter(prompter: &str) -> Self {
        Self::start(None, Some(prompter)).await
    }

    async fn start(password: Option<&str>, prompter: Option<&str>) -> Self {
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        if password.is_some() {
            command.arg("--unlock");
        }
        if let Some(prompter) = prompter {
            command.env("GNOME_KEYRING_TEST_PROMPTER", prompter);
        }
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(password.unwrap_or_default().as_bytes()).await.unwrap();
        drop(stdin);
        wait_for_name(SECRETS).await;
        Self(child)
    }

    /// Ends it at once, as a crash does, and waits until the bus has noticed.
    pub async fn crash(mut self) {
        self.0.kill().await.unwrap();
        let bus = Bus::connect().await;
        while bus.has(SECRETS).await {
            tokio::task::yield_now().await;
        }
    }
}

/// Another program of the same person.
pub struct Bus(Connection);

impl Bus {
    pub async fn connect() -> Self {
        Self(Connection::session().await.unwrap())
    }

    /// Makes the default keyring, as the first login does.
    pub async fn create_default(&self) {
        let label = HashMap::from([(
            "org.freedesktop.Secret.Collection.Label",
            Value::from("Default keyring"),
        )]);
        let master = self.password().await;
        let made: OwnedObjectPath =
            self.call(INTERNAL, "CreateWithMasterPassword", &(label, master)).await;
        let _: () = self.call(SERVICE, "SetAlias", &("default", made)).await;
    }

    pub async fn lock(&self) {
        let collection = self.default_collection().await;
        let _: (Vec<OwnedObjectPath>, OwnedObjectPath) =
            self.call(SERVICE, "Lock", &(vec![collection],)).await;
    }

    pub async fn unlock(&self) {
        let collection = self.default_collection().await;
        let master = self.password().await;
        let _: () = self.call(INTERNAL, "UnlockWithMasterPassword", &(collection, master)).await;
    }

    /// How many items carry this service attribute.
    pub async fn items_of(&self, service: &str) -> usize {
        let attributes = HashMap::from([("service", service)]);
        let (unlocked, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
            self.call(SERVICE, "SearchItems", &(attributes,)).await;
        unlocked.len() + locked.len()
    }

    async fn default_collection(&self) -> OwnedObjectPath {
        self.call(SERVICE, "ReadAlias", &("default",)).await
    }

    /// The password in the form of the API, in a session without encryption.
    async fn password(&self) -> (OwnedObjectPath, Vec<u8>, Vec<u8>, &'static str) {
        let (_, session): (OwnedValue, OwnedObjectPath) =
            self.call(SERVICE, "OpenSession", &("plain", Value::from(""))).await;
        (session, Vec::new(), PASSWORD.as_bytes().to_vec(), "text/plain")
    }

    async fn has(&self, name: &str) -> bool {
        let reply = self
            .0
            .call_method(
                Some("org.freedesktop.DBus"),
                "/org/freedesktop/DBus",
                Some("org.freedesktop.DBus"),
                "NameHasOwner",
                &(name,),
            )
            .await
            .unwrap();
        reply.body().deserialize().unwrap()
    }

    async fn call<B, R>(&self, interface: &str, method: &str, body: &B) -> R
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
        R: serde::de::DeserializeOwned + zbus::zvariant::Type,
    {
        let path = ObjectPath::try_from(SECRETS_PATH).unwrap();
        let reply =
            self.0.call_method(Some(SECRETS), path, Some(interface), method, body).await.unwrap();
        reply.body().deserialize().unwrap()
    }
}

/// Returns once somebody owns the name.
pub async fn wait_for_name(name: &str) {
    let bus = Bus::connect().await;
    let owned = async {
        while !bus.has(name).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), owned).await.unwrap();
}
