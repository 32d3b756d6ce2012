//! What an identity reads and writes, of the things that are known: buckets, secrets, tables,
//! parameters, databases.

use super::account::{Account, Principal, account_of};
use super::answer::join;
use super::found::{Found, How};
use super::reach::Thing;
use super::weigh::{Asked, Question, may, mentions};
use crate::AssetId;

/// What can be done to one kind of thing.
struct Access {
    /// How its ARN begins after the partition.
    service: &'static str,
    kind: &'static str,
    /// What follows its ARN in what the actions are on.
    inside: &'static str,
    reads: &'static [&'static str],
    writes: &'static [&'static str],
}

const ACCESS: &[Access] = &[
    Access {
        service: "s3",
        kind: "S3 bucket",
        inside: "/*",
        reads: &["s3:GetObject"],
        writes: &["s3:PutObject", "s3:DeleteObject"],
    },
    Access {
        service: "secretsmanager",
        kind: "secret",
        inside: "",
        reads: &["secretsmanager:GetSecretValue"],
        writes: &["secretsmanager:PutSecretValue"],
    },
    Access {
        service: "dynamodb",
        kind: "DynamoDB table",
        inside: "",
        reads: &["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"],
        writes: &["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
    },
    Access {
        service: "ssm",
        kind: "parameter",
        inside: "",
        reads: &["ssm:GetParameter", "ssm:GetParameters"],
        writes: &["ssm:PutParameter"],
    },
    // A database's content is not IAM's, but who sets its master password has it.
    Access {
        service: "rds",
        kind: "RDS database",
        inside: "",
        reads: &[],
        writes: &["rds:ModifyDBInstance"],
    },
];

/// What kind of thing an ARN names, when it is one that is looked at.
pub(super) fn kind_of(arn: &str) -> Option<&'static str> {
    access_of(arn).map(|access| access.kind)
}

/// The thing that a policy's pattern names outright: `arn:aws:s3:::exports/*` names a bucket.
pub(super) fn named_in(pattern: &str) -> Option<AssetId> {
    let access = access_of(pattern)?;
    let thing = match access.service {
        "s3" => pattern.split('/').next().unwrap_or_default(),
        _ => pattern,
    };
    let is_whole = !thing.contains(['*', '?', '$']) && !thing.ends_with(':');
    is_whole.then(|| AssetId::new(thing))
}

/// What a principal of an account reads and writes.
pub(super) fn touches<'a>(
    who: &Principal,
    account: &Account,
    things: impl IntoIterator<Item = &'a Thing>,
) -> Vec<Found> {
    let documents = || who.policies.iter().map(|policy| policy.document.as_ref());
    let mut found = Vec::new();
    for thing in things {
        let Some(access) = access_of(thing.id.as_str()) else { continue };
        let on = format!("{}{}", thing.id.as_str(), access.inside);
        for (how, actions) in [(How::Read, access.reads), (How::Write, access.writes)] {
            let known = actions.iter().filter(|action| mentions(documents(), action));
            let answers = known.filter_map(|action| {
                let asked = Question { action, resource: Asked::any(&on), known: &[] };
                may(who, &asked).granted().map(|(grant, doubt)| (*action, grant, doubt))
            });
            let best = answers.min_by_key(|(_, _, doubt)| doubt.is_some());
            let Some((action, grant, doubt)) = best else { continue };
            found.push(Found {
                from: who.arn.clone(),
                to: thing.id.as_str().to_owned(),
                how,
                reason: format!(
                    "{} may {action} on {} {}: {grant}",
                    who.called(),
                    access.kind,
                    short(thing.id.as_str())
                ),
                doubt: join([doubt, elsewhere(thing, account)]),
            });
        }
    }
    found
}

/// In another account, the thing's own policy must allow it too.
fn elsewhere(thing: &Thing, account: &Account) -> Option<String> {
    let told = Some(account_of(thing.id.as_str())).filter(|told| !told.is_empty());
    match told.or(thing.account.as_deref()) {
        Some(its) if its == account.id => None,
        Some(its) => Some(format!("it is in account {its}, which must allow it too")),
        None => Some("whose it is is not known, and another account must allow it too".to_owned()),
    }
}

fn access_of(arn: &str) -> Option<&'static Access> {
    let mut parts = arn.splitn(6, ':');
    let (is_arn, service) = (parts.next() == Some("arn"), parts.nth(1)?);
    let rest = parts.nth(2)?;
    let fits = match service {
        "dynamodb" => rest.starts_with("table/"),
        "ssm" => rest.starts_with("parameter/"),
        "rds" => rest.starts_with("db:"),
        "secretsmanager" => rest.starts_with("secret:"),
        _ => true,
    };
    ACCESS.iter().find(|access| is_arn && fits && access.service == service)
}

fn short(arn: &str) -> &str {
    arn.rsplit([':', '/']).next().unwrap_or(arn)
}
