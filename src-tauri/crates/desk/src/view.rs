//! From the core's types to the types that cross to the interface.

pub(crate) mod approval;
pub(crate) mod audit;
pub(crate) mod cut;
pub(crate) mod incident;
pub(crate) mod lease;
pub(crate) mod plan;
pub(crate) mod provenance;
pub(crate) mod queue;
pub(crate) mod reach;
pub(crate) mod settings;
pub(crate) mod source;
pub(crate) mod suppression;

/// How many, as the interface is told: what it can't hold is the most it can.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
