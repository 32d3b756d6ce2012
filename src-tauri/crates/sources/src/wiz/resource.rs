//! Reading the thing a finding is about.

use std::collections::BTreeMap;

use firebreak_core::finding::{Resource, ResourceKind};
use firebreak_core::text;
use serde_json::Value;

use crate::fields::{Notes, at, id, text_of, title};
use crate::native::{self, NativeId};
use crate::resource::{adopt, note_gaps};

/// Most tags kept; AWS allows 50.
const TAGS_CAP: usize = 100;

/// Reads an `entitySnapshot`, a detection's resource, or a webhook's `resource`: their fields
/// differ in name and never in meaning. `account` is what stands beside it
/// (`{externalId, name, cloudProvider}`) and is used where the resource itself is silent.
pub(super) fn resource(entity: &Value, account: &Value, notes: &mut Notes) -> Resource {
    let first = |paths: &[&str]| {
        paths.iter().find_map(|path| match path.strip_prefix('^') {
            Some(path) => text_of(at(account, path)),
            None => text_of(at(entity, path)),
        })
    };
    let line = |text: String| text::line(&text, text::TITLE_CAP);
    let given_type = first(&["type"]);
    let native_type = first(&["nativeType"]);
    let mut resource = Resource {
        vendor_id: id(at(entity, "id")),
        name: title(at(entity, "name")),
        kind: given_type
            .as_deref()
            .and_then(kind_of)
            .or_else(|| native_type.as_deref().and_then(kind_of)),
        native_type: native_type.or(given_type).map(line),
        platform: first(&["cloudPlatform", "cloudAccount.cloudProvider", "^cloudProvider"])
            .map(line),
        account: first(&[
            "subscriptionExternalId",
            "cloudAccount.externalId",
            "subscriptionId",
            "^externalId",
        ])
        .map(|text| crate::fields::opaque(&text)),
        account_name: first(&["subscriptionName", "cloudAccount.name", "^name"]).map(line),
        region: first(&["region"]).map(line),
        vpc: None,
        tags: tags(at(entity, "tags"), notes),
        native_id: None,
    };
    if let Some(native) = native_id(entity, &resource, notes) {
        adopt(native, &mut resource, notes);
    }
    note_gaps(&resource, notes);
    resource
}

/// The cloud's own id among the fields that may hold it: one whose form is a cloud's before one
/// that merely stands there.
fn native_id(entity: &Value, resource: &Resource, notes: &mut Notes) -> Option<NativeId> {
    let given: Vec<String> = ["providerUniqueId", "externalId", "providerId"]
        .iter()
        .filter_map(|path| text_of(at(entity, path)))
        .collect();
    if let Some(id) = given.iter().find(|id| native::is_cloud_form(id)) {
        return Some(native::canonical(id));
    }
    let on_aws = resource.platform.as_deref().is_some_and(|p| p.eq_ignore_ascii_case("aws"));
    if resource.kind == Some(ResourceKind::Bucket) && on_aws {
        let region = resource.region.as_deref();
        if let Some(arn) = given.iter().find_map(|name| native::bucket_arn(name, region)) {
            return Some(native::canonical(&arn));
        }
    }
    if let Some(instance) =
        text_of(at(entity, "cloudProviderURL")).and_then(|url| console_instance(&url))
    {
        notes.add("native id: taken from the console link");
        return Some(instance);
    }
    let id = given.first()?;
    if id.contains("##") {
        notes.add("native id: Wiz's own compound id, not one of the cloud");
    }
    Some(native::canonical(id))
}

/// `…#InstanceDetails:instanceId=i-0123456789abcdef0`. The link is read, never followed.
fn console_instance(url: &str) -> Option<NativeId> {
    let (_, tail) = url.split_once("instanceId=")?;
    let end = tail.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(tail.len());
    Some(native::canonical(&tail[..end])).filter(|id| id.kind == Some(ResourceKind::Instance))
}

/// An object of key and value, or a list of `{key, value}` or `{name, value}`.
fn tags(value: &Value, notes: &mut Notes) -> BTreeMap<String, String> {
    let word = |text: &str| text::line(text, text::TITLE_CAP);
    let pairs: Vec<(Option<String>, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (Some(key.clone()), value)).collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| {
                (text_of(at(item, "key")).or_else(|| text_of(at(item, "name"))), at(item, "value"))
            })
            .collect(),
        _ => Vec::new(),
    };
    if pairs.len() > TAGS_CAP {
        notes.add(format!("tags: {} of {} kept", TAGS_CAP, pairs.len()));
    }
    let kept = pairs.into_iter().take(TAGS_CAP);
    kept.filter_map(|(key, value)| Some((word(&key?), word(&text_of(value).unwrap_or_default()))))
        .collect()
}

