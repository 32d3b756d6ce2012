//! What goes on while the console is open: polling, context and plans for new incidents, the
//! model's turn, the event stream, signing and checking the audit log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use firebreak_core::{IncidentId, Severity};
use firebreak_engine::{EngineError, EngineEvent, PollReport};
use firebreak_store::SourceRow;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use crate::desk::locked;
use crate::{Desk, DeskError};

/// Between two polls of a source.
const POLL_EVERY: Duration = Duration::from_secs(15);
/// Between two polls of a source that waits for what is new by itself.
const LISTEN_AGAIN: Duration = Duration::from_millis(100);
/// Longest wait after failures.
const POLL_SELDOM: Duration = Duration::from_secs(300);
/// New incidents whose context waits to be gathered; beyond it they wait until they are opened.
const TRIAGE_BACKLOG: usize = 256;
/// Failures in a row from which a source is tried seldom.
pub(crate) const BREAKER_OPENS_AT: u32 = 5;
/// Between two rounds of orders to write back.
const WRITE_BACK_EVERY: Duration = Duration::from_secs(3);
/// Between two looks at what was put off or hidden for a time.
const DUE_EVERY: Duration = Duration::from_secs(10);
/// Between two rounds of reading what was contained.
const WATCH_EVERY: Duration = Duration::from_secs(10);
/// Between two looks at the keychain.
const KEYCHAIN_EVERY: Duration = Duration::from_secs(20);
/// Between two signatures of a growing log.
const SIGN_EVERY: Duration = Duration::from_secs(30);

/// Between two looks at how far everything reaches.
const REACH_EVERY: Duration = Duration::from_secs(60);

/// When each source is polled next.
pub(crate) type Schedule = Mutex<BTreeMap<String, DateTime<Utc>>>;

impl Desk {
    /// Starts the background work. Call once.
    pub fn start(self: &Arc<Self>) {
        let (triage, waiting) = mpsc::channel(TRIAGE_BACKLOG);
        self.spawn_stream(triage);
        self.spawn_triage(waiting);
        self.spawn_polling();
        self.spawn_write_backs();
        self.spawn_due();
        self.spawn_watch();
        self.spawn_upkeep();
    }

    /// Polls one source, or all of them, now.
    pub async fn poll_now(
        &self,
        name: Option<&str>,
    ) -> Result<Vec<(String, PollReport)>, DeskError> {
        let engine = self.owner()?;
        let mut reports = Vec::new();
        for row in engine.store().sources().await? {
            if name.is_some_and(|name| name != row.name) {
                continue;
            }
            reports.push((row.name.clone(), engine.poll(&row.name, &self.stop).await?));
        }
        if let (Some(name), true) = (name, reports.is_empty()) {
            return Err(EngineError::NotFound(format!(
                "source {}",
                firebreak_core::text::line(name, 60)
            ))
            .into());
        }
        Ok(reports)
    }

    pub(crate) fn next_poll(&self, row: &SourceRow) -> Option<DateTime<Utc>> {
        let due = locked(&self.schedule).get(&row.name).copied();
        due.filter(|due| row.polling && *due < DateTime::<Utc>::MAX_UTC)
    }

    /// The model's turn on an incident, in the background.
    pub(crate) fn ask_model_later(self: &Arc<Self>, id: IncidentId) {
        let desk = Arc::clone(self);
        self.tasks.spawn(async move {
            if let Err(error) = desk.ask_model(&id).await {
                tracing::warn!(incident = %id, %error, "the model's answer could not be kept");
            }
        });
    }

    /// The model's turn on an incident, to its end.
    pub async fn ask_model(&self, id: &IncidentId) -> Result<(), DeskError> {
        self.engine.advise(id).await?;
        let context = self.engine.store().context(id).await?;
        if let Some(note) = context.model_note {
            self.refresh_model_status(&note, false).await?;
        } else if let Some(firebreak_core::assessment::Assessment {
            author: firebreak_core::assessment::Author::Model { milliseconds, .. },
            ..
        }) = context.assessment
        {
            self.refresh_model_status(
                &format!("answered in {:.1} s", milliseconds as f64 / 1000.0),
                true,
            )
            .await?;
        }
        Ok(())
    }

