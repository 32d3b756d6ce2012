//! Turning one object of Wiz's into a finding.

use firebreak_core::finding::{FindingDraft, FindingStatus, Resource, Severity};
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::actor::{actor, manner};
use super::events::Events;
use super::resource::resource;
use super::shape::{DETECTION, ISSUE, Shape, shape};
use super::split::split;
use crate::attack::Mentions;
use crate::fields::{Notes, at, body, id, list, plain, text_of, title};
use crate::instant::instant;
use crate::json;

/// Largest evidence query carried along, in bytes.
const EVIDENCE_QUERY_CAP: usize = 64 << 10;

/// Reads issues, detections and webhook bodies of Wiz.
#[derive(Debug, Clone, Copy, Default)]
pub struct WizNormaliser;

impl Normaliser for WizNormaliser {
    fn normalise(&self, alert: &RawAlert) -> Result<FindingDraft, NotAnAlert> {
        let (value, mended) = json::read(&alert.body)
            .map_err(|fault| NotAnAlert(format!("This can't be read: {fault}.")))?;
        let mut reading = Reading { value: &value, bytes: &alert.body, notes: Notes::default() };
        if mended {
            reading.notes.add("text or numbers: some were not valid and were replaced; the alert itself is kept as it came");
        }
        match (alert.kind.as_str(), shape(&value)) {
            (_, Shape::Webhook) => Ok(reading.webhook()),
            // What the API listed as an issue is one, however odd it looks.
            (ISSUE, _) if value.is_object() => Ok(reading.issue()),
            (DETECTION, _) if value.is_object() => Ok(reading.detection()),
            (_, Shape::Issue) => Ok(reading.issue()),
            (_, Shape::Detection) => Ok(reading.detection()),
            (_, Shape::Else(what)) => Err(NotAnAlert(format!(
                "This is no issue or detection of Wiz; it looks like {what}."
            ))),
        }
    }

    fn split(&self, bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
        split(bytes)
    }
}

struct Reading<'a> {
    value: &'a Value,
    bytes: &'a [u8],
    notes: Notes,
}

