//! Reading `resources[]` and `cloud`.

use std::collections::BTreeMap;

use firebreak_core::finding::Resource;
use firebreak_core::text;
use serde_json::Value;

use crate::fields::{Notes, at, id, list, opaque, text_of, title};
use crate::kinds::kind_of;
use crate::native;
use crate::resource::note_gaps;

/// Most tags kept; AWS allows 50.
const TAGS_CAP: usize = 100;

/// The first resource that has an id of a cloud, else the first; what `cloud` says fills its gaps.
pub(super) fn resource(finding: &Value, notes: &mut Notes) -> Resource {
    let all = list(at(finding, "resources"));
    // Older producers have one `resource`.
    let one = at(finding, "resource");
    let cloudy = |resource: &&Value| {
        text_of(at(resource, "uid")).is_some_and(|uid| native::is_cloud_form(&uid))
    };
    let main = all.iter().find(cloudy).or_else(|| all.first()).unwrap_or(one);
    if all.len() > 1 {
        notes.add(format!("resources: {} are named; the finding is filed under one", all.len()));
    }
    let cloud = at(finding, "cloud");
    let first = |places: &[(&Value, &str)]| {
        places.iter().find_map(|(value, path)| text_of(at(value, path)))
    };
    let line = |text: String| text::line(&text, text::TITLE_CAP);
    let native_type = first(&[(main, "type")]).map(line);
    let mut resource = Resource {
        vendor_id: id(at(main, "uid")),
        name: title(at(main, "name")).or_else(|| title(at(finding, "finding_info.name"))),
        kind: native_type.as_deref().and_then(kind_of),
        native_type,
        platform: first(&[(cloud, "provider")]).map(|word| line(platform(&word))),
        account: first(&[
            (cloud, "account.uid"),
            (main, "owner.account.uid"),
            (cloud, "account_uid"),
        ])
        .map(|account| opaque(&account)),
        account_name: first(&[(cloud, "account.name"), (main, "owner.account.name")]).map(line),
        region: first(&[(main, "region"), (cloud, "region"), (main, "namespace")]).map(line),
        vpc: None,
        tags: tags(main, notes),
        native_id: None,
    };
    let uid = text_of(at(main, "uid"));
    if let Some(uid) = uid.filter(|uid| native::is_cloud_form(uid)) {
        adopt(&uid, &mut resource, notes);
    }
    note_gaps(&resource, notes);
    resource
}

/// The id is the cloud's own word, so it wins, and a contradiction is noted.
fn adopt(uid: &str, resource: &mut Resource, notes: &mut Notes) {
    let native = native::canonical(uid);
    if let (Some(told), Some(own)) = (&resource.account, &native.account)
        && told != own
    {
        notes.add(format!("account: the finding says {told}, the resource's ARN says {own}"));
    }
    resource.kind = native.kind.or(resource.kind);
    resource.account = native.account.or_else(|| resource.account.take());
    resource.region = native.region.or_else(|| resource.region.take());
    resource.platform = resource.platform.take().or(native.platform.map(str::to_owned));
    resource.native_id = Some(native.id);
}

/// `tags[]{name, value}` (OCSF 1.4), or `labels[]` of the form `key:value`, as Prowler writes them.
fn tags(resource: &Value, notes: &mut Notes) -> BTreeMap<String, String> {
    let word = |text: &str| text::line(text, text::TITLE_CAP);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for tag in list(at(resource, "tags")) {
        let value = text_of(at(tag, "value")).or_else(|| text_of(&at(tag, "values")[0]));
        let name = text_of(at(tag, "name")).or_else(|| text_of(at(tag, "key")));
        pairs.extend(name.map(|name| (word(&name), word(&value.unwrap_or_default()))));
    }
    for label in list(at(resource, "labels")).iter().filter_map(text_of) {
        let (name, value) = label.split_once([':', '=']).unwrap_or((label.as_str(), ""));
        pairs.push((word(name.trim()), word(value.trim())));
    }
    if pairs.len() > TAGS_CAP {
        notes.add(format!("tags: {TAGS_CAP} of {} kept", pairs.len()));
    }
    pairs.into_iter().take(TAGS_CAP).collect()
}

fn platform(word: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "aws" => "AWS".to_owned(),
        "azure" => "Azure".to_owned(),
        "gcp" => "GCP".to_owned(),
        _ => word.to_owned(),
    }
}
