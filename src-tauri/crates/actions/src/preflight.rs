//! Asking beforehand: EC2's dry runs, and IAM's simulation where there is no dry run.
//!
//! Everything sent from here is a read or carries `DryRun=true`.

use aws_sdk_ec2::types::{
    AttributeBooleanValue, AttributeValue, InstanceSpecification, ResourceType,
};
use aws_sdk_iam::types::PolicyEvaluationDecisionType;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use firebreak_core::call::{Call, GroupRef, IdentityRef};
use firebreak_core::ports::{Preflight, Target};

use crate::account::AwsAccount;
use crate::connection::Clients;
use crate::failure::Failure;
use crate::quarantine;
use crate::send::{everything_to, mapping, specification};
use crate::session::Session;

/// One answer a call, in order. The calls are asked about side by side.
pub(crate) async fn ask(
    session: &Session,
    account: &AwsAccount,
    target: &Target,
    calls: &[Call],
) -> Vec<Preflight> {
    let answers = calls.iter().map(|call| one(session, account, target, call));
    futures_util::future::join_all(answers).await
}

async fn one(session: &Session, account: &AwsAccount, target: &Target, call: &Call) -> Preflight {
    let ec2 = &session.reads.ec2;
    let operation = call.operation();
    match call {
        Call::CreateSnapshots { instance_id, description, tags, .. } => {
            let instance = InstanceSpecification::builder().instance_id(instance_id).build();
            let request = ec2
                .create_snapshots()
                .instance_specification(instance)
                .description(description)
                .tag_specifications(specification(ResourceType::Snapshot, tags));
            dry_run(operation, request.dry_run(true).send().await)
        }
        Call::SetTerminationProtection { instance_id, to, .. } => {
            let value = AttributeBooleanValue::builder().value(*to).build();
            let request = ec2
                .modify_instance_attribute()
                .instance_id(instance_id)
                .disable_api_termination(value);
            dry_run(operation, request.dry_run(true).send().await)
        }
        Call::SetShutdownBehavior { instance_id, to, .. } => {
            let value = AttributeValue::builder().value(to).build();
            let request = ec2
                .modify_instance_attribute()
                .instance_id(instance_id)
                .instance_initiated_shutdown_behavior(value);
            dry_run(operation, request.dry_run(true).send().await)
        }
        Call::SetDeleteOnTermination { instance_id, device, volume_id, to, .. } => {
            let request = ec2
                .modify_instance_attribute()
                .instance_id(instance_id)
                .block_device_mappings(mapping(device, volume_id, *to));
            dry_run(operation, request.dry_run(true).send().await)
        }
        Call::CreateSecurityGroup { name, vpc_id, description, tags } => {
            let request = ec2
                .create_security_group()
                .group_name(name)
                .vpc_id(vpc_id)
                .description(description)
                .tag_specifications(specification(ResourceType::SecurityGroup, tags));
            dry_run(operation, request.dry_run(true).send().await)
        }
        Call::RevokeAllEgress { group, vpc_id, cidr } => {
            match existing(session, target, group, vpc_id).await {
                Ok(id) => {
                    let request = ec2
                        .revoke_security_group_egress()
                        .group_id(id)
                        .ip_permissions(everything_to(*cidr));
                    dry_run(operation, request.dry_run(true).send().await)
                }
                Err(answer) => answer,
            }
        }
        Call::DeleteSecurityGroup { group, vpc_id } => {
            match existing(session, target, group, vpc_id).await {
                Ok(id) => {
                    let request = ec2.delete_security_group().group_id(id);
                    dry_run(operation, request.dry_run(true).send().await)
                }
                Err(answer) => answer,
            }
        }
        Call::SetInterfaceGroups { interface_id, vpc_id, from, to } => {
            let groups = interface_groups(session, target, vpc_id, from, to).await;
            let request = ec2
                .modify_network_interface_attribute()
                .network_interface_id(interface_id)
                .set_groups(Some(groups));
            dry_run(operation, request.dry_run(true).send().await)
        }
        Call::StopInstance { instance_id } => {
            let request = ec2.stop_instances().instance_ids(instance_id);
            dry_run(operation, request.dry_run(true).send().await)
        }
        Call::StartInstance { instance_id } => {
            let request = ec2.start_instances().instance_ids(instance_id);
            dry_run(operation, request.dry_run(true).send().await)
        }
        Call::EnterStandby { group, .. } | Call::ExitStandby { group, .. } => {
            let arn = group_arn(&session.reads, group).await;
            simulate(session, account, operation, arn).await
        }
        Call::SetAccessKeyStatus { user, .. } => {
            let (partition, account_id) = (session.caller.partition(), &account.account_id);
            let arn = format!("arn:{partition}:iam::{account_id}:user/{user}");
            simulate(session, account, operation, Some(arn)).await
        }
        // Neither has a dry run. Giving a role back also needs iam:PassRole, of a role that only
        // the profile names.
        Call::DetachProfile { instance_id, .. } | Call::AttachProfile { instance_id, .. } => {
            let (partition, account_id) = (session.caller.partition(), &account.account_id);
            let region = &target.region;
            let arn = format!("arn:{partition}:ec2:{region}:{account_id}:instance/{instance_id}");
            simulate(session, account, operation, Some(arn)).await
        }
        Call::PutInlinePolicy { identity, .. } | Call::DeleteInlinePolicy { identity, .. } => {
            let (partition, account_id) = (session.caller.partition(), &account.account_id);
            // The target's ARN has the path, by which permissions may be given.
            let of_target = IdentityRef::from_arn(target.asset.as_str())
                .filter(|(_, named)| named == identity && !target.asset.as_str().contains(":sts:"));
            let arn = match (of_target, identity) {
                (Some(_), _) => target.asset.as_str().to_owned(),
                (None, IdentityRef::User(name)) => {
                    format!("arn:{partition}:iam::{account_id}:user/{name}")
                }
                (None, IdentityRef::Role(name)) => {
                    format!("arn:{partition}:iam::{account_id}:role/{name}")
                }
            };
            simulate(session, account, operation, Some(arn)).await
        }
    }
}