/// What Wiz's types (`VIRTUAL_MACHINE`) and native types (`virtualMachine`) mean to containment.
/// `Other` for those known to be none of ours, `None` for words never seen.
pub(super) fn kind_of(word: &str) -> Option<ResourceKind> {
    use ResourceKind as K;
    let plain: String = word
        .chars()
        .take(80)
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    Some(match plain.as_str() {
        "VIRTUALMACHINE"
        | "VM"
        | "INSTANCE"
        | "EC2INSTANCE"
        | "COMPUTEINSTANCE"
        | "AWSEC2INSTANCE"
        | "MICROSOFTCOMPUTEVIRTUALMACHINES" => K::Instance,
        "USERACCOUNT" | "USER" | "IAMUSER" | "AWSIAMUSER" | "IDENTITY" => K::User,
        "ACCESSKEY" | "IAMACCESSKEY" | "AWSIAMACCESSKEY" => K::AccessKey,
        "SERVICEACCOUNT" | "ROLE" | "IAMROLE" | "AWSIAMROLE" | "ASSUMEDROLE" | "ACCESSROLE"
        | "SERVICEPRINCIPAL" | "MANAGEDIDENTITY" => K::Role,
        "BUCKET" | "S3BUCKET" | "AWSS3BUCKET" | "STORAGEBUCKET" | "STORAGECONTAINER" => K::Bucket,
        "CONTAINER"
        | "CONTAINERIMAGE"
        | "POD"
        | "KUBERNETESPOD"
        | "CONTAINERGROUP"
        | "CONTAINERINSTANCEGROUP"
        | "DEPLOYMENT" => K::Container,
        "SERVERLESS" | "FUNCTION" | "LAMBDA" | "LAMBDAFUNCTION" | "AWSLAMBDAFUNCTION" => {
            K::Function
        }
        "DATABASE" | "DBSERVER" | "RDSINSTANCE" | "AWSRDSDBINSTANCE" | "DATAWAREHOUSE" => {
            K::Database
        }
        "SECURITYGROUP" | "FIREWALL" | "SUBNET" | "VIRTUALNETWORK" | "NETWORKINTERFACE"
        | "GATEWAY" | "LOADBALANCER" | "NETWORKADDRESS" | "PUBLICIPADDRESS" | "ENDPOINT" => {
            K::Network
        }
        "SUBSCRIPTION" | "CLOUDACCOUNT" | "ACCOUNT" | "PROJECT" => K::Account,
        "DATAFINDING"
        | "SECURITYTOOLFINDING"
        | "ATTACKSURFACEFINDING"
        | "SECRET"
        | "SECRETINSTANCE"
        | "COMPUTEINSTANCEGROUP"
        | "KUBERNETESCLUSTER"
        | "ENCRYPTIONKEY"
        | "VOLUME"
        | "SNAPSHOT"
        | "HOSTEDTECHNOLOGY"
        | "RAWACCESSPOLICY"
        | "ACCESSPOLICY"
        | "GROUP"
        | "DOMAIN"
        | "APIGATEWAY"
        | "REPOSITORY"
        | "FILESYSTEMSERVICE"
        | "CLOUDORGANIZATION"
        | "NAMESPACE"
        | "CERTIFICATE" => K::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_clouds_own_id_is_preferred_and_completes_the_rest() {
        let mut notes = Notes::default();
        let entity = json!({
            "id": "w-1", "type": "VIRTUAL_MACHINE", "name": "miner", "externalId": "something",
            "providerUniqueId": "arn:aws:ec2:eu-central-1:123456789012:instance/i-0aa11bb22cc33dd44",
            "tags": [{"key": "Environment", "value": "staging"}, {"name": "n", "value": 7}, "odd"],
        });
        let read = resource(&entity, &Value::Null, &mut notes);
        assert_eq!(read.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
        assert_eq!(read.account.as_deref(), Some("123456789012"));
        assert_eq!(read.region.as_deref(), Some("eu-central-1"));
        assert_eq!(read.platform.as_deref(), Some("AWS"));
        assert_eq!(
            read.tags,
            BTreeMap::from([("Environment".into(), "staging".into()), ("n".into(), "7".into())])
        );
        assert_eq!(notes.into_list(), Vec::<String>::new());
    }

    #[test]
    fn a_bucket_known_by_name_gets_its_arn() {
        let entity = json!({"type": "BUCKET", "cloudPlatform": "AWS", "externalId": "ledger-exports", "region": "eu-west-1"});
        let read = resource(&entity, &Value::Null, &mut Notes::default());
        assert_eq!(read.native_id.as_deref(), Some("arn:aws:s3:::ledger-exports"));
        assert_eq!(read.region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn a_contradiction_is_noted_and_the_id_wins() {
        let mut notes = Notes::default();
        let entity = json!({
            "type": "VIRTUAL_MACHINE", "subscriptionExternalId": "999999999999", "region": "us-east-1",
            "externalId": "arn:aws:ec2:eu-central-1:123456789012:instance/i-0aa11bb22cc33dd44"});
        let read = resource(&entity, &Value::Null, &mut notes);
        assert_eq!(
            (read.account.as_deref(), read.region.as_deref()),
            (Some("123456789012"), Some("eu-central-1"))
        );
        let notes = notes.into_list().join("\n");
        assert!(
            notes.contains("account: the alert says 999999999999")
                && notes.contains("region: the alert says us-east-1")
        );
    }

    #[test]
    fn an_instance_named_only_by_its_console_link() {
        let entity = json!({"type": "VIRTUAL_MACHINE", "cloudProviderURL":
            "https://us-east-1.console.aws.amazon.com/ec2/v2/home?region=us-east-1#InstanceDetails:instanceId=i-0aa11bb22cc33dd44&x=1"});
        let read = resource(&entity, &Value::Null, &mut Notes::default());
        assert_eq!(read.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
    }
}
