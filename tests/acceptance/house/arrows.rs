//! Which package may know which: every arrow ends at `core`, and each heavy or dangerous library
//! is known to exactly one of ours.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use super::{assert_kept, read, root};

/// Every package of the workspace and the packages of ours that it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("firebreak-core", &[]),
    ("firebreak-wire", &["firebreak-core"]),
    ("firebreak-store", &["firebreak-core"]),
    ("firebreak-sources", &["firebreak-core"]),
    ("firebreak-planner", &["firebreak-core"]),
    ("firebreak-actions", &["firebreak-core"]),
    ("firebreak-secrets", &["firebreak-core"]),
    ("firebreak-engine", &["firebreak-core", "firebreak-store"]),
    (
        "firebreak-desk",
        &[
            "firebreak-core",
            "firebreak-wire",
            "firebreak-store",
            "firebreak-sources",
            "firebreak-planner",
            "firebreak-actions",
            "firebreak-secrets",
            "firebreak-engine",
        ],
    ),
    ("firebreak-cli", &["firebreak-desk", "firebreak-wire"]),
    ("firebreak", &["firebreak-desk", "firebreak-wire"]),
    ("firebreak-sandbox", &[]),
    ("xtask", &[]),
    // The judge may look at everything but the shell, which it drives from outside.
    (
        "firebreak-acceptance",
        &[
            "firebreak-core",
            "firebreak-wire",
            "firebreak-store",
            "firebreak-sources",
            "firebreak-planner",
            "firebreak-actions",
            "firebreak-secrets",
            "firebreak-engine",
            "firebreak-desk",
            "firebreak-sandbox",
        ],
    ),
];

/// For their tests these may also use the stand-in vendors, which know nothing of the product.
const MAY_TEST_ON_THE_SANDBOX: &[&str] = &[
    "firebreak-sources",
    "firebreak-planner",
    "firebreak-actions",
    "firebreak-engine",
    "firebreak-desk",
    "firebreak-cli",
];

/// Libraries by the start of their name, and the only packages that may name them.
const FENCES: &[(&str, &[&str])] = &[
    ("tauri", &["firebreak"]),
    ("sqlx", &["firebreak-store", "firebreak-acceptance"]),
    ("aws-", &["firebreak-actions"]),
    ("keyring", &["firebreak-secrets"]),
    ("secret-service", &["firebreak-secrets"]),
    ("zbus", &["firebreak-secrets"]),
    ("apple-native-keyring", &["firebreak-secrets"]),
    ("windows-native-keyring", &["firebreak-secrets"]),
    ("cedar-policy", &["firebreak-core"]),
    (
        "reqwest",
        &["firebreak-sources", "firebreak-planner", "firebreak-sandbox", "firebreak-acceptance"],
    ),
];

/// `core` does nothing to the world, so it has no use for these.
const NOT_IN_CORE: &[&str] =
    &["tokio", "rand", "getrandom", "tracing", "tempfile", "directories", "hyper", "axum"];

/// The webview gets none of these, from anybody.
const NEVER: &[&str] = &[
    "tauri-plugin-fs",
    "tauri-plugin-shell",
    "tauri-plugin-http",
    "tauri-plugin-opener",
    "tauri-plugin-localhost",
    "tauri-plugin-websocket",
    "tauri-plugin-updater",
];

#[derive(Debug, Clone)]
struct Arrow {
    from: String,
    to: String,
    for_tests: bool,
}

fn arrows(metadata: &Metadata) -> Vec<Arrow> {
    let packages = metadata.packages.iter();
    packages
        .flat_map(|package| {
            package.dependencies.iter().map(|dependency| Arrow {
                from: package.name.to_string(),
                to: dependency.name.clone(),
                for_tests: dependency.kind == DependencyKind::Development,
            })
        })
        .collect()
}

fn violations(packages: &[String], arrows: &[Arrow]) -> Vec<String> {
    let unknown = packages
        .iter()
        .filter(|name| !ARROWS.iter().any(|(known, _)| known == name))
        .map(|name| format!("{name} is not on the map"));
    let broken = arrows.iter().filter_map(|arrow| {
        let reason = refusal(arrow)?;
        Some(format!("{} -> {}: {reason}", arrow.from, arrow.to))
    });
    unknown.chain(broken).collect()
}

