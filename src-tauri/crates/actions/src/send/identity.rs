//! Inline policies. IAM overwrites a policy of the same name without asking and has no conditional
//! write, so what is there is read immediately before the call leaves.

use aws_sdk_iam::operation::RequestId as _;
use firebreak_core::call::{Call, IdentityRef};
use firebreak_core::ports::{CallOutcome, OutsideError, Trouble};

use super::{accepted, note};
use crate::connection::Clients;
use crate::observe_identity;

/// Refuses to write over a policy, whoever wrote it.
pub(super) async fn refuse_present(
    reads: &Clients,
    call: &Call,
    identity: &IdentityRef,
    name: &str,
) -> Result<(), OutsideError> {
    match observe_identity::policy(reads, identity, name).await? {
        None => Ok(()),
        Some(_) => Err(stop(
            call,
            format!("{identity} has a policy {name} by now, which is not overwritten"),
        )),
    }
}

/// Refuses to remove anything but what we wrote.
pub(super) async fn refuse_changed(
    reads: &Clients,
    call: &Call,
    (identity, name): (&IdentityRef, &str),
    document: &str,
) -> Result<(), OutsideError> {
    match observe_identity::policy(reads, identity, name).await? {
        Some(present) if present == document => Ok(()),
        Some(_) => Err(stop(call, format!("policy {name} of {identity} was changed by now"))),
        None => Err(stop(call, format!("{identity} has no policy {name} any more"))),
    }
}

fn stop(call: &Call, words: String) -> OutsideError {
    OutsideError::new(call.operation(), Trouble::NeedsPerson, words)
        .with_remedy("find out who changed it, then read the state again")
}

pub(super) async fn put(
    writes: &Clients,
    operation: &str,
    identity: &IdentityRef,
    name: &str,
    document: &str,
) -> CallOutcome {
    let iam = &writes.iam;
    match identity {
        IdentityRef::User(user) => {
            let request = iam.put_user_policy().user_name(user).policy_name(name);
            let answer = request.policy_document(document).send().await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        IdentityRef::Role(role) => {
            let request = iam.put_role_policy().role_name(role).policy_name(name);
            let answer = request.policy_document(document).send().await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
    }
}

pub(super) async fn delete(
    writes: &Clients,
    operation: &str,
    identity: &IdentityRef,
    name: &str,
) -> CallOutcome {
    let iam = &writes.iam;
    match identity {
        IdentityRef::User(user) => {
            let answer = iam.delete_user_policy().user_name(user).policy_name(name).send().await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        IdentityRef::Role(role) => {
            let answer = iam.delete_role_policy().role_name(role).policy_name(name).send().await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
    }
}
