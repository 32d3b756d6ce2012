//! One connection to the session bus, and the question of how the keychain is doing.
//!
//! The question is asked with calls that never prompt: an alias is read, then a property. Nothing
//! here searches, unlocks or reads items.

use std::fmt::Display;

use firebreak_core::ports::KeychainState;
use tokio::sync::Mutex;
use zbus::Connection;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};

const SERVICE: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const SERVICE_INTERFACE: &str = "org.freedesktop.Secret.Service";
const COLLECTION_INTERFACE: &str = "org.freedesktop.Secret.Collection";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The path that stands for "no such object" in this API.
const NOTHING: &str = "/";

/// The session bus, connected when first needed and again after it broke.
#[derive(Default)]
pub(crate) struct Bus {
    connection: Mutex<Option<Connection>>,
}

impl Bus {
    /// How the keychain is doing, without prompting. Has no time-out of its own.
    pub(crate) async fn state(&self) -> KeychainState {
        let kept = self.connection.lock().await.clone();
        if let Some(connection) = kept {
            match ask(&connection).await {
                Ok(state) => return state,
                // The bus may have been restarted since: ask once more on a new connection.
                Err(_) => self.forget().await,
            }
        }
        let connection = match Connection::session().await {
            Ok(connection) => connection,
            Err(error) => return unavailable(format!("no session bus ({error})")),
        };
        match ask(&connection).await {
            Ok(state) => {
                *self.connection.lock().await = Some(connection);
                state
            }
            Err(error) => unavailable(describe(&error)),
        }
    }

    /// Drops the connection, so that the next question opens a new one.
    pub(crate) async fn forget(&self) {
        self.connection.lock().await.take();
    }
}

async fn ask(connection: &Connection) -> zbus::Result<KeychainState> {
    let reply = connection
        .call_method(
            Some(SERVICE),
            SERVICE_PATH,
            Some(SERVICE_INTERFACE),
            "ReadAlias",
            &("default",),
        )
        .await?;
    let collection: OwnedObjectPath = reply.body().deserialize()?;
    if collection.as_str() == NOTHING {
        return Ok(KeychainState::NoCollection);
    }
    let locked = connection
        .call_method(
            Some(SERVICE),
            &collection,
            Some(PROPERTIES),
            "Get",
            &(COLLECTION_INTERFACE, "Locked"),
        )
        .await;
    match locked {
        Ok(reply) => {
            let value: OwnedValue = reply.body().deserialize()?;
            let locked = bool::try_from(value)?;
            Ok(if locked { KeychainState::Locked } else { KeychainState::Unlocked })
        }
        // gnome-keyring names a default keyring whose file it sees but which a second daemon of
        // the same user holds. Creating another default would hide the person's credentials.
        Err(error) if is_unknown_object(&error) => {
            Ok(unavailable("the service names a default keyring that it can't open"))
        }
        Err(error) => Err(error),
    }
}

fn unavailable(detail: impl Into<String>) -> KeychainState {
    KeychainState::Unavailable(detail.into())
}

/// Whether the reply says that there is nothing at this path.
pub(crate) fn is_unknown_object(error: &zbus::Error) -> bool {
    error_name(error).is_some_and(|name| {
        matches!(
            name,
            "org.freedesktop.DBus.Error.UnknownObject"
                | "org.freedesktop.DBus.Error.UnknownMethod"
                | "org.freedesktop.DBus.Error.UnknownInterface"
                | "org.freedesktop.Secret.Error.NoSuchObject"
        )
    })
}

/// The D-Bus name of an error reply.
pub(crate) fn error_name(error: &zbus::Error) -> Option<&str> {
    match error {
        zbus::Error::MethodError(name, _, _) => Some(name.as_str()),
        _ => None,
    }
}

/// One line for a person. D-Bus replies name the error, the rest speak for themselves.
fn describe(error: &zbus::Error) -> String {
    match error_name(error) {
        Some("org.freedesktop.DBus.Error.ServiceUnknown") => {
            "no Secret Service runs in this session".to_owned()
        }
        Some(name) => format!("the Secret Service answered {name}"),
        None => shown(error),
    }
}

fn shown(error: &impl Display) -> String {
    format!("the session bus failed: {error}")
}
