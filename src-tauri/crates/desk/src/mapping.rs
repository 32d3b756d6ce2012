//! Mappings of customers' own messages: read, tried on a message, offered to start from.

use firebreak_actions::alerts_in_message;
use firebreak_core::finding::FindingDraft;
use firebreak_core::ports::{Normaliser, RawAlert};
use firebreak_sources::mapped::{
    Fault, FieldReading, MappedNormaliser, Mapping, Reading, SHIPPED, Shipped,
};
use firebreak_store::SourceRow;
use firebreak_wire as wire;

use crate::DeskError;
use crate::vendors::MAPPING;

/// Alerts of one message that are told.
const TOLD: usize = 20;
/// Longest message of SQS, bytes (SQS quotas; 1 MiB since 2025).
const MESSAGE_CAP: usize = 1 << 20;

/// What a mapping makes of a message: what the queue would, with the reasons. Nothing is stored.
pub fn preview_mapping(mapping: &str, message: &str) -> wire::MappingPreview {
    let mut preview =
        wire::MappingPreview { faults: Vec::new(), problem: None, alerts: 0, readings: Vec::new() };
    let mapping = match Mapping::read(mapping) {
        Ok(mapping) => mapping,
        Err(faults) => {
            preview.faults = faults.0.into_iter().map(fault).collect();
            return preview;
        }
    };
    if message.trim().is_empty() {
        return preview;
    }
    if message.len() > MESSAGE_CAP {
        preview.problem = Some("This is longer than a message of SQS can be (1 MiB).".to_owned());
        return preview;
    }
    let alerts = alerts_in_message(message, &MappedNormaliser::new(mapping.clone()));
    preview.alerts = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
    for alert in alerts.iter().take(TOLD) {
        match mapping.explain(alert) {
            Ok(reading) => preview.readings.push(alert_of(reading)),
            Err(problem) => preview.problem = Some(problem.0),
        }
    }
    preview
}

/// The shipped mappings.
pub fn starts() -> Vec<wire::MappingStart> {
    let start = |shipped: &Shipped| wire::MappingStart {
        name: shipped.name.to_owned(),
        title: shipped.title.to_owned(),
        mapping: shipped.mapping.to_owned(),
        sample: shipped.sample.to_owned(),
    };
    SHIPPED.iter().map(start).collect()
}

/// A source's mapping.
pub(crate) fn read(text: &str) -> Result<Mapping, DeskError> {
    Mapping::read(text).map_err(|faults| DeskError::Invalid(faults.to_string()))
}

/// The mapping of a source, when it is the one that made a finding of these bytes: the source may
/// have been added anew with another since.
pub(crate) fn that_made(draft: &FindingDraft, body: &[u8], row: &SourceRow) -> Option<Mapping> {
    let mapping = Mapping::read(row.settings.get(MAPPING)?).ok()?;
    let alert = RawAlert { kind: String::new(), body: body.to_vec() };
    let again = MappedNormaliser::new(mapping.clone()).normalise(&alert).ok()?;
    (again == *draft).then_some(mapping)
}

fn fault(fault: Fault) -> wire::MappingFault {
    wire::MappingFault {
        line: u32::try_from(fault.line).unwrap_or(u32::MAX),
        key: fault.key,
        problem: fault.problem,
        remedy: fault.remedy,
    }
}

fn alert_of(reading: Reading) -> wire::MappedAlert {
    wire::MappedAlert {
        refused: reading.refused,
        fields: reading.fields.into_iter().map(field).collect(),
        notes: reading.notes,
    }
}

fn field(told: FieldReading) -> wire::MappedField {
    wire::MappedField {
        name: told.field.name().to_owned(),
        required: told.field.is_required(),
        mapped: told.mapped,
        constant: told.constant,
        pointer: told.pointer,
        given: told.given,
        value: told.value,
        note: told.note,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MAPPING: &str = r#"{"version": 1, "fields": {"vendor_id": "/id", "title": "/what"}}"#;

    fn value(preview: &wire::MappingPreview, name: &str) -> Option<String> {
        let fields = &preview.readings[0].fields;
        fields.iter().find(|field| field.name == name).unwrap().value.clone()
    }

    #[test]
    fn a_message_is_read_as_the_queue_reads_it() {
        let body = json!({"id": 7, "what": "Miner"}).to_string();
        let sns = json!({"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": body});
        let preview = preview_mapping(MAPPING, &sns.to_string());
        assert_eq!((preview.alerts, preview.problem.as_deref()), (1, None));
        assert_eq!(value(&preview, "vendor_id").as_deref(), Some("7"));
        assert_eq!(preview.readings[0].refused, None);
        let many = json!(vec![json!({"id": 1, "what": "x"}); 50]).to_string();
        let preview = preview_mapping(MAPPING, &many);
        assert_eq!((preview.alerts, preview.readings.len()), (50, TOLD));
    }

    #[test]
    fn faults_come_before_the_message_and_a_message_that_is_none_is_said() {
        let preview = preview_mapping("{\n\"version\": 2}", "{}");
        assert_eq!(preview.faults.len(), 3, "{preview:?}");
        assert_eq!((preview.faults[2].line, preview.alerts), (2, 0));
        assert_eq!(preview_mapping(MAPPING, " ").alerts, 0);
        assert!(preview_mapping(MAPPING, "no json").problem.unwrap().contains("not valid JSON"));
        let refused = preview_mapping(MAPPING, "{\"what\": 1}").readings.remove(0).refused;
        assert!(refused.unwrap().contains("no vendor_id at /id"));
        let long = format!("\"{}\"", "x".repeat(MESSAGE_CAP));
        assert!(preview_mapping(MAPPING, &long).problem.unwrap().contains("1 MiB"));
    }

    #[test]
    fn what_is_shipped_reads_its_own_sample() {
        for start in starts() {
            let preview = preview_mapping(&start.mapping, &start.sample);
            assert!(preview.faults.is_empty() && preview.problem.is_none(), "{preview:?}");
            assert_eq!(preview.readings[0].refused, None, "{}", start.name);
        }
    }
}
