//! The scopes of an alert's detail.

/// What `GET /api/v2/Alerts/{id}?scope=…` is asked for; names as the vendor's Go client has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The alert with its entity map.
    Details,
    /// Questions that Lacework answers by itself.
    Investigation,
    /// The CloudTrail events behind it.
    Events,
    /// Alerts that Lacework relates to it.
    RelatedAlerts,
    /// Where it was sent.
    Integrations,
    /// Comments and changes by people.
    Timeline,
    /// What was seen, with ATT&CK ids, entities and how they are related.
    ObservationTimeline,
}

impl Scope {
    /// The parameter's value.
    pub fn name(self) -> &'static str {
        match self {
            Self::Details => "Details",
            Self::Investigation => "Investigation",
            Self::Events => "Events",
            Self::RelatedAlerts => "RelatedAlerts",
            Self::Integrations => "Integrations",
            Self::Timeline => "Timeline",
            Self::ObservationTimeline => "ObservationTimeline",
        }
    }
}
