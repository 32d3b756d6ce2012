//! Loading playbooks. The file format is documented in `assets/playbooks/README.md`.

use std::collections::HashSet;

use firebreak_core::playbook::Playbook;

mod check;
mod file;
mod problem;

pub use problem::PlaybookProblem;

/// The playbook that stands when none matches. The only one without a `[match]` clause.
pub const GENERIC: &str = "generic";

/// Largest playbook file read, in bytes.
pub const FILE_CAP: usize = 64 * 1024;

/// The files that Firebreak ships: name and text.
pub const SHIPPED: [(&str, &str); 6] = [
    ("crypto-mining-ec2.toml", include_str!("../../../../assets/playbooks/crypto-mining-ec2.toml")),
    ("generic.toml", include_str!("../../../../assets/playbooks/generic.toml")),
    ("port-scan.toml", include_str!("../../../../assets/playbooks/port-scan.toml")),
    (
        "public-bucket-sensitive-data.toml",
        include_str!("../../../../assets/playbooks/public-bucket-sensitive-data.toml"),
    ),
    ("reverse-shell-ec2.toml", include_str!("../../../../assets/playbooks/reverse-shell-ec2.toml")),
    ("stolen-access-key.toml", include_str!("../../../../assets/playbooks/stolen-access-key.toml")),
];

/// What came of loading a workspace's own playbooks over the shipped ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Every playbook in force, by id.
    pub playbooks: Vec<Playbook>,
    /// What is wrong with the workspace's files. Those files have no effect.
    pub problems: Vec<PlaybookProblem>,
}

/// Reads files that belong together: name and text of each. Sorted by id.
///
/// # Errors
/// Everything that is wrong with any of them, by file and place; nothing is loaded then.
pub fn load(files: &[(&str, &str)]) -> Result<Vec<Playbook>, Vec<PlaybookProblem>> {
    let (playbooks, problems) = load_each(files);
    if problems.is_empty() { Ok(playbooks) } else { Err(problems) }
}

/// The playbooks that Firebreak ships.
///
/// # Panics
/// Never: that every shipped file loads is a test of this crate.
pub fn shipped() -> Vec<Playbook> {
    load(&SHIPPED).expect("the shipped playbooks are constants, and a test loads them")
}

/// The shipped playbooks with a workspace's own files laid over them: a file with the id of a
/// shipped playbook replaces it. A broken file has no effect but to be reported, so that a slip
/// in one never leaves the analyst without the others.
pub fn load_with_overrides(files: &[(&str, &str)]) -> Loaded {
    let (own, problems) = load_each(files);
    let mut playbooks: Vec<Playbook> = shipped()
        .into_iter()
        .filter(|shipped| !own.iter().any(|replacing| replacing.id == shipped.id))
        .collect();
    playbooks.extend(own);
    playbooks.sort_by(|a, b| a.id.cmp(&b.id));
    Loaded { playbooks, problems }
}

/// The playbook of last resort: a workspace's, else the shipped one.
pub fn generic(playbooks: &[Playbook]) -> Playbook {
    playbooks.iter().find(|playbook| playbook.id == GENERIC).cloned().unwrap_or_else(|| {
        shipped()
            .into_iter()
            .find(|playbook| playbook.id == GENERIC)
            .expect("a shipped playbook has this id; a test says so")
    })
}

fn load_each(files: &[(&str, &str)]) -> (Vec<Playbook>, Vec<PlaybookProblem>) {
    let mut playbooks: Vec<Playbook> = Vec::new();
    let mut problems = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    for (name, text) in files {
        match check::read(name, text) {
            Ok(read) => {
                if seen.insert(read.playbook.id.clone()) {
                    playbooks.push(read.playbook);
                } else {
                    problems.push(read.duplicate(name));
                }
            }
            Err(found) => problems.extend(found),
        }
    }
    playbooks.sort_by(|a, b| a.id.cmp(&b.id));
    (playbooks, problems)
}
