//! The requests that read, as bodies.
//!
//! Operators and flags are those that public clients send: XSOAR's event collector filters and
//! orders by `LastUpdated`, Google SecOps filters Inventory by `asset_unique_id`, XSOAR's older
//! integration filters the rules API by `state.last_updated`.

use chrono::SecondsFormat;
use firebreak_core::Timestamp;
use serde_json::{Value, json};

/// Path of the serving layer, below `/api`.
pub(super) const SERVING_LAYER: [&str; 2] = ["serving-layer", "query"];
/// Path of the rules API, below `/api`.
pub(super) const RULES: [&str; 3] = ["rules", "query", "alerts"];

/// Alerts updated at or after `edge`, oldest change first. Whole seconds, because that is how finely
/// Orca is known to compare.
pub(super) fn changed_alerts(edge: Timestamp, index: u64, limit: u32) -> Value {
    let filter = json!({
        "type": "operation",
        "operator": "and",
        "values": [{
            "key": "LastUpdated",
            "values": [edge.to_rfc3339_opts(SecondsFormat::Secs, true)],
            "type": "datetime",
            "operator": "gte",
        }],
    });
    let mut body = objects("Alert", filter, limit);
    body["start_at_index"] = json!(index);
    body["order_by[]"] = json!(["LastUpdated"]);
    body["additional_models[]"] = json!(["Inventory", "CloudAccount"]);
    body
}

/// One alert by its id, with the asset it is about.
pub(super) fn alert(id: &str) -> Value {
    let mut body = objects("Alert", equals("AlertId", id), 1);
    body["additional_models[]"] = json!(["Inventory", "CloudAccount"]);
    body
}

/// One asset by Orca's id of it, with everything next to it.
pub(super) fn asset(asset_unique_id: &str) -> Value {
    objects("Inventory", equals("asset_unique_id", asset_unique_id), 5)
}

/// Whether objects of a model may be read.
pub(super) fn probe(model: &str) -> Value {
    json!({
        "query": {"models": [model], "type": "object_set"},
        "limit": 1,
        "start_at_index": 0,
        "get_results_and_count": false,
    })
}

/// The form of the rules API: alerts updated at or after `after`. Without the scores it leaves
/// informational alerts out.
pub(super) fn changed_by_rules(
    after: Timestamp,
    token: Option<&str>,
    limit: u32,
) -> Vec<(&'static str, String)> {
    let filters = json!([
        {"field": "state.last_updated",
         "range": {"gte": after.to_rfc3339_opts(SecondsFormat::Secs, true)}},
        {"field": "state.score", "includes": [1, 2, 3, 4]},
    ]);
    let mut form = vec![("limit", limit.to_string()), ("dsl_filter", filters.to_string())];
    form.extend(token.map(|token| ("next_page_token", token.to_owned())));
    form
}

fn equals(key: &str, value: &str) -> Value {
    let filter = json!({"key": key, "values": [value], "type": "str", "operator": "in"});
    json!({"type": "operation", "operator": "and", "values": [filter]})
}

fn objects(model: &str, filter: Value, limit: u32) -> Value {
    json!({
        "query": {"models": [model], "type": "object_set", "with": filter},
        "limit": limit,
        "start_at_index": 0,
        "get_results_and_count": false,
        "full_graph_fetch": {"enabled": true},
        "max_tier": 2,
    })
}
