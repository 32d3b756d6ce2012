//! Sources: added, tested, paused, back-filled, reset, removed.

use std::sync::Arc;

use firebreak_core::ports::Secret;
use firebreak_core::text;
use firebreak_engine::{EngineError, IngestReport};
use firebreak_store::SourceRow;
use firebreak_wire as wire;
use serde_json::json;

use crate::adapters::{self, source_secret};
use crate::desk::locked;
use crate::settings::plain_name;
use crate::vendors::{self, API_URL, AUTH_URL, CLIENT_ID};
use crate::view::source::SourceFacts;
use crate::{Desk, DeskError, view};

/// Fields that the window neither shows nor takes.
const TERMINAL_ONLY: [&str; 3] = ["proxy", "authority_file", "endpoint"];
/// Hours in the sparkline.
const HOURS: u32 = 24;

impl Desk {
    /// What must be known to connect each vendor, as the window may ask for it.
    pub fn vendors(&self) -> Vec<wire::VendorForm> {
        let mut forms = vendors::forms();
        for form in &mut forms {
            form.fields.retain(|field| !TERMINAL_ONLY.contains(&field.name.as_str()));
        }
        forms
    }

    /// Adds a source from the window. What names a file or reroutes credentials is for the terminal:
    /// a page that was taken over must not reach it.
    pub async fn add_source_from_window(
        &self,
        draft: wire::SourceDraft,
    ) -> Result<wire::SourceView, DeskError> {
        if let Some(name) = draft.values.keys().find(|name| TERMINAL_ONLY.contains(&name.as_str()))
        {
            return Err(DeskError::Invalid(format!(
                "{name} can only be set from the terminal: firebreakctl source add --set {name}=…"
            )));
        }
        self.add_source(draft).await
    }

    /// Every source, as it is doing.
    pub async fn sources(&self) -> Result<Vec<wire::SourceView>, DeskError> {
        let mut views = Vec::new();
        for row in self.engine.store().sources().await? {
            views.push(self.source_view(&row.name).await?);
        }
        Ok(views)
    }

    /// One source as the interface shows it.
    pub(crate) async fn source_view(&self, name: &str) -> Result<wire::SourceView, DeskError> {
        let store = self.engine.store();
        let row = store.source(name).await?;
        let (alerts, unread) = store.alert_counts(name).await?;
        let form = vendors::form(&row.vendor).ok();
        let can = |what: fn(&wire::VendorForm) -> bool| form.as_ref().is_some_and(what);
        let source = self.engine.source(name);
        let backfill_running = locked(&self.backfilling).contains_key(name);
        let facts = SourceFacts {
            vendor_title: form.as_ref().map_or_else(|| row.vendor.clone(), |f| f.title.clone()),
            alerts,
            unread,
            per_hour: store.alerts_per_hour(name, self.engine.now(), HOURS).await?,
            next_poll: self.next_poll(&row),
            budget: source.as_ref().and_then(|source| source.budget()),
            note: source.as_ref().and_then(|source| source.note()),
            backfill: store.backfill(name).await?,
            backfill_running,
            can_write: self.engine.has_writer(name),
            writes_waiting: store.write_backs_waiting(name).await?,
            can_backfill: can(|form| form.can_backfill),
            can_reset: can(|form| form.can_reset),
        };
        Ok(view::source::source(&row, facts))
    }

    /// Adds a source. Its secret is in the keychain before anything is in the database.
    ///
    /// # Errors
    /// Keychain errors; a name that is taken; a value that is missing or no address.
    pub async fn add_source(
        &self,
        draft: wire::SourceDraft,
    ) -> Result<wire::SourceView, DeskError> {
        let engine = self.owner()?;
        let form = vendors::form(&draft.vendor)?;
        let row = row_of(&form, &draft)?;
        let name = row.name.clone();
        if engine.store().source(&name).await.is_ok() {
            return Err(DeskError::Invalid(format!(
                "there is a source {name} already; choose another name"
            )));
        }
        if draft.secret.trim().is_empty() {
            return Err(DeskError::Invalid(format!("{} is empty", form.secret_label)));
        }
        adapters::connect_source(engine, &row)?;
        let secret = source_secret(&name);
        if let Err(error) = engine.vault().write(&secret, Secret::new(draft.secret.trim())).await {
            engine.drop_source(&name);
            return Err(error.into());
        }
        let mut write = engine.store().write().await?;
        write.add_source(&row).await?;
        write.put_marker(secret.as_str(), engine.now()).await?;
        let detail = json!({
            "vendor": row.vendor, "api_url": row.api_url, "client_id": row.client_id,
            "settings": row.settings,
        });
        write
            .audit(self.entry("source_added", &name, format!("source {name} added"), detail))
            .await?;
        write.commit().await?;
        self.tell_source(&name).await
    }

    /// Asks a source whether address, credentials and scopes are right.
    pub async fn test_source(&self, name: &str) -> Result<wire::ConnectionTest, DeskError> {
        let source = self.engine.source(name).ok_or_else(|| {
            DeskError::Invalid(format!("there is no source {}", text::line(name, 60)))
        })?;
        Ok(view::settings::test(source.test().await))
    }

