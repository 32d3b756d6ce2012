//! Whatever strangers wrote, the document has the lines and headings that it has without them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use firebreak_core::{ActionId, Environment, FindingStatus, IncidentState, Severity, StepState};
use firebreak_wire as wire;

use super::*;

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// An incident in which every text is the same.
fn view(said: &str) -> wire::IncidentView {
    let s = || said.to_owned();
    let some = || Some(said.to_owned());
    let sentence = || wire::SentenceView {
        text: s(),
        cites: vec!["E1".to_owned()],
        unknown_cites: vec![s()],
        flags: vec![wire::FlagView { start: 0, end: 1, text: s(), elsewhere: vec![s()] }],
    };
    let entry =
        |kind| wire::TimelineEntry { at: at(), kind, actor: s(), text: s(), evidence: None };
    wire::IncidentView {
        row: wire::QueueRow {
            id: "inc_1".to_owned(),
            label: "INC-1".to_owned(),
            title: s(),
            severity: Severity::Critical,
            state: IncidentState::Planned,
            owner: some(),
            handed_over: true,
            asset: some(),
            asset_name: some(),
            account: some(),
            account_name: some(),
            region: some(),
            techniques: vec![s()],
            sources: vec![s()],
            finding_count: 1,
            opened_at: at(),
            clock: None,
            snoozed_until: None,
            updated_at: at(),
            steps_proven: 0,
            steps_total: 1,
        },
        next_states: Vec::new(),
        joined_because: s(),
        cause: None,
        merged_into: None,
        merged: Vec::new(),
        handover: Some(wire::HandoverView { at: at(), by: s(), to: s(), note: s() }),
        assessment: wire::AssessmentView {
            author: wire::AssessmentAuthor::Model,
            model: some(),
            took_seconds: None,
            summary: vec![sentence()],
            hypothesis: vec![sentence()],
            model_note: None,
        },
        asset: Some(wire::AssetView {
            id: s(),
            name: some(),
            kind: s(),
            account: some(),
            account_name: some(),
            region: some(),
            environment: Environment::Production,
            owner: some(),
            tags: BTreeMap::new(),
            cloud_state: some(),
            read_at: None,
            provenance: BTreeMap::new(),
        }),
        findings: vec![wire::FindingView {
            id: s(),
            source: s(),
            vendor_id: s(),
            title: s(),
            description: some(),
            severity: Severity::High,
            severity_as_given: None,
            status: FindingStatus::New,
            created_at: Some(at()),
            updated_at: None,
            resource: some(),
            resource_name: some(),
            resource_type: some(),
            account: some(),
            region: some(),
            rule: some(),
            rule_name: some(),
            asset: some(),
            tags: BTreeMap::new(),
            tactics: Vec::new(),
            techniques: Vec::new(),
            unknowns: Vec::new(),
            joined: Some(wire::JoinedView { because: s(), score: 0.9 }),
            witness: Some(wire::WitnessView { of: s(), because: s() }),
        }],
        facts: 1,
        timeline: vec![
            entry(wire::TimelineKind::Activity),
            entry(wire::TimelineKind::Note),
            entry(wire::TimelineKind::Decision),
        ],
        evidence: vec![wire::EvidenceView {
            id: "E1".to_owned(),
            source: s(),
            at: at(),
            text: s(),
            sha256: "00".repeat(32),
        }],
        reach: wire::ReachView {
            nodes: vec![wire::ReachNode {
                id: s(),
                name: s(),
                kind: s(),
                role: wire::ReachRole::CrownJewel,
                hops: 2,
                account: Some(s()),
                account_name: Some(s()),
            }],
            assets: 7,
            crown_jewels: 1,
            hops: 4,
            ..wire::ReachView::default()
        },
        related: Vec::new(),
        plan: Some(wire::PlanView {
            id: s(),
            proposed_at: at(),
            written_by: s(),
            matched_because: s(),
            threat: s(),
            steps: vec![step(said)],
            cut: weighed(said),
        }),
        write_backs: Vec::new(),
        write_back_blocked: None,
        notices: vec![wire::Notice { level: wire::NoticeLevel::Warning, text: s(), remedy: None }],
    }
}

fn weighed(said: &str) -> wire::CutView {
    let s = || said.to_owned();
    let breaks = vec![wire::CutAsset { id: s(), name: s() }];
    wire::CutView {
        state: wire::CutState::Weighed,
        said: s(),
        outdated: false,
        bounds: vec![s()],
        paths: 15,
        paths_are_all: true,
        crown_jewels: 1,
        hops: 4,
        steps: vec![wire::StepCutView {
            step: s(),
            standing: wire::CutStanding::Candidate,
            said: "removes 14 of 15 paths, breaks 1".to_owned(),
            removes: 14,
            cuts_off: 0,
            breaks: breaks.clone(),
            breaks_are_all: true,
            leaves: s(),
        }],
        options: vec![wire::CutOptionView {
            steps: vec![s()],
            removes: 14,
            cuts_off: 0,
            breaks,
            cost: 1,
            recommended: Some(s()),
        }],
        least: None,
    }
}