impl Reading<'_> {
    fn issue(mut self) -> FindingDraft {
        let details = at(self.value, "threatDetectionDetails");
        let main = at(details, "mainDetection");
        let rule = [
            at(self.value, "sourceRule"),
            &at(self.value, "sourceRules")[0],
            at(main, "ruleMatch.rule"),
        ];
        let rule = rule.into_iter().find(|rule| rule.is_object()).unwrap_or(&Value::Null);
        let mut mentions = Mentions::default();
        let mut events = Events::default();
        for rule in [at(self.value, "sourceRule")]
            .into_iter()
            .chain(list(at(self.value, "sourceRules")).iter().take(20))
        {
            mentions.categories(at(rule, "securitySubCategories"));
        }
        let detections = list(at(details, "detections"));
        for detection in std::iter::once(main).chain(detections.iter().take(50)) {
            threat(detection, &mut mentions, &mut events);
        }
        let actors = list(at(details, "actors"));
        let people = detections.iter().flat_map(|d| list(at(d, "actors"))).chain(actors);
        let people: Vec<&Value> = [at(main, "primaryActor")].into_iter().chain(people).collect();
        people
            .iter()
            .take(5)
            .flat_map(|person| manner(person))
            .for_each(|line| events.add(None, &line));
        let entity = at(self.value, "entitySnapshot");
        let entity = if entity.is_object() { entity } else { &at(details, "resources")[0] };
        let descriptions = [
            at(self.value, "description"),
            at(rule, "controlDescription"),
            at(rule, "cloudEventRuleDescription"),
            at(rule, "cloudConfigurationRuleDescription"),
            at(rule, "description"),
            at(main, "description"),
        ];
        let resource = resource(entity, &Value::Null, &mut self.notes);
        let actor = actor(&people, &events);
        let root = self.value;
        self.draft(Parts {
            kind: ISSUE,
            root,
            rule,
            resource,
            mentions,
            events,
            actor,
            severity: at(root, "severity"),
            created: at(root, "createdAt"),
            descriptions: &descriptions,
        })
    }

    fn detection(mut self) -> FindingDraft {
        let root = self.value;
        let rule = at(root, "ruleMatch.rule");
        let (mut mentions, mut events) = (Mentions::default(), Events::default());
        threat(root, &mut mentions, &mut events);
        let primary = at(root, "primaryActor");
        let people: Vec<&Value> =
            std::iter::once(primary).chain(list(at(root, "actors"))).collect();
        people
            .iter()
            .take(5)
            .flat_map(|person| manner(person))
            .for_each(|line| events.add(None, &line));
        let entity = main_resource(root);
        let resource = resource(&entity, &at(root, "cloudAccounts")[0], &mut self.notes);
        let actor = actor(&people, &events);
        self.draft(Parts {
            kind: DETECTION,
            root,
            rule,
            resource,
            mentions,
            events,
            actor,
            severity: at(root, "severity"),
            created: at(root, "createdAt"),
            descriptions: &[at(root, "description"), at(rule, "description")],
        })
    }

    /// The default body of an automation rule; customers edit it, so any part may be missing.
    fn webhook(mut self) -> FindingDraft {
        let (whole, root) = (self.value, at(self.value, "issue"));
        let (control, trigger) = (at(whole, "control"), at(whole, "trigger"));
        let rule = if control.is_object() { control } else { at(root, "sourceRule") };
        let mut mentions = Mentions::default();
        mentions.categories(at(rule, "securitySubCategories"));
        let entity = [at(whole, "resource"), at(root, "entitySnapshot")];
        let entity = entity.into_iter().find(|entity| entity.is_object()).unwrap_or(&Value::Null);
        let resource = resource(entity, &Value::Null, &mut self.notes);
        let mut events = Events::default();
        if let Some(name) = text_of(at(trigger, "ruleName")) {
            events.add(None, &format!("Sent by the automation rule {name}."));
        }
        let severity = [at(root, "severity"), at(control, "severity")];
        let created = [at(root, "created"), at(root, "createdAt")];
        let given = |pair: [&'_ Value; 2]| usize::from(text_of(pair[0]).is_none());
        self.draft(Parts {
            kind: ISSUE,
            root,
            rule,
            resource,
            mentions,
            events,
            actor: None,
            severity: severity[given(severity)],
            created: created[given(created)],
            descriptions: &[at(control, "description"), at(root, "description")],
        })
    }

    fn draft(mut self, parts: Parts<'_>) -> FindingDraft {
        let (kind, root, rule, notes) = (parts.kind, parts.root, parts.rule, &mut self.notes);
        let vendor_id = id(at(root, "id")).unwrap_or_else(|| {
            notes.add("id: not given; one was made from the alert's bytes");
            format!("sha256:{}", &hex::encode(Sha256::digest(self.bytes))[..32])
        });
        let (severity, severity_as_given) = severity(parts.severity, notes);
        let (status, status_as_given) = status(kind, at(root, "status"), notes);
        let mut time = |field: &str, value: &Value| {
            let read = instant(value);
            if read.is_none() {
                notes.odd(field, value);
            }
            read
        };
        let created_at = time("created", parts.created);
        let updated_at = time("updated", at(root, "updatedAt"));
        let status_changed_at =
            if kind == ISSUE { time("status changed", at(root, "statusChangedAt")) } else { None };
        let rule_name = title(at(rule, "name"));
        let description = parts.descriptions.iter().find_map(|text| body(text));
        let mut mentions = parts.mentions;
        mentions.phrase(rule_name.as_deref().unwrap_or_default());
        if mentions.tactics.is_empty() && mentions.techniques.is_empty() {
            notes.missing("tactic or technique");
        }
        if rule_name.is_none() {
            notes.missing("rule");
        }
        let first_line = description
            .as_deref()
            .and_then(|text| text.lines().find(|line| !line.trim().is_empty()));
        let name = title(at(root, "name")).or_else(|| title(&Value::from(first_line)));
        FindingDraft {
            kind: kind.to_owned(),
            title: rule_name.clone().or(name).unwrap_or_else(|| format!("Wiz {kind} {vendor_id}")),
            vendor_id,
            description,
            severity,
            severity_as_given,
            status,
            status_as_given,
            created_at,
            updated_at,
            status_changed_at,
            resource: parts.resource,
            actor: parts.actor,
            rule_id: id(at(rule, "id")),
            rule_name,
            tactics: mentions.tactics,
            techniques: mentions.techniques,
            observations: parts.events.into_observations(),
            evidence_query: evidence_query(at(root, "evidenceQuery"), notes),
            unknowns: self.notes.into_list(),
        }
    }
}

