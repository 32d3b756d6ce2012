//! A case to test with: a miner on an instance, and ways to change it.

use std::sync::LazyLock;

use firebreak_core::asset::Asset;
use firebreak_core::evidence::{Evidence, evidence_id};
use firebreak_core::finding::{
    Actor, Attack, Finding, FindingStatus, Observation, Resource, ResourceKind,
};
use firebreak_core::incident::Incident;
use firebreak_core::playbook::Playbook;
use firebreak_core::{AlertId, AssetId, FindingId, IncidentId, IncidentState, Severity, Timestamp};
use firebreak_planner::{
    Candidate, Case, CasePrompt, best_match, build_prompt, enumerate, menu, shipped,
};

pub const INSTANCE: &str = "i-0c41f0b9d2e8a7f13";
pub const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// Read once: some tests look at thousands of cases.
pub static PLAYBOOKS: LazyLock<Vec<Playbook>> = LazyLock::new(shipped);

/// `minute` minutes after ten o'clock.
pub fn at(minute: i64) -> Timestamp {
    let ten = "2026-11-22T10:00:00Z".parse::<Timestamp>().expect("it is a time");
    ten + chrono::Duration::minutes(minute)
}

/// A finding about the instance, as a source would give it.
pub fn finding(id: &str, change: impl FnOnce(&mut Finding)) -> Finding {
    let mut finding = Finding {
        id: FindingId::new(id),
        source: "wiz-prod".to_owned(),
        alert: AlertId::new(format!("alr_{id}")),
        alert_sha256: firebreak_core::canonical::sha256_hex(id.as_bytes()),
        received_at: at(0),
        draft: serde_json::from_value(serde_json::json!({
            "kind": "issue", "vendor_id": id, "title": "Cryptocurrency miner executed on a workload",
            "severity": "critical", "status": "new", "resource": { "tags": {} },
            "tactics": [], "techniques": [], "observations": [], "unknowns": [],
        }))
        .expect("the fixture is a draft"),
    };
    finding.draft.status = FindingStatus::New;
    finding.draft.rule_name = Some("Cryptocurrency miner executed on a workload".to_owned());
    finding.draft.techniques =
        vec![Attack { id: "T1496".to_owned(), name: Some("Resource Hijacking".to_owned()) }];
    finding.draft.description = Some("A miner runs on web-7 and reports to a pool.".to_owned());
    finding.draft.resource = Resource {
        native_id: Some(INSTANCE.to_owned()),
        name: Some("web-7".to_owned()),
        kind: Some(ResourceKind::Instance),
        platform: Some("AWS".to_owned()),
        account: Some("123456789012".to_owned()),
        region: Some("eu-central-1".to_owned()),
        ..Resource::default()
    };
    change(&mut finding);
    finding
}

/// Everything of one incident, owned.
#[derive(Clone)]
pub struct Miner {
    pub incident: Incident,
    pub asset: Asset,
    pub findings: Vec<Finding>,
    pub evidence: Vec<Evidence>,
}

impl Miner {
    pub fn new() -> Self {
        let one = finding("fnd_1", |finding| {
            finding.draft.actor = Some(Actor {
                name: Some("deploy-bot".to_owned()),
                access_key_id: Some(KEY.to_owned()),
                address: Some("203.0.113.77".to_owned()),
                ..Actor::default()
            });
            finding.draft.observations =
                vec![Observation { at: Some(at(-3)), text: "xmrig started by sh".to_owned() }];
            finding.draft.resource.tags =
                [("Name".to_owned(), "web-7".to_owned()), ("owner".to_owned(), "shop".to_owned())]
                    .into();
        });
        let findings = vec![one];
        let incident = Incident {
            id: IncidentId::new("inc_1"),
            number: 12,
            title: findings[0].draft.title.clone(),
            severity: Severity::Critical,
            state: IncidentState::New,
            owner: None,
            asset: Some(AssetId::new(INSTANCE)),
            findings: vec![FindingId::new("fnd_1")],
            joined_because: "same asset".to_owned(),
            opened_at: at(-3),
            updated_at: at(0),
        };
        let asset = Asset::from_resource("wiz-prod", &findings[0].draft.resource)
            .expect("the finding names its resource");
        let mut miner = Self { incident, asset, findings, evidence: Vec::new() };
        miner.evidence = vec![
            miner.fact(1, -3, "xmrig started by sh on web-7"),
            miner.fact(2, 0, "TCP connection to 203.0.113.77 port 4444, 1.2 MB sent"),
        ];
        miner
    }

    /// A fact read from the first finding's alert.
    pub fn fact(&self, number: usize, minute: i64, text: &str) -> Evidence {
        Evidence {
            id: evidence_id(number),
            source: "wiz-prod".to_owned(),
            at: at(minute),
            text: text.to_owned(),
            sha256: self.findings[0].alert_sha256.clone(),
        }
    }

    /// The playbook's id and the menu.
    pub fn plan(&self) -> (String, Vec<Candidate>) {
        let matched = best_match(&PLAYBOOKS, &self.findings).expect("a playbook fits");
        (matched.playbook.id.clone(), enumerate(matched.playbook, &self.findings))
    }

    /// The prompt for the playbook that fits.
    pub fn prompt(&self) -> CasePrompt {
        let matched = best_match(&PLAYBOOKS, &self.findings).expect("a playbook fits");
        let case = Case {
            incident: &self.incident,
            asset: Some(&self.asset),
            findings: &self.findings,
            playbook: matched.playbook,
        };
        build_prompt(case, &self.evidence, &menu::items(&self.plan().1))
    }
}
