//! Reading the thing an alert is about.

use std::collections::BTreeMap;

use firebreak_core::finding::{Resource, ResourceKind};
use firebreak_core::text;
use serde_json::Value;

use super::plain::embedded;
use crate::fields::{Notes, at, list, opaque, text_of, title};
use crate::kinds::kind_of;
use crate::native::{self, NativeId};
use crate::resource::{adopt, note_gaps};

/// Most tags kept; AWS allows 50.
const TAGS_CAP: usize = 100;

/// Where Orca's forms put the asset itself.
const INVENTORY: [&str; 2] = ["Inventory", "model.Inventory"];

/// Reads the asset of an alert whose wrappings are off.
pub(super) fn resource(alert: &Value, notes: &mut Notes) -> Resource {
    let first = |paths: &[&str]| paths.iter().find_map(|path| text_of(at(alert, path)));
    let line = |text: String| text::line(&text, text::TITLE_CAP);
    let native_type = first(&[
        "Inventory.Type",
        "Inventory.type",
        "model.type",
        "asset_type",
        "AssetData.asset_type",
        "asset_type_string",
        "subject_type",
    ]);
    let category = first(&[
        "Inventory.Category",
        "model.Inventory.Category",
        "asset_category",
        "AssetData.asset_category",
    ]);
    let platform = first(&[
        "CloudAccount.CloudProvider",
        "cloud_provider",
        "AssetData.cloud_provider",
        "Inventory.CloudProvider",
    ]);
    let vendor_id = first(&[
        "Inventory.asset_unique_id",
        "Inventory.AssetUniqueId",
        "AssetUniqueId",
        "asset_unique_id",
        "model.asset_unique_id",
        "Inventory.id",
    ]);
    let kind = [&native_type, &category].into_iter().flatten().find_map(|word| kind_of(word));
    let mut resource = Resource {
        name: [
            "Inventory.Name",
            "Inventory.name",
            "asset_name",
            "AssetData.asset_name",
            "model.name",
            "Source",
            "source",
        ]
        .iter()
        .find_map(|path| title(at(alert, path))),
        kind,
        native_type: native_type.or(category).map(line),
        platform: platform.as_deref().map(cloud).map(line),
        account: None,
        account_name: first(&["CloudAccount.Name", "account_name", "AssetData.account_name"])
            .map(line),
        region: first(&[
            "Inventory.Region",
            "model.Inventory.Region",
            "asset_region",
            "region",
            "asset_regions.0",
        ])
        .or_else(|| text_of(&at(alert, "asset_regions")[0]))
        .map(line),
        vpc: text_of(&at(alert, "asset_vpcs")[0]).as_deref().and_then(native::vpc),
        tags: tags(alert, notes),
        native_id: None,
        vendor_id: vendor_id.as_deref().map(opaque),
    };
    resource.account = account(alert, vendor_id.as_deref(), resource.platform.as_deref());
    if let Some(native) = native_id(alert, vendor_id.as_deref(), &resource) {
        adopt(native, &mut resource, notes);
    }
    note_gaps(&resource, notes);
    resource
}

