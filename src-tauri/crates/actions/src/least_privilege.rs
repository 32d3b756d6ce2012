//! The IAM policies that Firebreak asks for: no more than what is enabled.

use std::collections::BTreeSet;

use firebreak_core::ActionId;
use firebreak_core::call::{Call, IdentityRef};
use firebreak_core::containment::INCIDENT_TAG;
use serde_json::{Value, json};

/// Reads of the context panel and of the connection test, whatever is enabled.
const CONTEXT: [&str; 19] = [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "ec2:DescribeAddresses",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSubnets",
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "ec2:GetManagedPrefixListEntries",
    "iam:GetAccessKeyLastUsed",
    "iam:GetAccountAuthorizationDetails",
    "iam:ListAccessKeys",
    "iam:SimulatePrincipalPolicy",
];
/// Tags of identities say whose they are.
const IDENTITIES: [&str; 2] = ["iam:GetRole", "iam:GetUser"];

/// What a run reads besides its calls: the group it works on, and whether a machine is up yet.
const RUN: [&str; 6] = [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "iam:SimulatePrincipalPolicy",
];

/// Calls that are only ever made on a group of ours.
const OWN_GROUP: [&str; 2] = ["ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupEgress"];

/// Whoever may write inline policies may give anybody anything: IAM has no condition on what a
/// policy says or is named. A run's session may write those of its target only.
const POLICIES: [&str; 4] =
    ["iam:DeleteRolePolicy", "iam:DeleteUserPolicy", "iam:PutRolePolicy", "iam:PutUserPolicy"];
/// Never these: Firebreak's own identities, as far as they are named like it, and roles that their
/// services change.
const UNTOUCHED: [&str; 4] = [
    "arn:*:iam::*:role/aws-reserved/*",
    "arn:*:iam::*:role/aws-service-role/*",
    "arn:*:iam::*:role/firebreak-*",
    "arn:*:iam::*:user/firebreak-*",
];

/// The least IAM policy for reading and for these actions, as JSON to paste. With no action it is
/// the policy of the reading user.
pub fn least_privilege(actions: &[ActionId]) -> String {
    let wanted: BTreeSet<&str> =
        actions.iter().flat_map(|action| action.spec().permissions).copied().collect();
    let mut reads: BTreeSet<&str> = CONTEXT.into_iter().chain(IDENTITIES).collect();
    reads.extend(wanted.iter().filter(|permission| is_read(permission)));
    let writes: BTreeSet<&str> =
        wanted.into_iter().filter(|permission| !is_read(permission)).collect();

    let mut statements = vec![statement("FirebreakReads", &reads)];
    let (own, others): (BTreeSet<&str>, BTreeSet<&str>) =
        writes.into_iter().partition(|permission| OWN_GROUP.contains(permission));
    let (tags, others): (BTreeSet<&str>, BTreeSet<&str>) =
        others.into_iter().partition(|permission| *permission == "ec2:CreateTags");
    let (policies, others): (BTreeSet<&str>, BTreeSet<&str>) =
        others.into_iter().partition(|permission| POLICIES.contains(permission));
    // Only to machines: a role that may be passed to anything is worth more than the instance.
    let (pass, others): (BTreeSet<&str>, BTreeSet<&str>) =
        others.into_iter().partition(|permission| *permission == "iam:PassRole");
    if !pass.is_empty() {
        let mut to_machines = statement("FirebreakGivesRolesBack", &pass);
        to_machines["Condition"] =
            json!({ "StringLike": { "iam:PassedToService": "ec2.amazonaws.com*" } });
        statements.push(to_machines);
    }
    if !others.is_empty() {
        statements.push(statement("FirebreakContains", &others));
    }
    if !policies.is_empty() {
        let mut identities = statement("FirebreakDeniesIdentities", &policies);
        identities["NotResource"] = json!(UNTOUCHED);
        if let Some(fields) = identities.as_object_mut() {
            fields.remove("Resource");
        }
        statements.push(identities);
    }
    if !own.is_empty() {
        let mut only_ours = statement("FirebreakOwnGroups", &own);
        only_ours["Condition"] =
            json!({ "StringLike": { format!("aws:ResourceTag/{INCIDENT_TAG}"): "*" } });
        statements.push(only_ours);
    }
    if !tags.is_empty() {
        let mut on_creation = statement("FirebreakTagsWhatItMakes", &tags);
        on_creation["Condition"] = json!({
            "StringEquals": { "ec2:CreateAction": ["CreateSnapshots", "CreateSecurityGroup"] }
        });
        statements.push(on_creation);
    }
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    format!("{policy:#}")
}

