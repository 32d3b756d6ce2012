//! What the desktop shell may give its windows: a strict content security policy, a capability a
//! window, and nothing that reaches files, programs or the network.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{SourceFile, assert_kept, files_in, read};

const APPROVAL_WINDOW: &str = "approval";
/// Starts of permission names that no window gets.
const NEVER_GRANTED: &[&str] = &[
    "fs:",
    "shell:",
    "http:",
    "opener:",
    "process:",
    "updater:",
    "websocket:",
    "clipboard-manager:",
    // A window that makes windows could draw an approval of its own.
    "core:webview:allow-create",
    "core:window:allow-create",
    "core:webview:allow-internal-toggle-devtools",
];
/// Directives that must be exactly this.
const EXACT: &[(&str, &[&str])] = &[
    ("script-src", &["'self'"]),
    ("object-src", &["'none'"]),
    ("frame-src", &["'none'"]),
    ("base-uri", &["'none'"]),
    ("form-action", &["'none'"]),
];
/// Where the window may connect to: its own backend.
const CONNECT: &[&str] = &["'self'", "ipc:", "http://ipc.localhost"];
/// Directives that may show embedded pictures and fonts.
const MAY_EMBED: &[&str] = &["img-src", "font-src"];

fn directives(policy: &Value) -> Vec<(String, Vec<String>)> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    match policy {
        Value::String(text) => text
            .split(';')
            .map(words)
            .filter_map(|list| Some((list.first()?.clone(), list[1..].to_vec())))
            .collect(),
        Value::Object(entries) => entries
            .iter()
            .map(|(name, value)| match value {
                Value::Array(list) => {
                    (name.clone(), list.iter().filter_map(Value::as_str).flat_map(words).collect())
                }
                other => (name.clone(), other.as_str().map(words).unwrap_or_default()),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn loose_policy(policy: &Value) -> Vec<String> {
    let directives = directives(policy);
    let find = |name: &str| directives.iter().find(|(found, _)| found == name).map(|(_, to)| to);
    let mut found = Vec::new();
    for (name, expected) in EXACT {
        if find(name).is_none_or(|sources| sources != expected) {
            found.push(format!("{name} must be {}", expected.join(" ")));
        }
    }
    if find("default-src").is_none_or(|sources| sources != &["'self'"] && sources != &["'none'"]) {
        found.push("default-src must be 'self' or 'none'".to_owned());
    }
    for (name, sources) in &directives {
        let loose = sources.iter().filter(|source| is_loose(name, source));
        found.extend(loose.map(|source| format!("{name} allows {source}")));
    }
    found
}

fn is_loose(directive: &str, source: &str) -> bool {
    match source {
        "'self'" | "'none'" => false,
        "data:" => !MAY_EMBED.contains(&directive),
        "'unsafe-inline'" => directive != "style-src",
        _ => directive != "connect-src" || !CONNECT.contains(&source),
    }
}

fn loose_settings(config: &Value) -> Vec<String> {
    let app = &config["app"];
    let security = &app["security"];
    let mut found = loose_policy(&security["csp"]);
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            found.push(what.to_owned());
        }
    };
    demand(security["freezePrototype"] == true, "freezePrototype must be on");
    demand(app["withGlobalTauri"] != true, "withGlobalTauri must be off");
    demand(security["assetProtocol"]["enable"] != true, "assetProtocol must be off");
    let kept = matches!(
        &security["dangerousDisableAssetCspModification"],
        Value::Null | Value::Bool(false)
    );
    demand(kept, "dangerousDisableAssetCspModification must be off");
    let windows = app["windows"].as_array().into_iter().flatten();
    let local = windows.filter_map(|window| window["url"].as_str()).all(|url| !url.contains("://"));
    demand(local, "windows must show pages of our own");
    found
}

/// Names of the permissions that a capability grants.
fn granted(capability: &Value) -> BTreeSet<String> {
    let list = capability["permissions"].as_array().into_iter().flatten();
    list.filter_map(|entry| entry.as_str().or_else(|| entry["identifier"].as_str()))
        .map(str::to_owned)
        .collect()
}

fn windows_of(capability: &Value) -> Vec<&str> {
    capability["windows"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn loose_capabilities(capabilities: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for capability in capabilities {
        let name = capability["identifier"].as_str().unwrap_or("(no name)");
        let windows = windows_of(capability);
        if windows.is_empty() || windows.iter().any(|label| label.contains('*')) {
            found.push(format!("{name}: must name its windows"));
        }
        if windows.contains(&APPROVAL_WINDOW) && windows.len() > 1 {
            found.push(format!("{name}: the approval window shares a capability"));
        }
        found.extend(
            windows
                .iter()
                .filter(|label| !seen.insert((*label).to_owned()))
                .map(|label| format!("{name}: {label} has another capability already")),
        );
        if !capability["remote"].is_null() || !capability["webviews"].is_null() {
            found.push(format!("{name}: must not name remote pages or webviews"));
        }
        let granted = granted(capability);
        let never = |name: &&String| NEVER_GRANTED.iter().any(|start| name.starts_with(start));
        found.extend(granted.iter().filter(never).map(|grant| format!("{name}: grants {grant}")));
    }
    found.extend(shared_with_approval(capabilities));
    found
}

/// The approval window has commands that nobody else has, and none of anybody else's.
fn shared_with_approval(capabilities: &[Value]) -> Vec<String> {
    let (approval, others): (Vec<_>, Vec<_>) =
        capabilities.iter().partition(|one| windows_of(one).contains(&APPROVAL_WINDOW));
    let own = |list: &[&Value]| -> BTreeSet<String> {
        let all = list.iter().flat_map(|one| granted(one));
        all.filter(|name| !name.starts_with("core:")).collect()
    };
    let (approval, others) = (own(&approval), own(&others));
    if approval.is_empty() {
        return vec!["no capability grants the approval window its commands".to_owned()];
    }
    approval.intersection(&others).map(|name| format!("{name} is granted on both sides")).collect()
}

/// Names between quotes in a list of the build script.
fn declared_commands(build: &str) -> BTreeSet<String> {
    let list = build.split_once("COMMANDS").and_then(|(_, rest)| rest.split_once("];"));
    let names = list.map_or("", |(list, _)| list).split('"').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// Functions behind `#[tauri::command]`.
fn written_commands(files: &[SourceFile]) -> BTreeSet<String> {
    let items = files.iter().flat_map(|file| file.text.split("#[tauri::command").skip(1));
    items
        .filter_map(|item| item.split_once("fn "))
        .filter_map(|(_, rest)| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .map(str::to_owned)
        .collect()
}

/// A command is written once, declared once and granted to one window: three lists that a person
/// keeps, and that must not drift.
fn drifted_commands(
    written: &BTreeSet<String>,
    declared: &BTreeSet<String>,
    capabilities: &[Value],
) -> Vec<String> {
    let granted: BTreeSet<String> = capabilities
        .iter()
        .flat_map(granted)
        .filter_map(|name| name.strip_prefix("allow-").map(|name| name.replace('-', "_")))
        .collect();
    let undeclared = written.symmetric_difference(declared);
    let ungranted = declared.symmetric_difference(&granted);
    undeclared
        .map(|name| format!("{name}: written or declared, not both"))
        .chain(ungranted.map(|name| format!("{name}: declared or granted, not both")))
        .collect()
}

fn capabilities() -> Vec<Value> {
    let files = files_in("src-tauri/capabilities", &["json"]);
    files.iter().map(|file| serde_json::from_str(&file.text).unwrap()).collect()
}

#[test]
fn every_command_is_written_declared_and_granted() {
    let written = written_commands(&files_in("src-tauri/src", &["rs"]));
    let declared = declared_commands(&read("src-tauri/build.rs"));
    assert_kept("commands", &drifted_commands(&written, &declared, &capabilities()));
}

#[test]
fn a_drifted_command_would_be_seen() {
    let source = "#[tauri::command]\npub async fn get_snapshot(desk: State<'_>) {}\n\
                  #[tauri::command(async)]\npub fn verify_audit() {}";
    let written = written_commands(&[SourceFile::new("a.rs", source)]);
    let declared = declared_commands("const COMMANDS: &[&str] = &[\n\"get_snapshot\",\n\"sign\"];");
    let main = json!({ "permissions": ["allow-get-snapshot", "core:default", "allow-more"] });
    let drifted = drifted_commands(&written, &declared, &[main]);
    assert_eq!(drifted.len(), 4, "{drifted:?}");
}

#[test]
fn the_windows_settings_are_strict() {
    let config: Value = serde_json::from_str(&read("src-tauri/tauri.conf.json")).unwrap();
    assert_kept("tauri.conf.json", &loose_settings(&config));
}

#[test]
fn each_window_has_a_capability_of_its_own() {
    assert_kept("capabilities", &loose_capabilities(&capabilities()));
}

/// Without a manifest of the app's own commands, tauri lets every window call every one of them.
#[test]
fn the_apps_own_commands_need_a_permission() {
    let build = read("src-tauri/build.rs");
    assert!(build.contains("AppManifest") && build.contains(".commands("), "no AppManifest");
}

fn strict() -> Value {
    json!({ "app": { "windows": [{ "url": "index.html" }], "security": {
        "freezePrototype": true,
        "csp": "default-src 'self'; script-src 'self'; object-src 'none'; frame-src 'none'; \
                base-uri 'none'; form-action 'none'; style-src 'self' 'unsafe-inline'; \
                img-src 'self' data:; connect-src ipc: http://ipc.localhost" } } })
}

#[test]
fn strict_settings_pass_in_both_spellings() {
    assert_eq!(loose_settings(&strict()), [""; 0]);
    let mut spelled = strict();
    spelled["app"]["security"]["csp"] = json!({
        "default-src": "'self'", "script-src": ["'self'"], "object-src": "'none'",
        "frame-src": "'none'", "base-uri": "'none'", "form-action": "'none'" });
    assert_eq!(loose_settings(&spelled), [""; 0]);
}

#[track_caller]
fn check_loose(change: impl FnOnce(&mut Value)) {
    let mut config = strict();
    change(&mut config["app"]);
    assert!(!loose_settings(&config).is_empty(), "{config}");
}

#[test]
fn a_loose_setting_would_be_seen() {
    check_loose(|app| app["security"]["csp"] = Value::Null);
    check_loose(|app| app["security"]["freezePrototype"] = json!(false));
    check_loose(|app| app["withGlobalTauri"] = json!(true));
    check_loose(|app| app["security"]["assetProtocol"] = json!({ "enable": true }));
    check_loose(|app| {
        app["security"]["dangerousDisableAssetCspModification"] = json!(["script-src"])
    });
    check_loose(|app| app["windows"][0]["url"] = json!("https://example.com"));
}

#[test]
fn a_loose_policy_would_be_seen() {
    let strict = strict()["app"]["security"]["csp"].as_str().unwrap().to_owned();
    let changes = [
        ("script-src 'self'", "script-src 'self' data:"),
        ("script-src 'self'", "script-src 'self' blob:"),
        ("script-src 'self'", "script-src 'self' 'unsafe-inline'"),
        ("script-src 'self';", ""),
        ("frame-src 'none'", "frame-src 'self'"),
        ("object-src 'none';", ""),
        ("img-src 'self' data:", "img-src *"),
        ("img-src 'self' data:", "img-src https:"),
        ("connect-src ipc:", "connect-src https://example.com ipc:"),
        ("default-src 'self'", "default-src 'self' blob:"),
    ];
    for (from, to) in changes {
        assert!(strict.contains(from), "{from}");
        assert!(!loose_policy(&json!(strict.replace(from, to))).is_empty(), "{from} -> {to}");
    }
}

#[track_caller]
fn check_capability(main: Value, expected: usize) {
    let approval = json!({ "identifier": "approval", "windows": ["approval"],
        "permissions": ["core:event:default", "allow-sign-approval"] });
    let found = loose_capabilities(&[main, approval]);
    assert_eq!(found.len(), expected, "{found:?}");
}

#[test]
fn a_loose_capability_would_be_seen() {
    let main = |windows: Value, grants: Value| json!({ "identifier": "main", "windows": windows, "permissions": grants });
    check_capability(main(json!(["main"]), json!(["core:event:default", "allow-get-snapshot"])), 0);
    check_capability(main(json!(["*"]), json!(["allow-get-snapshot"])), 1);
    check_capability(main(json!(["main"]), json!(["allow-sign-approval"])), 1);
    check_capability(
        main(json!(["main"]), json!([{ "identifier": "fs:allow-read", "allow": [] }])),
        1,
    );
    check_capability(main(json!(["main"]), json!(["core:webview:allow-create-webview-window"])), 1);
    let mut remote = main(json!(["main"]), json!(["allow-get-snapshot"]));
    remote["remote"] = json!({ "urls": ["https://example.com"] });
    check_capability(remote, 1);
    // Shared label: not alone, and the label twice.
    let shared = main(json!(["main", "approval"]), json!(["allow-get-snapshot"]));
    assert!(!loose_capabilities(&[shared]).is_empty());
    assert!(!loose_capabilities(&[main(json!(["main"]), json!(["allow-x"]))]).is_empty());
}
