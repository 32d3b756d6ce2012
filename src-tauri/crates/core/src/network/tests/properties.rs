//! Random small networks: what is worked out class by class is what the slow way finds pair by pair.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::naive::{Naive, Said};
use super::*;
use crate::network::exposure::stretches;

const BLOCKS: [&str; 14] = [
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.2.0.0/16",
    "10.1.1.0/24",
    "10.1.2.0/24",
    "10.2.1.5/32",
    "10.1.1.5/32",
    "128.0.0.0/1",
    "198.51.100.0/24",
    "198.51.100.7/32",
    "2600:1::/64",
    "2600::/12",
];
const PROTOCOLS: [u8; 4] = [1, 6, 17, 50];
const ENDS: [u16; 8] = [0, 22, 443, 1023, 1024, 5432, 60_000, 65_535];
const ADDRESSES: [&str; 7] =
    ["10.1.1.5", "10.1.1.6", "10.1.2.5", "10.2.1.5", "10.2.2.5", "2600:1::5", "2600:1:0:1::5"];
const OUTSIDE: [&str; 7] = [
    "198.51.100.7",
    "198.51.100.8",
    "8.8.8.8",
    "203.0.113.200",
    "2600:9::1",
    "2a00::1",
    "2600:1:0:0:7::1",
];

fn some_ports() -> impl Strategy<Value = Ports> {
    let one = (select(&PROTOCOLS[..]), select(&ENDS[..]), select(&ENDS[..]));
    let span = one.prop_map(|(protocol, a, b)| match protocol {
        6 | 17 => Ports::of(protocol, a.min(b), a.max(b)),
        other => Ports::of(other, 0, u16::MAX),
    });
    prop_oneof![3 => span, 1 => Just(Ports::all())]
}

fn a_block() -> impl Strategy<Value = Cidr> {
    select(&BLOCKS[..]).prop_map(cidr)
}

fn a_rule() -> impl Strategy<Value = Rule> {
    let peer = prop_oneof![
        6 => a_block().prop_map(Peer::Block),
        3 => select(vec!["sg-0", "sg-1", "sg-2"]).prop_map(|id| Peer::Group(id.to_owned())),
        1 => Just(Peer::List("pl-1".to_owned())),
    ];
    (some_ports(), peer).prop_map(|(ports, peer)| Rule { ports, peer })
}

fn acl_rules() -> impl Strategy<Value = Vec<AclRule>> {
    let one = (prop::bool::weighted(0.7), some_ports(), a_block());
    vec(one, 0..4).prop_map(|all| {
        let mut rules: Vec<AclRule> = (0..)
            .zip(all)
            .map(|(n, (allows, ports, block))| AclRule { number: 100 - n, allows, ports, block })
            .collect();
        rules.push(allow(200, Ports::all(), "0.0.0.0/0"));
        rules.push(allow(201, Ports::all(), "::/0"));
        rules
    })
}

fn a_route() -> impl Strategy<Value = Route> {
    let target = prop_oneof![
        3 => Just(igw()),
        3 => Just(Target::Peering("pcx-1".to_owned())),
        1 => Just(Target::Appliance("eni-fw".to_owned())),
        1 => Just(Target::NatGateway("nat-1".to_owned())),
        1 => Just(Target::Local),
    ];
    (a_block(), target, prop::bool::weighted(0.9), prop::bool::weighted(0.1)).prop_map(
        |(block, target, is_live, is_propagated)| Route {
            to: Destination::Block(block),
            target,
            is_live,
            is_propagated,
        },
    )
}

prop_compose! {
    fn an_interface()(
        subnet in select(vec!["a1", "a1", "a2", "b1", "b2"]),
        groups in prop::sample::subsequence(vec!["sg-0", "sg-1", "sg-2"], 1..3),
        addresses in prop::sample::subsequence(ADDRESSES.to_vec(), 1..3),
        is_public in any::<bool>(),
        is_managed in prop::bool::weighted(0.1),
    ) -> Interface {
        let mut one = machine("x", subnet, &groups, &addresses);
        one.managed = is_managed.then(|| "ELB".to_owned());
        for address in one.addresses.iter().filter(|_| is_public) {
            if let IpAddr::V4(four) = address {
                one.public.insert(*four, "203.0.113.9".parse().unwrap());
            }
        }
        one
    }
}

