//! How far an incident reaches by what groups, ACLs and routes let through.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use firebreak_core::network::{
    Acl, AclRule, Cidr, Destination, Interface, Peer, Ports, Region, Route, RouteTable, Rule,
    SecurityGroup, Subnet, Target, Vpc,
};
use firebreak_core::ports::{OutsideError, Trouble};
use firebreak_core::{AssetId, IncidentId};

use crate::world::{ACCOUNT, INSTANCE, World, me};

const DATABASE: &str = "i-0db";

/// The network that the simulated cloud has, or why it can't be read; none at first.
#[derive(Default)]
pub struct Wires {
    set: Mutex<Option<Result<Region, OutsideError>>>,
    read: AtomicUsize,
}

impl Wires {
    fn set(&self, to: Result<Region, OutsideError>) {
        *self.set.lock().unwrap() = Some(to);
    }

    pub fn answer(&self, region: &str) -> Result<Region, OutsideError> {
        self.read.fetch_add(1, Ordering::SeqCst);
        let set = self.set.lock().unwrap().clone().transpose()?;
        Ok(Region { region: region.to_owned(), ..set.unwrap_or_default() })
    }
}

fn block(text: &str) -> Cidr {
    Cidr::parse(text).unwrap()
}

fn rule(peer: Peer, ports: Ports) -> Rule {
    Rule { ports, peer }
}

fn interface(asset: &str, group: &str, address: &str, public: bool) -> Interface {
    let own = address.parse().unwrap();
    Interface {
        id: format!("eni-{asset}"),
        asset: AssetId::new(asset),
        name: asset.to_owned(),
        kind: "EC2 instance".to_owned(),
        subnet: "subnet-1".to_owned(),
        vpc: "vpc-1".to_owned(),
        groups: vec![group.to_owned()],
        addresses: vec![own],
        public: match own {
            std::net::IpAddr::V4(four) if public => [(four, "203.0.113.9".parse().unwrap())].into(),
            _ => [].into(),
        },
        managed: None,
        is_unfiltered: false,
        is_stopped: false,
    }
}

/// The Internet may open tcp 443 on the instance, and that tcp 5432 on a database.
fn region(database_lets: &[&str]) -> Region {
    let everyone = || Peer::Block(block("0.0.0.0/0"));
    let all =
        || AclRule { number: 100, allows: true, ports: Ports::all(), block: block("0.0.0.0/0") };
    let group = |id: &str, ingress: Vec<Rule>| SecurityGroup {
        id: id.to_owned(),
        ingress,
        egress: vec![rule(everyone(), Ports::all())],
        unread: None,
    };
    let lets = database_lets.iter();
    let lets = lets.map(|id| rule(Peer::Group((*id).to_owned()), Ports::of(6, 5432, 5432)));
    Region {
        account: ACCOUNT.to_owned(),
        vpcs: vec![Vpc { id: "vpc-1".to_owned(), blocks: vec![block("10.0.0.0/16")] }],
        subnets: vec![Subnet { id: "subnet-1".to_owned(), vpc: "vpc-1".to_owned() }],
        interfaces: vec![
            interface(INSTANCE, "sg-web", "10.0.0.5", true),
            interface(DATABASE, "sg-db", "10.0.0.6", false),
        ],
        groups: vec![
            group("sg-web", vec![rule(everyone(), Ports::of(6, 443, 443))]),
            SecurityGroup { egress: Vec::new(), ..group("sg-db", lets.collect()) },
        ],
        acls: vec![Acl {
            id: "acl-1".to_owned(),
            vpc: "vpc-1".to_owned(),
            is_default: true,
            ingress: vec![all()],
            egress: vec![all()],
            ..Acl::default()
        }],
        tables: vec![RouteTable {
            id: "rtb-1".to_owned(),
            vpc: "vpc-1".to_owned(),
            is_main: true,
            routes: vec![Route {
                to: Destination::Block(block("0.0.0.0/0")),
                target: Target::InternetGateway("igw-1".to_owned()),
                is_live: true,
                is_propagated: false,
            }],
            ..RouteTable::default()
        }],
        attachments: Some(Vec::new()),
        ..Region::default()
    }
}

