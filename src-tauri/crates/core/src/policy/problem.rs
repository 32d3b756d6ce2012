//! What is wrong with a policy file, where, and what to do about it.

use std::fmt;

use miette::Diagnostic;

use crate::text;

/// One thing wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProblem {
    /// The file's name as it was given; empty when it is about no file.
    pub file: String,
    /// From 1; 0 when no place in the file is known.
    pub line: usize,
    /// From 1, in characters; 0 when no place in the file is known.
    pub column: usize,
    /// The policy's `@id`, where it has one.
    pub policy: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            f.write_str(&self.file)?;
            if self.line > 0 {
                write!(f, ":{}:{}", self.line, self.column)?;
            }
            f.write_str(": ")?;
        }
        if let Some(policy) = &self.policy {
            write!(f, "policy {policy}: ")?;
        }
        write!(f, "{}; {}", self.message, self.remedy)
    }
}

/// Everything wrong with a set of files; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProblems(Vec<PolicyProblem>);

impl PolicyProblems {
    /// `None` when nothing is wrong.
    pub(super) fn of(problems: Vec<PolicyProblem>) -> Option<Self> {
        (!problems.is_empty()).then_some(Self(problems))
    }

    /// In the order of files and lines.
    pub fn list(&self) -> &[PolicyProblem] {
        &self.0
    }
}

impl fmt::Display for PolicyProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.0.iter().enumerate() {
            let separator = if position > 0 { "\n" } else { "" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyProblems {}

/// A file being read, for turning offsets into places.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    /// A problem at a byte offset.
    pub fn at(
        self,
        offset: Option<usize>,
        policy: Option<&str>,
        message: impl fmt::Display,
        remedy: impl Into<String>,
    ) -> PolicyProblem {
        let (line, column) = offset.map_or((0, 0), |offset| place(self.text, offset));
        PolicyProblem {
            file: self.name.to_owned(),
            line,
            column,
            policy: policy.map(str::to_owned),
            message: text::line(&message.to_string(), text::LINE_CAP),
            remedy: remedy.into(),
        }
    }

    /// What Cedar says, with its help where it gives any.
    pub fn said(self, cedar: &dyn Diagnostic, policy: Option<&str>, remedy: &str) -> PolicyProblem {
        let remedy = cedar.help().map_or_else(
            || remedy.to_owned(),
            |help| text::line(&help.to_string(), text::LINE_CAP),
        );
        self.at(offset(cedar), policy, cedar, remedy)
    }

    /// The same for an error that holds several.
    pub fn said_all(self, cedar: &dyn Diagnostic, remedy: &str) -> Vec<PolicyProblem> {
        let mut problems = vec![self.said(cedar, None, remedy)];
        for further in cedar.related().into_iter().flatten() {
            problems.push(self.said(further, None, remedy));
        }
        problems
    }
}

fn offset(cedar: &dyn Diagnostic) -> Option<usize> {
    cedar.labels()?.next().map(|label| label.offset())
}

/// Line and column of a byte offset, both from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