fn step(said: &str) -> wire::StepView {
    let s = || said.to_owned();
    wire::StepView {
        id: s(),
        rank: 1,
        action: ActionId::ALL[0],
        title: s(),
        target: s(),
        target_name: None,
        account: None,
        region: None,
        parameters: Vec::new(),
        why: s(),
        model_why: None,
        model_rank: Some(2),
        cites: Vec::new(),
        disruption: Vec::new(),
        reversible: true,
        undo_summary: s(),
        warnings: Vec::new(),
        calls: Vec::new(),
        undo_calls: Vec::new(),
        proof_predicate: Vec::new(),
        proof: Some(wire::ProofView {
            outcome: ProofOutcome::Proven,
            read_at: at(),
            checks: vec![wire::ProofCheck {
                expectation: s(),
                observed: s(),
                outcome: ProofOutcome::Proven,
            }],
        }),
        verdict: wire::VerdictView {
            kind: wire::VerdictKind::NeedsApproval,
            approvals_needed: 2,
            rules: Vec::new(),
            policy_version: s(),
        },
        state: StepState::Proven,
        state_note: Some(s()),
        mandatory: true,
        digest: None,
        approvals: Vec::new(),
        undo_approvals: Vec::new(),
        read_at: None,
        caps: Vec::new(),
        can: wire::StepOptions::default(),
        run: Vec::new(),
        undo_run: Vec::new(),
    }
}

/// How each line begins; lines of one quote are one.
fn skeleton(document: &str) -> Vec<String> {
    let mut lines: Vec<String> = document
        .lines()
        .map(|line| {
            let indent = line.len() - line.trim_start().len();
            let sign: String = line.trim_start().split(' ').next().unwrap_or_default().to_owned();
            let sign = if ["#", "##", "-", "1.", ">"].contains(&sign.as_str()) {
                sign
            } else {
                "text".to_owned()
            };
            format!("{indent}{}", if line.is_empty() { "" } else { &sign })
        })
        .collect();
    lines.dedup_by(|a, b| a == b && a.ends_with('>'));
    lines
}

/// What could open HTML, a link, a cell or code, outside of code and without a backslash.
fn bare_marks(document: &str) -> String {
    let mut bare = String::new();
    for mut rest in document.lines() {
        while let Some(c) = rest.chars().next() {
            let fence = rest.len() - rest.trim_start_matches('`').len();
            let end = rest[fence..].find(&rest[..fence]).filter(|_| fence > 0);
            let skipped = match (c, end) {
                ('\\', _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                (_, Some(inner)) => fence + inner + fence,
                _ => c.len_utf8(),
            };
            if skipped == c.len_utf8() && "<[|`&".contains(c) {
                bare.push(c);
            }
            rest = &rest[skipped..];
        }
    }
    bare
}

#[test]
fn nothing_that_strangers_write_changes_the_outline() {
    let plain = incident(&view("plain words"));
    let parts = [
        "|",
        "`",
        "```\n",
        "# ",
        "\n# x",
        "\n\n- x",
        "<script>alert(1)</script>",
        "-->",
        "[x](javascript:alert(1))",
        "\n[E1]: http://evil.example",
        "![x](http://evil.example/p.png)",
        "\r\n> x",
        "1. ",
        "\n---\n",
        "\n===\n",
        "*",
        "**",
        "_",
        "~~",
        "&#10;",
        "\\",
        "\\\n",
        "@admin",
        "https://evil.example",
        "\u{2028}# x",
        "\u{0}",
        "\u{202e}",
        "| a | b |\n|---|---|",
        "$x$",
        "    code",
        "\t- x",
    ];
    for first in parts {
        for second in parts {
            for said in [format!("{first}{second}"), format!("a {first} {second} b")] {
                let document = incident(&view(&said));
                assert_eq!(skeleton(&document), skeleton(&plain), "{said:?}\n{document}");
                assert!(!document.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
                assert_eq!(bare_marks(&document), "", "{said:?}\n{document}");
            }
        }
    }
}

#[test]
fn the_document_says_what_the_page_says() {
    let document = incident(&view("web-7"));
    let expected = [
        "# INC-1: web-7\n\n- **Severity:** critical\n- **State:** planned\n- **Owner:** web-7\n",
        "- **Asset:** `web-7` web-7, production\n",
        "- **In Firebreak:** `firebreak://incident/inc_1`\n",
        "- **Began:** 2027-01-15 08:00:00 UTC\n",
        "## Handover\n\nweb-7 to web-7, 2027-01-15 08:00:00 UTC, not read yet:\n\n> web-7\n",
        "- web-7 (E1; not in this incident: web-7; `web-7` is in web-7, not cited)\n",
        "## Timeline (UTC)\n\n- 2027-01-15 08:00:00 web-7: web-7\n- 2027-01-15 08:00:00 web-7 wrote:\n  > web-7\n",
        "1. web-7: **proven** (policy wants 2 signatures, mandatory, can be undone)\n",
        "     - ✓ web-7: web-7\n",
        "7 assets within 4 hops; 1 crown jewel among them.\n\n- crown jewel web-7, 2 hops\n",
    ];
    for part in expected {
        assert!(document.contains(part), "{part}\nis not in\n{document}");
    }
}
