//! Findings of several sources that tell of the same fact: one finding with witnesses.
//!
//! Two findings tell of the same fact when different sources say the same of the same asset: a
//! vulnerability, a detection that both pass on (GuardDuty's), or an ATT&CK technique. A source knows its
//! own duplicates, so no two findings of one source are one fact. Every witness agrees with the finding
//! that leads, not merely with another witness, so that nothing chains to what has little to do with it.
//! What this decides is how findings are shown and how many speak for one thing; none is dropped.

use std::collections::{BTreeSet, HashMap};

use chrono::Duration;

use super::entity::{Role, entities};
use super::score::apart;
use super::{Lead, window};
use crate::Timestamp;
use crate::finding::{Finding, FindingDraft};

/// How far apart two sources may begin to tell of one thing that happened. Ours: a judgement; scanners
/// and log detections of one event lie minutes apart, two events seldom do.
const AT_ONCE: Duration = Duration::hours(1);

/// Facts of one source, asset and topic that a finding is compared with, nearest in time first.
const MOST_COMPARED: usize = 64;

/// The purposes that types of GuardDuty findings begin with (Amazon GuardDuty User Guide, "GuardDuty
/// finding format").
const PURPOSES: [&str; 19] = [
    "AttackSequence",
    "Backdoor",
    "Behavior",
    "CredentialAccess",
    "CryptoCurrency",
    "DefenseEvasion",
    "Discovery",
    "Execution",
    "Exfiltration",
    "Impact",
    "InitialAccess",
    "PenTest",
    "Persistence",
    "Policy",
    "PrivilegeEscalation",
    "Recon",
    "Stealth",
    "Trojan",
    "UnauthorizedAccess",
];

/// What a finding says of its asset, as far as others may say the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Topic {
    /// `CVE-2026-1234`. A state, so it is told of at any time.
    Vulnerability(String),
    /// `CryptoCurrency:EC2/BitcoinTool.B!DNS`.
    Detection(String),
    /// `T1496`, whatever the part of it.
    Technique(String),
}

impl Topic {
    fn words(&self) -> String {
        match self {
            Self::Vulnerability(id) => id.clone(),
            Self::Detection(kind) => format!("detection {kind}"),
            Self::Technique(id) => format!("technique {id}"),
        }
    }

    /// How telling it is: 0 for the most.
    fn rank(&self) -> u8 {
        match self {
            Self::Vulnerability(_) => 0,
            Self::Detection(_) => 1,
            Self::Technique(_) => 2,
        }
    }

    fn reaches(&self) -> Duration {
        match self {
            Self::Vulnerability(_) => window(),
            Self::Detection(_) | Self::Technique(_) => AT_ONCE,
        }
    }
}

/// One fact: the finding that leads and those of other sources that say the same. Positions are those in
/// the list that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The worst, of these the earliest.
    pub lead: usize,
    /// In the same order, each with what it says too: `technique T1496 of i-0aa…, 3 min apart`.
    pub witnesses: Vec<(usize, String)>,
}

/// Puts the findings of an incident together into facts, worst first. The order of the findings makes
/// no difference to which go together.
pub fn facts(findings: &[Finding]) -> Vec<Fact> {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_cached_key(|at| Lead::of(&findings[*at]).order());
    let mut known = Known::default();
    for at in order {
        known.take(at, &findings[at]);
    }
    known.facts
}

/// What one finding says, as far as others may say the same.
struct Said {
    at: Timestamp,
    source: String,
    assets: Vec<String>,
    /// The most telling first.
    topics: BTreeSet<Topic>,
    credential: Option<String>,
    actor: Option<String>,
}

impl Said {
    fn of(finding: &Finding) -> Self {
        let named = entities(&finding.source, &finding.draft);
        let all = |role: Role| named.iter().filter(move |one| one.role == role);
        let first = |role: Role| all(role).map(|one| one.id.clone()).next();
        Self {
            at: finding.began_at(),
            source: finding.source.clone(),
            assets: all(Role::Asset).map(|one| one.id.clone()).collect(),
            topics: topics(&finding.draft),
            credential: first(Role::Credential),
            actor: first(Role::Actor),
        }
    }

    /// Topics of assets, the most telling topic first.
    fn claims(&self) -> impl Iterator<Item = (String, Topic)> {
        let of = |topic: &Topic| {
            let topic = topic.clone();
            self.assets.iter().map(move |asset| (asset.clone(), topic.clone()))
        };
        self.topics.iter().flat_map(of)
    }

