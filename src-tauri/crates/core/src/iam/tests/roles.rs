//! Edges from one identity to another, and to what they read.

use serde_json::json;

use super::*;

const BUCKET: &str = "arn:aws:s3:::exports";

fn assume() -> Value {
    json!([allow(json!("sts:AssumeRole"), json!("*"))])
}

#[test]
fn assuming_takes_trust_and_a_policy() {
    let reach = |trusted, own| {
        let roles = vec![user("ana", own), role("ops", trusted, json!([]))];
        ways(account(roles), &arn("user/ana"), &[])
    };
    assert_eq!(reach(by_account(), assume()), ["can_assume ops"]);
    assert_eq!(reach(json!({ "AWS": ID }), assume()), ["can_assume ops"]);
    assert_eq!(reach(by_account(), json!([])), [""; 0], "the account is trusted, she is not");
    assert_eq!(reach(by_service("ec2.amazonaws.com"), assume()), [""; 0]);
    assert_eq!(reach(json!({ "AWS": arn("user/bob") }), assume()), [""; 0]);
    assert_eq!(reach(json!({ "AWS": arn("user/ana") }), json!([])), ["can_assume ops"]);
    assert_eq!(reach(json!("*"), json!([])), ["can_assume ops"]);
    let denied = json!([deny(json!("sts:*"), json!("*"))]);
    assert_eq!(reach(json!({ "AWS": arn("user/ana") }), denied), [""; 0]);
}

#[test]
fn a_boundary_limits_a_role_that_is_named_and_not_a_user() {
    let reach = |mut who: Principal| {
        who.boundary = Some(policy("limit", json!([allow(json!("s3:*"), json!("*"))])));
        let (from, named) = (who.arn.clone(), json!({ "AWS": who.arn }));
        ways(account(vec![who, role("ops", named, json!([]))]), &from, &[])
    };
    assert_eq!(reach(user("ana", json!([]))), ["can_assume ops"]);
    assert_eq!(reach(role("web", by_account(), json!([]))), [""; 0]);
}

#[test]
fn the_reason_names_action_policy_statement_and_trust() {
    let own = json!([allow(json!("s3:*"), json!("*")), allow(json!("sts:*"), json!("*"))]);
    let found = walk(
        account(vec![user("ci", own), role("ops", by_account(), json!([]))]),
        &arn("user/ci"),
        &[],
    );
    assert_eq!(
        found.found.edges[0].reason,
        "user ci may sts:AssumeRole on role ops: policy own, statement 2; its trust policy names \
         account 123456789012"
    );
}

#[test]
fn a_doubt_is_seen_in_word_and_reason() {
    let mut ops = role("ops", by_account(), json!([]));
    let trust = json!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": by_account(),
        "Condition": { "StringEquals": { "sts:ExternalId": "x" } } }]);
    ops.trust = Some(document(trust).as_ref().clone());
    let around = walk(account(vec![user("ana", assume()), ops]), &arn("user/ana"), &[]);
    assert_eq!(around.uncertain, 1);
    let edge = &around.found.edges[0];
    assert_eq!(line(edge), "may_assume ops");
    assert!(
        edge.reason.starts_with("Uncertain (in its trust policy, a condition on sts:ExternalId")
    );
}

#[test]
fn across_accounts_both_sides_must_allow() {
    let foreign = |own| Principal {
        arn: format!("arn:aws:iam::{OTHER}:role/ci"),
        ..role("ci", by_account(), own)
    };
    let reach = |trusted: &str, other: Option<Principal>| {
        let ours = account(vec![role("ops", json!({ "AWS": trusted }), json!([]))]);
        let others = other.map(|one| Account { id: OTHER.to_owned(), ..account(vec![one]) });
        let accounts: Vec<Arc<Account>> =
            [Some(ours), others].into_iter().flatten().map(Arc::new).collect();
        let id = AssetId::new(format!("arn:aws:iam::{OTHER}:role/ci"));
        let found = Reachability::new(&accounts, []).around(&[Start { id, owner: None }], &[], 4);
        found.found.edges.iter().map(|edge| (line(edge), edge.reason.clone())).collect::<Vec<_>>()
    };
    let (root, itself) =
        (format!("arn:aws:iam::{OTHER}:root"), format!("arn:aws:iam::{OTHER}:role/ci"));
    assert_eq!(reach(&root, Some(foreign(assume())))[0].0, "can_assume ops");
    assert_eq!(reach(&itself, Some(foreign(assume())))[0].0, "can_assume ops");
    assert!(
        reach(&itself, Some(foreign(json!([])))).is_empty(),
        "its own account must allow it too"
    );
    assert!(reach(&arn("root"), Some(foreign(assume()))).is_empty());
    let unread = &reach(&root, None)[0];
    assert_eq!(unread.0, "may_assume ops");
    assert!(unread.1.contains("the policies of account 210987654321 are not read"));
}

