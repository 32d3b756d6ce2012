//! Reading the thing an alert is about out of its entity map.

use firebreak_core::finding::{Resource, ResourceKind};
use firebreak_core::text;
use serde_json::Value;

use super::entity::{Entity, entities};
use super::people;
use crate::fields::{Notes, at, list, opaque, text_of};
use crate::native::{self, NativeId};

/// Reads the resource. A machine goes before everything else, then what a compliance rule found
/// wrong. Of cloud activity, an anomaly is about whoever acted, a policy about what the events
/// touched; the other one follows, a container in between.
pub(super) fn resource(alert: &Value, events: &Value, notes: &mut Notes) -> Resource {
    let map = at(alert, "entityMap");
    if !map.is_null() && entities(map, &[]).is_empty() {
        notes.add("entity map: it holds no entity");
    }
    let category = text_of(at(alert, "derivedFields.category")).unwrap_or_default();
    let anomaly = category.eq_ignore_ascii_case("Anomaly");
    let about_them = people::person(map, events).is_some_and(|who| who.native_id.is_some());
    let mut resource = machine(map)
        .or_else(|| violation(map))
        .or_else(|| if anomaly && about_them { identity(map, events, notes) } else { None })
        .or_else(|| touched(map))
        .or_else(|| container(map))
        .or_else(|| identity(map, events, notes))
        .or_else(|| in_words(alert, notes))
        .unwrap_or_default();
    complete(&mut resource, alert, map, events, notes);
    note_gaps(&resource, notes);
    resource
}

fn line(text: impl AsRef<str>) -> String {
    text::line(text.as_ref(), text::TITLE_CAP)
}

fn machine(map: &Value) -> Option<Resource> {
    let all = entities(map, &["Machine"]);
    let outside = |machine: &&Entity<'_>| machine.field(&["is_external"]).as_deref() != Some("1");
    let machine = all.iter().find(outside).or_else(|| all.first())?;
    let mut resource = Resource {
        vendor_id: machine.field(&["mid"]).map(|mid| opaque(&format!("mid:{mid}"))),
        name: machine.field(&["name", "hostname"]).map(line),
        kind: Some(ResourceKind::Instance),
        native_type: Some(line(machine.kind)),
        platform: machine.field(&["vmprovider"]).map(line),
        account: machine.field(&["account", "accountid", "projectid"]).map(|id| opaque(&id)),
        region: machine.field(&["region", "zone"]).map(|zone| line(region_of_zone(&zone))),
        vpc: machine.field(&["vpcid"]).as_deref().and_then(native::vpc),
        tags: machine.tags(),
        ..Resource::default()
    };
    if let Some(id) = machine.field(&["instanceid", "awsinstanceid"]) {
        adopt(native::canonical(&id), &mut resource);
        resource.kind = Some(ResourceKind::Instance);
    }
    Some(resource)
}

/// What a compliance rule complains about.
fn violation(map: &Value) -> Option<Resource> {
    let all = entities(map, &["NewViolation", "ViolationReason", "Violation"]);
    let id = all.iter().find_map(|violation| violation.field(&["resource", "resourceid"]))?;
    Some(by_id(&id, "Violation"))
}

/// What the events touched: `{"name": "bucketName", "value": "…"}`. Only what has the form of a
/// cloud's id, or is named as a bucket, can be told apart from mere parameters.
fn touched(map: &Value) -> Option<Resource> {
    entities(map, &["Resource"]).iter().find_map(|entity| {
        let value = entity.field(&["value", "resourceid", "arn", "urn"])?;
        let name = entity.field(&["name", "resourcetype"]).unwrap_or_default();
        if native::is_cloud_form(&value) {
            return Some(by_id(&value, &name));
        }
        let bucket = name.eq_ignore_ascii_case("bucketName");
        let arn = native::bucket_arn(&value, None).filter(|_| bucket)?;
        let mut resource = by_id(&arn, &name);
        resource.name = Some(line(value));
        Some(resource)
    })
}

fn container(map: &Value) -> Option<Resource> {
    let all = entities(map, &["Container", "K8Pod", "Pod", "K8_Pod", "ImageId"]);
    let container = all.first()?;
    let names = ["podname", "containername", "containerid", "imagerepo", "repo", "imageid"];
    Some(Resource {
        vendor_id: container
            .field(&["containerid", "podname", "imageid"])
            .map(|id| opaque(&format!("container:{id}"))),
        name: container.field(&names).map(line),
        kind: Some(ResourceKind::Container),
        native_type: Some(line(container.kind)),
        ..Resource::default()
    })
}

