//! The commander's view: what burns, where it can spread, and what changed.

mod aside;
mod chart;
#[cfg(test)]
mod checks;
mod export;
mod page;
mod plot;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use firebreak_core::asset::Asset;
use firebreak_core::clock::{Target, median};
use firebreak_core::incident::label;
use firebreak_core::policy::VerdictKind;
use firebreak_core::queue::{QueueFilter, QueueRow};
use firebreak_core::{AssetId, IncidentId, IncidentState, Severity, StepState};
use firebreak_engine::Reach;
use firebreak_store::{ReachSample, StoredStep};
use firebreak_wire as wire;

use crate::{Desk, DeskError, view};

/// Incidents on the picture: the most severe.
const SHOWN: u32 = 60;
/// What is merely reachable and alike is one from here on.
const ALIKE: usize = 3;
/// Lines of what was done since.
const DEEDS: u32 = 40;

/// Everything active with what it reaches.
struct Burning {
    rows: Vec<QueueRow>,
    /// Assets by whether an attacker is still on them, with the labels of their incidents.
    compromised: BTreeMap<AssetId, Vec<String>>,
    contained: BTreeMap<AssetId, Vec<String>>,
    reach: Reach,
}

impl Burning {
    fn sample(&self, at: DateTime<Utc>) -> ReachSample {
        ReachSample {
            at,
            assets: count(self.reach.radius.assets()),
            jewels: count(self.reach.radius.crown_jewels),
            compromised: count(self.compromised.len() + self.contained.len()),
            contained: count(self.contained.len()),
        }
    }
}

impl Desk {
    /// What burns now, and what changed since a time if one is asked about.
    pub async fn command_view(
        &self,
        query: wire::CommandQuery,
    ) -> Result<wire::CommandView, DeskError> {
        let (store, now) = (self.engine.store(), self.engine.now());
        let burning = self.burning().await?;
        let sample = burning.sample(now);
        let day = now - TimeDelta::days(1);
        let times = store.times(day).await?;
        let mut incidents = Vec::new();
        for row in &burning.rows {
            let plan = store.plan(&row.id).await?;
            let steps = plan.as_ref().map(|(_, steps)| steps.as_slice());
            incidents.push(wire::CommandIncident {
                row: view::queue::row(row),
                doing: doing(row.state, steps),
            });
        }
        let median = |seconds| median(seconds).and_then(|seconds| u32::try_from(seconds).ok());
        let (accounts, edges) = self.picture(&burning).await?;
        Ok(wire::CommandView {
            at: now,
            open: store.queue_counts().await?.open,
            shown: count(burning.rows.len()),
            past_due: store.past_due(now).await?.0,
            compromised: sample.compromised,
            contained: sample.contained,
            assets: sample.assets,
            crown_jewels: sample.jewels,
            hops: burning.reach.hops,
            goes_on: burning.reach.radius.goes_on,
            to_acknowledge: median(times.to_acknowledge),
            to_contain: median(times.to_contain),
            targets: store.clock_targets().await?,
            accounts,
            edges,
            incidents,
            reach: store.reach_samples(day).await?.iter().map(point).collect(),
            since: match query.since {
                Some(since) => Some(self.since(since, &burning).await?),
                None => None,
            },
        })
    }

    /// What the team promises by severity.
    pub async fn clock_targets(&self) -> Result<Vec<Target>, DeskError> {
        Ok(self.engine.store().clock_targets().await?)
    }

    /// Promises something else.
    pub async fn set_clock_targets(&self, targets: &[Target]) -> Result<Vec<Target>, DeskError> {
        self.owner()?.set_clock_targets(targets, &self.me).await?;
        self.clock_targets().await
    }

    /// Counts, and how the clocks were kept in the last so many days.
    pub async fn stats(&self, days: u32) -> Result<wire::Stats, DeskError> {
        let (store, now) = (self.engine.store(), self.engine.now());
        let times = store.times(now - TimeDelta::days(days.into())).await?;
        let median = |seconds| median(seconds).and_then(|seconds| u32::try_from(seconds).ok());
        let (taken_on, contained) =
            (count(times.to_acknowledge.len()), count(times.to_contain.len()));
        Ok(wire::Stats {
            counts: view::queue::counts(store.queue_counts().await?),
            past_due: store.past_due(now).await?.0,
            days,
            taken_on,
            contained,
            to_acknowledge: median(times.to_acknowledge),
            to_contain: median(times.to_contain),
            targets: store.clock_targets().await?,
        })
    }

    /// Keeps how far everything reaches now, for the line over time.
    pub(crate) async fn note_reach(&self) -> Result<(), DeskError> {
        let sample = self.burning().await?.sample(self.engine.now());
        Ok(self.owner()?.note_reach(sample).await?)
    }

