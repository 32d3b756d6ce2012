//! The policy of asking: at most twice, at most ten seconds, and never a plan that waits.

use std::time::Duration;

use firebreak_core::assessment::{Advice, AnswerProblem, MenuItem, Prompt, Sentence, read_answer};
use firebreak_core::evidence::Evidence;
use firebreak_core::ports::{Assessor, OutsideError};
use tokio::time::{Instant, timeout_at};

use crate::encode::unmarked;

/// How long a model may take, over both attempts.
pub const DEADLINE: Duration = Duration::from_secs(10);

const AGAIN: &str = include_str!("../../../../assets/prompts/again.md");

/// Why there is no advice. The words are for the incident page; the playbook's plan stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssessFailure {
    /// It could not be asked, or answered nothing usable.
    #[error("the model is down: {error}{}", remedy_words(.error))]
    Down {
        /// What happened.
        error: OutsideError,
    },
    /// No answer within [`DEADLINE`].
    #[error("the model is slow: no answer within {} seconds", DEADLINE.as_secs())]
    Slow,
    /// Two answers, neither of which kept to what was offered.
    #[error("the model was rejected twice: first {first}, then {second}")]
    RejectedTwice {
        /// What was wrong with the first.
        first: AnswerProblem,
        /// What was wrong with the second.
        second: AnswerProblem,
    },
    /// The first answer was rejected and there was no second.
    #[error("the model was rejected once ({first}), and then {then}")]
    RejectedThen {
        /// What was wrong with the first.
        first: AnswerProblem,
        /// Why there was no second: down or slow.
        then: Box<AssessFailure>,
    },
}

/// Asks for advice on a case. A second attempt is made only when the first answer was rejected;
/// it says what was wrong in fixed words, for the answer itself may quote the attacker.
///
/// # Errors
/// [`AssessFailure`]; nothing that the model said is used then.
pub async fn assess(
    assessor: &dyn Assessor,
    prompt: &Prompt,
    menu: &[MenuItem],
    evidence: &[Evidence],
) -> Result<(Advice, Duration), AssessFailure> {
    let began = Instant::now();
    let first = ask(assessor, prompt, began).await?;
    let problem = match read_answer(&first, menu, evidence) {
        Ok(advice) => return Ok((without_marks(advice), began.elapsed())),
        Err(problem) => problem,
    };
    tracing::warn!(
        model = assessor.model(),
        problem = kind(&problem),
        "the model's first answer was rejected"
    );
    let second = ask(assessor, &again(prompt, &problem), began).await.map_err(|then| {
        AssessFailure::RejectedThen { first: problem.clone(), then: Box::new(then) }
    })?;
    match read_answer(&second, menu, evidence) {
        Ok(advice) => Ok((without_marks(advice), began.elapsed())),
        Err(second) => {
            tracing::warn!(
                model = assessor.model(),
                problem = kind(&second),
                "the model's second answer was rejected"
            );
            Err(AssessFailure::RejectedTwice { first: problem, second })
        }
    }
}

async fn ask(
    assessor: &dyn Assessor,
    prompt: &Prompt,
    began: Instant,
) -> Result<String, AssessFailure> {
    let deadline = began + DEADLINE;
    match timeout_at(deadline, assessor.ask(prompt)).await {
        Ok(Ok(answer)) => Ok(answer),
        // The assessor's own time-out may fire in the same instant.
        Ok(Err(_)) if Instant::now() >= deadline => Err(AssessFailure::Slow),
        Ok(Err(error)) => Err(AssessFailure::Down { error }),
        Err(_) => Err(AssessFailure::Slow),
    }
}

/// The same case again, with what was wrong said where only we speak.
fn again(prompt: &Prompt, problem: &AnswerProblem) -> Prompt {
    let system =
        format!("{}\n{}", prompt.system.trim_end(), AGAIN.replace("{problem}", kind(problem)));
    Prompt { system, ..prompt.clone() }
}

/// What was wrong, without a word of the answer.
fn kind(problem: &AnswerProblem) -> &'static str {
    match problem {
        AnswerProblem::TooLong(_) => "the answer was too long",
        AnswerProblem::Shape(_) => {
            "the answer was not one JSON object of the shape asked for, with every field and no other"
        }
        AnswerProblem::UnknownChoice(_) => "a step had an id that is not on the menu",
        AnswerProblem::RepeatedChoice(_) => "the same menu id stood in two steps",
        AnswerProblem::UnknownEvidence(_) => "a sentence cited an id that is not in the evidence",
        AnswerProblem::Confidence => "the confidence was not a number from 0 to 1",
        AnswerProblem::Sentences(..) => {
            "the summary did not have exactly three sentences, or the hypothesis not one to four"
        }
        AnswerProblem::EmptySentence => "a sentence or a reason was empty",
    }
}

fn without_marks(advice: Advice) -> Advice {
    let clean = |sentences: Vec<Sentence>| {
        sentences
            .into_iter()
            .map(|sentence| Sentence { text: unmarked(&sentence.text), ..sentence })
            .collect()
    };
    Advice {
        summary: clean(advice.summary),
        hypothesis: clean(advice.hypothesis),
        order: advice.order.into_iter().map(|(id, why)| (id, unmarked(&why))).collect(),
        confidence: advice.confidence,
    }
}

fn remedy_words(error: &OutsideError) -> String {
    error.remedy.as_deref().map(|remedy| format!(". {remedy}")).unwrap_or_default()
}
