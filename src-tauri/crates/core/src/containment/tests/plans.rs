//! Plans as people read them.

use std::fmt::Write as _;

use super::*;

fn page(drafted: &Draft) -> String {
    let mut page = String::new();
    for (number, call) in drafted.calls.iter().enumerate() {
        let drawn = call.render();
        let change = match (drawn.before, drawn.after) {
            (Some(before), Some(after)) => format!("  {before} -> {after}"),
            _ => String::new(),
        };
        let details = drawn.details.join(" ");
        let mark = if drawn.disruptive { "!" } else { " " };
        let line = format!(
            "{:>2}{mark} {} {}  {details}{change}",
            number + 1,
            drawn.operation,
            drawn.subject
        );
        writeln!(page, "{}", line.trim_end()).unwrap();
    }
    let undo = undo_calls(&drafted.calls);
    let undo = undo.iter().map(|call| format!("{} {}", call.operation(), call.render().subject));
    let proof = drafted.proof.iter().map(crate::proof::Condition::describe);
    for (title, lines) in [
        ("proof", proof.collect::<Vec<_>>()),
        ("undo", undo.collect()),
        ("disruption", drafted.disruption.clone()),
        ("warnings", drafted.warnings.clone()),
    ] {
        writeln!(page, "{title}:").unwrap();
        for line in lines {
            writeln!(page, "  - {line}").unwrap();
        }
    }
    writeln!(page, "{}", drafted.undo_summary).unwrap();
    page
}

#[test]
fn isolating_a_member_of_an_auto_scaling_group() {
    insta::assert_snapshot!(page(&isolate(web_7(), &[]).unwrap()));
}

#[test]
fn isolating_a_second_machine_of_the_incident() {
    let second = Instance { quarantine: Some(quarantine(0, 0)), scaling: None, ..web_7() };
    insta::assert_snapshot!(page(&isolate(second, &[]).unwrap()));
}

#[test]
fn stopping_with_less_capacity() {
    insta::assert_snapshot!(page(&stop(web_7(), &[("capacity", "reduce")]).unwrap()));
}

#[test]
fn deactivating_a_key() {
    insta::assert_snapshot!(page(&deactivate(keys(), &OwnIdentity::default()).unwrap()));
}

#[test]
fn denying_a_user() {
    let on = Observed::Identity(Box::new(identity("user", "deploy-bot")));
    let own = OwnIdentity::default();
    let drafted = draft(ActionId::IamDenyUser, &on, &BTreeMap::new(), &names(), &own).unwrap();
    insta::assert_snapshot!(page(&drafted));
}

#[test]
fn revoking_the_sessions_of_a_role() {
    let on = Observed::Identity(Box::new(identity("role", "web-node")));
    let own = OwnIdentity::default();
    let until = parameters(&[("issued_before", "2026-11-23T12:30:00Z")]);
    let action = ActionId::IamRevokeRoleSessions;
    insta::assert_snapshot!(page(&draft(action, &on, &until, &names(), &own).unwrap()));
}
