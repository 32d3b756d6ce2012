//! Checking what serde can't: that a playbook says something, and only what can be done.

use std::ops::Range;

use firebreak_core::assessment::{HYPOTHESIS_SENTENCES, SUMMARY_SENTENCES};
use firebreak_core::finding::ResourceKind;
use firebreak_core::playbook::{Matcher, Playbook};
use firebreak_core::{Severity, text};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NameError, StrDeserializer};
use toml::Spanned;

mod steps;

use super::file::{File, Match};
use super::{FILE_CAP, GENERIC, PlaybookProblem};
use crate::written::unknown_placeholder;

/// Most steps of a playbook.
const STEP_CAP: usize = 20;
/// Longest id or threat type, in characters.
const NAME_CAP: usize = 64;
const RESOURCES: &str = "instance, user, access_key, role, bucket, container, function, database, network, account, other";
const SEVERITIES: &str = "informational, low, medium, high, critical";

/// A playbook that is well in itself, and where its id stands.
pub(super) struct Read {
    pub playbook: Playbook,
    place: PlaybookProblem,
}

impl Read {
    /// The problem of a second file with the same id.
    pub(super) fn duplicate(self, file: &str) -> PlaybookProblem {
        PlaybookProblem { file: file.to_owned(), ..self.place }
    }
}

/// Reads one file.
pub(super) fn read(name: &str, text: &str) -> Result<Read, Vec<PlaybookProblem>> {
    let mut checker = Checker { name, text, problems: Vec::new() };
    if text.len() > FILE_CAP {
        checker.problem(
            0..0,
            format!("the file is {} bytes long", text.len()),
            format!("A playbook has at most {FILE_CAP}."),
        );
        return Err(checker.problems);
    }
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let what = text::line(error.message(), text::LINE_CAP);
            checker.problem(
                error.span().unwrap_or(0..0),
                what,
                "assets/playbooks/README.md documents the format.",
            );
            return Err(checker.problems);
        }
    };
    let id_span = file.id.span();
    let playbook = checker.playbook(file);
    if !checker.problems.is_empty() {
        return Err(checker.problems);
    }
    let what = format!("the id {:?} is taken by an earlier file", playbook.id);
    let place =
        PlaybookProblem::at(name, text, id_span, what, "Give this playbook an id of its own.");
    Ok(Read { playbook, place })
}

struct Checker<'a> {
    name: &'a str,
    text: &'a str,
    problems: Vec<PlaybookProblem>,
}

