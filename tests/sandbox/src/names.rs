//! Logical names of things in the simulated account, and their substitution into scenarios.
//!
//! Scenarios say `{{instance.web-7.id}}`. With AWS running the names come from what was really
//! created there; without it they are AWS-shaped and depend on the seed only.

use std::collections::BTreeMap;

use crate::seeded;

/// The account of the scenarios.
pub const ACCOUNT: &str = "123456789012";
/// The region of the scenarios.
pub const REGION: &str = "eu-central-1";

const GROUPS: [&str; 3] = ["sg-web", "sg-mon", "sg-db"];
const USERS: [&str; 3] = ["deploy-bot", "firebreak-reader", "firebreak-operator"];
const ROLES: [&str; 2] = ["web-node", "firebreak-containment"];
const BUCKETS: [&str; 3] = ["customer-exports", "storefront-assets", "storefront-logs"];
/// Name, interfaces, volumes, private address when there is no moto to give one.
const INSTANCES: [(&str, usize, usize, &str); 6] = [
    ("web-7", 3, 2, "10.20.1.4"),
    ("web-3", 1, 1, "10.20.1.5"),
    ("db-1", 1, 2, "10.20.2.4"),
    ("mon-1", 1, 1, "10.20.1.6"),
    ("build-2", 1, 1, "10.20.1.7"),
    ("web-8", 1, 1, "10.20.1.8"),
];

/// Logical name to id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(BTreeMap<String, String>);

/// A placeholder that stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct UnknownName {
    /// Line of the placeholder, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl Names {
    /// Names as the seeded account reported them.
    #[must_use]
    pub fn of_account(names: BTreeMap<String, String>) -> Self {
        Self(names)
    }

    /// Names without an account: the same keys, with ids drawn from the seed.
    #[must_use]
    pub fn without_account(seed: u64) -> Self {
        let id = |prefix: &str, label: &str| format!("{prefix}-{}", seeded::hex(seed, label, 17));
        let mut names = BTreeMap::new();
        let mut put = |name: String, value: String| {
            names.insert(name, value);
        };
        put("account".into(), ACCOUNT.into());
        put("region".into(), REGION.into());
        put("vpc.storefront.id".into(), id("vpc", "storefront"));
        for subnet in ["web", "data"] {
            put(format!("subnet.{subnet}.id"), id("subnet", subnet));
        }
        for group in GROUPS {
            put(format!("sg.{group}.id"), id("sg", group));
        }
        for user in USERS {
            put(format!("user.{user}.arn"), format!("arn:aws:iam::{ACCOUNT}:user/{user}"));
            put(format!("user.{user}.name"), user.into());
        }
        for role in ROLES {
            put(format!("role.{role}.arn"), format!("arn:aws:iam::{ACCOUNT}:role/{role}"));
            put(format!("role.{role}.name"), role.into());
        }
        put(
            "profile.web-node.arn".into(),
            format!("arn:aws:iam::{ACCOUNT}:instance-profile/web-node"),
        );
        for key in ["1", "2"] {
            let tail = seeded::hex(seed, &format!("access key {key}"), 16).to_uppercase();
            put(format!("key.deploy-bot.{key}.id"), format!("AKIA{tail}"));
        }
        for bucket in BUCKETS {
            put(format!("bucket.{bucket}.name"), bucket.into());
            put(format!("bucket.{bucket}.arn"), format!("arn:aws:s3:::{bucket}"));
        }
        for (instance, interfaces, volumes, address) in INSTANCES {
            let instance_id = id("i", instance);
            put(
                format!("instance.{instance}.arn"),
                format!("arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance_id}"),
            );
            put(format!("instance.{instance}.id"), instance_id);
            put(format!("instance.{instance}.private_ip"), address.into());
            for index in 0..interfaces {
                put(
                    format!("eni.{instance}.{index}.id"),
                    id("eni", &format!("{instance} {index}")),
                );
            }
            for index in 0..volumes {
                put(
                    format!("volume.{instance}.{index}.id"),
                    id("vol", &format!("{instance} {index}")),
                );
            }
        }
        let group = "asg-web-staging";
        for queue in ["alerts", "alerts-dead"] {
            let url = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/firebreak-{queue}");
            put(format!("queue.{queue}.url"), url);
        }
        put(format!("asg.{group}.name"), group.into());
        put(
            format!("asg.{group}.arn"),
            format!(
                "arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:{}:autoScalingGroupName/{group}",
                seeded::uuid(seed, group)
            ),
        );
        Self(names)
    }

    /// The id behind a logical name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Every logical name.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The whole map.
    #[must_use]
    pub fn into_map(self) -> BTreeMap<String, String> {
        self.0
    }

    /// Replaces every `{{name}}` in a text.
    ///
    /// # Errors
    /// [`UnknownName`] with the line of the first placeholder that is unknown or not closed.
    pub fn substitute(&self, text: &str) -> Result<String, UnknownName> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            out.push_str(&rest[..start]);
            let line = text[..text.len() - rest.len() + start].matches('\n').count() + 1;
            let inside = &rest[start + 2..];
            let Some(end) = inside.find("}}") else {
                return Err(UnknownName { line, problem: "`{{` is not closed by `}}`".into() });
            };
            let name = inside[..end].trim();
            let Some(value) = self.get(name) else {
                return Err(UnknownName {
                    line,
                    problem: format!("nothing in the account is called `{name}`"),
                });
            };
            out.push_str(value);
            rest = &inside[end + 2..];
        }
        out.push_str(rest);
        Ok(out)
    }
}
