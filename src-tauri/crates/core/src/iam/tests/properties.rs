//! Over random accounts: an allow takes no way away, an unconditional deny opens none.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;

const ACTIONS: [&str; 14] = [
    "*",
    "sts:AssumeRole",
    "iam:PassRole",
    "iam:Create*",
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:PutUserPolicy",
    "iam:AddUserToGroup",
    "lambda:*",
    "ec2:RunInstances",
    "ssm:StartSession",
    "ssmmessages:*",
    "s3:GetObject",
];
const CONDITIONS: [&str; 4] = [
    "{}",
    r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#,
    r#"{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}"#,
    r#"{"ArnNotLike":{"aws:PrincipalArn":"*:user/*"}}"#,
];

fn resources() -> Vec<String> {
    let iam = ["user/ana", "user/bob", "role/web", "role/ops", "role/w*", "group/g"];
    let iam = iam.iter().map(|rest| arn(rest));
    iam.chain(["*".to_owned(), "arn:aws:s3:::exports/*".to_owned()]).collect()
}

prop_compose! {
    fn a_statement()(
        effect in select(vec!["Allow", "Allow", "Allow", "Deny"]),
        actions in vec(select(&ACTIONS[..]), 1..3),
        is_not in prop::bool::weighted(0.1),
        resource in select(resources()),
        condition in select(&CONDITIONS[..]),
    ) -> Value {
        let condition: Value = serde_json::from_str(condition).unwrap();
        let (action, resource_is) =
            if is_not { ("NotAction", "Resource") } else { ("Action", "Resource") };
        json!({ "Effect": effect, action: actions, resource_is: resource, "Condition": condition })
    }
}

fn a_trust() -> impl Strategy<Value = Value> {
    select(vec![
        by_account(),
        json!("*"),
        json!({ "AWS": arn("user/ana") }),
        json!({ "AWS": arn("role/web") }),
        by_service("ec2.amazonaws.com"),
        by_service("lambda.amazonaws.com"),
    ])
}

prop_compose! {
    fn an_account()(
        own in vec(vec(a_statement(), 0..3), 4),
        trusts in vec(a_trust(), 2),
        bound in proptest::option::of(vec(a_statement(), 1..3)),
        group in vec(a_statement(), 0..2),
    ) -> Account {
        let mut ana = user("ana", json!(own[0]));
        ana.boundary = bound.map(|statements| policy("limit", json!(statements)));
        let mut account = account(vec![
            ana,
            user("bob", json!(own[1])),
            role("web", trusts[0].clone(), json!(own[2])),
            role("ops", trusts[1].clone(), json!(own[3])),
        ]);
        let policies = vec![policy("g", json!(group))];
        account.groups = vec![Group { arn: arn("group/g"), name: "g".to_owned(), policies }];
        account.profiles = [(arn("instance-profile/web"), arn("role/web"))].into();
        account.machines = vec![Machine {
            id: "i-0a".to_owned(),
            region: "eu-central-1".to_owned(),
            name: None,
            profile: arn("instance-profile/web"),
        }];
        account
    }
}

/// What is reached from each of them, however many steps it takes.
fn reached(account: &Account) -> BTreeSet<(String, String)> {
    let accounts = [Arc::new(account.clone())];
    let bucket = Thing { id: AssetId::new("arn:aws:s3:::exports"), account: Some(ID.to_owned()) };
    let walk = Reachability::new(&accounts, [bucket]);
    let starts = account.principals.iter().map(|one| one.arn.clone()).chain(["i-0a".to_owned()]);
    let mut pairs = BTreeSet::new();
    for from in starts {
        let start = Start { id: AssetId::new(&from), owner: None };
        let around = walk.around(&[start], &[], 20);
        assert!(!around.is_cut);
        for edge in around.found.edges {
            if edge.to.as_str() != from {
                pairs.insert((from.clone(), edge.to.as_str().to_owned()));
            }
        }
    }
    pairs
}

fn with(account: &Account, which: usize, statement: &Value) -> Account {
    let mut more = account.clone();
    more.principals[which].policies.push(policy("more", json!([statement])));
    more
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_allow_takes_no_way_away(
        account in an_account(), which in 0..4_usize, mut statement in a_statement()
    ) {
        statement["Effect"] = json!("Allow");
        let (before, after) = (reached(&account), reached(&with(&account, which, &statement)));
        let lost: Vec<_> = before.difference(&after).collect();
        prop_assert!(lost.is_empty(), "{lost:?}");
    }

    #[test]
    fn an_unconditional_deny_opens_none(
        account in an_account(), which in 0..4_usize, mut statement in a_statement()
    ) {
        statement["Effect"] = json!("Deny");
        statement["Condition"] = json!({});
        let (before, after) = (reached(&account), reached(&with(&account, which, &statement)));
        let gained: Vec<_> = after.difference(&before).collect();
        prop_assert!(gained.is_empty(), "{gained:?}");
    }
}