    /// Whether two that share a topic are known to tell of different things: by what says more of
    /// them, or by who did it.
    fn differs(&self, other: &Self, shared: &Topic) -> bool {
        let apart = |rank: u8| {
            let of = |said: &Self| -> BTreeSet<Topic> {
                said.topics.iter().filter(|topic| topic.rank() == rank).cloned().collect()
            };
            let (one, other) = (of(self), of(other));
            !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)
        };
        (0..shared.rank()).any(apart) || self.was_done_by_another_than(other)
    }

    fn was_done_by_another_than(&self, other: &Self) -> bool {
        match self.credential.as_ref().zip(other.credential.as_ref()) {
            Some((one, other)) => one != other,
            None => self.actor.as_ref().zip(other.actor.as_ref()).is_some_and(|(a, b)| a != b),
        }
    }
}

/// A fact's lead, and the sources that speak for the fact.
struct Leading {
    said: Said,
    sources: BTreeSet<String>,
}

#[derive(Default)]
struct Known {
    facts: Vec<Fact>,
    leading: Vec<Leading>,
    /// Facts by asset and topic, in order of time.
    by_claim: HashMap<(String, Topic), BTreeSet<(Timestamp, usize)>>,
}

impl Known {
    fn take(&mut self, at: usize, finding: &Finding) {
        let said = Said::of(finding);
        if let Some((fact, because)) = self.same(&said) {
            self.facts[fact].witnesses.push((at, because));
            self.leading[fact].sources.insert(said.source);
            return;
        }
        let fact = self.facts.len();
        for claim in said.claims() {
            self.by_claim.entry(claim).or_default().insert((said.at, fact));
        }
        self.facts.push(Fact { lead: at, witnesses: Vec::new() });
        let sources = BTreeSet::from([said.source.clone()]);
        self.leading.push(Leading { said, sources });
    }

    /// The fact that a finding tells of too: by the most telling topic, then the nearest in time.
    fn same(&self, said: &Said) -> Option<(usize, String)> {
        said.claims().find_map(|(asset, topic)| {
            let claim = (asset, topic);
            let near = nearest(self.by_claim.get(&claim)?, said.at, claim.1.reaches());
            let (asset, topic) = claim;
            let (gap, fact) = near.into_iter().find(|(_, fact)| {
                let Leading { said: lead, sources } = &self.leading[*fact];
                !sources.contains(&said.source) && !lead.differs(said, &topic)
            })?;
            Some((fact, format!("{} of {asset}, {}", topic.words(), apart(gap))))
        })
    }
}

/// Facts at most so far from a time, the nearest first, of two as near the one that ranks first.
fn nearest(
    facts: &BTreeSet<(Timestamp, usize)>,
    at: Timestamp,
    reach: Duration,
) -> Vec<(Duration, usize)> {
    let gap = |(time, fact): &(Timestamp, usize)| ((*time - at).abs(), *fact);
    let near = |(gap, _): &(Duration, usize)| *gap <= reach;
    let after = facts.range((at, 0)..).map(gap).take_while(near).take(MOST_COMPARED);
    let before = facts.range(..(at, 0)).rev().map(gap).take_while(near).take(MOST_COMPARED);
    let mut found: Vec<(Duration, usize)> = after.chain(before).collect();
    found.sort_unstable();
    found
}

fn topics(draft: &FindingDraft) -> BTreeSet<Topic> {
    let named = [Some(&draft.title), draft.rule_name.as_ref(), draft.rule_id.as_ref()];
    let words = named.into_iter().flatten().flat_map(|text| text.split(is_between));
    let told = words.filter_map(|word| vulnerability(word).or_else(|| detection(word)));
    let techniques = draft.techniques.iter().filter(|attack| attack.is_technique());
    told.chain(techniques.map(|attack| {
        let whole = attack.id.split('.').next().unwrap_or(&attack.id);
        Topic::Technique(whole.to_owned())
    }))
    .collect()
}

/// What can't be part of an id of either kind.
fn is_between(letter: char) -> bool {
    !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | ':' | '/' | '.' | '!' | '_'))
}

fn vulnerability(word: &str) -> Option<Topic> {
    let word = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric()).to_uppercase();
    let (year, number) = word.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    (year.len() == 4 && digits(year) && digits(number)).then_some(Topic::Vulnerability(word))
}

fn detection(word: &str) -> Option<Topic> {
    let word = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let (purpose, rest) = word.split_once(':')?;
    let (resource, family) = rest.split_once('/')?;
    let whole = PURPOSES.contains(&purpose) && !resource.is_empty() && !family.is_empty();
    whole.then(|| Topic::Detection(word.to_owned()))
}
