//! What each action takes out of the asset graph, whom that hits, and what it leaves an attacker.
//!
//! Only what the action surely takes away is severed. Credentials that left a machine work on
//! after it is cut off; a session outlives the key that opened it; what a source calls by a word
//! that we don't know may be anything, and stays. The facts are those of the vendors' documentation
//! that the drafts rest on.

use crate::graph::{Dependence, EdgeKind, Severed};
use crate::observed::{KeyStatus, Observed};
use crate::{ActionId, AssetId};

/// What a step does to who can get where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Edges that are gone once the step is proven.
    pub severs: Vec<Severed>,
    /// Who would miss what is gone.
    pub dependence: Vec<Dependence>,
    /// What an attacker may keep all the same. One sentence for people.
    pub leaves: String,
    /// What becomes of evidence.
    pub evidence: Evidence,
}

/// What becomes of evidence in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// It is secured: snapshots.
    Preserves,
    /// It stays as it is.
    Keeps,
    /// Some of it is lost: memory, disks. Never before a step that preserves it.
    Destroys,
}

/// What an action on a target comes to; `observed` is what was read of the target, where it was.
pub fn effect(action: ActionId, target: &AssetId, observed: Option<&Observed>) -> Effect {
    match action {
        // The groups of every interface: packets. Flows that are open are tracked and may live on.
        ActionId::Ec2Isolate => Effect {
            severs: around(target, EdgeKind::Network).to_vec(),
            dependence: users_of_a_machine(target),
            leaves: "Credentials that were copied from it keep working, and a connection that is \
                     open may stay open."
                .to_owned(),
            evidence: Evidence::Preserves,
        },
        // Nothing is sent, taken or run there any more. What its role may do goes with the copied
        // credentials, and so may what it deploys or invokes: ways out other than packets stay.
        ActionId::Ec2Stop => {
            let mut severs = around(target, EdgeKind::Network).to_vec();
            severs.push(Severed::Into(target.clone(), EdgeKind::Workload));
            Effect {
                severs,
                dependence: users_of_a_machine(target),
                leaves: "Credentials that were copied from it keep working until they expire."
                    .to_owned(),
                evidence: Evidence::Destroys,
            }
        }
        // Every call that the key signs fails, whatever it was for.
        ActionId::IamDeactivateAccessKey => Effect {
            severs: EdgeKind::ALL.map(|kind| Severed::OutOf(target.clone(), kind)).to_vec(),
            dependence: users_of_a_key(target, observed),
            leaves: left_by_a_key(observed),
            evidence: Evidence::Keeps,
        },
        // An explicit deny wins over every grant, those of resources too, and holds for the user's
        // own sessions. A role that was assumed before is another principal, and goes on.
        ActionId::IamDenyUser => Effect {
            severs: EdgeKind::ALL.map(|kind| Severed::OutOf(target.clone(), kind)).to_vec(),
            dependence: vec![Dependence::Into(target.clone(), EdgeKind::Identity)],
            leaves: "Roles that it assumed before live on, for up to 12 hours.".to_owned(),
            evidence: Evidence::Keeps,
        },
        // Sessions that exist end. Whoever may assume the role gets another, so no way is gone.
        ActionId::IamRevokeRoleSessions => Effect {
            severs: Vec::new(),
            dependence: vec![Dependence::Into(target.clone(), EdgeKind::Identity)],
            leaves: "Whoever may still assume the role gets a new session.".to_owned(),
            evidence: Evidence::Keeps,
        },
        // No new credentials there. Those that were fetched last for hours, wherever they are, so
        // the way to the role stays until its sessions are revoked too.
        ActionId::IamDetachInstanceProfile => Effect {
            severs: Vec::new(),
            dependence: vec![Dependence::OutOf(target.clone(), EdgeKind::Identity)],
            leaves: "Credentials that were fetched before live on, for up to 6 hours.".to_owned(),
            evidence: Evidence::Keeps,
        },
        // A copy: nobody is kept out, and nobody misses anything.
        ActionId::EbsSnapshot => Effect {
            severs: Vec::new(),
            dependence: Vec::new(),
            leaves: "Everything: it secures evidence and stops nobody.".to_owned(),
            evidence: Evidence::Preserves,
        },
        // No traffic of its load balancers and no health check. Whoever knows its address still
        // reaches it, so no way is gone; whoever talks to it by way of them is served elsewhere.
        ActionId::AsgStandby => Effect {
            severs: Vec::new(),
            dependence: vec![Dependence::Into(target.clone(), EdgeKind::Network)],
            leaves: "Everything: it keeps the instance from being replaced and stops nobody."
                .to_owned(),
            evidence: Evidence::Keeps,
        },
    }
}

fn around(target: &AssetId, kind: EdgeKind) -> [Severed; 2] {
    [Severed::Into(target.clone(), kind), Severed::OutOf(target.clone(), kind)]
}

/// Who talks to it, and what runs on it.
fn users_of_a_machine(target: &AssetId) -> Vec<Dependence> {
    vec![
        Dependence::Into(target.clone(), EdgeKind::Network),
        Dependence::OutOf(target.clone(), EdgeKind::Workload),
    ]
}

/// What holds the key, and whose it is.
fn users_of_a_key(target: &AssetId, observed: Option<&Observed>) -> Vec<Dependence> {
    let mut all = vec![Dependence::Into(target.clone(), EdgeKind::Identity)];
    if let Some(Observed::AccessKey(keys)) = observed {
        let owner = keys.user.iter().cloned();
        all.extend(owner.map(|name| Dependence::Owner { of: target.clone(), name }));
    }
    all
}

fn left_by_a_key(observed: Option<&Observed>) -> String {
    let active = match observed {
        Some(Observed::AccessKey(keys)) => keys
            .keys
            .iter()
            .filter(|key| key.id != keys.key_id && key.status == KeyStatus::Active)
            .count(),
        _ => 0,
    };
    let others = match active {
        0 => String::new(),
        1 => " Its owner has another active key.".to_owned(),
        many => format!(" Its owner has {many} other active keys."),
    };
    format!("Sessions that were opened with it live on, for up to 36 hours.{others}")
}
