//! The connection test: one line a permission, each with what to do about it.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use firebreak_core::ports::{CheckLine, OutsideError};

use crate::account::AwsAccount;
use crate::connection::Clients;
use crate::failure::Failure;
use crate::identity;

/// An id that no instance has: only the permission to ask is of interest.
const NO_INSTANCE: &str = "i-00000000000000000";

/// A line that is well.
pub(crate) fn passed(name: &str, text: impl Into<String>) -> CheckLine {
    CheckLine { name: name.to_owned(), ok: true, text: text.into(), remedy: None }
}

/// A line that is not.
pub(crate) fn failed(name: &str, error: OutsideError) -> CheckLine {
    CheckLine { name: name.to_owned(), ok: false, text: error.message, remedy: error.remedy }
}

/// Who the credentials are, and what IAM lets them read.
pub(crate) async fn account(clients: &Clients, account: &AwsAccount) -> Vec<CheckLine> {
    let caller = match identity::caller(clients).await {
        Ok(caller) => caller,
        Err(error) => return vec![failed("credentials", error)],
    };
    if let Err(error) = identity::check_account(&caller, account) {
        return vec![failed("credentials", error)];
    }
    let mut lines = vec![passed("credentials", format!("signed in as {}", caller.arn))];
    let key_id = &account.read.key_id;
    let iam = &clients.iam;
    let used = iam.get_access_key_last_used().access_key_id(key_id).send().await;
    let user = used.as_ref().ok().and_then(|answer| answer.user_name.clone());
    lines.push(line("iam:GetAccessKeyLastUsed", "", used));
    if let Some(user) = user {
        let keys = iam.list_access_keys().user_name(&user).send().await;
        lines.push(line("iam:ListAccessKeys", "", keys));
        lines.push(line("iam:GetUser", "", iam.get_user().user_name(&user).send().await));
    }
    // A name that hardly exists: "no such role" is as good an answer as the role.
    let role = iam.get_role().role_name("firebreak-connection-test").send().await;
    lines.push(line("iam:GetRole", "", role));
    let details = iam.get_account_authorization_details().max_items(1).send().await;
    lines.push(line("iam:GetAccountAuthorizationDetails", "", details));
    lines
}

/// What may be read in one region. EC2's reads are asked as dry runs: they read nothing.
pub(crate) async fn region(clients: &Clients, region: &str) -> Vec<CheckLine> {
    let ec2 = &clients.ec2;
    let instances = ec2.describe_instances().dry_run(true).send().await;
    let attribute = ec2
        .describe_instance_attribute()
        .instance_id(NO_INSTANCE)
        .attribute(aws_sdk_ec2::types::InstanceAttributeName::DisableApiTermination)
        .dry_run(true)
        .send()
        .await;
    let interfaces = ec2.describe_network_interfaces().dry_run(true).send().await;
    let groups = ec2.describe_security_groups().dry_run(true).send().await;
    let acls = ec2.describe_network_acls().dry_run(true).send().await;
    let tables = ec2.describe_route_tables().dry_run(true).send().await;
    let subnets = ec2.describe_subnets().dry_run(true).send().await;
    let vpcs = ec2.describe_vpcs().dry_run(true).send().await;
    let peerings = ec2.describe_vpc_peering_connections().dry_run(true).send().await;
    let snapshots = ec2.describe_snapshots().owner_ids("self").dry_run(true).send().await;
    let addresses = ec2.describe_addresses().dry_run(true).send().await;
    let scaling = &clients.autoscaling;
    let members = scaling.describe_auto_scaling_instances().max_records(1).send().await;
    let scaling_groups = scaling.describe_auto_scaling_groups().max_records(1).send().await;
    vec![
        line("ec2:DescribeInstances", region, instances),
        line("ec2:DescribeInstanceAttribute", region, attribute),
        line("ec2:DescribeNetworkInterfaces", region, interfaces),
        line("ec2:DescribeSecurityGroups", region, groups),
        line("ec2:DescribeNetworkAcls", region, acls),
        line("ec2:DescribeRouteTables", region, tables),
        line("ec2:DescribeSubnets", region, subnets),
        line("ec2:DescribeVpcs", region, vpcs),
        line("ec2:DescribeVpcPeeringConnections", region, peerings),
        line("ec2:DescribeSnapshots", region, snapshots),
        line("ec2:DescribeAddresses", region, addresses),
        line("autoscaling:DescribeAutoScalingInstances", region, members),
        line("autoscaling:DescribeAutoScalingGroups", region, scaling_groups),
    ]
}

fn line<T, E>(
    operation: &str,
    region: &str,
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> CheckLine
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let name =
        if region.is_empty() { operation.to_owned() } else { format!("{operation} in {region}") };
    match answer {
        Ok(_) => passed(&name, "allowed"),
        Err(error) => {
            let failure = Failure::read(operation, error);
            // Being told that a dry run would have worked, or that the thing is not there, both
            // need the permission to ask.
            let allowed = failure.code().is_some_and(|code| {
                code == "DryRunOperation" || code == "NoSuchEntity" || code.contains("NotFound")
            });
            if allowed { passed(&name, "allowed") } else { failed(&name, failure.into_outside()) }
        }
    }
}