#[test]
fn service_linked_roles_are_left_out() {
    let mut linked = role("AWSServiceRoleForX", json!("*"), json!([]));
    linked.arn = arn("role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX");
    let all = json!([allow(json!(["sts:*", "iam:UpdateAssumeRolePolicy"]), json!("*"))]);
    assert_eq!(ways(account(vec![user("ana", all), linked]), &arn("user/ana"), &[]), [""; 0]);
}

#[test]
fn a_role_is_passed_to_the_service_that_it_trusts() {
    let pass = |condition: Value, more: Value| {
        let mut given = allow(json!("iam:PassRole"), json!("*"));
        given["Condition"] = condition;
        let worker = role("worker", by_service("lambda.amazonaws.com"), json!([]));
        let ana = user("ana", json!([given, allow(more, json!("*"))]));
        ways(account(vec![ana, worker]), &arn("user/ana"), &[])
    };
    let to = |service: &str| json!({ "StringEquals": { "iam:PassedToService": service } });
    let both = json!(["lambda:CreateFunction", "lambda:InvokeFunction"]);
    assert_eq!(pass(json!({}), both.clone()), ["can_pass_role worker"]);
    assert_eq!(pass(to("lambda.amazonaws.com"), both.clone()), ["can_pass_role worker"]);
    assert_eq!(pass(to("ec2.amazonaws.com"), both), [""; 0]);
    assert_eq!(pass(json!({}), json!("lambda:CreateFunction")), ["may_pass_role worker"]);
    assert_eq!(pass(json!({}), json!("ec2:RunInstances")), [""; 0], "ec2 is not trusted");
}

#[test]
fn an_instance_needs_a_profile_for_its_role() {
    let reach = |actions: Value, profiles: &[&str]| {
        let mut account = account(vec![
            user("ana", json!([allow(actions, json!("*"))])),
            role("web", by_service("ec2.amazonaws.com"), json!([])),
        ]);
        let profiles = profiles.iter().map(|name| (arn(name), arn("role/web")));
        account.profiles = profiles.collect();
        ways(account, &arn("user/ana"), &[])
    };
    let run = json!(["iam:PassRole", "ec2:RunInstances"]);
    assert_eq!(reach(run.clone(), &["instance-profile/web"]), ["can_pass_role web"]);
    assert_eq!(reach(run, &[]), [""; 0]);
    let make = json!(["iam:PassRole", "ec2:RunInstances", "iam:*InstanceProfile"]);
    assert_eq!(reach(make, &[]), ["can_pass_role web"]);
}

#[test]
fn iam_gives_itself_away() {
    let reach = |actions: Value| {
        let ana = user("ana", json!([allow(actions, json!("*"))]));
        let others = vec![ana, user("bob", json!([])), role("ops", json!({}), json!([]))];
        ways(account(others), &arn("user/ana"), &[])
    };
    assert_eq!(
        reach(json!(["iam:CreateAccessKey", "iam:DeleteAccessKey"])),
        ["can_create_key bob"]
    );
    assert_eq!(reach(json!("iam:CreateAccessKey")), ["may_create_key bob"]);
    assert_eq!(reach(json!("iam:*LoginProfile")), ["can_set_login bob"]);
    assert_eq!(reach(json!("iam:CreateLoginProfile")), ["may_set_login bob"]);
    assert_eq!(reach(json!("iam:UpdateAssumeRolePolicy")), ["can_change_trust ops"]);
    for sure in [
        json!("iam:PutUserPolicy"),
        json!("iam:AttachUserPolicy"),
        json!(["iam:CreateRole", "iam:AttachRolePolicy"]),
        json!("*"),
    ] {
        let found = reach(sure.clone());
        assert_eq!(found[0], "is_admin root", "{sure}");
        assert!(found.contains(&"is_admin ops".to_owned()), "an administrator has all: {found:?}");
    }
    assert_eq!(
        reach(json!(["iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy"]))[1],
        "is_admin root"
    );
}

