//! Sizes and names, in every language we write.

use super::lexer::code_only;
use super::{SourceFile, assert_kept, files_in};

const LONGEST: usize = 600;
const BANNED_ENDINGS: &[&str] = &["Manager", "Service", "Helper", "Helpers", "Util", "Utils"];
const BANNED_TYPES: &[&str] = &["Data", "Common", "Misc"];
const BANNED_FILES: &[&str] =
    &["manager", "service", "helper", "helpers", "util", "utils", "data", "common", "misc"];
/// Names of the field that end in a banned word.
const PROPER_NAMES: &[&str] = &["SecretService"];
const DECLARED_BY: &[&str] = &["struct", "enum", "trait", "type", "class", "interface", "mod"];

fn ours() -> Vec<SourceFile> {
    let mut files = files_in("src-tauri", &["rs"]);
    files.extend(files_in("tests", &["rs", "py"]));
    files.extend(files_in("ui", &["ts", "js", "mjs", "svelte"]));
    files.retain(|file| !file.path.starts_with("ui/src/lib/wire/"));
    files
}

fn too_long(files: &[SourceFile]) -> Vec<String> {
    let counted = files.iter().map(|file| (file.path.as_str(), file.text.lines().count()));
    counted
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path} has {lines} lines"))
        .collect()
}

fn badly_named_files(files: &[SourceFile]) -> Vec<String> {
    let bad = |file: &&SourceFile| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default().to_lowercase();
        name == "mod.rs" || BANNED_FILES.contains(&stem.as_str())
    };
    files.iter().filter(bad).map(|file| file.path.clone()).collect()
}

fn badly_named_things(files: &[SourceFile]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let code = if file.has_ending(&["rs"]) { code_only(&file.text) } else { file.text.clone() };
        let bad = declared(&code).filter(|name| is_banned(name));
        found.extend(bad.map(|name| format!("{}: {name}", file.path)));
    }
    found
}

fn declared(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| {
        let line = line.trim_start();
        !line.starts_with("//") && !line.starts_with('*') && !line.starts_with('#')
    });
    code.flat_map(|line| {
        let mut words =
            line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty());
        let mut found = Vec::new();
        while let Some(word) = words.next() {
            if DECLARED_BY.contains(&word) {
                found.extend(words.next());
            }
        }
        found
    })
}

fn is_banned(name: &str) -> bool {
    let ends = BANNED_ENDINGS.iter().any(|end| name.ends_with(end));
    let proper = PROPER_NAMES.iter().any(|proper| name.ends_with(proper));
    (ends && !proper) || BANNED_TYPES.contains(&name)
}

#[test]
fn files_are_short() {
    assert_kept(&format!("files of at most {LONGEST} lines"), &too_long(&ours()));
}

#[test]
fn names_say_something() {
    let files = ours();
    assert_kept("names of files", &badly_named_files(&files));
    assert_kept("names of types and modules", &badly_named_things(&files));
}

#[test]
fn a_long_file_would_be_seen() {
    let file = |lines: usize| SourceFile::new("a.rs", &"x\n".repeat(lines));
    assert_eq!(too_long(&[file(LONGEST), file(LONGEST + 1)]).len(), 1);
}

#[test]
fn an_empty_name_would_be_seen() {
    let bad = ["src/mod.rs", "src/utils.rs", "ui/src/lib/helpers.ts", "src/data.rs"];
    let bad: Vec<_> = bad.iter().map(|path| SourceFile::new(path, "")).collect();
    assert_eq!(badly_named_files(&bad).len(), bad.len());
    assert!(badly_named_files(&[SourceFile::new("src/database.rs", "")]).is_empty());

    let text = "pub struct PlanManager;\ntype Data = u8;\nclass AlertService {}\nmod x; trait SecretService {}\n\
                // struct FooHelper\nstruct Utility;";
    let found = badly_named_things(&[SourceFile::new("a.rs", text)]);
    assert_eq!(found, ["a.rs: PlanManager", "a.rs: Data", "a.rs: AlertService"]);
}
