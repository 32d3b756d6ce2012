//! Routes, peerings, what is out of sight, IPv6, and what the Internet can open.

use super::*;

const EXPOSED: &str = "internet exposed web: tcp 443";
const WEB_TO_DB: &str = "web can_connect db: tcp 5432";

/// `web` in network a, `db` in network b, peered, each with a route to the other.
fn peered() -> Region {
    let mut region = storefront();
    region.interfaces[1] = machine("db", "b1", &["sg-db"], &["10.2.1.5"]);
    region.peerings = vec![peering("pcx-1", "vpc-a", "vpc-b")];
    let by = || Target::Peering("pcx-1".to_owned());
    region.tables[0].routes = vec![route("10.2.0.0/16", by())];
    region.tables[1].routes = vec![route("10.1.0.0/16", by())];
    region
}

#[test]
fn groups_are_named_across_a_peering() {
    check(peered(), "i-web", &[WEB_TO_DB]);
    let reason = &around(peered(), "i-web").found.edges[0].reason;
    assert!(reason.contains("rtb-a routes 10.2.0.0/16 to pcx-1"), "{reason}");
}

#[test]
fn a_peering_needs_to_be_in_force_and_routes_both_ways() {
    for spoil in [
        (|region: &mut Region| region.peerings[0].is_active = false) as fn(&mut Region),
        |region| region.peerings[0].ends[1].vpc = "vpc-c".to_owned(),
        |region| region.tables[0].routes.clear(),
        |region| region.tables[1].routes.clear(),
        |region| region.tables[1].routes[0].is_live = false,
    ] {
        let mut region = peered();
        spoil(&mut region);
        let found = ways(region, "i-web");
        assert!(!found.iter().any(|way| way.contains(" db")), "{found:?}");
    }
}

