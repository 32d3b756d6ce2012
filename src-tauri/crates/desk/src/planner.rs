//! The engine's planner: playbooks, and the model when one is configured.

use std::sync::Arc;

use async_trait::async_trait;
use firebreak_core::asset::Asset;
use firebreak_core::evidence::Evidence;
use firebreak_core::finding::Finding;
use firebreak_core::incident::Incident;
use firebreak_core::playbook::Playbook;
use firebreak_core::ports::{Advised, Assessor, Candidate, Planner, Proposal};
use firebreak_planner::{
    Case, assess, best_match, build_prompt, enumerate, menu, playbooks, worst, written,
};

/// Facts cited under a step.
const CITES: usize = 3;

pub(crate) struct PlaybookPlanner {
    pub playbooks: Vec<Playbook>,
    pub model: Option<Arc<dyn Assessor>>,
}

impl PlaybookPlanner {
    fn playbook_for(&self, findings: &[Finding]) -> (Playbook, String) {
        match best_match(&self.playbooks, findings) {
            Some(found) => (found.playbook.clone(), found.because),
            None => {
                (playbooks::generic(&self.playbooks), "no playbook fits its findings".to_owned())
            }
        }
    }
}

#[async_trait]
impl Planner for PlaybookPlanner {
    fn propose(
        &self,
        _incident: &Incident,
        findings: &[Finding],
        evidence: &[Evidence],
    ) -> Proposal {
        let (playbook, because) = self.playbook_for(findings);
        let matched = best_match(&self.playbooks, findings)
            .map(|found| found.finding)
            .or_else(|| worst(findings));
        let candidates = enumerate(&playbook, findings)
            .into_iter()
            .map(|candidate| {
                let alert = findings
                    .iter()
                    .find(|finding| finding.id == candidate.finding)
                    .map(|finding| finding.alert_sha256.as_str());
                let cites = evidence.iter().filter(|fact| Some(fact.sha256.as_str()) == alert);
                Candidate {
                    cites: cites.take(CITES).map(|fact| fact.id.clone()).collect(),
                    item: candidate.menu,
                    parameters: candidate.parameters,
                }
            })
            .collect();
        let gaps = menu::gaps(&playbook, findings);
        let because = if gaps.is_empty() {
            because
        } else {
            format!("{because}. Left out: {}", gaps.join("; "))
        };
        Proposal {
            assessment: written::assessment(&playbook, matched, evidence),
            playbook: playbook.id,
            playbook_version: playbook.version,
            threat: playbook.threat,
            because,
            candidates,
        }
    }

    fn has_model(&self) -> bool {
        self.model.is_some()
    }

    async fn advise(
        &self,
        incident: &Incident,
        asset: Option<&Asset>,
        findings: &[Finding],
        evidence: &[Evidence],
    ) -> Result<Advised, String> {
        let Some(model) = &self.model else { return Err("no model is configured".to_owned()) };
        let (playbook, _) = self.playbook_for(findings);
        let items = menu::items(&enumerate(&playbook, findings));
        let case = Case { incident, asset, findings, playbook: &playbook };
        let prompt = build_prompt(case, evidence, &items);
        let (advice, took) = assess(model.as_ref(), &prompt.prompt, &items, &prompt.evidence)
            .await
            .map_err(|failure| failure.to_string())?;
        Ok(Advised {
            model: model.model().to_owned(),
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            advice,
        })
    }
}