fn refusal(arrow: &Arrow) -> Option<&'static str> {
    let (from, to) = (arrow.from.as_str(), arrow.to.as_str());
    if NEVER.contains(&to) {
        return Some("never");
    }
    if from == "firebreak-core" && !arrow.for_tests && NOT_IN_CORE.contains(&to) {
        return Some("core does nothing to the world");
    }
    if let Some((name, _)) = ARROWS.iter().find(|(name, _)| *name == to) {
        let (_, allowed) = ARROWS.iter().find(|(name, _)| *name == from)?;
        let in_tests = arrow.for_tests
            && *name == "firebreak-sandbox"
            && MAY_TEST_ON_THE_SANDBOX.contains(&from);
        return (!allowed.contains(name) && !in_tests).then_some("not an arrow of the house");
    }
    let (_, may) = FENCES.iter().find(|(start, _)| to.starts_with(start))?;
    (!may.contains(&from)).then_some("fenced in elsewhere")
}

#[test]
fn packages_know_only_whom_they_may() {
    let metadata =
        MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    let packages: Vec<_> = metadata.packages.iter().map(|p| p.name.to_string()).collect();
    assert!(packages.len() >= 10, "cargo metadata lists only {packages:?}");
    assert_kept("arrows", &violations(&packages, &arrows(&metadata)));
}

/// 2.11.1 mends an origin confusion (CVE-2026-42184); 3 is an alpha.
fn tauri_is_safe(version: &str) -> bool {
    let numbers: Result<Vec<u64>, _> = version.split('.').map(str::parse).collect();
    matches!(numbers.as_deref(), Ok([2, minor, patch]) if (*minor, *patch) >= (11, 1))
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, entry) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    entry.split('"').next()
}

#[test]
fn the_locked_tauri_is_a_safe_one() {
    let lock = read("Cargo.lock");
    let version = locked_version(&lock, "tauri").expect("tauri is locked");
    assert!(tauri_is_safe(version), "tauri {version}");
}

#[test]
fn an_unsafe_tauri_would_be_seen() {
    let lock = "[[package]]\nname = \"tauri\"\nversion = \"2.11.0\"\nsource = \"x\"\n";
    assert_eq!(locked_version(lock, "tauri"), Some("2.11.0"));
    for bad in ["2.11.0", "2.9.9", "3.0.0", "1.12.2", "3.0.0-alpha.5", "2.12.0-beta.1", ""] {
        assert!(!tauri_is_safe(bad), "{bad}");
    }
    for good in ["2.11.1", "2.11.10", "2.12.0"] {
        assert!(tauri_is_safe(good), "{good}");
    }
}

#[track_caller]
fn check(from: &str, to: &str, for_tests: bool, broken: bool) {
    let arrow = Arrow { from: from.to_owned(), to: to.to_owned(), for_tests };
    assert_eq!(!violations(&[], &[arrow]).is_empty(), broken, "{from} -> {to}");
}

#[test]
fn a_wrong_arrow_would_be_seen() {
    check("firebreak-core", "firebreak-store", false, true);
    check("firebreak-engine", "firebreak-actions", false, true);
    check("firebreak-engine", "firebreak-actions", true, true);
    check("firebreak-sources", "firebreak-planner", false, true);
    check("firebreak-cli", "firebreak-engine", false, true);
    check("xtask", "firebreak-core", false, true);
    check("firebreak-sources", "firebreak-sandbox", false, true);
    check("firebreak-engine", "firebreak-store", false, false);
    check("firebreak-sources", "firebreak-sandbox", true, false);
}

#[test]
fn a_library_in_the_wrong_place_would_be_seen() {
    check("firebreak-desk", "tauri", false, true);
    check("firebreak-engine", "sqlx", false, true);
    check("firebreak-desk", "aws-sdk-ec2", true, true);
    check("firebreak-desk", "aws-config", false, true);
    check("firebreak-engine", "reqwest", false, true);
    check("firebreak-core", "tokio", false, true);
    check("firebreak", "tauri-plugin-shell", false, true);
    check("firebreak", "tauri-build", false, false);
    check("firebreak-acceptance", "aws-sdk-ec2", false, true);
    check("firebreak-acceptance", "reqwest", false, false);
    check("firebreak-core", "serde", false, false);
}

#[test]
fn a_new_package_would_be_seen() {
    assert_eq!(violations(&["firebreak-extra".to_owned()], &[]).len(), 1);
}
