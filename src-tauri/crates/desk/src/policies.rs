//! Loading policies: the workspace's own, else those that are shipped.

use firebreak_core::policy::{LIMITS_FILE, Policies, PolicyProblems};

use crate::{DeskError, Home};

const SCHEMA: &str = include_str!("../../../../assets/policies/schema.cedarschema");
const SHIPPED: [(&str, &str); 5] = [
    ("approvals.cedar", include_str!("../../../../assets/policies/approvals.cedar")),
    ("deny-list.cedar", include_str!("../../../../assets/policies/deny-list.cedar")),
    ("phase-3-auto.cedar", include_str!("../../../../assets/policies/phase-3-auto.cedar")),
    ("phases.cedar", include_str!("../../../../assets/policies/phases.cedar")),
    ("write-back.cedar", include_str!("../../../../assets/policies/write-back.cedar")),
];

const SHIPPED_LIMITS: &str = include_str!("../../../../assets/policies/limits.toml");

/// The policies in force: the folder `policies` of the workspace when it has any, else the shipped
/// ones, and the caps of that folder, else the shipped ones. What does not load denies everything.
pub(crate) fn load(home: &Home) -> Result<(Policies, Option<PolicyProblems>), DeskError> {
    let mut files = home.own_files("policies", "cedar")?;
    if files.is_empty() {
        files = SHIPPED.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    }
    let own = home.own_files("policies", "toml")?;
    if own.is_empty() {
        files.push((LIMITS_FILE.to_owned(), SHIPPED_LIMITS.to_owned()));
    }
    // A file of another name is read as a policy and is an error: nobody wrote it to be passed over.
    files.extend(own);
    Ok(Policies::load_or_deny(&files, SCHEMA))
}
