//! What a finding names that another may name too.

use core::net::IpAddr;
use std::collections::BTreeSet;

use crate::asset::asset_id;
use crate::finding::{Actor, FindingDraft, Resource};

/// What an entity is to the finding that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It is about this.
    Asset,
    /// This key was used.
    Credential,
    /// This user or session did it.
    Actor,
    /// It was done from here. Many sit behind one address, so it supports and is not enough.
    Address,
}

impl Role {
    /// Whether two findings that name the same are linked by that alone.
    pub fn is_enough(self) -> bool {
        self != Self::Address
    }

    /// What a person calls it.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Credential => "access key",
            Self::Actor => "actor",
            Self::Address => "address",
        }
    }

    /// How much of a link it is, from 0 to 1, where both findings name it at the same time. Ours: an
    /// order, not a measurement.
    pub fn weight(self) -> f64 {
        match self {
            Self::Asset | Self::Credential => 0.9,
            Self::Actor => 0.8,
            Self::Address => 0.4,
        }
    }
}

/// Something that a finding names. Whoever names the same id names the same entity, whatever it is
/// to them: a user that one finding is about may have done what another tells of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    /// What it is to the finding.
    pub role: Role,
    /// The id under which it is known. Untrusted, capped where the source was read.
    pub id: String,
}

/// What a finding names, the most telling first, each id once. A resource that has both a native id
/// and one of the source's own is named by both, so that a finding which knows only one of them meets
/// a finding which knows the other.
pub fn entities(source: &str, draft: &FindingDraft) -> Vec<Entity> {
    of(source, &draft.resource, draft.actor.as_ref())
}

pub(super) fn of(source: &str, resource: &Resource, actor: Option<&Actor>) -> Vec<Entity> {
    let asset = asset_id(source, resource).map(|id| id.as_str().to_owned());
    let vendor = resource.vendor_id.as_deref().filter(|id| !id.is_empty());
    let alias = vendor.map(|id| format!("{source}:{id}"));
    let mut named: Vec<Entity> =
        asset.into_iter().chain(alias).map(|id| Entity { role: Role::Asset, id }).collect();
    if let Some(actor) = actor {
        let key = actor.access_key_id.as_deref().filter(|id| !id.is_empty());
        named.extend(key.map(|id| Entity { role: Role::Credential, id: id.to_owned() }));
        named.extend(acting(actor).map(|id| Entity { role: Role::Actor, id: id.to_owned() }));
        let address = actor.address.as_deref().and_then(public);
        named.extend(address.map(|id| Entity { role: Role::Address, id }));
    }
    let mut seen = BTreeSet::new();
    named.retain(|entity| seen.insert(entity.id.clone()));
    named
}

/// Who acted, where the id is one of its own. A role is what many act as, so that it says little; a
/// session of it is one of them, and an instance's session bears the instance's id (AWS: Using IAM
/// roles for EC2, "the session name is the instance id").
fn acting(actor: &Actor) -> Option<&str> {
    let id = actor.native_id.as_deref().filter(|id| !id.is_empty())?;
    let mut parts = id.splitn(6, ':');
    let (Some("arn"), Some(service), Some(resource)) = (parts.next(), parts.nth(1), parts.nth(2))
    else {
        return Some(id);
    };
    match (service, resource.split_once('/')) {
        ("iam", Some(("role", _))) => None,
        ("sts", Some(("assumed-role", session))) => match session.rsplit_once('/') {
            Some((_, instance)) if is_instance(instance) => Some(instance),
            Some((_, name)) if !name.is_empty() => Some(id),
            _ => None,
        },
        _ => Some(id),
    }
}

fn is_instance(name: &str) -> bool {
    let hex = name.strip_prefix("i-").unwrap_or_default();
    (8..=17).contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An address that is somebody's in particular: one that is private is another in every network.
fn public(text: &str) -> Option<String> {
    let address: IpAddr = text.trim().parse().ok()?;
    let address = address.to_canonical();
    let shared = match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
        }
    };
    (!shared).then(|| address.to_string())
}
