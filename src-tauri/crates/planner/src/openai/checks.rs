//! The connection test: address, key, model, schema, each with its own line.

use firebreak_core::assessment::{Prompt, read_answer};
use firebreak_core::ports::{CheckLine, OutsideError, Secret};
use serde::Deserialize;
use serde_json::json;

use super::reply::Reply;
use super::{OpenAiAssessor, address, failure, within_deadline};

const TEST: &str = "model test";

/// Checks in order and stops where going on can't tell more.
pub(super) async fn run(assessor: &OpenAiAssessor) -> Vec<CheckLine> {
    let key = match within_deadline(TEST, assessor.read_key()).await {
        Ok(key) => key,
        Err(error) => return vec![bad("Key", &error)],
    };
    let mut lines = Vec::new();
    match within_deadline(TEST, list_models(assessor, key.as_ref())).await {
        Ok(Listing::Models(models)) => {
            lines.push(good("Address", format!("{} answers", assessor.base)));
            lines.push(good(
                "Key",
                if key.is_some() {
                    "accepted"
                } else {
                    "none is configured, and none is asked for"
                },
            ));
            lines.push(model_line(&assessor.model, &models));
        }
        Ok(Listing::NotOffered) => {
            lines.push(good("Address", format!("{} answers, but lists no models", assessor.base)));
        }
        Err(error) => {
            let name = if error.trouble == firebreak_core::ports::Trouble::NeedsPerson {
                "Key"
            } else {
                "Address"
            };
            lines.push(bad(name, &error));
            return lines;
        }
    }
    lines.push(schema_line(assessor).await);
    lines
}

enum Listing {
    Models(Vec<String>),
    NotOffered,
}

#[derive(Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

async fn list_models(
    assessor: &OpenAiAssessor,
    key: Option<&Secret>,
) -> Result<Listing, OutsideError> {
    let request = assessor.client.get(address::join(&assessor.base, "models"));
    let reply = Reply::of(TEST, assessor.with_key(TEST, request, key)?, key).await?;
    // Some compatible servers have chat completions and nothing else.
    if reply.is_not_found() {
        return Ok(Listing::NotOffered);
    }
    let body = reply.into_body(TEST, key)?;
    let models: Models = serde_json::from_slice(&body).map_err(|_| {
        failure::garbage(TEST, "what answers at this address is not a list of models")
    })?;
    Ok(Listing::Models(models.data.into_iter().map(|model| model.id).collect()))
}

fn model_line(model: &str, known: &[String]) -> CheckLine {
    if known.iter().any(|id| id == model) {
        return good("Model", format!("{model} is known"));
    }
    let mut some: Vec<String> =
        known.iter().take(5).map(|id| crate::encode::visible(id, 60)).collect();
    if known.len() > some.len() {
        some.push("\u{2026}".to_owned());
    }
    CheckLine {
        name: "Model".to_owned(),
        ok: false,
        text: format!("{model} is not among the {} models that the provider lists", known.len()),
        remedy: Some(if some.is_empty() {
            "The provider lists none for this key.".to_owned()
        } else {
            format!("It lists {}.", some.join(", "))
        }),
    }
}

/// Asks about a made-up case, with the real prompt's schema.
async fn schema_line(assessor: &OpenAiAssessor) -> CheckLine {
    use firebreak_core::ports::Assessor as _;
    let prompt = Prompt {
        system: "This is a connection test. Answer in the JSON schema given: three short sentences as summary, one as \
                 hypothesis, no steps, confidence 0."
            .to_owned(),
        user: json!({ "menu": [], "evidence": [] }).to_string(),
        schema: crate::prompt::answer_schema(&[], &[]),
    };
    match assessor.ask(&prompt).await {
        Err(error) => bad("Schema", &error),
        Ok(answer) => match read_answer(&answer, &[], &[]) {
            Ok(_) => good("Schema", "the model answers in the shape asked for"),
            Err(problem) => CheckLine {
                name: "Schema".to_owned(),
                ok: false,
                text: format!(
                    "the model does not keep to the shape asked for: {}",
                    crate::encode::visible(&problem.to_string(), 200)
                ),
                remedy: Some(
                    "Use a model and server that support strict JSON schemas (structured outputs)."
                        .to_owned(),
                ),
            },
        },
    }
}

fn good(name: &str, text: impl Into<String>) -> CheckLine {
    CheckLine { name: name.to_owned(), ok: true, text: text.into(), remedy: None }
}

fn bad(name: &str, error: &OutsideError) -> CheckLine {
    CheckLine {
        name: name.to_owned(),
        ok: false,
        text: error.message.clone(),
        remedy: error.remedy.clone(),
    }
}
