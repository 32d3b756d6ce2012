//! Proposing: playbooks, what is put to a model, and the model behind an OpenAI-compatible address.
//!
//! A playbook is data. It matches findings and, together with what the findings name, gives a
//! [`menu`]: the only actions and targets there are. A model may put that menu in another order
//! and write prose; whatever else it says is rejected by [`firebreak_core::assessment`]. With no
//! model, or a bad one, the playbook's own order and [`written`] text stand.
//!
//! This crate reads no files, keeps no state on disk and never touches a cloud. Its only effect is
//! the HTTP call in [`openai`].

pub mod assess;
pub mod encode;
pub mod matching;
pub mod menu;
pub mod openai;
pub mod playbooks;
pub mod prompt;
pub mod redact;
pub mod written;

pub use assess::{AssessFailure, assess};
pub use matching::{Match, best_match, worst};
pub use menu::{Candidate, enumerate, gaps};
pub use openai::OpenAiAssessor;
pub use playbooks::{Loaded, PlaybookProblem, load, load_with_overrides, shipped};
pub use prompt::{Case, CasePrompt, build_prompt};
