//! One question to one principal.

use serde_json::{Value, json};

use super::*;

enum Says {
    Yes,
    No,
    Unsure(&'static str),
}
use Says::{No, Unsure, Yes};

fn check_of(principal: &Principal, action: &str, resource: &str, says: Says) {
    let known = [("iam:PassedToService", "lambda.amazonaws.com")];
    let asked = Question { action, resource: Asked::all(resource), known: &known };
    let answer = may(principal, &asked);
    match (&answer, says) {
        (Answer::Allowed(_), Yes) | (Answer::Denied, No) => {}
        (Answer::Uncertain(_, why), Unsure(part)) if why.contains(part) => {}
        _ => panic!("{action} on {resource}: {answer:?}"),
    }
}

fn check(statements: Value, action: &str, resource: &str, says: Says) {
    check_of(&user("ana", statements), action, resource, says);
}

const OBJECT: &str = "arn:aws:s3:::exports/*";

#[test]
fn an_explicit_deny_wins() {
    let both = json!([allow(json!("s3:*"), json!("*")), deny(json!("s3:GetObject"), json!("*"))]);
    check(both.clone(), "s3:GetObject", OBJECT, No);
    check(both, "s3:PutObject", OBJECT, Yes);
    check(json!([]), "s3:GetObject", OBJECT, No);
}

#[test]
fn actions_have_no_case_and_resources_do() {
    let odd = json!([allow(json!(["S3:gET?bject"]), json!("arn:aws:s3:::Exports/*"))]);
    check(odd.clone(), "s3:GetObject", "arn:aws:s3:::Exports/a", Yes);
    check(odd, "s3:GetObject", "arn:aws:s3:::exports/a", No);
}

#[test]
fn what_is_not_named_is_meant() {
    let all_but = json!([{ "Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*" }]);
    check(all_but.clone(), "s3:GetObject", OBJECT, Yes);
    check(all_but, "iam:PassRole", &arn("role/x"), No);
    let elsewhere =
        json!([{ "Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::exports/*" }]);
    check(elsewhere.clone(), "s3:GetObject", OBJECT, No);
    check(elsewhere, "s3:GetObject", "arn:aws:s3:::logs/*", Yes);
    let denied = json!([
        allow(json!("s3:*"), json!("*")),
        { "Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::logs/*" }
    ]);
    check(denied, "s3:GetObject", OBJECT, No);
}

#[test]
fn a_part_is_not_the_whole() {
    let part = json!([allow(json!("s3:GetObject"), json!("arn:aws:s3:::exports/public/*"))]);
    check(part.clone(), "s3:GetObject", OBJECT, Unsure("only arn:aws:s3:::exports/public/*"));
    let asked = Question { action: "s3:GetObject", resource: Asked::any(OBJECT), known: &[] };
    assert!(matches!(may(&user("ana", part), &asked), Answer::Allowed(_)));
}

#[test]
fn a_condition_is_decided_or_said_to_be_undecided() {
    let when = |operator: &str, key: &str, value: &str| {
        json!([{ "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
            "Condition": { operator: { key: value } } }])
    };
    let ask = |statements, says| check(statements, "iam:PassRole", &arn("role/x"), says);
    ask(when("StringEquals", "iam:PassedToService", "lambda.amazonaws.com"), Yes);
    ask(when("StringEquals", "iam:PassedToService", "ec2.amazonaws.com"), No);
    ask(when("StringLike", "IAM:passedtoservice", "lambda.*"), Yes);
    ask(when("StringNotEquals", "iam:PassedToService", "lambda.amazonaws.com"), No);
    ask(when("StringEqualsIfExists", "iam:PassedToService", "ec2.amazonaws.com"), No);
    ask(when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/ana"), Yes);
    ask(when("Null", "aws:PrincipalArn", "true"), No);
    ask(when("IpAddress", "aws:SourceIp", "10.0.0.0/8"), Unsure("aws:SourceIp"));
    ask(when("Bool", "aws:MultiFactorAuthPresent", "true"), Unsure("MultiFactorAuthPresent"));
    ask(when("ForAnyValue:StringLike", "aws:PrincipalArn", "*"), Unsure("aws:PrincipalArn"));
    ask(when("StringEquals", "aws:PrincipalAccount", "${aws:x}"), Unsure("aws:PrincipalAccount"));
}

#[test]
fn a_deny_with_an_undecided_condition_makes_it_uncertain() {
    let unless = json!([
        allow(json!("s3:*"), json!("*")),
        { "Effect": "Deny", "Action": "*", "Resource": "*",
          "Condition": { "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } } }
    ]);
    check(unless, "s3:GetObject", OBJECT, Unsure("statement 2, may deny it"));
}

#[test]
fn a_boundary_only_takes_away() {
    let mut bound = user("ana", json!([allow(json!("s3:*"), json!("*"))]));
    let limit = |statements| Some(policy("limit", statements));
    bound.boundary = limit(json!([allow(json!("s3:GetObject"), json!("*"))]));
    check_of(&bound, "s3:GetObject", OBJECT, Yes);
    check_of(&bound, "s3:PutObject", OBJECT, No);
    bound.boundary = limit(json!([allow(json!(["s3:*", "iam:*"]), json!("*"))]));
    check_of(&bound, "iam:CreateUser", "*", No);
    bound.boundary = limit(json!([allow(json!("*"), json!("*")), deny(json!("s3:*"), json!("*"))]));
    check_of(&bound, "s3:GetObject", OBJECT, No);
    let document = Arc::new(Document::missing("it was not among those read"));
    bound.boundary = Some(Policy { document, ..policy("limit", json!([])) });
    check_of(&bound, "s3:GetObject", OBJECT, Unsure("boundary could not be read"));
}

#[test]
fn variables_are_filled_in_or_uncertain() {
    let home = json!([allow(json!("s3:*"), json!("arn:aws:s3:::homes/${aws:username}/*"))]);
    check(home.clone(), "s3:GetObject", "arn:aws:s3:::homes/ana/*", Yes);
    check(home.clone(), "s3:GetObject", "arn:aws:s3:::homes/bob/*", No);
    let nobody = role("web", by_account(), home);
    check_of(&nobody, "s3:GetObject", "arn:aws:s3:::homes/web/*", No);
    let tagged = json!([allow(json!("s3:*"), json!("arn:aws:s3:::homes/${aws:PrincipalTag/t}/*"))]);
    check(tagged, "s3:GetObject", "arn:aws:s3:::homes/red/*", Unsure("variable"));
}
