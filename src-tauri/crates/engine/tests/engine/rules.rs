//! The shipped policies, as they are and changed.

use firebreak_core::policy::Policies;

const LIMITS: &str = include_str!("../../../../../assets/policies/limits.toml");

pub fn shipped() -> Policies {
    load(LIMITS, None)
}

/// The shipped policies under other caps.
pub fn limited(limits: &str) -> Policies {
    load(limits, None)
}

/// The shipped policies with one file more.
pub fn shipped_and(name: &str, text: &str) -> Policies {
    load(LIMITS, Some((name, text)))
}

fn load(limits: &str, more: Option<(&str, &str)>) -> Policies {
    let files = [
        ("limits.toml", limits),
        ("approvals.cedar", include_str!("../../../../../assets/policies/approvals.cedar")),
        ("deny-list.cedar", include_str!("../../../../../assets/policies/deny-list.cedar")),
        ("phase-3-auto.cedar", include_str!("../../../../../assets/policies/phase-3-auto.cedar")),
        ("write-back.cedar", include_str!("../../../../../assets/policies/write-back.cedar")),
        ("phases.cedar", include_str!("../../../../../assets/policies/phases.cedar")),
    ];
    let files: Vec<(&str, &str)> = files.into_iter().chain(more).collect();
    Policies::load(&files, include_str!("../../../../../assets/policies/schema.cedarschema"))
        .unwrap()
}
