//! Stand-in vendors on loopback: a Wiz tenant, an OpenAI-compatible model server and an AWS account.
//!
//! [`Sandbox::start`] brings up what the [`Options`] ask for and returns a [`Running`] whose
//! [`Ready`] says where everything listens. Wiz and the model run in this process and need nothing
//! else; AWS is moto (Python) as a child, behind a proxy of ours that logs every call and can
//! inject faults. Everything here is for tests and demonstrations: the stand-ins listen on
//! 127.0.0.1 only, and no product crate is used, so that they judge the product independently.

pub mod faults;
pub mod ledger;
pub mod names;
pub mod ready;
pub mod scenario;

mod aws;
mod control;
mod error;
mod lacework;
mod listen;
mod model;
mod options;
mod orca;
mod prisma;
mod seeded;
mod start;
mod wiz;

pub use error::Error;
pub use options::{Options, RateLimit, Scenarios};
pub use prisma::PrismaOptions;
pub use ready::Ready;
pub use start::{Running, Sandbox};
