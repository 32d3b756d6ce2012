//! A signature is good for exactly what was signed: S4 of the reliability goals.

use ed25519_dalek::{Signer, SigningKey};
use serde_json::Value;

use super::*;
use crate::approval::{Approval, ApproverKey, Permit, Refusal, Statement};
use crate::plan::{Digest, Direction, Subject};
use crate::policy::{Verdict, VerdictKind};
use crate::{ApprovalId, AssetId, IntentId, Timestamp};

const MUTATIONS: usize = 10_000;

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn subject() -> Subject {
    let drafted = isolate(web_7(), &[]).unwrap();
    Subject {
        incident: IncidentId::new(INCIDENT),
        step: StepId::new("stp_1"),
        direction: Direction::Execute,
        action: ActionId::Ec2Isolate,
        target: AssetId::new("i-0c41f0b9"),
        account: "123456789012".to_owned(),
        region: "eu-central-1".to_owned(),
        parameters: parameters(&[("capacity", "keep")]),
        calls: drafted.calls,
        proof: drafted.proof,
        pre_state: observed(web_7()).fingerprint(),
        policy_version: "f".repeat(64),
    }
}

fn approval(subject: &Subject) -> (Approval, ApproverKey) {
    let key = SigningKey::from_bytes(&[7; 32]);
    let public = hex::encode(key.verifying_key().as_bytes());
    let statement = Statement {
        digest: subject.digest(),
        step: subject.step.clone(),
        direction: subject.direction,
        approver: "ada".to_owned(),
        key: public.clone(),
        signed_at: now(),
        expires_at: now() + chrono::Duration::minutes(15),
        nonce: "1".to_owned(),
    };
    let signature = hex::encode(key.sign(&statement.bytes()).to_bytes());
    let approval = Approval { id: ApprovalId::new("apr_1"), statement, signature };
    (approval, ApproverKey { approver: "ada".to_owned(), key: public })
}

/// What was signed once, to be held against what would run.
struct Signed {
    digest: Digest,
    approval: Approval,
    enrolled: ApproverKey,
}

impl Signed {
    fn original() -> Self {
        let original = subject();
        let (approval, enrolled) = approval(&original);
        Self { digest: original.digest(), approval, enrolled }
    }

    fn mint(&self, subject: Subject) -> Result<Permit, Refusal> {
        let verdict = Verdict {
            kind: VerdictKind::NeedsApproval(1),
            rules: Vec::new(),
            policy_version: subject.policy_version.clone(),
        };
        let (approvals, enrolled) = ([self.approval.clone()], [self.enrolled.clone()]);
        let intent = IntentId::new("int_1");
        Permit::mint(subject, &self.digest, &verdict, &approvals, &enrolled, intent, now())
    }
}

/// The paths of all leaves that hold text, a number or a truth value.
fn leaves(value: &Value, path: &mut Vec<String>, out: &mut Vec<String>) {
    let mut into = |key: String, value: &Value| {
        path.push(key);
        leaves(value, path, out);
        path.pop();
    };
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                into(index.to_string(), item);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                into(key.clone(), field);
            }
        }
        _ => out.push(format!("/{}", path.join("/"))),
    }
}

/// Changes one bit of one leaf. Deterministic: `round` chooses which.
fn mutate(leaf: &mut Value, round: usize) {
    match leaf {
        Value::Bool(value) => *value = !*value,
        Value::String(text) => {
            let mut bytes = std::mem::take(text).into_bytes();
            match bytes.len() {
                0 => bytes.push(b'x'),
                length => bytes[(round / 7) % length] ^= 1 << (round % 5),
            }
            *text = String::from_utf8(bytes).unwrap_or_else(|_| "changed".to_owned());
        }
        Value::Number(number) => *leaf = Value::from(number.as_i64().unwrap_or_default() + 1),
        Value::Null | Value::Array(_) | Value::Object(_) => *leaf = Value::from("changed"),
    }
}

#[test]
fn the_signed_subject_gets_a_permit() {
    assert!(Signed::original().mint(subject()).is_ok());
}

#[test]
fn none_of_ten_thousand_changed_subjects_gets_a_permit() {
    let original = subject();
    let json = serde_json::to_value(&original).unwrap();
    let mut paths = Vec::new();
    leaves(&json, &mut Vec::new(), &mut paths);
    assert!(paths.len() > 80, "the subject is not drawn whole: {}", paths.len());

    let signed = Signed::original();
    let (mut unreadable, mut refused, mut round) = (0, 0, 0);
    while refused < MUTATIONS {
        let path = &paths[round % paths.len()];
        let mut changed = json.clone();
        mutate(changed.pointer_mut(path).unwrap(), round / paths.len() + round);
        round += 1;
        // Enumerated words are a closed set: most changes of one are not even readable.
        let Ok(changed) = serde_json::from_value::<Subject>(changed) else {
            unreadable += 1;
            assert!(unreadable < MUTATIONS, "too few changes are readable");
            continue;
        };
        assert_ne!(changed, original, "{path}");
        match signed.mint(changed) {
            Err(Refusal::Drifted(_)) => refused += 1,
            other => panic!("{path}: {other:?}"),
        }
    }
}

#[test]
fn order_and_number_of_calls_are_signed_too() {
    let signed = Signed::original();
    let mut swapped = subject();
    swapped.calls.swap(9, 10);
    let mut shorter = subject();
    shorter.calls.remove(0);
    let mut longer = subject();
    longer.calls.push(longer.calls[0].clone());
    for changed in [swapped, shorter, longer] {
        assert!(matches!(signed.mint(changed), Err(Refusal::Drifted(_))));
    }
}
