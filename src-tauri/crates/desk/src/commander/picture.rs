//! The picture: what an attacker is on and within reach of, by account, and the ways between.

use std::collections::{BTreeMap, BTreeSet};

use firebreak_core::asset::Asset;
use firebreak_core::graph::BlastRadius;
use firebreak_core::queue::QueueRow;
use firebreak_core::{AssetId, IncidentState, Severity};
use firebreak_store::Store;
use firebreak_wire as wire;

use super::{Burning, count};
use crate::DeskError;

/// What is merely reachable and alike is one from here on.
const ALIKE: usize = 3;

/// From, to, and whether it leads to a crown jewel.
type Ways = BTreeSet<(AssetId, AssetId, bool)>;
/// What each is, and how many hops from where it burns.
type Roles = BTreeMap<AssetId, (wire::CommandRole, u32)>;
type Accounts = BTreeMap<Option<String>, wire::CommandAccount>;

/// Accounts with what is in them, where it burns first, and the ways between.
pub(super) async fn of(
    store: &Store,
    burning: &Burning,
) -> Result<(Vec<wire::CommandAccount>, Vec<wire::CommandEdge>), DeskError> {
    let (mut roles, ways) = within_reach(&burning.reach.radius);
    for asset in burning.contained.keys() {
        roles.insert(asset.clone(), (wire::CommandRole::Contained, 0));
    }
    for asset in burning.compromised.keys() {
        roles.insert(asset.clone(), (wire::CommandRole::Compromised, 0));
    }
    let known = store.assets(&roles.keys().cloned().collect()).await?;
    let (mut accounts, within) = placed(burning, &roles, &known);
    let stands_for = gather(within, &mut accounts);
    count_incidents(&burning.rows, &mut accounts);
    Ok((in_order(accounts), drawn(&ways, &stands_for)))
}

/// What is reached and how it gets there; what lies on a way to a crown jewel is told apart.
fn within_reach(radius: &BlastRadius) -> (Roles, Ways) {
    let mut roles = Roles::new();
    let mut ways = Ways::new();
    for edge in &radius.edges {
        ways.insert((edge.from.clone(), edge.to.clone(), false));
    }
    for reached in &radius.listed {
        let role = match (reached.outside, reached.worth.crown_jewel) {
            (true, _) => wire::CommandRole::External,
            (false, true) => wire::CommandRole::CrownJewel,
            (false, false) => wire::CommandRole::Reachable,
        };
        roles.entry(reached.asset.clone()).or_insert((role, reached.hops));
        if !reached.worth.crown_jewel {
            continue;
        }
        for edge in radius.path(reached) {
            ways.remove(&(edge.from.clone(), edge.to.clone(), false));
            ways.insert((edge.from.clone(), edge.to.clone(), true));
        }
    }
    // A path may lead through what is listed after its jewel.
    for (from, to, _) in ways.iter().filter(|(_, _, to_jewel)| *to_jewel) {
        for end in [from, to] {
            if let Some((role @ wire::CommandRole::Reachable, _)) = roles.get_mut(end) {
                *role = wire::CommandRole::OnPath;
            }
        }
    }
    (roles, ways)
}

/// Each in words, with its account; and the accounts, still empty.
fn placed(
    burning: &Burning,
    roles: &Roles,
    known: &[Asset],
) -> (Accounts, Vec<(Option<String>, wire::CommandNode)>) {
    let known: BTreeMap<&AssetId, &Asset> = known.iter().map(|asset| (&asset.id, asset)).collect();
    let rows: BTreeMap<&AssetId, &QueueRow> =
        burning.rows.iter().filter_map(|row| Some((row.asset.as_ref()?, row))).collect();
    let mut accounts = Accounts::new();
    let mut within = Vec::new();
    for (id, (role, hops)) in roles {
        let (asset, row) = (known.get(id).copied(), rows.get(id).copied());
        let account = asset
            .and_then(|asset| asset.account.clone())
            .or_else(|| row.and_then(|row| row.account.clone()))
            .filter(|_| *role != wire::CommandRole::External);
        let place = accounts.entry(account.clone()).or_insert_with(|| empty(account.clone()));
        let account_name = asset.and_then(|asset| asset.account_name.clone());
        place.name =
            place.name.take().or(account_name).or(row.and_then(|row| row.account_name.clone()));
        within.push((account, node(burning, id, (*role, *hops), asset, row)));
    }
    (accounts, within)
}

fn node(
    burning: &Burning,
    id: &AssetId,
    (role, hops): (wire::CommandRole, u32),
    asset: Option<&Asset>,
    row: Option<&QueueRow>,
) -> wire::CommandNode {
    let called = burning.reach.named.get(id);
    let name = [
        asset.and_then(|asset| asset.name.clone()),
        row.and_then(|row| row.asset_name.clone()),
        called.map(|called| called.name.clone()).filter(|name| !name.is_empty()),
    ];
    let labels = burning.compromised.get(id).or_else(|| burning.contained.get(id));
    wire::CommandNode {
        id: id.to_string(),
        name: name.into_iter().flatten().next().unwrap_or_else(|| id.to_string()),
        kind: called.map(|called| called.kind.clone()).unwrap_or_default(),
        region: asset.and_then(|asset| asset.region.clone()),
        vpc: asset.and_then(|asset| asset.vpc.clone()),
        role,
        hops,
        count: 1,
        incidents: labels.cloned().unwrap_or_default(),
    }
}

