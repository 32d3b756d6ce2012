//! Between columns and core types. A value that can't be read is an error that names its row.

use chrono::{DateTime, SecondsFormat, Utc};
use firebreak_core::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::StoreError;

pub(crate) fn time_text(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Names the row that is being read, for errors.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub table: &'static str,
    pub id: &'a str,
}

impl Place<'_> {
    pub fn corrupt(self, problem: impl Into<String>) -> StoreError {
        StoreError::Corrupt { table: self.table, id: self.id.to_owned(), problem: problem.into() }
    }

    pub fn missing(self) -> StoreError {
        StoreError::Missing { table: self.table, id: self.id.to_owned() }
    }

    pub fn time(self, text: &str) -> Result<Timestamp, StoreError> {
        DateTime::parse_from_rfc3339(text)
            .map(|at| at.with_timezone(&Utc))
            .map_err(|error| self.corrupt(format!("{text:?} is not a time: {error}")))
    }

    pub fn maybe_time(self, text: Option<&str>) -> Result<Option<Timestamp>, StoreError> {
        text.map(|text| self.time(text)).transpose()
    }

    pub fn word<T>(self, text: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        read(text)
            .ok_or_else(|| self.corrupt(format!("{text:?} is a word this version does not know")))
    }

    pub fn json<T: DeserializeOwned>(self, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|error| self.corrupt(error.to_string()))
    }

    pub fn maybe_json<T: DeserializeOwned>(
        self,
        text: Option<&str>,
    ) -> Result<Option<T>, StoreError> {
        text.map(|text| self.json(text)).transpose()
    }
}

pub(crate) fn json_text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("core types have string keys, so JSON can say them")
}
