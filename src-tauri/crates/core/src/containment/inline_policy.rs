//! Inline policies of ours on users and roles: named after the step, written only where no policy
//! of that name is, and never larger than IAM takes.

use serde_json::{Value, json};

use super::{Names, Refused};
use crate::call::{Call, IdentityRef};
use crate::observed::IamIdentity;
use crate::ports::OwnIdentity;
use crate::text;

/// What the inline policies of one user may have together, in characters that are not white space
/// (IAM and STS quotas).
const USER_CAP: usize = 2_048;
/// The same of a role.
const ROLE_CAP: usize = 10_240;

/// A policy that denies everything, under a condition if one is given.
pub(super) fn deny_all(sid: &str, condition: Option<Value>) -> String {
    let mut statement = json!({ "Sid": sid, "Effect": "Deny", "Action": "*", "Resource": "*" });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    serde_json_canonicalizer::to_string(&policy)
        .expect("a JSON value has string keys and finite numbers, so JCS can't fail")
}

/// The call that attaches the document.
///
/// # Errors
/// [`Refused`] when it is there already, its name is taken, or there is no room for it.
pub(super) fn attach(
    target: &IamIdentity,
    names: &Names,
    document: String,
) -> Result<Call, Refused> {
    let name = names.policy();
    let identity = target.identity.clone();
    match target.policies.get(&name) {
        Some(present) if *present == document => {
            return Err(Refused::new(
                format!("{identity} has policy {name} already"),
                "nothing to do; undo the step that wrote it when it should end",
            ));
        }
        Some(_) => {
            return Err(Refused::new(
                format!("{identity} has a policy {name} that says something else"),
                "find out who changed it; it is not overwritten",
            ));
        }
        None => {}
    }
    let cap = match identity {
        IdentityRef::User(_) => USER_CAP,
        IdentityRef::Role(_) => ROLE_CAP,
    };
    let used: usize = target.policies.values().map(|policy| size(policy)).sum();
    if used + size(&document) > cap {
        return Err(Refused::new(
            format!(
                "the inline policies of {identity} have {used} of {cap} characters, so one of {} \
                 does not fit",
                size(&document)
            ),
            "attach a managed policy that denies everything by hand, or remove an inline policy",
        ));
    }
    Ok(Call::PutInlinePolicy { identity, name, document })
}

fn size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// # Errors
/// [`Refused`] for who Firebreak itself is.
pub(super) fn refuse_own(target: &IamIdentity, own: &OwnIdentity) -> Result<(), Refused> {
    if own.arns.contains(&target.arn) || target.identity.is_among(&own.arns) {
        return Err(Refused::new(
            format!("{} is Firebreak's own", text::line(&target.identity.to_string(), 80)),
            "give Firebreak another identity first, then contain this one by hand",
        ));
    }
    Ok(())
}

/// What holds for every change of a policy.
pub(super) const PROPAGATION: &str = "The policy takes effect everywhere within minutes, not at \
     once. That AWS refuses is shown by CloudTrail (AccessDenied); the proof here is that the \
     policy stands as it was written.";
