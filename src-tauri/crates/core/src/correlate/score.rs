//! How sure it is that two findings are one thing happening, and why in words.

use chrono::Duration;

use super::entity::Entity;
use super::window;

/// How much less a link counts when it spans the whole window.
const FADES_TO: f64 = 0.7;

/// An entity that a finding shares with an incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shared {
    /// Which.
    pub entity: Entity,
    /// How far the finding is from the nearest one of the incident that names it.
    pub apart: Duration,
}

/// From 0 to 1: each shared entity is taken for a witness of its own, weighted by what it is and how
/// far apart the findings are, `1 - Π (1 - weight)`.
pub fn score(shared: &[Shared]) -> f64 {
    let doubt = |shared: &Shared| {
        let span = window().num_seconds() as f64;
        let gone = (shared.apart.num_seconds() as f64 / span).clamp(0.0, 1.0);
        1.0 - shared.entity.role.weight() * (1.0 - (1.0 - FADES_TO) * gone)
    };
    1.0 - shared.iter().map(doubt).product::<f64>()
}

/// What is shared, in words: `shares access key AKIA…, 12 min apart`.
pub fn because(shared: &[Shared]) -> String {
    let mut shared: Vec<&Shared> = shared.iter().collect();
    shared.sort();
    let named: Vec<String> = shared
        .iter()
        .map(|shared| format!("{} {}", shared.entity.role.noun(), shared.entity.id))
        .collect();
    let nearest = shared.iter().map(|shared| shared.apart).min().unwrap_or_default();
    format!("shares {}, {}", named.join(" and "), apart(nearest))
}

pub(super) fn apart(gap: Duration) -> String {
    match (gap.num_hours(), gap.num_minutes()) {
        (0, 0) => "while that went on".to_owned(),
        (0, minutes) => format!("{minutes} min apart"),
        (hours, _) => format!("{hours} h apart"),
    }
}
