//! Groups, ACLs, what can't be decided, and the words.

use super::*;
use crate::network::ports::{ICMP, UDP};

const WEB_TO_DB: &str = "web can_connect db: tcp 5432";

#[test]
fn a_group_lets_another_group_in() {
    check(storefront(), "i-web", &[WEB_TO_DB]);
    check(storefront(), "i-db", &[]);
    let reason = &around(storefront(), "i-web").found.edges[0].reason;
    assert_eq!(
        reason,
        "tcp 5432: sg-db allows tcp 5432 from sg-web, sg-web allows everything to 0.0.0.0/0, \
         acl-a rule 100 allows it out and in, rtb-a routes 10.1.0.0/16 to local, address 10.1.2.5"
    );
}

#[test]
fn both_ends_must_allow_it() {
    let mut region = storefront();
    region.groups[0].egress = vec![from_block(tcp(1, 5000), "0.0.0.0/0")];
    check(region.clone(), "i-web", &[]);
    region.groups[0].egress.push(from_group(tcp(5430, 5440), "sg-db"));
    check(region.clone(), "i-web", &[WEB_TO_DB]);
    region.groups[1].ingress = vec![from_block(Ports::all(), "10.1.1.5/32")];
    check(region.clone(), "i-web", &["web can_connect db: tcp 1-5000, tcp 5430-5440"]);
    region.groups[1].ingress = vec![from_block(Ports::all(), "10.1.1.6/32")];
    check(region, "i-web", &[]);
}

#[test]
fn any_group_of_an_interface_is_enough() {
    let mut region = storefront();
    region.groups.push(SecurityGroup { id: "sg-more".to_owned(), ..Default::default() });
    region.interfaces[0].groups.push("sg-more".to_owned());
    region.interfaces[1].groups.insert(0, "sg-more".to_owned());
    check(region, "i-web", &[WEB_TO_DB]);
}

#[test]
fn no_acl_stands_inside_a_subnet() {
    let mut region = storefront();
    region.acls[0].ingress.clear();
    check(region.clone(), "i-web", &[]);
    region.interfaces[1] = machine("db", "a1", &["sg-db"], &["10.1.1.9"]);
    check(region, "i-web", &[WEB_TO_DB]);
}

#[test]
fn the_first_rule_of_an_acl_that_fits_decides() {
    let with = |rules: Vec<AclRule>| {
        let mut region = storefront();
        region.groups[1].ingress = vec![from_group(tcp(1, 6000), "sg-web")];
        let mut own = open_acl("acl-db", "vpc-a");
        (own.is_default, own.subnets) = (false, vec!["subnet-a2".to_owned()]);
        own.ingress = rules;
        region.acls.push(own);
        ways(region, "i-web")
    };
    let all = || allow(200, Ports::all(), "0.0.0.0/0");
    assert_eq!(with(vec![all()]), ["web can_connect db: tcp 1-6000"]);
    let shut = deny(100, tcp(22, 5431), "10.1.0.0/16");
    assert_eq!(with(vec![all(), shut.clone()]), ["web can_connect db: tcp 1-21, tcp 5432-6000"]);
    let before = allow(90, tcp(22, 22), "10.1.1.0/24");
    assert_eq!(with(vec![all(), shut, before]), ["web can_connect db: tcp 1-22, tcp 5432-6000"]);
    assert_eq!(with(vec![deny(1, Ports::all(), "10.1.1.5/32"), all()]), [""; 0]);
    assert_eq!(with(vec![deny(1, Ports::all(), "10.1.1.6/32"), all()]).len(), 1);
    assert_eq!(with(vec![]), [""; 0], "nothing fits nothing");
}

