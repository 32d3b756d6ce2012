//! Caps: asked in the transaction that writes an intent, and shown before anybody signs.

use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::plan::Step;
use firebreak_core::policy::{Asked, Room, WINDOW_MINUTES};
use firebreak_store::Write;

use crate::{Engine, EngineError};

impl Engine {
    /// What every cap says of running a step now. Others may run before it does.
    ///
    /// # Errors
    /// Only when the store fails.
    pub async fn room(&self, step: &Step) -> Result<Vec<Room>, EngineError> {
        let now = self.now();
        let known = self.store.count_alike(&step.account, step.action.spec().target).await?;
        let touches = self.store.touches(since(now), &step.incident).await?;
        Ok(self.policies().limits().room(&asked(step, known), &touches, now))
    }

    /// What is in the way of running a step, as the transaction sees it that would write its
    /// intent: two runs can't both take the last place.
    pub(crate) async fn is_capped(
        &self,
        write: &mut Write,
        step: &Step,
    ) -> Result<Option<String>, EngineError> {
        let now = self.now();
        let known = write.count_alike(&step.account, step.action.spec().target).await?;
        let touches = write.touches(since(now), &step.incident).await?;
        let rooms = self.policies().limits().room(&asked(step, known), &touches, now);
        Ok(in_the_way(&rooms))
    }
}

/// The caps that are full, in words; `None` when none is.
pub fn in_the_way(rooms: &[Room]) -> Option<String> {
    let full: Vec<String> = rooms.iter().filter(|room| room.is_full).map(Room::refusal).collect();
    (!full.is_empty()).then(|| full.join("; "))
}

fn since(now: Timestamp) -> Timestamp {
    now - TimeDelta::minutes(WINDOW_MINUTES)
}

fn asked(step: &Step, known: u64) -> Asked {
    Asked {
        incident: step.incident.clone(),
        action: step.action,
        account: step.account.clone(),
        target: step.target.clone(),
        known,
    }
}
