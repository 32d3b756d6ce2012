//! What the interface may ask about incidents, plans and the audit log.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firebreak_core::asset::{Asset, asset_id};
use firebreak_core::correlate;
use firebreak_core::grounding::Ground;
use firebreak_core::incident::label;
use firebreak_core::plan::Step;
use firebreak_core::policy::VerdictKind;
use firebreak_core::queue::QueueRow;
use firebreak_core::{AssetId, Direction, FindingId, IncidentId, IncidentState, StepId, StepState};
use firebreak_engine::Reach;
use firebreak_store::{IncidentContext, StoredStep};
use firebreak_wire as wire;

use crate::desk::{get, set};
use crate::view::plan::StepFacts;
use crate::{Desk, DeskError, mapping, view};

/// Assets within an incident's reach that are told one by one, the worst and the nearest; more are
/// only counted.
const LISTED: usize = 2_000;
/// Related incidents shown.
const RELATED: u32 = 50;
/// Rows of the audit log a page.
const AUDIT_PAGE: u32 = 200;

impl Desk {
    /// A page of the queue.
    pub async fn list_incidents(
        &self,
        query: wire::QueueQuery,
    ) -> Result<wire::QueuePage, DeskError> {
        let filter = view::queue::filter(query, &self.me.name);
        Ok(view::queue::page(&self.engine.store().queue(&filter).await?))
    }

    /// Counts for the tabs.
    pub async fn queue_counts(&self) -> Result<wire::QueueCounts, DeskError> {
        Ok(view::queue::counts(self.engine.store().queue_counts().await?))
    }

    /// Everything about an incident; `said` is its id or label.
    pub async fn incident(&self, said: &str) -> Result<wire::IncidentView, DeskError> {
        let id = self.engine.find_incident(said).await?;
        let store = self.engine.store();
        let incident = store.incident(&id).await?;
        let context = store.context(&id).await?;
        let asset = match &incident.asset {
            Some(asset) => store.asset(asset).await?,
            None => None,
        };
        let evidence = store.evidence(&id).await?;
        let stand = store.standing(&id).await?;
        let findings = store.findings(&id).await?;
        let joined = store.joined(&id).await?;
        let facts = correlate::facts(&findings);
        let mut own: Vec<AssetId> = findings
            .iter()
            .filter_map(|finding| asset_id(&finding.source, &finding.draft.resource))
            .chain(incident.asset.clone())
            .collect();
        own.sort();
        own.dedup();
        let reach = self.engine.reach_listing(&own, LISTED).await?;
        let mut notices = Vec::new();
        if let Some(problem) = &context.problem {
            notices.push(wire::Notice {
                level: wire::NoticeLevel::Warning,
                text: problem.clone(),
                remedy: None,
            });
        }
        let ground = Ground::new(&evidence, &findings, &incident.title, asset.as_ref());
        Ok(wire::IncidentView {
            row: view::queue::row(&store.queue_row(&id).await?),
            next_states: match stand.standing.merged_into {
                None => incident.state.choices().to_vec(),
                Some(_) => Vec::new(),
            },
            joined_because: incident.joined_because.clone(),
            cause: stand.standing.cause,
            merged_into: match &stand.standing.merged_into {
                Some(into) => Some(link((into.clone(), store.standing(into).await?.number))),
                None => None,
            },
            merged: store.merged_into(&id).await?.into_iter().map(link).collect(),
            handover: match &stand.standing.handover {
                Some(id) => Some(view::incident::handover(store.handover(id).await?)),
                None => None,
            },
            assessment: view::incident::assessment(&context, &ground),
            asset: asset.as_ref().map(view::incident::asset),
            findings: view::incident::findings(&findings, &facts, &joined),
            facts: view::count(facts.len()),
            timeline: store.timeline(&id).await?.iter().map(view::incident::timeline).collect(),
            evidence: evidence.iter().map(view::incident::evidence).collect(),
            reach: self.reach_view(&context, asset.as_ref(), &own, &reach).await?,
            related: self.related(&id, &own, &reach).await?,
            plan: self.plan_view(&id).await?,
            write_backs: store
                .write_backs(&id)
                .await?
                .iter()
                .map(view::source::write_back)
                .collect(),
            write_back_blocked: self.write_back_obstacle(&id).await?,
            notices,
        })
    }

