//! Tests of the planner, as one program.

mod asking;
mod case;
mod encoding;
mod injection;
mod matching;
mod menu;
mod openai;
mod playbooks;
mod prompt;
mod provider;
mod redaction;
mod written;
