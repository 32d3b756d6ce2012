//! What EC2 writes, as it is understood.

use std::collections::HashMap;

use aws_sdk_ec2::types::{
    GroupIdentifier, IpPermission, IpRange, NetworkAcl, NetworkAclEntry, NetworkInterface,
    NetworkInterfaceAssociation, NetworkInterfaceAttachment, NetworkInterfacePrivateIpAddress,
    NetworkInterfaceType, Route, RouteState, RouteTable, RouteTableAssociation, RuleAction,
    SecurityGroup,
};
use firebreak_core::network::{Interface, Target};
use firebreak_core::ports::SecretName;

use super::{Machine, interface, rules};
use crate::account::{AwsAccount, KeySource};

fn account() -> AwsAccount {
    AwsAccount {
        name: "acme".to_owned(),
        account_id: "123456789012".to_owned(),
        regions: vec!["eu-central-1".to_owned()],
        endpoint: None,
        read: KeySource { key_id: "AKIA".to_owned(), secret: SecretName::new("x") },
        write: None,
        role_arn: None,
        external_id: None,
    }
}

fn described(owner: &str, kind: NetworkInterfaceType, description: &str) -> NetworkInterface {
    let attachment = NetworkInterfaceAttachment::builder().instance_owner_id(owner).build();
    let association = NetworkInterfaceAssociation::builder().public_ip("203.0.113.9").build();
    let address = NetworkInterfacePrivateIpAddress::builder()
        .private_ip_address("10.0.0.5")
        .association(association)
        .build();
    NetworkInterface::builder()
        .network_interface_id("eni-1")
        .subnet_id("subnet-1")
        .vpc_id("vpc-1")
        .interface_type(kind)
        .description(description)
        .attachment(attachment)
        .private_ip_addresses(address)
        .groups(GroupIdentifier::builder().group_id("sg-1").build())
        .build()
}

fn taken(one: NetworkInterface) -> Option<Interface> {
    let stopped = Machine { name: Some("web".to_owned()), is_running: false };
    let machines = HashMap::from([("i-1".to_owned(), stopped)]);
    interface(one, &machines, &account(), "eu-central-1")
}

#[test]
fn a_load_balancer_is_known_by_its_arn() {
    let elb = "amazon-elb";
    let front = described(elb, NetworkInterfaceType::Interface, "ELB app/front/50dc6c495c0c9188");
    let front = taken(front).unwrap();
    assert_eq!(
        front.asset.as_str(),
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/front/50dc6c495c0c9188"
    );
    assert_eq!((front.name.as_str(), front.kind.as_str()), ("front", "load balancer"));
    assert_eq!(front.managed.as_deref(), Some("ELB app/front/50dc6c495c0c9188"));
    assert_eq!(front.public.len(), 1);
    let own = described("123456789012", NetworkInterfaceType::Interface, "ELB app/front/1");
    assert_eq!(taken(own).unwrap().asset.as_str(), "eni-1", "anybody may describe theirs so");
    let mut open = described(elb, NetworkInterfaceType::NetworkLoadBalancer, "ELB net/n/1");
    open.groups = None;
    assert!(taken(open).unwrap().is_unfiltered);
}

#[test]
fn gateways_and_what_belongs_to_nothing_take_no_part() {
    for kind in [
        NetworkInterfaceType::NatGateway,
        NetworkInterfaceType::TransitGateway,
        NetworkInterfaceType::GatewayLoadBalancerEndpoint,
    ] {
        assert_eq!(taken(described("amazon-aws", kind, "")), None);
    }
    let mut loose = described("", NetworkInterfaceType::Interface, "");
    loose.attachment = None;
    assert_eq!(taken(loose), None);
}

#[test]
fn an_instance_is_named_and_may_be_stopped() {
    let mut own = described("123456789012", NetworkInterfaceType::Interface, "");
    own.attachment = Some(NetworkInterfaceAttachment::builder().instance_id("i-1").build());
    let own = taken(own).unwrap();
    assert_eq!((own.asset.as_str(), own.name.as_str()), ("i-1", "web"));
    assert!(own.is_stopped && own.managed.is_none());
}

