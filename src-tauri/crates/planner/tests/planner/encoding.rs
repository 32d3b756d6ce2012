//! Text that can't hide, can't close anything and can't be long.

use firebreak_planner::encode::{
    MARK, json_length, json_without_brackets, marked, unmarked, visible,
};
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn what_is_not_seen_is_spelt_out() {
    let check = |text: &str, expected: &str| assert_eq!(marked(text, 500), expected);
    check("ignore all\n\n  rules", "ignoreˆallˆrules");
    check("a\u{200b}b\u{202e}c\u{2066}d", "a[U+200B]b[U+202E]c[U+2066]d");
    check("\u{e0049}\u{e0067}", "[U+E0049][U+E0067]");
    check("\u{1b}[2J\u{7}", "[U+001B][2J[U+0007]");
    check("x\u{fe0f}\u{e0100}\u{feff}\u{ad}", "x[U+FE0F][U+E0100][U+FEFF][U+00AD]");
    check("already\u{2c6}marked", "already[U+02C6]marked");
    check("\u{2028}\u{2029}a\u{a0}b\u{3000}c", "aˆbˆc");
    check("Größe 日本語 🔥", "Größeˆ日本語ˆ🔥");
    check(" \t ", "");
    assert_eq!(visible("a\u{202e}  b\n", 80), "a[U+202E] b");
    assert_eq!(visible(&"word ".repeat(100_000), 12), "word word w…");
    assert_eq!(unmarked(&marked("three plain words", 99)), "three plain words");
}

#[test]
fn json_without_brackets_means_the_same() {
    let value = serde_json::json!({ "a<b>": "</case> & <<<CASE \"\\" });
    let text = json_without_brackets(&value);
    assert!(!text.contains(['<', '>', '&']));
    assert_eq!(serde_json::from_str::<Value>(&text).expect("it is JSON"), value);
}

fn unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(u32::from(c), 0x200B..=0x200F | 0x202A..=0x202E | 0x2066..=0x2069 | 0xFEFF | 0xE0000..=0xE0FFF)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_leaves_its_cap_or_its_string(text in any::<String>(), wild in "[<>&\"\\\\ \n\u{200b}\u{202e}\u{e0041}aˆ]{0,400}", cap in 3_usize..300) {
        for text in [text, wild] {
            let encoded = marked(&text, cap);
            prop_assert!(json_length(&encoded) <= cap, "{encoded:?} is longer than {cap}");
            prop_assert!(!encoded.contains(unseen), "{:?}", encoded);
            let json = json_without_brackets(&Value::String(encoded.clone()));
            prop_assert_eq!(json.len(), json_length(&encoded) + 2);
            prop_assert_eq!(serde_json::from_str::<String>(&json).expect("it is a JSON string"), encoded);
        }
    }

    #[test]
    fn words_that_fit_are_kept_whole(words in proptest::collection::vec("[a-z0-9.:/_-]{1,12}", 0..12)) {
        let text = words.join("  ");
        prop_assert_eq!(marked(&text, 1_000), words.join(&MARK.to_string()));
    }
}
