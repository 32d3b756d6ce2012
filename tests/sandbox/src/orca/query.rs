//! `POST /api/serving-layer/query` and what belongs to it.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::filter::{Subject, satisfies};
use super::organisation::{Alert, LEVELS, Organisation};
use crate::seeded;

/// Rows when the client names no limit, and most rows.
const USUAL_LIMIT: usize = 100;
const MOST_ROWS: usize = 1_000;

/// The model that a request asks for.
pub(super) fn model(request: &Value) -> &str {
    request["query"]["models"][0].as_str().unwrap_or_default()
}

/// The answer, or what the request does wrong.
pub(super) fn answer(organisation: &Organisation, request: &Value) -> Result<Value, String> {
    let with = &request["query"]["with"];
    if request["query"]["type"].as_str() != Some("object_set") {
        return Err("query.type must be object_set".to_owned());
    }
    let mut rows: Vec<Row<'_>> = match model(request) {
        "Alert" => {
            organisation.alerts.values().map(|alert| Row::alert(organisation, alert)).collect()
        }
        "Inventory" => organisation.assets.iter().map(Row::asset).collect(),
        other => return Err(format!("{other} is not a model")),
    };
    let mut wrong = None;
    rows.retain(|row| match satisfies(&row.subject(), with) {
        Ok(holds) => holds,
        Err(problem) => {
            wrong = Some(problem);
            false
        }
    });
    if let Some(problem) = wrong {
        return Err(problem);
    }
    if let Some(field) = request["group_by[]"][0].as_str() {
        return Ok(grouped(&rows, field));
    }
    for field in request["order_by[]"].as_array().into_iter().flatten().rev() {
        sort(&mut rows, field.as_str().unwrap_or_default());
    }
    let total = rows.len();
    let number = |key: &str| request[key].as_u64().map(|number| number as usize);
    let limit = number("limit").unwrap_or(USUAL_LIMIT).min(MOST_ROWS);
    let from = number("start_at_index").unwrap_or_default();
    let page = rows.iter().skip(from).take(limit);
    let data: Vec<Value> = page.map(|row| row.shown(request)).collect();
    let mut answer = json!({ "status": "success", "data": data, "from_cache": false });
    if request["get_results_and_count"] == true {
        answer["total_items"] = json!(total);
    }
    Ok(answer)
}

/// `query_fields`: the keys that a model has.
pub(super) fn fields() -> Value {
    let keys = ["AlertId", "AlertType", "Category", "RiskLevel", "Status"];
    let data: Vec<Value> = keys.iter().map(|key| json!({ "key": key })).collect();
    json!({ "status": "success", "data": data })
}

struct Row<'a> {
    fields: &'a Map<String, Value>,
    inventory: Option<&'a Map<String, Value>>,
    alert: bool,
}

impl<'a> Row<'a> {
    fn alert(organisation: &'a Organisation, alert: &'a Alert) -> Self {
        let inventory = alert.asset.as_ref().and_then(|asset| organisation.assets.get(asset));
        Self { fields: &alert.fields, inventory, alert: true }
    }

    fn asset((_, fields): (&'a String, &'a Map<String, Value>)) -> Self {
        Self { fields, inventory: None, alert: false }
    }

    fn subject(&self) -> Subject<'_> {
        Subject { fields: self.fields, inventory: self.inventory }
    }

    /// As the request wants it: chosen fields, related objects, wrapped or flat.
    fn shown(&self, request: &Value) -> Value {
        let flat = request["flat_json"] == true;
        let chosen = |key: &str| match request["select"].as_array() {
            Some(keys) if !keys.is_empty() => keys.iter().any(|wanted| wanted == key),
            _ => true,
        };
        let related = |model: &str| {
            let wanted = request["additional_models[]"].as_array();
            wanted.is_some_and(|models| models.iter().any(|wanted| wanted == model))
        };
        let shown: Map<String, Value> = self
            .fields
            .iter()
            .filter(|(key, value)| chosen(key) && !value.is_null())
            .map(|(key, value)| (key.clone(), if flat { value.clone() } else { wrapped(value) }))
            .collect();
        let mut object = if self.alert {
            alert_object(self.fields, shown)
        } else {
            asset_object(self.fields, shown)
        };
        if let (true, Some(inventory)) = (self.alert && related("Inventory"), self.inventory) {
            let inner =
                inventory.iter().map(|(key, value)| (key.clone(), wrapped(value))).collect();
            object["data"]["Inventory"] = asset_object(inventory, inner);
        }
        if self.alert && related("CloudAccount") {
            let account = &self.fields.get("AssetData").unwrap_or(&Value::Null)["account_name"];
            object["data"]["CloudAccount"] = json!({
                "id": seeded::uuid(0, &format!("orca account {account}")),
                "type": "CloudAccount",
                "data": { "Name": wrapped(account), "CloudProvider": { "value": "aws" } },
            });
        }
        object
    }
}

fn wrapped(value: &Value) -> Value {
    json!({ "value": value })
}

fn alert_object(fields: &Map<String, Value>, data: Map<String, Value>) -> Value {
    let group = seeded::uuid(0, &format!("orca group {}", fields["AlertId"]));
    json!({
        "id": seeded::uuid(0, &format!("orca alert {}", fields["AlertId"])),
        "type": "Alert",
        "name": fields["AlertId"],
        "group_unique_id": group,
        "cluster_unique_id": group,
        "last_seen": fields.get("LastSeen"),
        "data": data,
    })
}

fn asset_object(fields: &Map<String, Value>, data: Map<String, Value>) -> Value {
    let id = fields["AssetUniqueId"].as_str().unwrap_or_default();
    json!({
        "id": id.rsplit('_').next(),
        "type": fields["Type"],
        "name": fields["Name"],
        "asset_unique_id": id,
        "group_unique_id": id,
        "cluster_unique_id": id,
        "last_seen": fields.get("LastSeen"),
        "data": data,
    })
}

/// `LastUpdated`, or `-OrcaScore` for the other way round. Risk levels sort by what they mean.
fn sort(rows: &mut [Row<'_>], field: &str) {
    let (key, down) = field.strip_prefix('-').map_or((field, false), |key| (key, true));
    let rank = |row: &Row<'_>| {
        let value = row.fields.get(key).cloned().unwrap_or_default();
        let level = value.as_str().and_then(|word| LEVELS.iter().position(|level| *level == word));
        level.map_or(value, |level| json!(level))
    };
    rows.sort_by(|a, b| {
        let order = compare(&rank(a), &rank(b));
        if down { order.reverse() } else { order }
    });
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        // Times are all written alike, so that their text sorts as they do.
        _ => a.as_str().unwrap_or_default().cmp(b.as_str().unwrap_or_default()),
    }
}

fn grouped(rows: &[Row<'_>], field: &str) -> Value {
    let mut groups: Vec<(Value, u64)> = Vec::new();
    for row in rows {
        let value = row.fields.get(field).cloned().unwrap_or_default();
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => groups.push((value, 1)),
        }
    }
    let data: Vec<Value> = groups
        .iter()
        .map(|(value, count)| json!({ field: wrapped(value), "count": count }))
        .collect();
    json!({ "status": "success", "data": data })
}
