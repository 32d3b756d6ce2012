//! The fields that a mapping may fill.

/// One field of a finding, as a mapping names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The sender's id of the alert. Two messages with the same one are the same finding.
    VendorId,
    /// What the sender calls this sort of object; part of what makes two messages the same finding.
    Kind,
    /// One line.
    Title,
    /// Longer text.
    Description,
    /// How bad.
    Severity,
    /// What has become of it.
    Status,
    /// When it was created.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
    /// When its status last changed.
    StatusChangedAt,
    /// The rule that raised it.
    RuleId,
    /// The rule's name.
    RuleName,
    /// ATT&CK tactics and techniques, by id or name.
    Techniques,
    /// The resource's id as its cloud writes it: an ARN, `i-…`.
    ResourceId,
    /// The resource's name.
    ResourceName,
    /// The resource's type, in the sender's word.
    ResourceType,
    /// The cloud: `AWS`.
    Cloud,
    /// Account, subscription or project id.
    Account,
    /// Its name.
    AccountName,
    /// Region.
    Region,
    /// The resource's tags.
    Tags,
    /// Which product sent it.
    Vendor,
}

impl Field {
    /// Every field, in the order in which people read them.
    pub const ALL: [Self; 21] = [
        Self::VendorId,
        Self::Kind,
        Self::Title,
        Self::Description,
        Self::Severity,
        Self::Status,
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::StatusChangedAt,
        Self::RuleId,
        Self::RuleName,
        Self::Techniques,
        Self::ResourceId,
        Self::ResourceName,
        Self::ResourceType,
        Self::Cloud,
        Self::Account,
        Self::AccountName,
        Self::Region,
        Self::Tags,
        Self::Vendor,
    ];

    /// The name in a mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::VendorId => "vendor_id",
            Self::Kind => "kind",
            Self::Title => "title",
            Self::Description => "description",
            Self::Severity => "severity",
            Self::Status => "status",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::StatusChangedAt => "status_changed_at",
            Self::RuleId => "rule_id",
            Self::RuleName => "rule_name",
            Self::Techniques => "techniques",
            Self::ResourceId => "resource_id",
            Self::ResourceName => "resource_name",
            Self::ResourceType => "resource_type",
            Self::Cloud => "cloud",
            Self::Account => "account",
            Self::AccountName => "account_name",
            Self::Region => "region",
            Self::Tags => "tags",
            Self::Vendor => "vendor",
        }
    }

    /// Reads a name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Without it a message is no finding.
    pub fn is_required(self) -> bool {
        matches!(self, Self::VendorId | Self::Title)
    }

    /// Why it can't be the same for every message; `None` where it can.
    pub(super) fn never_constant(self) -> Option<&'static str> {
        match self {
            Self::VendorId => Some("every message would be the same finding"),
            Self::CreatedAt | Self::UpdatedAt | Self::StatusChangedAt => {
                Some("every message has a time of its own")
            }
            Self::Tags => Some("tags belong to one resource"),
            _ => None,
        }
    }

    /// The word with which a gap is noted on a finding, the same for every source.
    pub(super) fn in_notes(self) -> &'static str {
        match self {
            Self::VendorId => "id",
            Self::Kind => "kind",
            Self::Title => "title",
            Self::Description => "description",
            Self::Severity => "severity",
            Self::Status => "status",
            Self::CreatedAt => "created",
            Self::UpdatedAt => "updated",
            Self::StatusChangedAt => "status changed",
            Self::RuleId => "rule id",
            Self::RuleName => "rule",
            Self::Techniques => "tactic or technique",
            Self::ResourceId => "native id",
            Self::ResourceName => "resource name",
            Self::ResourceType => "resource type",
            Self::Cloud => "cloud platform",
            Self::Account => "account",
            Self::AccountName => "account name",
            Self::Region => "region",
            Self::Tags => "tags",
            Self::Vendor => "vendor",
        }
    }
}
