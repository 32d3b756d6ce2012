//! What people read: the verdict of each case in words.

use firebreak_core::plan::Direction;
use firebreak_core::policy::{Phase, Policies, Principal, Question};
use firebreak_core::{ActionId, Environment};

use crate::ask::{question, shipped, words};

fn cases() -> Vec<(&'static str, Question)> {
    let with = |change: &dyn Fn(&mut Question)| {
        let mut asked = question();
        change(&mut asked);
        asked
    };
    vec![
        ("staging", question()),
        ("production", with(&|q| q.target.environment = Environment::Production)),
        ("unknown environment", with(&|q| q.target.environment = Environment::Unknown)),
        ("irreversible", with(&|q| q.reversible = false)),
        (
            "undo in production",
            with(&|q| {
                q.target.environment = Environment::Production;
                q.direction = Direction::Undo;
            }),
        ),
        (
            "do not touch",
            with(&|q| {
                drop(q.target.tags.insert("firebreak:do-not-touch".to_owned(), String::new()))
            }),
        ),
        ("phase 1", with(&|q| q.phase = Phase::Triage)),
        ("automation in phase 2", with(&|q| q.principal = Principal::Automation)),
        (
            "automation in phase 3",
            with(&|q| {
                q.principal = Principal::Automation;
                q.phase = Phase::Supervised;
                q.action = ActionId::IamDeactivateAccessKey;
            }),
        ),
    ]
}

#[test]
fn verdicts_in_words() {
    let policies = shipped();
    let mut text = String::new();
    for (name, question) in cases() {
        text.push_str(&format!("{name}: {}\n", words(&policies.decide(&question))));
    }
    let unusable = Policies::deny_all("phases.cedar:3:1: unexpected token");
    text.push_str(&format!("unusable policies: {}\n", words(&unusable.decide(&question()))));
    insta::assert_snapshot!(text);
}
