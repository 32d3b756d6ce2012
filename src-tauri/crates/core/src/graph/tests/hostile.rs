//! What strangers could send.

use super::*;
use crate::text;

#[test]
fn loops_and_cycles_end() {
    let mut graph = drawn("a>b b>c c>a b>a");
    assert_eq!(graph.tell(&saying("a", "a", EdgeKind::Data).fact()), None);
    let radius = radius(&graph, &["a"], u32::MAX);
    assert_eq!((radius.by_hops.as_slice(), radius.goes_on), (&[1, 1][..], false));
}

#[test]
fn ids_are_taken_whole_or_not_at_all() {
    let longest = "x".repeat(ID_CAP);
    let mut graph = AssetGraph::default();
    assert_eq!(graph.tell(&saying("a", &longest, EdgeKind::Data).fact()), Some(true));
    for bad in [String::new(), format!("{longest}x")] {
        assert_eq!(graph.tell(&saying("a", &bad, EdgeKind::Data).fact()), None);
        assert_eq!(graph.tell(&saying(&bad, "a", EdgeKind::Data).fact()), None);
    }
    assert_eq!(graph.assets(), 2, "a refused fact leaves nothing behind");
}

#[test]
fn strange_text_is_one_capped_line_and_ids_stay_apart() {
    let strange =
        ["\u{202e}a", "a\nb", "'; DROP TABLE x; --", "<script>", "\0", "{}", "é", "e\u{301}"];
    let mut graph = AssetGraph::default();
    for name in strange {
        let mut saying = saying(name, "b", EdgeKind::Data);
        saying.witness.relation = "r\n".repeat(1_000);
        saying.witness.reason = "reason\n\0".repeat(10_000);
        saying.witness.source = "s\n".repeat(1_000);
        assert_eq!(graph.tell(&saying.fact()), Some(true));
    }
    assert_eq!(graph.edges(), strange.len());
    for name in strange {
        let edges = graph.edges_from(&id(name));
        let Witness { source, relation, reason, .. } = &edges[0].witnesses[0];
        for (text, cap) in
            [(source, text::TITLE_CAP), (relation, RELATION_CAP), (reason, text::LINE_CAP)]
        {
            assert_eq!(text.chars().count(), cap);
            assert!(!text.chars().any(char::is_control));
        }
    }
}

#[test]
fn one_asset_with_very_many_neighbours() {
    const MANY: usize = 200_000;
    let mut graph = AssetGraph::default();
    let (hub, reason) = (id("hub"), "everything trusts it".to_owned());
    let spokes: Vec<AssetId> = (0..MANY).map(|index| id(&format!("s{index}"))).collect();
    for spoke in &spokes {
        let fact = Fact {
            from: &hub,
            to: spoke,
            kind: EdgeKind::Identity,
            source: "wiz",
            at: at(0),
            relation: "trusts",
            reason: &reason,
        };
        assert_eq!(graph.tell(&fact), Some(true));
        assert_eq!(graph.tell(&Fact { from: spoke, to: &hub, ..fact }), Some(true));
    }
    let radius = radius(&graph, &["s7"], 4);
    assert_eq!(radius.by_hops, [1, MANY - 1]);
    assert_eq!((radius.listed.len(), radius.unlisted()), (200, MANY - 200));
}

#[test]
fn a_long_chain_is_followed_no_farther_than_anyone_could() {
    let names: Vec<String> = (0..10_000).map(|index| format!("n{index}")).collect();
    let sayings: Vec<Saying> =
        names.windows(2).map(|pair| saying(&pair[0], &pair[1], EdgeKind::Network)).collect();
    let (graph, _) = AssetGraph::from_facts(sayings.iter().map(Saying::fact));
    let radius = radius(&graph, &["n0"], u32::MAX);
    assert_eq!((radius.assets(), radius.goes_on), (MOST_HOPS as usize, true));
}

#[test]
fn nothing_is_reached_from_nowhere() {
    let radius = radius(&AssetGraph::default(), &["a"], 4);
    assert_eq!((radius.assets(), radius.unknown.len(), radius.goes_on), (0, 1, false));
    assert_eq!(
        blast_radius(&drawn("a>b"), &Question::from(&[]), &mut Scratch::default()).assets(),
        0
    );
}
