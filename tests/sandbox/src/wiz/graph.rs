//! The security graph: search, and the fields of its entities.

use std::sync::Arc;

use serde_json::{Value, json};

use super::filter::IssueFilter;
use super::paging::Page;
use super::refuse::Refusal;
use super::tenant::{Entity, SEVERITIES, Tenant};
use crate::seeded;

/// Rows that one search may build before it stops and says so.
const MOST_ROWS: usize = 10_000;

/// `graphSearch`: rows of entity ids.
pub(crate) fn search(tenant: &Tenant, arguments: &Value) -> Result<Value, Refusal> {
    let page = Page::read(arguments)?;
    let rows = match (&arguments["query"], arguments["controlId"].as_str()) {
        (Value::Null, Some(control)) => of_control(tenant, control),
        (Value::Null, None) => {
            return Err(Refusal::input("query or controlId is needed", &["query"]));
        }
        (query, _) => {
            let mut roots: Vec<&str> = tenant.entities.keys().map(String::as_str).collect();
            roots.sort_unstable();
            matching(tenant, query, &roots)?
        }
    };
    let full = rows.len() >= MOST_ROWS;
    let numbered: Vec<(usize, Vec<String>)> = rows.into_iter().enumerate().collect();
    let mut connection = page.cut(
        numbered,
        |(place, _)| (*place as i64, ""),
        |(_, row)| json!({ "entities": row, "aggregateCount": null }),
    );
    connection["maxCountReached"] = json!(full);
    Ok(connection)
}

