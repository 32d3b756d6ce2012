//! Instance profiles. An association is ended by its own id, which only a read can tell. EC2 itself
//! refuses a second association (`IncorrectState`), so attaching needs no read.

use aws_sdk_ec2::types::{Filter, IamInstanceProfileAssociationState};
use firebreak_core::call::Call;
use firebreak_core::ports::{OutsideError, Trouble};

use crate::connection::Clients;
use crate::failure::Failure;

/// The id of the association of this very profile.
pub(super) async fn of(
    reads: &Clients,
    call: &Call,
    instance_id: &str,
    profile_arn: &str,
) -> Result<String, OutsideError> {
    let operation = "ec2:DescribeIamInstanceProfileAssociations";
    let filter = Filter::builder().name("instance-id").values(instance_id).build();
    let answer = reads
        .ec2
        .describe_iam_instance_profile_associations()
        .filters(filter)
        .send()
        .await
        .map_err(|error| Failure::read(operation, error).into_outside())?;
    let associations = answer.iam_instance_profile_associations.unwrap_or_default();
    let wanted = associations.into_iter().find(|association| {
        let arn = association.iam_instance_profile.as_ref().and_then(|profile| profile.arn());
        association.state == Some(IamInstanceProfileAssociationState::Associated)
            && association.instance_id.as_deref() == Some(instance_id)
            && arn == Some(profile_arn)
    });
    wanted.and_then(|association| association.association_id).ok_or_else(|| {
        let words = format!("{instance_id} does not have {profile_arn} any more");
        OutsideError::new(call.operation(), Trouble::NeedsPerson, words)
            .with_remedy("find out who changed it, then read the state again")
    })
}
