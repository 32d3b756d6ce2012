//! What Rust code of the product must not contain.

use super::lexer::{code_only, test_only_modules, without_tests};
use super::{SourceFile, assert_kept, files_in};

/// `core` takes time, ids and facts as arguments.
const NOT_IN_CORE: &[&str] = &[
    "Utc::now",
    "Local::now",
    "SystemTime::now",
    "Instant::now",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "tokio::",
    "now_v7",
    "new_v4",
    "OsRng",
    "thread_rng",
];

/// Code that ships: no test files, no test items, no comments, no literals.
fn product_code(files: Vec<SourceFile>) -> Vec<SourceFile> {
    let code: Vec<_> =
        files.into_iter().map(|file| SourceFile { text: code_only(&file.text), ..file }).collect();
    let for_tests: Vec<String> = code.iter().flat_map(test_files_of).collect();
    code.into_iter()
        .filter(|file| !is_test_path(&file.path))
        .filter(|file| !for_tests.iter().any(|stem| belongs_to(&file.path, stem)))
        .map(|file| SourceFile { text: without_tests(&file.text), ..file })
        .collect()
}

fn is_test_path(path: &str) -> bool {
    let inner = path.trim_start_matches("tests/");
    inner.starts_with("acceptance/")
        || inner.contains("/tests/")
        || inner.contains("/benches/")
        || inner.ends_with("/tests.rs")
        || inner.ends_with("_tests.rs")
}

/// Paths (without ending) of modules that a file declares for tests only.
fn test_files_of(file: &SourceFile) -> Vec<String> {
    let stem = file.path.trim_end_matches(".rs");
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    let home = if matches!(name, "lib" | "main") { folder } else { stem };
    test_only_modules(&file.text).iter().map(|module| format!("{home}/{module}")).collect()
}

fn belongs_to(path: &str, stem: &str) -> bool {
    path.strip_prefix(stem).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn containing(files: &[SourceFile], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            let words = words.iter().filter(|word| line.contains(**word));
            found.extend(words.map(|word| format!("{}:{}: {word}", file.path, number + 1)));
        }
    }
    found
}

fn shipped() -> Vec<SourceFile> {
    let mut files = files_in("src-tauri", &["rs"]);
    files.extend(files_in("tests", &["rs"]));
    product_code(files)
}

#[test]
fn nothing_unwraps_outside_tests() {
    assert_kept(
        "no unwrap outside tests",
        &containing(&shipped(), &[".unwrap()", ".unwrap_err()"]),
    );
}

#[test]
fn nothing_is_left_unfinished() {
    assert_kept("unfinished", &containing(&shipped(), &["todo!(", "unimplemented!(", "dbg!("]));
}

#[test]
fn core_does_nothing_to_the_world() {
    let core = product_code(files_in("src-tauri/crates/core/src", &["rs"]));
    assert_kept("core takes time, ids and facts as arguments", &containing(&core, NOT_IN_CORE));
}

#[test]
fn sql_is_literal() {
    assert_kept("literal SQL", &containing(&shipped(), &["AssertSqlSafe"]));
}

#[test]
fn no_test_is_ignored() {
    let mut files = files_in("src-tauri", &["rs"]);
    files.extend(files_in("tests", &["rs"]));
    let code: Vec<_> =
        files.iter().map(|file| SourceFile::new(&file.path, &code_only(&file.text))).collect();
    assert_kept("no ignored tests", &containing(&code, &["#[ignore"]));
}

#[track_caller]
fn check(path: &str, text: &str, found: &[&str]) {
    let code = product_code(vec![SourceFile::new(path, text)]);
    assert_eq!(containing(&code, &[".unwrap()"]), found);
}

#[test]
fn an_unwrap_would_be_seen() {
    check("src-tauri/src/a.rs", "fn a() {\n b.unwrap();\n}", &["src-tauri/src/a.rs:2: .unwrap()"]);
    check("tests/xtask/src/a.rs", "b.unwrap();", &["tests/xtask/src/a.rs:1: .unwrap()"]);
    let after = "#[cfg(test)]\nmod tests { fn t() { a.unwrap(); } }\nfn b() { c.unwrap(); }";
    assert_eq!(
        containing(&product_code(vec![SourceFile::new("a/b.rs", after)]), &[".unwrap()"]).len(),
        1
    );
}

#[test]
fn tests_comments_and_literals_may_say_it() {
    check("src-tauri/crates/core/src/a/tests.rs", "b.unwrap();", &[]);
    check("tests/acceptance/house.rs", "b.unwrap();", &[]);
    check("src-tauri/crates/core/tests/a.rs", "b.unwrap();", &[]);
    check("src-tauri/src/a.rs", "// b.unwrap()\nlet s = \".unwrap()\";", &[]);
}

#[test]
fn a_module_for_tests_only_may_unwrap_and_its_neighbour_may_not() {
    let files = vec![
        SourceFile::new("c/src/lib.rs", "#[cfg(test)]\nmod fixtures;\nmod plan;"),
        SourceFile::new("c/src/fixtures.rs", "a.unwrap();"),
        SourceFile::new("c/src/fixtures/alerts.rs", "a.unwrap();"),
        SourceFile::new("c/src/plan.rs", "a.unwrap();"),
    ];
    assert_eq!(containing(&product_code(files), &[".unwrap()"]), ["c/src/plan.rs:1: .unwrap()"]);
}
