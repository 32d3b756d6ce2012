use std::path::PathBuf;

use clap::Parser;

/// Contain cloud incidents.
#[derive(Parser, Debug, Clone)]
#[command(name = "firebreak", version, about)]
pub struct Arguments {
    /// The workspace's folder; this system's place for application data when absent.
    #[arg(long, env = "FIREBREAK_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
}
