//! Checks that the format alone cannot make: values from closed lists, references, unique keys.

use std::collections::HashSet;

use super::{Detection, Issue, Scenario, ScenarioError};

const SEVERITIES: [&str; 5] = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
const STATUSES: [&str; 4] = ["OPEN", "IN_PROGRESS", "RESOLVED", "REJECTED"];
const ISSUE_KINDS: [&str; 3] = ["TOXIC_COMBINATION", "THREAT_DETECTION", "CLOUD_CONFIGURATION"];
const RULE_KINDS: [&str; 3] = ["Control", "CloudEventRule", "CloudConfigurationRule"];

/// Keys known so far, by what they name.
#[derive(Default)]
struct Known<'a> {
    subscriptions: HashSet<&'a str>,
    projects: HashSet<&'a str>,
    rules: HashSet<&'a str>,
    entities: HashSet<&'a str>,
    detections: HashSet<&'a str>,
    issues: HashSet<&'a str>,
}

/// Checks scenarios together: keys are shared by all files.
///
/// # Errors
/// [`ScenarioError::Content`] for the first thing that is wrong.
pub fn check(scenarios: &[Scenario]) -> Result<(), ScenarioError> {
    let mut known = Known::default();
    for scenario in scenarios {
        collect(scenario, &mut known).map_err(|(at, problem)| wrong(scenario, at, problem))?;
    }
    for scenario in scenarios {
        references(scenario, &known).map_err(|(at, problem)| wrong(scenario, at, problem))?;
    }
    Ok(())
}

type Problem = (String, String);

fn wrong(scenario: &Scenario, at: String, problem: String) -> ScenarioError {
    ScenarioError::Content { file: scenario.name.clone(), at, problem }
}

fn collect<'a>(scenario: &'a Scenario, known: &mut Known<'a>) -> Result<(), Problem> {
    let new = |set: &mut HashSet<&'a str>, what: &str, key: &'a str| {
        if set.insert(key) {
            Ok(())
        } else {
            Err((format!("{what} `{key}`"), "another one has the same key".to_owned()))
        }
    };
    for item in &scenario.subscriptions {
        new(&mut known.subscriptions, "subscription", &item.key)?;
    }
    for item in &scenario.projects {
        new(&mut known.projects, "project", &item.key)?;
    }
    for item in &scenario.rules {
        new(&mut known.rules, "rule", &item.key)?;
        one_of(&item.kind, &RULE_KINDS)
            .map_err(|problem| (format!("rule `{}`", item.key), problem))?;
    }
    for item in &scenario.entities {
        new(&mut known.entities, "entity", &item.key)?;
    }
    for item in &scenario.detections {
        new(&mut known.detections, "detection", &item.key)?;
    }
    for item in &scenario.issues {
        new(&mut known.issues, "issue", &item.key)?;
    }
    Ok(())
}

fn references(scenario: &Scenario, known: &Known<'_>) -> Result<(), Problem> {
    for entity in &scenario.entities {
        let at = || format!("entity `{}`", entity.key);
        if let Some(subscription) = &entity.subscription {
            exists(&known.subscriptions, "subscription", subscription)
                .map_err(|problem| (at(), problem))?;
        }
        for project in &entity.projects {
            exists(&known.projects, "project", project).map_err(|problem| (at(), problem))?;
        }
    }
    for edge in &scenario.edges {
        let at = || format!("edge {} to {}", edge.from, edge.to);
        for end in [&edge.from, &edge.to] {
            exists(&known.entities, "entity", end).map_err(|problem| (at(), problem))?;
        }
    }
    for exposure in &scenario.exposures {
        for key in std::iter::once(&exposure.entity).chain(&exposure.path) {
            exists(&known.entities, "entity", key)
                .map_err(|problem| (format!("exposure of `{}`", exposure.entity), problem))?;
        }
    }
    for path in &scenario.lateral_paths {
        let at = || format!("lateral_path from `{}`", path.from);
        for key in std::iter::once(&path.from).chain(&path.entities) {
            exists(&known.entities, "entity", key).map_err(|problem| (at(), problem))?;
        }
        if path.entities.first() != Some(&path.from) {
            return Err((at(), "its first entity must be the one it starts from".into()));
        }
    }
    for detection in &scenario.detections {
        of_detection(detection, known)
            .map_err(|problem| (format!("detection `{}`", detection.key), problem))?;
    }
    for issue in &scenario.issues {
        of_issue(issue, known).map_err(|problem| (format!("issue `{}`", issue.key), problem))?;
    }
    Ok(())
}

fn of_detection(detection: &Detection, known: &Known<'_>) -> Result<(), String> {
    one_of(&detection.severity, &SEVERITIES)?;
    exists(&known.rules, "rule", &detection.rule)?;
    for resource in std::iter::once(&detection.resource).chain(&detection.other_resources) {
        exists(&known.entities, "entity", resource)?;
    }
    if let Some(actor) = &detection.actor {
        exists(&known.entities, "entity", &actor.entity)?;
    }
    Ok(())
}

fn of_issue(issue: &Issue, known: &Known<'_>) -> Result<(), String> {
    one_of(&issue.kind, &ISSUE_KINDS)?;
    one_of(&issue.severity, &SEVERITIES)?;
    one_of(&issue.status, &STATUSES)?;
    exists(&known.rules, "rule", &issue.rule)?;
    if let Some(entity) = &issue.entity {
        exists(&known.entities, "entity", entity)?;
    }
    for detection in &issue.detections {
        exists(&known.detections, "detection", detection)?;
    }
    if !issue.detections.is_empty() && issue.kind != "THREAT_DETECTION" {
        return Err("only a THREAT_DETECTION has detections".into());
    }
    if issue.status_changed.is_some_and(|changed| changed.span() > issue.created.span()) {
        return Err("its status changed before it was created".into());
    }
    if issue.repeat.as_ref().is_some_and(|repeat| repeat.count == 0) {
        return Err("repeat.count must be 1 or more".into());
    }
    Ok(())
}

fn one_of(value: &str, allowed: &[&str]) -> Result<(), String> {
    if allowed.contains(&value) {
        Ok(())
    } else {
        Err(format!("`{value}` is none of {}", allowed.join(", ")))
    }
}

fn exists(known: &HashSet<&str>, what: &str, key: &str) -> Result<(), String> {
    if known.contains(key) {
        Ok(())
    } else {
        Err(format!("there is no {what} with the key `{key}`"))
    }
}
