//! Where in an alert the values of its finding are found: by looking for them, so that it holds for
//! every vendor and never says more than the bytes show. Where a mapping made the finding, it says
//! where each value was taken from.

use chrono::{DateTime, Utc};
use firebreak_core::finding::Finding;
use firebreak_sources::mapped::{Field, Mapping};
use firebreak_wire::FieldView;
use serde_json::Value;

/// Values looked at in one alert; beyond it nothing is looked for.
const MOST_VALUES: usize = 20_000;
/// Places told for one value.
const MOST_PLACES: usize = 3;

/// One scalar of the alert with its path.
struct Place<'a> {
    path: String,
    value: &'a Value,
}

/// The finding's fields, in OCSF's words, each with the places in the alert that hold its value.
pub(crate) fn fields(finding: &Finding, alert: &Value) -> Vec<FieldView> {
    let mut places = Vec::new();
    collect(alert, String::new(), &mut places);
    let mut rows: Vec<FieldView> = texts(finding)
        .into_iter()
        .map(|(name, value)| FieldView {
            name: name.to_owned(),
            found_at: value
                .as_deref()
                .map_or_else(Vec::new, |value| said_at(&places, |place| holds_text(place, value))),
            value,
        })
        .collect();
    rows.extend(times(finding).into_iter().map(|(name, at)| FieldView {
        name: name.to_owned(),
        found_at: at.map_or_else(Vec::new, |at| said_at(&places, |place| holds_time(place, at))),
        value: at.map(|at| at.to_rfc3339()),
    }));
    rows
}

/// The same for a finding that a mapping made: its pointers are exact, also where a word was
/// translated. What it says nothing of is looked for.
pub(crate) fn mapped_fields(finding: &Finding, alert: &Value, mapping: &Mapping) -> Vec<FieldView> {
    let mut rows = fields(finding, alert);
    for row in &mut rows {
        let place = mapped_by(&row.name).and_then(|field| mapping.place(field, alert));
        if let Some(place) = place.filter(|_| row.value.is_some()) {
            row.found_at = vec![dotted(place, alert)];
        }
    }
    rows
}

fn mapped_by(name: &str) -> Option<Field> {
    Some(match name {
        "finding_info.uid" => Field::VendorId,
        "finding_info.title" => Field::Title,
        "finding_info.desc" => Field::Description,
        "severity" => Field::Severity,
        "status" => Field::Status,
        "finding_info.analytic.uid" => Field::RuleId,
        "finding_info.analytic.name" => Field::RuleName,
        "resources[].uid" => Field::ResourceId,
        "resources[].name" => Field::ResourceName,
        "resources[].type" => Field::ResourceType,
        "cloud.provider" => Field::Cloud,
        "cloud.account.uid" => Field::Account,
        "cloud.account.name" => Field::AccountName,
        "cloud.region" => Field::Region,
        "finding_info.attacks[].tactic.uid" | "finding_info.attacks[].technique.uid" => {
            Field::Techniques
        }
        "finding_info.created_time" => Field::CreatedAt,
        "finding_info.modified_time" => Field::UpdatedAt,
        "status changed" => Field::StatusChangedAt,
        _ => return None,
    })
}

/// A pointer written as the other paths are: `rules[1].id`.
fn dotted(pointer: &str, alert: &Value) -> String {
    let mut path = String::new();
    let mut at = alert;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        match at.as_array() {
            Some(items) => {
                path.push_str(&format!("[{token}]"));
                at = token.parse::<usize>().ok().and_then(|n| items.get(n)).unwrap_or(&Value::Null);
            }
            None => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&token);
                at = at.get(&token).unwrap_or(&Value::Null);
            }
        }
    }
    path
}

fn texts(finding: &Finding) -> Vec<(&'static str, Option<String>)> {
    let draft = &finding.draft;
    let resource = &draft.resource;
    let given = |as_given: &Option<String>, name: &str| {
        Some(as_given.clone().unwrap_or_else(|| name.to_owned())).filter(|text| text != "unknown")
    };
    let first = |attacks: &[firebreak_core::finding::Attack]| {
        attacks.first().map(|attack| attack.id.clone())
    };
    vec![
        ("finding_info.uid", Some(draft.vendor_id.clone())),
        ("finding_info.title", Some(draft.title.clone())),
        ("finding_info.desc", draft.description.clone()),
        ("severity", given(&draft.severity_as_given, draft.severity.name())),
        ("status", given(&draft.status_as_given, draft.status.name())),
        ("finding_info.analytic.uid", draft.rule_id.clone()),
        ("finding_info.analytic.name", draft.rule_name.clone()),
        ("resources[].uid", resource.native_id.clone().or_else(|| resource.vendor_id.clone())),
        ("resources[].name", resource.name.clone()),
        ("resources[].type", resource.native_type.clone()),
        ("cloud.provider", resource.platform.clone()),
        ("cloud.account.uid", resource.account.clone()),
        ("cloud.account.name", resource.account_name.clone()),
        ("cloud.region", resource.region.clone()),
        ("finding_info.attacks[].tactic.uid", first(&draft.tactics)),
        ("finding_info.attacks[].technique.uid", first(&draft.techniques)),
        ("evidences[].actor.user.name", draft.actor.as_ref().and_then(|actor| actor.name.clone())),
        (
            "evidences[].src_endpoint.ip",
            draft.actor.as_ref().and_then(|actor| actor.address.clone()),
        ),
    ]
}