#[test]
fn an_answer_must_come_back_to_some_source_port() {
    let with = |ports: Ports| {
        let mut region = storefront();
        let mut own = open_acl("acl-db", "vpc-a");
        (own.is_default, own.subnets) = (false, vec!["subnet-a2".to_owned()]);
        own.egress = vec![allow(100, ports, "10.1.0.0/16")];
        region.acls.push(own);
        ways(region, "i-web")
    };
    assert_eq!(with(tcp(1024, 65_535)), [WEB_TO_DB]);
    assert_eq!(with(tcp(50_000, 50_000)), [WEB_TO_DB], "one is enough");
    assert_eq!(with(tcp(5432, 5432)), [WEB_TO_DB], "whoever connects may come from there");
    assert_eq!(with(tcp(1, 1023)), ["web may_connect db: tcp 5432"], "as root only");
    assert_eq!(with(tcp(0, 0)), [""; 0]);
    assert_eq!(with(Ports::of(UDP, 0, 65_535)), [""; 0]);
}

#[test]
fn source_ports_below_1024_are_told() {
    let mut region = storefront();
    region.acls[0].egress = vec![
        allow(100, tcp(5432, 5432), "10.1.0.0/16"),
        deny(101, tcp(1024, 65_535), "0.0.0.0/0"),
        allow(102, tcp(1, 1023), "0.0.0.0/0"),
    ];
    // The answer may come back to 5432 itself.
    check(region.clone(), "i-web", &[WEB_TO_DB]);
    let mut own = open_acl("acl-db", "vpc-a");
    (own.is_default, own.subnets) = (false, vec!["subnet-a2".to_owned()]);
    own.egress = vec![allow(1, tcp(1, 1023), "0.0.0.0/0")];
    region.acls.push(own);
    let found = around(region, "i-web");
    assert_eq!(found.uncertain, 1);
    assert!(
        found.found.edges[0].reason.starts_with(
            "Uncertain (the answer comes back to source ports below 1024 only): tcp 5432: sg-db"
        ),
        "{:?}",
        found.found.edges
    );
}

#[test]
fn prefix_lists_count_when_they_can_be_read() {
    let list =
        |blocks: &[&str]| PrefixList { blocks: blocks.iter().map(|block| cidr(block)).collect() };
    let mut region = storefront();
    let peer = Peer::List("pl-1".to_owned());
    region.groups[1].ingress = vec![Rule { ports: tcp(5432, 5432), peer }];
    let found = around(region.clone(), "i-web");
    assert_eq!(line(&found.found.edges[0]), "web may_connect db: tcp 5432");
    let reason = &found.found.edges[0].reason;
    assert!(
        reason.starts_with("Uncertain (prefix list pl-1 was not read): tcp 5432: "),
        "{reason}"
    );
    region.lists = [("pl-1".to_owned(), list(&["192.0.2.0/24", "10.1.1.0/24"]))].into();
    check(region.clone(), "i-web", &[WEB_TO_DB]);
    region.lists = [("pl-1".to_owned(), list(&["192.0.2.0/24"]))].into();
    check(region, "i-web", &[]);
}

#[test]
fn what_was_not_read_is_never_a_no() {
    let back = "db may_connect web: tcp 443";
    let mut region = storefront();
    region.groups.pop();
    check(region, "i-web", &["web may_connect db: everything", back]);
    let mut region = storefront();
    region.groups[1].unread = Some("rule 3 has protocol sctp".to_owned());
    check(
        region,
        "i-web",
        &[WEB_TO_DB, "web may_connect db: tcp 0-5431, tcp 5433-65535, all other protocols", back],
    );
    for spoil in [
        (|region: &mut Region| region.acls.clear()) as fn(&mut Region),
        |region| region.acls[0].unread = Some("rule 3".to_owned()),
        |region| region.tables.clear(),
        |region| region.tables[0].unread = Some("a route to somewhere".to_owned()),
        |region| region.interfaces[1].managed = Some("RDS".to_owned()),
        |region| region.interfaces[0].managed = Some("Lambda".to_owned()),
        |region| region.interfaces[1].is_stopped = true,
    ] {
        let mut region = storefront();
        region.interfaces[0].addresses.pop();
        spoil(&mut region);
        check(region, "i-web", &["web may_connect db: tcp 5432"]);
    }
}

