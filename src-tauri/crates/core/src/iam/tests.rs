//! Accounts written for the purpose, and what is found in them.

mod cases;
mod hostile;
mod properties;
mod roles;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::AssetId;
use crate::asset::Edge;

const ID: &str = "123456789012";
const OTHER: &str = "210987654321";

fn arn(rest: &str) -> String {
    format!("arn:aws:iam::{ID}:{rest}")
}

fn document(statements: Value) -> Arc<Document> {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    Arc::new(Document::parse(&text))
}

fn policy(name: &str, statements: Value) -> Policy {
    Policy { name: name.to_owned(), arn: None, document: document(statements) }
}

fn allow(actions: Value, resource: Value) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
}

fn deny(actions: Value, resource: Value) -> Value {
    json!({ "Effect": "Deny", "Action": actions, "Resource": resource })
}

fn user(name: &str, statements: Value) -> Principal {
    Principal {
        arn: arn(&format!("user/{name}")),
        name: name.to_owned(),
        kind: PrincipalKind::User,
        policies: vec![policy("own", statements)],
        boundary: None,
        trust: None,
        groups: Vec::new(),
    }
}

fn role(name: &str, trusted: Value, statements: Value) -> Principal {
    let trust = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted });
    Principal {
        arn: arn(&format!("role/{name}")),
        kind: PrincipalKind::Role,
        trust: Some(document(json!([trust])).as_ref().clone()),
        ..user(name, statements)
    }
}

fn by_account() -> Value {
    json!({ "AWS": arn("root") })
}

fn by_service(service: &str) -> Value {
    json!({ "Service": service })
}

fn account(principals: Vec<Principal>) -> Account {
    Account {
        id: ID.to_owned(),
        partition: "aws".to_owned(),
        principals,
        profiles: BTreeMap::new(),
        ..Account::default()
    }
}

fn walk(account: Account, from: &str, things: &[&str]) -> Around {
    let accounts = [Arc::new(account)];
    let things =
        things.iter().map(|id| Thing { id: AssetId::new(*id), account: Some(ID.to_owned()) });
    let start = Start { id: AssetId::new(from), owner: None };
    Reachability::new(&accounts, things).around(&[start], &[], 4)
}

/// `kind last-part-of-the-end`, in the order found.
fn ways(account: Account, from: &str, things: &[&str]) -> Vec<String> {
    walk(account, from, things).found.edges.iter().map(line).collect()
}

fn line(edge: &Edge) -> String {
    let to = edge.to.as_str();
    format!("{} {}", edge.kind, to.rsplit([':', '/']).next().unwrap())
}
