//! An incident as a Markdown document, for tickets and chat. Window and terminal give the same bytes.
//!
//! What strangers wrote is escaped so that it stays text: it ends no line, begins no heading, list,
//! table, quote or HTML, and no address in it becomes a link or a mention.

#[cfg(test)]
mod checks;
mod cut;
mod escape;

use chrono::{DateTime, Utc};
use firebreak_core::link::incident_link;
use firebreak_core::{IncidentId, ProofOutcome};
use firebreak_wire as wire;

use crate::{Desk, DeskError};
pub(crate) use escape::visible;
use escape::{code, quote, text};

/// Evidence, findings and timeline lines that a document holds of each.
const MOST_LINES: usize = 500;

impl Desk {
    /// An incident as Markdown; `said` is its id or label.
    pub async fn incident_markdown(&self, said: &str) -> Result<String, DeskError> {
        Ok(incident(&self.incident(said).await?))
    }
}

/// The document.
fn incident(view: &wire::IncidentView) -> String {
    let mut out = Lines::default();
    out.line(format!("# {}: {}", view.row.label, text(&view.row.title)));
    out.line("");
    head(&mut out, view);
    if let Some(handover) = &view.handover {
        out.heading("Handover");
        let (by, to, at) = (text(&handover.by), text(&handover.to), moment(handover.at));
        out.line(format!("{by} to {to}, {at}, not read yet:"));
        out.line("");
        out.lines(quote(&handover.note));
    }
    assessment(&mut out, &view.assessment);
    findings(&mut out, view);
    timeline(&mut out, &view.timeline);
    plan(&mut out, view.plan.as_ref());
    reach(&mut out, &view.reach);
    evidence(&mut out, &view.evidence);
    out.0
}

fn head(out: &mut Lines, view: &wire::IncidentView) {
    let row = &view.row;
    out.fact("Severity", word(&row.severity));
    let cause = view.cause.map(|cause| format!(" ({})", word(&cause))).unwrap_or_default();
    out.fact("State", format!("{}{cause}", word(&row.state)));
    out.fact("Owner", row.owner.as_deref().map_or("nobody".to_owned(), text));
    if let Some(asset) = &row.asset {
        let name = row.asset_name.as_deref().map(|name| format!(" {}", text(name)));
        let environment =
            view.asset.as_ref().map(|asset| format!(", {}", word(&asset.environment)));
        let (name, environment) = (name.unwrap_or_default(), environment.unwrap_or_default());
        out.fact("Asset", format!("{}{name}{environment}", code(asset)));
    }
    if let Some(account) = &row.account {
        let name = row.account_name.as_deref().map(|name| format!(" {}", text(name)));
        let region = row.region.as_deref().map(|region| format!(", {}", text(region)));
        let (name, region) = (name.unwrap_or_default(), region.unwrap_or_default());
        out.fact("Account", format!("{}{name}{region}", code(account)));
    }
    out.fact("Began", moment(row.opened_at));
    out.fact("Last changed", moment(row.updated_at));
    if !row.techniques.is_empty() {
        out.fact("Techniques", joined(&row.techniques));
    }
    out.fact("Sources", joined(&row.sources));
    out.fact("Joined because", text(&view.joined_because));
    if let Some(into) = &view.merged_into {
        out.fact("Merged into", text(&into.label));
    }
    if !view.merged.is_empty() {
        let labels: Vec<String> = view.merged.iter().map(|link| link.label.clone()).collect();
        out.fact("Merged into it", joined(&labels));
    }
    out.fact("In Firebreak", code(&incident_link(&IncidentId::new(&row.id))));
    for notice in &view.notices {
        out.fact("Missing", text(&notice.text));
    }
}

fn assessment(out: &mut Lines, said: &wire::AssessmentView) {
    out.heading("Summary");
    out.line(match &said.model {
        Some(model) => format!("Written by the model {}.", text(model)),
        None => "Written by the playbook, from the findings.".to_owned(),
    });
    out.line("");
    sentences(out, &said.summary);
    if !said.hypothesis.is_empty() {
        out.heading("Why we think so");
        sentences(out, &said.hypothesis);
    }
}

fn sentences(out: &mut Lines, sentences: &[wire::SentenceView]) {
    for sentence in sentences {
        let mut notes = vec![match sentence.cites.as_slice() {
            [] => "not cited".to_owned(),
            cites => joined(cites),
        }];
        if !sentence.unknown_cites.is_empty() {
            notes.push(format!("not in this incident: {}", joined(&sentence.unknown_cites)));
        }
        notes.extend(sentence.flags.iter().map(flag));
        out.line(format!("- {} ({})", text(&sentence.text), notes.join("; ")));
    }
}

fn flag(flag: &wire::FlagView) -> String {
    let part = code(&flag.text);
    match flag.elsewhere.as_slice() {
        [] => format!("{part} is not in the evidence"),
        ids => format!("{part} is in {}, not cited", joined(ids)),
    }
}