/// The policy of a session: these calls and the reads around them. At most 2,048 characters are
/// accepted, which the closed set of calls stays far below.
pub(crate) fn session_policy(calls: &[Call]) -> String {
    let mut allowed: BTreeSet<&str> = RUN.into_iter().collect();
    let mut statements = Vec::new();
    for call in calls {
        if let Call::PutInlinePolicy { identity, .. } | Call::DeleteInlinePolicy { identity, .. } =
            call
        {
            statements.push(on_identity(call.operation(), identity));
            continue;
        }
        allowed.insert(call.operation());
        match call {
            Call::DetachProfile { .. } => {
                allowed.insert("ec2:DescribeIamInstanceProfileAssociations");
            }
            Call::AttachProfile { .. } => {
                allowed.insert("iam:PassRole");
            }
            _ => {}
        }
        if matches!(call, Call::CreateSnapshots { .. } | Call::CreateSecurityGroup { .. }) {
            allowed.insert("ec2:CreateTags");
        }
    }
    statements.push(statement("FirebreakRun", &allowed));
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// Of this user or role only. A call has the name and not the path, so both forms are given.
fn on_identity(operation: &str, identity: &IdentityRef) -> Value {
    let (kind, read) = match identity {
        IdentityRef::User(_) => ("user", "iam:GetUserPolicy"),
        IdentityRef::Role(_) => ("role", "iam:GetRolePolicy"),
    };
    let name = identity.name();
    json!({
        "Effect": "Allow",
        "Action": [read, operation],
        "Resource": [
            format!("arn:*:iam::*:{kind}/{name}"),
            format!("arn:*:iam::*:{kind}/*/{name}"),
        ],
    })
}

fn statement(sid: &str, actions: &BTreeSet<&str>) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*" })
}

fn is_read(permission: &str) -> bool {
    let verb = permission.split_once(':').map_or(permission, |(_, verb)| verb);
    ["Describe", "Get", "List", "Simulate"].iter().any(|prefix| verb.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use firebreak_core::ActionId;
    use firebreak_core::call::{Call, IdentityRef};
    use serde_json::Value;

    use super::{least_privilege, session_policy};

    fn actions_of(policy: &str) -> Vec<String> {
        let policy: Value = serde_json::from_str(policy).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        statements
            .iter()
            .flat_map(|statement| statement["Action"].as_array().unwrap().clone())
            .map(|action| action.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn reading_alone_changes_nothing() {
        for action in actions_of(&least_privilege(&[])) {
            let verb = action.split(':').nth(1).unwrap();
            let reads = ["Describe", "Get", "List", "Simulate"];
            assert!(reads.iter().any(|read| verb.starts_with(read)), "{action}");
        }
    }

    #[test]
    fn an_action_adds_its_own_permissions_and_no_others() {
        for action in ActionId::ALL {
            let granted = actions_of(&least_privilege(&[action]));
            for needed in action.spec().permissions {
                assert!(granted.iter().any(|one| one == needed), "{action} lacks {needed}");
            }
            assert!(!granted.iter().any(|one| one.contains('*') || one.contains("Terminate")));
        }
        let stop = actions_of(&least_privilege(&[ActionId::Ec2Stop]));
        assert!(!stop.iter().any(|one| one == "iam:UpdateAccessKey"), "{stop:?}");
    }

    #[test]
    fn a_session_writes_policies_of_its_target_only() {
        let calls = [Call::PutInlinePolicy {
            identity: IdentityRef::Role("web-node".to_owned()),
            name: "firebreak-0123456789ab-0123456789ab".to_owned(),
            document: "{}".to_owned(),
        }];
        let policy: Value = serde_json::from_str(&session_policy(&calls)).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        for statement in statements {
            let writes = statement["Action"].to_string().contains("iam:PutRolePolicy");
            assert_eq!(writes, statement["Resource"] != "*", "{statement}");
            assert_eq!(writes, statement.to_string().contains(":role/web-node"), "{statement}");
        }
        assert!(statements.len() == 2 && policy.to_string().len() <= 2_048, "{policy}");
    }

    #[test]
    fn a_session_may_make_its_calls_only() {
        let calls = [Call::StopInstance { instance_id: "i-1".to_owned() }];
        let policy = session_policy(&calls);
        let granted = actions_of(&policy);
        assert!(granted.iter().any(|one| one == "ec2:StopInstances"));
        assert!(!granted.iter().any(|one| one == "ec2:StartInstances"));
        assert!(policy.len() <= 2_048, "{}", policy.len());
    }
}
