//! Reading until what was done is proven, refuted, or the deadline passes.

use std::time::Duration;

use firebreak_core::ProofOutcome;
use firebreak_core::plan::{ProofRecord, Step};
use firebreak_core::ports::OutsideError;
use firebreak_core::proof::{Condition, Judgement, judge};

use crate::draft::target_of;
use crate::{Engine, EngineError};

/// Eventual consistency gets this long before an unproven step stays unproven.
const DEADLINE: Duration = Duration::from_secs(90);
/// A refuting read may be stale for this long.
const REFUTED_GRACE: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Engine {
    /// Reads the target until the conditions are decided, and answers the last reading.
    pub(crate) async fn prove(
        &self,
        step: &Step,
        conditions: &[Condition],
    ) -> Result<ProofRecord, EngineError> {
        let started = tokio::time::Instant::now();
        let mut wait = FIRST_WAIT;
        let mut last: Option<ProofRecord> = None;
        let mut trouble: Option<OutsideError> = None;
        loop {
            match self.read_once(step, conditions).await {
                Ok(record) if record.judgement.outcome == ProofOutcome::Proven => {
                    return Ok(record);
                }
                Ok(record) => {
                    let refuted = record.judgement.outcome == ProofOutcome::Refuted;
                    if refuted && started.elapsed() >= REFUTED_GRACE {
                        return Ok(record);
                    }
                    last = Some(record);
                }
                Err(EngineError::Outside(error)) => trouble = Some(error),
                Err(other) => return Err(other),
            }
            if started.elapsed() >= DEADLINE {
                break;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        match (last, trouble) {
            (Some(record), _) => Ok(record),
            (None, Some(error)) => Err(EngineError::Outside(error)),
            (None, None) => Ok(ProofRecord {
                read_at: self.now(),
                judgement: Judgement { outcome: ProofOutcome::Unknown, checks: Vec::new() },
            }),
        }
    }

    pub(crate) async fn read_once(
        &self,
        step: &Step,
        conditions: &[Condition],
    ) -> Result<ProofRecord, EngineError> {
        let observed = self.reader_of(step)?.observe(&target_of(step)).await?;
        Ok(ProofRecord { read_at: self.now(), judgement: judge(conditions, &observed) })
    }
}
