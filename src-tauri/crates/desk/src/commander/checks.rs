//! Whatever strangers wrote, the page is one page and says it. Read back by a reader that isn't ours.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use firebreak_core::clock::Goal;
use firebreak_core::{IncidentState, Severity};
use firebreak_wire as wire;
use lopdf::{Document, Object};
use proptest::prelude::*;

use super::page::{Heading, drawn};

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn heading(said: &str) -> Heading {
    Heading {
        workspace: said.to_owned(),
        sandbox: true,
        phase: 2,
        by: said.to_owned(),
        version: "0.1.0".to_owned(),
        zone: FixedOffset::east_opt(7_200).unwrap(),
    }
}

fn row(number: u32, said: &str) -> wire::QueueRow {
    let some = || Some(said.to_owned());
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];
    wire::QueueRow {
        id: format!("inc_{number}"),
        label: format!("INC-{number}"),
        title: said.to_owned(),
        severity: severities[number as usize % 4],
        state: IncidentState::Triaged,
        owner: (!number.is_multiple_of(3)).then(|| said.to_owned()),
        handed_over: false,
        asset: some(),
        asset_name: some(),
        account: some(),
        account_name: some(),
        region: some(),
        techniques: vec![said.to_owned()],
        sources: vec![said.to_owned()],
        finding_count: 1,
        opened_at: at(),
        clock: (number % 5 != 4).then(|| wire::ClockView {
            goal: Goal::Contain,
            due: at() + TimeDelta::minutes(i64::from(number) * 17 - 30),
        }),
        snoozed_until: None,
        updated_at: at(),
        steps_proven: 1,
        steps_total: 3,
    }
}

/// A view in which every text is the same.
fn view(said: &str, accounts: u32, incidents: u32) -> wire::CommandView {
    let roles = [
        wire::CommandRole::Compromised,
        wire::CommandRole::OnPath,
        wire::CommandRole::CrownJewel,
        wire::CommandRole::Contained,
        wire::CommandRole::Reachable,
        wire::CommandRole::External,
    ];
    let node = |account: u32, at: u32| wire::CommandNode {
        id: format!("{said}{account}/{at}"),
        name: said.to_owned(),
        kind: said.to_owned(),
        vpc: Some(said.to_owned()),
        region: Some(said.to_owned()),
        role: roles[at as usize % roles.len()],
        hops: at % 4,
        count: 1 + at * 40,
        incidents: if at == 0 { vec!["INC-1".to_owned()] } else { Vec::new() },
    };
    let point = |minutes: i64, assets| wire::ReachPoint {
        at: at() - TimeDelta::minutes(minutes),
        assets,
        crown_jewels: 2,
        compromised: 3,
        contained: 1,
    };
    let edge = |account: u32, from: u32, to: u32, to_jewel| wire::CommandEdge {
        from: format!("{said}{account}/{from}"),
        to: format!("{said}{account}/{to}"),
        to_jewel,
    };
    wire::CommandView {
        at: at(),
        open: incidents + 154,
        shown: incidents,
        past_due: 2,
        compromised: 7,
        contained: 3,
        assets: 12_345,
        crown_jewels: accounts,
        hops: 4,
        goes_on: true,
        to_acknowledge: Some(112),
        to_contain: Some(5_500),
        targets: Vec::new(),
        accounts: (0..accounts)
            .map(|account| wire::CommandAccount {
                account: Some(said.to_owned()),
                name: (account % 2 == 0).then(|| said.to_owned()),
                severity: (account < 4).then_some(Severity::Critical),
                incidents: account,
                nodes: (0..6).map(|at| node(account, at)).collect(),
            })
            .collect(),
        edges: (0..accounts)
            .flat_map(|account| {
                [edge(account, 0, 1, true), edge(account, 1, 2, true), edge(account, 0, 4, false)]
            })
            .collect(),
        incidents: (1..=incidents)
            .map(|number| wire::CommandIncident {
                row: row(number, said),
                doing: "step 1 waits for 2 signatures".to_owned(),
            })
            .collect(),
        reach: vec![point(400, 4), point(200, 40), point(20, 29)],
        since: Some(wire::SinceView {
            at: at() - TimeDelta::hours(1),
            opened: 3,
            contained: 1,
            ended: 2,
            before: Some(point(61, 40)),
            deeds: (1..9)
                .map(|number| wire::SinceDeed {
                    at: at() - TimeDelta::minutes(number),
                    incident: said.to_owned(),
                    label: "INC-3".to_owned(),
                    kind: wire::TimelineKind::Decision,
                    actor: said.to_owned(),
                    text: said.to_owned(),
                })
                .collect(),
        }),
    }
}

