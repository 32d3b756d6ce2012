//! Turning one alert of Orca's into a finding.

use firebreak_core::finding::{FindingDraft, FindingStatus, Severity};
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::evidence::{RADIUS, observations};
use super::graph::radius_fault;
use super::plain::plain;
use super::resource::resource;
use super::shape::{ALERT, Shape, shape};
use super::split::split;
use super::words;
use crate::attack::Mentions;
use crate::fields::{Notes, at, body, id, list, text_of, title};
use crate::instant::instant;
use crate::json;

static NULL: Value = Value::Null;

/// Reads alerts of the serving layer, of the rules API, of webhooks and of exports.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrcaNormaliser;

impl Normaliser for OrcaNormaliser {
    fn normalise(&self, alert: &RawAlert) -> Result<FindingDraft, NotAnAlert> {
        let (value, mended) = json::read(&alert.body)
            .map_err(|fault| NotAnAlert(format!("This can't be read: {fault}.")))?;
        let plain = plain(value);
        let mut notes = Notes::default();
        if mended {
            notes.add("text or numbers: some were not valid and were replaced; the alert itself is kept as it came");
        }
        match shape(&plain) {
            Shape::Alert => {}
            // What the API listed as an alert is one, however odd it looks.
            Shape::Else(_) if alert.kind == ALERT && plain.is_object() => {}
            Shape::Else(what) => {
                return Err(NotAnAlert(format!("This is no alert of Orca; it looks like {what}.")));
            }
        }
        Ok(Reading { alert: &plain, bytes: &alert.body, notes }.draft())
    }

    fn split(&self, bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
        split(bytes)
    }
}

struct Reading<'a> {
    alert: &'a Value,
    bytes: &'a [u8],
    notes: Notes,
}

impl<'a> Reading<'a> {
    fn draft(mut self) -> FindingDraft {
        let vendor_id = self.vendor_id();
        let (severity, severity_as_given) = self.severity();
        let (status, status_as_given) = self.status();
        let created_at =
            self.time("created", &["CreatedAt", "state.created_at", "created_at", "time"]);
        let updated_at =
            self.time("updated", &["LastUpdated", "state.last_updated", "last_updated"]);
        let status_changed_at =
            self.time("status changed", &["StatusTime", "state.status_time", "status_time"]);
        let resource = resource(self.alert, &mut self.notes);
        let mentions = self.mentions();
        for fault in RADIUS.iter().filter_map(|path| radius_fault(at(self.alert, path))) {
            self.notes.add(fault);
        }
        let heading = [
            "Title",
            "title",
            "type_string",
            "AlertType",
            "alert_type",
            "description",
            "Description",
        ];
        let rule = ["AlertType", "type_string", "alert_type", "Title", "title", "type"];
        let told = ["Details", "details", "Description", "description"];
        let rule_name = rule.iter().find_map(|path| title(at(self.alert, path)));
        if rule_name.is_none() {
            self.notes.missing("rule");
        }
        FindingDraft {
            kind: ALERT.to_owned(),
            title: heading
                .iter()
                .find_map(|path| title(at(self.alert, path)))
                .unwrap_or_else(|| format!("Orca alert {vendor_id}")),
            vendor_id,
            description: told.iter().find_map(|path| body(at(self.alert, path))),
            severity,
            severity_as_given,
            status,
            status_as_given,
            created_at,
            updated_at,
            status_changed_at,
            resource,
            // No public sample of Orca's names who acted.
            actor: None,
            rule_id: id(at(self.alert, "RuleId")).or_else(|| id(at(self.alert, "rule_id"))),
            rule_name,
            tactics: mentions.tactics,
            techniques: mentions.techniques,
            observations: observations(self.alert, created_at),
            evidence_query: None,
            unknowns: self.notes.into_list(),
        }
    }

