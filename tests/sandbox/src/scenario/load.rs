//! Reading scenario files: placeholders, then TOML, then the checks across files.

use std::path::{Path, PathBuf};

use super::{Scenario, check};
use crate::names::{Names, UnknownName};
use crate::options::Scenarios;

/// The files of `assets/scenarios`, compiled in so that the program runs from anywhere.
const SHIPPED: [(&str, &str); 6] = [
    ("estate.toml", include_str!("../../../../assets/scenarios/estate.toml")),
    ("benign-noise.toml", include_str!("../../../../assets/scenarios/benign-noise.toml")),
    ("crypto-mining-ec2.toml", include_str!("../../../../assets/scenarios/crypto-mining-ec2.toml")),
    (
        "crypto-mining-production.toml",
        include_str!("../../../../assets/scenarios/crypto-mining-production.toml"),
    ),
    ("public-bucket.toml", include_str!("../../../../assets/scenarios/public-bucket.toml")),
    ("stolen-access-key.toml", include_str!("../../../../assets/scenarios/stolen-access-key.toml")),
];

/// What is wrong with a scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A placeholder stands for nothing.
    #[error("{file}, {source}")]
    Name {
        /// The file.
        file: String,
        /// Line and problem.
        source: UnknownName,
    },
    /// Not TOML, or not of this format; the message has line and column.
    #[error("{file}: {source}")]
    Format {
        /// The file.
        file: String,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// A value that the format cannot catch: a reference to nothing, a severity that does not exist.
    #[error("{file}: {at}: {problem}")]
    Content {
        /// The scenario.
        file: String,
        /// Which item, such as ``issue `xmrig` ``.
        at: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No scenario of this name.
    #[error("there is no scenario called `{name}`; known: {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
}

/// Names and texts of the shipped scenarios.
pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHIPPED.into_iter()
}

/// Reads all scenarios of a source, with ids filled in, and checks them together.
///
/// # Errors
/// [`ScenarioError`] naming the file and, where it can be known, the line.
pub fn load(source: &Scenarios, names: &Names) -> Result<Vec<Scenario>, ScenarioError> {
    let scenarios = match source {
        Scenarios::Empty => Vec::new(),
        Scenarios::Shipped => SHIPPED
            .iter()
            .map(|(file, text)| parse(file, text, names))
            .collect::<Result<Vec<_>, _>>()?,
        Scenarios::Folder(folder) => files(folder)?
            .into_iter()
            .map(|path| {
                let text = std::fs::read_to_string(&path)
                    .map_err(|source| ScenarioError::Read { path: path.clone(), source })?;
                parse(&path.display().to_string(), &text, names)
            })
            .collect::<Result<Vec<_>, _>>()?,
    };
    check(&scenarios)?;
    Ok(scenarios)
}

/// Reads one scenario text; references to other files are not checked here.
///
/// # Errors
/// [`ScenarioError`] for an unknown placeholder or wrong format.
pub fn parse(file: &str, text: &str, names: &Names) -> Result<Scenario, ScenarioError> {
    let filled = names
        .substitute(text)
        .map_err(|source| ScenarioError::Name { file: file.to_owned(), source })?;
    toml::from_str(&filled)
        .map_err(|source| ScenarioError::Format { file: file.to_owned(), source: Box::new(source) })
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, ScenarioError> {
    let failed = |source| ScenarioError::Read { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
