//! An account's identities, as one read of IAM gives them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::Document;

/// What was read of an account. What was left out or could not be read is among the gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Users and roles.
    pub principals: Vec<Principal>,
    /// Groups, for what joining one gives.
    pub groups: Vec<Group>,
    /// Instances with an instance profile.
    pub machines: Vec<Machine>,
    /// Instance profile ARNs and the ARNs of their roles.
    pub profiles: BTreeMap<String, String>,
    /// What is missing, in words.
    pub gaps: Vec<String>,
}

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    /// An IAM user.
    User,
    /// An IAM role.
    Role,
}

/// A user or a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Its ARN, path and all.
    pub arn: String,
    /// The last part of it. Untrusted.
    pub name: String,
    /// Which of the two.
    pub kind: PrincipalKind,
    /// Inline and attached, its own and its groups'.
    pub policies: Vec<Policy>,
    /// Whatever is not allowed here is not allowed.
    pub boundary: Option<Policy>,
    /// Who may assume it; roles have one.
    pub trust: Option<Document>,
    /// ARNs of the groups that it is in.
    pub groups: Vec<String>,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its ARN.
    pub arn: String,
    /// The last part of it. Untrusted.
    pub name: String,
    /// Inline and attached.
    pub policies: Vec<Policy>,
}

/// A policy that is attached to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it is called. Untrusted.
    pub name: String,
    /// Managed policies have one.
    pub arn: Option<String>,
    /// The version in force.
    pub document: Arc<Document>,
}

/// An instance that runs as a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// `i-…`
    pub id: String,
    /// `eu-central-1`
    pub region: String,
    /// The tag `Name`. Untrusted.
    pub name: Option<String>,
    /// ARN of the instance profile.
    pub profile: String,
}

impl Principal {
    /// Whether a service made it for itself: nobody else may assume or change it ("Service-linked
    /// roles", IAM User Guide).
    pub fn is_service_linked(&self) -> bool {
        self.arn.contains(":role/aws-service-role/")
    }

    /// The account of its ARN.
    pub fn account(&self) -> &str {
        account_of(&self.arn)
    }

    /// `role web-node`
    pub(super) fn called(&self) -> String {
        let kind = match self.kind {
            PrincipalKind::User => "user",
            PrincipalKind::Role => "role",
        };
        format!("{kind} {}", self.name)
    }

    pub(super) fn is_user(&self) -> bool {
        self.kind == PrincipalKind::User
    }
}

impl Policy {
    /// Whether its owner may write new versions of it: AWS's own belong to nobody's account.
    pub(super) fn is_customer_managed(&self) -> bool {
        self.arn.as_deref().is_some_and(|arn| !arn.contains(":iam::aws:policy/"))
    }
}

impl Account {
    /// Whoever has this account's administrators' rights has all of it: in the graph, they meet here.
    pub(super) fn root(&self) -> String {
        format!("arn:{}:iam::{}:root", self.partition, self.id)
    }
}

/// The fifth part of an ARN; empty where there is none, as in those of buckets.
pub(super) fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}