fn dry_run<T, E>(operation: &str, answer: Result<T, SdkError<E, HttpResponse>>) -> Preflight
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let failure = match answer {
        // A dry run is always answered with an error; anything else did not understand it.
        Ok(_) => {
            return Preflight::Unknown(format!(
                "{operation}: a dry run was answered as if it were real"
            ));
        }
        Err(error) => Failure::read(operation, error),
    };
    if failure.is("DryRunOperation") {
        return Preflight::Permitted;
    }
    let refused = failure.is_permission();
    let words = failure.into_outside().to_string();
    if refused { Preflight::Refused(words) } else { Preflight::Unknown(words) }
}

/// The id of a group that is there already, or the answer when there is none to ask about.
async fn existing(
    session: &Session,
    target: &Target,
    group: &GroupRef,
    vpc_id: &str,
) -> Result<String, Preflight> {
    let name = match group {
        GroupRef::Id(id) => return Ok(id.clone()),
        GroupRef::Quarantine(name) => name,
    };
    match quarantine::find(&session.reads, Some(vpc_id), name, &target.incident).await {
        Ok(Some(group)) => Ok(group.id),
        Ok(None) => {
            Err(Preflight::Unknown("it depends on a group that is not made yet".to_owned()))
        }
        Err(error) => Err(Preflight::Unknown(error.to_string())),
    }
}

/// The groups to ask about: those to be set where they exist, else those that the interface has.
async fn interface_groups(
    session: &Session,
    target: &Target,
    vpc_id: &str,
    from: &[GroupRef],
    to: &[GroupRef],
) -> Vec<String> {
    let mut wanted = Vec::new();
    for group in to {
        match existing(session, target, group, vpc_id).await {
            Ok(id) => wanted.push(id),
            Err(_) => return from.iter().map(ToString::to_string).collect(),
        }
    }
    wanted
}

async fn group_arn(reads: &Clients, group: &str) -> Option<String> {
    let request = reads.autoscaling.describe_auto_scaling_groups().auto_scaling_group_names(group);
    let answer = request.send().await.ok()?;
    answer.auto_scaling_groups?.into_iter().next()?.auto_scaling_group_arn
}

/// What the caller's policies say of one operation on one resource. Auto Scaling and IAM have no
/// dry run.
async fn simulate(
    session: &Session,
    account: &AwsAccount,
    operation: &'static str,
    resource: Option<String>,
) -> Preflight {
    // A session is simulated as its role. Its own ARN lacks the role's path; the configured has it.
    let principal = account.role_arn.as_ref().unwrap_or(&session.caller.arn);
    let answer = session
        .reads
        .iam
        .simulate_principal_policy()
        .policy_source_arn(principal)
        .action_names(operation)
        .set_resource_arns(resource.map(|arn| vec![arn]))
        .send()
        .await;
    let results = match answer {
        Ok(answer) => answer.evaluation_results.unwrap_or_default(),
        Err(error) => {
            let failure = Failure::read("iam:SimulatePrincipalPolicy", error).into_outside();
            return Preflight::Unknown(failure.to_string());
        }
    };
    match results.first().map(|result| &result.eval_decision) {
        Some(PolicyEvaluationDecisionType::Allowed) => Preflight::Permitted,
        Some(other) => {
            Preflight::Refused(format!("{operation}: the policies say {}", other.as_str()))
        }
        None => Preflight::Unknown(format!("{operation}: the simulation gave no result")),
    }
}