fn identity(map: &Value, events: &Value, notes: &mut Notes) -> Option<Resource> {
    if let Some(person) = people::person(map, events) {
        if person.made {
            notes.add("native id: made from account and name; a path in the ARN would not show");
        }
        return Some(Resource {
            vendor_id: person.name.as_deref().map(|name| opaque(&format!("user:{name}"))),
            native_id: person.native_id,
            name: person.name.map(line),
            kind: person.kind,
            native_type: Some("CT_User".to_owned()),
            platform: Some("AWS".to_owned()),
            account: person.account,
            region: Some("global".to_owned()),
            ..Resource::default()
        });
    }
    let others = entities(map, &["GcpIdentity", "AzureIdentity", "User"]);
    let other = others.first()?;
    let name = other.field(&["principalemail", "principalname", "principalid", "username"])?;
    Some(Resource {
        vendor_id: Some(opaque(&format!("user:{name}"))),
        name: Some(line(name)),
        kind: Some(ResourceKind::User),
        native_type: Some(line(other.kind)),
        ..Resource::default()
    })
}

/// Whoever acted, where the alert has only words.
fn in_words(alert: &Value, notes: &mut Notes) -> Option<Resource> {
    let person = people::in_words(alert)?;
    let name = person.name?;
    notes.add("resource: whoever acted, taken from the alert's words");
    // The root of one account is not that of another.
    let account = account_in_words(alert).filter(|_| name == "root");
    let key = account.map_or_else(|| name.clone(), |account| format!("{account}:root"));
    Some(Resource {
        vendor_id: Some(opaque(&format!("user:{key}"))),
        name: Some(line(name)),
        kind: person.kind,
        ..Resource::default()
    })
}

fn by_id(id: &str, native_type: &str) -> Resource {
    let own = native::canonical(id);
    let name = id.rsplit(['/', ':']).next().unwrap_or(id);
    let mut resource = Resource {
        name: Some(line(name)).filter(|name| !name.is_empty()),
        native_type: Some(line(native_type)).filter(|kind| !kind.is_empty()),
        ..Resource::default()
    };
    adopt(own, &mut resource);
    resource
}

fn adopt(own: NativeId, resource: &mut Resource) {
    resource.native_id = Some(own.id);
    resource.kind = own.kind.or(resource.kind);
    resource.account = own.account.or_else(|| resource.account.take());
    resource.region = own.region.or_else(|| resource.region.take());
    if resource.platform.is_none() {
        resource.platform = own.platform.map(str::to_owned);
    }
}

/// Fills what the resource does not say from what stands beside it. The resource's own words win; a
/// contradiction about the account is noted, since containment goes by it.
fn complete(
    resource: &mut Resource,
    alert: &Value,
    map: &Value,
    events: &Value,
    notes: &mut Notes,
) {
    let holders = ["RecId", "RecId_Azure", "CT_User", "Machine", "Project", "AzureIdentity"];
    let beside = entities(map, &holders);
    let accounts = ["account", "accountid", "projectid", "subscriptionid"];
    let told = beside.iter().find_map(|entity| entity.field(&accounts)).or_else(|| {
        list(events).iter().take(50).find_map(|event| text_of(at(event, "recipientAccountId")))
    });
    let told = told.map(|account| opaque(&account));
    match (&resource.account, told) {
        (Some(own), Some(told)) if *own != told => {
            notes.add(format!("account: the alert says {told}, the resource itself {own}"));
        }
        (None, Some(told)) => resource.account = Some(told),
        (None, None) => {
            resource.account = account_in_words(alert);
            if resource.account.is_some() {
                notes.add("account: taken from the alert's words");
            }
        }
        _ => {}
    }
    let alias = beside.iter().find_map(|entity| entity.field(&["accountalias", "projectname"]));
    resource.account_name = resource.account_name.take().or(alias.map(line));
    if resource.region.is_none() {
        let regions = entities(map, &["Region"]);
        let region = regions.iter().find_map(|entity| entity.field(&["region"])).or_else(|| {
            list(events).iter().take(50).find_map(|event| text_of(at(event, "awsRegion")))
        });
        resource.region = region.map(line);
    }
    if resource.platform.is_none() {
        let source = text_of(at(alert, "derivedFields.source")).unwrap_or_default();
        let clouds = ["AWS", "Azure", "GCP", "Kubernetes", "OCI"];
        let cloud = clouds.iter().find(|cloud| {
            cloud.eq_ignore_ascii_case(&source)
                || source.to_ascii_uppercase().starts_with(&cloud.to_ascii_uppercase())
        });
        resource.platform = cloud.map(|cloud| (*cloud).to_owned());
    }
}

/// `… For account: 123456789012 : …`, as cloud activity alerts say it.
fn account_in_words(alert: &Value) -> Option<String> {
    ["alertInfo.subject", "alertInfo.description"].iter().find_map(|place| {
        let text: String = text_of(at(alert, place))?.chars().take(4_000).collect();
        let lower = text.to_ascii_lowercase();
        let after = text.get(lower.find("account:")? + "account:".len()..)?.trim_start();
        let digits: String = after.chars().take_while(char::is_ascii_digit).take(20).collect();
        (digits.len() >= 6).then_some(digits)
    })
}

