//! Records as canonical JSON.

use firebreak_core::audit::{Entry, Record, Tail};
use proptest::prelude::*;
use serde_json::{Value, json};

fn sealed(text: &str, detail: Value) -> (Record, Vec<u8>) {
    let entry = Entry {
        at: chrono::DateTime::from_timestamp(1_790_000_000, 120_000_000).expect("a time"),
        actor: "dana".to_owned(),
        kind: "step_approved".to_owned(),
        subject: "INC-12".to_owned(),
        text: text.to_owned(),
        detail,
    };
    let sealed = Tail::default().seal(entry);
    (sealed.record, sealed.body)
}

#[test]
fn the_bytes_of_a_record_are_what_the_format_says() {
    let (record, body) =
        sealed("Dana approved \"stop\"", json!({ "b": [1, 0.5, -3], "a": "\u{1f525}\n\u{7}" }));
    let expected = concat!(
        r#"{"actor":"dana","at":"2026-09-21T14:13:20.120Z","detail":{"a":"🔥\n\u0007","b":[1,0.5,-3]},"index":0,"#,
        r#""kind":"step_approved","previous":"0000000000000000000000000000000000000000000000000000000000000000","#,
        r#""subject":"INC-12","text":"Dana approved \"stop\""}"#
    );
    assert_eq!(String::from_utf8_lossy(&body), expected);
    assert_eq!(Record::from_canonical(&body), Ok(record));
}

#[test]
fn integers_that_doubles_can_not_hold_are_kept_as_text() {
    let (record, body) = sealed(
        "",
        json!({ "exact": 9_007_199_254_740_992_u64, "beyond": 9_007_199_254_740_993_u64, "below": i64::MIN }),
    );
    assert_eq!(record.detail["beyond"], json!("9007199254740993"));
    assert_eq!(record.detail["below"], json!("-9223372036854775808"));
    let read = Record::from_canonical(&body).expect("a record");
    assert_eq!(read.detail, record.detail);
}

/// The sorting example of RFC 8785, section 3.2.3.
#[test]
fn keys_sort_by_utf_16_units() {
    let keys = json!({ "\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7 });
    let (_, body) = sealed("", keys);
    let text = String::from_utf8(body.clone()).expect("UTF-8");
    let places: Vec<usize> = ["\\r", "1", "\u{80}", "\u{f6}", "\u{20ac}", "\u{1f600}", "\u{fb33}"]
        .iter()
        .map(|key| text.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key:?} in {text}")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(Record::from_canonical(&body).is_ok());
}

#[test]
fn what_would_be_written_otherwise_is_refused() {
    let (_, body) = sealed("x", json!({ "a": 1, "b": "/\u{8}" }));
    let body = String::from_utf8(body).expect("UTF-8");
    for (from, to) in [
        (r#""a":1"#, r#""a":1.0"#),
        (r#""a":1"#, r#""a":01"#),
        (r#""a":1"#, r#""a":1e0"#),
        (r#""a":1"#, r#""a":-0"#),
        (r#""a":1"#, r#""a": 1"#),
        (r#""a":1"#, r#""c":1"#),
        (r#""a":1"#, r#""b":1"#),
        (r#""a":1"#, r#""a":9007199254740993"#),
        (r#""a":1"#, r#""a":1e400"#),
        (r#""a":1"#, r#""a":True"#),
        (r#""a":1"#, r#""a":[1,]"#),
        (r#""a":1"#, r#""a":"#),
        (r#""a":1"#, r#""\u0061":1"#),
        (r"\b", r"\u0008"),
        ("/", r"\/"),
        (r#"{"actor""#, r#"{ "actor""#),
        (r#""actor":"dana","#, ""),
        (r#""kind""#, r#""kimd""#),
        (r#""index":0"#, r#""index":"0""#),
        (r#""index":0"#, r#""index":-1"#),
        (r#""index":0"#, r#""index":0.5"#),
        (r#""text":"x"}"#, r#""text":"x","zero":0}"#),
        (r#""text":"x"}"#, r#""text":"x"} "#),
        (r#""text":"x"}"#, r#""text":["x"]}"#),
        (r#""at":"2026-09-21T14:13:20.120Z""#, r#""at":"yesterday""#),
        ("0000000000000000", "000000000000000A"),
    ] {
        let changed = body.replacen(from, to, 1);
        assert_ne!(changed, body, "{from}");
        assert!(Record::from_canonical(changed.as_bytes()).is_err(), "{from} as {to}");
    }
    for cut in 0..body.len() {
        assert!(Record::from_canonical(&body.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let (_, body) = sealed("x", json!({ "a": 1 }));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let changed = String::from_utf8(body).expect("UTF-8").replacen(":1}", &format!(":{deep}}}"), 1);
    assert!(Record::from_canonical(changed.as_bytes()).is_err());
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1000_i64..1000).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(
                "[a-c\u{e9}\u{20ac}\u{1f600}\u{fb33}\"\\\\\n\u{1}]{0,3}",
                inner,
                0..5
            )
            .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn every_record_is_read_back_as_it_was(detail in value(), text in any::<String>()) {
        let (record, body) = sealed(&text, detail);
        let read = Record::from_canonical(&body);
        prop_assert!(read.is_ok(), "{:?} from {}", read, String::from_utf8_lossy(&body));
        // Numbers may change their Rust type (1.0 is written 1), never their bytes.
        let read = read.expect("checked above");
        prop_assert_eq!(read.canonical_bytes(), body);
        prop_assert_eq!((read.text, read.at), (record.text, record.at));
    }

    #[test]
    fn what_is_read_is_what_would_be_written(detail in value(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..4)) {
        let (_, mut body) = sealed("text", detail);
        for (at, byte, insert) in changes {
            let at = at.index(body.len());
            if insert { body.insert(at, byte) } else { body[at] = byte }
        }
        if let Ok(read) = Record::from_canonical(&body) {
            prop_assert_eq!(read.canonical_bytes(), body);
        }
    }
}
