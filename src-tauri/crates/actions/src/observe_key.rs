//! An access key, its owner and the owner's other keys.

use aws_sdk_iam::types::StatusType;
use firebreak_core::observed::{AccessKey, AccessKeys, KeyStatus};
use firebreak_core::ports::{OutsideError, Trouble};

use crate::account::AwsAccount;
use crate::connection::Clients;
use crate::failure::Failure;

pub(crate) async fn observe(
    clients: &Clients,
    account: &AwsAccount,
    key_id: &str,
) -> Result<AccessKeys, OutsideError> {
    let mut observed = AccessKeys {
        account: account.account_id.clone(),
        key_id: key_id.to_owned(),
        user: None,
        keys: Vec::new(),
    };
    // IAM knows only long-term keys; asking it for a session's key is an error of its own.
    if !key_id.starts_with("AKIA") {
        return Ok(observed);
    }
    let Some(user) = owner(clients, key_id).await? else { return Ok(observed) };
    if let Some(keys) = keys_of(clients, &user).await? {
        observed.keys = keys;
        observed.user = Some(user);
    }
    Ok(observed)
}

/// The user that owns a key; `None` when this account knows no such key.
pub(crate) async fn owner(clients: &Clients, key_id: &str) -> Result<Option<String>, OutsideError> {
    let answer = clients.iam.get_access_key_last_used().access_key_id(key_id).send().await;
    match answer {
        Ok(answer) => Ok(answer.user_name.filter(|user| !user.is_empty())),
        Err(error) => {
            let failure = Failure::read("iam:GetAccessKeyLastUsed", error);
            if failure.is("NoSuchEntity") { Ok(None) } else { Err(failure.into_outside()) }
        }
    }
}

/// All keys of a user, sorted; `None` when there is no such user, which is how root looks.
async fn keys_of(clients: &Clients, user: &str) -> Result<Option<Vec<AccessKey>>, OutsideError> {
    let mut keys = Vec::new();
    let mut pages = clients.iam.list_access_keys().user_name(user).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                let failure = Failure::read("iam:ListAccessKeys", error);
                if failure.is("NoSuchEntity") {
                    return Ok(None);
                }
                return Err(failure.into_outside());
            }
        };
        for key in page.access_key_metadata {
            keys.push(read(key.access_key_id, key.status)?);
        }
    }
    keys.sort();
    Ok(Some(keys))
}

fn read(id: Option<String>, status: Option<StatusType>) -> Result<AccessKey, OutsideError> {
    let status = match status {
        Some(StatusType::Active) => Some(KeyStatus::Active),
        Some(StatusType::Inactive) => Some(KeyStatus::Inactive),
        // `Expired` is documented for other kinds of keys; a key that is not active is not.
        Some(ref other) if other.as_str() == "Expired" => Some(KeyStatus::Inactive),
        _ => None,
    };
    match (id, status) {
        (Some(id), Some(status)) => Ok(AccessKey { id, status }),
        _ => Err(OutsideError::new(
            "iam:ListAccessKeys",
            Trouble::Garbage,
            "a key has no id or a status that is not known",
        )),
    }
}