fn times(finding: &Finding) -> Vec<(&'static str, Option<DateTime<Utc>>)> {
    let draft = &finding.draft;
    vec![
        ("finding_info.created_time", draft.created_at),
        ("finding_info.modified_time", draft.updated_at),
        ("status changed", draft.status_changed_at),
    ]
}

fn collect<'a>(value: &'a Value, path: String, places: &mut Vec<Place<'a>>) {
    if places.len() >= MOST_VALUES {
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(member, path, places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{path}[{index}]"), places);
            }
        }
        Value::Null => {}
        scalar => places.push(Place { path, value: scalar }),
    }
}

fn said_at(places: &[Place<'_>], holds: impl Fn(&Value) -> Option<Match>) -> Vec<String> {
    let mut found: Vec<(Match, &str)> = places
        .iter()
        .filter_map(|place| holds(place.value).map(|kind| (kind, place.path.as_str())))
        .collect();
    // The whole value before one that only contains it; the shorter path before the longer.
    found.sort_by_key(|(kind, path)| (*kind, path.len()));
    let best = found.first().map(|(kind, _)| *kind);
    let told = found.into_iter().filter(|(kind, _)| Some(*kind) == best).take(MOST_PLACES);
    told.map(|(_, path)| path.to_owned()).collect()
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Whole,
    Within,
}

fn holds_text(place: &Value, wanted: &str) -> Option<Match> {
    let text = match place {
        Value::String(text) => text.as_str(),
        Value::Number(number) => return (number.to_string() == wanted).then_some(Match::Whole),
        _ => return None,
    };
    if text.eq_ignore_ascii_case(wanted) {
        return Some(Match::Whole);
    }
    // An id inside an ARN or a link; short words would be found everywhere.
    (wanted.len() >= 8 && text.contains(wanted)).then_some(Match::Within)
}

fn holds_time(place: &Value, at: DateTime<Utc>) -> Option<Match> {
    let read = match place {
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc),
        Value::Number(number) => {
            let number = number.as_i64()?;
            DateTime::from_timestamp_millis(number)
                .filter(|read| *read == at)
                .or_else(|| DateTime::from_timestamp(number, 0))?
        }
        _ => return None,
    };
    (read == at).then_some(Match::Whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(alert: &Value, wanted: &str) -> Vec<String> {
        let mut all = Vec::new();
        collect(alert, String::new(), &mut all);
        said_at(&all, |place| holds_text(place, wanted))
    }

    #[test]
    fn a_value_is_told_where_it_stands() {
        let alert = json!({
            "severity": "HIGH",
            "entitySnapshot": { "externalId": "arn:aws:ec2:eu-central-1:1:instance/i-0aaaaaaaaaaaaaaaa", "cpu": 4 },
            "rules": [{ "id": "r-1" }, { "id": "r-2" }],
        });
        assert_eq!(places(&alert, "high"), ["severity"]);
        assert_eq!(places(&alert, "r-2"), ["rules[1].id"]);
        assert_eq!(places(&alert, "4"), ["entitySnapshot.cpu"]);
        assert_eq!(places(&alert, "i-0aaaaaaaaaaaaaaaa"), ["entitySnapshot.externalId"]);
        assert!(places(&alert, "in").is_empty(), "a short word inside another is no place");
        assert!(places(&alert, "nowhere").is_empty());
    }

    #[test]
    fn a_pointer_is_written_as_a_path() {
        let alert = json!({"rules": [{"a/b": 1}, {"id": 2}], "x": {"0": 3}});
        for (pointer, path) in [
            ("/rules/1/id", "rules[1].id"),
            ("/rules/0/a~1b", "rules[0].a/b"),
            ("/x/0", "x.0"),
            ("", ""),
        ] {
            assert_eq!(dotted(pointer, &alert), path);
        }
    }

    #[test]
    fn times_are_compared_as_times() {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        for value in [json!(1_790_000_000_000_i64), json!(1_790_000_000), json!(at.to_rfc3339())] {
            assert!(holds_time(&value, at).is_some(), "{value}");
        }
        for value in [json!(5), json!(-1), json!(i64::MAX), json!("yesterday"), json!(null)] {
            assert!(holds_time(&value, at).is_none(), "{value}");
        }
    }

    #[test]
    fn an_endless_alert_ends() {
        let alert = json!(vec!["the same words again"; MOST_VALUES * 2]);
        assert_eq!(places(&alert, "the same words again").len(), MOST_PLACES);
    }
}
