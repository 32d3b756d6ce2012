//! Messages of any shape, read by mappings.

use firebreak_core::finding::{FindingDraft, FindingStatus, ResourceKind, Severity};
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use firebreak_sources::mapped::{Field, MappedNormaliser, Mapping, SHIPPED};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use serde_json::{Map, Value, json};

use crate::corpora::tame;

fn reader(mapping: &Value) -> MappedNormaliser {
    MappedNormaliser::new(Mapping::read(&mapping.to_string()).unwrap())
}

/// The findings in one message, by the way a queue takes it.
fn all(reader: &MappedNormaliser, message: &str) -> Vec<Result<FindingDraft, NotAnAlert>> {
    let alerts = reader.split(message.as_bytes()).unwrap();
    alerts.iter().map(|alert| reader.normalise(alert)).collect()
}

fn shipped(name: &str) -> FindingDraft {
    let shipped = SHIPPED.iter().find(|shipped| shipped.name == name).unwrap();
    let reader = MappedNormaliser::new(Mapping::read(shipped.mapping).unwrap());
    let mut findings = all(&reader, shipped.sample);
    assert_eq!(findings.len(), 1);
    findings.remove(0).unwrap()
}

fn bespoke() -> Value {
    json!({
        "version": 1,
        "items": "/batch",
        "fields": {
            "vendor_id": "/ref", "title": ["/headline", "/what"], "severity": "/prio", "status": "/phase",
            "created_at": "/when", "resource_id": "/thing/arn", "cloud": {"const": "AWS"},
            "region": "/thing/region", "tags": "/thing/labels", "description": "/text",
        },
        "severities": {"P1": "critical", "P 2": "high"},
        "statuses": {"Triage": "new", "Done": "resolved"},
    })
}

#[test]
fn each_shipped_mapping_reads_its_vendors_message_in_full() {
    let wiz = shipped("wiz");
    assert_eq!(
        (wiz.kind.as_str(), wiz.severity, wiz.status),
        ("issue", Severity::High, FindingStatus::New)
    );
    assert_eq!(wiz.title, "Recon:EC2/PortProbeUnprotectedPort");
    assert_eq!(wiz.resource.native_id.as_deref(), Some("i-0c0ffee0c0ffee0c0"));
    assert_eq!(wiz.resource.kind, Some(ResourceKind::Instance));
    assert_eq!(wiz.resource.account.as_deref(), Some("123456789012"));
    assert_eq!(wiz.created_at.unwrap().to_rfc3339(), "2026-07-25T14:12:09.164923+00:00");
    assert_eq!(wiz.observations[0].text, "Reported by Wiz.");

    let prisma = shipped("prisma");
    assert_eq!((prisma.vendor_id.as_str(), prisma.severity), ("P-90119", Severity::High));
    assert_eq!(prisma.resource.native_id.as_deref(), Some("i-0feedfacefeedface"));
    assert_eq!(prisma.resource.region.as_deref(), Some("eu-west-1"));
    assert_eq!(prisma.resource.tags["owner"], "press");
    assert_eq!(prisma.techniques[0].id, "T1190");

    let lacework = shipped("lacework");
    assert_eq!((lacework.vendor_id.as_str(), lacework.severity), ("482200", Severity::High));
    assert_eq!(lacework.status, FindingStatus::Unknown);
    assert_eq!(lacework.created_at.unwrap().to_rfc3339(), "2026-09-12T10:00:00+00:00");

    let orca = shipped("orca");
    assert_eq!((orca.vendor_id.as_str(), orca.severity), ("orca-7003", Severity::Medium));
    assert_eq!(orca.status, FindingStatus::InProgress);
    assert_eq!(orca.resource.native_id.as_deref(), Some("arn:aws:s3:::ledger-exports"));
    assert_eq!(orca.resource.tags["env"], "prod");
    assert_eq!(orca.techniques[0].id, "T1530");
    assert_eq!(orca.unknowns, Vec::<String>::new(), "all of it is understood");
}

#[test]
fn an_event_is_read_without_its_envelope() {
    let shipped = SHIPPED.iter().find(|shipped| shipped.name == "lacework-eventbridge").unwrap();
    let envelope: Value = serde_json::from_str(shipped.sample).unwrap();
    let reader = MappedNormaliser::new(Mapping::read(shipped.mapping).unwrap());
    // The queue takes the envelope off before the mapping sees the message.
    let finding = all(&reader, &envelope["detail"].to_string()).remove(0).unwrap();
    assert_eq!((finding.vendor_id.as_str(), finding.severity), ("482200", Severity::High));
    assert_eq!(finding.resource.native_id.as_deref(), Some("arn:aws:s3:::customer-exports"));
    assert_eq!(finding.resource.account.as_deref(), Some("123456789012"));
    assert_eq!(finding.rule_id.as_deref(), Some("lacework-global-130"));
}