/// `us-west-2a` is in `us-west-2`; anything else stays.
fn region_of_zone(zone: &str) -> &str {
    let cut = zone.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(zone);
    let numbered = cut.as_bytes().last().is_some_and(u8::is_ascii_digit);
    if numbered && cut.matches('-').count() >= 2 { cut } else { zone }
}

fn note_gaps(resource: &Resource, notes: &mut Notes) {
    for (field, given) in [
        ("resource name", resource.name.is_some()),
        ("native id", resource.native_id.is_some()),
        ("resource type", resource.kind.is_some()),
        ("account", resource.account.is_some()),
        ("region", resource.region.is_some()),
        ("cloud platform", resource.platform.is_some()),
    ] {
        if !given {
            notes.missing(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(map: Value) -> (Resource, String) {
        let mut notes = Notes::default();
        let read = resource(&json!({ "entityMap": map }), &Value::Null, &mut notes);
        (read, notes.into_list().join("\n"))
    }

    #[test]
    fn a_machine_in_both_styles() {
        let new = json!({"Machine": [{"KEY": {"mid": 51}, "PROPS": {"hostname": "web-7", "tags":
            {"Account": "123456789012", "InstanceId": "i-0aa11bb22cc33dd44", "Zone": "eu-central-1b",
             "VmProvider": "AWS", "VpcId": "vpc-0aa11bb22cc33dd44", "environment": "staging"}}}]});
        let (resource, notes) = read(new);
        assert_eq!(resource.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
        assert_eq!(resource.account.as_deref(), Some("123456789012"));
        assert_eq!(resource.region.as_deref(), Some("eu-central-1"));
        assert_eq!(resource.vpc.as_deref(), Some("vpc-0aa11bb22cc33dd44"));
        assert_eq!(resource.tags["environment"], "staging");
        assert_eq!(notes, "");
        let old = json!({"Machine": [{"HOSTNAME": "web-7", "INSTANCE_ID": "i-0aa11bb22cc33dd44"}],
            "CT_User": [{"ACCOUNT_ID": "123456789012"}], "Region": [{"REGION": "eu-central-1"}]});
        let (resource, _) = read(old);
        assert_eq!(resource.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
        assert_eq!(resource.region.as_deref(), Some("eu-central-1"));
    }

    #[test]
    fn a_bucket_by_violation_and_by_name() {
        let (resource, _) = read(json!({
            "RecId": [{"KEY": {"rec_id": "lacework-global-130"}, "PROPS": {"account_id": "123456789012", "account_alias": "storefront"}}],
            "NewViolation": [{"KEY": {"resource": "arn:aws:s3:::customer-exports"}}]}));
        assert_eq!(resource.native_id.as_deref(), Some("arn:aws:s3:::customer-exports"));
        assert_eq!(resource.kind, Some(ResourceKind::Bucket));
        assert_eq!(resource.account.as_deref(), Some("123456789012"));
        assert_eq!(resource.account_name.as_deref(), Some("storefront"));
        let (resource, _) = read(json!({"Resource": [{"NAME": "keyId", "VALUE": "x"},
            {"NAME": "bucketName", "VALUE": "customer-exports"}]}));
        assert_eq!(resource.native_id.as_deref(), Some("arn:aws:s3:::customer-exports"));
    }

    #[test]
    fn an_anomaly_is_about_whoever_acted_and_a_policy_about_what_was_touched() {
        let map = json!({"CT_User": [{"KEY": {"account": "123456789012", "username": "deploy-bot"}}],
            "Resource": [{"KEY": {"name": "bucketName", "value": "customer-exports"}}]});
        for (category, id) in [
            ("Anomaly", "arn:aws:iam::123456789012:user/deploy-bot"),
            ("Policy", "arn:aws:s3:::customer-exports"),
        ] {
            let alert = json!({"entityMap": map, "derivedFields": {"category": category}});
            let read = resource(&alert, &Value::Null, &mut Notes::default());
            assert_eq!(read.native_id.as_deref(), Some(id));
        }
    }

    #[test]
    fn a_contradiction_is_noted_and_the_id_wins() {
        let (resource, notes) = read(json!({
            "Resource": [{"KEY": {"value": "arn:aws:iam::123456789012:role/web-node"}}],
            "CT_User": [{"KEY": {"account": "999999999999"}}]}));
        assert_eq!(resource.account.as_deref(), Some("123456789012"));
        assert!(notes.contains("account: the alert says 999999999999"), "{notes}");
    }

    #[test]
    fn zones_and_regions() {
        for (zone, region) in
            [("us-west-2", "us-west-2"), ("us-west-2a", "us-west-2"), ("westeurope", "westeurope")]
        {
            assert_eq!(region_of_zone(zone), region);
        }
    }
}
