//! Where things are: the checkout, cargo's target folder, and tools kept between checkouts.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

/// The package of the desktop shell.
const SHELL: &str = "firebreak";
/// Tauri serves the built user interface, not a development server, when this is on.
const EMBEDDED_UI: &str = "custom-protocol";

/// Paths and switches that every task needs.
pub struct Checkout {
    pub root: PathBuf,
    pub target: PathBuf,
    /// This program, as it was found at start: a later build may replace the file.
    pub xtask: PathBuf,
    cargo: String,
    embedded_ui: bool,
}

impl Checkout {
    /// Asks cargo where the workspace and its target folder are.
    pub fn find() -> Result<Self, Failure> {
        let xtask = env::current_exe().map_err(Failure::start("xtask"))?;
        let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        // As cargo tells us at start: a target folder shared between checkouts may hold a program
        // that was compiled in another one.
        let package = env::var("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let output = Command::new(&cargo)
            .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
            .arg("--manifest-path")
            .arg(PathBuf::from(package).join("Cargo.toml"))
            .stderr(Stdio::inherit())
            .output()
            .map_err(Failure::start("cargo metadata"))?;
        let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
            Failure::Unexpected { what: format!("cargo metadata gave no JSON: {error}") }
        })?;
        let path = |key: &str| {
            metadata[key].as_str().map(PathBuf::from).ok_or_else(|| Failure::Unexpected {
                what: format!("cargo metadata names no {key}"),
            })
        };
        let embedded_ui = metadata["packages"].as_array().into_iter().flatten().any(|package| {
            package["name"] == SHELL && package["features"].get(EMBEDDED_UI).is_some()
        });
        Ok(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
            xtask,
            cargo,
            embedded_ui,
        })
    }

    /// The folder of the user interface.
    pub fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// Where the programs of a profile (`debug`, `release`) are.
    pub fn programs(&self, profile: &str) -> PathBuf {
        self.target.join(profile)
    }

    /// Tools installed for the tasks. Outside the checkout, so that a fresh clone finds them.
    pub fn tools(&self) -> PathBuf {
        cache_folder()
            .map_or_else(|| self.target.join("tools"), |cache| cache.join("firebreak/tools"))
    }

    /// A cargo command in the root of the checkout.
    pub fn cargo<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = Command::new(&self.cargo);
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// The same packages and features everywhere: another choice would compile the heavy
    /// dependencies (webview, cloud clients, policy engine) a second time.
    pub fn whole_workspace(&self) -> Vec<&'static str> {
        let mut flags = vec!["--workspace"];
        flags.extend(self.shell_features());
        flags
    }

    /// Makes the shell show the built interface.
    pub fn shell_features(&self) -> Vec<&'static str> {
        if self.embedded_ui { vec!["--features", "firebreak/custom-protocol"] } else { Vec::new() }
    }
}

fn cache_folder() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))
}

/// Whether a program is on the search path.
pub fn on_path(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}
