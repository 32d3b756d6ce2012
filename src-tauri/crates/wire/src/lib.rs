//! What crosses to the user interface: view types, the event enum and error codes.
//!
//! These types hold no behaviour and no secret. `cargo xtask generate` writes their TypeScript
//! twins to `ui/src/lib/wire`; the committed files are checked for drift. The command line prints
//! the same types with `--json`, so that the window and the terminal can't disagree.
//!
//! Every string that started its life in an alert or in a model's answer is *untrusted text*: the
//! interface draws it as a text node and never as markup, a link or a path.

mod approval;
mod audit;
mod commander;
mod cut;
mod error;
mod event;
mod export;
mod freeze;
mod incident;
mod lease;
mod link;
mod mapping;
mod plan;
mod queue;
mod settings;
mod source;
mod suppression;
mod triage;
mod view;

pub use approval::*;
pub use audit::*;
pub use commander::*;
pub use cut::*;
pub use error::*;
pub use event::*;
pub use export::*;
pub use freeze::*;
pub use incident::*;
pub use lease::*;
pub use link::*;
pub use mapping::*;
pub use plan::*;
pub use queue::*;
pub use settings::*;
pub use source::*;
pub use suppression::*;
pub use triage::*;
pub use view::*;
