//! Filters of lists, as the API takes them.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::refuse::Refusal;
use super::tenant::{Issue, SEVERITIES};

/// `IssueFilters`, already checked against the schema.
pub(crate) struct IssueFilter<'a>(&'a Value);

/// `IssueDateFilter`; both ends are exclusive.
#[derive(Default)]
struct Window {
    after: Option<DateTime<Utc>>,
    before: Option<DateTime<Utc>>,
}

impl Window {
    fn read(filter: &Value, name: &str) -> Result<Option<Self>, Refusal> {
        let given = &filter[name];
        if given.is_null() {
            return Ok(None);
        }
        let end = |end: &str| match &given[end] {
            Value::Null => Ok(None),
            Value::String(text) => time(text).map(Some).ok_or_else(|| {
                Refusal::input(
                    format!("{name}.{end} must be an RFC 3339 date-time"),
                    &["filterBy", name],
                )
            }),
            _ => Err(Refusal::input(
                format!("{name}.{end} must be a date-time string"),
                &["filterBy", name],
            )),
        };
        Ok(Some(Self { after: end("after")?, before: end("before")? }))
    }

    fn holds(&self, time: Option<DateTime<Utc>>) -> bool {
        let Some(time) = time else { return false };
        self.after.is_none_or(|after| time > after)
            && self.before.is_none_or(|before| time < before)
    }
}

/// A date-time of a client.
pub(crate) fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

impl<'a> IssueFilter<'a> {
    /// Wraps the coerced argument; null filters nothing.
    pub(crate) fn new(filter: &'a Value) -> Self {
        Self(filter)
    }

    /// The issues that pass.
    pub(crate) fn select<'i>(
        &self,
        issues: impl Iterator<Item = &'i Issue>,
    ) -> Result<Vec<&'i Issue>, Refusal> {
        let windows = [
            (
                Window::read(self.0, "createdAt")?,
                (|issue| Some(issue.created)) as fn(&Issue) -> Option<DateTime<Utc>>,
            ),
            (Window::read(self.0, "statusChangedAt")?, |issue| Some(issue.status_changed)),
            (Window::read(self.0, "resolvedAt")?, |issue| issue.resolved),
            (Window::read(self.0, "dueAt")?, |issue| issue.due.as_deref().and_then(time)),
        ];
        let in_windows = |issue: &Issue| {
            windows
                .iter()
                .all(|(window, of)| window.as_ref().is_none_or(|window| window.holds(of(issue))))
        };
        Ok(issues.filter(|issue| in_windows(issue) && self.passes(issue)).collect())
    }

    /// Whether all filters other than times pass; only those that were given cost anything.
    fn passes(&self, issue: &Issue) -> bool {
        let given = self.0.as_object().into_iter().flatten();
        given.filter(|(_, wanted)| !wanted.is_null()).all(|(name, wanted)| match name.as_str() {
            "id" => any(wanted, &issue.id),
            "status" => any(wanted, &issue.status),
            "severity" => any(wanted, SEVERITIES[usize::from(issue.severity)]),
            "type" => any(wanted, &issue.kind),
            "sourceControl" => any(wanted, issue.rule["id"].as_str().unwrap_or_default()),
            "resolutionReason" => {
                any(wanted, issue.resolution_reason.as_deref().unwrap_or_default())
            }
            "hasServiceTicket" => agrees(wanted, !issue.tickets.is_empty()),
            "hasNote" => agrees(wanted, !issue.notes.is_empty()),
            "project" => project(wanted, issue),
            "search" => search(wanted, issue),
            "relatedEntity" => related(wanted, issue),
            // The schema admits no other name but those of the time windows.
            _ => true,
        })
    }
}

fn project(wanted: &Value, issue: &Issue) -> bool {
    let projects = issue.entity.as_ref().and_then(|entity| entity.projects.as_array());
    let id = |project: &Value| any(wanted, project["id"].as_str().unwrap_or_default());
    projects.is_some_and(|projects| projects.iter().any(id))
}

fn search(wanted: &Value, issue: &Issue) -> bool {
    let Some(wanted) = wanted.as_str() else { return true };
    let wanted = wanted.to_lowercase();
    let rule = issue.rule["name"].as_str().unwrap_or_default();
    let entity = issue.entity.as_ref().map_or("", |entity| entity.name.as_str());
    [issue.id.as_str(), rule, entity].iter().any(|text| text.to_lowercase().contains(&wanted))
}

fn related(wanted: &Value, issue: &Issue) -> bool {
    let Some(entity) = issue.entity.as_ref() else { return false };
    let part = |name: &str| entity.snapshot[name].as_str().unwrap_or_default();
    any(&wanted["id"], &entity.id)
        && any(&wanted["ids"], &entity.id)
        && any(&wanted["type"], &entity.kind)
        && any(&wanted["status"], part("status"))
        && any(&wanted["region"], part("region"))
        && any(&wanted["subscriptionId"], part("subscriptionExternalId"))
        && any(&wanted["nativeType"], part("nativeType"))
        && any(&wanted["cloudPlatform"], part("cloudPlatform"))
}

/// Whether a time passes the `createdAt` filter of detections.
pub(crate) fn created_within(
    filter: &Value,
) -> Result<impl Fn(DateTime<Utc>) -> bool + use<>, Refusal> {
    let window = Window::read(filter, "createdAt")?.unwrap_or_default();
    Ok(move |time| window.holds(Some(time)))
}

fn any(wanted: &Value, actual: &str) -> bool {
    match wanted {
        Value::Null => true,
        Value::String(wanted) => wanted == actual,
        Value::Array(several) => several.iter().any(|wanted| wanted == actual),
        _ => false,
    }
}

fn agrees(wanted: &Value, actual: bool) -> bool {
    wanted.as_bool().is_none_or(|wanted| wanted == actual)
}
