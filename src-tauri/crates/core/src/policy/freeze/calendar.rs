//! Reading calendars (`.ics`, RFC 5545): plain events in UTC, or on whole days.
//!
//! What would need a rule or a time zone to be understood is an error that names the event, for a
//! freeze that was read wrongly is not there when it is needed. Whole days are days in UTC.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::when::When;
use super::{Except, Freeze, Only};
use crate::policy::problem::{PolicyProblem, Source};
use crate::{Timestamp, text};

/// Longest `UID`, in characters; the standard has no limit, programs keep to 255.
const UID_CAP: usize = 255;
/// Most events of one calendar.
const MOST: usize = 5_000;
/// What makes several events of one, or moves it.
const REPEATS: [&str; 5] = ["RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"];
const EXPORT: &str = "export the calendar anew";

/// Reads a calendar; what is wrong with it is added to the problems.
pub(super) fn read(
    source: Source<'_>,
    only: &Only,
    except: &Except,
    problems: &mut Vec<PolicyProblem>,
) -> Vec<Freeze> {
    let events = match events(source) {
        Ok(events) => events,
        Err(problem) => {
            problems.push(problem);
            return Vec::new();
        }
    };
    let mut freezes = Vec::new();
    for event in events.iter().filter(|event| !event.is_cancelled()) {
        match event.read() {
            Ok((id, when)) => freezes.push(Freeze {
                id,
                title: event.title(),
                reason: event.text("DESCRIPTION"),
                file: source.name.to_owned(),
                when,
                only: only.clone(),
                except: except.clone(),
            }),
            Err(wrong) => {
                let message = format!("event {:?}: {}", event.title(), wrong.why);
                let offset = wrong.offset.unwrap_or(event.offset);
                problems.push(source.at(Some(offset), None, message, wrong.remedy));
            }
        }
    }
    freezes
}

/// A line of a calendar, unfolded: `NAME;PARAMETER=VALUE:VALUE`.
struct Property {
    /// In capitals.
    name: String,
    /// Names in capitals.
    parameters: BTreeMap<String, String>,
    value: String,
    offset: usize,
}

/// What is between `BEGIN:VEVENT` and `END:VEVENT`, alarms left out.
struct Event {
    offset: usize,
    properties: Vec<Property>,
}

/// When an event begins or ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Day(NaiveDate),
    At(Timestamp),
}

/// What is wrong with an event.
struct Wrong {
    /// Where, if not at the event itself.
    offset: Option<usize>,
    why: String,
    remedy: &'static str,
}

fn events(source: Source<'_>) -> Result<Vec<Event>, PolicyProblem> {
    let wrong = |offset, why: String| source.at(Some(offset), None, why, EXPORT);
    let mut open: Vec<String> = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    let mut calendars = 0;
    for (offset, line) in unfolded(source.text) {
        let property = property(&line, offset).ok_or_else(|| {
            wrong(offset, format!("{:?} is no line of a calendar", text::line(&line, 60)))
        })?;
        match property.name.as_str() {
            "BEGIN" => {
                let name = property.value.trim().to_ascii_uppercase();
                if open.is_empty() != (name == "VCALENDAR") {
                    return Err(wrong(offset, format!("{:?} begins here", text::line(&name, 60))));
                }
                if name == "VEVENT" {
                    events.push(Event { offset, properties: Vec::new() });
                }
                open.push(name);
            }
            "END" => {
                let name = property.value.trim().to_ascii_uppercase();
                if open.pop().as_ref() != Some(&name) {
                    let why = format!("{:?} ends here, which did not begin", text::line(&name, 60));
                    return Err(wrong(offset, why));
                }
                calendars += usize::from(open.is_empty());
            }
            _ if open.is_empty() => {
                return Err(wrong(offset, "it does not begin with BEGIN:VCALENDAR".to_owned()));
            }
            _ if open.last().is_some_and(|name| name == "VEVENT") => {
                events.last_mut().expect("an event is open").properties.push(property);
            }
            _ => {}
        }
    }
    if calendars == 0 || !open.is_empty() {
        let why = "it does not end with END:VCALENDAR: it may have been cut short";
        return Err(wrong(source.text.len(), why.to_owned()));
    }
    if events.len() > MOST {
        return Err(wrong(0, format!("it has more than {MOST} events")));
    }
    Ok(events)
}

/// Lines, those that go on put together, each with where it begins (RFC 5545, 3.1).
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut offset = 0;
    for raw in text.split_inclusive('\n') {
        let line = raw.trim_end_matches(['\r', '\n']).trim_start_matches('\u{feff}');
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, begun))) => begun.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => lines.push((offset, line.to_owned())),
        }
        offset += raw.len();
    }
    lines
}

/// Takes a line apart. A value in quotes may have colons and semicolons.
fn property(line: &str, offset: usize) -> Option<Property> {
    let mut quoted = false;
    let mut cuts = Vec::new();
    let colon = line.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        if c == ';' && !quoted {
            cuts.push(at);
        }
        (c == ':' && !quoted).then_some(at)
    })?;
    cuts.push(colon);
    let name = line[..cuts[0]].to_ascii_uppercase();
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    let mut parameters = BTreeMap::new();
    for pair in cuts.windows(2) {
        let (key, value) = line[pair[0] + 1..pair[1]].split_once('=')?;
        parameters.insert(key.to_ascii_uppercase(), value.trim_matches('"').to_owned());
    }
    Some(Property { name, parameters, value: line[colon + 1..].to_owned(), offset })
}

