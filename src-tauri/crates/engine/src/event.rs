use firebreak_core::{Direction, IncidentId, StepId};

/// Something changed. Small: whoever cares reads the rest from the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEvent {
    /// A new incident, or a known one with another row in the queue.
    IncidentChanged {
        /// Which.
        incident: IncidentId,
        /// Whether it was not there before.
        is_new: bool,
    },
    /// So many incidents have other rows that the queue is to be read anew.
    QueueChanged,
    /// Plan, steps, assessment, evidence or timeline of an incident changed.
    IncidentDetailChanged {
        /// Which.
        incident: IncidentId,
    },
    /// A call of a running step moved on.
    RunProgressed {
        /// Whose.
        incident: IncidentId,
        /// Which step.
        step: StepId,
        /// Run or undo.
        direction: Direction,
        /// Which call.
        position: usize,
    },
    /// A source's health or place changed.
    SourceChanged {
        /// Which.
        name: String,
    },
    /// A suppression rule was made, changed or ended, or hid something.
    SuppressionsChanged,
    /// A containment was read, changed back, renewed, handed on or given up.
    LeasesChanged,
    /// The audit log grew or was checkpointed.
    AuditChanged,
    /// The disk can't be written (`Some`), or works again.
    StorageChanged {
        /// What is wrong.
        problem: Option<String>,
    },
}
