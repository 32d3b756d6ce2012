//! Saved views of the queue. Their queries are the interface's to read; here they are kept.

use firebreak_core::view::View;
use firebreak_core::{ViewId, text};
use firebreak_wire as wire;
use serde_json::json;
use uuid::Uuid;

use crate::{Desk, DeskError};

/// Characters of a name.
const NAME_CAP: usize = 60;
/// Characters of a query.
const QUERY_CAP: usize = 500;
/// Views in one workspace.
const MOST_VIEWS: usize = 200;

impl Desk {
    /// All saved views, by name.
    pub async fn views(&self) -> Result<Vec<wire::SavedView>, DeskError> {
        Ok(self.engine.store().views().await?.into_iter().map(view).collect())
    }

    /// Saves a view, or replaces one.
    pub async fn save_view(
        &self,
        draft: wire::SavedViewDraft,
    ) -> Result<wire::SavedView, DeskError> {
        let engine = self.owner()?;
        let name = text::line(draft.name.trim(), NAME_CAP + 1);
        if name.is_empty() || name.chars().count() > NAME_CAP {
            return Err(DeskError::Invalid(format!(
                "a view needs a name of 1 to {NAME_CAP} characters"
            )));
        }
        if draft.query.chars().count() > QUERY_CAP {
            return Err(DeskError::Invalid(format!(
                "the query of a view has at most {QUERY_CAP} characters"
            )));
        }
        let known = engine.store().views().await?;
        let taken = |other: &&View| {
            other.name.eq_ignore_ascii_case(&name) && draft.id.as_deref() != Some(other.id.as_str())
        };
        if let Some(other) = known.iter().find(taken) {
            return Err(DeskError::Refused(format!(
                "there is a view called {} already; replace that one, or choose another name",
                other.name
            )));
        }
        let id = match &draft.id {
            Some(id) if known.iter().any(|view| view.id.as_str() == id) => ViewId::new(id),
            Some(_) => {
                return Err(DeskError::Refused(
                    "that view was deleted meanwhile; save it as a new one".to_owned(),
                ));
            }
            None if known.len() >= MOST_VIEWS => {
                return Err(DeskError::Refused(format!(
                    "there are {MOST_VIEWS} views already; delete one that nobody needs"
                )));
            }
            None => ViewId::new(format!("view_{}", Uuid::now_v7().simple())),
        };
        let mut columns = draft.columns;
        if let Some(columns) = &mut columns {
            columns.sort_unstable();
            columns.dedup();
        }
        let saved = View {
            id,
            name,
            query: text::line(draft.query.trim(), QUERY_CAP),
            columns,
            density: draft.density,
            saved_by: self.me.name.clone(),
            saved_at: engine.now(),
        };
        let detail = json!({
            "name": saved.name, "query": saved.query, "columns": saved.columns, "density": saved.density,
        });
        let said = format!("view {} saved", saved.name);
        let mut write = engine.store().write().await?;
        write.put_view(&saved).await?;
        write.audit(self.entry("view_saved", saved.id.as_str(), said, detail)).await?;
        write.commit().await?;
        Ok(view(saved))
    }

    /// Forgets a view.
    pub async fn delete_view(&self, id: &str) -> Result<(), DeskError> {
        let engine = self.owner()?;
        let mut write = engine.store().write().await?;
        write.delete_view(&ViewId::new(id)).await?;
        let said = "view deleted".to_owned();
        write.audit(self.entry("view_deleted", id, said, json!({}))).await?;
        write.commit().await?;
        Ok(())
    }
}

fn view(view: View) -> wire::SavedView {
    wire::SavedView {
        id: view.id.to_string(),
        name: view.name,
        query: view.query,
        columns: view.columns,
        density: view.density,
        saved_by: view.saved_by,
        saved_at: view.saved_at,
    }
}
