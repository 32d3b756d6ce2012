//! The approval window, as seen from both windows.

use std::time::Duration;

use serde_json::{Value, json};

use super::page::{ENTER, Page};

/// Longer than the 0.8 s that signing takes, with room for a slow machine.
const LONG: Duration = Duration::from_millis(1600);
const SHORT: Duration = Duration::from_millis(300);

/// How a person signs.
#[derive(Clone, Copy)]
pub enum By {
    Pointer,
    Key,
}

/// From the main window, with the approval window open: everything that confirms is refused.
pub async fn assert_main_cannot_confirm(page: &Page) {
    for (command, arguments) in [
        ("sign_approval", json!({})),
        ("get_approval_document", json!({})),
        ("decline_approval", json!({ "reason": null })),
        ("decline_approval", json!({ "reason": "no" })),
    ] {
        let answer = page.invoke(command, arguments).await;
        let refusal = answer.expect_err(&format!("the main window may call {command}")).to_string();
        assert!(refusal.contains("not allowed"), "{command}: {refusal}");
    }
}

/// From the approval window: nothing of the main window's commands works.
pub async fn assert_approval_can_only_confirm(page: &Page, step: &str) {
    for (command, arguments) in [
        ("get_snapshot", json!({})),
        ("run_step", json!({ "step": step, "direction": "execute" })),
        ("request_approval", json!({ "step": step, "direction": "execute" })),
        ("request_phase", json!({ "phase": 1 })),
        ("list_audit", json!({ "before": null, "limit": 1 })),
    ] {
        let answer = page.invoke(command, arguments).await;
        let refusal =
            answer.expect_err(&format!("the approval window may call {command}")).to_string();
        assert!(refusal.contains("not allowed"), "{command}: {refusal}");
    }
}

/// In the approval window: checks that it shows these calls and this digest, that a tap does not
/// sign, then signs by holding. Ends in the main window.
pub async fn sign(page: &Page, calls: &[String], digest: &str, by: By) {
    page.see("approval-sign").await;
    assert_eq!(
        page.attributes("approval-call", "data-operation").await,
        calls,
        "calls in the approval window"
    );
    let shown = page.attributes("approval-digest", "data-digest").await;
    assert_eq!(shown, [digest], "the digest to be signed");
    page.hold_pointer("approval-sign", SHORT).await.expect("a tap leaves the window open");
    assert_eq!(page.windows().await, 2, "a tap must not sign");
    assert_eq!(
        page.now("document.querySelector('[data-testid=\"approval-error\"]')").await,
        Value::Null
    );
    // A key in the first half second of the window does not count: a person then holds it again.
    for _ in 0..2 {
        // The window closes while the key is down, so its release may find nobody: no error.
        let _ = match by {
            By::Pointer => page.hold_pointer("approval-sign", LONG).await,
            By::Key => page.hold_key(ENTER, LONG).await,
        };
        if page.windows().await == 1 {
            break;
        }
    }
    page.only_main_is_open().await;
}