#[test]
fn a_rule_that_is_not_understood_is_said() {
    let permission = |protocol: &str, block: &str| {
        let range = IpRange::builder().cidr_ip(block).build();
        IpPermission::builder().ip_protocol(protocol).ip_ranges(range).build()
    };
    let read = |permission: IpPermission| {
        let one = SecurityGroup::builder().group_id("sg-1").ip_permissions(permission).build();
        rules::group(one).unwrap()
    };
    assert_eq!(read(permission("-1", "10.0.0.0/8")).ingress.len(), 1);
    let odd = read(permission("quic\u{1b}", "10.0.0.0/8"));
    assert_eq!(odd.unread.as_deref(), Some("a rule for protocol quic  is not understood"));
    assert!(read(permission("-1", "10.0.0.0/99")).unread.is_some());

    let entry = |action: RuleAction| {
        let entry = NetworkAclEntry::builder().rule_number(100).protocol("-1");
        let entry = entry.cidr_block("0.0.0.0/0").rule_action(action).egress(false).build();
        let one = NetworkAcl::builder().network_acl_id("acl-1").vpc_id("vpc-1").entries(entry);
        rules::acl(one.build()).unwrap()
    };
    assert!(entry(RuleAction::Allow).ingress[0].allows);
    assert!(!entry(RuleAction::Deny).ingress[0].allows);
    let odd = entry(RuleAction::from("shrug"));
    assert!(odd.ingress.is_empty());
    assert_eq!(odd.unread.as_deref(), Some("rule 100 is not understood"));
}

#[test]
fn routes_lead_where_they_say() {
    let to = |shape: fn(aws_sdk_ec2::types::builders::RouteBuilder) -> _| {
        let route: Route = shape(Route::builder().destination_cidr_block("0.0.0.0/0"));
        let main = RouteTableAssociation::builder().main(true).build();
        let one = RouteTable::builder().route_table_id("rtb-1").vpc_id("vpc-1").routes(route);
        rules::table(one.associations(main).build()).unwrap()
    };
    let named = |id: &str| id.to_owned();
    for (table, target) in [
        (to(|one| one.gateway_id("local").build()), Target::Local),
        (to(|one| one.gateway_id("igw-1").build()), Target::InternetGateway(named("igw-1"))),
        (to(|one| one.gateway_id("vgw-1").build()), Target::Beyond(named("vgw-1"))),
        (to(|one| one.gateway_id("vpce-1").build()), Target::Appliance(named("vpce-1"))),
        (to(|one| one.nat_gateway_id("nat-1").build()), Target::NatGateway(named("nat-1"))),
        (to(|one| one.transit_gateway_id("tgw-1").build()), Target::TransitGateway(named("tgw-1"))),
        (
            to(|one| one.egress_only_internet_gateway_id("eigw-1").build()),
            Target::EgressOnlyGateway(named("eigw-1")),
        ),
        (
            to(|one| one.instance_id("i-1").network_interface_id("eni-1").build()),
            Target::Appliance(named("eni-1")),
        ),
        (to(|one| one.core_network_arn("arn:x").build()), Target::Beyond(named("arn:x"))),
    ] {
        assert!(table.is_main && table.unread.is_none());
        assert_eq!(table.routes[0].target, target);
    }
    assert!(
        !to(|one| one.gateway_id("igw-1").state(RouteState::Blackhole).build()).routes[0].is_live
    );
    assert!(to(|one| one.build()).unread.is_some());
    let list = Route::builder().destination_prefix_list_id("pl-1").gateway_id("vpce-1").build();
    let one = RouteTable::builder().route_table_id("rtb-1").vpc_id("vpc-1").routes(list).build();
    let target = &rules::table(one).unwrap().routes[0].target;
    assert_eq!(*target, Target::ServiceEndpoint(named("vpce-1")));
}
