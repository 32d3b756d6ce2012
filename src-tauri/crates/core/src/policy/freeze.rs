//! Change freezes: times in which nothing is contained, by date or every week.
//!
//! They come from `freezes.toml` and from calendars (`.ics`), beside the policies. A freeze is asked
//! where a verdict is shown and again in the transaction that writes an intent. Undoing is never in
//! one: it puts back what was there.

mod calendar;
mod file;
#[cfg(test)]
mod tests;
mod when;

use crate::plan::Direction;
use crate::{ActionId, Environment, Severity, Timestamp};

use super::problem::{PolicyProblem, Source};
use super::{Question, Rule, Verdict, VerdictKind};

pub use when::Standing;
use when::When;

/// The file's name, beside the policies.
pub const FREEZES_FILE: &str = "freezes.toml";
/// How the names of calendars end, in small letters or capitals.
pub const CALENDAR_ENDING: &str = ".ics";
/// What ids of rules that stand for a freeze begin with; no `@id` of a policy can.
const RULE: &str = "freeze:";
/// The id of the rule behind a denial because the freezes can't be read.
const UNUSABLE: &str = "freezes-unusable";

/// The freezes of a set of policies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Freezes {
    windows: Vec<Freeze>,
    unusable: Option<String>,
}

/// One freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Its own among all freezes: of the file, or a calendar's `UID`.
    pub id: String,
    /// One line.
    pub title: String,
    /// One line; empty where a calendar gives none.
    pub reason: String,
    /// The file that it stands in.
    pub file: String,
    when: When,
    only: Only,
    except: Except,
}

/// What a freeze is about. Empty is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Only {
    accounts: Vec<String>,
    environments: Vec<Environment>,
    actions: Vec<ActionId>,
}

/// What a freeze lets through: either is enough.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Except {
    severity: Option<Severity>,
    actions: Vec<ActionId>,
}

/// What would be done, as far as freezes ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touching<'a> {
    /// Run or undo.
    pub direction: Direction,
    /// Of the catalogue.
    pub action: ActionId,
    /// Account id; one that is not known is in every freeze of an account.
    pub account: Option<&'a str>,
    /// An unknown one is in every freeze of production.
    pub environment: Environment,
    /// The incident's.
    pub severity: Severity,
}

/// A freeze that something is in the way of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// The freeze's id.
    pub id: String,
    /// What it is, until when, and why.
    pub text: String,
    /// When it ends, where it does.
    pub until: Option<Timestamp>,
    /// What would change it.
    pub remedy: String,
}

impl Freezes {
    /// Whether a file of this name says freezes.
    pub(super) fn is_file(name: &str) -> bool {
        name == FREEZES_FILE || Self::is_calendar(name)
    }

    fn is_calendar(name: &str) -> bool {
        name.to_ascii_lowercase().ends_with(CALENDAR_ENDING)
    }

    /// Reads all files that say freezes; adds what is wrong with them.
    pub(super) fn read(sources: &[Source<'_>], problems: &mut Vec<PolicyProblem>) -> Self {
        let mut found = file::Read::default();
        if let Some(source) = sources.iter().find(|source| source.name == FREEZES_FILE) {
            match file::read(*source) {
                Ok(read) => found = read,
                Err(several) => problems.extend(several),
            }
            for name in found.calendars.keys() {
                if !sources.iter().any(|source| source.name == name) {
                    problems.push(source.at(
                        None,
                        None,
                        format!("there is no calendar {name:?} beside it"),
                        "put the file there, or take its section away",
                    ));
                }
            }
        }
        let mut windows = found.windows;
        for source in sources.iter().filter(|source| Self::is_calendar(source.name)) {
            let (only, except) = found.calendars.remove(source.name).unwrap_or_default();
            windows.extend(calendar::read(*source, &only, &except, problems));
        }
        for (position, window) in windows.iter().enumerate() {
            if let Some(other) = windows[..position].iter().find(|other| other.id == window.id) {
                let source = Source { name: &window.file, text: "" };
                let message = format!("freeze {:?} is in {} already", window.id, other.file);
                problems.push(source.at(None, None, message, "give one of them another id"));
            }
        }
        Self { windows, unusable: None }
    }

    /// Freezes that hold everything but undoing, saying why. For files that can't be read.
    pub(super) fn unusable(why: String) -> Self {
        Self { windows: Vec::new(), unusable: Some(why) }
    }

    /// Why nothing is contained at all; `None` when the freezes were read.
    pub fn why_unusable(&self) -> Option<&str> {
        self.unusable.as_deref()
    }

    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty() && self.unusable.is_none()
    }

    /// Those in force at a moment, then those to come; what is past is left out.
    pub fn list(&self, at: Timestamp) -> Vec<(&Freeze, Standing)> {
        let mut listed: Vec<(&Freeze, Standing)> =
            self.windows.iter().map(|freeze| (freeze, freeze.when.standing(at))).collect();
        listed.retain(|(_, standing)| *standing != Standing::Past);
        listed.sort_by(|(a, one), (b, other)| (one, &a.id).cmp(&(other, &b.id)));
        listed
    }

    /// The ids of the freezes that something is in, those that let it through included: what policies
    /// are told.
    pub(super) fn around(&self, touching: &Touching<'_>, at: Timestamp) -> Vec<String> {
        self.about(touching, at).map(|(freeze, _)| freeze.id.clone()).collect()
    }

