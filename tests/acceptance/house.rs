//! The house rules as tests: what is not checked is not a rule.
//!
//! Each rule is a function from facts (packages, file texts, settings) to a list of violations.
//! The checkout must give an empty list; a small bad example beside each rule must not.

mod arrows;
mod interface;
mod lexer;
mod rust_files;
mod shape;
mod shell;

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold no source of ours.
const NOT_OURS: &[&str] = &["target", "node_modules", "dist", ".git", "gen", "__pycache__"];

/// A text file of the checkout; the path is relative to its root, with `/`.
#[derive(Debug, Clone)]
struct SourceFile {
    path: String,
    text: String,
}

impl SourceFile {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn has_ending(&self, endings: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
    }
}

/// The root of the checkout.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the package lies in the checkout").to_path_buf()
}

/// Every file below a folder with one of these endings.
fn files_in(folder: &str, endings: &[&str]) -> Vec<SourceFile> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(current) = open.pop() {
        for entry in fs::read_dir(&current).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let path = entry.path();
            if path.is_dir() {
                if !NOT_OURS.contains(&name.as_str()) {
                    open.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(&format!(".{ending}"))) {
                let relative = path.strip_prefix(root()).unwrap().to_string_lossy();
                let text = fs::read_to_string(&path).unwrap();
                found.push(SourceFile::new(&relative.replace('\\', "/"), &text));
            }
        }
    }
    assert!(!found.is_empty(), "no {endings:?} file in {folder}: the rule would check nothing");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Reads one file of the checkout.
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[track_caller]
fn assert_kept(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}:\n  {}", violations.join("\n  "));
}
