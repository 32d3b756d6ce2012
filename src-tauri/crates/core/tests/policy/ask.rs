//! Questions to ask, and the shipped policies to ask them of.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{TimeZone, Utc};
use firebreak_core::plan::Direction;
use firebreak_core::policy::{Facts, Phase, Policies, Principal, Question, Verdict};
use firebreak_core::{ActionId, AssetId, Environment, Severity, Timestamp};

/// The shipped policy files, caps among them, by name.
pub fn shipped_files() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder())
        .expect("the folder of policies")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "cedar" || extension == "toml")
        })
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).expect("a policy file"))
        })
        .collect();
    files.sort();
    assert!(files.len() >= 6, "found only {files:?}");
    files
}

/// The shipped schema.
pub fn shipped_schema() -> String {
    std::fs::read_to_string(folder().join("schema.cedarschema")).expect("the schema")
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../assets/policies")
}

/// The shipped policies.
pub fn shipped() -> Policies {
    Policies::load(&shipped_files(), &shipped_schema())
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// The shipped policies with one file more.
pub fn shipped_and(extra: &str) -> Policies {
    let mut files = shipped_files();
    files.push(("extra.cedar".to_owned(), format!("{extra}\n// end\n")));
    Policies::load(&files, &shipped_schema()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A Sunday.
pub fn noon() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).single().expect("a time")
}

/// A person stops a staging machine in phase 2.
pub fn question() -> Question {
    Question {
        principal: Principal::Person("dana".to_owned()),
        action: ActionId::Ec2Stop,
        direction: Direction::Execute,
        target: Facts {
            id: AssetId::new("i-0c41f0b9"),
            environment: Environment::Staging,
            account: Some("123456789012".to_owned()),
            region: Some("eu-central-1".to_owned()),
            owner: Some("payments".to_owned()),
            tags: BTreeMap::from([("environment".to_owned(), "staging".to_owned())]),
            crown_jewel: false,
        },
        phase: Phase::Recommend,
        threat: "crypto-mining".to_owned(),
        severity: Severity::High,
        reversible: true,
        mandatory: true,
        model_involved: false,
        calls: 3,
        disruptive_calls: 2,
        at: noon(),
    }
}

/// The verdict in one line a rule.
pub fn words(verdict: &Verdict) -> String {
    let rules: Vec<String> =
        verdict.rules.iter().map(|rule| format!("\n  {}: {}", rule.id, rule.reason)).collect();
    format!("{:?}{}", verdict.kind, rules.concat())
}
