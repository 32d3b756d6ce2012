//! Reading `limits.toml`. Every cap must be said: one that is missing would be none.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Account, Again, All, Amount, Limits, Minutes, Percent, Plan, WINDOW_MINUTES};
use crate::policy::problem::{PolicyProblem, Source};

/// The last line, so that a file cut short can't pass for a shorter one.
const END: &str = "# end";
/// Largest number of resources that a cap can say.
const MOST: i64 = 100_000;
const REMEDY: &str = "compare it with the shipped limits.toml (docs/POLICY.md, Caps)";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    all: All,
    plan: Plan,
    account: Account,
    #[serde(default)]
    accounts: BTreeMap<AccountId, Own>,
    again: Again,
}

/// What an account says for itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    hour: Option<Amount>,
    share_percent: Option<Percent>,
    share_at_least: Option<Amount>,
    share_unknown: Option<Amount>,
}

/// A mistyped account would be a cap that never holds.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::policy) struct AccountId(pub String);

impl Limits {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it, with its place and a remedy.
    pub(in crate::policy) fn read(source: Source<'_>) -> Result<Self, PolicyProblem> {
        let last = source.text.lines().rev().find(|line| !line.trim().is_empty());
        if last.is_none_or(|line| line.trim() != END) {
            return Err(source.at(
                Some(source.text.len()),
                None,
                format!("the last line is not `{END}`: the file may have been cut short"),
                format!("restore the file, or add the line `{END}` if it is whole"),
            ));
        }
        let file: File = toml::from_str(source.text).map_err(|error| {
            source.at(error.span().map(|span| span.start), None, error.message(), REMEDY)
        })?;
        let accounts =
            file.accounts.into_iter().map(|(id, own)| (id.0, own.over(file.account))).collect();
        Ok(Self {
            all: file.all,
            plan: file.plan,
            account: file.account,
            accounts,
            again: file.again,
        })
    }
}

impl Own {
    fn over(self, others: Account) -> Account {
        Account {
            hour: self.hour.unwrap_or(others.hour),
            share_percent: self.share_percent.unwrap_or(others.share_percent),
            share_at_least: self.share_at_least.unwrap_or(others.share_at_least),
            share_unknown: self.share_unknown.unwrap_or(others.share_unknown),
        }
    }
}

impl TryFrom<i64> for Amount {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        within(number, MOST).map(Self)
    }
}

impl TryFrom<i64> for Percent {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        within(number, 100).map(Self)
    }
}

impl TryFrom<i64> for Minutes {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        within(number, WINDOW_MINUTES).map(Self)
    }
}

impl TryFrom<String> for AccountId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self(text));
        }
        Err(format!(
            "{:?} is no AWS account id, which is twelve digits",
            crate::text::line(&text, 40)
        ))
    }
}

fn within(number: i64, most: i64) -> Result<u32, String> {
    u32::try_from(number)
        .ok()
        .filter(|_| number <= most)
        .ok_or_else(|| format!("{number} is not a whole number from 0 to {most}"))
}