/// The cloud's account among the fields that may hold it. On AWS only twelve digits are one.
fn account(alert: &Value, vendor_id: Option<&str>, platform: Option<&str>) -> Option<String> {
    let paths = [
        "CloudAccount.CloudVendorId",
        "CloudAccount.CloudProviderId",
        "cloud_vendor_id",
        "AssetData.cloud_vendor_id",
        "cloud_provider_id",
        "CloudAccount.cloud_vendor_id",
    ];
    let given: Vec<String> = paths.iter().filter_map(|path| text_of(at(alert, path))).collect();
    // `vm_123456789012_i-…` and `AwsEc2Instance_123456789012_<uuid>`.
    let within = vendor_id.into_iter().flat_map(|id| id.split('_')).find(|part| is_account(part));
    let twelve = given.iter().find(|id| is_account(id)).cloned().or(within.map(str::to_owned));
    match platform {
        Some("AWS") => twelve,
        _ => twelve.or_else(|| given.into_iter().next()).map(|id| opaque(&id)),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The cloud's own id among the fields that may hold it: one whose form is a cloud's. Of other
/// clouds than AWS, `asset_vendor_id` as it stands.
fn native_id(alert: &Value, vendor_id: Option<&str>, resource: &Resource) -> Option<NativeId> {
    let mut given: Vec<String> = Vec::new();
    for inventory in INVENTORY.iter().map(|path| at(alert, path)) {
        let ids = ["Arn", "InstanceId", "UiUniqueField", "VendorId", "AssetVendorId"];
        given.extend(ids.iter().filter_map(|key| text_of(at(inventory, key))));
    }
    // The model of the asset's own type stands beside `Inventory`: `model.AwsIamUser.Arn`.
    for (_, own) in at(alert, "model").as_object().into_iter().flatten().take(20) {
        given.extend(["Arn", "InstanceId"].iter().filter_map(|key| text_of(at(own, key))));
    }
    for path in ["asset_vendor_id", "AssetData.asset_vendor_id", "AssetData.vm_id", "vm_id"] {
        given.extend(text_of(at(alert, path)));
    }
    given.extend(vendor_id.and_then(|id| id.rsplit('_').next()).map(str::to_owned));
    if let Some(id) = given.iter().find(|id| native::is_cloud_form(id)) {
        return Some(native::canonical(id));
    }
    let on_aws = resource.platform.as_deref() == Some("AWS");
    if on_aws && resource.kind == Some(ResourceKind::Bucket) {
        let region = resource.region.as_deref();
        let arn = resource.name.as_deref().and_then(|name| native::bucket_arn(name, region));
        return arn.map(|arn| native::canonical(&arn));
    }
    let other =
        text_of(at(alert, "asset_vendor_id")).filter(|_| !on_aws && resource.platform.is_some());
    other.map(|id| native::canonical(&id))
}

/// An object of key and value, also written as JSON text, or `tags_info_list` (`"key|value"`).
fn tags(alert: &Value, notes: &mut Notes) -> BTreeMap<String, String> {
    let word = |text: &str| text::line(text, text::TITLE_CAP);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for path in ["Inventory.Tags", "model.Inventory.Tags"] {
        let given = embedded(at(alert, path));
        for (key, value) in given.as_object().into_iter().flatten() {
            pairs.push((word(key), word(&text_of(value).unwrap_or_default())));
        }
    }
    for path in [
        "tags_info_list",
        "asset_tags_info_list",
        "AssetData.asset_tags_info_list",
        "AssetData.custom_tags_info_list",
    ] {
        for entry in list(at(alert, path)).iter().take(TAGS_CAP * 2).filter_map(text_of) {
            let (key, value) = entry.split_once('|').unwrap_or((entry.as_str(), ""));
            pairs.push((word(key), word(value)));
        }
    }
    if pairs.len() > TAGS_CAP {
        notes.add(format!("tags: {TAGS_CAP} of {} kept", pairs.len()));
    }
    pairs.into_iter().take(TAGS_CAP).collect()
}

/// `aws` as everybody else writes it.
fn cloud(word: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "aws" => "AWS".to_owned(),
        "azure" => "Azure".to_owned(),
        "gcp" => "GCP".to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(alert: Value) -> (Resource, String) {
        let mut notes = Notes::default();
        (resource(&alert, &mut notes), notes.into_list().join("\n"))
    }

    #[test]
    fn the_clouds_own_id_completes_the_rest() {
        let (read, notes) = read(json!({
            "Inventory": {"Name": "web", "Type": "AwsEc2Instance", "Region": "eu-central-1",
                "asset_unique_id": "AwsEc2Instance_123456789012_0b8c", "Tags": {"env": "prod", "n": 7},
                "Arn": "arn:aws:ec2:eu-central-1:123456789012:instance/i-0aa11bb22cc33dd44"},
            "CloudAccount": {"Name": "shop", "CloudProvider": "aws"}}));
        assert_eq!(read.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
        assert_eq!(
            (read.account.as_deref(), read.region.as_deref()),
            (Some("123456789012"), Some("eu-central-1"))
        );
        assert_eq!(
            (read.platform.as_deref(), read.kind),
            (Some("AWS"), Some(ResourceKind::Instance))
        );
        assert_eq!(
            read.tags,
            BTreeMap::from([("env".into(), "prod".into()), ("n".into(), "7".into())])
        );
        assert_eq!(notes, "");
    }

    #[test]
    fn the_old_compound_id_holds_account_and_instance() {
        let (read, _) = read(json!({"asset_unique_id": "vm_123456789012_i-0aa11bb22cc33dd44",
            "asset_vpcs": ["vpc-0aa11bb22cc33dd44"],
            "asset_type": "vm", "asset_tags_info_list": ["owner|shop", "loose"], "cloud_provider_id": 123_456_789_012_u64}));
        assert_eq!(read.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
        assert_eq!(read.account.as_deref(), Some("123456789012"));
        assert_eq!(read.vpc.as_deref(), Some("vpc-0aa11bb22cc33dd44"));
        assert_eq!(read.tags["owner"], "shop");
        assert_eq!(read.tags["loose"], "");
    }

    #[test]
    fn a_bucket_by_its_name_and_a_contradiction() {
        let (bucket, _) = read(
            json!({"asset_type": "AwsS3Bucket", "asset_name": "ledger", "cloud_provider": "aws"}),
        );
        assert_eq!(bucket.native_id.as_deref(), Some("arn:aws:s3:::ledger"));
        let (other, notes) = read(
            json!({"asset_type": "AwsIamRole", "cloud_provider": "aws", "cloud_vendor_id": "999999999999",
            "asset_vendor_id": "arn:aws:iam::123456789012:role/r"}),
        );
        assert_eq!(other.account.as_deref(), Some("123456789012"));
        assert!(notes.contains("account: the alert says 999999999999"));
        let (azure, _) = read(
            json!({"cloud_provider": "azure", "asset_type": "AzureComputeVm", "asset_vendor_id": "vm-77"}),
        );
        assert_eq!(
            (azure.native_id.as_deref(), azure.kind),
            (Some("vm-77"), Some(ResourceKind::Instance))
        );
        let (bare, _) = read(
            json!({"cloud_provider": "aws", "asset_vendor_id": "something", "cloud_vendor_id": "x"}),
        );
        assert_eq!((bare.native_id, bare.account), (None, None));
    }
}
