//! From the engine's events to the one ordered stream of the interface.

use std::sync::{Mutex, PoisonError};

use firebreak_engine::EngineEvent;
use firebreak_wire::{Envelope, Event};
use tokio::sync::broadcast;

use crate::desk::set;
use crate::{Desk, DeskError, view};

const BACKLOG: usize = 4096;

/// Numbers events and hands them out.
pub(crate) struct Hub {
    sender: broadcast::Sender<Envelope>,
    seq: Mutex<u32>,
}

impl Hub {
    pub fn new() -> Self {
        Self { sender: broadcast::channel(BACKLOG).0, seq: Mutex::new(0) }
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Envelope> {
        self.sender.subscribe()
    }

    /// The number of the last event sent.
    pub fn seq(&self) -> u32 {
        *self.seq.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a gap in the numbers: something was missed.
    pub fn skip(&self) {
        let mut seq = self.seq.lock().unwrap_or_else(PoisonError::into_inner);
        *seq = seq.wrapping_add(1);
    }

    /// Sends an event; the lock keeps numbers in the order of sending.
    pub fn send(&self, event: Event) {
        let mut seq = self.seq.lock().unwrap_or_else(PoisonError::into_inner);
        *seq = seq.wrapping_add(1);
        let _listeners = self.sender.send(Envelope { seq: *seq, event });
    }
}

impl Desk {
    /// What the interface must know of an engine's event.
    pub(crate) async fn translate(&self, event: EngineEvent) -> Result<Option<Event>, DeskError> {
        let store = self.engine.store();
        Ok(match event {
            EngineEvent::IncidentChanged { incident, is_new } => Some(Event::IncidentChanged {
                row: view::queue::row(&store.queue_row(&incident).await?),
                is_new,
                counts: view::queue::counts(store.queue_counts().await?),
            }),
            EngineEvent::QueueChanged => Some(Event::QueueChanged {
                counts: view::queue::counts(store.queue_counts().await?),
            }),
            EngineEvent::LeasesChanged => {
                Some(Event::LeasesChanged { counts: self.lease_counts().await? })
            }
            EngineEvent::SuppressionsChanged => Some(Event::SuppressionsChanged),
            EngineEvent::IncidentDetailChanged { incident } => {
                Some(Event::IncidentDetailChanged { incident: incident.to_string() })
            }
            EngineEvent::RunProgressed { incident, step, direction, position } => {
                let intent = store.newest_intent(&step, direction).await?;
                let call = intent.as_ref().and_then(|intent| intent.calls.get(position));
                call.map(|call| Event::RunProgressed {
                    incident: incident.to_string(),
                    step: step.to_string(),
                    direction: view::plan::direction(direction),
                    call: view::plan::progress(call, true),
                })
            }
            EngineEvent::SourceChanged { name } => match self.source_view(&name).await {
                Ok(source) => Some(Event::SourceChanged { source }),
                Err(_) => None,
            },
            EngineEvent::AuditChanged => {
                Some(Event::AuditChanged { audit: self.note_audit_growth().await? })
            }
            EngineEvent::StorageChanged { problem } => {
                set(&self.storage_problem, problem.clone());
                Some(Event::StorageChanged { problem })
            }
        })
    }
}
