//! How far an incident reaches by what IAM policies allow.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use firebreak_core::iam::{Account, Document, Machine, Policy, Principal, PrincipalKind};
use firebreak_core::ports::{OutsideError, Trouble};
use firebreak_core::{AssetId, IncidentId};

use crate::world::{ACCOUNT, INSTANCE, World, me};

const KEY: &str = "AKIA0123456789ABCDEF";
const PROFILE: &str = "arn:aws:iam::123456789012:instance-profile/web";

fn arn(rest: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{rest}")
}

fn principal(kind: PrincipalKind, name: &str, allowed: &str, trusted: &str) -> Principal {
    let word = if kind == PrincipalKind::User { "user" } else { "role" };
    let trust = format!(
        r#"{{"Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{trusted}}}}}"#
    );
    let own = format!(r#"{{"Statement":[{allowed}]}}"#);
    let document = Arc::new(Document::parse(&own));
    Principal {
        arn: arn(&format!("{word}/{name}")),
        name: name.to_owned(),
        kind,
        policies: vec![Policy { name: format!("{name}-own"), arn: None, document }],
        boundary: None,
        trust: (kind == PrincipalKind::Role).then(|| Document::parse(&trust)),
        groups: Vec::new(),
    }
}

/// The instance runs as `web`, which may assume `exports`, which reads a bucket; so may `bot`.
fn account(assumes: &str) -> Account {
    let root = format!(r#"{{"AWS":"{}"}}"#, arn("root"));
    let ec2 = r#"{"Service":"ec2.amazonaws.com"}"#;
    let reads = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::exports/*"}"#;
    Account {
        id: ACCOUNT.to_owned(),
        partition: "aws".to_owned(),
        principals: vec![
            principal(PrincipalKind::User, "bot", assumes, "{}"),
            principal(PrincipalKind::Role, "web", assumes, ec2),
            principal(PrincipalKind::Role, "exports", reads, &root),
        ],
        machines: vec![Machine {
            id: INSTANCE.to_owned(),
            region: "eu-central-1".to_owned(),
            name: None,
            profile: PROFILE.to_owned(),
        }],
        profiles: [(PROFILE.to_owned(), arn("role/web"))].into(),
        ..Account::default()
    }
}

const MAY_ASSUME: &str = r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}"#;

async fn incident(world: &World, line: &str, label: &str) -> IncidentId {
    world.engine.ingest_file("test", line.as_bytes(), &me()).await.unwrap();
    world.engine.find_incident(label).await.unwrap()
}

/// What is reached, by the last part of its id, in order of hops.
async fn reached(world: &World, from: &str) -> Vec<String> {
    let reach = world.engine.reach(&[AssetId::new(from)]).await.unwrap();
    let mut listed = reach.radius.listed.clone();
    listed.sort_by_key(|reached| reached.hops);
    let last = |id: &str| id.rsplit([':', '/']).next().unwrap().to_owned();
    listed.iter().map(|reached| last(reached.asset.as_str())).collect()
}

#[tokio::test]
async fn an_instance_reaches_what_its_role_may_assume() {
    let world = World::new().await;
    *world.cloud.policies.lock().unwrap() = Ok(account(MAY_ASSUME));
    let first = incident(&world, "a|high|new", "INC-1").await;
    world.engine.enrich(&first).await.unwrap();
    assert_eq!(reached(&world, INSTANCE).await, ["web", "exports", "exports"]);
    let context = world.engine.store().context(&first).await.unwrap();
    let edges = context.neighbourhood.unwrap().0.edges;
    assert!(edges.iter().all(|edge| edge.source == "aws-iam"));
    let words = |kind: &str| edges.iter().find(|edge| edge.kind == kind).unwrap().reason.clone();
    assert!(words("can_assume").starts_with("role web may sts:AssumeRole on role exports: policy"));
    assert!(words("may_read").starts_with("Uncertain (whose it is is not known"));
    let evidence = world.engine.store().evidence(&first).await.unwrap();
    let said = evidence.iter().find(|fact| fact.source == "aws-iam").unwrap();
    assert!(said.text.contains("3 ways on from here, 1 of them uncertain; service control"));

    let second = incident(&world, "k|high|new|AKIA0123456789ABCDEF", "INC-2").await;
    world.engine.enrich(&second).await.unwrap();
    assert_eq!(reached(&world, KEY).await, ["bot", "exports", "exports"]);
    assert_eq!(world.cloud.policies_read.load(Ordering::SeqCst), 1, "once for all incidents");
}

#[tokio::test]
async fn what_is_allowed_no_more_is_reached_no_more() {
    let world = World::new().await;
    *world.cloud.policies.lock().unwrap() = Ok(account(MAY_ASSUME));
    let id = incident(&world, "a|high|new", "INC-1").await;
    world.engine.enrich(&id).await.unwrap();
    assert_eq!(reached(&world, INSTANCE).await.len(), 3);

    *world.cloud.policies.lock().unwrap() = Ok(account(""));
    world.engine.enrich(&id).await.unwrap();
    assert_eq!(reached(&world, INSTANCE).await.len(), 3, "what was just read is believed");
    world.clock.advance(11);
    world.engine.enrich(&id).await.unwrap();
    assert_eq!(reached(&world, INSTANCE).await, ["web"]);

    *world.cloud.policies.lock().unwrap() =
        Ok(Account { id: ACCOUNT.to_owned(), ..Account::default() });
    world.clock.advance(11);
    world.engine.enrich(&id).await.unwrap();
    assert!(reached(&world, INSTANCE).await.is_empty());
}

#[tokio::test]
async fn policies_that_cannot_be_read_are_missed_and_no_more() {
    let world = World::new().await;
    *world.cloud.policies.lock().unwrap() = Ok(account(MAY_ASSUME));
    let id = incident(&world, "a|high|new", "INC-1").await;
    world.engine.enrich(&id).await.unwrap();

    let denied = OutsideError::new(
        "iam:GetAccountAuthorizationDetails",
        Trouble::NeedsPerson,
        "AccessDenied: not authorized",
    );
    *world.cloud.policies.lock().unwrap() =
        Err(denied.with_remedy("allow it for these credentials"));
    world.clock.advance(11);
    world.engine.enrich(&id).await.unwrap();
    let context = world.engine.store().context(&id).await.unwrap();
    let problem = context.problem.unwrap();
    assert!(
        problem.contains(
            "IAM policies of account 123456789012 could not be read: \
             iam:GetAccountAuthorizationDetails: AccessDenied: not authorized; allow it for"
        ),
        "{problem}"
    );
    assert_eq!(reached(&world, INSTANCE).await.len(), 3, "what was known still stands");
}
