//! The shape of a prompt: one object between lines that nothing inside can close.

use firebreak_core::assessment::read_answer;
use firebreak_planner::prompt::{EVIDENCE_CAP, USER_CAP};
use firebreak_planner::{CasePrompt, menu};
use serde_json::{Value, json};

use crate::case::{Miner, at};

/// The case within a prompt, after every promise about its frame was looked at.
pub fn opened(built: &CasePrompt) -> Value {
    let user = &built.prompt.user;
    assert!(user.len() <= USER_CAP, "{} bytes", user.len());
    let lines: Vec<&str> = user.lines().collect();
    let [first, json, last] = lines.as_slice() else { panic!("{} lines", lines.len()) };
    let boundary = first.strip_prefix("<<<CASE ").expect("it opens");
    assert_eq!(*last, format!("CASE {boundary}>>>"));
    assert!(boundary.len() == 32 && boundary.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(
        !json.contains(['<', '>', '&']) && !json.contains(boundary),
        "the object could close its frame"
    );
    assert!(!json.chars().any(|c| c.is_control()));
    let case: Value = serde_json::from_str(json).expect("the case is one JSON value");
    assert!(case.is_object());
    case
}

#[test]
fn the_case_of_a_miner() {
    let built = Miner::new().prompt();
    insta::assert_json_snapshot!(opened(&built));
    assert_eq!(built.left_out, 0);
    assert_eq!(built, Miner::new().prompt(), "the same case gives the same bytes");
    assert!(!built.prompt.system.contains("web-7"), "nothing of a case is in the fixed text");
}

#[test]
fn the_schema_of_its_answer() {
    let built = Miner::new().prompt();
    insta::assert_json_snapshot!(built.prompt.schema);
}

/// Strict decoding wants every object closed and every property required.
fn assert_strict(schema: &Value) {
    match schema["type"].as_str().expect("every part has a type") {
        "object" => {
            let properties = schema["properties"].as_object().expect("an object has properties");
            let mut names: Vec<&str> = properties.keys().map(String::as_str).collect();
            let mut required: Vec<&str> = schema["required"]
                .as_array()
                .expect("required")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            names.sort_unstable();
            required.sort_unstable();
            assert_eq!(names, required);
            assert_eq!(schema["additionalProperties"], json!(false));
            properties.values().for_each(assert_strict);
        }
        "array" => assert_strict(&schema["items"]),
        "string" => {
            assert_ne!(schema.get("enum"), Some(&json!([])), "an empty enumeration is no schema")
        }
        "number" => {}
        other => panic!("strict decoding was not meant to meet {other}"),
    }
}

/// What a decoder that keeps to the schema could write: the fullest, or the barest.
fn written(schema: &Value, full: bool, nth: usize) -> Value {
    match schema["type"].as_str().expect("every part has a type") {
        "object" => schema["properties"]
            .as_object()
            .expect("an object has properties")
            .iter()
            .map(|(name, part)| (name.clone(), written(part, full, nth)))
            .collect(),
        "array" => {
            let count = schema[if full { "maxItems" } else { "minItems" }]
                .as_u64()
                .expect("a list has bounds");
            (0..count)
                .map(|item| written(&schema["items"], full, usize::try_from(item).expect("few")))
                .collect()
        }
        "string" => schema.get("enum").map_or(json!("A sentence."), |ids| ids[nth].clone()),
        _ => schema[if full { "maximum" } else { "minimum" }].clone(),
    }
}

#[test]
fn whatever_keeps_to_the_schema_is_read() {
    let mut miner = Miner::new();
    let check = |miner: &Miner, menu: &[firebreak_core::assessment::MenuItem]| {
        let playbook = firebreak_planner::playbooks::generic(&[]);
        let case = firebreak_planner::Case {
            incident: &miner.incident,
            asset: None,
            findings: &miner.findings,
            playbook: &playbook,
        };
        let built = firebreak_planner::build_prompt(case, &miner.evidence, menu);
        assert_strict(&built.prompt.schema);
        for full in [true, false] {
            let answer = written(&built.prompt.schema, full, 0).to_string();
            let advice = read_answer(&answer, menu, &built.evidence)
                .unwrap_or_else(|problem| panic!("{problem}: {answer}"));
            assert_eq!(advice.order.len(), if full { menu.len() } else { 0 });
        }
    };
    let menu = menu::items(&miner.plan().1);
    assert_eq!(menu.len(), 4);
    check(&miner, &menu);
    check(&miner, &[]);
    miner.evidence.clear();
    check(&miner, &menu);
    check(&miner, &[]);
}

#[test]
fn a_flood_of_facts_leaves_the_first_ones_in() {
    let mut miner = Miner::new();
    miner.evidence.clear();
    for number in 0..2_000_u32 {
        // The newest come first, as a source may give them.
        let fact =
            miner.fact(number as usize + 1, i64::from(5_000 - number), &format!("fact {number}"));
        miner.evidence.push(fact);
    }
    let built = miner.prompt();
    let case = opened(&built);
    assert_eq!(built.evidence.len(), EVIDENCE_CAP);
    assert_eq!(built.left_out, 2_000 - EVIDENCE_CAP);
    assert_eq!(case["evidence_not_shown"], json!(built.left_out));
    assert_eq!(case["evidence"][0]["id"], "E2000");
    assert!(built.evidence.is_sorted_by_key(|fact| fact.at));
    let ids: Vec<&str> = built.evidence.iter().map(|fact| fact.id.as_str()).collect();
    let offered = &built.prompt.schema["properties"]["summary"]["items"]["properties"]["cites"]["items"]
        ["enum"];
    assert_eq!(offered, &json!(ids), "only what is shown can be cited");
}

#[test]
fn the_largest_case_keeps_its_cap_and_its_menu() {
    let huge = "<\"\u{200b}&>".repeat(4_000);
    let mut miner = Miner::new();
    let one = miner.findings[0].clone();
    miner.findings = (0..40_u32)
        .map(|number| {
            let mut finding = one.clone();
            finding.id = firebreak_core::FindingId::new(format!("f{number:02}"));
            finding.draft.title = huge.clone();
            finding.draft.description = Some(huge.clone());
            finding.draft.rule_name = Some(huge.clone());
            finding.draft.techniques.extend(
                (0..20).map(|_| firebreak_core::finding::Attack { id: huge.clone(), name: None }),
            );
            finding.draft.actor = Some(firebreak_core::finding::Actor {
                native_id: Some(huge.clone()),
                name: Some(huge.clone()),
                access_key_id: Some(format!("AKIA{number:016}")),
                address: Some(huge.clone()),
            });
            finding
        })
        .collect();
    miner.incident.title = huge.clone();
    miner.asset.tags = (0..200).map(|number| (format!("{number}{huge}"), huge.clone())).collect();
    for slot in [
        &mut miner.asset.name,
        &mut miner.asset.account,
        &mut miner.asset.account_name,
        &mut miner.asset.region,
        &mut miner.asset.owner,
        &mut miner.asset.cloud_state,
    ] {
        *slot = Some(huge.clone());
    }
    miner.evidence = (1..=500).map(|number| miner.fact(number, 0, &huge)).collect();
    let built = miner.prompt();
    let case = opened(&built);
    let menu = miner.plan().1;
    assert_eq!(case["menu"].as_array().map(Vec::len), Some(menu.len()));
    assert!(built.evidence.len() >= 10, "only {} facts fit", built.evidence.len());
    assert_eq!(case["findings"].as_array().map(Vec::len), Some(6));
    assert_eq!(case["findings_not_shown"], 34);
}

#[test]
fn no_secret_of_the_case_is_in_the_prompt() {
    let mut miner = Miner::new();
    let secret = "hunter2correcthorse";
    miner.findings[0].draft.title = format!("run --password {secret}");
    miner.findings[0].draft.description = Some(format!("env: DB_PASSWORD={secret}"));
    miner.asset.tags.insert("db_password".to_owned(), secret.to_owned());
    miner.asset.name = Some(format!("postgres://app:{secret}@db/shop"));
    miner.evidence[0].text = format!("mysqldump --password={secret} shop");
    let built = miner.prompt();
    let case = opened(&built);
    assert!(!built.prompt.user.contains(secret));
    let tags = case["asset"]["tags"].as_array().expect("tags");
    assert!(tags.contains(&json!({ "key": "db_password", "value": "[removed]" })), "{tags:?}");
    assert!(
        built.prompt.user.contains(crate::case::KEY),
        "an access key id names a target and stays"
    );
}

#[test]
fn times_are_utc_and_to_the_second() {
    let mut miner = Miner::new();
    miner.evidence[0].at = at(0) + chrono::Duration::milliseconds(250);
    assert_eq!(opened(&miner.prompt())["evidence"][1]["at"], "2026-11-22T10:00:00Z");
}