#[test]
fn without_a_route_table_six_may_be_exposed() {
    let mut region = storefront();
    region.tables.clear();
    assert_eq!(ways(region, "i-web")[0], "internet may_be_exposed web: tcp 443");
}

#[test]
fn without_groups_nothing_is_known_unless_nothing_filters() {
    let mut region = storefront();
    region.interfaces[1].groups.clear();
    let ways =
        |word: &str| [format!("web {word} db: everything"), format!("db {word} web: tcp 443")];
    check(region.clone(), "i-web", &ways("may_connect").each_ref().map(String::as_str));
    region.interfaces[1].is_unfiltered = true;
    check(region, "i-web", &ways("can_connect").each_ref().map(String::as_str));
}

#[test]
fn icmp_alone_carries_no_connection() {
    let mut region = storefront();
    region.groups[1].ingress = vec![from_group(Ports::of(ICMP, 0, 65_535), "sg-web")];
    let found = around(region.clone(), "i-web").found.edges;
    assert_eq!(line(&found[0]), "web may_connect db: icmp");
    assert!(
        found[0].reason.starts_with("Uncertain (ICMP alone carries no connection): icmp: sg-db")
    );
    region.groups[1].ingress.push(from_group(tcp(22, 22), "sg-web"));
    check(region, "i-web", &["web can_connect db: icmp, tcp 22"]);
}

#[test]
fn interfaces_of_one_asset_are_one() {
    let mut region = storefront();
    let mut second = machine("web2", "a2", &["sg-db"], &["10.1.2.7"]);
    second.asset = AssetId::new("i-web");
    region.interfaces.push(second);
    region.groups[1].ingress.push(from_group(tcp(22, 22), "sg-db"));
    // Both interfaces of web get at db; what its first can is told.
    check(region, "i-web", &[WEB_TO_DB]);
}

#[test]
fn a_crowd_of_machines_that_are_alike_hides_no_other() {
    let mut region = storefront();
    region.groups.push(group("sg-node", vec![from_group(Ports::all(), "sg-web")]));
    let nodes = (0..2_000).map(|n| {
        let address = format!("10.1.{}.{}", 4 + n / 250, n % 250);
        machine(&format!("node{n}"), "a1", &["sg-node"], &[&address])
    });
    let db = region.interfaces.pop();
    region.interfaces.extend(nodes);
    region.interfaces.extend(db);
    let found = around(region, "i-web");
    assert!(found.is_cut);
    assert_eq!(found.found.edges.len(), 299);
    assert!(found.found.edges.iter().any(|edge| line(edge) == WEB_TO_DB));
}

#[test]
fn the_walk_goes_on_and_along_what_others_said() {
    let mut region = storefront();
    region.interfaces.push(machine("vault", "a2", &["sg-vault"], &["10.1.2.9"]));
    region.groups[1].egress = anything();
    region.groups.push(group("sg-vault", vec![from_group(tcp(8200, 8200), "sg-db")]));
    check(
        region.clone(),
        "i-web",
        &[
            WEB_TO_DB,
            "db can_connect web: tcp 443",
            "db can_connect vault: tcp 8200",
            "vault can_connect web: tcp 443",
        ],
    );
    let said = Edge {
        from: AssetId::new("arn:role"),
        to: AssetId::new("i-db"),
        kind: "can_run_commands".to_owned(),
        reason: String::new(),
        source: "aws-iam".to_owned(),
    };
    let regions = [Arc::new(region)];
    let found = Networks::new(&regions).around(&[AssetId::new("arn:role")], &[said], 2);
    let lines: Vec<String> = found.found.edges.iter().map(line).collect();
    assert_eq!(lines, ["db can_connect web: tcp 443", "db can_connect vault: tcp 8200"]);
}
