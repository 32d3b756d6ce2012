//! A user or role, its inline policies, and who may assume a role.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::Tag;
use firebreak_core::call::IdentityRef;
use firebreak_core::observed::{IamIdentity, Observed};
use firebreak_core::ports::{OutsideError, Target, Trouble};
use firebreak_core::{canonical, text};
use serde_json::Value;

use crate::account::AwsAccount;
use crate::asset::is_foreign;
use crate::connection::Clients;
use crate::failure::Failure;
use crate::identities::decoded;

/// Principals of a trust policy that are kept, and the longest of them.
const MOST_TRUSTED: usize = 100;
const PRINCIPAL_CAP: usize = 200;

/// What GetUser or GetRole says.
struct Described {
    arn: String,
    tags: BTreeMap<String, String>,
    trusted: Vec<String>,
    last_used: Option<String>,
}

pub(crate) async fn observe(
    clients: &Clients,
    account: &AwsAccount,
    target: &Target,
) -> Result<Observed, OutsideError> {
    let operation = "iam read";
    let arn = target.asset.as_str();
    let person = |words: String| OutsideError::new(operation, Trouble::NeedsPerson, words);
    let Some((_, identity)) = IdentityRef::from_arn(arn) else {
        return Err(person("the target is neither a user nor a role".to_owned()));
    };
    // A role of the same name in our account is another role.
    if is_foreign(arn, &account.account_id) {
        return Err(person(format!("{identity} is not of account {}", account.account_id))
            .with_remedy("configure the account that it belongs to, or tell its owner"));
    }
    let described = match &identity {
        IdentityRef::User(name) => user(clients, name).await?,
        IdentityRef::Role(name) => role(clients, name).await?,
    };
    let Some(described) = described else {
        return Err(person(format!("there is no {identity}"))
            .with_remedy("it may be deleted, or in another account"));
    };
    let mut policies = BTreeMap::new();
    for name in names(clients, &identity).await? {
        // One that was deleted since it was listed is not there.
        if let Some(document) = policy(clients, &identity, &name).await? {
            policies.insert(name, document);
        }
    }
    Ok(Observed::Identity(Box::new(IamIdentity {
        account: account.account_id.clone(),
        identity,
        arn: described.arn,
        tags: described.tags,
        policies,
        trusted: described.trusted,
        last_used: described.last_used,
    })))
}

async fn user(clients: &Clients, name: &str) -> Result<Option<Described>, OutsideError> {
    let user = match clients.iam.get_user().user_name(name).send().await {
        Ok(answer) => answer.user,
        Err(error) => return gone_or_error(Failure::read("iam:GetUser", error)),
    };
    Ok(user.map(|user| Described {
        arn: user.arn,
        tags: tag_map(user.tags),
        trusted: Vec::new(),
        last_used: None,
    }))
}

async fn role(clients: &Clients, name: &str) -> Result<Option<Described>, OutsideError> {
    let role = match clients.iam.get_role().role_name(name).send().await {
        Ok(answer) => answer.role,
        Err(error) => return gone_or_error(Failure::read("iam:GetRole", error)),
    };
    Ok(role.map(|role| Described {
        arn: role.arn,
        tags: tag_map(role.tags),
        trusted: trusted(role.assume_role_policy_document.as_deref().unwrap_or_default()),
        last_used: role.role_last_used.and_then(|used| {
            let at = used.last_used_date?;
            let place = used.region.map_or_else(String::new, |region| format!(" in {region}"));
            Some(format!("at {at}{place}"))
        }),
    }))
}

/// The names of all inline policies.
async fn names(clients: &Clients, identity: &IdentityRef) -> Result<Vec<String>, OutsideError> {
    let mut names = Vec::new();
    match identity {
        IdentityRef::User(name) => {
            let mut pages =
                clients.iam.list_user_policies().user_name(name).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page
                    .map_err(|error| Failure::read("iam:ListUserPolicies", error).into_outside())?;
                names.extend(page.policy_names);
            }
        }
        IdentityRef::Role(name) => {
            let mut pages =
                clients.iam.list_role_policies().role_name(name).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page
                    .map_err(|error| Failure::read("iam:ListRolePolicies", error).into_outside())?;
                names.extend(page.policy_names);
            }
        }
    }
    Ok(names)
}