    async fn reach_view(
        &self,
        context: &IncidentContext,
        asset: Option<&Asset>,
        own: &[AssetId],
        reach: &Reach,
    ) -> Result<wire::ReachView, DeskError> {
        let around = context.neighbourhood.as_ref().map(|(graph, _)| graph);
        let mut view = view::reach::reach(around, asset, own, reach);
        let ids = view.nodes.iter().map(|node| AssetId::new(&node.id)).collect();
        view::reach::place(&mut view, &self.engine.store().assets(&ids).await?);
        Ok(view)
    }

    /// Incidents on the same assets and on those within reach, the worst first.
    async fn related(
        &self,
        id: &IncidentId,
        own: &[AssetId],
        reach: &Reach,
    ) -> Result<Vec<wire::RelatedIncident>, DeskError> {
        let listed = reach.radius.listed.iter().filter(|reached| !reached.outside);
        let mut hops: BTreeMap<&AssetId, u32> =
            listed.map(|reached| (&reached.asset, reached.hops)).collect();
        hops.extend(own.iter().map(|asset| (asset, 0)));
        let assets = hops.keys().map(|asset| (*asset).clone()).collect();
        let rows = self.engine.store().incidents_about(&assets, id, RELATED).await?;
        let why = |asset: &Option<AssetId>| match asset.as_ref().and_then(|id| hops.get(id)) {
            Some(0) | None => "same asset".to_owned(),
            Some(1) => "its asset is next door".to_owned(),
            Some(hops) => format!("its asset is {hops} hops away"),
        };
        let related = |row: &QueueRow| wire::RelatedIncident {
            row: view::queue::row(row),
            why: why(&row.asset),
        };
        let near: Vec<wire::RelatedIncident> = rows.iter().map(related).collect();
        let mut all = self.naming_the_same(id, own).await?;
        let known: BTreeSet<String> = all.iter().map(|one| one.row.id.clone()).collect();
        all.extend(near.into_iter().filter(|one| !known.contains(&one.row.id)));
        all.truncate(RELATED as usize);
        Ok(all)
    }

    /// Incidents whose findings name what this one's do: an access key, a user, an address.
    async fn naming_the_same(
        &self,
        id: &IncidentId,
        own: &[AssetId],
    ) -> Result<Vec<wire::RelatedIncident>, DeskError> {
        let store = self.engine.store();
        let mut names: BTreeMap<IncidentId, Vec<String>> = BTreeMap::new();
        for shared in store.naming_the_same(id, RELATED).await? {
            // Those on the same asset are found, and said so, by the graph.
            if !own.iter().any(|asset| asset.as_str() == shared.entity) {
                names.entry(shared.incident).or_default().push(shared.entity);
            }
        }
        let mut related = Vec::new();
        for (incident, entities) in names.into_iter().take(RELATED as usize) {
            let why = format!("names {} too", entities.join(" and "));
            let row = view::queue::row(&store.queue_row(&incident).await?);
            related.push(wire::RelatedIncident { row, why });
        }
        related.sort_by_key(|one| (Reverse(one.row.severity), Reverse(one.row.opened_at)));
        Ok(related)
    }

    async fn plan_view(&self, id: &IncidentId) -> Result<Option<wire::PlanView>, DeskError> {
        let Some((plan, steps)) = self.engine.store().plan(id).await? else { return Ok(None) };
        let over = self.over(id).await?;
        let mut views = Vec::with_capacity(steps.len());
        for stored in &steps {
            views.push(self.stored_step_view(stored, over.clone()).await?);
        }
        // The plan may have been replaced since it was read.
        let Some(weighing) = self.engine.weigh_plan(id).await? else { return Ok(None) };
        let steps: Vec<&Step> = steps.iter().map(|stored| &stored.step).collect();
        Ok(Some(view::plan::plan(&plan, views, view::cut::cut(&weighing, &steps))))
    }