fn of_control(tenant: &Tenant, control: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = tenant
        .issues
        .values()
        .filter(|issue| issue.rule["id"] == control)
        .filter_map(|issue| issue.entity.as_ref().map(|entity| vec![entity.id.clone()]))
        .collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// Rows for one level of the query, starting from the candidates.
fn matching(
    tenant: &Tenant,
    query: &Value,
    candidates: &[&str],
) -> Result<Vec<Vec<String>>, Refusal> {
    let mut rows = Vec::new();
    for &id in candidates {
        let Some(entity) = tenant.entities.get(id) else { continue };
        if !of_type(entity, &query["type"]) || !satisfies(entity, &query["where"])? {
            continue;
        }
        let selected = query["select"].as_bool().unwrap_or(false);
        let mut partial = vec![if selected { vec![id.to_owned()] } else { Vec::new() }];
        for relationship in query["relationships"].as_array().into_iter().flatten() {
            let neighbours = neighbours(tenant, id, &relationship["type"]);
            let reached = matching(tenant, &relationship["with"], &neighbours)?;
            let negated = relationship["negate"] == true;
            let optional = relationship["optional"] == true;
            partial = match (reached.is_empty(), negated) {
                (true, true) => partial,
                (true, false) if optional => partial,
                (true, false) | (false, true) => Vec::new(),
                (false, false) => join(&partial, &reached),
            };
        }
        rows.extend(partial);
        if rows.len() >= MOST_ROWS {
            rows.truncate(MOST_ROWS);
            break;
        }
    }
    Ok(rows)
}

fn join(rows: &[Vec<String>], reached: &[Vec<String>]) -> Vec<Vec<String>> {
    rows.iter()
        .flat_map(|row| reached.iter().map(|more| row.iter().chain(more).cloned().collect()))
        .take(MOST_ROWS)
        .collect()
}

fn neighbours<'t>(tenant: &'t Tenant, id: &str, types: &Value) -> Vec<&'t str> {
    let mut found = Vec::new();
    for wanted in types.as_array().into_iter().flatten() {
        let reverse = wanted["reverse"] == true;
        let kind = wanted["type"].as_str().unwrap_or_default();
        for (from, to, of) in &tenant.edges {
            let (here, there) = if reverse { (to, from) } else { (from, to) };
            if here == id && (kind == of || kind == "ANY") {
                found.push(there.as_str());
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn of_type(entity: &Entity, types: &Value) -> bool {
    types.as_array().into_iter().flatten().filter_map(Value::as_str).any(|wanted| match wanted {
        "ANY" => true,
        "CLOUD_RESOURCE" => !entity.external_id.is_empty(),
        other => other == entity.kind,
    })
}

fn satisfies(entity: &Entity, conditions: &Value) -> Result<bool, Refusal> {
    let Some(conditions) = conditions.as_object() else { return Ok(true) };
    for (property, condition) in conditions {
        let actual = match &entity.properties[property] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        for (operator, operand) in condition.as_object().into_iter().flatten() {
            let operands: Vec<String> = match operand {
                Value::Array(several) => several.iter().map(plain).collect(),
                one => vec![plain(one)],
            };
            let holds = |test: &dyn Fn(&str) -> bool| operands.iter().any(|operand| test(operand));
            let passed = match operator.as_str() {
                "EQUALS" => holds(&|operand| actual == operand),
                "NOT_EQUALS" => !holds(&|operand| actual == operand),
                "CONTAINS" => holds(&|operand| actual.contains(operand)),
                "STARTS_WITH" => holds(&|operand| actual.starts_with(operand)),
                "ENDS_WITH" => holds(&|operand| actual.ends_with(operand)),
                _ => {
                    return Err(Refusal::input(
                        format!("{operator} is not an operator"),
                        &["query", "where"],
                    ));
                }
            };
            if !passed {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `cloudResources`: entities with an id at the provider.
pub(crate) fn cloud_resources<'t>(tenant: &'t Tenant, arguments: &Value) -> Result<Value, Refusal> {
    let page = Page::read(arguments)?;
    let wanted = arguments["filterBy"]["search"].as_str().unwrap_or_default().to_lowercase();
    let found: Vec<&'t Arc<Entity>> = tenant
        .entities
        .values()
        .filter(|entity| {
            let texts = [&entity.name, &entity.external_id, &entity.provider_id];
            !entity.external_id.is_empty()
                && texts.iter().any(|text| text.to_lowercase().contains(&wanted))
        })
        .collect();
    Ok(page.cut(
        found,
        |entity: &&'t Arc<Entity>| (0, entity.id.as_str()),
        |entity| {
            let subscription = entity.subscription.as_ref();
            json!({
                "id": seeded::uuid(tenant.seed, &format!("cloud resource {}", entity.id)),
                "name": entity.name,
                "type": entity.kind,
                "subscriptionId": subscription.map(|found| &found["id"]),
                "subscriptionExternalId": subscription.map(|found| &found["externalId"]),
                "graphEntity": entity.id,
            })
        },
    ))
}

/// One field of a graph entity.
pub(crate) fn field(
    tenant: &Tenant,
    id: &str,
    name: &str,
    arguments: &Value,
) -> Result<Value, Refusal> {
    let Some(entity) = tenant.entities.get(id) else { return Ok(Value::Null) };
    Ok(match name {
        "id" => json!(entity.id),
        "name" => json!(entity.name),
        "type" => json!(entity.kind),
        "properties" => entity.properties.clone(),
        "providerUniqueId" => json!(Some(&entity.provider_id).filter(|id| !id.is_empty())),
        "projects" => entity.projects.clone(),
        "userMetadata" => json!({ "isInWatchlist": false, "isIgnored": false, "note": "" }),
        "issues" => analytics(tenant, entity, arguments)?,
        "publicExposures" => exposures(tenant, entity),
        "lateralMovementPaths" => paths(tenant, entity),
        "technologies"
        | "otherSubscriptionExposures"
        | "otherVnetExposures"
        | "kubernetesPaths" => json!([]),
        _ => Value::Null,
    })
}

fn analytics(tenant: &Tenant, entity: &Entity, arguments: &Value) -> Result<Value, Refusal> {
    let here = tenant
        .issues
        .values()
        .filter(|issue| issue.entity.as_ref().is_some_and(|found| found.id == entity.id));
    let found = IssueFilter::new(&arguments["filterBy"]).select(here)?;
    let count = |name: &str| {
        found.iter().filter(|issue| SEVERITIES[usize::from(issue.severity)] == name).count()
    };
    Ok(json!({
        "lowSeverityCount": count("LOW"),
        "mediumSeverityCount": count("MEDIUM"),
        "highSeverityCount": count("HIGH"),
        "criticalSeverityCount": count("CRITICAL"),
    }))
}

fn exposures(tenant: &Tenant, entity: &Entity) -> Value {
    let address =
        entity.properties["privateIpAddress"].as_str().map(|address| format!("{address}/32"));
    let one = |(place, exposure): (usize, &crate::scenario::Exposure)| {
        let path: Vec<String> = exposure.path.iter().map(|key| tenant.entity_id(key)).collect();
        json!({
            "id": seeded::uuid(tenant.seed, &format!("exposure {} {place}", entity.id)),
            "portRange": exposure.ports,
            "sourceIpRange": exposure.source,
            "destinationIpRange": address,
            "path": path,
            "applicationEndpoints": [],
        })
    };
    entity.exposures.iter().enumerate().map(one).collect()
}

fn paths(tenant: &Tenant, entity: &Entity) -> Value {
    let one = |(place, path): (usize, &Vec<String>)| {
        let entities: Vec<Value> =
            path.iter().map(|key| json!({ "entity": tenant.entity_id(key) })).collect();
        json!({ "id": seeded::uuid(tenant.seed, &format!("path {} {place}", entity.id)), "pathEntities": entities })
    };
    entity.paths.iter().enumerate().map(one).collect()
}
