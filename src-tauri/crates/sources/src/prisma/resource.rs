//! Reading the thing a finding is about.

use firebreak_core::finding::{Resource, ResourceKind};
use firebreak_core::text;
use serde_json::Value;

use super::kinds::{kind_of, platform};
use super::tags::tags;
use crate::fields::{Notes, at, id, opaque, text_of, title};
use crate::native::{self, NativeId};
use crate::resource::{adopt, note_gaps};

/// Names of the same field in an alert's `resource`, in a notification, and in Compute's records.
struct Names {
    vendor: &'static [&'static str],
    name: &'static [&'static str],
    kind: &'static [&'static str],
    platform: &'static [&'static str],
    account: &'static [&'static str],
    account_name: &'static [&'static str],
    region: &'static [&'static str],
    native: &'static [&'static str],
}

/// `resource` of an alert (vendor's OpenAPI, `CloudResourceModel`).
const CSPM: Names = Names {
    vendor: &["rrn", "unifiedAssetId"],
    name: &["name"],
    kind: &["resourceType", "resourceApiName"],
    platform: &["cloudType"],
    account: &["accountId"],
    account_name: &["account"],
    region: &["regionId", "region"],
    native: &["data.arn", "data.Arn", "id", "data.id", "data.selfLink"],
};

/// A notification: flat. The names are those that public parsers of it read; unconfirmed.
const FLAT: Names = Names {
    vendor: &["resourceRrn", "rrn", "resource.rrn"],
    name: &["resourceName", "resource.name"],
    kind: &["resourceType", "resource.resourceType"],
    platform: &["cloudType", "resource.cloudType"],
    account: &["accountId", "account.id"],
    account_name: &["accountName", "account.name"],
    region: &["resourceRegionId", "resourceRegion"],
    native: &["resourceId", "resource.id", "resourceConfig.arn"],
};

/// Reads the resource of an alert.
pub(super) fn of_alert(value: &Value, notes: &mut Notes) -> Resource {
    let data = at(value, "data");
    let places =
        [at(value, "resourceTags"), at(data, "tags"), at(data, "tagSets"), at(data, "labels")];
    read(value, &CSPM, &places, notes)
}

/// Reads the resource of a notification.
pub(super) fn of_notification(value: &Value, notes: &mut Notes) -> Resource {
    let config = at(value, "resourceConfig");
    read(value, &FLAT, &[at(value, "resourceTags"), at(config, "tags")], notes)
}

fn read(value: &Value, names: &Names, places: &[&Value], notes: &mut Notes) -> Resource {
    let first = |paths: &[&str]| paths.iter().find_map(|path| text_of(at(value, path)));
    let line = |text: String| text::line(&text, text::TITLE_CAP);
    let kinds: Vec<String> =
        names.kind.iter().filter_map(|path| text_of(at(value, path))).collect();
    let mut resource = Resource {
        vendor_id: names.vendor.iter().find_map(|path| id(at(value, path))),
        name: names.name.iter().find_map(|path| title(at(value, path))),
        kind: kinds.iter().find_map(|kind| kind_of(kind)),
        native_type: kinds.into_iter().next().map(line),
        platform: first(names.platform).map(|word| platform(&word)),
        account: first(names.account).map(|text| opaque(&text)),
        account_name: first(names.account_name).map(line),
        region: first(names.region).map(line),
        vpc: None,
        tags: tags(places, notes),
        native_id: None,
    };
    let given: Vec<String> =
        names.native.iter().filter_map(|path| text_of(at(value, path))).collect();
    if let Some(native) = native_id(&given, &resource) {
        adopt(native, &mut resource, notes);
    }
    note_gaps(&resource, notes);
    resource
}

/// The cloud's own id among what is given: one whose form is a cloud's before one that merely
/// stands there.
pub(super) fn native_id(given: &[String], resource: &Resource) -> Option<NativeId> {
    if let Some(id) = given.iter().find(|id| native::is_cloud_form(id)) {
        return Some(native::canonical(id));
    }
    // `https://www.googleapis.com/compute/v1/projects/…`: a name written as an address, never visited.
    let link = given
        .iter()
        .filter_map(|id| id.split_once("googleapis.com/"))
        .find_map(|(_, tail)| tail.find("projects/").and_then(|at| tail.get(at..)));
    if let Some(path) = link {
        return Some(native::canonical(path));
    }
    let on_aws = resource.platform.as_deref() == Some("AWS");
    if resource.kind == Some(ResourceKind::Bucket) && on_aws {
        let region = resource.region.as_deref();
        if let Some(arn) = given.iter().find_map(|name| native::bucket_arn(name, region)) {
            return Some(native::canonical(&arn));
        }
    }
    given.first().map(|id| native::canonical(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_clouds_own_id_is_found_among_names() {
        let check = |value: Value, expected: Option<&str>| {
            let read = of_alert(&value, &mut Notes::default());
            assert_eq!(read.native_id.as_deref(), expected, "{value}");
        };
        check(json!({"id": "i-0aa11bb22cc33dd44", "data": {"id": 7}}), Some("i-0aa11bb22cc33dd44"));
        check(
            json!({"id": "ledger", "cloudType": "aws", "resourceType": "STORAGE_BUCKET"}),
            Some("arn:aws:s3:::ledger"),
        );
        check(
            json!({"id": "AIDAEXAMPLE", "data": {"arn": "arn:aws:iam::123456789012:user/dora"}}),
            Some("arn:aws:iam::123456789012:user/dora"),
        );
        check(
            json!({"id": "1", "cloudType": "gcp", "data": {"selfLink":
                "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/v"}}),
            Some("projects/p/zones/z/instances/v"),
        );
        check(json!({"id": "something"}), Some("something"));
        check(json!({"id": null, "data": null}), None);
    }
}