    /// What is in the way of doing something at a moment; nothing ever is of undoing.
    pub fn frozen(&self, touching: &Touching<'_>, at: Timestamp) -> Vec<Frozen> {
        let broken = self.unusable.iter().filter(|_| touching.direction == Direction::Execute);
        let broken = broken.map(|why| Frozen {
            id: UNUSABLE.to_owned(),
            text: format!("the change freezes can't be read, so nothing is run: {why}"),
            until: None,
            remedy: format!("{FREEZES_FILE} or the calendar would have to be put right"),
        });
        let held = self.about(touching, at).filter(|(freeze, _)| !freeze.except.lets(touching));
        broken.chain(held.map(|(freeze, until)| freeze.tell(until))).collect()
    }

    fn about(
        &self,
        touching: &Touching<'_>,
        at: Timestamp,
    ) -> impl Iterator<Item = (&Freeze, Option<Timestamp>)> {
        self.windows.iter().filter_map(move |freeze| match freeze.when.standing(at) {
            Standing::Now { until }
                if touching.direction == Direction::Execute && freeze.only.covers(touching) =>
            {
                Some((freeze, until))
            }
            Standing::Now { .. } | Standing::Next { .. } | Standing::Past => None,
        })
    }
}

impl<'a> Touching<'a> {
    /// What a question is about.
    pub(super) fn of(question: &'a Question) -> Self {
        Self {
            direction: question.direction,
            action: question.action,
            account: question.target.account.as_deref(),
            environment: question.target.environment,
            severity: question.severity,
        }
    }
}

impl Freeze {
    /// When it holds: "2026-12-28 18:00 to 2027-01-04 06:00 UTC", "fri, sat 18:00 to 06:00 UTC+01:00".
    pub fn when(&self) -> String {
        self.when.describe()
    }

    /// What it is about: "all", "account 123456789012; environment production".
    pub fn about(&self) -> String {
        self.only.describe()
    }

    /// What it lets through; `None` when nothing.
    pub fn lets_through(&self) -> Option<String> {
        self.except.describe()
    }

    fn tell(&self, until: Option<Timestamp>) -> Frozen {
        let end = until
            .map(|until| format!(" until {} UTC", until.format("%Y-%m-%d %H:%M")))
            .unwrap_or_else(|| " that never ends".to_owned());
        let why =
            if self.reason.is_empty() { String::new() } else { format!(" ({})", self.reason) };
        let wait = if until.is_some() { "wait until then, or " } else { "" };
        let except = match self.lets_through() {
            Some(what) => format!("; it lets {what} through"),
            None => String::new(),
        };
        Frozen {
            id: self.id.clone(),
            text: format!("change freeze {:?}{end}{why}", self.title),
            until,
            remedy: format!(
                "{wait}change it in {}, or its except in {FREEZES_FILE}{except}",
                self.file
            ),
        }
    }
}

impl Frozen {
    /// Everything in one line.
    pub fn refusal(&self) -> String {
        format!("{}: {}; {}", self.id, self.text, self.remedy)
    }

    fn rule(&self) -> Rule {
        let id = if self.id == UNUSABLE { self.id.clone() } else { format!("{RULE}{}", self.id) };
        Rule { id, reason: format!("{}; {}", self.text, self.remedy) }
    }
}

impl Verdict {
    /// The verdict in what is in the way now: denied where anything is.
    #[must_use]
    pub fn under(&self, frozen: &[Frozen]) -> Self {
        if frozen.is_empty() {
            return self.clone();
        }
        let mut rules: Vec<Rule> = frozen.iter().map(Frozen::rule).collect();
        if self.kind == VerdictKind::Denied {
            rules.extend(self.rules.iter().cloned());
        }
        Self { kind: VerdictKind::Denied, rules, policy_version: self.policy_version.clone() }
    }
}

impl Only {
    /// What is not known may be what the freeze is about, so it is.
    fn covers(&self, touching: &Touching<'_>) -> bool {
        let account = touching.account.is_none_or(|account| has(&self.accounts, account));
        let careful = touching.environment == Environment::Unknown
            && self.environments.contains(&Environment::Production);
        let environment = careful || has(&self.environments, &touching.environment);
        account && environment && has(&self.actions, &touching.action)
    }

    fn describe(&self) -> String {
        let environments: Vec<&str> = self.environments.iter().map(|one| one.name()).collect();
        let parts = [
            named("account", &self.accounts),
            named("environment", &environments),
            named("action", &names(&self.actions)),
        ];
        let said: Vec<String> = parts.into_iter().flatten().collect();
        if said.is_empty() { "everything".to_owned() } else { said.join("; ") }
    }
}

impl Except {
    fn lets(&self, touching: &Touching<'_>) -> bool {
        // An unknown severity is less than every one that can be said.
        self.severity.is_some_and(|least| touching.severity >= least)
            || self.actions.contains(&touching.action)
    }

    fn describe(&self) -> Option<String> {
        let severity = self.severity.map(|least| match least {
            Severity::Critical => "severity critical".to_owned(),
            other => format!("severity {} and worse", other.name()),
        });
        let said: Vec<String> =
            severity.into_iter().chain(named("action", &names(&self.actions))).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// Whether something is on a list that, being empty, means all.
fn has<T: PartialEq<U>, U: ?Sized>(list: &[T], one: &U) -> bool {
    list.is_empty() || list.iter().any(|known| known == one)
}

fn names(actions: &[ActionId]) -> Vec<&'static str> {
    actions.iter().map(|action| action.name()).collect()
}

fn named<T: AsRef<str>>(what: &str, list: &[T]) -> Option<String> {
    let list: Vec<&str> = list.iter().map(AsRef::as_ref).collect();
    (!list.is_empty()).then(|| format!("{what} {}", list.join(", ")))
}