#[test]
fn the_documentations_example_is_true() {
    let text = include_str!("../../../../../docs/SOURCES.md");
    let section = text.split("### Messages of your own shape").nth(1).unwrap();
    let blocks: Vec<&str> = section
        .split("```json\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .collect();
    let reader = MappedNormaliser::new(Mapping::read(blocks[0]).unwrap());
    let finding = all(&reader, blocks[1]).remove(0).unwrap();
    assert_eq!(
        (finding.vendor_id.as_str(), finding.title.as_str()),
        ("4711", "Miner on an instance")
    );
    assert_eq!((finding.severity, finding.status), (Severity::Critical, FindingStatus::New));
    let resource = &finding.resource;
    assert_eq!(resource.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
    assert_eq!(resource.account.as_deref(), Some("123456789012"));
    assert_eq!(resource.region.as_deref(), Some("eu-central-1"));
    assert_eq!(resource.tags["owner"], "shop");
    for name in Field::ALL.map(Field::name) {
        assert!(section.contains(&format!("`{name}`")), "{name} is not told");
    }
    for shipped in SHIPPED {
        assert!(section.contains(shipped.name), "{} is not told", shipped.name);
    }
}

#[test]
fn a_shape_of_the_customers_own() {
    let message = json!({"sent": "now", "batch": [
        {"ref": 77, "headline": "", "what": "Miner on web", "prio": "p1", "phase": "triage",
         "when": 1_789_990_000_u64, "text": "It mines.",
         "thing": {"arn": "arn:aws:ec2:eu-central-1:123456789012:instance/i-0aa11bb22cc33dd44",
                   "labels": ["owner=shop"]}},
        {"ref": "78", "what": "Nothing much", "prio": "P9", "phase": "", "when": "yesterday",
         "thing": {"arn": {"not": "text"}, "labels": 7}},
        {"ref": "", "what": "nobody knows which"},
    ]});
    let findings = all(&reader(&bespoke()), &message.to_string());
    let first = findings[0].as_ref().unwrap();
    assert_eq!((first.vendor_id.as_str(), first.title.as_str()), ("77", "Miner on web"));
    assert_eq!((first.severity, first.status), (Severity::Critical, FindingStatus::New));
    assert_eq!(first.resource.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
    // The ARN says what the message does not.
    assert_eq!(first.resource.region.as_deref(), Some("eu-central-1"));
    assert_eq!((first.kind.as_str(), first.severity_as_given.as_deref()), ("alert", None));

    let second = findings[1].as_ref().unwrap();
    assert_eq!(
        (second.severity, second.severity_as_given.as_deref()),
        (Severity::Unknown, Some("P9"))
    );
    assert_eq!((second.status, second.created_at), (FindingStatus::Unknown, None));
    for noted in [
        "severity: \"P9\" is not known",
        "status: not given",
        "created: \"yesterday\" is not known",
        "native id: an object where a single value belongs",
        "tags: 7 is not known",
    ] {
        assert!(second.unknowns.contains(&noted.to_owned()), "{noted}: {:?}", second.unknowns);
    }

    let NotAnAlert(why) = findings[2].as_ref().unwrap_err();
    assert!(why.contains("no vendor_id at /ref"), "{why}");
    assert!(!why.contains("nobody knows"), "values are not quoted: {why}");
}

#[test]
fn what_the_mapping_does_not_fit_is_kept_as_it_came() {
    let reader = reader(&bespoke());
    for message in ["{\"other\": 1}", "{\"batch\": []}", "{\"batch\": {}}", "7", "[{\"ref\": 1}]"] {
        let alerts = reader.split(message.as_bytes()).unwrap();
        assert_eq!(alerts.len(), 1, "{message}");
        assert_eq!(alerts[0].body, message.as_bytes());
        assert!(reader.normalise(&alerts[0]).is_err(), "{message}");
    }
    assert!(reader.split(b"no json").is_err(), "the queue then keeps the message whole");
    let lines = "{\"batch\": [{\"ref\": 1, \"what\": \"a\"}]}\n{\"ba\n{\"batch\": []}";
    let kept = reader.split(lines.as_bytes()).unwrap();
    assert_eq!(kept.len(), 3, "a line that is broken and one that is empty are kept");
}

#[test]
fn hostile_text_is_capped_and_cleaned() {
    let reader = reader(&json!({"version": 1, "fields": {
        "vendor_id": "/i", "title": "/t", "description": "/d", "kind": "/k", "account": "/a", "tags": "/g"}}));
    let tags: Map<String, Value> = (0..500).map(|n| (format!("k{n}"), json!("v"))).collect();
    let message = json!({"i": "a\u{202e}b".repeat(2_000), "t": "x\ny\u{1b}[2J".repeat(500), "d": "d".repeat(100_000),
        "k": "k".repeat(900), "a": "1\u{0}2", "g": tags});
    let finding = all(&reader, &message.to_string()).remove(0).unwrap();
    tame(&finding);
    assert!(finding.title.chars().count() <= 300 && !finding.title.contains(['\n', '\u{1b}']));
    assert!(finding.kind.len() <= 64 && finding.resource.tags.len() == 100);
}

#[test]
fn a_message_is_explained_field_by_field() {
    let mapping = Mapping::read(&bespoke().to_string()).unwrap();
    let body = json!({"ref": "1", "what": "Miner", "prio": "P9", "thing":
        {"arn": "arn:aws:ec2:eu-central-1:123456789012:instance/i-0aa11bb22cc33dd44", "region": "mars"}});
    let raw = RawAlert { kind: "alert".into(), body: body.to_string().into_bytes() };
    let reading = mapping.explain(&raw).unwrap();
    assert_eq!(reading.refused, None);
    let of = |field: Field| reading.fields.iter().find(|told| told.field == field).unwrap();
    assert_eq!(of(Field::Title).pointer.as_deref(), Some("/what"));
    let severity = of(Field::Severity);
    assert_eq!(
        (severity.value.as_deref(), severity.given.as_deref()),
        (Some("unknown"), Some("P9"))
    );
    assert_eq!(severity.note.as_deref(), Some("\"P9\" is not known"));
    let id = of(Field::ResourceId);
    assert_eq!((id.value.as_deref(), id.note.as_deref()), (Some("i-0aa11bb22cc33dd44"), None));
    assert_eq!(of(Field::Region).value.as_deref(), Some("eu-central-1"));
    assert!(of(Field::Region).note.as_deref().unwrap().contains("says mars"));
    assert_eq!((of(Field::Cloud).pointer.as_deref(), of(Field::Cloud).mapped), (None, true));
    assert!(!of(Field::Account).mapped);
    assert_eq!(reading.fields.len(), Field::ALL.len());

    let raw = RawAlert { kind: "alert".into(), body: b"{\"what\": \"Miner\"}".to_vec() };
    let reading = mapping.explain(&raw).unwrap();
    assert!(reading.refused.unwrap().contains("no vendor_id at /ref"));
    assert!(reading.fields[0].note.as_deref().unwrap().contains("not found"));
    assert_eq!(reading.fields[2].value.as_deref(), Some("Miner"), "the rest is told all the same");
}

/// Any JSON, with the names that the mappings below look for.
fn message() -> impl Strategy<Value = Value> {
    let word = prop_oneof!["[a-c]", Just("~/".to_owned()), Just(String::new()), ".{0,6}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("arn:aws:iam::123456789012:user/x")),
        Just(json!("T1496")),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// A mapping that is valid.
fn mapping() -> impl Strategy<Value = Value> {
    let token = prop_oneof!["[a-c]", "[0-3]", Just("~0~1".to_owned()), Just(String::new())];
    let pointer = prop::collection::vec(token, 0..4)
        .prop_map(|tokens| tokens.iter().map(|token| format!("/{token}")).collect::<String>());
    let origin = prop::collection::vec(pointer.clone(), 1..4).prop_map(Value::from);
    let fields = prop::collection::vec(origin, Field::ALL.len()).prop_map(|origins| {
        let named = Field::ALL.iter().map(|field| field.name().to_owned());
        Value::Object(named.zip(origins).collect())
    });
    (fields, prop::option::of(pointer), any::<bool>()).prop_map(|(fields, items, constant)| {
        let mut mapping = json!({"version": 1, "fields": fields,
            "severities": {"a": "critical", "1": "low"}, "statuses": {"true": "resolved"}});
        if let Some(items) = items {
            mapping["items"] = items.into();
        }
        if constant {
            mapping["fields"]["title"] = json!({"const": "Something happened"});
            mapping["fields"]["severity"] = json!({"const": "unknown"});
        }
        mapping
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_message_by_any_mapping_is_a_finding_or_none(mapping in mapping(), message in message()) {
        let mapping = Mapping::read(&mapping.to_string()).unwrap();
        let reader = MappedNormaliser::new(mapping.clone());
        let bytes = message.to_string().into_bytes();
        let alerts = reader.split(&bytes).unwrap();
        let listed = message.as_array().is_some_and(Vec::is_empty);
        assert!(!alerts.is_empty() || listed, "nothing is lost");
        for alert in &alerts {
            let explained = mapping.explain(alert).unwrap();
            match reader.normalise(alert) {
                Ok(finding) => {
                    tame(&finding);
                    assert!(!finding.vendor_id.is_empty() && !finding.title.is_empty());
                    assert_eq!(explained.refused, None);
                }
                Err(NotAnAlert(why)) => assert_eq!(explained.refused, Some(why)),
            }
        }
    }

    #[test]
    fn any_text_is_a_mapping_or_says_why(text in ".{0,200}") {
        if let Err(faults) = Mapping::read(&text) {
            assert!(!faults.0.is_empty());
        }
    }

    #[test]
    fn a_damaged_mapping_says_where(mapping in mapping(), at in any::<prop::sample::Index>(), with in ".{0,3}") {
        let text = serde_json::to_string_pretty(&mapping).unwrap();
        let at = at.index(text.len());
        let damaged = format!("{}{with}{}", &text[..at], &text[at + 1..]);
        if let Err(faults) = Mapping::read(&damaged) {
            let lines = damaged.lines().count();
            assert!(faults.0.iter().all(|fault| (1..=lines + 1).contains(&fault.line) && !fault.remedy.is_empty()));
        }
    }
}
