use serde::Serialize;
use ts_rs::TS;

use crate::{
    AuditVerdict, CallProgress, CloudAccountView, Direction, KeychainView, LeaseCountsView,
    ModelView, QueueCounts, QueueRow, SourceView, WireError,
};

/// One event of the ordered stream. `seq` rises by one; a gap means: take a new snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Envelope {
    pub seq: u32,
    pub event: Event,
}

/// Something that changed. Small on purpose: the page that cares asks for the rest.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum Event {
    /// A new incident, or a new version of a known one.
    IncidentChanged {
        row: QueueRow,
        is_new: bool,
        counts: QueueCounts,
    },
    /// So many incidents changed that the queue is to be read anew.
    QueueChanged {
        counts: QueueCounts,
    },
    /// How far an order for many incidents is.
    TriageProgressed {
        done: u32,
        of: u32,
    },
    /// A suppression rule was made, changed or ended, or hid something: ask for them again.
    SuppressionsChanged,
    /// A containment was read, changed back, renewed, handed on or given up: ask for the board again.
    LeasesChanged {
        counts: LeaseCountsView,
    },
    /// The system handed the console an address: take it.
    LinkOpened,
    /// Plan, step, assessment, evidence or timeline of an incident changed: ask for it again.
    IncidentDetailChanged {
        incident: String,
    },
    /// A call of a running step moved on.
    RunProgressed {
        incident: String,
        step: String,
        direction: Direction,
        call: CallProgress,
    },
    /// A run that was asked for did not start: nothing was sent.
    RunRefused {
        step: String,
        error: WireError,
    },
    SourceChanged {
        source: SourceView,
    },
    SourceRemoved {
        name: String,
    },
    /// A back-fill that was asked for stopped; it can be taken up again.
    BackfillStopped {
        name: String,
        error: WireError,
    },
    CloudsChanged {
        clouds: Vec<CloudAccountView>,
    },
    ModelChanged {
        model: ModelView,
    },
    KeychainChanged {
        keychain: KeychainView,
    },
    PhaseChanged {
        phase: u32,
    },
    AuditChanged {
        audit: AuditVerdict,
    },
    /// Storage can't be written (`Some`), or works again (`None`).
    StorageChanged {
        problem: Option<String>,
    },
}