    fn spawn_stream(self: &Arc<Self>, triage: mpsc::Sender<IncidentId>) {
        let desk = Arc::clone(self);
        let mut events = self.engine.events();
        self.tasks.spawn(async move {
            loop {
                let event = tokio::select! {
                    () = desk.stop.cancelled() => return,
                    event = events.recv() => event,
                };
                match event {
                    Ok(event) => {
                        if let EngineEvent::IncidentChanged { incident, is_new: true } = &event {
                            desk.queue_triage(incident, &triage).await;
                        }
                        match desk.translate(event).await {
                            Ok(Some(event)) => desk.hub.send(event),
                            Ok(None) => {}
                            Err(error) => tracing::warn!(%error, "an event could not be told"),
                        }
                    }
                    // A gap in the numbers makes the interface take a new snapshot.
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "events came faster than they could be told");
                        desk.hub.skip();
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }

    /// New incidents worth a look now get their context and plan before anybody opens them.
    async fn queue_triage(&self, incident: &IncidentId, triage: &mpsc::Sender<IncidentId>) {
        let severe = match self.engine.store().queue_row(incident).await {
            Ok(row) => row.severity >= Severity::High,
            Err(_) => false,
        };
        if severe && triage.try_send(incident.clone()).is_err() {
            tracing::debug!(%incident, "many new incidents; this one gets its context when it is opened");
        }
    }

    fn spawn_triage(self: &Arc<Self>, mut waiting: mpsc::Receiver<IncidentId>) {
        let desk = Arc::clone(self);
        self.tasks.spawn(async move {
            loop {
                let id = tokio::select! {
                    () = desk.stop.cancelled() => return,
                    id = waiting.recv() => match id {
                        Some(id) => id,
                        None => return,
                    },
                };
                if let Err(error) = desk.triage(&id).await {
                    tracing::warn!(incident = %id, %error, "an incident's context could not be gathered");
                }
            }
        });
    }

    /// Context, plan and the model's turn for an incident that has none.
    async fn triage(self: &Arc<Self>, id: &IncidentId) -> Result<(), DeskError> {
        if self.engine.store().plan(id).await?.is_some() {
            return Ok(());
        }
        self.engine.enrich(id).await?;
        self.engine.propose(id, &self.me).await?;
        self.ask_model_later(id.clone());
        Ok(())
    }

    fn spawn_polling(self: &Arc<Self>) {
        let desk = Arc::clone(self);
        self.tasks.spawn(async move {
            loop {
                for row in desk.engine.store().sources().await.unwrap_or_default() {
                    if row.polling && desk.is_due(&row.name) {
                        // Each on its own: a slow source, or one that listens, holds up no other.
                        desk.spawn_poll(row);
                    }
                }
                tokio::select! {
                    () = desk.stop.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_millis(500)) => {}
                }
            }
        });
    }

    /// Whether a source's time has come; if so nobody else polls it until it is scheduled again.
    fn is_due(&self, name: &str) -> bool {
        let now = self.engine.now();
        let mut schedule = locked(&self.schedule);
        let due = schedule.get(name).is_none_or(|due| *due <= now);
        if due {
            schedule.insert(name.to_owned(), DateTime::<Utc>::MAX_UTC);
        }
        due
    }

    fn spawn_poll(self: &Arc<Self>, row: SourceRow) {
        let desk = Arc::clone(self);
        self.tasks.spawn(async move {
            let wait = match desk.engine.poll(&row.name, &desk.stop).await {
                Ok(_) if desk.engine.source(&row.name).is_some_and(|source| source.listens()) => {
                    LISTEN_AGAIN
                }
                Ok(_) => POLL_EVERY,
                Err(error) => back_off(row.failures.saturating_add(1), &error),
            };
            let wait = chrono::Duration::from_std(wait).unwrap_or(chrono::Duration::seconds(15));
            locked(&desk.schedule).insert(row.name, desk.engine.now() + wait);
        });
    }

    fn spawn_write_backs(self: &Arc<Self>) {
        let desk = Arc::clone(self);
        self.tasks.spawn(async move {
            let mut rounds = tokio::time::interval(WRITE_BACK_EVERY);
            loop {
                tokio::select! {
                    () = desk.stop.cancelled() => return,
                    _ = rounds.tick() => {
                        if let Err(error) = desk.engine.send_write_backs().await {
                            tracing::warn!(%error, "orders to write back could not be carried out");
                        }
                    }
                }
            }
        });
    }

    /// Wakes incidents and shows findings whose time came. Asked of the clock each time, not slept
    /// towards: the machine may sleep meanwhile, or its clock be set.
    fn spawn_due(self: &Arc<Self>) {
        let desk = Arc::clone(self);
        self.tasks.spawn(async move {
            let mut rounds = tokio::time::interval(DUE_EVERY);
            loop {
                tokio::select! {
                    () = desk.stop.cancelled() => return,
                    _ = rounds.tick() => {}
                }
                if let Err(error) = desk.engine.wake_due().await {
                    tracing::warn!(%error, "snoozed incidents could not be woken");
                }
                if let Err(error) = desk.engine.show_what_is_hidden_too_long().await {
                    tracing::warn!(%error, "findings whose suppression ended could not be shown");
                }
            }
        });
    }

    /// Reads what was contained, again and again. On its own: a cloud that answers slowly holds up nothing
    /// else.
    fn spawn_watch(self: &Arc<Self>) {
        let desk = Arc::clone(self);
        self.tasks.spawn(async move {
            let mut rounds = tokio::time::interval(WATCH_EVERY);
            loop {
                tokio::select! {
                    () = desk.stop.cancelled() => return,
                    _ = rounds.tick() => {}
                }
                if let Err(error) = desk.engine.watch_due(&desk.stop).await {
                    tracing::warn!(%error, "what was contained could not be read");
                }
            }
        });
    }

    fn spawn_upkeep(self: &Arc<Self>) {
        let desk = Arc::clone(self);
        self.tasks.spawn(async move {
            if let Err(error) = desk.verify_audit().await {
                tracing::warn!(%error, "the audit log could not be checked");
            }
            let mut last_state = None;
            let mut keychain = tokio::time::interval(KEYCHAIN_EVERY);
            let mut signing = tokio::time::interval(SIGN_EVERY);
            let mut reach = tokio::time::interval(REACH_EVERY);
            loop {
                tokio::select! {
                    () = desk.stop.cancelled() => return,
                    _ = keychain.tick() => {
                        let now = desk.keychain().await;
                        if last_state.as_ref() != Some(&now.state) {
                            last_state = Some(now.state);
                            desk.hub.send(firebreak_wire::Event::KeychainChanged { keychain: now });
                        }
                    }
                    _ = reach.tick() => {
                        if let Err(error) = desk.note_reach().await {
                            tracing::debug!(%error, "how far everything reaches is not kept now");
                        }
                    }
                    _ = signing.tick() => {
                        if let Err(error) = desk.engine.checkpoint().await {
                            tracing::debug!(%error, "the audit log is not signed now");
                        }
                    }
                }
            }
        });
    }
}

/// Doubles with each failure in a row until the breaker opens; then one try now and again, whose
/// success closes it. Obeys what the other side asked for.
fn back_off(failures: u32, error: &EngineError) -> Duration {
    let doubled = match failures {
        BREAKER_OPENS_AT.. => POLL_SELDOM,
        few => POLL_EVERY.saturating_mul(2_u32.saturating_pow(few)),
    };
    let asked = match error {
        EngineError::Outside(error) => error.retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    doubled.min(POLL_SELDOM).max(asked)
}
