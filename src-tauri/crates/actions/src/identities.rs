//! An account's users, groups, roles and policies, in one paged read (`GetAccountAuthorizationDetails`),
//! and the instances that run as roles.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_iam::operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput;
use aws_sdk_iam::types::{
    AttachedPermissionsBoundary, AttachedPolicy, GroupDetail, ManagedPolicyDetail, PolicyDetail,
    RoleDetail, UserDetail,
};
use firebreak_core::iam::{
    Account, DOCUMENT_CAP, Document, Group, Machine, Policy, Principal, PrincipalKind,
};
use firebreak_core::ports::{OutsideError, Trouble};
use firebreak_core::text;

use crate::account::AwsAccount;
use crate::connection::Clients;
use crate::failure::Failure;
use crate::observe_instance::tag_map;

const OPERATION: &str = "iam:GetAccountAuthorizationDetails";
/// Pages of a thousand.
const MOST_PAGES: usize = 50;
/// Users and roles; an account may have 5,000 users and as many roles by default.
const MOST_PRINCIPALS: usize = 10_000;
/// Instances of all regions.
const MOST_MACHINES: usize = 5_000;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything that was on the pages, before it is put together: policies may come after those who
/// have them.
#[derive(Default)]
struct Pages {
    users: Vec<UserDetail>,
    groups: Vec<GroupDetail>,
    roles: Vec<RoleDetail>,
    policies: HashMap<String, Policy>,
    is_cut: bool,
}

/// Reads them. The clients are those of the regions that are configured, the home region's first.
pub(crate) async fn read(
    regions: &[(String, Clients)],
    account: &AwsAccount,
) -> Result<Account, OutsideError> {
    let late = || OutsideError::new(OPERATION, Trouble::Passing, "it takes longer than a minute");
    tokio::time::timeout(PATIENCE, all(regions, account)).await.unwrap_or_else(|_| Err(late()))
}

async fn all(regions: &[(String, Clients)], account: &AwsAccount) -> Result<Account, OutsideError> {
    let Some((_, home)) = regions.first() else {
        return Err(OutsideError::new(OPERATION, Trouble::NeedsPerson, "no region is configured"));
    };
    let mut read = pages(home).await?.assembled(account);
    for (region, clients) in regions {
        if let Err(error) = machines(clients, region, &mut read).await {
            read.gaps.push(format!("instances of {region} could not be read: {error}"));
        }
    }
    Ok(read)
}

async fn pages(clients: &Clients) -> Result<Pages, OutsideError> {
    let mut found = Pages::default();
    let request = clients.iam.get_account_authorization_details();
    let mut pages = request.into_paginator().page_size(1_000).send();
    for _ in 0..MOST_PAGES {
        let Some(page) = pages.next().await else { return Ok(found) };
        found.take(page.map_err(|error| Failure::read(OPERATION, error).into_outside())?);
        if found.users.len() + found.roles.len() > MOST_PRINCIPALS {
            break;
        }
    }
    found.is_cut = pages.next().await.is_some();
    Ok(found)
}

impl Pages {
    fn take(&mut self, page: GetAccountAuthorizationDetailsOutput) {
        self.users.extend(page.user_detail_list.unwrap_or_default());
        self.groups.extend(page.group_detail_list.unwrap_or_default());
        self.roles.extend(page.role_detail_list.unwrap_or_default());
        // AWS's own policies are on the pages too; those that nobody has are of no interest.
        let used = |policy: &ManagedPolicyDetail| {
            let counts = [policy.attachment_count, policy.permissions_boundary_usage_count];
            counts.into_iter().flatten().sum::<i32>() > 0
        };
        for policy in page.policies.unwrap_or_default().into_iter().filter(used) {
            if let Some(policy) = managed(policy) {
                self.policies.insert(policy.arn.clone().unwrap_or_default(), policy);
            }
        }
    }

    fn assembled(self, account: &AwsAccount) -> Account {
        let mut whole = Account {
            id: account.account_id.clone(),
            partition: self.partition().to_owned(),
            ..Account::default()
        };
        if self.is_cut {
            whole.gaps.push(format!(
                "only the first {} users and roles of account {} were read",
                self.users.len() + self.roles.len(),
                account.account_id
            ));
        }
        whole.groups = self.groups.iter().filter_map(|group| self.group(group)).collect();
        let users = self.users.iter().filter_map(|user| self.user(user, &whole.groups));
        let roles = self.roles.iter().filter_map(|role| self.role(role));
        whole.principals = users.chain(roles).collect();
        for role in &self.roles {
            for profile in role.instance_profile_list.as_deref().unwrap_or_default() {
                whole.profiles.extend(role.arn.clone().map(|arn| (profile.arn.clone(), arn)));
            }
        }
        whole
    }

    fn partition(&self) -> &str {
        let roles = self.roles.iter().filter_map(|role| role.arn.as_deref());
        let mut arns = roles.chain(self.users.iter().filter_map(|user| user.arn.as_deref()));
        arns.find_map(|arn| arn.split(':').nth(1)).unwrap_or("aws")
    }

    fn group(&self, group: &GroupDetail) -> Option<Group> {
        let attached = group.attached_managed_policies.as_deref();
        Some(Group {
            arn: group.arn.clone()?,
            name: group.group_name.clone()?,
            policies: self.policies(group.group_policy_list.as_deref(), attached),
        })
    }

