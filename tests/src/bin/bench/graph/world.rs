//! A cloud that is as uneven as clouds are, the same every time.

use firebreak_core::asset::{Neighbour, Neighbourhood};
use firebreak_core::graph::{AssetGraph, EdgeKind, Fact};
use firebreak_core::{AssetId, Timestamp};

/// Facts for each asset.
const FACTS: usize = 10;
/// Assets of an account.
const ACCOUNT: usize = 1_000;
/// Most facts that lead away from one asset, before they are scaled to ten on average.
const MOST: f64 = 20_000.0;
/// Different reasons.
const REASONS: usize = 10_000;
/// One asset of so many is a crown jewel.
const JEWELS: usize = 2_000;

pub struct World {
    pub ids: Vec<AssetId>,
    reasons: Vec<String>,
    at: Timestamp,
}

impl World {
    pub fn new(assets: usize) -> Self {
        let id = |index: usize| {
            let account = index / ACCOUNT;
            format!("arn:aws:ec2:eu-central-1:{account:012}:instance/i-{index:017x}")
        };
        let reason = |index: usize| format!("sg-{index:017x} allows port 443 from sg-{index:017x}");
        Self {
            ids: (0..assets).map(|index| AssetId::new(id(index))).collect(),
            reasons: (0..REASONS).map(reason).collect(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    pub fn fact(&self, from: usize, to: usize, kind: EdgeKind) -> Fact<'_> {
        let reason = &self.reasons[(from * 31 + to) % REASONS];
        let (from, to) = (&self.ids[from], &self.ids[to]);
        Fact { from, to, kind, source: "aws", at: self.at, relation: "can_reach", reason }
    }

    /// How many lead away follows a power law with exponent 2.2; the asset of popularity rank `r`
    /// is led to as `r^(-2/3)`.
    pub fn facts(&self) -> impl Iterator<Item = Fact<'_>> {
        let count = self.ids.len();
        let degree = |dice: &mut Dice| (1.0 - dice.unit()).powf(-1.0 / 1.2).min(MOST);
        let mut dice = Dice(7);
        let degrees: Vec<f64> = (0..count).map(|_| degree(&mut dice)).collect();
        let scale = (count * FACTS) as f64 / degrees.iter().sum::<f64>();
        (0..count).flat_map(move |from| {
            let mut dice = Dice(from as u64);
            let wanted = degrees[from] * scale;
            let facts = wanted as usize + usize::from(dice.unit() < wanted.fract());
            (0..facts).map(move |index| {
                let to = self.target(from, &mut dice);
                self.fact(from, to, EdgeKind::ALL[index % 4])
            })
        })
    }

    fn target(&self, from: usize, dice: &mut Dice) -> usize {
        let count = self.ids.len();
        let (near, rank) = (dice.unit() < 0.8, dice.unit().powi(3));
        if near {
            let account = from / ACCOUNT * ACCOUNT;
            account + (rank * (count - account).min(ACCOUNT) as f64) as usize
        } else {
            // What is popular everywhere is spread over the accounts.
            (rank * count as f64) as usize * 7_919 % count
        }
    }

    pub fn mark_jewels(&self, graph: &mut AssetGraph) {
        let jewel = |id: &AssetId| Neighbour {
            id: id.clone(),
            name: "records".to_owned(),
            kind: "bucket".to_owned(),
            external: false,
            crown_jewel: true,
        };
        let nodes = self.ids.iter().step_by(JEWELS).map(jewel).collect();
        graph.absorb("aws", &Neighbourhood { nodes, edges: Vec::new() }, self.at);
    }

    pub fn incident(&self, dice: &mut Dice) -> Vec<AssetId> {
        let assets = 1 + dice.below(5);
        (0..assets).map(|_| self.ids[dice.below(self.ids.len())].clone()).collect()
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }
}
