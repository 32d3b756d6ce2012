use std::collections::BTreeMap;

use super::{
    Names, Refused, draft, quarantine_name, simulator, undo_calls, undo_check, undo_proof,
};
use crate::call::{Call, EgressCidr, IdentityRef};
use crate::observed::{
    AccessKey, AccessKeys, IamIdentity, Instance, Interface, KeyStatus, Observed, Scaling,
    SecurityGroup, Snapshot, Volume,
};
use crate::plan::Draft;
use crate::ports::OwnIdentity;
use crate::proof::{ProofOutcome, judge};
use crate::{ActionId, IncidentId, StepId};

mod cases;
mod effects;
mod identities;
mod ordering;
mod plans;
mod properties;
mod signatures;

const INCIDENT: &str = "inc_0198c0de-7a11-7000-8000-0123456789ab";
const GROUP: &str = "firebreak-0123456789ab";

fn names() -> Names {
    Names::new(IncidentId::new(INCIDENT), "INC-12", StepId::new("stp_1"))
}

fn web_7() -> Instance {
    let interface = |id: &str, groups: &[&str]| Interface {
        id: id.to_owned(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        requester_managed: false,
    };
    let volume = |device: &str, id: &str| Volume {
        device: device.to_owned(),
        volume_id: id.to_owned(),
        delete_on_termination: true,
    };
    Instance {
        instance_id: "i-0c41f0b9".to_owned(),
        account: "123456789012".to_owned(),
        region: "eu-central-1".to_owned(),
        state: "running".to_owned(),
        name: Some("web-7".to_owned()),
        tags: BTreeMap::from([("environment".to_owned(), "staging".to_owned())]),
        vpc_id: Some("vpc-1".to_owned()),
        root_device_type: "ebs".to_owned(),
        spot: false,
        public_address: Some("203.0.113.7".to_owned()),
        elastic_address: false,
        interfaces: vec![
            interface("eni-1", &["sg-web"]),
            interface("eni-2", &["sg-mon"]),
            interface("eni-3", &["sg-db", "sg-mon"]),
        ],
        volumes: vec![volume("/dev/sda1", "vol-1"), volume("/dev/sdf", "vol-2")],
        termination_protection: false,
        stop_protection: false,
        shutdown_behavior: "terminate".to_owned(),
        profile_arn: Some("arn:aws:iam::123456789012:instance-profile/web-node".to_owned()),
        scaling: Some(Scaling {
            group: "asg-web".to_owned(),
            lifecycle: "InService".to_owned(),
            min_size: 1,
            desired: 3,
        }),
        quarantine: None,
        snapshots: Vec::new(),
    }
}

fn quarantine(ingress_rules: u32, egress_rules: u32) -> SecurityGroup {
    SecurityGroup {
        id: "sg-q".to_owned(),
        name: GROUP.to_owned(),
        ingress_rules,
        egress_rules,
        open_egress: [EgressCidr::Ipv4].into_iter().take(egress_rules as usize).collect(),
    }
}

fn keys() -> AccessKeys {
    let key = |id: &str, status| AccessKey { id: id.to_owned(), status };
    AccessKeys {
        account: "123456789012".to_owned(),
        key_id: "AKIAEXAMPLE000000001".to_owned(),
        user: Some("deploy-bot".to_owned()),
        keys: vec![
            key("AKIAEXAMPLE000000001", KeyStatus::Active),
            key("AKIAEXAMPLE000000002", KeyStatus::Active),
        ],
    }
}

/// `kind` is `user` or `role`.
fn identity(kind: &str, name: &str) -> IamIdentity {
    let arn = format!("arn:aws:iam::123456789012:{kind}/ops/{name}");
    let trusted = match kind {
        "role" => vec!["arn:aws:iam::123456789012:root".to_owned(), "ec2.amazonaws.com".to_owned()],
        _ => Vec::new(),
    };
    IamIdentity {
        account: "123456789012".to_owned(),
        identity: IdentityRef::from_arn(&arn).unwrap().1,
        arn,
        tags: BTreeMap::new(),
        policies: BTreeMap::from([("deploy".to_owned(), "{\"Statement\":[]}".to_owned())]),
        trusted,
        last_used: None,
    }
}

fn observed(instance: Instance) -> Observed {
    Observed::Instance(Box::new(instance))
}

fn parameters(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn isolate(instance: Instance, given: &[(&str, &str)]) -> Result<Draft, Refused> {
    let own = OwnIdentity::default();
    draft(ActionId::Ec2Isolate, &observed(instance), &parameters(given), &names(), &own)
}

fn stop(instance: Instance, given: &[(&str, &str)]) -> Result<Draft, Refused> {
    let own = OwnIdentity::default();
    draft(ActionId::Ec2Stop, &observed(instance), &parameters(given), &names(), &own)
}

fn snapshot(instance: Instance) -> Result<Draft, Refused> {
    let (own, none) = (OwnIdentity::default(), BTreeMap::new());
    draft(ActionId::EbsSnapshot, &observed(instance), &none, &names(), &own)
}

fn standby(instance: Instance, given: &[(&str, &str)]) -> Result<Draft, Refused> {
    let own = OwnIdentity::default();
    draft(ActionId::AsgStandby, &observed(instance), &parameters(given), &names(), &own)
}

fn deactivate(keys: AccessKeys, own: &OwnIdentity) -> Result<Draft, Refused> {
    let action = ActionId::IamDeactivateAccessKey;
    draft(action, &Observed::AccessKey(keys), &BTreeMap::new(), &names(), own)
}

/// Plays the calls on what was observed.
fn play(calls: &[Call], mut on: Observed) -> Observed {
    for call in calls {
        simulator::apply(call, &mut on);
    }
    on
}