    /// The first of the fields that is given.
    fn first(&self, paths: &[&str]) -> &'a Value {
        let given = |value: &&Value| !value.is_null() && value.as_str() != Some("");
        paths.iter().map(|path| at(self.alert, path)).find(given).unwrap_or(&NULL)
    }

    /// `orca-123` wherever it stands: both APIs and the writes know the alert by it. An export
    /// without ids gets one made of what names the alert, so that the next export is the same
    /// finding.
    fn vendor_id(&mut self) -> String {
        let places = ["AlertId", "state.alert_id", "alert_id", "name", "Name"];
        let given: Vec<String> =
            places.iter().filter_map(|path| id(at(self.alert, path))).collect();
        if let Some(number) = given.iter().find(|id| words::alert_number(id).is_some()) {
            return number.clone();
        }
        if let Some(other) = places[..3].iter().find_map(|path| id(at(self.alert, path))) {
            self.notes.add("id: not of the form orca-123; Orca takes no change to it");
            return other;
        }
        self.notes.add("id: not given; one was made from what names the alert");
        let naming = [
            "Title",
            "title",
            "Source",
            "source",
            "CreatedAt",
            "CloudAccount.Name",
            "Inventory.Name",
        ];
        let named: Vec<String> =
            naming.iter().map(|path| text_of(at(self.alert, path)).unwrap_or_default()).collect();
        let digest = match named.iter().filter(|text| !text.is_empty()).count() {
            0..3 => Sha256::digest(self.bytes),
            _ => Sha256::digest(named.join("\u{1f}").as_bytes()),
        };
        format!("sha256:{}", &hex::encode(digest)[..32])
    }

    /// Orca's risk level; where it is silent or not understood, its scores.
    fn severity(&mut self) -> (Severity, Option<String>) {
        let level = self.first(&["RiskLevel", "state.risk_level", "risk_level"]);
        let word = text_of(level);
        if let Some(known) = word.as_deref().and_then(words::severity) {
            return (known, None);
        }
        let as_given = title(level);
        if as_given.is_some() {
            self.notes.odd("risk level", level);
        }
        let number = |value: &Value| text_of(value).and_then(|text| text.parse::<f64>().ok());
        let orca_score = self.first(&["OrcaScore", "state.orca_score", "orca_score"]);
        if let Some(known) = number(orca_score).and_then(words::of_orca_score) {
            self.notes.add(format!("severity: from the Orca score {orca_score}"));
            return (known, as_given);
        }
        let older = self.first(&["Severity", "state.severity", "severity"]);
        if let Some(known) = text_of(older).as_deref().and_then(words::severity) {
            self.notes.add("severity: from the older severity word");
            return (known, as_given);
        }
        let score = self.first(&["Score", "state.score", "score"]);
        if let Some(known) = number(score).and_then(words::of_score) {
            self.notes.add(format!("severity: from the score {score} of 1 to 4"));
            return (known, as_given);
        }
        let left = [level, older, orca_score, score].into_iter().find(|v| !v.is_null());
        self.notes.odd("severity", left.unwrap_or(&NULL));
        (Severity::Unknown, as_given.or_else(|| left.and_then(title)))
    }

    fn status(&mut self) -> (FindingStatus, Option<String>) {
        let given = self.first(&["Status", "state.status", "status", "UserDefinedStatus"]);
        match text_of(given).as_deref().and_then(words::status) {
            Some(known) => (known, None),
            None => {
                self.notes.odd("status", given);
                (FindingStatus::Unknown, title(given))
            }
        }
    }

    fn time(&mut self, field: &str, paths: &[&str]) -> Option<firebreak_core::Timestamp> {
        let given = self.first(paths);
        let read = instant(given);
        if read.is_none() {
            self.notes.odd(field, given);
        }
        read
    }

    /// `mitre_category`, `mitre_technique`, and labels of the form `mitre: initial access`.
    fn mentions(&mut self) -> Mentions {
        let mut mentions = Mentions::default();
        let mut take = |text: &str| {
            mentions.phrase(text);
            mentions.exact_name(text.trim());
        };
        let places = [
            "mitre_category",
            "mitre_technique",
            "mitre_tactic",
            "MitreCategory",
            "MitreTechnique",
            "MitreTactic",
        ];
        for value in places.iter().map(|path| at(self.alert, path)) {
            text_of(value).iter().for_each(|text| take(text));
            list(value).iter().take(50).filter_map(text_of).for_each(|text| take(&text));
        }
        for value in ["Labels", "alert_labels"].iter().map(|path| at(self.alert, path)) {
            // Log Analytics has them as one text with commas.
            let joined = text_of(value).unwrap_or_default();
            let listed = list(value).iter().take(100).filter_map(text_of);
            let labels = listed.chain(joined.split(',').map(str::to_owned));
            for label in labels {
                if let Some((_, name)) = label
                    .split_once(':')
                    .filter(|(head, _)| head.trim().eq_ignore_ascii_case("mitre"))
                {
                    take(name.trim());
                }
            }
        }
        if mentions.tactics.is_empty() && mentions.techniques.is_empty() {
            self.notes.missing("tactic or technique");
        }
        mentions
    }
}