/// What the three kinds of object have in common, found at their own places.
struct Parts<'a> {
    kind: &'static str,
    root: &'a Value,
    rule: &'a Value,
    resource: Resource,
    mentions: Mentions,
    events: Events,
    actor: Option<firebreak_core::finding::Actor>,
    severity: &'a Value,
    created: &'a Value,
    descriptions: &'a [&'a Value],
}

/// Adds what one detection tells, whether it stands alone or within an issue.
fn threat(detection: &Value, mentions: &mut Mentions, events: &mut Events) {
    mentions.categories(at(detection, "ruleMatch.rule.securitySubCategories"));
    if let Some(name) = text_of(at(detection, "ruleMatch.rule.name")) {
        mentions.phrase(&name);
    }
    let began = instant(at(detection, "startedAt")).or_else(|| instant(at(detection, "createdAt")));
    if let Some(text) = text_of(at(detection, "description")) {
        events.add(began, &plain(&text));
    }
    events.read(at(detection, "triggeringEvents"));
}

/// The primary resource, completed from the entry of the same id in the list of all; without one,
/// the first of the list.
fn main_resource(detection: &Value) -> Value {
    let all = list(at(detection, "resources"));
    let primary = at(detection, "primaryResource");
    if !primary.is_object() {
        return all.first().cloned().unwrap_or_default();
    }
    let primary_id = text_of(at(primary, "id"));
    let twin =
        all.iter().find(|other| primary_id.is_some() && text_of(at(other, "id")) == primary_id);
    let mut whole = primary.clone();
    if let (Some(whole), Some(twin)) = (whole.as_object_mut(), twin.and_then(Value::as_object)) {
        for (key, value) in twin {
            if whole.get(key).is_none_or(|own| own.is_null() || own == "") {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
    whole
}

fn severity(value: &Value, notes: &mut Notes) -> (Severity, Option<String>) {
    let word = text_of(value);
    let known = match word.as_deref().map(str::to_ascii_uppercase).as_deref() {
        Some("CRITICAL") => Severity::Critical,
        Some("HIGH") => Severity::High,
        Some("MEDIUM") => Severity::Medium,
        Some("LOW") => Severity::Low,
        Some("INFORMATIONAL" | "INFO") => Severity::Informational,
        _ => {
            notes.odd("severity", value);
            return (Severity::Unknown, title(value));
        }
    };
    (known, None)
}

fn status(kind: &str, value: &Value, notes: &mut Notes) -> (FindingStatus, Option<String>) {
    let word = text_of(value);
    let known = match word
        .as_deref()
        .map(|word| word.to_ascii_uppercase().replace([' ', '-'], "_"))
        .as_deref()
    {
        Some("OPEN" | "NEW") => FindingStatus::New,
        Some("IN_PROGRESS") => FindingStatus::InProgress,
        Some("REJECTED" | "IGNORED") => FindingStatus::Suppressed,
        Some("RESOLVED" | "CLOSED") => FindingStatus::Resolved,
        None if kind == DETECTION && value.is_null() => {
            notes.add("status: Wiz gives detections none");
            FindingStatus::Unknown
        }
        _ => {
            notes.odd("status", value);
            return (FindingStatus::Unknown, title(value));
        }
    };
    (known, None)
}

fn evidence_query(value: &Value, notes: &mut Notes) -> Option<Value> {
    let query = match value {
        Value::Object(_) => value.clone(),
        // Some exports carry it as text.
        Value::String(text) if text.len() <= EVIDENCE_QUERY_CAP => json::raw(text.as_bytes())
            .ok()
            .map(|raw| json::value(raw).0)
            .filter(Value::is_object)?,
        _ => return None,
    };
    if query.to_string().len() > EVIDENCE_QUERY_CAP {
        notes.add("evidence query: too large to carry along");
        return None;
    }
    Some(query)
}