    /// Forgets a source and its secret; its alerts stay.
    pub async fn remove_source(&self, name: &str) -> Result<(), DeskError> {
        let engine = self.owner()?;
        engine.store().source(name).await?;
        self.cancel_backfill(name);
        engine.drop_source(name);
        engine.vault().delete(&source_secret(name)).await?;
        let mut write = engine.store().write().await?;
        write.delete_source(name).await?;
        write.delete_backfill(name).await?;
        write.delete_marker(source_secret(name).as_str()).await?;
        write
            .audit(self.entry("source_removed", name, format!("source {name} removed"), json!({})))
            .await?;
        write.commit().await?;
        self.hub.send(wire::Event::SourceRemoved { name: name.to_owned() });
        Ok(())
    }

    /// Pauses or resumes polling.
    pub async fn set_source_polling(
        &self,
        name: &str,
        polling: bool,
    ) -> Result<wire::SourceView, DeskError> {
        let engine = self.owner()?;
        engine.store().source(name).await?;
        let mut write = engine.store().write().await?;
        write.set_polling(name, polling).await?;
        let text = if polling { "polling resumed" } else { "polling paused" };
        let detail = json!({ "polling": polling });
        write.audit(self.entry("source_changed", name, text.to_owned(), detail)).await?;
        write.commit().await?;
        self.tell_source(name).await
    }

    /// Forgets how far a source was read: the next poll begins at the look-back. Nothing is lost by
    /// it; what was seen is recognised.
    ///
    /// # Errors
    /// [`DeskError::Refused`] where no place is kept.
    pub async fn reset_source(&self, name: &str) -> Result<wire::SourceView, DeskError> {
        let engine = self.owner()?;
        let row = engine.store().source(name).await?;
        let form = vendors::form(&row.vendor)?;
        if !form.can_reset {
            return Err(DeskError::Refused(format!(
                "{name} keeps no place that could be reset: {} hands out what is in it, once",
                form.title
            )));
        }
        let mut write = engine.store().write().await?;
        write.reset_cursor(name).await?;
        let text = "cursor reset: the next poll begins at the look-back".to_owned();
        let detail =
            json!({ "cursor": row.cursor.map(|cursor| cursor.0), "seen_until": row.seen_until });
        write.audit(self.entry("source_reset", name, text, detail)).await?;
        write.commit().await?;
        locked(&self.schedule).remove(name);
        self.tell_source(name).await
    }

    /// Reads the last days of a source again, to the end; `None` goes on with an unfinished one.
    ///
    /// # Errors
    /// [`EngineError::Refused`] while another back-fill of the source runs; [`DeskError::Refused`]
    /// where there is no past to read.
    pub async fn backfill(&self, name: &str, days: Option<u32>) -> Result<IngestReport, DeskError> {
        let engine = self.owner()?;
        self.check_has_past(name).await?;
        let cancel = self.stop.child_token();
        {
            let mut running = locked(&self.backfilling);
            if running.contains_key(name) {
                let text = format!("a back-fill of {name} is running already");
                return Err(EngineError::Refused(text).into());
            }
            running.insert(name.to_owned(), cancel.clone());
        }
        let report = engine.backfill(name, days, &self.me, &cancel).await;
        locked(&self.backfilling).remove(name);
        self.tell_source(name).await?;
        Ok(report?)
    }

    /// The same in the background; progress is told by events.
    pub async fn start_backfill(
        self: &Arc<Self>,
        name: &str,
        days: Option<u32>,
    ) -> Result<(), DeskError> {
        self.owner()?;
        self.check_has_past(name).await?;
        let (desk, name) = (Arc::clone(self), name.to_owned());
        self.tasks.spawn(async move {
            if let Err(error) = desk.backfill(&name, days).await {
                tracing::warn!(source = name, %error, "a back-fill stopped");
                desk.hub.send(wire::Event::BackfillStopped { name, error: error.to_wire() });
            }
        });
        Ok(())
    }

    async fn check_has_past(&self, name: &str) -> Result<(), DeskError> {
        let form = vendors::form(&self.engine.store().source(name).await?.vendor)?;
        if form.can_backfill {
            return Ok(());
        }
        Err(DeskError::Refused(format!(
            "{name} can't be back-filled: {} holds nothing but what was not yet taken from it",
            form.title
        )))
    }

    /// Stops a running back-fill after the page it is at.
    pub fn cancel_backfill(&self, name: &str) {
        if let Some(running) = locked(&self.backfilling).get(name) {
            running.cancel();
        }
    }

    async fn tell_source(&self, name: &str) -> Result<wire::SourceView, DeskError> {
        let view = self.source_view(name).await?;
        self.hub.send(wire::Event::SourceChanged { source: view.clone() });
        Ok(view)
    }
}

fn row_of(form: &wire::VendorForm, draft: &wire::SourceDraft) -> Result<SourceRow, DeskError> {
    let mut settings = vendors::checked(form, &draft.values)?;
    let mut column = |name: &str| settings.remove(name).unwrap_or_default();
    Ok(SourceRow {
        api_url: column(API_URL),
        auth_url: column(AUTH_URL),
        client_id: column(CLIENT_ID),
        settings,
        ..SourceRow::new(plain_name(&draft.name)?, &form.vendor)
    })
}