/// Reads the document: its text in the order it was set, after what must hold of every one.
fn read(bytes: &[u8]) -> String {
    let document = Document::load_mem(bytes).expect("another reader opens it");
    let pages = document.get_pages();
    assert_eq!(pages.len(), 1, "one page");
    for object in document.objects.values() {
        let dictionary = match object {
            Object::Dictionary(dictionary) => dictionary,
            Object::Stream(stream) => &stream.dict,
            _ => continue,
        };
        for name in
            ["JS", "JavaScript", "AA", "OpenAction", "URI", "Launch", "EmbeddedFile", "Annots"]
        {
            assert!(!dictionary.has(name.as_bytes()), "the document has {name}");
        }
    }
    let numbers: Vec<u32> = pages.keys().copied().collect();
    document.extract_text(&numbers).expect("its text can be copied")
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_says_what_the_view_says() {
    let mut view = view("web-7", 9, 4);
    for (incident, title) in view.incidents.iter_mut().zip([
        "Crypto-miner on web-7",
        "Schlüssel gestohlen",
        "Ключ",
        "Shell (from) a \\build\\ <b>container</b>",
    ]) {
        incident.row.title = title.to_owned();
    }
    let said = words(&read(&drawn(&heading("/home/mo/firebreak"), &view)));
    for wanted in [
        "What burns",
        "phase 2, recommended playbooks",
        "a sandbox: nothing real is connected",
        "2027-01-15 08:00:00 UTC",
        "10:00:00 here (UTC+02:00)",
        "158",
        "3 of 7",
        "12,345",
        "Crypto-miner on web-7",
        "Schlüssel gestohlen",
        "Ключ",
        "<b>container</b>",
        "step 1 waits for 2 signatures",
        "nobody has it",
        "by 07:47",
        "Crown jewels in reach",
        "Since 07:00",
        "and 154 more in the queue",
        "Not drawn:",
        "drawn from the 4 most severe of 158 open incidents",
    ] {
        assert!(said.contains(wanted), "{wanted:?} is not in:\n{said}");
    }
}

#[test]
fn what_steers_or_hides_is_visible_and_what_the_font_lacks_can_be_copied() {
    let hostile = "pay\u{202e}gpj \u{200b} \u{1b}[2J) Tj ET 中文";
    let said = read(&drawn(&heading("w"), &view(hostile, 1, 1)));
    assert!(said.contains("‹U+202E›") && said.contains("‹U+001B›"), "{said}");
    assert!(said.contains(") Tj ET"), "{said}");
    assert!(said.contains('中') && said.contains("is a character that this font lacks"), "{said}");
    assert!(!said.contains('\u{202e}'), "{said}");
}

#[test]
fn the_same_view_gives_the_same_bytes() {
    let page = || drawn(&heading("w"), &view("a b", 8, 30));
    assert_eq!(page(), page());
}

#[test]
fn nothing_is_said_plainly() {
    let mut view = view("", 0, 0);
    (view.open, view.since, view.reach) = (0, None, Vec::new());
    let said = words(&read(&drawn(&heading("w"), &view)));
    for wanted in
        ["Nothing burns: no incident is open.", "Nothing burns.", "None.", "nothing was noted yet"]
    {
        assert!(said.contains(wanted), "{wanted:?} is not in:\n{said}");
    }
}

/// Texts made of what could mean something to a PDF, a font or a person's eye.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>(),
        "\\PC{0,20}",
        Just("endstream endobj".to_owned()),
        Just(") Tj ET Q <</JS (app.alert(1))>>".to_owned()),
        Just("%%EOF\n".to_owned()),
        Just("\\)\\(\\\\".to_owned()),
        Just("\u{202e}\u{feff}\u{0}\r\n".to_owned()),
        Just("\u{0301}".repeat(40)),
        Just("W".repeat(500)),
        Just(" ".repeat(50)),
        Just("مرحبا 😀 漢字".to_owned()),
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_that_strangers_write_breaks_the_page(
        said in hostile(),
        accounts in 0_u32..12,
        incidents in 0_u32..40,
    ) {
        let text = read(&drawn(&heading(&said), &view(&said, accounts, incidents)));
        for ours in ["What burns", "Crown jewels in reach", "Reach over time", "Active, worst first"] {
            prop_assert!(text.contains(ours), "{ours} is not in {text}");
        }
    }
}