    async fn burning(&self) -> Result<Burning, DeskError> {
        let open = |state: &IncidentState| state.is_open();
        let filter = QueueFilter {
            states: IncidentState::ALL.into_iter().filter(open).collect(),
            limit: SHOWN,
            ..QueueFilter::default()
        };
        let rows = self.engine.store().queue(&filter).await?.rows;
        let (mut compromised, mut contained) = (BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            let Some(asset) = &row.asset else { continue };
            let over = row.state == IncidentState::Contained;
            let one = if over { &mut contained } else { &mut compromised };
            one.entry(asset.clone()).or_insert_with(Vec::new).push(label(row.number));
        }
        // What one incident contained, another may still burn on.
        contained.retain(|asset, _| !compromised.contains_key(asset));
        let from: Vec<AssetId> = compromised.keys().cloned().collect();
        let reach = self.engine.reach(&from).await?;
        Ok(Burning { rows, compromised, contained, reach })
    }

    /// Accounts with what is in them, where it burns first, and the ways between.
    async fn picture(
        &self,
        burning: &Burning,
    ) -> Result<(Vec<wire::CommandAccount>, Vec<wire::CommandEdge>), DeskError> {
        let radius = &burning.reach.radius;
        let mut nodes: BTreeMap<AssetId, (wire::CommandRole, u32)> = BTreeMap::new();
        let mut edges = BTreeSet::new();
        for edge in &radius.edges {
            edges.insert((edge.from.clone(), edge.to.clone(), false));
        }
        for reached in &radius.listed {
            let role = match (reached.outside, reached.worth.crown_jewel) {
                (true, _) => wire::CommandRole::External,
                (false, true) => wire::CommandRole::CrownJewel,
                (false, false) => wire::CommandRole::Reachable,
            };
            nodes.entry(reached.asset.clone()).or_insert((role, reached.hops));
            if !reached.worth.crown_jewel {
                continue;
            }
            for edge in radius.path(reached) {
                edges.remove(&(edge.from.clone(), edge.to.clone(), false));
                edges.insert((edge.from.clone(), edge.to.clone(), true));
                if let Some((role @ wire::CommandRole::Reachable, _)) = nodes.get_mut(&edge.to) {
                    *role = wire::CommandRole::OnPath;
                }
            }
        }
        // A path may lead through what was listed after its jewel.
        for (from, _, _) in edges.iter().filter(|(_, _, to_jewel)| *to_jewel) {
            if let Some((role @ wire::CommandRole::Reachable, _)) = nodes.get_mut(from) {
                *role = wire::CommandRole::OnPath;
            }
        }
        for asset in burning.contained.keys() {
            nodes.insert(asset.clone(), (wire::CommandRole::Contained, 0));
        }
        for asset in burning.compromised.keys() {
            nodes.insert(asset.clone(), (wire::CommandRole::Compromised, 0));
        }
        let known = self.engine.store().assets(&nodes.keys().cloned().collect()).await?;
        let known: BTreeMap<&AssetId, &Asset> =
            known.iter().map(|asset| (&asset.id, asset)).collect();
        let rows: BTreeMap<&AssetId, &QueueRow> =
            burning.rows.iter().filter_map(|row| Some((row.asset.as_ref()?, row))).collect();
        let mut accounts: BTreeMap<Option<String>, wire::CommandAccount> = BTreeMap::new();
        let mut within = Vec::new();
        for (id, (role, hops)) in &nodes {
            let (asset, row) = (known.get(id), rows.get(id));
            let account = asset
                .and_then(|asset| asset.account.clone())
                .or_else(|| row.and_then(|row| row.account.clone()))
                .filter(|_| *role != wire::CommandRole::External);
            let called = burning.reach.named.get(id);
            let name = [
                asset.and_then(|asset| asset.name.clone()),
                row.and_then(|row| row.asset_name.clone()),
                called.map(|called| called.name.clone()).filter(|name| !name.is_empty()),
            ];
            let labels = burning.compromised.get(id).or_else(|| burning.contained.get(id));
            let node = wire::CommandNode {
                id: id.to_string(),
                name: name.into_iter().flatten().next().unwrap_or_else(|| id.to_string()),
                kind: called.map(|called| called.kind.clone()).unwrap_or_default(),
                region: asset.and_then(|asset| asset.region.clone()),
                role: *role,
                hops: *hops,
                count: 1,
                incidents: labels.cloned().unwrap_or_default(),
            };
            let place = accounts.entry(account.clone()).or_insert_with(|| wire::CommandAccount {
                account: account.clone(),
                name: None,
                severity: None,
                incidents: 0,
                nodes: Vec::new(),
            });
            let account_name = asset.and_then(|asset| asset.account_name.clone());
            place.name =
                place.name.take().or(account_name).or(row.and_then(|row| row.account_name.clone()));
            within.push((account, node));
        }
        let stands_for = gather(within, &mut accounts);
        for row in &burning.rows {
            let Some(place) = accounts.get_mut(&row.account) else { continue };
            place.incidents += 1;
            if row.state != IncidentState::Contained {
                place.severity = place.severity.max(Some(row.severity));
            }
        }
        let mut accounts: Vec<wire::CommandAccount> = accounts.into_values().collect();
        accounts.sort_by_key(|place| {
            let rank = place.severity.map(Severity::rank);
            std::cmp::Reverse((place.account.is_some(), rank, place.incidents, place.nodes.len()))
        });
        let end = |id: &AssetId| {
            let id = id.to_string();
            stands_for.get(&id).cloned().unwrap_or(id)
        };
        let drawn = edges
            .iter()
            .map(|(from, to, to_jewel)| wire::CommandEdge {
                from: end(from),
                to: end(to),
                to_jewel: *to_jewel,
            })
            .filter(|edge| edge.from != edge.to)
            .collect::<BTreeSet<_>>();
        Ok((accounts, drawn.into_iter().collect()))
    }

