//! What the user interface must not contain: markup from text, a second way to the host, more
//! packages of the host than the one it needs.

use serde_json::Value;

use super::{SourceFile, assert_kept, files_in, read};

/// The one folder that may talk to the host.
const SEAM: &str = "ui/src/lib/platform/";
const HOST: &str = "@tauri-apps/";
/// The host's packages that may be installed: calls, and the bundler.
const HOST_PACKAGES: &[&str] = &["@tauri-apps/api", "@tauri-apps/cli"];
/// Ways to turn text into markup or code.
const MARKUP_FROM_TEXT: &[&str] = &[
    "{@html",
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "srcdoc",
    "createContextualFragment",
    "eval(",
    "new Function(",
    "javascript:",
    "<iframe",
];
const SWITCHED_OFF_TESTS: &[&str] =
    &["it.skip", "it.only", "it.todo", "test.skip", "test.only", "describe.skip", "describe.only"];

fn interface() -> Vec<SourceFile> {
    let mut files = files_in("ui/src", &["ts", "svelte", "js"]);
    files.push(SourceFile::new("ui/index.html", &read("ui/index.html")));
    files.push(SourceFile::new("ui/approval.html", &read("ui/approval.html")));
    files
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

/// A test may say what it forbids.
fn without_test_files(files: Vec<SourceFile>) -> Vec<SourceFile> {
    let is_test = |path: &str| path.contains(".test.") || path.contains(".spec.");
    files.into_iter().filter(|file| !is_test(&file.path)).collect()
}

fn outside_the_seam(files: &[SourceFile]) -> Vec<String> {
    let outside: Vec<_> =
        files.iter().filter(|file| !file.path.starts_with(SEAM)).cloned().collect();
    containing(&outside, &[HOST])
}

fn foreign_host_packages(package: &Value) -> Vec<String> {
    let lists = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
    lists
        .iter()
        .filter_map(|list| package[*list].as_object())
        .flat_map(|list| list.keys())
        .filter(|name| name.starts_with(HOST) && !HOST_PACKAGES.contains(&name.as_str()))
        .cloned()
        .collect()
}

#[test]
fn text_never_becomes_markup_or_code() {
    let files = without_test_files(interface());
    assert_kept("text stays text", &containing(&files, MARKUP_FROM_TEXT));
}

#[test]
fn one_seam_leads_to_the_host() {
    let files = interface();
    assert!(files.iter().any(|file| file.path.starts_with(SEAM)), "the seam is not at {SEAM}");
    assert_kept("only the seam imports the host", &outside_the_seam(&files));
}

#[test]
fn only_the_hosts_calls_are_installed() {
    let package: Value = serde_json::from_str(&read("ui/package.json")).unwrap();
    assert_kept("packages of the host", &foreign_host_packages(&package));
}

#[test]
fn no_interface_test_is_switched_off() {
    let files = files_in("ui", &["ts"]);
    assert_kept("no skipped tests", &containing(&files, SWITCHED_OFF_TESTS));
}

#[test]
fn markup_from_text_would_be_seen() {
    for bad in ["<p>{@html finding.title}</p>", "node.innerHTML = text", "eval(text)"] {
        let file = SourceFile::new("ui/src/features/a.svelte", bad);
        assert_eq!(containing(&[file], MARKUP_FROM_TEXT).len(), 1, "{bad}");
    }
}

#[test]
fn a_second_way_to_the_host_would_be_seen() {
    let import = "import { invoke } from '@tauri-apps/api/core';";
    assert_eq!(outside_the_seam(&[SourceFile::new("ui/src/App.svelte", import)]).len(), 1);
    assert!(
        outside_the_seam(&[SourceFile::new("ui/src/lib/platform/tauri.ts", import)]).is_empty()
    );
    let package = serde_json::json!({ "dependencies": {
        "@tauri-apps/api": "2", "@tauri-apps/plugin-shell": "2" } });
    assert_eq!(foreign_host_packages(&package), ["@tauri-apps/plugin-shell"]);
}

#[test]
fn a_switched_off_test_would_be_seen() {
    let file = SourceFile::new("ui/src/a.test.ts", "describe.only('x', () => {})");
    assert_eq!(containing(&[file], SWITCHED_OFF_TESTS).len(), 1);
}
