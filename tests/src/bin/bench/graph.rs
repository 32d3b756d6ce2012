//! The asset graph at one million assets and ten million facts.
//!
//! How many facts lead away from an asset and how many lead to it both follow a power law, as in
//! clouds: a few roles, subnets and buckets have thousands. Four of five facts stay in an account of
//! a thousand assets. Facts come by the asset they lead away from, as a source answers. An incident
//! is on one to five assets, picked evenly.

mod world;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use firebreak_core::graph::cut::{Attack, Candidate, CutQuestion};
use firebreak_core::graph::{AssetGraph, EdgeKind, Question, Scratch, Severed, blast_radius};
use firebreak_core::{AssetId, StepId};

use self::world::{Dice, World};
use crate::Failure;
use crate::memory;
use crate::stats::Samples;
use crate::table::Table;

/// Incidents measured.
const INCIDENTS: usize = 2_000;

pub fn measure(assets: usize, table: &mut Table) -> Result<(), Failure> {
    let world = World::new(assets);
    let before = memory::own_kib().unwrap_or_default();
    let began = Instant::now();
    let (mut graph, told) = AssetGraph::from_facts(world.facts());
    let built = began.elapsed();
    let grown = memory::own_kib().unwrap_or_default().saturating_sub(before);
    let footprint = graph.footprint();
    table.row(
        "asset graph built",
        format!("{:.1} s, {}", built.as_secs_f64(), memory::mebibytes(grown)),
        format!(
            "{} assets, {} edges of {} facts; rows {:.1} B an edge",
            graph.assets(),
            told.fresh,
            told.fresh + told.known,
            footprint.rows as f64 / told.fresh as f64
        ),
    );
    world.mark_jewels(&mut graph);
    let mut scratch = Scratch::default();
    for hops in [3, 4] {
        radius(&world, &graph, hops, &mut scratch, table);
    }
    everything(&world, &graph, &mut scratch, table);
    cutting(&world, &graph, &mut scratch, table)?;
    updating(&world, &mut graph, table);
    Ok(())
}

fn radius(world: &World, graph: &AssetGraph, hops: u32, scratch: &mut Scratch, table: &mut Table) {
    let (mut samples, mut sizes) = (Samples::default(), Vec::new());
    let mut dice = Dice(u64::from(hops));
    for _ in 0..INCIDENTS {
        let from = world.incident(&mut dice);
        let began = Instant::now();
        let radius = blast_radius(graph, &Question { hops, ..Question::from(&from) }, scratch);
        samples.push(began.elapsed());
        sizes.push(radius.assets());
    }
    sizes.sort_unstable();
    let at = |share: usize| sizes[(sizes.len() - 1) * share / 100];
    let (half, most) = (at(50), at(99));
    table.row(
        format!("  blast radius, {hops} hops, 200 listed with paths"),
        samples.to_string(),
        format!("{INCIDENTS} incidents; p50 {half}, p99 {most}, max {} reached", at(100)),
    );
}

/// The worst there is: no limit that ends it.
fn everything(world: &World, graph: &AssetGraph, scratch: &mut Scratch, table: &mut Table) {
    let (mut samples, mut most) = (Samples::default(), 0);
    let mut dice = Dice(64);
    for _ in 0..20 {
        let from = world.incident(&mut dice);
        let began = Instant::now();
        let radius = blast_radius(graph, &Question { hops: 64, ..Question::from(&from) }, scratch);
        samples.push(began.elapsed());
        most = most.max(radius.assets());
    }
    table.row("  blast radius, everything", samples.to_string(), format!("20; {most} reached"));
}

/// Twelve steps, each around an asset that a path to a crown jewel leads by.
fn cutting(
    world: &World,
    graph: &AssetGraph,
    scratch: &mut Scratch,
    table: &mut Table,
) -> Result<(), Failure> {
    let (mut samples, mut paths) = (Samples::default(), Vec::new());
    let mut dice = Dice(12);
    for _ in 0..INCIDENTS / 10 {
        let from = world.incident(&mut dice);
        let radius = blast_radius(graph, &Question::from(&from), scratch);
        let by: BTreeSet<&AssetId> = radius.edges.iter().map(|edge| &edge.from).take(12).collect();
        let candidate = |(index, asset): (usize, &&AssetId)| Candidate {
            step: StepId::new(format!("stp_{index}")),
            severs: vec![Severed::Asset((*asset).clone())],
            breaks: BTreeSet::from([(*asset).clone()]),
            cost: 1,
        };
        let candidates: Vec<Candidate> = by.iter().enumerate().map(candidate).collect();
        let began = Instant::now();
        let attack = Attack::of(graph, &CutQuestion::from(&from, &candidates), scratch)?;
        let choice = attack.pareto();
        samples.push(began.elapsed());
        paths.push(choice.paths);
    }
    paths.sort_unstable();
    table.row(
        "  cut chosen, 4 hops, up to 12 steps",
        samples.to_string(),
        format!("{} incidents; p50 {} paths", paths.len(), paths[paths.len() / 2]),
    );
    Ok(())
}

/// New facts one by one, the rewriting of the rows among them.
fn updating(world: &World, graph: &mut AssetGraph, table: &mut Table) {
    let mut dice = Dice(99);
    let count = world.ids.len();
    let (mut sum, mut longest) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..count {
        let (from, to) = (dice.below(count), dice.below(count));
        let fact = world.fact(from, to, EdgeKind::Data);
        let began = Instant::now();
        graph.tell(&fact);
        sum += began.elapsed();
        longest = longest.max(began.elapsed());
    }
    table.row(
        "  facts told one by one",
        format!("{:.0} /s", count as f64 / sum.as_secs_f64()),
        format!("{count}; longest {} ms, when rows are written anew", longest.as_millis()),
    );
}
