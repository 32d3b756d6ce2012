//! Who Firebreak itself is, so that it is never its own target.

use firebreak_core::ports::{OutsideError, OwnIdentity, Trouble};

use crate::account::AwsAccount;
use crate::connection::Clients;
use crate::failure::Failure;

/// Who holds the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) arn: String,
}

impl Caller {
    /// `aws`, `aws-cn`, `aws-us-gov`: the second part of every ARN of this caller's world.
    pub(crate) fn partition(&self) -> &str {
        self.arn.split(':').nth(1).unwrap_or("aws")
    }
}

/// Asks AWS who is calling.
pub(crate) async fn caller(clients: &Clients) -> Result<Caller, OutsideError> {
    let operation = "sts:GetCallerIdentity";
    let answer = clients
        .sts
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| Failure::read(operation, error).into_outside())?;
    match (answer.account, answer.arn) {
        (Some(account), Some(arn)) => Ok(Caller { account, arn }),
        _ => Err(OutsideError::new(operation, Trouble::Garbage, "the answer names no account")),
    }
}

/// Refuses credentials of another account than the configured one.
pub(crate) fn check_account(caller: &Caller, account: &AwsAccount) -> Result<(), OutsideError> {
    if caller.account == account.account_id {
        return Ok(());
    }
    Err(OutsideError::new(
        "sts:GetCallerIdentity",
        Trouble::NeedsPerson,
        format!("the credentials belong to account {}, not {}", caller.account, account.account_id),
    )
    .with_remedy("correct the account id, or enter the access key of that account"))
}

/// The reading and writing identities and the role, as far as the read credentials tell.
pub(crate) async fn own(
    clients: &Clients,
    account: &AwsAccount,
) -> Result<OwnIdentity, OutsideError> {
    let caller = caller(clients).await?;
    let mut own = OwnIdentity {
        arns: vec![caller.arn.clone()],
        access_keys: vec![account.read.key_id.clone()],
    };
    own.arns.extend(account.role_arn.clone());
    if let Some(write) = account.write.as_ref().filter(|key| key.key_id != account.read.key_id) {
        own.access_keys.push(write.key_id.clone());
        own.arns.extend(owner_arn(clients, &caller, &write.key_id).await?);
    }
    Ok(own)
}

async fn owner_arn(
    clients: &Clients,
    caller: &Caller,
    key_id: &str,
) -> Result<Option<String>, OutsideError> {
    let owner = match crate::observe_key::owner(clients, key_id).await {
        Ok(owner) => owner,
        // Without that permission no step on a key can be drafted either.
        Err(error) if error.trouble == Trouble::NeedsPerson => None,
        Err(error) => return Err(error),
    };
    // The path of a user is not part of the answer; whoever compares looks at the last part only.
    let (partition, account) = (caller.partition(), &caller.account);
    Ok(owner.map(|user| format!("arn:{partition}:iam::{account}:user/{user}")))
}