    async fn since(
        &self,
        since: DateTime<Utc>,
        burning: &Burning,
    ) -> Result<wire::SinceView, DeskError> {
        let store = self.engine.store();
        let (contained, ended) = store.ended_since(since).await?;
        let opened = QueueFilter { opened_after: Some(since), limit: 1, ..QueueFilter::default() };
        let ids: Vec<IncidentId> = burning.rows.iter().map(|row| row.id.clone()).collect();
        let labels: BTreeMap<&IncidentId, String> =
            burning.rows.iter().map(|row| (&row.id, label(row.number))).collect();
        let deeds = store.deeds_since(&ids, since, DEEDS).await?;
        let samples = store.reach_samples(since).await?;
        Ok(wire::SinceView {
            at: since,
            opened: store.queue(&opened).await?.matching,
            contained,
            ended,
            before: samples.first().filter(|sample| sample.at <= since).map(point),
            deeds: deeds
                .iter()
                .map(|(incident, entry)| {
                    let line = view::incident::timeline(entry);
                    wire::SinceDeed {
                        at: line.at,
                        incident: incident.to_string(),
                        label: labels.get(incident).cloned().unwrap_or_default(),
                        kind: line.kind,
                        actor: line.actor,
                        text: line.text,
                    }
                })
                .collect(),
        })
    }
}

/// Puts nodes into their accounts; many that are alike and merely reachable become one. Answers which
/// one each of those became.
fn gather(
    within: Vec<(Option<String>, wire::CommandNode)>,
    accounts: &mut BTreeMap<Option<String>, wire::CommandAccount>,
) -> BTreeMap<String, String> {
    let plain = |node: &wire::CommandNode| {
        matches!(node.role, wire::CommandRole::Reachable | wire::CommandRole::External)
    };
    let mut alike: BTreeMap<_, Vec<wire::CommandNode>> = BTreeMap::new();
    let mut stands_for = BTreeMap::new();
    for (account, node) in within {
        if plain(&node) {
            let kind = (account, node.role, node.kind.clone(), node.hops);
            alike.entry(kind).or_default().push(node);
        } else if let Some(place) = accounts.get_mut(&account) {
            place.nodes.push(node);
        }
    }
    for ((account, _, kind, _), nodes) in alike {
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

/// What goes on in an incident, in the words of its most telling step.
fn doing(state: IncidentState, steps: Option<&[StoredStep]>) -> String {
    if state == IncidentState::Contained {
        return "contained, every needed step proven".to_owned();
    }
    let Some(steps) = steps else { return "no plan".to_owned() };
    let at =
        |states: &[StepState]| steps.iter().position(|stored| states.contains(&stored.step.state));
    let say = |index: usize, what: &str| format!("step {} {what}", index + 1);
    if let Some(index) = at(&[StepState::Running, StepState::Undoing, StepState::Dispatched]) {
        return say(index, "is running");
    }
    for (asked, what) in [
        (StepState::Unknown, "may have happened: reconcile it"),
        (StepState::Failed, "failed"),
        (StepState::Refuted, "did not work"),
        (StepState::Approved, "is signed and waits to be run"),
    ] {
        if let Some(index) = at(&[asked]) {
            return say(index, what);
        }
    }
    let waits = steps.iter().position(|stored| stored.step.state == StepState::Proposed);
    match waits {
        Some(index) => match &steps[index].step.verdict.kind {
            VerdictKind::NeedsApproval(1) => say(index, "waits for a signature"),
            VerdictKind::NeedsApproval(many) => say(index, &format!("waits for {many} signatures")),
            VerdictKind::Auto | VerdictKind::Denied => say(index, "waits"),
        },
        None if steps.is_empty() => "no plan".to_owned(),
        None => "no step is left to do".to_owned(),
    }
}

fn point(sample: &ReachSample) -> wire::ReachPoint {
    wire::ReachPoint {
        at: sample.at,
        assets: sample.assets,
        crown_jewels: sample.jewels,
        compromised: sample.compromised,
        contained: sample.contained,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