prop_compose! {
    fn a_region()(
        interfaces in vec(an_interface(), 2..6),
        groups in vec((vec(a_rule(), 0..4), vec(a_rule(), 0..4)), 3),
        acls in vec((acl_rules(), acl_rules()), 3),
        routes in vec(vec(a_route(), 0..4), 3),
        is_active in prop::bool::weighted(0.9),
        overlap in prop::bool::weighted(0.2),
    ) -> Region {
        let mut region = two_networks();
        if overlap {
            region.vpcs[1].blocks = vec![cidr("10.1.0.0/16")];
        }
        region.interfaces = interfaces;
        for (n, one) in region.interfaces.iter_mut().enumerate() {
            (one.id, one.asset) = (format!("eni-{n}"), AssetId::new(format!("i-{n}")));
        }
        let named = (0..).zip(groups).map(|(n, (ingress, egress))| SecurityGroup {
            id: format!("sg-{n}"), ingress, egress, unread: None,
        });
        region.groups = named.collect();
        let own = Acl {
            id: "acl-own".to_owned(), vpc: "vpc-a".to_owned(),
            subnets: vec!["subnet-a2".to_owned()], ..Acl::default()
        };
        region.acls.push(own);
        for (acl, (ingress, egress)) in region.acls.iter_mut().zip(acls) {
            (acl.ingress, acl.egress) = (ingress, egress);
        }
        let own = RouteTable {
            id: "rtb-own".to_owned(), vpc: "vpc-a".to_owned(),
            subnets: vec!["subnet-a1".to_owned()], ..RouteTable::default()
        };
        region.tables.push(own);
        for (table, routes) in region.tables.iter_mut().zip(routes) {
            // EC2 takes one static and one learnt route for a block.
            for route in routes {
                let is_same = |known: &Route| {
                    known.to == route.to && known.is_propagated == route.is_propagated
                };
                if !table.routes.iter().any(is_same) {
                    table.routes.push(route);
                }
            }
        }
        region.peerings = vec![Peering { is_active, ..peering("pcx-1", "vpc-a", "vpc-b") }];
        region
    }
}

/// Ports next to any that a rule names.
fn edges() -> Vec<u16> {
    let near = |port: u16| [port.saturating_sub(1), port, port.saturating_add(1)];
    let mut all: Vec<u16> = ENDS.into_iter().flat_map(near).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn said(sure: &Ports, maybe: &Ports, (protocol, port): (u8, u16)) -> Said {
    match (sure.has(protocol, port), maybe.has(protocol, port)) {
        (true, _) => Said::Yes,
        (_, true) => Said::Maybe,
        _ => Said::No,
    }
}

fn samples() -> Vec<(u8, u16)> {
    let protocols = PROTOCOLS.into_iter().chain([47]);
    protocols.flat_map(|protocol| edges().into_iter().map(move |port| (protocol, port))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn classes_say_what_pairs_say(region in a_region()) {
        let regions = [Arc::new(region.clone())];
        let networks = Networks::new(&regions);
        let (naive, edges) = (Naive(&region), edges());
        for one in &region.interfaces {
            for two in region.interfaces.iter().filter(|two| two.id != one.id) {
                let link = networks.between(&one.id, &two.id);
                let slow: Vec<((u8, u16), Said)> = samples().into_iter().map(|sample| {
                    let pairs = one.addresses.iter()
                        .flat_map(|a| two.addresses.iter().map(move |b| (*a, *b)));
                    let best = pairs.map(|(a, b)| {
                        naive.connects((one, a), (two, b), sample, &edges)
                    });
                    (sample, best.max().unwrap())
                }).collect();
                let only_icmp = !slow.iter().any(|((protocol, _), is)| {
                    *protocol != 1 && *is == Said::Yes
                });
                for (sample, is) in slow {
                    let is = if only_icmp { is.min(Said::Maybe) } else { is };
                    prop_assert_eq!(
                        said(&link.sure, &link.maybe, sample), is,
                        "{} to {}, {:?}", one.id, two.id, sample
                    );
                }
            }
        }
    }

    #[test]
    fn stretches_say_what_addresses_say(region in a_region(), which in 0..5_usize) {
        let regions = [Arc::new(region.clone())];
        let networks = Networks::new(&regions);
        let (naive, edges) = (Naive(&region), edges());
        let one = &region.interfaces[which % region.interfaces.len()];
        let class = networks.classes.iter()
            .find(|class| class.members.iter().any(|member| member.id == one.id)).unwrap();
        let all = stretches(&networks.world, class);
        for from in OUTSIDE {
            let from: IpAddr = from.parse().unwrap();
            for sample in samples() {
                let slow = one.addresses.iter().filter(|own| own.is_ipv4() == from.is_ipv4())
                    .map(|own| naive.is_exposed((one, *own), from, sample, &edges))
                    .max().unwrap_or(Said::No);
                let seats = all.iter().filter(|stretch| stretch.block.has(from));
                let mut deepest: std::collections::BTreeMap<IpAddr, _> = Default::default();
                for stretch in seats {
                    let known = deepest.entry(stretch.seat).or_insert(stretch);
                    if known.block.prefix() < stretch.block.prefix() {
                        *known = stretch;
                    }
                }
                let fast = deepest.values().map(|one| said(&one.sure, &one.maybe, sample))
                    .max().unwrap_or(Said::No);
                prop_assert_eq!(fast, slow, "{} from {}, {:?}", one.id, from, sample);
            }
        }
    }

    #[test]
    fn every_edge_names_what_lets_it_through(region in a_region(), which in 0..5_usize) {
        let from = region.interfaces[which % region.interfaces.len()].asset.clone();
        for edge in around(region.clone(), from.as_str()).found.edges {
            prop_assert!(edge.reason.contains(": "), "{edge:?}");
            prop_assert_eq!(edge.reason.starts_with("Uncertain ("), edge.kind.starts_with("may_"));
            prop_assert!(edge.reason.contains("sg-") && edge.reason.contains("address "), "{edge:?}");
        }
    }
}
