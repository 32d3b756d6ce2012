//! Signing keys.

use ed25519_dalek::{Signature, VerifyingKey};
use firebreak_core::ports::{KeyName, KeychainState, Signer, VaultError};

use crate::daemon::{Bus, Daemon};
use crate::session::{self, Session};
use crate::states::keychain;

#[test]
fn a_key_is_made_once_and_signs() {
    session::run("keys::a_key_is_made_once_and_signs", Session::EmptyBus, || async {
        let _daemon = Daemon::unlocked().await;
        let keychain = keychain("w");
        let none = keychain.public_key(KeyName::Approver).await.unwrap_err();
        assert_eq!(none, VaultError::Missing("key/approver".to_owned()));
        let none = keychain.sign(KeyName::AuditLog, b"tree").await.unwrap_err();
        assert_eq!(none, VaultError::Missing("key/audit-log".to_owned()));

        let public = keychain.create_if_absent(KeyName::Approver).await.unwrap();
        assert_eq!(keychain.create_if_absent(KeyName::Approver).await.unwrap(), public);
        assert_eq!(crate::states::keychain("w").public_key(KeyName::Approver).await, Ok(public));
        let other = keychain.create_if_absent(KeyName::AuditLog).await.unwrap();
        assert_ne!(public, other);

        let signature = keychain.sign(KeyName::Approver, b"digest").await.unwrap();
        let signature = Signature::from_bytes(&signature);
        let verifying = VerifyingKey::from_bytes(&public).unwrap();
        verifying.verify_strict(b"digest", &signature).unwrap();
        verifying.verify_strict(b"digesT", &signature).unwrap_err();
        let other = VerifyingKey::from_bytes(&other).unwrap();
        other.verify_strict(b"digest", &signature).unwrap_err();
    });
}

#[test]
fn programs_that_race_get_one_key() {
    session::run("keys::programs_that_race_get_one_key", Session::EmptyBus, || async {
        let _daemon = Daemon::unlocked().await;
        for round in 0..5 {
            let workspace = format!("w{round}");
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..6 {
                // Each with its own connection and its own handle of the lock, as programs have.
                let keychain = keychain(&workspace);
                tasks.spawn(async move { keychain.create_if_absent(KeyName::Approver).await });
            }
            let publics: Vec<_> = tasks.join_all().await.into_iter().map(Result::unwrap).collect();
            assert!(publics.iter().all(|public| public == &publics[0]), "{publics:?}");
            let kept = keychain(&workspace).public_key(KeyName::Approver).await;
            assert_eq!(kept, Ok(publics[0]));
            let items = Bus::connect().await.items_of(&format!("firebreak:{workspace}")).await;
            assert_eq!(items, 1);
        }
    });
}

#[test]
fn a_locked_keychain_is_not_a_missing_key() {
    session::run("keys::a_locked_keychain_is_not_a_missing_key", Session::EmptyBus, || async {
        let _daemon = Daemon::unlocked().await;
        let person = Bus::connect().await;
        let keychain = keychain("w");
        let public = keychain.create_if_absent(KeyName::Approver).await.unwrap();
        person.lock().await;
        let locked = VaultError::NotUsable(KeychainState::Locked);
        assert_eq!(keychain.create_if_absent(KeyName::Approver).await, Err(locked.clone()));
        assert_eq!(keychain.public_key(KeyName::Approver).await, Err(locked.clone()));
        assert_eq!(keychain.sign(KeyName::Approver, b"digest").await, Err(locked));
        person.unlock().await;
        assert_eq!(keychain.create_if_absent(KeyName::Approver).await, Ok(public));
    });
}

#[test]
fn a_key_is_not_made_where_the_lock_can_not_be_taken() {
    session::run(
        "keys::a_key_is_not_made_where_the_lock_can_not_be_taken",
        Session::EmptyBus,
        || async {
            let _daemon = Daemon::unlocked().await;
            let keychain = firebreak_secrets::Keychain::new("w", "/nowhere/keys.lock");
            let refused = keychain.create_if_absent(KeyName::Approver).await.unwrap_err();
            assert!(refused.to_string().contains("/nowhere/keys.lock"), "{refused}");
            assert_eq!(Bus::connect().await.items_of("firebreak:w").await, 0);
        },
    );
}
