//! What a playbook says, filled in and with its evidence.

use firebreak_core::assessment::Author;
use firebreak_core::evidence::Evidence;
use firebreak_core::playbook::Playbook;
use firebreak_planner::playbooks::generic;
use firebreak_planner::{best_match, shipped, written};

use crate::case::Miner;

#[test]
fn a_miner_in_the_playbooks_words() {
    let miner = Miner::new();
    let playbooks = shipped();
    let matched = best_match(&playbooks, &miner.findings).expect("one fits");
    let assessment = written::assessment(matched.playbook, Some(matched.finding), &miner.evidence);
    assert_eq!(assessment.author, Author::Playbook);
    insta::assert_json_snapshot!(assessment);
}

fn say(template: &str, miner: &Miner) -> (String, Vec<String>) {
    let playbook = Playbook { summary: vec![template.to_owned()], ..generic(&[]) };
    let sentence =
        written::assessment(&playbook, miner.findings.first(), &miner.evidence).summary.remove(0);
    (sentence.text, sentence.cites.iter().map(ToString::to_string).collect())
}

#[test]
fn only_a_sentence_about_this_case_cites_and_only_its_own_alert() {
    let mut miner = Miner::new();
    let other = Evidence { sha256: "ff".repeat(32), ..miner.fact(9, -60, "another alert's fact") };
    let later = [miner.fact(4, 5, "four"), miner.fact(3, 4, "three")];
    miner.evidence.insert(0, other);
    miner.evidence.extend(later);
    assert_eq!(say("General wisdom.", &miner), ("General wisdom.".to_owned(), vec![]));
    assert_eq!(
        say("In {account}.", &miner),
        (
            "In account 123456789012.".to_owned(),
            vec!["E1".to_owned(), "E2".to_owned(), "E3".to_owned()]
        )
    );
    miner.evidence.clear();
    assert_eq!(say("In {account}.", &miner), ("In account 123456789012.".to_owned(), vec![]));
}

#[test]
fn what_is_filled_in_is_neither_expanded_nor_hidden_nor_long() {
    let mut miner = Miner::new();
    miner.findings[0].draft.title =
        format!("{{account}}\u{202e}\u{200b}\nline two {}", "x".repeat(900));
    let text = say("{title} there.", &miner).0;
    assert!(text.starts_with("\u{201c}{account}[U+202E][U+200B] line two xxx"), "{text}");
    assert!(text.ends_with("…\u{201d} there.") && text.chars().count() < 140, "{text}");
    miner.findings[0].draft.resource.native_id = None;
    miner.findings[0].draft.resource.account = Some(String::new());
    assert_eq!(
        say("{asset}, {account}", &miner).0,
        "\u{201c}web-7\u{201d}, an account that the alert does not name"
    );
    miner.findings[0].draft.resource.name = None;
    assert_eq!(say("{asset}", &miner).0, "a resource that the alert does not name");
    miner.findings.clear();
    assert_eq!(
        say("{title}: {asset}", &miner).0,
        "an alert without a title: a resource that the alert does not name"
    );
}