async fn incident(world: &World) -> IncidentId {
    world.engine.ingest_file("test", b"a|high|new", &me()).await.unwrap();
    world.engine.find_incident("INC-1").await.unwrap()
}

async fn reached(world: &World) -> Vec<String> {
    let reach = world.engine.reach(&[AssetId::new(INSTANCE)]).await.unwrap();
    reach.radius.listed.iter().map(|reached| reached.asset.as_str().to_owned()).collect()
}

#[tokio::test]
async fn an_instance_reaches_what_lets_its_group_in() {
    let world = World::new().await;
    world.cloud.network.set(Ok(region(&["sg-web"])));
    let id = incident(&world).await;
    world.engine.enrich(&id).await.unwrap();
    assert_eq!(reached(&world).await, [DATABASE]);

    let around = world.engine.store().context(&id).await.unwrap().neighbourhood.unwrap().0;
    let mut said: Vec<(&str, &str, &str)> = around
        .edges
        .iter()
        .map(|edge| (edge.from.as_str(), edge.kind.as_str(), edge.to.as_str()))
        .collect();
    said.sort_unstable();
    assert_eq!(
        said,
        [("address:internet", "exposed", INSTANCE), (INSTANCE, "can_connect", DATABASE)]
    );
    assert!(around.edges.iter().all(|edge| edge.source == "aws-network"));
    assert!(around.nodes.iter().any(|node| node.external && node.name == "the internet"));

    let evidence = world.engine.store().evidence(&id).await.unwrap();
    let fact = evidence.iter().find(|fact| fact.source == "aws-network").unwrap();
    assert!(
        fact.text.starts_with(
            "groups, ACLs and routes of account 123456789012 in eu-central-1 allow 2 ways around here, \
             0 of them uncertain; rules of network firewalls"
        ),
        "{}",
        fact.text
    );
    world.engine.enrich(&id).await.unwrap();
    assert_eq!(world.cloud.network.read.load(Ordering::SeqCst), 1, "what was just read serves");
}

#[tokio::test]
async fn what_is_closed_is_reached_no_more() {
    let world = World::new().await;
    world.cloud.network.set(Ok(region(&["sg-web"])));
    let id = incident(&world).await;
    world.engine.enrich(&id).await.unwrap();
    world.cloud.network.set(Ok(region(&[])));
    world.clock.advance(11);
    world.engine.enrich(&id).await.unwrap();
    assert!(reached(&world).await.is_empty());
    world.cloud.network.set(Ok(Region::default()));
    world.clock.advance(11);
    world.engine.enrich(&id).await.unwrap();
    let around = world.engine.store().context(&id).await.unwrap().neighbourhood.unwrap().0;
    assert!(around.edges.is_empty() && around.nodes.is_empty(), "{around:?}");
}

#[tokio::test]
async fn a_network_that_cannot_be_read_is_missed_and_no_more() {
    let world = World::new().await;
    world.cloud.network.set(Ok(region(&["sg-web"])));
    let id = incident(&world).await;
    world.engine.enrich(&id).await.unwrap();
    let denied = OutsideError::new(
        "ec2:DescribeNetworkAcls",
        Trouble::NeedsPerson,
        "UnauthorizedOperation: not authorized",
    );
    world.cloud.network.set(Err(denied.with_remedy("allow it")));
    world.clock.advance(11);
    world.engine.enrich(&id).await.unwrap();
    let problem = world.engine.store().context(&id).await.unwrap().problem.unwrap();
    assert!(
        problem.contains(
            "the network of account 123456789012 in eu-central-1 could not be read: \
             ec2:DescribeNetworkAcls: UnauthorizedOperation: not authorized; allow it"
        ),
        "{problem}"
    );
    assert_eq!(reached(&world).await, [DATABASE], "what was known still stands");
}