fn findings(out: &mut Lines, view: &wire::IncidentView) {
    let findings = &view.findings;
    out.heading(&match view.facts as usize {
        facts if facts == findings.len() => format!("Findings ({facts})"),
        facts => format!("Findings ({} of {facts} facts)", findings.len()),
    });
    for finding in findings.iter().take(MOST_LINES) {
        let resource = finding.resource.as_deref().map(|id| format!(", {}", code(id)));
        let began = finding.created_at.map(|at| format!(", {}", moment(at)));
        out.line(format!(
            "- {}: {} ({} {}{}{})",
            word(&finding.severity),
            text(&finding.title),
            text(&finding.source),
            code(&finding.vendor_id),
            resource.unwrap_or_default(),
            began.unwrap_or_default(),
        ));
        if let Some(joined) = &finding.joined {
            out.line(format!("  joined: {} ({:.2})", text(&joined.because), joined.score));
        }
        if let Some(witness) = &finding.witness {
            let lead = findings.iter().find(|lead| lead.id == witness.of);
            let whose = lead.map_or("another source", |lead| lead.source.as_str());
            out.line(format!("  says what {} says: {}", text(whose), text(&witness.because)));
        }
    }
    out.rest(findings.len());
}

fn timeline(out: &mut Lines, entries: &[wire::TimelineEntry]) {
    out.heading("Timeline (UTC)");
    for entry in entries.iter().take(MOST_LINES) {
        let at = entry.at.format("%Y-%m-%d %H:%M:%S");
        let cited = entry.evidence.as_deref().map(|id| format!(" ({})", text(id)));
        let (actor, cited) = (text(&entry.actor), cited.unwrap_or_default());
        let own = match entry.kind {
            wire::TimelineKind::Note => Some("wrote"),
            wire::TimelineKind::Handover => Some("handed it over"),
            _ => None,
        };
        match own {
            Some(did) => {
                out.line(format!("- {at} {actor} {did}:"));
                out.lines(quote(&entry.text).into_iter().map(|line| format!("  {line}")));
            }
            None => out.line(format!("- {at} {actor}: {}{cited}", text(&entry.text))),
        }
    }
    out.rest(entries.len());
}

fn plan(out: &mut Lines, plan: Option<&wire::PlanView>) {
    out.heading("Plan");
    let Some(plan) = plan else {
        out.line("There is none.");
        return;
    };
    out.line(format!("By {}; matched on {}.", text(&plan.written_by), text(&plan.matched_because)));
    out.line("");
    for step in &plan.steps {
        let mandatory = if step.mandatory { ", mandatory" } else { "" };
        let undo = if step.reversible { "can be undone" } else { "can't be undone" };
        out.line(format!(
            "{}. {}: **{}** ({}{mandatory}, {undo})",
            step.rank,
            text(&step.title),
            word(&step.state),
            verdict(&step.verdict),
        ));
        if let Some(note) = &step.state_note {
            out.line(format!("   - {}", text(note)));
        }
        cut::step(out, plan, step);
        if let Some(proof) = &step.proof {
            out.line(format!("   - {} at {}", word(&proof.outcome), moment(proof.read_at)));
            for check in &proof.checks {
                let mark = match check.outcome {
                    ProofOutcome::Proven => '✓',
                    ProofOutcome::Refuted => '✕',
                    ProofOutcome::Unknown => '?',
                };
                let (wanted, read) = (text(&check.expectation), text(&check.observed));
                out.line(format!("     - {mark} {wanted}: {read}"));
            }
        }
    }
    cut::ways(out, plan);
}

fn verdict(verdict: &wire::VerdictView) -> String {
    match verdict.kind {
        wire::VerdictKind::Auto => "policy lets it run by itself".to_owned(),
        wire::VerdictKind::NeedsApproval => match verdict.approvals_needed {
            1 => "policy wants 1 signature".to_owned(),
            wanted => format!("policy wants {wanted} signatures"),
        },
        wire::VerdictKind::Denied => "policy denies it".to_owned(),
    }
}

fn reach(out: &mut Lines, reach: &wire::ReachView) {
    out.heading("Reach");
    let beyond = if reach.goes_on { ", and more beyond" } else { "" };
    let jewels: Vec<&wire::ReachNode> =
        reach.nodes.iter().filter(|node| node.role == wire::ReachRole::CrownJewel).collect();
    out.line(format!(
        "{} within {}{beyond}; {} among them.",
        count(reach.assets, "asset"),
        count(reach.hops, "hop"),
        count(reach.crown_jewels, "crown jewel"),
    ));
    if !jewels.is_empty() {
        out.line("");
    }
    for jewel in jewels {
        out.line(format!("- crown jewel {}, {}", text(&jewel.name), count(jewel.hops, "hop")));
    }
}

fn evidence(out: &mut Lines, evidence: &[wire::EvidenceView]) {
    out.heading("Evidence");
    for fact in evidence.iter().take(MOST_LINES) {
        out.line(format!(
            "- {}: {} ({}, {}, sha256 {})",
            text(&fact.id),
            text(&fact.text),
            text(&fact.source),
            moment(fact.at),
            code(&fact.sha256),
        ));
    }
    out.rest(evidence.len());
}

/// The document so far.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref());
        self.0.push('\n');
    }

    fn lines(&mut self, lines: impl IntoIterator<Item = String>) {
        lines.into_iter().for_each(|line| self.line(line));
    }

    fn heading(&mut self, words: &str) {
        self.line(format!("\n## {words}\n"));
    }

    /// A fact whose value is escaped already.
    fn fact(&mut self, name: &str, value: impl AsRef<str>) {
        self.line(format!("- **{name}:** {}", value.as_ref()));
    }

    /// Says how many of a list were left out.
    fn rest(&mut self, all: usize) {
        if all > MOST_LINES {
            self.line(format!("- and {} more", all - MOST_LINES));
        }
    }
}

fn joined(words: &[String]) -> String {
    words.iter().map(|word| text(word)).collect::<Vec<_>>().join(", ")
}

fn count(number: u32, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The word serde writes for a unit variant, with spaces.
fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word.replace('_', " "),
        _ => String::new(),
    }
}
