//! What can go wrong while the sandbox starts or while it is told to change.

use std::path::PathBuf;

use crate::scenario::ScenarioError;

/// Failures of the sandbox itself; faults it plays on purpose are not errors.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A port could not be opened.
    #[error("cannot listen on 127.0.0.1:{port} for {what}")]
    Listen {
        /// Which stand-in wanted it.
        what: &'static str,
        /// The port asked for; 0 means any.
        port: u16,
        /// Why the system refused.
        source: std::io::Error,
    },
    /// A scenario file is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// No Python with moto was found for the AWS side.
    #[error(
        "no Python for the AWS side: looked at --python, FIREBREAK_PYTHON and target/sandbox-venv/bin/python; \
         make one with: python3 -m venv target/sandbox-venv && target/sandbox-venv/bin/pip install --no-deps -r tests/xtask/requirements.txt"
    )]
    NoPython,
    /// Files could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The Python process could not be started.
    #[error("cannot start {python} for the AWS side")]
    Spawn {
        /// The interpreter.
        python: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The Python process ended or stalled before it was ready.
    #[error("the AWS side did not come up: {detail}")]
    Moto {
        /// What it said last.
        detail: String,
    },
    /// An HTTP client for the proxy could not be built.
    #[error("cannot build the HTTP client of the AWS proxy")]
    Client(#[source] reqwest::Error),
}
