//! What a finding's resource takes from the cloud's own id, and what it leaves open.

use firebreak_core::finding::Resource;
use serde_json::Value;

use crate::fields::Notes;
use crate::native::NativeId;

/// Takes over what the id itself says. The id is the cloud's own word, so it wins, and a
/// contradiction is noted: containment goes by the id.
pub(crate) fn adopt(native: NativeId, resource: &mut Resource, notes: &mut Notes) {
    if let (Some(told), Some(own)) = (&resource.account, &native.account)
        && told != own
    {
        notes.add(format!("account: the alert says {told}, the resource's ARN says {own}"));
    }
    let global = native.region.as_deref() == Some("global");
    if let (Some(told), Some(own)) = (&resource.region, &native.region)
        && told != own
        && !global
    {
        notes.add(format!("region: the alert says {told}, the resource's ARN says {own}"));
    }
    resource.native_id = Some(native.id);
    resource.kind = native.kind.or(resource.kind);
    resource.account = native.account.or_else(|| resource.account.take());
    resource.region = native.region.or_else(|| resource.region.take());
    if resource.platform.is_none() {
        resource.platform = native.platform.map(str::to_owned);
    }
}

/// Names what the alert does not say of its resource.
pub(crate) fn note_gaps(resource: &Resource, notes: &mut Notes) {
    for (field, given) in [
        ("resource name", resource.name.is_some()),
        ("native id", resource.native_id.is_some()),
        ("resource type", resource.native_type.is_some()),
        ("account", resource.account.is_some()),
        ("region", resource.region.is_some()),
        ("cloud platform", resource.platform.is_some()),
    ] {
        if !given {
            notes.missing(field);
        }
    }
    if let (None, Some(word)) = (resource.kind, &resource.native_type) {
        notes.odd("resource type", &Value::String(word.clone()));
    }
}
