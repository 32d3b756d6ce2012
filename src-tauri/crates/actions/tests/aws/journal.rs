//! A journal in memory that can fail, or cancel, at a chosen call.

use std::sync::Mutex;

use async_trait::async_trait;
use firebreak_core::call::Call;
use firebreak_core::ports::{CallOutcome, Journal, JournalError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Sending(usize, Call),
    Answered(usize, CallOutcome),
}

#[derive(Default)]
pub struct Recorded {
    pub written: Mutex<Vec<Line>>,
    pub fail_before: Option<usize>,
    pub fail_after: Option<usize>,
    pub cancel_after: Option<usize>,
}

impl Recorded {
    pub fn lines(&self) -> Vec<Line> {
        self.written.lock().unwrap().clone()
    }

    /// The calls that the cloud accepted.
    pub fn accepted(&self) -> Vec<Call> {
        self.with(|outcome| matches!(outcome, CallOutcome::Accepted { .. }))
    }

    /// The calls that were accepted or may have been.
    pub fn possible(&self) -> Vec<Call> {
        self.with(|outcome| {
            matches!(outcome, CallOutcome::Accepted { .. } | CallOutcome::Unknown { .. })
        })
    }

    pub fn outcome(&self, wanted: usize) -> Option<CallOutcome> {
        self.lines().into_iter().find_map(|line| match line {
            Line::Answered(index, outcome) if index == wanted => Some(outcome),
            _ => None,
        })
    }

    fn with(&self, keep: impl Fn(&CallOutcome) -> bool) -> Vec<Call> {
        let lines = self.lines();
        let sent = lines.iter().filter_map(|line| match line {
            Line::Sending(index, call) => Some((*index, call.clone())),
            Line::Answered(..) => None,
        });
        sent.filter(|(index, _)| self.outcome(*index).is_some_and(|outcome| keep(&outcome)))
            .map(|(_, call)| call)
            .collect()
    }
}

#[async_trait]
impl Journal for Recorded {
    async fn sending(&self, index: usize, call: &Call) -> Result<(), JournalError> {
        if self.fail_before == Some(index) {
            return Err(JournalError("disk full".to_owned()));
        }
        self.written.lock().unwrap().push(Line::Sending(index, call.clone()));
        Ok(())
    }

    async fn answered(
        &self,
        index: usize,
        _call: &Call,
        outcome: &CallOutcome,
    ) -> Result<(), JournalError> {
        if self.fail_after == Some(index) {
            return Err(JournalError("disk full".to_owned()));
        }
        self.written.lock().unwrap().push(Line::Answered(index, outcome.clone()));
        Ok(())
    }

    fn cancelled(&self) -> bool {
        let answered =
            self.lines().iter().filter(|line| matches!(line, Line::Answered(..))).count();
        self.cancel_after.is_some_and(|after| answered > after)
    }
}
