//! The four states: each has its own words, within a second, and needs no restart.

use std::process::Stdio;
use std::time::{Duration, Instant};

use firebreak_core::ports::{KeychainState, Secret, SecretName, Vault, VaultError};
use firebreak_secrets::{Keychain, explain};

use crate::daemon::{Bus, Daemon};
use crate::session::{self, Session};

/// The keychain under test, in a workspace of this name.
pub fn keychain(workspace: &str) -> Keychain {
    Keychain::new(workspace, session::runtime_dir().join("keys.lock"))
}

pub fn wiz() -> SecretName {
    SecretName::new("source/wiz")
}

/// Asks for the state and checks that the answer came within a second.
async fn state(keychain: &Keychain) -> KeychainState {
    let start = Instant::now();
    let state = keychain.state().await;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(1), "{state:?} took {took:?}");
    state
}

/// Checks that the state is told by reads and writes as well, and stores the sentence for it.
async fn closed(keychain: &Keychain, texts: &mut Vec<String>) -> KeychainState {
    let state = state(keychain).await;
    let read = keychain.read(&wiz()).await.map(|_| ()).unwrap_err();
    assert_eq!(read, VaultError::NotUsable(state.clone()));
    let written = keychain.write(&wiz(), Secret::new("value")).await.unwrap_err();
    assert_eq!(written, VaultError::NotUsable(state.clone()));
    texts.push(explain(&state).text);
    state
}

#[test]
fn one_keychain_goes_through_every_state_without_a_restart() {
    session::run(
        "states::one_keychain_goes_through_every_state_without_a_restart",
        Session::NoBus,
        || async {
            let keychain = keychain("w");
            let mut texts = Vec::new();

            let no_bus = closed(&keychain, &mut texts).await;
            assert!(matches!(no_bus, KeychainState::Unavailable(_)), "{no_bus:?}");

            let _bus = start_bus().await;
            let no_service = closed(&keychain, &mut texts).await;
            assert!(matches!(no_service, KeychainState::Unavailable(_)), "{no_service:?}");
            assert_ne!(no_service, no_bus);

            let daemon = Daemon::without_login().await;
            let no_collection = closed(&keychain, &mut texts).await;
            assert_eq!(no_collection, KeychainState::NoCollection);

            let person = Bus::connect().await;
            person.create_default().await;
            assert_eq!(state(&keychain).await, KeychainState::Unlocked);
            assert!(keychain.read(&wiz()).await.unwrap().is_none(), "open, and not there");
            keychain.write(&wiz(), Secret::new("value")).await.unwrap();

            person.lock().await;
            assert_eq!(closed(&keychain, &mut texts).await, KeychainState::Locked);

            person.unlock().await;
            let read = keychain.read(&wiz()).await.unwrap().unwrap();
            assert_eq!(read.expose(), "value");
            texts.push(explain(&state(&keychain).await).text);

            daemon.crash().await;
            let crashed = state(&keychain).await;
            assert_eq!(crashed, no_service);

            let _daemon = Daemon::without_login().await;
            assert_eq!(state(&keychain).await, KeychainState::Locked);
            Bus::connect().await.unlock().await;
            let read = keychain.read(&wiz()).await.unwrap().unwrap();
            assert_eq!(read.expose(), "value");

            texts.sort();
            texts.dedup();
            assert_eq!(texts.len(), 5, "{texts:#?}");
        },
    );
}

#[test]
fn a_restarted_service_is_used_again_by_the_next_call() {
    session::run(
        "states::a_restarted_service_is_used_again_by_the_next_call",
        Session::EmptyBus,
        || async {
            let keychain = keychain("w");
            let daemon = Daemon::unlocked().await;
            keychain.write(&wiz(), Secret::new("value")).await.unwrap();
            daemon.crash().await;
            let _daemon = Daemon::unlocked().await;
            // No question for the state in between: the kept session is of the old service.
            let read = keychain.read(&wiz()).await.unwrap().unwrap();
            assert_eq!(read.expose(), "value");
        },
    );
}

/// A bus at the address that this session has been told from the start.
async fn start_bus() -> tokio::process::Child {
    let folder = session::runtime_dir();
    let bus = tokio::process::Command::new("dbus-daemon")
        .arg(format!("--config-file={}", session::bus_config(&folder).display()))
        .arg(format!("--address=unix:path={}", folder.join("bus").display()))
        .args(["--nofork", "--nopidfile"])
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let start = Instant::now();
    while zbus::Connection::session().await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(20), "the bus did not come up");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bus
}
