//! What a database of an earlier version becomes, and what rules keep.

use chrono::{TimeZone, Utc};
use firebreak_core::suppression::{Scope, SourceRule, Suppression, Tag, Term};
use firebreak_core::{AssetId, Severity, SuppressionId};
use firebreak_store::{ChangeRow, Store, TermChange};

fn rule(id: &str, day: u32) -> Suppression {
    let at = |day| Utc.with_ymd_and_hms(2026, 11, day, 9, 0, 0).unwrap();
    Suppression {
        id: SuppressionId::new(id),
        scope: Scope {
            rule: Some(SourceRule { source: "wiz".into(), rule: "R'; DROP TABLE x --".into() }),
            asset: Some(AssetId::new("arn:aws:ec2:::instance/\u{202e}i-1")),
            account: None,
            tag: Some(Tag { key: "a=b".into(), value: Some(String::new()) }),
        },
        up_to: Severity::Medium,
        reason: "our scanner".into(),
        made_by: "ana".into(),
        made_at: at(1),
        term: Term { expires_at: at(day), ended: false },
    }
}

#[tokio::test]
async fn rules_are_read_as_they_were_written_soonest_to_expire_first() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("test.db")).await.unwrap();
    let rules = [rule("sup_late", 20), rule("sup_soon", 10), rule("sup_over", 2)];
    let mut write = store.write().await.unwrap();
    for rule in &rules {
        write.put_suppression(rule).await.unwrap();
    }
    let ended = rule("sup_ended", 15);
    write.put_suppression(&ended).await.unwrap();
    let change = ChangeRow {
        id: "chg_1".into(),
        at: ended.made_at,
        actor: "ana".into(),
        text: "ended".into(),
        incidents: 0,
        undone: None,
    };
    write.put_change(&change, &[], &[]).await.unwrap();
    let after = Term { ended: true, ..ended.term.clone() };
    let term = TermChange { rule: ended.id.clone(), before: ended.term.clone(), after };
    write.put_terms(&change.id, std::slice::from_ref(&term)).await.unwrap();
    let now = Utc.with_ymd_and_hms(2026, 11, 5, 0, 0, 0).unwrap();
    assert_eq!(write.suppressions_in_force(now).await.unwrap().len(), 2);
    write.commit().await.unwrap();
    let listed = async |all| {
        let rows = store.suppressions(now, all).await.unwrap();
        rows.into_iter().map(|row| row.rule).collect::<Vec<_>>()
    };
    assert_eq!(listed(false).await, [rules[1].clone(), rules[0].clone()]);
    let all = listed(true).await;
    let ids: Vec<&str> = all.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["sup_soon", "sup_late", "sup_ended", "sup_over"]);
    assert_eq!(store.terms_of("chg_1").await.unwrap(), [term]);
}
