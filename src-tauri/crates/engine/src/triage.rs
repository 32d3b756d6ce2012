//! Context: the asset as the cloud says, and its neighbours as the sources say.

use std::collections::BTreeMap;

use firebreak_core::asset::{Asset, Neighbourhood};
use firebreak_core::finding::Finding;
use firebreak_core::{AssetId, IncidentId, canonical, iam, network};
use serde_json::json;

use crate::{Engine, EngineError, EngineEvent, Identity, entitlements, layers, networks};

/// Sources asked about one incident.
const MOST_SOURCES: usize = 8;

impl Engine {
    /// Gathers what is known around an incident. What can't be read is noted on the incident and
    /// does not fail the rest.
    ///
    /// # Errors
    /// Only when the store fails or there is no such incident.
    pub async fn enrich(&self, id: &IncidentId) -> Result<(), EngineError> {
        let _slot = self.triage_slots.acquire().await;
        let incident = self.store.incident(id).await?;
        let findings = self.store.findings(id).await?;
        let mut problems = Vec::new();

        let graph = self.source_graph(&findings, &mut problems).await;
        let read = match &incident.asset {
            Some(asset) => self.read_asset(asset, &findings, &mut problems).await,
            None => None,
        };

        let before = self.store.context(id).await?.neighbourhood;
        let (account, region) = match &incident.asset {
            Some(asset) => account_and_region(asset, &findings),
            None => (None, None),
        };
        let place = (account.as_deref(), region.as_deref());
        let open = self.connections(&incident, place, graph.as_ref(), &mut problems).await;
        // What policies allow is walked along the network too.
        let mut said = graph.clone();
        if let Some(found) = open.found() {
            said.get_or_insert_with(Neighbourhood::default).absorb(found.clone());
        }
        let allowed = self
            .entitlements(&incident, place.0, read.as_ref(), said.as_ref(), &mut problems)
            .await?;
        let layers = [(network::SOURCE, &open), (iam::SOURCE, &allowed)];
        let graph = layers::join(graph, before.as_ref().map(|(graph, _)| graph), &layers);
        let now = self.now();
        let problem = (!problems.is_empty()).then(|| problems.join("; "));
        let mut write = self.store.write().await?;
        write
            .put_neighbourhood(id, graph.as_ref().map(|graph| (graph, now)), problem.as_deref())
            .await?;
        if let Some(asset) = read {
            let sha256 = canonical::digest("firebreak asset v1", &asset);
            let text = describe(&asset);
            write.put_evidence(id, "aws", now, &text, &sha256).await?;
            let detail = json!({ "asset": asset.id, "environment": asset.environment });
            write.absorb_asset(asset).await?;
            write
                .audit(self.record(
                    &Identity::firebreak(),
                    "context_read",
                    id.to_string(),
                    text,
                    detail,
                ))
                .await?;
        }
        let (account, region) = (place.0.unwrap_or_default(), place.1.unwrap_or_default());
        if let Some((text, at, found)) = networks::line(&open, (account, region)) {
            let sha256 = canonical::digest("firebreak network v1", found);
            write.put_evidence(id, network::SOURCE, at, &text, &sha256).await?;
        }
        if let Some((text, at, found)) = entitlements::line(&allowed, account) {
            let sha256 = canonical::digest("firebreak iam v1", found);
            write.put_evidence(id, iam::SOURCE, at, &text, &sha256).await?;
        }
        write.commit().await?;
        if let Some(graph) = &graph {
            self.learn(before.as_ref().map(|(graph, _)| graph), graph, now).await?;
        }
        self.rank_again(id).await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: id.clone() });
        Ok(())
    }

    /// What every source of the incident that is still configured says; each is asked about its
    /// newest finding, which knows its graph best. `None` when there is nobody to ask.
    async fn source_graph(
        &self,
        findings: &[Finding],
        problems: &mut Vec<String>,
    ) -> Option<Neighbourhood> {
        let mut newest: BTreeMap<&str, &Finding> = BTreeMap::new();
        newest.extend(findings.iter().map(|finding| (finding.source.as_str(), finding)));
        let mut whole = None;
        for (name, finding) in newest.into_iter().take(MOST_SOURCES) {
            let Some(source) = self.source(name) else { continue };
            match source.neighbours(finding).await {
                Ok(graph) => whole.get_or_insert_with(Neighbourhood::default).absorb(graph),
                Err(error) => problems.push(format!("neighbours are missing: {error}")),
            }
        }
        whole
    }

    async fn read_asset(
        &self,
        id: &AssetId,
        findings: &[Finding],
        problems: &mut Vec<String>,
    ) -> Option<Asset> {
        let (account, region) = account_and_region(id, findings);
        let account = account?;
        let Some(reader) = self.reader(&account) else {
            problems.push(format!(
                "cloud account {account} is not configured, so its resources are not read"
            ));
            return None;
        };
        match reader.asset(id, region.as_deref().unwrap_or("global")).await {
            Ok(Some(asset)) => Some(asset),
            Ok(None) => {
                problems.push(format!("account {account} has no {id} any more, or it is of a kind that is not read yet"));
                None
            }
            Err(error) => {
                problems.push(format!("the cloud could not be read: {error}"));
                None
            }
        }
    }
}

/// Account and region of an asset as the findings about it say.
pub(crate) fn account_and_region(
    id: &AssetId,
    findings: &[Finding],
) -> (Option<String>, Option<String>) {
    let about = |finding: &&Finding| {
        firebreak_core::asset::asset_id(&finding.source, &finding.draft.resource).as_ref()
            == Some(id)
    };
    let mut resources =
        findings.iter().filter(about).chain(findings).map(|finding| &finding.draft.resource);
    let account = resources.clone().find_map(|resource| resource.account.clone());
    let region = resources.find_map(|resource| resource.region.clone());
    (account, region)
}

fn describe(asset: &Asset) -> String {
    let state = asset.cloud_state.as_deref().unwrap_or("in an unknown state");
    let owner = asset.owner.as_deref().map(|owner| format!(", owner {owner}")).unwrap_or_default();
    format!("{} is {state}, environment {}{owner}", asset.id, asset.environment.name())
}
