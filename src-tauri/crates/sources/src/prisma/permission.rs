//! Reach by permissions: Prisma's IAM query, and what its answer says.
//!
//! The query language (RQL, "config from iam where …") is documented by the vendor; it only reads.

use std::collections::BTreeMap;

use firebreak_core::finding::{Resource, ResourceKind};
use firebreak_core::text;
use serde_json::Value;

use super::kinds::kind_of;
use crate::fields::{at, list, text_of};
use crate::native;

/// Permissions asked for; one thing is reached by many.
pub(super) const LIMIT: u32 = 200;
/// Actions named in one reason.
const NAMED: usize = 4;

/// The query for what `resource` may touch; `None` when it is no identity and carries none, or
/// when its id holds anything but letters, digits and the signs of an ARN: it becomes part of a
/// query, and comes from an alert.
pub(super) fn query(resource: &Resource) -> Option<String> {
    let kind = resource.kind?;
    let carries = matches!(
        kind,
        ResourceKind::Instance
            | ResourceKind::User
            | ResourceKind::Role
            | ResourceKind::Function
            | ResourceKind::AccessKey
            | ResourceKind::Container
    );
    let id = resource.native_id.as_deref().filter(|_| carries)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/_.+=,@-".contains(&byte);
    (id.len() <= 512 && id.bytes().all(plain))
        .then(|| format!("config from iam where source.cloud.resource.id = '{id}'"))
}

/// One thing that is reached, with all ways that lead to it.
#[derive(Debug, PartialEq)]
pub(super) struct Grant {
    pub(super) native: Option<String>,
    pub(super) rrn: Option<String>,
    pub(super) name: Option<String>,
    pub(super) kind: String,
    pub(super) verb: &'static str,
    pub(super) reason: String,
}

/// Reads `data.items[]` (vendor's OpenAPI, `PermissionDto`): one entry for each thing reached.
pub(super) fn grants(answer: &Value) -> Vec<Grant> {
    let mut by_thing: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for item in list(at(answer, "data.items")).iter().take(LIMIT as usize) {
        let key = ["destCloudResourceRrn", "destResourceId", "destResourceName"]
            .iter()
            .find_map(|path| text_of(at(item, path)));
        if let Some(key) = key {
            by_thing.entry(key).or_default().push(item);
        }
    }
    by_thing.values().map(|items| grant(items)).collect()
}

fn grant(items: &[&Value]) -> Grant {
    let word = |path: &str| items.iter().find_map(|item| text_of(at(item, path)));
    let kind = word("destResourceType").or_else(|| word("destCloudServiceName"));
    let kind = kind.unwrap_or_else(|| "unknown".to_owned());
    let given = [word("destResourceId"), word("destResourceName")];
    let cloud = given.iter().flatten().find(|id| native::is_cloud_form(id)).cloned();
    let native = cloud.or_else(|| {
        let name = given.iter().flatten().next()?;
        (kind_of(&kind) == Some(ResourceKind::Bucket))
            .then(|| native::bucket_arn(name, word("destCloudRegion").as_deref()))?
    });
    let mut actions: Vec<String> =
        items.iter().filter_map(|item| text_of(at(item, "effectiveActionName"))).collect();
    actions.sort_unstable();
    actions.dedup();
    let verb = verb(&kind, &actions);
    Grant {
        name: word("destResourceName").map(|name| text::line(&name, text::TITLE_CAP)),
        rrn: word("destCloudResourceRrn").filter(|rrn| rrn.len() <= 1_000),
        reason: reason(
            &actions,
            word("grantedByCloudEntityName"),
            word("grantedByCloudPolicyName"),
        ),
        native,
        kind,
        verb,
    }
}

fn verb(kind: &str, actions: &[String]) -> &'static str {
    let does = |part: &str| actions.iter().any(|action| action.to_ascii_lowercase().contains(part));
    match kind_of(kind) {
        Some(ResourceKind::Role) if does("assumerole") => "can_assume",
        _ if ["put", "delete", "write", "create", "update"].iter().any(|part| does(part)) => {
            "can_write"
        }
        _ => "can_read",
    }
}

fn reason(actions: &[String], by: Option<String>, policy: Option<String>) -> String {
    let named: Vec<String> =
        actions.iter().take(NAMED).map(|action| text::line(action, 80)).collect();
    let mut reason = match (named.join(", "), actions.len().saturating_sub(NAMED)) {
        (named, _) if named.is_empty() => "permission".to_owned(),
        (named, 0) => named,
        (named, more) => format!("{named} and {more} more"),
    };
    if let Some(by) = by {
        reason.push_str(&format!(" through {}", text::line(&by, 100)));
    }
    if let Some(policy) = policy {
        reason.push_str(&format!(" by the policy {}", text::line(&policy, 100)));
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(kind: ResourceKind, id: &str) -> Option<String> {
        query(&Resource { kind: Some(kind), native_id: Some(id.to_owned()), ..Resource::default() })
    }

    #[test]
    fn an_id_never_becomes_more_than_an_id() {
        assert_eq!(
            asks(ResourceKind::Role, "arn:aws:iam::123456789012:role/web-node").as_deref(),
            Some(
                "config from iam where source.cloud.resource.id = 'arn:aws:iam::123456789012:role/web-node'"
            )
        );
        for id in ["x' or 1 = '1", "a\\b", "a b", "a\nb", "é", &"x".repeat(600)] {
            assert_eq!(asks(ResourceKind::Role, id), None, "{id}");
        }
        assert_eq!(asks(ResourceKind::Bucket, "arn:aws:s3:::b"), None);
    }
}
