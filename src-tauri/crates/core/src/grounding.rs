//! Whether what a model wrote stands in the evidence that it cites.
//!
//! A sentence is read for what can be compared: quotations, numbers, addresses, ARNs, ids, paths
//! and names. Each must stand in a fact that the sentence cites, in the alert that this fact was
//! read from, or be the incident's own asset; else it is flagged, with the bytes it takes up.
//! Nothing is judged beyond that. A sentence without a flag may be wrong, for its verbs are not
//! read, and neither are number words or names in plain small letters without quotation marks.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::EvidenceId;
use crate::assessment::Sentence;
use crate::asset::Asset;
use crate::evidence::Evidence;
use crate::finding::Finding;

mod claims;
mod corpus;

use claims::{Claim, claims};
use corpus::Corpus;

/// Most facts named as the place where something stands that was not cited.
const ELSEWHERE_CAP: usize = 3;

/// What the incident's evidence makes of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounding {
    /// It cites at least one fact that exists.
    pub cited: bool,
    /// Citations of facts that the incident does not have, in the sentence's order.
    pub unknown_cites: Vec<EvidenceId>,
    /// What the citations do not carry, from left to right, without overlap.
    pub flags: Vec<Flag>,
}

/// A part of a sentence that its citations do not carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Bytes of [`Sentence::text`], on the boundaries of characters, never empty.
    pub bytes: Range<usize>,
    /// Where it stands instead.
    pub place: Place,
}

/// Where something stands that a sentence's citations do not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In these facts of the incident or the alerts they were read from: at most three, oldest id
    /// first.
    Elsewhere(Vec<EvidenceId>),
    /// Nowhere in the incident.
    Nowhere,
}

/// An incident's evidence, made ready for many sentences.
#[derive(Debug)]
pub struct Ground<'a> {
    /// Each fact, and its own text and time.
    facts: Vec<(&'a Evidence, Corpus)>,
    /// What the alerts say, by the SHA-256 of their bytes.
    alerts: BTreeMap<&'a str, Corpus>,
    /// What the incident is about. Naming it needs no citation.
    subject: Corpus,
}

impl<'a> Ground<'a> {
    /// From all that is known of one incident.
    pub fn new(
        evidence: &'a [Evidence],
        findings: &'a [Finding],
        title: &str,
        asset: Option<&Asset>,
    ) -> Self {
        let mut alerts: BTreeMap<&str, Corpus> = BTreeMap::new();
        for finding in findings {
            let said = alerts.entry(&finding.alert_sha256).or_default();
            said.add_leaves(&finding.draft);
        }
        let facts = evidence.iter().map(|fact| {
            let mut said = Corpus::default();
            said.add(&fact.text);
            said.add(&fact.source);
            said.add_time(fact.at);
            (fact, said)
        });
        let mut subject = Corpus::default();
        subject.add(title);
        if let Some(asset) = asset {
            subject.add_leaves(asset);
        }
        Self { facts: facts.collect(), alerts, subject }
    }

    /// What the evidence makes of a sentence.
    pub fn check(&self, sentence: &Sentence) -> Grounding {
        let (known, unknown): (Vec<_>, Vec<_>) =
            sentence.cites.iter().cloned().partition(|id| self.has(id));
        let flags = claims(&sentence.text)
            .into_iter()
            .filter_map(|claim| {
                let place = self.place(&claim, &known)?;
                Some(Flag { bytes: claim.bytes, place })
            })
            .collect();
        Grounding { cited: !known.is_empty(), unknown_cites: unknown, flags }
    }

    /// Where a claim stands that the cited facts do not carry; nothing when they do.
    fn place(&self, claim: &Claim, cited: &[EvidenceId]) -> Option<Place> {
        if claim.stands_in(&self.subject) {
            return None;
        }
        let carriers = self.facts.iter().filter(|(fact, own)| self.carries(fact, own, claim));
        let mut elsewhere: Vec<&EvidenceId> = Vec::new();
        for (fact, _) in carriers {
            if cited.contains(&fact.id) {
                return None;
            }
            elsewhere.push(&fact.id);
        }
        if elsewhere.is_empty() {
            return Some(Place::Nowhere);
        }
        elsewhere.sort_by_key(|id| (id.as_str().len(), id.as_str()));
        Some(Place::Elsewhere(elsewhere.into_iter().take(ELSEWHERE_CAP).cloned().collect()))
    }

    fn carries(&self, fact: &Evidence, own: &Corpus, claim: &Claim) -> bool {
        claim.names(fact.id.as_str())
            || claim.stands_in(own)
            || self.alerts.get(fact.sha256.as_str()).is_some_and(|alert| claim.stands_in(alert))
    }

    fn has(&self, id: &EvidenceId) -> bool {
        self.facts.iter().any(|(fact, _)| fact.id == *id)
    }
}
