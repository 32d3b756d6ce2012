//! What somebody named to hurt, and what is very great.

use super::*;

#[test]
fn names_stay_one_capped_line() {
    let mut region = shop();
    let bad = format!("x\u{1b}[31m\n{}", "y".repeat(10_000));
    region.interfaces[1].name.clone_from(&bad);
    region.interfaces[1].kind.clone_from(&bad);
    region.interfaces[0].managed = Some(bad.clone());
    region.acls[0].id.clone_from(&bad);
    region.tables[0].id.clone_from(&bad);
    region.groups[1].id.clone_from(&bad);
    region.interfaces[1].groups = vec![bad.clone()];
    region.groups[1].ingress = vec![Rule { ports: Ports::all(), peer: Peer::List(bad.clone()) }];
    region.tables[0].routes.push(route("172.16.0.0/12", Target::Beyond(bad)));
    let found = around(region, "i-web").found;
    assert!(found.edges.len() >= 3);
    for edge in &found.edges {
        assert!(edge.reason.chars().count() <= 500 && !edge.reason.contains(char::is_control));
    }
    for node in &found.nodes {
        assert!(node.name.chars().count() <= 300 && !node.name.contains(char::is_control));
        assert!(node.kind.chars().count() <= 300 && !node.kind.contains(char::is_control));
    }
}

#[test]
fn nothing_leads_nowhere() {
    assert_eq!(around(Region::default(), "i-1"), Around::default());
    assert_eq!(around(storefront(), "i-elsewhere"), Around::default());
    let mut bare = storefront();
    (bare.vpcs, bare.subnets) = (Vec::new(), Vec::new());
    (bare.groups, bare.acls, bare.tables) = (Vec::new(), Vec::new(), Vec::new());
    let found = around(bare, "i-web");
    assert_eq!(found.uncertain, found.found.edges.len(), "all of it is uncertain");
    assert!(found.uncertain > 0);
}

#[test]
fn thousands_of_machines_are_few_classes() {
    let mut region = shop();
    for n in 0..6_000_u32 {
        let tier = n % 30;
        let id = format!("sg-{tier}");
        let address = format!("10.1.{}.{}", 3 + n / 250, n % 250);
        let mut one = machine(&format!("m{n}"), "a2", &[&id], &[&address]);
        one.subnet = format!("subnet-x{}", n % 4);
        region.interfaces.push(one);
    }
    for tier in 0..30_u32 {
        let next = format!("sg-{}", (tier + 1) % 30);
        region.groups.push(group(&format!("sg-{tier}"), vec![from_group(tcp(80, 80), &next)]));
    }
    let regions = [Arc::new(region)];
    let networks = Networks::new(&regions);
    assert!(networks.classes.len() <= 2 + 30 * 4, "{}", networks.classes.len());
    let found = networks.around(&[AssetId::new("i-m7")], &[], 4);
    assert!(found.is_cut && found.found.edges.len() <= 400);
    let reasons = found.found.edges.iter().map(|edge| edge.reason.len()).sum::<usize>();
    assert!(reasons < 400 * 500);
}

#[test]
fn a_great_many_rules_and_addresses_are_taken() {
    let mut region = shop();
    let blocks = (0..1_000).map(|n| format!("{}.{}.0.0/16", 20 + n / 250, n % 250));
    region.groups[0].ingress = blocks.map(|block| from_block(tcp(443, 443), &block)).collect();
    let found = around(region, "i-web");
    assert!(found.is_cut);
    let exposed = found.found.edges.iter().filter(|edge| edge.kind == "exposed");
    assert_eq!(exposed.count(), 8);
}
