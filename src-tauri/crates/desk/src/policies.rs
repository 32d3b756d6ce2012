//! Loading policies: the workspace's own, else those that are shipped.

use firebreak_core::policy::{Policies, PolicyProblems};

use crate::{DeskError, Home};

const SCHEMA: &str = include_str!("../../../../assets/policies/schema.cedarschema");
const SHIPPED: [(&str, &str); 5] = [
    ("approvals.cedar", include_str!("../../../../assets/policies/approvals.cedar")),
    ("deny-list.cedar", include_str!("../../../../assets/policies/deny-list.cedar")),
    ("phase-3-auto.cedar", include_str!("../../../../assets/policies/phase-3-auto.cedar")),
    ("phases.cedar", include_str!("../../../../assets/policies/phases.cedar")),
    ("write-back.cedar", include_str!("../../../../assets/policies/write-back.cedar")),
];

/// The policies in force: the folder `policies` of the workspace when it has any, else the shipped
/// ones. Policies that don't load deny everything.
pub(crate) fn load(home: &Home) -> Result<(Policies, Option<PolicyProblems>), DeskError> {
    let own = home.own_files("policies", "cedar")?;
    Ok(if own.is_empty() {
        Policies::load_or_deny(&SHIPPED, SCHEMA)
    } else {
        Policies::load_or_deny(&own, SCHEMA)
    })
}
