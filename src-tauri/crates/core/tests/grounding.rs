//! What a model wrote is held against the evidence, whatever it wrote.

use firebreak_core::assessment::Sentence;
use firebreak_core::asset::Asset;
use firebreak_core::evidence::{Evidence, evidence_id};
use firebreak_core::grounding::{Ground, Grounding, Place};
use firebreak_core::{EvidenceId, Timestamp};
use proptest::prelude::*;

fn evidence() -> Vec<Evidence> {
    let texts = [
        "xmrig (pid 4312) runs as www-data on i-0c41f0b9, CPU at 97%",
        "connection from 10.0.0.15:3333 to pool.minexmr.com, 1,204 bytes in 60s",
        "role arn:aws:iam::111122223333:role/web may call s3:GetObject on customer-exports",
        "request that matches CVE-2025-29927 from 203.0.113.7, 14 times",
    ];
    let facts = (1..).zip(texts).map(|(number, text)| Evidence {
        id: evidence_id(number),
        source: "wiz".to_owned(),
        at: "2026-11-22T09:41:07Z".parse::<Timestamp>().expect("it is an instant"),
        text: text.to_owned(),
        sha256: format!("{number:064}"),
    });
    facts.collect()
}

fn check(text: &str, cites: &[&str]) -> Grounding {
    let evidence = evidence();
    let cites = cites.iter().map(|id| EvidenceId::new(*id)).collect();
    let ground = Ground::new(&evidence, &[], "Cryptomining on INC-7", None::<&Asset>);
    ground.check(&Sentence { text: text.to_owned(), cites })
}

/// What is flagged, and the facts in which it stands instead.
fn flagged(text: &str, cites: &[&str]) -> Vec<(String, Vec<String>)> {
    let flags = check(text, cites).flags.into_iter();
    flags
        .map(|flag| {
            let ids = match flag.place {
                Place::Nowhere => Vec::new(),
                Place::Elsewhere(ids) => ids.iter().map(ToString::to_string).collect(),
            };
            (text[flag.bytes].to_owned(), ids)
        })
        .collect()
}

#[test]
fn what_the_cited_facts_say_is_not_flagged() {
    for (text, cite) in [
        ("The instance i-0c41f0b9 runs xmrig with pid 4312 at 97 % CPU.", "E1"),
        ("Within 60 seconds 1204 bytes left for `pool.minexmr.com` on port 3333.", "E2"),
        ("Within 60s 1,204 bytes left from 10.0.0.15.", "E2"),
        ("ARN:AWS:IAM::111122223333:role/web's policy allows s3:GetObject.", "E3"),
        ("\u{201c}customer-exports\u{201d} can be read by account 111122223333.", "E3"),
        ("CVE-2025-29927 was tried 14 times by 203.0.113.7 (see E4).", "E4"),
        ("It began at 09:41 on 2026-11-22, or 22 November.", "E1"),
        ("Cryptomining, as the title says; nothing more is known.", "E1"),
        ("CloudTrail and IAM were not read, so a person has to look.", "E1"),
    ] {
        assert_eq!(flagged(text, &[cite]), [], "{text}");
    }
}

#[test]
fn what_they_do_not_say_is_flagged_where_it_stands() {
    let check = |text: &str, cites: &[&str], expected: &[(&str, &[&str])]| {
        let expected: Vec<(String, Vec<String>)> = expected
            .iter()
            .map(|(part, ids)| {
                ((*part).to_owned(), ids.iter().map(|id| (*id).to_owned()).collect())
            })
            .collect();
        assert_eq!(flagged(text, cites), expected, "{text}");
    };
    check("It came from 10.0.0.1.", &["E2"], &[("10.0.0.1", &[])]);
    check("The machine i-0c41 is hit.", &["E1"], &[("i-0c41", &[])]);
    check("It was tried 29927 times.", &["E4"], &[("29927", &[])]);
    check("It was tried 4 times.", &["E4"], &[("4", &[])]);
    check("It ran for 97 minutes and 41 days.", &["E1"], &[("41", &[])]);
    check("Then `rm -rf /` ran as root.", &["E1"], &[("rm -rf /", &[])]);
    check("The user said \"all is well\".", &["E1"], &[("all is well", &[])]);
    check("Only Lazarus does so.", &["E1"], &[("Lazarus", &[])]);
    check("It spoke to evil.example.com.", &["E2"], &[("evil.example.com", &[])]);
    check("It reads `customer-exports`.", &["E1"], &[("customer-exports", &["E3"])]);
    check("It reads `customer-exports`.", &[], &[("customer-exports", &["E3"])]);
    check("See E2 and E9.", &["E1"], &[("E2", &["E2"]), ("E9", &[])]);
    check("\u{e9}\u{1f525} 10.9.9.9\u{2026}", &["E1"], &[("10.9.9.9", &[])]);
}

#[test]
fn a_citation_counts_when_the_fact_exists() {
    assert!(!check("Nothing is known.", &[]).cited);
    assert!(check("Nothing is known.", &["E1"]).cited);
    let half = check("Nothing is known.", &["E1", "E77"]);
    assert!(half.cited);
    assert_eq!(half.unknown_cites, [evidence_id(77)]);
    assert!(!check("Nothing is known.", &["E77"]).cited);
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in any::<String>(), cite in "E[0-9]{1,3}|\\PC{0,8}") {
        whole(&text, &cite);
    }

    #[test]
    fn no_text_of_its_own_signs_breaks_it(
        text in "[ \\n\"`\u{201c}\u{201d}\u{ab}\u{bb}.,:/_@%'’0-9aAéß\u{130}\u{1f525}E-]{0,80}",
    ) {
        whole(&text, "E1");
    }

    /// Evidence repeated is never flagged, whatever it is, as long as it is cited.
    #[test]
    fn what_is_repeated_word_for_word_is_not_flagged(number in 1usize..=4) {
        let text = &evidence()[number - 1].text;
        prop_assert_eq!(flagged(text, &[&format!("E{number}")]), []);
    }

    /// A number that no fact holds is found wherever it stands.
    #[test]
    fn an_invented_number_is_flagged(number in 5_000_000u32..9_000_000, before in "[a-z ]{0,20}") {
        let text = format!("{before} {number} times");
        let parts: Vec<String> = flagged(&text, &["E1"]).into_iter().map(|(part, _)| part).collect();
        prop_assert_eq!(parts, [number.to_string()]);
    }
}

/// Flags lie on boundaries of characters, in order, apart, and the same text gives the same flags.
fn whole(text: &str, cite: &str) {
    let found = check(text, &[cite]);
    let mut from = 0;
    for flag in &found.flags {
        assert!(from <= flag.bytes.start && flag.bytes.start < flag.bytes.end, "{text:?}");
        assert!(text.get(flag.bytes.clone()).is_some(), "{text:?}");
        from = flag.bytes.end;
    }
    assert_eq!(check(text, &[cite]), found);
}