impl Event {
    fn read(&self) -> Result<(String, When), Wrong> {
        let repeats = |property: &&Property| REPEATS.contains(&property.name.as_str());
        if let Some(property) = self.properties.iter().find(repeats) {
            let name = &property.name;
            return Err(Wrong {
                offset: Some(property.offset),
                why: format!("{name} isn't understood: only events that happen once are"),
                remedy: "export its dates one by one, or write it as [[weekly]] in freezes.toml",
            });
        }
        let id = self.one("UID")?.map(|uid| uid.value.trim()).unwrap_or_default();
        if id.is_empty() || id.chars().count() > UID_CAP || id.chars().any(char::is_control) {
            let why = format!("it has no UID of 1 to {UID_CAP} characters");
            return Err(Wrong { offset: None, why, remedy: "give it one of its own" });
        }
        let from = self.one("DTSTART")?.map(moment).transpose()?.ok_or_else(|| Wrong {
            offset: None,
            why: "it has no DTSTART".to_owned(),
            remedy: "say when it begins",
        })?;
        let until = match (self.one("DTEND")?.map(moment).transpose()?, from) {
            (Some(until), _) => until,
            // RFC 5545, 3.6.1: a day without an end is one day.
            (None, Moment::Day(day)) if self.all("DURATION").next().is_none() => {
                Moment::Day(day.succ_opt().unwrap_or(day))
            }
            (None, _) => {
                return Err(Wrong {
                    offset: None,
                    why: "it has no DTEND (DURATION isn't understood)".to_owned(),
                    remedy: "say when it ends, as DTEND in UTC",
                });
            }
        };
        let when = When::Once { from: from.starts(), until: until.starts() };
        let same_kind = matches!(from, Moment::Day(_)) == matches!(until, Moment::Day(_));
        if !same_kind || until.starts() <= from.starts() {
            let why = "DTEND is not after DTSTART, or one is a day and the other a time".to_owned();
            return Err(Wrong { offset: None, why, remedy: "correct it in the calendar" });
        }
        Ok((id.to_owned(), when))
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(move |property| property.name == name)
    }

    fn one(&self, name: &str) -> Result<Option<&Property>, Wrong> {
        let mut found = self.all(name);
        let first = found.next();
        match found.next() {
            None => Ok(first),
            Some(second) => Err(Wrong {
                offset: Some(second.offset),
                why: format!("it has more than one {name}"),
                remedy: EXPORT,
            }),
        }
    }

    /// A text without its escapes (RFC 5545, 3.3.11), in one line.
    fn text(&self, name: &str) -> String {
        let Some(property) = self.all(name).next() else { return String::new() };
        let mut plain = String::with_capacity(property.value.len());
        let mut chars = property.value.chars();
        while let Some(c) = chars.next() {
            plain.push(match c {
                '\\' => match chars.next() {
                    Some('n' | 'N') | None => ' ',
                    Some(escaped) => escaped,
                },
                c => c,
            });
        }
        text::line(plain.trim(), text::TITLE_CAP)
    }

    fn title(&self) -> String {
        let uid = || self.all("UID").next().map(|uid| text::line(uid.value.trim(), 80));
        let title = self.text("SUMMARY");
        if title.is_empty() { uid().unwrap_or_else(|| "without a name".to_owned()) } else { title }
    }

    fn is_cancelled(&self) -> bool {
        self.all("STATUS").any(|status| status.value.trim().eq_ignore_ascii_case("CANCELLED"))
    }
}

impl Moment {
    fn starts(self) -> Timestamp {
        match self {
            Self::Day(day) => day.and_time(NaiveTime::MIN).and_utc(),
            Self::At(at) => at,
        }
    }
}

/// `20261228T180000Z`, or `20261228` with `VALUE=DATE`.
fn moment(property: &Property) -> Result<Moment, Wrong> {
    let value = property.value.trim();
    let name = &property.name;
    let wrong = |why, remedy| Wrong { offset: Some(property.offset), why, remedy };
    let bad = || {
        let why = format!("{name} {:?} is no time like 20261228T180000Z", text::line(value, 60));
        wrong(why, EXPORT)
    };
    let digits =
        |text: &str, many: usize| text.len() == many && text.bytes().all(|b| b.is_ascii_digit());
    let is_day = |kind: &String| kind.eq_ignore_ascii_case("DATE");
    if property.parameters.get("VALUE").is_some_and(is_day) {
        let day = digits(value, 8).then(|| NaiveDate::parse_from_str(value, "%Y%m%d").ok());
        return day.flatten().map(Moment::Day).ok_or_else(bad);
    }
    let zone = property.parameters.get("TZID").map(String::as_str);
    let is_utc = zone.is_some_and(|zone| matches!(zone, "UTC" | "Etc/UTC"));
    let (time, utc) = match value.strip_suffix('Z') {
        Some(time) => (time, true),
        None => (value, is_utc),
    };
    let is_time = time.split_once('T').is_some_and(|(day, hour)| digits(day, 8) && digits(hour, 6));
    let at = is_time.then(|| NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%S").ok());
    let at = at.flatten().filter(|_| zone.is_none() || is_utc || !utc);
    match (at, utc) {
        (Some(at), true) => Ok(Moment::At(at.and_utc())),
        (Some(_), false) => {
            let zone = zone.map_or_else(
                || "without a time zone".to_owned(),
                |zone| format!("in the time zone {:?}", text::line(zone, 60)),
            );
            let why = format!("{name} is {zone}, and only UTC is understood");
            Err(wrong(why, "export it in UTC, or write it as [[window]] in freezes.toml"))
        }
        (None, _) => Err(bad()),
    }
}
