//! What was taken off the console, on record.

use std::path::Path;

use serde_json::json;

use crate::{Engine, EngineError, EngineEvent, Identity};

impl Engine {
    /// Records that something was written to a file for people.
    pub async fn record_export(
        &self,
        what: &str,
        path: &Path,
        sha256: &str,
        bytes: usize,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let path = path.display().to_string();
        let text = format!("exported {what} to {path}");
        let detail = json!({ "path": path, "sha256": sha256, "bytes": bytes });
        let mut write = self.store.write().await?;
        write.audit(self.record(who, "view_exported", what, text, detail)).await?;
        write.commit().await?;
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }
}
