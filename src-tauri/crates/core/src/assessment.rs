//! Assessments: what a model or a playbook says an incident is, and the menu that a model may
//! choose from.
//!
//! A model's answer is parsed strictly: an id that was not offered, a field that was not asked
//! for, a citation that does not exist, and the whole answer is rejected. What survives is a
//! permutation of the menu and prose for people. A model can reorder; it can't drop a mandatory
//! step, lower a severity or close anything, because no field says so.

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::{ActionId, AssetId, EvidenceId, text};

/// Sentences in a summary.
pub const SUMMARY_SENTENCES: usize = 3;
/// Longest answer read, in bytes.
pub const ANSWER_CAP: usize = 64 * 1024;
/// Most sentences in a hypothesis.
pub const HYPOTHESIS_SENTENCES: usize = 4;

/// One thing that the backend offers: an action on an asset of this incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuItem {
    /// Opaque: `M1`, `M2`, …
    pub id: String,
    /// Of the catalogue.
    pub action: ActionId,
    /// An asset that the incident's evidence names.
    pub target: AssetId,
    /// Why the playbook offers it.
    pub why: String,
    /// Must be in every plan.
    pub mandatory: bool,
}

/// What is sent to a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Fixed text of ours.
    pub system: String,
    /// The case as data: evidence and menu, encoded as JSON between delimiters.
    pub user: String,
    /// JSON Schema of the answer, strict.
    pub schema: serde_json::Value,
}

/// A sentence and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sentence {
    /// Untrusted when a model wrote it.
    pub text: String,
    /// Evidence ids.
    pub cites: Vec<EvidenceId>,
}

/// Who wrote an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "author", rename_all = "snake_case")]
pub enum Author {
    /// Deterministic text.
    Playbook,
    /// A model.
    Model {
        /// Its name.
        name: String,
        /// How long it took.
        milliseconds: u64,
    },
}

/// Summary and hypothesis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// Who wrote it.
    #[serde(flatten)]
    pub author: Author,
    /// Three sentences from a model; fewer from a playbook.
    pub summary: Vec<Sentence>,
    /// Root-cause hypothesis.
    pub hypothesis: Vec<Sentence>,
}

/// A checked answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// Every sentence cites evidence that exists, or nothing.
    pub summary: Vec<Sentence>,
    /// As above.
    pub hypothesis: Vec<Sentence>,
    /// Menu ids in the model's order with its reasons; a subset of the menu without repetition.
    pub order: Vec<(String, String)>,
    /// The model's own number, 0 to 1.
    pub confidence: f64,
}

/// Why an answer was rejected as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerProblem {
    /// Longer than [`ANSWER_CAP`].
    #[error("the answer is {0} bytes long, more than {ANSWER_CAP}")]
    TooLong(usize),
    /// Not the JSON that was asked for.
    #[error("the answer is not the JSON asked for: {0}")]
    Shape(String),
    /// An id that was not on the menu.
    #[error("it chose {0:?}, which was not offered")]
    UnknownChoice(String),
    /// The same id twice.
    #[error("it chose {0:?} twice")]
    RepeatedChoice(String),
    /// A citation of evidence that does not exist.
    #[error("it cited {0:?}, which does not exist")]
    UnknownEvidence(String),
    /// A number outside 0 to 1.
    #[error("its confidence is not a number from 0 to 1")]
    Confidence,
    /// Too few or too many sentences.
    #[error("it wrote {0} sentences where {1} were asked for")]
    Sentences(usize, String),
    /// A sentence or a reason without a word in it.
    #[error("one of its sentences is empty")]
    EmptySentence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    summary: Vec<Sentence>,
    hypothesis: Vec<Sentence>,
    steps: Vec<Choice>,
    confidence: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    id: String,
    why: String,
}

/// Parses and checks a model's answer against what was offered.
///
/// # Errors
/// The first [`AnswerProblem`] found; nothing of the answer is used then.
pub fn read_answer(
    answer: &str,
    menu: &[MenuItem],
    evidence: &[Evidence],
) -> Result<Advice, AnswerProblem> {
    if answer.len() > ANSWER_CAP {
        return Err(AnswerProblem::TooLong(answer.len()));
    }
    let answer: Answer = serde_json::from_str(answer)
        .map_err(|error| AnswerProblem::Shape(text::line(&error.to_string(), text::LINE_CAP)))?;
    if answer.summary.len() != SUMMARY_SENTENCES {
        return Err(AnswerProblem::Sentences(answer.summary.len(), SUMMARY_SENTENCES.to_string()));
    }
    if answer.hypothesis.is_empty() || answer.hypothesis.len() > HYPOTHESIS_SENTENCES {
        return Err(AnswerProblem::Sentences(
            answer.hypothesis.len(),
            format!("1 to {HYPOTHESIS_SENTENCES}"),
        ));
    }
    if !(0.0..=1.0).contains(&answer.confidence) {
        return Err(AnswerProblem::Confidence);
    }
    let mut order: Vec<(String, String)> = Vec::new();
    for choice in answer.steps {
        if !menu.iter().any(|item| item.id == choice.id) {
            return Err(AnswerProblem::UnknownChoice(text::line(&choice.id, 60)));
        }
        if order.iter().any(|(id, _)| *id == choice.id) {
            return Err(AnswerProblem::RepeatedChoice(choice.id));
        }
        order.push((choice.id, said(&choice.why)?));
    }
    Ok(Advice {
        summary: checked(answer.summary, evidence)?,
        hypothesis: checked(answer.hypothesis, evidence)?,
        order,
        confidence: answer.confidence,
    })
}

fn checked(
    sentences: Vec<Sentence>,
    evidence: &[Evidence],
) -> Result<Vec<Sentence>, AnswerProblem> {
    for sentence in &sentences {
        if let Some(unknown) =
            sentence.cites.iter().find(|id| !evidence.iter().any(|known| known.id == **id))
        {
            return Err(AnswerProblem::UnknownEvidence(text::line(unknown.as_str(), 60)));
        }
    }
    sentences
        .into_iter()
        .map(|sentence| Ok(Sentence { text: said(&sentence.text)?, cites: sentence.cites }))
        .collect()
}

/// One capped line. A blank one would stand in the incident as if something had been said.
fn said(words: &str) -> Result<String, AnswerProblem> {
    let line = text::line(words, text::LINE_CAP);
    if line.trim().is_empty() { Err(AnswerProblem::EmptySentence) } else { Ok(line) }
}

/// The menu in the order of the plan. Nothing is ever dropped: the model's choices keep its order,
/// what it left out follows in the playbook's order, and a mandatory step that it left out comes
/// before everything, so that silence can't push it down. The answer is pairs of item and the
/// model's reason.
pub fn arrange(menu: &[MenuItem], advice: Option<&Advice>) -> Vec<(MenuItem, Option<String>)> {
    let Some(advice) = advice else {
        return menu.iter().map(|item| (item.clone(), None)).collect();
    };
    let mut chosen: Vec<(MenuItem, Option<String>)> = Vec::new();
    for (id, why) in &advice.order {
        if let Some(item) = menu.iter().find(|item| item.id == *id)
            && !chosen.iter().any(|(earlier, _)| earlier.id == *id)
        {
            chosen.push((item.clone(), Some(why.clone())));
        }
    }
    let (mandatory, optional): (Vec<_>, Vec<_>) = menu
        .iter()
        .filter(|item| !chosen.iter().any(|(taken, _)| taken.id == item.id))
        .map(|item| (item.clone(), None))
        .partition(|(item, _)| item.mandatory);
    mandatory.into_iter().chain(chosen).chain(optional).collect()
}
