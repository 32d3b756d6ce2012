//! Who can become whom in an AWS account, and what they can read there, worked out from its policies.
//!
//! The way PMapper (NCC Group) does it: a question is put to policies that were read once, and what
//! an identity can do to get at another is an [`Edge`](crate::asset::Edge) of the asset graph.
//! [`Reachability::around`] walks from an incident's assets and answers what lies before them.
//!
//! Policies are weighed as "Policy evaluation logic" of the IAM User Guide says
//! (`reference_policies_evaluation-logic.html` with its pages on single accounts and across
//! accounts): an explicit deny wins, a permissions boundary only takes away, a role's trust policy
//! must name who assumes it. What can't be decided here (a condition on an address, a variable, a
//! document that can't be read) makes an answer [`Answer::Uncertain`] with the reason, never a yes
//! or a no; the edge then says `may_…` and begins with "Uncertain".
//!
//! Deliberately not looked at: service and resource control policies of the organisation, policies
//! of sessions, buckets, keys and endpoints. They can only take away what is found here, but for
//! policies of resources, which may also give more. [`UNREAD`] says so to people.

mod access;
mod account;
mod answer;
mod condition;
mod document;
mod escalate;
mod found;
mod glob;
mod pass_role;
mod reach;
mod trust;
mod weigh;

#[cfg(test)]
mod tests;

pub use crate::asset::Around;
pub use account::{Account, Group, Machine, Policy, Principal, PrincipalKind};
pub use answer::{Answer, Grant};
pub use document::{DOCUMENT_CAP, Document};
pub use reach::{Reachability, Start, Thing};
pub use weigh::{Asked, Question, may};

/// Who says what is worked out here.
pub const SOURCE: &str = "aws-iam";

/// What the answers don't take into account, for people.
pub const UNREAD: &str = "service control policies, session policies and the policies of buckets, \
                          secrets and keys are not read";
