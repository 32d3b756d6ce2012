//! Who can open a connection to whom, read from the account.

use std::sync::Arc;

use firebreak_actions::{AwsAccount, AwsReader};
use firebreak_core::AssetId;
use firebreak_core::network::{Networks, Target};
use firebreak_core::ports::{CloudReader, Trouble};

use crate::place::{Now, Place, key};

#[tokio::test]
async fn the_internet_gets_at_the_servers_and_they_at_the_database() {
    let Some(place) = Place::new().await else { return };
    let region = place.reader.network(&place.sandbox.name("region")).await.unwrap();
    assert!(region.gaps.is_empty(), "{:?}", region.gaps);
    let unread: Vec<_> = region
        .groups
        .iter()
        .filter_map(|one| one.unread.as_ref())
        .chain(region.acls.iter().filter_map(|one| one.unread.as_ref()))
        .chain(region.tables.iter().filter_map(|one| one.unread.as_ref()))
        .collect();
    assert!(unread.is_empty(), "{unread:?}");
    let storefront = place.sandbox.name("vpc.storefront.id");
    let vpc = region.vpcs.iter().find(|vpc| vpc.id == storefront).unwrap();
    assert_eq!(vpc.blocks.len(), 2, "IPv4 and IPv6: {vpc:?}");
    let table = region.tables.iter().find(|table| !table.subnets.is_empty()).unwrap();
    let out = |target: &Target| matches!(target, Target::InternetGateway(_));
    assert!(table.routes.iter().any(|route| out(&route.target)), "{table:?}");

    let web = AssetId::new(place.sandbox.name("instance.web-7.id"));
    let database = place.sandbox.name("instance.db-1.id");
    let regions = [Arc::new(region)];
    let around = Networks::new(&regions).around(std::slice::from_ref(&web), &[], 4);
    let of = |from: &str, to: &str| {
        let mut edges = around.found.edges.iter();
        edges.find(|edge| edge.from.as_str() == from && edge.to.as_str() == to).cloned()
    };
    let way = of(web.as_str(), &database).expect("the database lets the web tier in");
    let (clients, tier) = (place.sandbox.name("sg.sg-db.id"), place.sandbox.name("sg.sg-web.id"));
    assert_eq!(way.kind, "can_connect");
    assert!(
        way.reason.starts_with(&format!("tcp 5432: {clients} allows tcp 5432 from {tier}, ")),
        "{}",
        way.reason
    );
    let edge = around.found.nodes.iter().find(|node| node.name == "edge-1").unwrap().id.clone();
    let exposed = of("address:internet", edge.as_str()).expect("the proxy has a public address");
    assert_eq!(exposed.kind, "exposed");
    assert!(exposed.reason.starts_with("tcp 443: sg-"), "{}", exposed.reason);
    assert!(exposed.reason.contains(" routes 0.0.0.0/0 to igw-"), "{}", exposed.reason);
    let inside = of(edge.as_str(), web.as_str()).expect("the way in is told");
    assert!(inside.reason.starts_with(&format!("tcp 443: {tier} allows tcp 443 from 0.0.0.0/0, ")));
    assert!(of("address:internet", web.as_str()).is_none(), "it has no public address");
    assert!(of("address:internet", &database).is_none());
    assert!(around.found.nodes.iter().any(|node| node.name == "db-1"));
    assert!(!around.is_cut && around.uncertain == 0, "{:#?}", around.found.edges);
}

#[tokio::test]
async fn without_the_permission_it_says_which() {
    let Some(place) = Place::new().await else { return };
    let region = place.sandbox.name("region");
    let narrow = AwsAccount { read: key(&place.sandbox, "listen"), ..place.account.clone() };
    let reader = AwsReader::new(narrow, place.vault.clone(), Arc::new(Now));
    let error = reader.network(&region).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(error.operation.starts_with("ec2:Describe"), "{error:?}");
    let remedy = error.remedy.unwrap();
    assert!(remedy.contains(&error.operation), "{remedy}");
}

#[tokio::test]
async fn a_way_that_was_closed_is_gone() {
    let Some(place) = Place::new().await else { return };
    let somebody = place.somebody_else();
    let group = place.sandbox.name("sg.sg-db.id");
    let rule = aws_sdk_ec2::types::IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(5432)
        .to_port(5432)
        .user_id_group_pairs(
            aws_sdk_ec2::types::UserIdGroupPair::builder()
                .group_id(place.sandbox.name("sg.sg-web.id"))
                .build(),
        )
        .build();
    let revoke = somebody.revoke_security_group_ingress().group_id(&group).ip_permissions(rule);
    revoke.send().await.unwrap();
    let region = place.reader.network(&place.sandbox.name("region")).await.unwrap();
    let regions = [Arc::new(region)];
    let web = AssetId::new(place.sandbox.name("instance.web-3.id"));
    let found = Networks::new(&regions).around(&[web], &[], 1).found;
    let database = place.sandbox.name("instance.db-1.id");
    assert!(found.edges.iter().all(|edge| edge.to.as_str() != database), "{found:?}");
}
