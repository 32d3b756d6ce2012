//! What the reader sees, and how it says that it can't.

use std::sync::Arc;

use firebreak_actions::{AwsAccount, AwsReader};
use firebreak_core::asset::Environment;
use firebreak_core::finding::ResourceKind;
use firebreak_core::ports::{CheckLine, CloudReader, Trouble};
use firebreak_core::{ActionId, AssetId};

use crate::bench::Bench;
use crate::place::{Drawer, Now, Place, key};

fn failing(lines: &[CheckLine]) -> Vec<&CheckLine> {
    lines.iter().filter(|line| !line.ok).collect()
}

#[tokio::test]
async fn the_fingerprint_changes_with_whatever_containment_touches() {
    let Some(place) = Place::new().await else { return };
    let id = place.sandbox.name("instance.web-7.id");
    let bench = Bench::new(&place, ActionId::Ec2Isolate, &id, "stp_1");
    let somebody = place.somebody_else();
    let mut seen = vec![bench.observe().await.fingerprint()];
    assert_eq!(bench.observe().await.fingerprint(), seen[0], "reading twice is no change");

    let tag = aws_sdk_ec2::types::Tag::builder().key("owner").value("mallory").build();
    somebody.create_tags().resources(&id).tags(tag).send().await.unwrap();
    seen.push(bench.observe().await.fingerprint());

    let interface = place.sandbox.name("eni.web-7.1.id");
    let group = place.sandbox.name("sg.sg-db.id");
    let change = somebody.modify_network_interface_attribute().network_interface_id(interface);
    change.groups(group).send().await.unwrap();
    seen.push(bench.observe().await.fingerprint());

    let on = aws_sdk_ec2::types::AttributeBooleanValue::builder().value(true).build();
    let change = somebody.modify_instance_attribute().instance_id(&id);
    change.disable_api_termination(on).send().await.unwrap();
    seen.push(bench.observe().await.fingerprint());

    somebody.stop_instances().instance_ids(&id).send().await.unwrap();
    seen.push(bench.observe().await.fingerprint());

    let distinct: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "{seen:?}");
}

