//! The thing a mapped message is about.

use firebreak_core::finding::{Resource, ResourceKind};
use firebreak_core::text;
use serde_json::Value;

use super::document::Mapping;
use super::field::Field;
use super::several;
use crate::fields::{Notes, opaque, text_of, title};
use crate::kinds::kind_of;
use crate::native;
use crate::resource::{adopt, note_gaps};

/// Reads the resource; what its cloud's own id says wins over what the message says.
pub(super) fn resource(mapping: &Mapping, message: &Value, notes: &mut Notes) -> Resource {
    let mut line = |field: Field| {
        let (value, _) = mapping.find(field, message);
        let read = title(value);
        if read.is_none() && !value.is_null() {
            notes.odd(field.in_notes(), value);
        }
        read
    };
    let native_type = line(Field::ResourceType);
    let mut resource = Resource {
        name: line(Field::ResourceName),
        kind: native_type.as_deref().and_then(kind_of),
        native_type,
        platform: line(Field::Cloud).map(|word| platform(&word)),
        account: line(Field::Account).map(|account| opaque(&account)),
        account_name: line(Field::AccountName),
        region: line(Field::Region),
        vpc: None,
        tags: several::tags(mapping.find(Field::Tags, message).0, notes),
        native_id: None,
        vendor_id: None,
    };
    let (given, _) = mapping.find(Field::ResourceId, message);
    match text_of(given) {
        Some(id) => identify(&id, &mut resource, notes),
        None if given.is_null() => {}
        None => notes.odd(Field::ResourceId.in_notes(), given),
    }
    note_gaps(&resource, notes);
    resource
}

/// An id in the form of a cloud is the cloud's own. Of other clouds than AWS any id may be; on AWS
/// anything else is the sender's, but a bucket goes by its name.
fn identify(id: &str, resource: &mut Resource, notes: &mut Notes) {
    let on_aws = resource.platform.as_deref() == Some("AWS");
    if native::is_cloud_form(id) || (!on_aws && resource.platform.is_some()) {
        return adopt(native::canonical(id), resource, notes);
    }
    let bucket = resource.kind == Some(ResourceKind::Bucket) && on_aws;
    if let Some(arn) = native::bucket_arn(id, resource.region.as_deref()).filter(|_| bucket) {
        return adopt(native::canonical(&arn), resource, notes);
    }
    let told = text::line(id, 80);
    notes.add(format!(
        "{}: {told:?} has not the form of a cloud's id; kept as the sender's own",
        Field::ResourceId.in_notes()
    ));
    resource.vendor_id = Some(opaque(id));
}

/// `aws` as everybody else writes it.
fn platform(word: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "aws" => "AWS".to_owned(),
        "azure" => "Azure".to_owned(),
        "gcp" => "GCP".to_owned(),
        _ => word.to_owned(),
    }
}
