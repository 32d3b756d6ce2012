//! The commander's view: what burns, where it can spread, and what changed.

mod aside;
mod chart;
#[cfg(test)]
mod checks;
mod export;
mod page;
mod picture;
mod plot;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use firebreak_core::clock::{Target, median};
use firebreak_core::incident::label;
use firebreak_core::policy::VerdictKind;
use firebreak_core::queue::{QueueFilter, QueueRow};
use firebreak_core::{AssetId, IncidentId, IncidentState, StepState};
use firebreak_engine::Reach;
use firebreak_store::{ReachSample, StoredStep};
use firebreak_wire as wire;

use crate::view::count;
use crate::{Desk, DeskError, view};

/// Incidents on the picture: the most severe.
const SHOWN: u32 = 60;
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
            // Most incidents have none; each plan is a read.
            let plan = match row.steps_total {
                0 => None,
                _ => store.plan(&row.id).await?,
            };
            let steps = plan.as_ref().map(|(_, steps)| steps.as_slice());
            incidents.push(wire::CommandIncident {
                row: view::queue::row(row),
                doing: doing(row.state, steps),
            });
        }
        let (accounts, edges) = picture::of(store, &burning).await?;
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
            to_acknowledge: middle(times.to_acknowledge),
            to_contain: middle(times.to_contain),
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
        let (taken_on, contained) =
            (count(times.to_acknowledge.len()), count(times.to_contain.len()));
        Ok(wire::Stats {
            counts: view::queue::counts(store.queue_counts().await?),
            past_due: store.past_due(now).await?.0,
            days,
            taken_on,
            contained,
            to_acknowledge: middle(times.to_acknowledge),
            to_contain: middle(times.to_contain),
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

/// The middle one of these seconds.
fn middle(seconds: Vec<i64>) -> Option<u32> {
    median(seconds).and_then(|seconds| u32::try_from(seconds).ok())
}