#[tokio::test]
async fn a_group_of_our_name_without_our_tag_is_not_trusted() {
    let Some(place) = Place::new().await else { return };
    let bench =
        Bench::new(&place, ActionId::Ec2Isolate, &place.sandbox.name("instance.db-1.id"), "stp_1");
    let name = firebreak_core::containment::quarantine_name(&bench.target.incident);
    let trap = place.somebody_else().create_security_group().group_name(&name);
    let trap = trap.description("trap").vpc_id(place.sandbox.name("vpc.storefront.id"));
    trap.send().await.unwrap();
    let error = place.reader.observe(&bench.target).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(error.message.contains("does not carry the tag"), "{error:?}");
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_not_there() {
    let Some(place) = Place::new().await else { return };
    let bench = Bench::new(&place, ActionId::Ec2Stop, "i-0123456789abcdef0", "stp_1");
    let error = place.reader.observe(&bench.target).await.unwrap_err();
    assert!(error.message.contains("there is no instance"), "{error:?}");
    let bench = Bench::new(&place, ActionId::Ec2Stop, "arn:aws:s3:::bucket", "stp_1");
    assert!(place.reader.observe(&bench.target).await.is_err());
    let unknown =
        Bench::new(&place, ActionId::IamDeactivateAccessKey, "AKIA0000000000000000", "stp_1");
    let firebreak_core::observed::Observed::AccessKey(keys) = unknown.observe().await else {
        panic!("not a key")
    };
    assert_eq!((keys.user, keys.keys.len()), (None, 0));
}

#[tokio::test]
async fn assets_come_with_tags_and_state_and_the_own_identity_is_known() {
    let Some(place) = Place::new().await else { return };
    let region = place.sandbox.name("region");
    let read = async |id: &str| place.reader.asset(&AssetId::new(id), &region).await.unwrap();

    let web = read(&place.sandbox.name("instance.web-7.arn")).await.unwrap();
    assert_eq!(web.kind, ResourceKind::Instance);
    assert_eq!(web.name.as_deref(), Some("web-7"));
    assert_eq!(web.environment, Environment::Staging);
    assert_eq!(web.owner.as_deref(), Some("storefront"));
    assert_eq!(web.cloud_state.as_deref(), Some("running"));
    assert_eq!(web.vpc, Some(place.sandbox.name("vpc.storefront.id")));
    assert_eq!(web.provenance.get("environment").map(String::as_str), Some("aws"));
    assert!(web.read_at.is_some());

    let user = read(&place.sandbox.name("user.deploy-bot.arn")).await.unwrap();
    assert_eq!((user.kind, user.owner.as_deref()), (ResourceKind::User, Some("platform")));
    let role = read(&place.sandbox.name("role.web-node.arn")).await.unwrap();
    assert_eq!((role.kind, role.name.as_deref()), (ResourceKind::Role, Some("web-node")));
    assert_eq!(role.vpc, None);
    let access_key = read(&place.sandbox.name("key.deploy-bot.1.id")).await.unwrap();
    assert_eq!(access_key.name.as_deref(), Some("deploy-bot"));
    assert_eq!(access_key.cloud_state.as_deref(), Some("Active"));

    for nothing in [
        "i-0123456789abcdef0",
        "arn:aws:iam::123456789012:user/nobody",
        "arn:aws:iam::210987654321:user/deploy-bot",
        "arn:aws:s3:::customer-exports",
        "wiz:some-vendor-id",
        "",
    ] {
        assert_eq!(read(nothing).await, None, "{nothing}");
    }

    let own = place.reader.own_identity().await.unwrap();
    let ends = |name: &str| own.arns.iter().any(|arn| arn.ends_with(name));
    assert!(ends("user/firebreak-reader") && ends("user/firebreak-operator"), "{own:?}");
    assert!(ends("role/firebreak-containment"), "{own:?}");
    for who in ["read", "write"] {
        assert!(own.access_keys.contains(&place.sandbox.key(who).0), "{own:?}");
    }
}

#[tokio::test]
async fn the_connection_test_names_what_is_wrong() {
    let Some(place) = Place::new().await else { return };
    let lines = place.reader.test().await;
    assert!(failing(&lines).is_empty(), "{lines:#?}");
    assert!(lines.len() >= 12, "{lines:#?}");
    assert!(place.executor.test().await.iter().all(|line| line.ok));

    let test = async |account: AwsAccount, drawer: Option<Drawer>| {
        let vault = drawer.map_or_else(|| place.vault.clone(), Arc::new);
        AwsReader::new(account, vault, Arc::new(Now)).test().await
    };
    let plain = place.account.clone();

    let wrong = Drawer([("read".to_owned(), "not the secret".to_owned())].into());
    let lines = test(plain.clone(), Some(wrong)).await;
    let remedy = failing(&lines)[0].remedy.as_deref();
    assert!(remedy.is_some_and(|words| words.contains("access key")), "{lines:#?}");

    let lines = test(plain.clone(), Some(Drawer(Default::default()))).await;
    assert!(failing(&lines)[0].text.contains("keychain is locked"), "{lines:#?}");

    let other = AwsAccount { account_id: "210987654321".to_owned(), ..plain.clone() };
    assert!(failing(&test(other, None).await)[0].text.contains("belong to account"));

    let open = AwsAccount { endpoint: Some("http://10.0.0.1:1".to_owned()), ..plain.clone() };
    assert!(failing(&test(open, None).await)[0].text.contains("neither https"));

    // A key that may read EC2 but not Auto Scaling or IAM: exactly those lines fail.
    let narrow = AwsAccount { read: key(&place.sandbox, "deploy_bot"), ..plain };
    let lines = test(narrow, None).await;
    assert!(failing(&lines).iter().all(|line| line.name.starts_with("iam:")), "{lines:#?}");
    assert!(!failing(&lines).is_empty());
}
