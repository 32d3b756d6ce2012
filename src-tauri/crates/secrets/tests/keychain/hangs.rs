//! A Secret Service that hangs.
//!
//! No real one hangs on demand, so a stand-in takes the name and stays silent.

use std::time::{Duration, Instant};

use firebreak_core::ports::{KeychainState, Secret, Vault, VaultError};
use futures_util::StreamExt;
use zbus::zvariant::{ObjectPath, Value};
use zbus::{Connection, MessageStream};

use crate::daemon::Daemon;
use crate::session::{self, Session};
use crate::states::{keychain, wiz};

/// Owns the name of the Secret Service. Silent, or answers only that it is unlocked.
async fn stand_in(says_unlocked: bool) -> Connection {
    let connection = Connection::session().await.unwrap();
    let mut stream = MessageStream::from(&connection);
    connection.request_name("org.freedesktop.secrets").await.unwrap();
    let answering = connection.clone();
    tokio::spawn(async move {
        while let Some(Ok(message)) = stream.next().await {
            let header = message.header();
            match header.member().map(|member| member.as_str()) {
                Some("ReadAlias") if says_unlocked => {
                    let path = ObjectPath::try_from("/org/freedesktop/secrets/collection/login");
                    answering.reply(&header, &path.unwrap()).await.unwrap();
                }
                Some("Get") if says_unlocked => {
                    answering.reply(&header, &Value::from(false)).await.unwrap();
                }
                _ => {}
            }
        }
    });
    connection
}

#[test]
fn a_silent_service_is_unavailable_within_a_second() {
    session::run(
        "hangs::a_silent_service_is_unavailable_within_a_second",
        Session::EmptyBus,
        || async {
            let silent = stand_in(false).await;
            let keychain = keychain("w");
            let start = Instant::now();
            let state = keychain.state().await;
            assert!(matches!(state, KeychainState::Unavailable(_)), "{state:?}");
            assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
            let start = Instant::now();
            let read = keychain.read(&wiz()).await.map(|_| ()).unwrap_err();
            assert_eq!(read, VaultError::NotUsable(state));
            assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());

            silent.close().await.unwrap();
            let _daemon = Daemon::unlocked().await;
            keychain.write(&wiz(), Secret::new("value")).await.unwrap();
        },
    );
}

#[test]
fn a_call_that_hangs_ends_and_the_state_is_still_told() {
    session::run(
        "hangs::a_call_that_hangs_ends_and_the_state_is_still_told",
        Session::EmptyBus,
        || async {
            let hanging = stand_in(true).await;
            let keychain = std::sync::Arc::new(keychain("w"));
            let start = Instant::now();
            let calls: Vec<_> = (0..3)
                .map(|_| {
                    let keychain = std::sync::Arc::clone(&keychain);
                    tokio::spawn(async move { keychain.read(&wiz()).await.map(|_| ()) })
                })
                .collect();
            // The state does not wait behind the calls that hang.
            assert_eq!(keychain.state().await, KeychainState::Unlocked);
            assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
            for call in calls {
                assert_eq!(call.await.unwrap(), Err(VaultError::TimedOut(5)));
            }
            // Waiting for a turn counts: three calls that hang take no longer than one.
            assert!(start.elapsed() < Duration::from_secs(7), "{:?}", start.elapsed());

            hanging.close().await.unwrap();
            let _daemon = Daemon::unlocked().await;
            keychain.write(&wiz(), Secret::new("value")).await.unwrap();
            assert_eq!(keychain.read(&wiz()).await.unwrap().unwrap().expose(), "value");
        },
    );
}
