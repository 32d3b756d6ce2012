//! Reading `freezes.toml`.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, Utc, Weekday};
use serde::Deserialize;
use toml::{Spanned, Value};

use super::when::{Weekly, When};
use super::{Except, Freeze, Only};
use crate::policy::limits::AccountId;
use crate::policy::problem::{PolicyProblem, Source};
use crate::{ActionId, Environment, Severity, Timestamp, text};

/// The last line, so that a file cut short can't pass for a shorter one.
const END: &str = "# end";
const REMEDY: &str = "compare it with docs/POLICY.md, Freezes";
/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// What the file says.
#[derive(Default)]
pub(super) struct Read {
    pub windows: Vec<Freeze>,
    /// What is said of whole calendars, by the name of their file.
    pub calendars: BTreeMap<String, (Only, Except)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    window: Vec<Spanned<OnceEntry>>,
    #[serde(default)]
    weekly: Vec<Spanned<WeeklyEntry>>,
    #[serde(default)]
    calendars: BTreeMap<String, CalendarEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnceEntry {
    id: Id,
    title: Line,
    reason: Line,
    from: Moment,
    until: Moment,
    #[serde(default)]
    only: OnlyEntry,
    #[serde(default)]
    except: ExceptEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeeklyEntry {
    id: Id,
    title: Line,
    reason: Line,
    weekdays: Several<Day>,
    from: Clock,
    until: Clock,
    #[serde(default)]
    offset: Offset,
    #[serde(default)]
    only: OnlyEntry,
    #[serde(default)]
    except: ExceptEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarEntry {
    #[serde(default)]
    only: OnlyEntry,
    #[serde(default)]
    except: ExceptEntry,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnlyEntry {
    accounts: Option<Several<AccountId>>,
    environments: Option<Several<Environment>>,
    actions: Option<Several<ActionId>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptEntry {
    severity: Option<Least>,
    actions: Option<Several<ActionId>>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Id(String);

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Line(String);

/// A moment, as text or as TOML's own.
#[derive(Deserialize)]
#[serde(try_from = "Value")]
struct Moment(Timestamp);

/// Minutes from midnight, 0 to 1440.
#[derive(Deserialize)]
#[serde(try_from = "Value")]
struct Clock(u32);

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Offset(FixedOffset);

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Day(Weekday);

/// The least severity that is let through.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Least(Severity);

/// A list of at least one: an empty one could be meant as none or as all.
#[derive(Deserialize)]
#[serde(try_from = "Vec<T>", bound(deserialize = "T: Deserialize<'de>"))]
struct Several<T>(Vec<T>);

/// Reads the file.
///
/// # Errors
/// What is wrong with it, with places and remedies.
pub(super) fn read(source: Source<'_>) -> Result<Read, Vec<PolicyProblem>> {
    let last = source.text.lines().rev().find(|line| !line.trim().is_empty());
    if last.is_none_or(|line| line.trim() != END) {
        return Err(vec![source.at(
            Some(source.text.len()),
            None,
            format!("the last line is not `{END}`: the file may have been cut short"),
            format!("restore the file, or add the line `{END}` if it is whole"),
        )]);
    }
    let file: File = toml::from_str(source.text).map_err(|error| {
        vec![source.at(error.span().map(|span| span.start), None, error.message(), REMEDY)]
    })?;
    let (mut windows, mut problems) = (Vec::new(), Vec::new());
    for entry in file.window {
        let start = entry.span().start;
        match once(entry.into_inner(), source.name) {
            Ok(freeze) => windows.push(freeze),
            Err(why) => problems.push(source.at(Some(start), None, why, REMEDY)),
        }
    }
    for entry in file.weekly {
        let start = entry.span().start;
        match weekly(entry.into_inner(), source.name) {
            Ok(freeze) => windows.push(freeze),
            Err(why) => problems.push(source.at(Some(start), None, why, REMEDY)),
        }
    }
    let calendars = file.calendars.into_iter();
    let calendars =
        calendars.map(|(name, entry)| (name, (entry.only.into(), entry.except.into()))).collect();
    if problems.is_empty() { Ok(Read { windows, calendars }) } else { Err(problems) }
}

fn once(entry: OnceEntry, file: &str) -> Result<Freeze, String> {
    let (from, until) = (entry.from.0, entry.until.0);
    if until <= from {
        return Err(format!("freeze {}: until is not after from", entry.id.0));
    }
    Ok(Freeze {
        id: entry.id.0,
        title: entry.title.0,
        reason: entry.reason.0,
        file: file.to_owned(),
        when: When::Once { from, until },
        only: entry.only.into(),
        except: entry.except.into(),
    })
}

fn weekly(entry: WeeklyEntry, file: &str) -> Result<Freeze, String> {
    let id = entry.id.0;
    let (from, until) = (entry.from.0, entry.until.0);
    if from == DAY || until == 0 {
        return Err(format!("freeze {id}: a day is from 00:00 until 24:00"));
    }
    if from == until {
        return Err(format!("freeze {id}: from is until; a whole day is 00:00 until 24:00"));
    }
    let days = entry.weekdays.0.into_iter().map(|day| day.0).collect();
    Ok(Freeze {
        id,
        title: entry.title.0,
        reason: entry.reason.0,
        file: file.to_owned(),
        when: When::Weekly(Weekly { days, from, until, offset: entry.offset.0 }),
        only: entry.only.into(),
        except: entry.except.into(),
    })
}

impl From<OnlyEntry> for Only {
    fn from(entry: OnlyEntry) -> Self {
        let accounts = entry.accounts.map(|list| list.0.into_iter().map(|id| id.0).collect());
        Self {
            accounts: accounts.unwrap_or_default(),
            environments: entry.environments.map(|list| list.0).unwrap_or_default(),
            actions: entry.actions.map(|list| list.0).unwrap_or_default(),
        }
    }
}

impl From<ExceptEntry> for Except {
    fn from(entry: ExceptEntry) -> Self {
        Self {
            severity: entry.severity.map(|least| least.0),
            actions: entry.actions.map(|list| list.0).unwrap_or_default(),
        }
    }
}

impl TryFrom<String> for Id {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=64).contains(&id.len()) && id.bytes().all(is_plain) {
            return Ok(Self(id));
        }
        Err(format!("{:?} is no id: up to 64 lower-case letters, digits and hyphens", shown(&id)))
    }
}

impl TryFrom<String> for Line {
    type Error = String;

    fn try_from(said: String) -> Result<Self, String> {
        let said = text::line(said.trim(), text::TITLE_CAP);
        if said.is_empty() {
            return Err("it is empty: people see it when they may not run a step".to_owned());
        }
        Ok(Self(said))
    }
}

impl TryFrom<Value> for Moment {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let said = said(&value)?;
        let at = DateTime::parse_from_rfc3339(&said).map_err(|error| {
            let example = "2026-12-28T18:00:00Z or 2026-12-28T19:00:00+01:00";
            format!("{:?} is no moment with an offset, like {example} ({error})", shown(&said))
        })?;
        Ok(Self(at.with_timezone(&Utc)))
    }
}

impl TryFrom<Value> for Clock {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let said = said(&value)?;
        minutes(&said)
            .map(Self)
            .ok_or_else(|| format!("{:?} is no time of day from 00:00 to 24:00", shown(&said)))
    }
}

impl Default for Offset {
    fn default() -> Self {
        Self(FixedOffset::east_opt(0).expect("no offset is one"))
    }
}

impl TryFrom<String> for Offset {
    type Error = String;

    fn try_from(said: String) -> Result<Self, String> {
        if said == "UTC" {
            return Ok(Self::default());
        }
        let digits = said.strip_prefix(['+', '-']).and_then(minutes).filter(|many| *many < DAY);
        let parsed = digits.and_then(|_| FixedOffset::from_str(&said).ok());
        parsed.map(Self).ok_or_else(|| {
            let shown = shown(&said);
            format!("{shown:?} is no fixed offset like +01:00; names of time zones are not known, so a place with summer time needs a window for each")
        })
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(said: String) -> Result<Self, String> {
        let day = match said.as_str() {
            "monday" => Weekday::Mon,
            "tuesday" => Weekday::Tue,
            "wednesday" => Weekday::Wed,
            "thursday" => Weekday::Thu,
            "friday" => Weekday::Fri,
            "saturday" => Weekday::Sat,
            "sunday" => Weekday::Sun,
            other => return Err(format!("{:?} is no weekday; monday to sunday", shown(other))),
        };
        Ok(Self(day))
    }
}

impl TryFrom<String> for Least {
    type Error = String;

    fn try_from(said: String) -> Result<Self, String> {
        let known = Severity::from_name(&said).filter(|severity| *severity != Severity::Unknown);
        known.map(Self).ok_or_else(|| {
            let names = "critical, high, medium, low or informational";
            format!("{:?} is no severity that can be a least one; {names}", shown(&said))
        })
    }
}

impl<T> TryFrom<Vec<T>> for Several<T> {
    type Error = String;

    fn try_from(list: Vec<T>) -> Result<Self, String> {
        if list.is_empty() {
            return Err("the list is empty; leave the key out to mean all".to_owned());
        }
        Ok(Self(list))
    }
}

/// "18:00" in minutes; seconds, which TOML's own times have, must be 00.
fn minutes(said: &str) -> Option<u32> {
    let said = said.strip_suffix(":00").filter(|_| said.len() == 8).unwrap_or(said);
    let (hours, minutes) = said.split_once(':')?;
    let number = |digits: &str| {
        let is_plain = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        is_plain.then(|| digits.parse::<u32>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60).then_some(hours * 60 + minutes).filter(|sum| *sum <= DAY)
}

fn said(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Datetime(at) => Ok(at.to_string()),
        other => Err(format!("a time is expected here, not a {}", other.type_str())),
    }
}

fn shown(said: &str) -> String {
    text::line(said, 60)
}