    /// One step.
    pub async fn step(&self, id: &str) -> Result<wire::StepView, DeskError> {
        let stored = self.engine.store().step(&StepId::new(id)).await?;
        let over = self.over(&stored.step.incident).await?;
        self.stored_step_view(&stored, over).await
    }

    /// Why no step of an incident is run any more, where it is over.
    async fn over(&self, id: &IncidentId) -> Result<Option<String>, DeskError> {
        let state = self.engine.store().standing(id).await?.standing.state;
        let why = match state {
            IncidentState::Snoozed => "The incident is snoozed: wake",
            _ => "The incident is over: reopen",
        };
        Ok((!state.is_open()).then(|| format!("{why} it to approve or run steps of its plan.")))
    }

    async fn stored_step_view(
        &self,
        stored: &StoredStep,
        over: Option<String>,
    ) -> Result<wire::StepView, DeskError> {
        let store = self.engine.store();
        let step = &stored.step;
        let now = self.engine.now();
        let mut approvals = match step.subject() {
            Some(subject) => {
                store.approvals_for(&step.id, Direction::Execute, &subject.digest()).await?
            }
            None => Vec::new(),
        };
        // A signature counts until it expires; one that was used stays on show.
        if matches!(step.state, StepState::Proposed | StepState::Approved) {
            approvals.retain(|approval| approval.statement.expires_at > now);
        }
        let mut undo_approvals = match &stored.undo {
            Some(undo) => {
                let digest = step.undo_subject(undo).digest();
                store.approvals_for(&step.id, Direction::Undo, &digest).await?
            }
            None => Vec::new(),
        };
        undo_approvals.retain(|approval| approval.statement.expires_at > now);
        // What ran says what it changed; caps and freezes are about what may run.
        let waits = matches!(step.state, StepState::Proposed | StepState::Approved);
        let rooms = if waits { self.engine.room(step).await? } else { Vec::new() };
        let frozen = if waits { self.engine.frozen(step).await? } else { Vec::new() };
        let facts = StepFacts {
            approvals,
            undo_approvals,
            run: store.newest_intent(&step.id, Direction::Execute).await?,
            undo_run: store.newest_intent(&step.id, Direction::Undo).await?,
            running: self.engine.is_running(&step.id),
            obstacle: self.obstacle(step.account.as_str(), &step.verdict.kind),
            over,
            rooms,
            frozen,
        };
        Ok(view::plan::step(stored, &facts))
    }

    fn obstacle(&self, account: &str, verdict: &VerdictKind) -> Option<String> {
        if self.engine.phase() < 2 {
            return Some(
                "Phase 1 is read-only: raise the phase under Settings to approve and run steps."
                    .to_owned(),
            );
        }
        if *verdict == VerdictKind::Denied {
            return None;
        }
        (!self.engine.has_executor(account)).then(|| {
            format!("Account {account} has no write credential here; add one under Settings.")
        })
    }

    /// The verbatim alert behind a finding.
    pub async fn raw_alert(&self, finding: &str) -> Result<wire::RawAlertView, DeskError> {
        let id = FindingId::new(finding);
        let store = self.engine.store();
        let (finding, alert) = (store.finding(&id).await?, store.alert_of(&id).await?);
        let mapping = match store.source(&alert.source).await {
            Ok(row) => mapping::that_made(&finding.draft, &alert.body, &row),
            Err(_) => None,
        };
        Ok(view::incident::raw_alert(&finding, &alert, mapping.as_ref()))
    }

    /// Gathers context and proposes a plan, then lets the model have its say in the background.
    pub async fn propose_plan(
        self: &Arc<Self>,
        said: &str,
    ) -> Result<wire::IncidentView, DeskError> {
        let id = self.engine.find_incident(said).await?;
        self.owner()?.enrich(&id).await?;
        self.engine.propose(&id, &self.me).await?;
        self.ask_model_later(id.clone());
        self.incident(id.as_str()).await
    }

