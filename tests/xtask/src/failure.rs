//! What can go wrong in a task. Each variant says which operation failed and with what.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A failed task; its text is the last line a person reads.
#[derive(Debug)]
pub enum Failure {
    /// Reading or writing a path failed.
    File { doing: &'static str, path: PathBuf, source: io::Error },
    /// A program couldn't be started.
    Start { program: String, source: io::Error },
    /// A stage ended badly; its output has been shown already.
    Stage { name: String },
    /// Something needed isn't there, and what to do about it.
    Missing { what: String },
    /// A program answered something that isn't what it promises.
    Unexpected { what: String },
}

impl Failure {
    /// For `map_err` on a file operation.
    pub fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { doing, path, source }
    }

    /// For `map_err` on starting a program.
    pub fn start(program: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |source| Self::Start { program, source }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { doing, path, source } => {
                write!(f, "can't {doing} {}: {source}", path.display())
            }
            Self::Start { program, source } => write!(f, "can't start {program}: {source}"),
            Self::Stage { name } => write!(f, "stopped: “{name}” failed"),
            Self::Missing { what } | Self::Unexpected { what } => f.write_str(what),
        }
    }
}

impl std::error::Error for Failure {}
