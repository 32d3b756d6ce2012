//! Acting on AWS, and listening to its queues: the only crate with cloud clients.
//!
//! [`AwsReader`] reads with read credentials and is there in every phase. [`AwsExecutor`] is the
//! only thing that reads write credentials; the composition root makes one in phase 2 and later,
//! so in phase 1 no client that could change anything exists. What runs is exactly the typed
//! [`Call`](firebreak_core::call::Call)s of a permit, each sent at most once: an answer that never
//! came is reported as unknown and found out by reading, never by sending again.
//!
//! Deliberately absent: any credential chain (environment, shared files, instance metadata). The
//! only credentials are those that the account names, read from the keychain when they are used.

mod account;
mod asset;
mod connection;
mod connection_test;
mod executor;
mod failure;
mod identities;
mod identity;
mod least_privilege;
mod networks;
mod observe_identity;
mod observe_instance;
mod observe_key;
mod preflight;
mod quarantine;
mod queue;
mod reader;
mod send;
mod session;
mod wait;

pub use account::{AwsAccount, KeySource};
pub use executor::{AwsExecutor, NoWriteCredentials};
pub use least_privilege::least_privilege;
pub use queue::{SqsConfig, SqsSource, alerts_in_message};
pub use reader::AwsReader;
pub use session::source_identity;
