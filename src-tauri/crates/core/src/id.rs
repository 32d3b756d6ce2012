//! Identifiers that can't be mixed up.

use serde::{Deserialize, Serialize};

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text of an id; what it names is the caller's knowledge.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// An alert as received (`alr_` and a UUIDv7).
    AlertId
);
identifier!(
    /// A normalised alert. One a vendor's object: the same issue seen again keeps its id.
    FindingId
);
identifier!(
    /// An incident (`inc_` and a UUIDv7). People say its label, `INC-12`.
    IncidentId
);
identifier!(
    /// An asset: the cloud's native id (ARN or resource id) where known, else `source:vendor-id`.
    AssetId
);
identifier!(
    /// A fact of one incident: `E1`, `E2`, …
    EvidenceId
);
identifier!(
    /// A containment plan.
    PlanId
);
identifier!(
    /// A step of a plan.
    StepId
);
identifier!(
    /// One approved run of one step: written before the first call.
    IntentId
);
identifier!(
    /// A signature over a step's digest.
    ApprovalId
);
identifier!(
    /// A saved view of the queue (`view_` and a UUIDv7).
    ViewId
);
identifier!(
    /// An incident handed from one person to another (`hnd_` and a UUIDv7).
    HandoverId
);
identifier!(
    /// A suppression rule (`sup_` and a UUIDv7).
    SuppressionId
);