    fn user(&self, user: &UserDetail, groups: &[Group]) -> Option<Principal> {
        let attached = user.attached_managed_policies.as_deref();
        let mut policies = self.policies(user.user_policy_list.as_deref(), attached);
        let names = user.group_list.as_deref().unwrap_or_default();
        let own: Vec<&Group> = groups.iter().filter(|group| names.contains(&group.name)).collect();
        for group in &own {
            policies.extend(group.policies.iter().map(|policy| Policy {
                name: format!("{} of group {}", policy.name, group.name),
                ..policy.clone()
            }));
        }
        Some(Principal {
            arn: user.arn.clone()?,
            name: user.user_name.clone()?,
            kind: PrincipalKind::User,
            policies,
            boundary: self.boundary(user.permissions_boundary.as_ref()),
            trust: None,
            groups: own.into_iter().map(|group| group.arn.clone()).collect(),
        })
    }

    fn role(&self, role: &RoleDetail) -> Option<Principal> {
        let attached = role.attached_managed_policies.as_deref();
        let trust = role.assume_role_policy_document.as_deref();
        Some(Principal {
            arn: role.arn.clone()?,
            name: role.role_name.clone()?,
            kind: PrincipalKind::Role,
            policies: self.policies(role.role_policy_list.as_deref(), attached),
            boundary: self.boundary(role.permissions_boundary.as_ref()),
            trust: Some(trust.map_or_else(missing, document)),
            groups: Vec::new(),
        })
    }

    fn policies(
        &self,
        inline: Option<&[PolicyDetail]>,
        attached: Option<&[AttachedPolicy]>,
    ) -> Vec<Policy> {
        let inline = inline.unwrap_or_default().iter().map(|policy| Policy {
            name: policy.policy_name.clone().unwrap_or_default(),
            arn: None,
            document: Arc::new(policy.policy_document.as_deref().map_or_else(missing, document)),
        });
        let attached = attached.unwrap_or_default().iter();
        inline.chain(attached.map(|one| self.managed(one.policy_arn.as_deref()))).collect()
    }

    fn boundary(&self, boundary: Option<&AttachedPermissionsBoundary>) -> Option<Policy> {
        boundary.map(|boundary| self.managed(boundary.permissions_boundary_arn.as_deref()))
    }

    fn managed(&self, arn: Option<&str>) -> Policy {
        let arn = arn.unwrap_or_default();
        self.policies.get(arn).cloned().unwrap_or_else(|| Policy {
            name: last(arn).to_owned(),
            arn: Some(arn.to_owned()),
            document: Arc::new(missing()),
        })
    }
}

fn managed(policy: ManagedPolicyDetail) -> Option<Policy> {
    let versions = policy.policy_version_list.unwrap_or_default();
    let inside = versions.into_iter().find(|version| version.is_default_version);
    let text = inside.and_then(|version| version.document);
    let arn = policy.arn?;
    Some(Policy {
        name: policy.policy_name.unwrap_or_else(|| last(&arn).to_owned()),
        arn: Some(arn),
        document: Arc::new(text.as_deref().map_or_else(missing, document)),
    })
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn missing() -> Document {
    Document::missing("it was not among what IAM answered")
}

/// IAM writes documents percent-encoded (RFC 3986).
fn document(text: &str) -> Document {
    if text.len() > 3 * DOCUMENT_CAP {
        return Document::missing("it is longer than any policy that IAM takes");
    }
    match text.trim_start().starts_with('{') {
        true => Document::parse(text),
        false => match decoded(text) {
            Some(text) => Document::parse(&text),
            None => Document::missing("its encoding is not understood"),
        },
    }
}

pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The instances of a region that have an instance profile.
async fn machines(
    clients: &Clients,
    region: &str,
    whole: &mut Account,
) -> Result<(), OutsideError> {
    let mut pages = clients.ec2.describe_instances().into_paginator().page_size(500).send();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| Failure::read("ec2:DescribeInstances", error).into_outside())?;
        let reservations = page.reservations.unwrap_or_default().into_iter();
        for instance in reservations.flat_map(|one| one.instances.unwrap_or_default()) {
            let profile = instance.iam_instance_profile.and_then(|profile| profile.arn);
            let (Some(id), Some(profile)) = (instance.instance_id, profile) else { continue };
            if whole.machines.len() == MOST_MACHINES {
                whole.gaps.push(format!("only {MOST_MACHINES} instances with a role were read"));
                return Ok(());
            }
            let name = tag_map(instance.tags.as_deref().unwrap_or_default()).remove("Name");
            whole.machines.push(Machine {
                id,
                region: region.to_owned(),
                name: name.map(|name| text::line(&name, text::TITLE_CAP)),
                profile,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{decoded, document};

    #[test]
    fn documents_come_encoded() {
        assert_eq!(decoded("%7B%22a%22%3A%20%22%C3%A4%22%7D").as_deref(), Some("{\"a\": \"ä\"}"));
        assert_eq!(decoded("%7"), None);
        assert_eq!(decoded("%GG"), None);
        assert_eq!(decoded("%FF"), None, "no UTF-8");
        assert!(document("%7B%22Statement%22%3A%5B%5D%7D").unread().is_none());
        assert!(document("{\"Statement\":[]}").unread().is_none());
        assert!(document("%").unread().is_some());
    }
}
