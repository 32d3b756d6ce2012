//! Reading, writing and deleting credentials.

use firebreak_core::ports::{Secret, SecretName, Vault, VaultError};

use crate::daemon::{Bus, Daemon};
use crate::session::{self, Session};
use crate::states::{keychain, wiz};

#[test]
fn a_credential_comes_back_is_replaced_and_goes() {
    session::run(
        "calls::a_credential_comes_back_is_replaced_and_goes",
        Session::EmptyBus,
        || async {
            let _daemon = Daemon::unlocked().await;
            let keychain = keychain("w");
            keychain.write(&wiz(), Secret::new("first")).await.unwrap();
            keychain.write(&wiz(), Secret::new("sécond\n\0")).await.unwrap();
            assert_eq!(keychain.read(&wiz()).await.unwrap().unwrap().expose(), "sécond\n\0");
            assert_eq!(Bus::connect().await.items_of("firebreak:w").await, 1);
            // Another program start reads the same.
            let again = crate::states::keychain("w");
            assert_eq!(again.read(&wiz()).await.unwrap().unwrap().expose(), "sécond\n\0");
            keychain.delete(&wiz()).await.unwrap();
            keychain.delete(&wiz()).await.unwrap();
            assert!(again.read(&wiz()).await.unwrap().is_none());
            assert_eq!(Bus::connect().await.items_of("firebreak:w").await, 0);
        },
    );
}

#[test]
fn workspaces_do_not_meet() {
    session::run("calls::workspaces_do_not_meet", Session::EmptyBus, || async {
        let _daemon = Daemon::unlocked().await;
        let (one, two) = (keychain("one"), keychain("two"));
        one.write(&wiz(), Secret::new("of one")).await.unwrap();
        assert!(two.read(&wiz()).await.unwrap().is_none());
        two.write(&wiz(), Secret::new("of two")).await.unwrap();
        two.delete(&wiz()).await.unwrap();
        assert_eq!(one.read(&wiz()).await.unwrap().unwrap().expose(), "of one");
    });
}

#[test]
fn large_and_empty_credentials_fit() {
    session::run("calls::large_and_empty_credentials_fit", Session::EmptyBus, || async {
        let _daemon = Daemon::unlocked().await;
        let keychain = keychain("w");
        for text in [String::new(), "k".repeat(100_000)] {
            keychain.write(&wiz(), Secret::new(text.clone())).await.unwrap();
            assert!(keychain.read(&wiz()).await.unwrap().unwrap().expose() == text);
        }
    });
}

#[test]
fn many_calls_at_once_take_turns() {
    session::run("calls::many_calls_at_once_take_turns", Session::EmptyBus, || async {
        let _daemon = Daemon::unlocked().await;
        let keychain = std::sync::Arc::new(keychain("w"));
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..40 {
            let keychain = std::sync::Arc::clone(&keychain);
            tasks.spawn(async move {
                let name = SecretName::new(format!("source/{number}"));
                let text = format!("secret {number}");
                keychain.write(&name, Secret::new(text.as_str())).await.unwrap();
                assert_eq!(keychain.read(&name).await.unwrap().unwrap().expose(), text);
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    });
}

#[test]
fn the_vault_does_not_touch_keys() {
    session::run("calls::the_vault_does_not_touch_keys", Session::EmptyBus, || async {
        use firebreak_core::ports::{KeyName, Signer};
        let _daemon = Daemon::unlocked().await;
        let keychain = keychain("w");
        let public = keychain.create_if_absent(KeyName::Approver).await.unwrap();
        for name in ["key/approver", "key/", ""].map(SecretName::new) {
            let read = keychain.read(&name).await.map(|_| ()).unwrap_err();
            assert!(matches!(read, VaultError::Failed(_)), "{read:?}");
            keychain.write(&name, Secret::new("mine")).await.unwrap_err();
            keychain.delete(&name).await.unwrap_err();
        }
        assert_eq!(keychain.public_key(KeyName::Approver).await.unwrap(), public);
    });
}
