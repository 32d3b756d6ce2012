//! A cloud of one instance or one user, as far as the calls of this crate go. Test only: it states
//! what the vendor's references say each call does, so that drafts can be played forth and back.

use crate::call::{Call, EgressCidr, GroupRef};
use crate::observed::{IamIdentity, Instance, Observed, SecurityGroup, Snapshot};

/// Groups that are made here get this id.
pub(super) const MADE: &str = "sg-made";

/// Plays one call. Panics when the call claims to replace a value that is not there: that is what
/// "carries the value it replaces" means.
pub(super) fn apply(call: &Call, observed: &mut Observed) {
    match observed {
        Observed::Instance(instance) => apply_to_instance(call, instance),
        Observed::AccessKey(keys) => {
            let Call::SetAccessKeyStatus { key_id, from, to, .. } = call else {
                panic!("{call:?} on a key")
            };
            let key = keys.keys.iter_mut().find(|key| key.id == *key_id).unwrap();
            assert_eq!(key.status, *from);
            key.status = *to;
        }
        Observed::Identity(read) => apply_to_identity(call, read),
    }
}

fn apply_to_identity(call: &Call, read: &mut IamIdentity) {
    match call {
        Call::PutInlinePolicy { identity, name, document } => {
            assert_eq!(*identity, read.identity);
            let before = read.policies.insert(name.clone(), document.clone());
            assert_eq!(before, None, "a policy is never overwritten");
        }
        Call::DeleteInlinePolicy { identity, name, document } => {
            assert_eq!(*identity, read.identity);
            assert_eq!(read.policies.remove(name).as_ref(), Some(document), "NoSuchEntity");
        }
        other => panic!("{other:?} on a user or role"),
    }
}

fn apply_to_instance(call: &Call, instance: &mut Instance) {
    match call {
        Call::CreateSnapshots { volumes, .. } => {
            for volume in volumes {
                assert!(instance.volumes.iter().any(|known| known.volume_id == *volume));
                let id = format!("snap-{volume}");
                let state = "completed".to_owned();
                instance.snapshots.push(Snapshot { id, volume_id: volume.clone(), state });
            }
        }
        Call::SetTerminationProtection { from, to, .. } => {
            swap(&mut instance.termination_protection, from, to);
        }
        Call::SetShutdownBehavior { from, to, .. } => {
            swap(&mut instance.shutdown_behavior, from, to);
        }
        Call::SetDeleteOnTermination { device, volume_id, from, to, .. } => {
            let volume = instance.volumes.iter_mut().find(|volume| volume.device == *device);
            let volume = volume.expect("an attached device");
            assert_eq!(volume.volume_id, *volume_id);
            swap(&mut volume.delete_on_termination, from, to);
        }
        Call::EnterStandby { decrement, .. } => {
            let scaling = instance.scaling.as_mut().expect("a member of a group");
            assert_eq!(scaling.lifecycle, "InService");
            scaling.lifecycle = "Standby".to_owned();
            scaling.desired -= i64::from(*decrement);
            assert!(scaling.desired >= scaling.min_size || !decrement, "refused at the minimum");
        }
        Call::ExitStandby { .. } => {
            assert_eq!(instance.state, "running", "only what runs returns to service");
            let scaling = instance.scaling.as_mut().expect("a member of a group");
            assert_eq!(scaling.lifecycle, "Standby");
            scaling.lifecycle = "InService".to_owned();
            // The desired capacity always rises by one (API reference of ExitStandby).
            scaling.desired += 1;
        }
        Call::CreateSecurityGroup { name, vpc_id, .. } => {
            assert_eq!(instance.vpc_id.as_ref(), Some(vpc_id));
            assert!(instance.quarantine.is_none(), "a name is good for one group a VPC");
            instance.quarantine = Some(SecurityGroup {
                id: MADE.to_owned(),
                name: name.clone(),
                ingress_rules: 0,
                egress_rules: 2,
                open_egress: [EgressCidr::Ipv4, EgressCidr::Ipv6].into(),
            });
        }
        Call::DeleteSecurityGroup { group, .. } => {
            let id = id_of(group, instance);
            let used = instance.interfaces.iter().any(|interface| interface.groups.contains(&id));
            assert!(!used, "DependencyViolation");
            instance.quarantine = None;
        }
        Call::RevokeAllEgress { group, cidr, .. } => {
            id_of(group, instance);
            let quarantine = instance.quarantine.as_mut().expect("the group was made before");
            assert!(quarantine.open_egress.remove(cidr), "revoked once");
            quarantine.egress_rules -= 1;
        }
        Call::SetInterfaceGroups { interface_id, from, to, .. } => {
            let from: Vec<String> = from.iter().map(|group| id_of(group, instance)).collect();
            let to: Vec<String> = to.iter().map(|group| id_of(group, instance)).collect();
            assert!(!to.is_empty(), "EC2 takes no empty list of groups");
            let interfaces = &mut instance.interfaces;
            let interface = interfaces.iter_mut().find(|one| one.id == *interface_id).unwrap();
            swap(&mut interface.groups, &from, &to);
        }
        Call::StopInstance { .. } => {
            swap(&mut instance.state, &"running".to_owned(), &"stopped".to_owned());
        }
        Call::StartInstance { .. } => {
            swap(&mut instance.state, &"stopped".to_owned(), &"running".to_owned());
        }
        Call::DetachProfile { profile_arn, .. } => {
            swap(&mut instance.profile_arn, &Some(profile_arn.clone()), &None);
        }
        Call::AttachProfile { profile_arn, .. } => {
            swap(&mut instance.profile_arn, &None, &Some(profile_arn.clone()));
        }
        Call::SetAccessKeyStatus { .. }
        | Call::PutInlinePolicy { .. }
        | Call::DeleteInlinePolicy { .. } => panic!("{call:?} on an instance"),
    }
}

fn swap<T: Clone + PartialEq + std::fmt::Debug>(slot: &mut T, from: &T, to: &T) {
    assert_eq!(slot, from, "the call replaces another value than what is there");
    assert_ne!(from, to, "the call changes nothing");
    *slot = to.clone();
}

fn id_of(group: &GroupRef, instance: &Instance) -> String {
    match group {
        GroupRef::Id(id) => id.clone(),
        GroupRef::Quarantine(name) => {
            let quarantine = instance.quarantine.as_ref().expect("the quarantine group exists");
            assert_eq!(quarantine.name, *name);
            quarantine.id.clone()
        }
    }
}