/// One inline policy as canonical JSON, verbatim where it is none; `None` when it is not there.
pub(crate) async fn policy(
    clients: &Clients,
    identity: &IdentityRef,
    name: &str,
) -> Result<Option<String>, OutsideError> {
    let iam = &clients.iam;
    let document = match identity {
        IdentityRef::User(user) => {
            match iam.get_user_policy().user_name(user).policy_name(name).send().await {
                Ok(answer) => answer.policy_document,
                Err(error) => return gone_or_error(Failure::read("iam:GetUserPolicy", error)),
            }
        }
        IdentityRef::Role(role) => {
            match iam.get_role_policy().role_name(role).policy_name(name).send().await {
                Ok(answer) => answer.policy_document,
                Err(error) => return gone_or_error(Failure::read("iam:GetRolePolicy", error)),
            }
        }
    };
    Ok(Some(plain(&document)))
}

/// IAM writes documents percent-encoded (RFC 3986).
fn plain(document: &str) -> String {
    let text = match document.trim_start().starts_with('{') {
        true => document.to_owned(),
        false => decoded(document).unwrap_or_else(|| document.to_owned()),
    };
    canonical::json(&text).unwrap_or(text)
}

/// Whom the statements of a trust policy that allow something name.
fn trusted(document: &str) -> Vec<String> {
    let policy: Value = serde_json::from_str(&plain(document)).unwrap_or_default();
    let statements = one_or_many(&policy["Statement"]);
    let mut found = BTreeSet::new();
    for statement in statements.iter().filter(|statement| statement["Effect"] == "Allow") {
        let named: Vec<Value> = match &statement["Principal"] {
            Value::Object(kinds) => kinds.values().flat_map(one_or_many).collect(),
            other => one_or_many(other),
        };
        let named = named.iter().filter_map(Value::as_str);
        found.extend(named.map(|who| text::line(who, PRINCIPAL_CAP)));
        if !statement["NotPrincipal"].is_null() {
            found.insert("*".to_owned());
        }
    }
    found.into_iter().take(MOST_TRUSTED).collect()
}

fn one_or_many(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(many) => many.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn tag_map(tags: Option<Vec<Tag>>) -> BTreeMap<String, String> {
    tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()
}

fn gone_or_error<T>(failure: Failure) -> Result<Option<T>, OutsideError> {
    if failure.is("NoSuchEntity") { Ok(None) } else { Err(failure.into_outside()) }
}

#[cfg(test)]
mod tests {
    use super::{plain, trusted};

    #[test]
    fn documents_are_compared_by_what_they_say() {
        let written = r#"{"Version":"2012-10-17","Statement":[]}"#;
        let encoded = "%7B%22Statement%22%3A%20%5B%5D%2C%20%22Version%22%3A%222012-10-17%22%7D";
        assert_eq!(plain(written), plain(encoded));
        assert_eq!(plain("no policy"), "no policy");
    }

    #[test]
    fn whoever_a_trust_policy_names_is_told() {
        let document = r#"{"Statement":[
            {"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::1:root","arn:aws:iam::2:user/x"],"Service":"ec2.amazonaws.com"}},
            {"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::3:root"}},
            {"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::4:root"}}]}"#;
        assert_eq!(
            trusted(document),
            ["*", "arn:aws:iam::1:root", "arn:aws:iam::2:user/x", "ec2.amazonaws.com"]
        );
        let everybody = r#"{"Statement":{"Effect":"Allow","Principal":"*"}}"#;
        assert_eq!(trusted(everybody), ["*"]);
        assert!(trusted("not JSON").is_empty());
    }
}
