//! Policies that somebody wrote to hurt.

use serde_json::json;

use super::*;

#[test]
fn what_is_no_policy_is_said_to_be_none() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("{{\"Statement\":[],\"x\":\"{}\"}}", "a".repeat(DOCUMENT_CAP));
    for (text, says) in [
        ("", "no JSON"),
        (&deep[..60_000], "no JSON"),
        (long.as_str(), "longer than"),
        ("{}", "no statements"),
        (r#"{"Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}"#, "statement 1"),
        (r#"{"Statement":[{"Effect":"Allow","Action":{},"Resource":"*"}]}"#, "statement 1"),
        (r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#, "statement 1"),
        (r#"{"Statement":{"Effect":"Deny","Action":"a","NotAction":"b","Resource":"*"}}"#, "1"),
    ] {
        let document = Document::parse(text);
        assert!(document.unread().is_some_and(|why| why.contains(says)), "{document:?}");
    }
}

#[test]
fn what_may_deny_makes_uncertain() {
    let mut ana = user("ana", json!([allow(json!("sts:*"), json!("*"))]));
    let document = Arc::new(Document::parse(r#"{"Statement":[{"Effect":"Deny","Action":7}]}"#));
    ana.policies.push(Policy { name: "x\u{202e}\n".to_owned(), arn: None, document });
    let ops = role("ops", by_account(), json!([]));
    let found = walk(account(vec![ana, ops]), &arn("user/ana"), &[]);
    let edge = &found.found.edges[0];
    assert_eq!(line(edge), "may_assume ops");
    assert!(edge.reason.contains("is not understood") && !edge.reason.contains('\n'));
}

#[test]
fn slow_patterns_are_not_slow() {
    let star = format!("arn:aws:iam::{ID}:role/{}", "*a".repeat(900));
    let own = json!([allow(json!("sts:AssumeRole"), json!(vec![star; 50]))]);
    let mut all = vec![user("ana", own)];
    all.extend((0..50).map(|n| role(&"a".repeat(20 + n), by_account(), json!([]))));
    assert!(walk(account(all), &arn("user/ana"), &[]).found.edges.is_empty());
}

#[test]
fn a_great_account_is_cut_and_says_so() {
    let all = user("ana", json!([allow(json!("sts:AssumeRole"), json!("*"))]));
    let roles = (0..2_000).map(|n| role(&format!("r{n}"), by_account(), json!([])));
    let found = walk(account(std::iter::once(all).chain(roles).collect()), &arn("user/ana"), &[]);
    assert!(found.is_cut && found.found.edges.len() == 400);
}
