//! What a team promises, and how far everything reaches by the minute.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use firebreak_core::clock::Target;
use firebreak_store::ReachSample;
use serde_json::json;

use crate::{Engine, EngineError, EngineEvent, Identity};

/// How long reaches are kept.
const KEPT: TimeDelta = TimeDelta::days(90);

impl Engine {
    /// Puts other targets in force; every running clock is set anew. Severities that are not named keep
    /// theirs.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the target that can't be kept, or that is given twice.
    pub async fn set_clock_targets(
        &self,
        targets: &[Target],
        who: &Identity,
    ) -> Result<(), EngineError> {
        let mut named = BTreeSet::new();
        for target in targets {
            target.check().map_err(EngineError::Invalid)?;
            if !named.insert(target.severity) {
                let name = target.severity.name();
                return Err(EngineError::Invalid(format!("{name} has two targets; give one")));
            }
        }
        let before = self.store.clock_targets().await?;
        let said = |target: &Target| {
            let Target { severity, acknowledge, contain } = target;
            format!("{} {acknowledge} and {contain} min", severity.name())
        };
        let changed: Vec<Target> =
            targets.iter().filter(|target| !before.contains(target)).copied().collect();
        if changed.is_empty() {
            return Ok(());
        }
        let mut write = self.store.write().await?;
        write.put_clock_targets(&changed).await?;
        let words: Vec<String> = changed.iter().map(said).collect();
        let text = format!("taken on and contained within: {}", words.join(", "));
        let detail = json!({ "before": before, "after": changed });
        let subject = "clocks".to_owned();
        write.audit(self.record(who, "clock_targets_set", subject, text, detail)).await?;
        write.commit().await?;
        self.emit(EngineEvent::QueueChanged);
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }

    /// Keeps how far everything reaches, if that is not as it was.
    pub async fn note_reach(&self, sample: ReachSample) -> Result<(), EngineError> {
        let known = self.store.reach_samples(sample.at).await?;
        let same = |last: &ReachSample| ReachSample { at: sample.at, ..*last } == sample;
        if known.last().is_some_and(same) {
            return Ok(());
        }
        let mut write = self.store.write().await?;
        write.put_reach_sample(&sample, sample.at - KEPT).await?;
        write.commit().await?;
        Ok(())
    }
}