impl Checker<'_> {
    fn problem(&mut self, span: Range<usize>, what: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(PlaybookProblem::at(self.name, self.text, span, what, remedy));
    }

    fn playbook(&mut self, file: File) -> Playbook {
        self.slug("id", &file.id);
        self.slug("threat", &file.threat);
        if *file.version.get_ref() == 0 {
            self.problem(
                file.version.span(),
                "version is 0",
                "Versions count from 1 and rise with every change.",
            );
        }
        self.words_of_ours("title", &file.title);
        let summary = self.sentences("summary", file.summary, SUMMARY_SENTENCES);
        let hypothesis = self.sentences("hypothesis", file.hypothesis, HYPOTHESIS_SENTENCES);
        let matches = self.matcher(file.id.get_ref(), file.id.span(), file.matches);
        let steps = self.steps(file.steps, &matches);
        Playbook {
            id: file.id.into_inner(),
            version: file.version.into_inner(),
            title: file.title.into_inner(),
            threat: file.threat.into_inner(),
            matches,
            summary,
            hypothesis,
            steps,
        }
    }

    fn slug(&mut self, field: &str, value: &Spanned<String>) {
        let word = value.get_ref();
        let well = !word.is_empty()
            && word.len() <= NAME_CAP
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !well {
            self.problem(
                value.span(),
                format!("{field} {word:?} is not a name"),
                format!("Use 1 to {NAME_CAP} lower-case letters, digits and hyphens."),
            );
        }
    }

    /// Text without placeholders: titles and reasons stand as they are.
    fn words_of_ours(&mut self, field: &str, value: &Spanned<String>) {
        let length = value.get_ref().chars().count();
        if value.get_ref().trim().is_empty() {
            self.problem(
                value.span(),
                format!("{field} is empty"),
                "Say it in words that an analyst would use.",
            );
        } else if length > text::LINE_CAP {
            self.problem(
                value.span(),
                format!("{field} is {length} characters long"),
                format!("At most {} are shown.", text::LINE_CAP),
            );
        }
    }

    fn sentences(
        &mut self,
        field: &str,
        value: Spanned<Vec<Spanned<String>>>,
        most: usize,
    ) -> Vec<String> {
        let span = value.span();
        let sentences = value.into_inner();
        if sentences.is_empty() {
            self.problem(
                span,
                format!("{field} is empty"),
                format!("Write 1 to {most} sentences."),
            );
        } else if sentences.len() > most {
            self.problem(
                span,
                format!("{field} has {} sentences", sentences.len()),
                format!("Write 1 to {most}."),
            );
        }
        for sentence in &sentences {
            self.words_of_ours(&format!("a sentence of {field}"), sentence);
            if let Some(unknown) = unknown_placeholder(sentence.get_ref()) {
                self.problem(
                    sentence.span(),
                    format!("{unknown:?} is not a placeholder"),
                    "Placeholders are {asset}, {account} and {title}.",
                );
            }
        }
        sentences.into_iter().map(Spanned::into_inner).collect()
    }

    fn matcher(
        &mut self,
        id: &str,
        id_span: Range<usize>,
        value: Option<Spanned<Match>>,
    ) -> Matcher {
        let Some(value) = value else {
            if id != GENERIC {
                self.problem(
                    id_span,
                    "there is no [match]",
                    "Say when the playbook applies: techniques, words, resource or at_least.",
                );
            }
            return Matcher::default();
        };
        let span = value.span();
        let given = value.into_inner();
        for technique in &given.techniques {
            if !is_technique(technique.get_ref()) {
                self.problem(
                    technique.span(),
                    format!("{:?} is not the id of an ATT&CK technique", technique.get_ref()),
                    "Write T and four digits, with a dot and three digits for a sub-technique: T1496 or T1496.001.",
                );
            }
        }
        for word in &given.words {
            if word.get_ref().trim().chars().count() < 3 {
                self.problem(
                    word.span(),
                    format!("the word {:?} would match almost anything", word.get_ref()),
                    "Use at least three characters.",
                );
            }
        }
        let resource = given.resource.iter().filter_map(|kind| self.kind(kind)).collect();
        let at_least = given.at_least.as_ref().and_then(|severity| self.severity(severity));
        let empty = given.techniques.is_empty()
            && given.words.is_empty()
            && given.resource.is_empty()
            && given.at_least.is_none();
        if empty && id != GENERIC {
            self.problem(
                span,
                "[match] is empty",
                "Give at least one of techniques, words, resource and at_least.",
            );
        } else if !empty && id == GENERIC {
            self.problem(
                span,
                "the generic playbook has a [match]",
                "It stands when nothing else does; leave [match] out.",
            );
        }
        Matcher {
            techniques: given.techniques.into_iter().map(Spanned::into_inner).collect(),
            words: given
                .words
                .into_iter()
                .map(|word| word.into_inner().trim().to_owned())
                .collect(),
            resource,
            at_least,
        }
    }

    fn kind(&mut self, value: &Spanned<String>) -> Option<ResourceKind> {
        let kind = named::<ResourceKind>(value.get_ref());
        if kind.is_none() {
            self.problem(
                value.span(),
                format!("{:?} is not a kind of resource", value.get_ref()),
                format!("Kinds are {RESOURCES}."),
            );
        }
        kind
    }

    fn severity(&mut self, value: &Spanned<String>) -> Option<Severity> {
        let severity =
            Severity::from_name(value.get_ref()).filter(|severity| *severity != Severity::Unknown);
        if severity.is_none() {
            self.problem(
                value.span(),
                format!("{:?} is not a severity", value.get_ref()),
                format!("Severities are {SEVERITIES}."),
            );
        }
        severity
    }
}

fn is_technique(id: &str) -> bool {
    let (technique, sub) =
        id.split_once('.').map_or((id, None), |(technique, sub)| (technique, Some(sub)));
    let digits = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    technique.strip_prefix('T').is_some_and(|number| digits(number, 4))
        && sub.is_none_or(|sub| digits(sub, 3))
}

/// Reads a name as serde writes it.
fn named<'de, T: Deserialize<'de>>(name: &'de str) -> Option<T> {
    let deserializer: StrDeserializer<'de, NameError> = name.into_deserializer();
    T::deserialize(deserializer).ok()
}