#[test]
fn in_another_region_groups_are_not_named() {
    let both = peered();
    let (mut here, mut there) = (both.clone(), both);
    here.vpcs.pop();
    here.interfaces.pop();
    there.region = "eu-west-1".to_owned();
    there.vpcs.remove(0);
    there.interfaces.remove(0);
    let db = |there: Region| {
        let regions = [Arc::new(here.clone()), Arc::new(there)];
        let found = Networks::new(&regions).around(&[AssetId::new("i-web")], &[], 1);
        found.found.edges.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(db(there.clone()), [""; 0]);
    let open = vec![from_block(tcp(5432, 5432), "10.1.0.0/16")];
    for group in &mut there.groups {
        group.ingress.clone_from(&open);
    }
    assert_eq!(db(there), [WEB_TO_DB]);
}

#[test]
fn in_overlapping_networks_the_own_one_is_meant() {
    let mut region = peered();
    region.vpcs[1].blocks = vec![cidr("10.1.0.0/16")];
    region.interfaces[1] = machine("db", "b1", &["sg-db"], &["10.1.1.77"]);
    region.groups[1].ingress = vec![from_block(Ports::all(), "0.0.0.0/0")];
    check(region, "i-web", &[]);
}

#[test]
fn of_two_networks_alike_the_longest_prefix_names_one() {
    let mut region = peered();
    region.vpcs.push(Vpc { id: "vpc-c".to_owned(), blocks: vec![cidr("10.2.0.0/16")] });
    region.acls.push(open_acl("acl-c", "vpc-c"));
    let by = |id: &str| Target::Peering(id.to_owned());
    region.tables.push(RouteTable {
        id: "rtb-c".to_owned(),
        vpc: "vpc-c".to_owned(),
        is_main: true,
        routes: vec![route("10.1.0.0/16", by("pcx-2"))],
        ..RouteTable::default()
    });
    region.peerings.push(peering("pcx-2", "vpc-c", "vpc-a"));
    region.interfaces.push(machine("twin", "c1", &["sg-db"], &["10.2.1.5"]));
    check(region.clone(), "i-web", &[WEB_TO_DB]);
    region.tables[0].routes.push(route("10.2.1.0/24", by("pcx-2")));
    check(region, "i-web", &["web can_connect twin: tcp 5432"]);
}

#[test]
fn what_a_transit_gateway_passes_is_uncertain() {
    let mut region = peered();
    let by = || Target::TransitGateway("tgw-1".to_owned());
    region.tables[0].routes = vec![route("10.0.0.0/8", by())];
    region.tables[1].routes = vec![route("10.0.0.0/8", by())];
    let beyond = "web may_connect tgw-1: everything";
    check(region.clone(), "i-web", &[beyond]);
    let hangs = |vpc: &str| Attachment { gateway: "tgw-1".to_owned(), vpc: vpc.to_owned() };
    region.attachments = Some(vec![hangs("vpc-a"), hangs("vpc-b")]);
    let found = around(region.clone(), "i-web").found.edges;
    assert_eq!(line(&found[0]), "web may_connect db: tcp 5432");
    assert!(found[0].reason.starts_with(
        "Uncertain (rtb-a routes 10.0.0.0/8 to tgw-1, which decides for itself): tcp 5432"
    ));
    assert_eq!(line(&found[1]), beyond);
    region.attachments = None;
    check(region, "i-web", &["web may_connect db: tcp 5432", beyond]);
}

#[test]
fn a_network_that_was_not_read_is_told() {
    let mut region = peered();
    region.vpcs.pop();
    region.interfaces.pop();
    let found = around(region.clone(), "i-web").found;
    assert_eq!(
        found.edges.iter().map(line).collect::<Vec<_>>(),
        ["web may_connect vpc-b: everything"]
    );
    assert!(found.edges[0].reason.starts_with(
        "Uncertain (what is there is not read): everything: rtb-a routes 10.2.0.0/16 to pcx-1"
    ));
    let node = found.nodes.iter().find(|node| node.id.as_str() == "vpc-b").unwrap();
    assert_eq!((node.name.as_str(), node.kind.as_str()), ("vpc-b of account 123456789012", "VPC"));
    region.groups[0].egress = vec![from_block(Ports::all(), "10.1.0.0/16")];
    check(region, "i-web", &[]);
}

#[test]
fn an_appliance_decides_for_itself() {
    let mut region = storefront();
    let firewall = Target::Appliance("vpce-fw".to_owned());
    region.tables[0].routes = vec![route("10.1.2.0/24", firewall)];
    check(region.clone(), "i-web", &["web may_connect db: tcp 5432"]);
    region.tables[0].routes[0].is_live = false;
    check(region.clone(), "i-web", &[]);
    region.tables[0].routes = vec![route("10.1.2.0/24", Target::Peering("pcx-1".to_owned()))];
    check(region, "i-web", &[]);
}

#[test]
fn a_listed_local_route_may_lead_elsewhere() {
    let mut region = storefront();
    region.tables[0].routes = vec![route("10.1.0.0/16", Target::Appliance("eni-fw".to_owned()))];
    check(region.clone(), "i-web", &["web may_connect db: tcp 5432"]);
    region.tables[0].routes = vec![route("10.1.0.0/16", Target::Local)];
    check(region, "i-web", &[WEB_TO_DB]);
}

#[test]
fn static_routes_come_before_learnt_ones() {
    let mut region = peered();
    let learnt =
        Route { is_propagated: true, ..route("10.2.0.0/16", Target::Beyond("vgw-1".to_owned())) };
    region.tables[0].routes.insert(0, learnt.clone());
    region.tables[0].routes.push(learnt);
    assert_eq!(ways(region, "i-web")[0], WEB_TO_DB);
}

#[test]
fn a_route_for_a_list_counts_when_it_can_be_read() {
    let mut region = peered();
    let list = |target: Target| Route {
        to: Destination::List("pl-1".to_owned()),
        ..route("0.0.0.0/0", target)
    };
    region.tables[0].routes = vec![list(Target::Peering("pcx-1".to_owned()))];
    let found = around(region.clone(), "i-web").found.edges;
    assert_eq!(line(&found[0]), "web may_connect db: tcp 5432");
    assert!(found[0].reason.contains("rtb-a routes pl-1, which was not read, to pcx-1"));
    let blocks = vec![cidr("10.2.1.0/24")];
    region.lists = [("pl-1".to_owned(), PrefixList { blocks })].into();
    check(region.clone(), "i-web", &[WEB_TO_DB]);
    region.lists.clear();
    region.tables[0].routes = vec![
        route("10.2.0.0/16", Target::Peering("pcx-1".to_owned())),
        list(Target::ServiceEndpoint("vpce-s3".to_owned())),
    ];
    check(region, "i-web", &[WEB_TO_DB]);
}

#[test]
fn six_is_looked_at_like_four() {
    let mut region = storefront();
    region.interfaces[1] = machine("db", "a2", &["sg-db"], &["10.1.2.5", "2600:1::2:5"]);
    region.groups[1].ingress = vec![from_block(tcp(22, 22), "2600:1::/64")];
    check(region.clone(), "i-web", &["web can_connect db: tcp 22"]);
    region.groups[0].egress = vec![from_block(Ports::all(), "0.0.0.0/0")];
    check(region.clone(), "i-web", &[]);
    region.groups[0].egress = anything();
    region.acls[0].egress.pop();
    check(region, "i-web", &[]);
}

#[test]
fn the_internet_needs_a_rule_a_route_and_an_address() {
    check(shop(), "i-web", &[EXPOSED, WEB_TO_DB]);
    let found = around(shop(), "i-web").found;
    assert_eq!(
        found.edges[0].reason,
        "tcp 443: sg-web allows tcp 443 from 0.0.0.0/0, acl-a rule 100 allows, rtb-a routes \
         0.0.0.0/0 to igw-1, address 203.0.113.9"
    );
    let outside = found.nodes.iter().find(|node| node.external).unwrap();
    assert_eq!((outside.name.as_str(), outside.kind.as_str()), ("the internet", "address"));
    for spoil in [
        (|region: &mut Region| region.interfaces[0].public.clear()) as fn(&mut Region),
        |region| region.groups[0].ingress.clear(),
        |region| region.groups[0].ingress = vec![from_block(Ports::all(), "10.0.0.0/8")],
        |region| region.groups[0].ingress = vec![from_group(Ports::all(), "sg-web")],
        |region| region.tables[0].routes[0].is_live = false,
        |region| region.tables[0].routes[0].target = Target::NatGateway("nat-1".to_owned()),
        |region| region.tables[0].routes.clear(),
        |region| region.acls[0].ingress = vec![allow(1, Ports::all(), "10.0.0.0/8")],
        |region| region.acls[0].egress = vec![allow(1, tcp(443, 443), "10.0.0.0/8")],
    ] {
        let mut region = shop();
        spoil(&mut region);
        let found = ways(region, "i-web");
        assert!(!found.iter().any(|way| way.contains("exposed")), "{found:?}");
    }
}

#[test]
fn what_half_the_internet_may_is_told_as_such() {
    let with = |ingress: Vec<Rule>| {
        let mut region = shop();
        region.groups[0].ingress = ingress;
        let found = ways(region, "i-web");
        found.into_iter().filter(|way| way.contains("exposed")).collect::<Vec<_>>()
    };
    let halves = ["0.0.0.0/1", "128.0.0.0/1"].map(|block| from_block(tcp(22, 22), block));
    assert_eq!(with(halves.into()), ["internet exposed web: tcp 22"], "in two halves");
    let office = vec![
        from_block(tcp(443, 443), "0.0.0.0/0"),
        from_block(tcp(22, 22), "198.51.100.0/24"),
        from_block(tcp(443, 443), "192.0.2.0/24"),
    ];
    assert_eq!(with(office), [EXPOSED, "198.51.100.0/24 exposed web: tcp 22"]);
}

#[test]
fn an_acl_may_let_less_of_it_through() {
    let mut region = shop();
    region.acls[0].ingress =
        vec![deny(10, Ports::all(), "0.0.0.0/0"), allow(5, tcp(443, 443), "198.51.100.0/24")];
    let found = ways(region, "i-web");
    assert_eq!(found[0], "198.51.100.0/24 exposed web: tcp 443");
}

#[test]
fn a_known_list_goes_by_its_name() {
    let mut region = shop();
    let blocks = vec![cidr("198.51.100.0/24"), cidr("192.0.2.0/25")];
    region.lists = [("pl-1".to_owned(), PrefixList { blocks })].into();
    let peer = Peer::List("pl-1".to_owned());
    region.groups[0].ingress = vec![Rule { ports: tcp(443, 443), peer }];
    assert_eq!(ways(region.clone(), "i-web")[0], "pl-1 exposed web: tcp 443");
    region.lists.clear();
    assert_eq!(ways(region, "i-web")[0], "internet may_be_exposed web: tcp 443");
}

#[test]
fn six_is_exposed_by_its_own_route() {
    let mut region = shop();
    region.interfaces[0].public.clear();
    region.tables[0].routes = vec![route("::/0", igw())];
    let found = around(region.clone(), "i-web").found.edges;
    assert_eq!(line(&found[0]), EXPOSED);
    assert!(found[0].reason.ends_with("rtb-a routes ::/0 to igw-1, address 2600:1::5"));
    region.tables[0].routes[0].target = Target::EgressOnlyGateway("eigw-1".to_owned());
    check(region, "i-web", &[WEB_TO_DB]);
}

#[test]
fn what_stands_before_the_gateway_decides_for_itself() {
    let edge = |target: Target| RouteTable {
        id: "rtb-edge".to_owned(),
        vpc: "vpc-a".to_owned(),
        gateways: vec!["igw-1".to_owned()],
        routes: vec![route("10.1.1.0/24", target)],
        ..RouteTable::default()
    };
    let mut region = shop();
    region.tables.push(edge(Target::Local));
    assert_eq!(ways(region.clone(), "i-web")[0], EXPOSED);
    region.tables[2] = edge(Target::Appliance("vpce-fw".to_owned()));
    assert_eq!(ways(region.clone(), "i-web")[0], "internet may_be_exposed web: tcp 443");
    region.tables.pop();
    region.tables[0].routes[0].target = Target::Appliance("vpce-fw".to_owned());
    let reason = &around(region, "i-web").found.edges[0].reason;
    assert!(reason.starts_with("Uncertain (rtb-a routes 0.0.0.0/0 to vpce-fw, which decides"));
}

#[test]
fn the_way_in_is_told_too() {
    let mut region = shop();
    let arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/front/1";
    let mut front =
        with_public(machine("front", "a1", &["sg-front"], &["10.1.1.9"]), "203.0.113.7");
    front.asset = AssetId::new(arn);
    front.managed = Some("ELB app/front/1".to_owned());
    region.interfaces.push(front);
    region.interfaces[0].public.clear();
    region.interfaces[0].addresses.pop();
    region.groups[0].ingress = vec![from_group(tcp(8080, 8080), "sg-front")];
    region.groups.push(group("sg-front", vec![from_block(tcp(443, 443), "0.0.0.0/0")]));
    check(
        region,
        "i-web",
        &[
            &format!("internet may_be_exposed {arn}: tcp 443"),
            &format!("{arn} may_connect web: tcp 8080"),
            WEB_TO_DB,
            &format!("web may_connect {arn}: tcp 443"),
        ],
    );
}
