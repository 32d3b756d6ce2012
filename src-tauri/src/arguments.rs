use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

/// Contain cloud incidents.
#[derive(Parser, Debug, Clone)]
#[command(name = "firebreak", version, about)]
pub struct Arguments {
    /// The workspace's folder; this system's place for application data when absent.
    #[arg(long, env = "FIREBREAK_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// An address of an incident (`firebreak://incident/…`), as the system hands it over. One that leads
    /// nowhere opens the console all the same, which says so.
    #[arg(value_name = "LINK")]
    pub link: Option<OsString>,
}