    /// Rejects a step.
    pub async fn reject_step(&self, step: &str, reason: &str) -> Result<(), DeskError> {
        Ok(self.owner()?.reject(&StepId::new(step), reason, &self.me).await?)
    }

    /// Runs or undoes a step to its end and answers its state.
    pub async fn run_to_end(
        &self,
        step: &str,
        direction: wire::Direction,
    ) -> Result<wire::StepView, DeskError> {
        self.owner()?
            .run(&StepId::new(step), view::plan::core_direction(direction), &self.me)
            .await?;
        self.step(step).await
    }

    /// Starts running or undoing a step; what comes of it comes as events.
    pub fn run_step(
        self: &Arc<Self>,
        step: &str,
        direction: wire::Direction,
    ) -> Result<(), DeskError> {
        self.owner()?;
        let desk = Arc::clone(self);
        let id = StepId::new(step);
        self.tasks.spawn(async move {
            if let Err(error) =
                desk.engine.run(&id, view::plan::core_direction(direction), &desk.me).await
            {
                tracing::warn!(step = %id, %error, "a step was not run");
                desk.hub.send(wire::Event::RunRefused {
                    step: id.to_string(),
                    error: DeskError::from(error).to_wire(),
                });
            }
        });
        Ok(())
    }

    /// Stops a run before its next call.
    pub fn cancel_run(&self, step: &str) -> Result<(), DeskError> {
        Ok(self.owner()?.cancel_run(&StepId::new(step))?)
    }

    /// Reads the cloud after an unknown outcome.
    pub async fn reconcile_step(&self, step: &str) -> Result<wire::StepView, DeskError> {
        self.owner()?.reconcile(&StepId::new(step), &self.me).await?;
        self.step(step).await
    }

    /// A page of the audit log, newest first.
    pub async fn list_audit(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<wire::AuditPage, DeskError> {
        let limit = limit.clamp(1, AUDIT_PAGE);
        let rows = self.engine.store().audit_before(before, limit).await?;
        let size = self.engine.store().audit_size().await?;
        let next = rows.last().map(|row| row.position).filter(|position| *position > 0);
        Ok(wire::AuditPage { rows: rows.iter().map(view::audit::row).collect(), size, next })
    }

    /// The next records of the log in order, exactly the bytes that were hashed.
    pub async fn export_audit(&self, from: u64) -> Result<Vec<wire::AuditRow>, DeskError> {
        let rows = self.engine.store().audit_records(from, AUDIT_PAGE).await?;
        Ok(rows.iter().map(view::audit::row).collect())
    }

    /// The newest signed checkpoint, a C2SP signed note.
    pub async fn newest_checkpoint(&self) -> Result<Option<String>, DeskError> {
        Ok(self.engine.store().newest_checkpoint().await?.map(|(_, note)| note))
    }

    /// Checks the whole log.
    pub async fn verify_audit(&self) -> Result<wire::AuditVerdict, DeskError> {
        let verdict = view::audit::verdict(&self.engine.verify_audit().await?);
        set(&self.audit, verdict.clone());
        self.hub.send(wire::Event::AuditChanged { audit: verdict.clone() });
        Ok(verdict)
    }

    /// The last verdict with the size the log has now.
    pub(crate) async fn note_audit_growth(&self) -> Result<wire::AuditVerdict, DeskError> {
        let mut audit = get(&self.audit);
        audit.size = self.engine.store().audit_size().await?;
        if let Some((signed, _)) = self.engine.store().newest_checkpoint().await? {
            audit.signed_size = Some(signed);
        }
        set(&self.audit, audit.clone());
        Ok(audit)
    }
}

fn link((id, number): (IncidentId, i64)) -> wire::IncidentLink {
    wire::IncidentLink { id: id.to_string(), label: label(number) }
}