#[test]
fn a_policy_or_group_of_ones_own_is_a_way_up() {
    let reach = |mut ana: Principal, groups: Vec<Group>| {
        ana.policies.push(Policy {
            arn: Some(arn("policy/deploy")),
            ..policy("deploy", json!([allow(json!("s3:*"), json!("*"))]))
        });
        ways(Account { groups, ..account(vec![ana]) }, &arn("user/ana"), &[])
    };
    let able = |action: &str| user("ana", json!([allow(json!(action), json!("*"))]));
    assert_eq!(reach(able("iam:CreatePolicyVersion"), Vec::new())[0], "is_admin root");
    assert_eq!(reach(able("iam:SetDefaultPolicyVersion"), Vec::new())[0], "may_become_admin root");
    let group = |policies| Group { arn: arn("group/g"), name: "g".to_owned(), policies };
    let all = group(vec![policy("all", json!([allow(json!("*"), json!("*"))]))]);
    assert_eq!(reach(able("iam:AddUserToGroup"), vec![all])[0], "is_admin root");
    assert_eq!(reach(able("iam:AddUserToGroup"), vec![group(Vec::new())]), [""; 0]);
    let member = Principal { groups: vec![arn("group/g")], ..able("iam:PutGroupPolicy") };
    assert_eq!(reach(member, vec![group(Vec::new())])[0], "is_admin root");
    let bound = policy("limit", json!([allow(json!("*"), json!("*"))]));
    let bound = Principal { boundary: Some(bound), ..able("iam:PutUserPolicy") };
    assert_eq!(reach(bound, Vec::new())[0], "may_become_admin root", "the boundary stays");
}

#[test]
fn from_an_instance_through_roles_to_data() {
    let reader = json!([allow(json!("s3:Get*"), json!("arn:aws:s3:::exports/*"))]);
    let mut account = account(vec![
        role("web", by_service("ec2.amazonaws.com"), assume()),
        role("exports", by_account(), reader),
        user("ops", json!([allow(json!("ssm:StartSession"), json!("*"))])),
    ]);
    account.profiles = [(arn("instance-profile/web"), arn("role/web"))].into();
    account.machines = vec![Machine {
        id: "i-0a".to_owned(),
        region: "eu-central-1".to_owned(),
        name: Some("web-7".to_owned()),
        profile: arn("instance-profile/web"),
    }];
    let chain = ["instance_profile web", "can_assume exports", "reads exports"];
    assert_eq!(ways(account.clone(), "i-0a", &[BUCKET]), chain);
    assert_eq!(ways(account.clone(), &arn("user/ops"), &[]), [""; 0], "no agent answers there");
    let agent = allow(json!("ssmmessages:*"), json!("*"));
    account.principals[0].policies.push(policy("agent", json!([agent])));
    let found = ways(account.clone(), &arn("user/ops"), &[BUCKET]);
    assert_eq!(found[0], "can_run_commands i-0a");
    assert_eq!(found[1..], chain);

    let strange = walk(account, "i-0a", &[]).found;
    let named = strange.edges.last().map(line);
    assert_eq!(named.as_deref(), Some("may_read exports"), "whose bucket it is is not known");
    let machine = strange.nodes.iter().find(|node| node.id.as_str() == "i-0a").unwrap();
    assert_eq!((machine.name.as_str(), machine.kind.as_str()), ("web-7", "EC2 instance"));
}

#[test]
fn a_key_leads_to_its_owner() {
    let accounts =
        [Arc::new(account(vec![user("bot", assume()), role("ops", by_account(), json!([]))]))];
    let owner = Some(("bot".to_owned(), ID.to_owned()));
    let start = Start { id: AssetId::new("AKIA1"), owner };
    let found = Reachability::new(&accounts, []).around(&[start], &[], 4).found;
    let lines: Vec<String> = found.edges.iter().map(line).collect();
    assert_eq!(lines, ["key_of bot", "can_assume ops"]);
}

#[test]
fn the_walk_follows_what_sources_said() {
    let accounts = [Arc::new(account(vec![
        role("web", by_account(), assume()),
        role("ops", by_account(), json!([])),
    ]))];
    let said = Edge {
        from: AssetId::new("pod-1"),
        to: AssetId::new(arn("role/web")),
        kind: "acting_as".to_owned(),
        reason: "a service account".to_owned(),
        source: "wiz".to_owned(),
    };
    let start = Start { id: AssetId::new("pod-1"), owner: None };
    let walk = Reachability::new(&accounts, []);
    let found = walk.around(std::slice::from_ref(&start), &[said], 4).found;
    assert_eq!(found.edges.iter().map(line).collect::<Vec<_>>(), ["can_assume ops"]);
    assert!(walk.around(&[start], &[], 4).found.edges.is_empty());
}
