//! What AWS knows of an asset: name, tags, state.

use std::collections::BTreeMap;

use firebreak_core::AssetId;
use firebreak_core::asset::{Asset, Environment, owner_of};
use firebreak_core::finding::ResourceKind;
use firebreak_core::ports::OutsideError;

use crate::account::AwsAccount;
use crate::connection::Clients;
use crate::failure::Failure;
use crate::{observe_instance, observe_key};

/// What was found, before it becomes an [`Asset`].
struct Found {
    kind: ResourceKind,
    native_type: &'static str,
    name: Option<String>,
    region: String,
    vpc: Option<String>,
    tags: BTreeMap<String, String>,
    state: Option<String>,
}

/// Reads an instance, user, role or access key. `None` for what is not there, belongs to another
/// account, or is of a kind that is not read here (buckets among them).
pub(crate) async fn read(
    clients: &Clients,
    account: &AwsAccount,
    id: &AssetId,
    region: &str,
) -> Result<Option<Asset>, OutsideError> {
    let text = id.as_str();
    if is_foreign(text, &account.account_id) {
        return Ok(None);
    }
    let found = if let Some(instance) = observe_instance::instance_id(text) {
        read_instance(clients, instance, region).await?
    } else if let Some(name) = iam_name(text, ":user/") {
        read_user(clients, name).await?
    } else if let Some(name) = iam_name(text, ":role/") {
        read_role(clients, name).await?
    } else if text.starts_with("AKIA") {
        read_key(clients, account, text).await?
    } else {
        None
    };
    Ok(found.map(|found| into_asset(found, id, account)))
}

/// Whether an ARN names another account. Ids that are not ARNs name none.
pub(crate) fn is_foreign(text: &str, account_id: &str) -> bool {
    let mut parts = text.split(':');
    parts.next() == Some("arn")
        && parts.nth(3).is_some_and(|account| !account.is_empty() && account != account_id)
}

/// The last part of an IAM ARN: paths are not part of a name.
fn iam_name<'a>(text: &'a str, kind: &str) -> Option<&'a str> {
    let (service, path) = text.split_once(kind)?;
    let name = path.rsplit('/').next().unwrap_or_default();
    (service.contains(":iam:") && !name.is_empty()).then_some(name)
}

async fn read_instance(
    clients: &Clients,
    id: &str,
    region: &str,
) -> Result<Option<Found>, OutsideError> {
    let Some(described) = observe_instance::describe(clients, id).await? else { return Ok(None) };
    let tags = observe_instance::tag_map(described.tags.as_deref().unwrap_or_default());
    Ok(Some(Found {
        kind: ResourceKind::Instance,
        native_type: "AWS::EC2::Instance",
        name: tags.get("Name").cloned(),
        region: region.to_owned(),
        state: Some(observe_instance::state_of(&described)?),
        vpc: described.vpc_id.filter(|vpc| !vpc.is_empty()),
        tags,
    }))
}

async fn read_user(clients: &Clients, name: &str) -> Result<Option<Found>, OutsideError> {
    let user = match clients.iam.get_user().user_name(name).send().await {
        Ok(answer) => answer.user,
        Err(error) => return gone_or_error(Failure::read("iam:GetUser", error)),
    };
    Ok(user.map(|user| identity("AWS::IAM::User", ResourceKind::User, user.user_name, user.tags)))
}

async fn read_role(clients: &Clients, name: &str) -> Result<Option<Found>, OutsideError> {
    let role = match clients.iam.get_role().role_name(name).send().await {
        Ok(answer) => answer.role,
        Err(error) => return gone_or_error(Failure::read("iam:GetRole", error)),
    };
    Ok(role.map(|role| identity("AWS::IAM::Role", ResourceKind::Role, role.role_name, role.tags)))
}

/// A key has no tags; those of its owner say what it is for.
async fn read_key(
    clients: &Clients,
    account: &AwsAccount,
    key_id: &str,
) -> Result<Option<Found>, OutsideError> {
    let keys = observe_key::observe(clients, account, key_id).await?;
    let Some(user) = keys.user else { return Ok(None) };
    let owner = read_user(clients, &user).await?;
    let status = keys.keys.iter().find(|key| key.id == key_id).map(|key| key.status.to_string());
    Ok(Some(Found {
        kind: ResourceKind::AccessKey,
        native_type: "AWS::IAM::AccessKey",
        name: Some(user),
        region: "global".to_owned(),
        vpc: None,
        tags: owner.map(|owner| owner.tags).unwrap_or_default(),
        state: status,
    }))
}

fn identity(
    native_type: &'static str,
    kind: ResourceKind,
    name: String,
    tags: Option<Vec<aws_sdk_iam::types::Tag>>,
) -> Found {
    let tags = tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
    let region = "global".to_owned();
    Found { kind, native_type, name: Some(name), region, vpc: None, tags, state: None }
}

fn gone_or_error(failure: Failure) -> Result<Option<Found>, OutsideError> {
    if failure.is("NoSuchEntity") { Ok(None) } else { Err(failure.into_outside()) }
}

fn into_asset(found: Found, id: &AssetId, account: &AwsAccount) -> Asset {
    let environment = Environment::from_tags(&found.tags);
    let owner = owner_of(&found.tags);
    let said = [
        ("name", found.name.is_some()),
        ("account", true),
        ("region", true),
        ("vpc", found.vpc.is_some()),
        ("tags", !found.tags.is_empty()),
        ("environment", environment != Environment::Unknown),
        ("owner", owner.is_some()),
        ("cloud_state", found.state.is_some()),
    ];
    let provenance = said
        .iter()
        .filter(|(_, set)| *set)
        .map(|(field, _)| ((*field).to_owned(), "aws".to_owned()));
    Asset {
        id: id.clone(),
        kind: found.kind,
        native_type: Some(found.native_type.to_owned()),
        name: found.name,
        account: Some(account.account_id.clone()),
        account_name: Some(account.name.clone()),
        region: Some(found.region),
        vpc: found.vpc,
        environment,
        owner,
        provenance: provenance.collect(),
        tags: found.tags,
        cloud_state: found.state,
        read_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{iam_name, is_foreign};

    #[test]
    fn names_and_accounts_come_out_of_arns() {
        let user = "arn:aws:iam::123456789012:user/ops/eu/deploy-bot";
        assert_eq!(iam_name(user, ":user/"), Some("deploy-bot"));
        assert_eq!(iam_name(user, ":role/"), None);
        assert_eq!(iam_name("arn:aws:iam::123456789012:user/", ":user/"), None);
        assert!(!is_foreign(user, "123456789012"));
        assert!(is_foreign(user, "210987654321"));
        assert!(!is_foreign("arn:aws:s3:::bucket", "123456789012"));
        assert!(!is_foreign("i-0123456789abcdef0", "123456789012"));
    }
}