fn empty(account: Option<String>) -> wire::CommandAccount {
    wire::CommandAccount { account, name: None, severity: None, incidents: 0, nodes: Vec::new() }
}

/// Puts nodes into their accounts; many that are alike and merely reachable become one. Answers which
/// one each of those became.
fn gather(
    within: Vec<(Option<String>, wire::CommandNode)>,
    accounts: &mut Accounts,
) -> BTreeMap<String, String> {
    let plain = |node: &wire::CommandNode| {
        matches!(node.role, wire::CommandRole::Reachable | wire::CommandRole::External)
    };
    let mut alike: BTreeMap<_, Vec<wire::CommandNode>> = BTreeMap::new();
    let mut stands_for = BTreeMap::new();
    for (account, node) in within {
        if plain(&node) {
            let kind = (account, node.vpc.clone(), node.role, node.kind.clone(), node.hops);
            alike.entry(kind).or_default().push(node);
        } else if let Some(place) = accounts.get_mut(&account) {
            place.nodes.push(node);
        }
    }
    for ((account, _, _, kind, _), nodes) in alike {
        let Some(place) = accounts.get_mut(&account) else { continue };
        if nodes.len() < ALIKE {
            place.nodes.extend(nodes);
            continue;
        }
        let mut one = nodes[0].clone();
        one.count = count(nodes.len());
        if !kind.is_empty() {
            one.name = kind;
        }
        one.id = format!("{}\u{2026}", one.id);
        if nodes.iter().any(|node| node.region != one.region) {
            one.region = None;
        }
        stands_for.extend(nodes.into_iter().map(|node| (node.id, one.id.clone())));
        place.nodes.push(one);
    }
    for place in accounts.values_mut() {
        place.nodes.sort_by(|one, other| {
            (one.hops, one.role, &one.id).cmp(&(other.hops, other.role, &other.id))
        });
    }
    stands_for
}

fn count_incidents(rows: &[QueueRow], accounts: &mut Accounts) {
    for row in rows {
        let Some(place) = accounts.get_mut(&row.account) else { continue };
        place.incidents += 1;
        if row.state != IncidentState::Contained {
            place.severity = place.severity.max(Some(row.severity));
        }
    }
}

/// Where it burns worst first; what has no account last.
fn in_order(accounts: Accounts) -> Vec<wire::CommandAccount> {
    let mut accounts: Vec<wire::CommandAccount> = accounts.into_values().collect();
    accounts.sort_by_key(|place| {
        let rank = place.severity.map(Severity::rank);
        std::cmp::Reverse((place.account.is_some(), rank, place.incidents, place.nodes.len()))
    });
    accounts
}

/// The ways between what is drawn, each once.
fn drawn(ways: &Ways, stands_for: &BTreeMap<String, String>) -> Vec<wire::CommandEdge> {
    let end = |id: &AssetId| {
        let id = id.to_string();
        stands_for.get(&id).cloned().unwrap_or(id)
    };
    let drawn: BTreeSet<wire::CommandEdge> = ways
        .iter()
        .map(|(from, to, to_jewel)| wire::CommandEdge {
            from: end(from),
            to: end(to),
            to_jewel: *to_jewel,
        })
        .filter(|edge| edge.from != edge.to)
        .collect();
    drawn.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, vpc: Option<&str>, role: wire::CommandRole) -> wire::CommandNode {
        wire::CommandNode {
            id: id.to_owned(),
            name: id.to_owned(),
            kind: "instance".to_owned(),
            region: None,
            vpc: vpc.map(ToOwned::to_owned),
            role,
            hops: 1,
            count: 1,
            incidents: Vec::new(),
        }
    }

    #[test]
    fn what_is_alike_is_one_within_its_network() {
        let account = Some("123456789012".to_owned());
        let mut accounts = Accounts::from([(account.clone(), empty(account.clone()))]);
        let reachable = |id, vpc| node(id, vpc, wire::CommandRole::Reachable);
        let mut nodes: Vec<_> =
            ["a", "b", "c"].map(|id| reachable(id, Some("vpc-1"))).into_iter().collect();
        nodes.extend(["d", "e"].map(|id| reachable(id, Some("vpc-2"))));
        nodes.push(reachable("f", None));
        nodes.push(node("jewel", Some("vpc-1"), wire::CommandRole::CrownJewel));
        let within = nodes.into_iter().map(|node| (account.clone(), node)).collect();
        let stands_for = gather(within, &mut accounts);
        let drawn: Vec<_> = accounts[&account]
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node.vpc.as_deref(), node.count))
            .collect();
        assert_eq!(
            drawn,
            [
                ("jewel", Some("vpc-1"), 1),
                ("a\u{2026}", Some("vpc-1"), 3),
                ("d", Some("vpc-2"), 1),
                ("e", Some("vpc-2"), 1),
                ("f", None, 1),
            ]
        );
        assert_eq!(stands_for["c"], "a\u{2026}");
    }
}
