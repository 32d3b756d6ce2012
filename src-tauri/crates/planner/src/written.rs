//! What a playbook says of an incident, with the evidence for it.

use firebreak_core::assessment::{Assessment, Author, Sentence};
use firebreak_core::evidence::Evidence;
use firebreak_core::finding::Finding;
use firebreak_core::playbook::Playbook;
use firebreak_core::{EvidenceId, text};

use crate::encode::visible;

/// Most characters of a stranger's text within a sentence.
const QUOTE_CAP: usize = 120;
/// Most evidence ids under a sentence.
const CITES: usize = 3;

/// The playbook's summary and hypothesis for the finding that it matched.
///
/// A sentence that speaks of this incident (it has a placeholder) cites the evidence read from the
/// finding's own alert, the oldest first. A sentence that holds for every such incident cites
/// nothing: it is the responder's experience and no fact of the case.
pub fn assessment(
    playbook: &Playbook,
    finding: Option<&Finding>,
    evidence: &[Evidence],
) -> Assessment {
    let write = |templates: &[String]| {
        templates.iter().map(|template| sentence(template, finding, evidence)).collect()
    };
    Assessment {
        author: Author::Playbook,
        summary: write(&playbook.summary),
        hypothesis: write(&playbook.hypothesis),
    }
}

/// The first thing in braces that is not a placeholder.
pub(crate) fn unknown_placeholder(template: &str) -> Option<&str> {
    pieces(template).into_iter().find_map(|piece| match piece {
        Piece::Unknown(text) => Some(text),
        _ => None,
    })
}

fn sentence(template: &str, finding: Option<&Finding>, evidence: &[Evidence]) -> Sentence {
    let mut words = String::new();
    let mut cites: Vec<EvidenceId> = Vec::new();
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) | Piece::Unknown(text) => words.push_str(text),
            Piece::Placeholder(placeholder) => {
                words.push_str(&fill(placeholder, finding));
                if cites.is_empty() {
                    cites = supporting(finding, evidence);
                }
            }
        }
    }
    Sentence { text: text::line(&words, text::LINE_CAP), cites }
}

fn supporting(finding: Option<&Finding>, evidence: &[Evidence]) -> Vec<EvidenceId> {
    let Some(finding) = finding else { return Vec::new() };
    let mut own: Vec<&Evidence> =
        evidence.iter().filter(|fact| fact.sha256 == finding.alert_sha256).collect();
    own.sort_by_key(|fact| fact.at);
    own.into_iter().take(CITES).map(|fact| fact.id.clone()).collect()
}

fn fill(placeholder: Placeholder, finding: Option<&Finding>) -> String {
    let resource = finding.map(|finding| &finding.draft.resource);
    let given = |value: Option<&String>| {
        value.map(|text| visible(text, QUOTE_CAP)).filter(|text| !text.is_empty())
    };
    match placeholder {
        Placeholder::Asset => {
            let id = resource.and_then(|resource| given(resource.native_id.as_ref()));
            let name = resource.and_then(|resource| given(resource.name.as_ref()));
            match (name, id) {
                (Some(name), Some(id)) if name != id => format!("{id} (\u{201c}{name}\u{201d})"),
                (_, Some(id)) => id,
                (Some(name), None) => format!("\u{201c}{name}\u{201d}"),
                (None, None) => "a resource that the alert does not name".to_owned(),
            }
        }
        Placeholder::Account => {
            resource.and_then(|resource| given(resource.account.as_ref())).map_or_else(
                || "an account that the alert does not name".to_owned(),
                |id| format!("account {id}"),
            )
        }
        Placeholder::Title => {
            finding.and_then(|finding| given(Some(&finding.draft.title))).map_or_else(
                || "an alert without a title".to_owned(),
                |title| format!("\u{201c}{title}\u{201d}"),
            )
        }
    }
}

#[derive(Clone, Copy)]
enum Placeholder {
    Asset,
    Account,
    Title,
}

enum Piece<'a> {
    Text(&'a str),
    Placeholder(Placeholder),
    Unknown(&'a str),
}

/// Splits a template once; what is filled in is never looked at again.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        pieces.push(Piece::Text(&rest[..open]));
        let close = rest[open..].find('}').map_or(rest.len(), |close| open + close + 1);
        let braced = &rest[open..close];
        pieces.push(match braced {
            "{asset}" => Piece::Placeholder(Placeholder::Asset),
            "{account}" => Piece::Placeholder(Placeholder::Account),
            "{title}" => Piece::Placeholder(Placeholder::Title),
            other => Piece::Unknown(other),
        });
        rest = &rest[close..];
    }
    pieces.push(Piece::Text(rest));
    pieces
}
