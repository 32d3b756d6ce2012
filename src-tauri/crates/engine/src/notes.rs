//! What findings tell an incident: facts, and the lines of the timeline that these make.

use std::collections::BTreeSet;
use std::collections::hash_map::Entry as Slot;

use firebreak_core::finding::Finding;
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{IncidentId, Timestamp, evidence, text};
use firebreak_store::{Fact, KnownFacts, NumberedFact, StoreError, Write};

/// Observations of one finding that become evidence.
const MOST_OBSERVATIONS: usize = 50;

/// Facts that are to be written, in the order in which they get their numbers.
#[derive(Default)]
pub(crate) struct Notes(Vec<Note>);

/// A fact of an incident, and the line of the timeline that it makes.
struct Note {
    fact: Fact,
    sha256: String,
    line: Option<Entry>,
    /// Whether the line is left out when the fact is known.
    once: bool,
}

impl Notes {
    /// What a finding that just arrived tells, or what changed about it.
    pub fn arrived(
        &mut self,
        incident: &IncidentId,
        finding: &Finding,
        before: Option<&Finding>,
        late: bool,
    ) {
        let change = match before {
            None => Some((finding.began_at(), finding.draft.title.clone())),
            Some(before) => changed(before, finding).filter(|_| !late),
        };
        let change = change.map(|(at, text)| line(finding, at, EntryKind::Finding, text));
        self.add(incident, finding, finding.began_at(), &finding.draft.title, change, false);
        let known = before.map(|before| before.draft.observations.as_slice()).unwrap_or_default();
        self.observed(incident, finding, |seen| !known.contains(seen));
    }

    /// What a finding tells that came from another incident.
    pub fn moved_in(&mut self, incident: &IncidentId, finding: &Finding) {
        let (at, title) = (finding.began_at(), &finding.draft.title);
        let said = line(finding, at, EntryKind::Finding, title.clone());
        self.add(incident, finding, at, title, Some(said), true);
        self.observed(incident, finding, |_| true);
    }

    /// Adds others.
    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// The facts, without what they would write.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.0.iter().map(|note| &note.fact)
    }

    /// Writes facts that are new, and lines. Nothing is known yet of incidents that were just opened.
    pub async fn write(
        self,
        write: &mut Write,
        opened: &BTreeSet<IncidentId>,
    ) -> Result<(), StoreError> {
        let old: Vec<&Fact> =
            self.facts().filter(|fact| !opened.contains(&fact.incident)).collect();
        let KnownFacts { mut numbers, mut last } = match old.is_empty() {
            true => KnownFacts::default(),
            false => write.known_facts(&old).await?,
        };
        let (mut facts, mut lines) = (Vec::new(), Vec::new());
        for Note { fact, sha256, line, once } in self.0 {
            let incident = fact.incident.clone();
            let (number, is_new) = match numbers.entry(fact.clone()) {
                Slot::Occupied(known) => (*known.get(), false),
                Slot::Vacant(place) => {
                    let last = last.entry(incident.clone()).or_default();
                    *last += 1;
                    facts.push(NumberedFact { fact, number: *last, sha256 });
                    (*place.insert(*last), true)
                }
            };
            if let Some(mut line) = line.filter(|_| is_new || !once) {
                let number = usize::try_from(number).unwrap_or_default();
                line.evidence = Some(evidence::evidence_id(number));
                lines.push((incident, line));
            }
        }
        write.put_facts(&facts).await?;
        write.put_timelines(&lines).await
    }

    fn observed(
        &mut self,
        incident: &IncidentId,
        finding: &Finding,
        is_fresh: impl Fn(&firebreak_core::finding::Observation) -> bool,
    ) {
        let fresh = finding.draft.observations.iter().filter(|seen| is_fresh(seen));
        for seen in fresh.take(MOST_OBSERVATIONS) {
            let at = seen.at.unwrap_or_else(|| finding.began_at());
            let said = text::line(&seen.text, text::LINE_CAP);
            // An issue and its detections tell the same story; once is enough.
            let told = line(finding, at, EntryKind::Activity, said.clone());
            self.add(incident, finding, at, &said, Some(told), true);
        }
    }

    fn add(
        &mut self,
        incident: &IncidentId,
        finding: &Finding,
        at: Timestamp,
        text: &str,
        line: Option<Entry>,
        once: bool,
    ) {
        let fact = Fact::new(incident, &finding.source, at, text);
        self.0.push(Note { fact, sha256: finding.alert_sha256.clone(), line, once });
    }
}

fn line(finding: &Finding, at: Timestamp, kind: EntryKind, text: String) -> Entry {
    Entry { at, kind, actor: finding.source.clone(), text, evidence: None }
}

/// What a newer version says differently, for the timeline.
fn changed(before: &Finding, now: &Finding) -> Option<(Timestamp, String)> {
    let draft = &now.draft;
    let (source, id) = (&now.source, &draft.vendor_id);
    if before.draft.status != draft.status {
        let at = draft.status_changed_at.or(draft.updated_at).unwrap_or(now.received_at);
        Some((at, format!("{source} says {id} is now {}", draft.status.name())))
    } else if before.draft.severity != draft.severity {
        let at = draft.updated_at.unwrap_or(now.received_at);
        Some((at, format!("{source} now calls {id} {}", draft.severity.name())))
    } else {
        None
    }
}
