//! Loading policies: the workspace's own, else those that are shipped. Trying others on what is
//! recorded.

use std::path::Path;

use firebreak_core::policy::{LIMITS_FILE, Phase, Policies, PolicyProblems, Principal};
use firebreak_core::{StepId, StepState, Timestamp};
use firebreak_engine::{AskedAs, Trial};
use firebreak_wire as wire;
use serde::Serialize;
use serde_json::json;

use crate::{Desk, DeskError, Home, view};

const SCHEMA: &str = include_str!("../../../../assets/policies/schema.cedarschema");
const SHIPPED: [(&str, &str); 5] = [
    ("approvals.cedar", include_str!("../../../../assets/policies/approvals.cedar")),
    ("deny-list.cedar", include_str!("../../../../assets/policies/deny-list.cedar")),
    ("phase-3-auto.cedar", include_str!("../../../../assets/policies/phase-3-auto.cedar")),
    ("phases.cedar", include_str!("../../../../assets/policies/phases.cedar")),
    ("write-back.cedar", include_str!("../../../../assets/policies/write-back.cedar")),
];

/// The setting that holds the version that was last on record.
const VERSION: &str = "policy.version";
const SHIPPED_LIMITS: &str = include_str!("../../../../assets/policies/limits.toml");

/// The policies in force: the folder `policies` of the workspace when it has any, else the shipped
/// ones, the caps of that folder, else the shipped ones, and its freezes. What does not load denies
/// everything; freezes that don't, everything but undoing.
pub(crate) fn load(home: &Home) -> Result<(Policies, Option<PolicyProblems>), DeskError> {
    let files = home.own_files("policies", "cedar")?;
    Ok(put_together(files, beside(home, "policies")?))
}

/// What stands beside the policies: caps and freezes.
fn beside(home: &Home, folder: &str) -> Result<Vec<(String, String)>, DeskError> {
    let mut files = home.own_files(folder, "toml")?;
    files.extend(home.own_calendars(folder)?);
    Ok(files)
}

/// The policies of a folder, with the shipped caps where it has none. Unlike a workspace, which then
/// has the shipped ones, it must have policies.
///
/// # Errors
/// [`DeskError::Invalid`] with every problem, one a line.
fn load_folder(folder: &Path) -> Result<Policies, DeskError> {
    let name = folder.display();
    if !folder.is_dir() {
        return Err(DeskError::Invalid(format!("{name} is no folder; name one that has policies")));
    }
    let place = Home::choose(Some(folder.to_path_buf()));
    let files = place.own_files(".", "cedar")?;
    if files.is_empty() {
        return Err(DeskError::Invalid(format!(
            "{name} has no file that ends in .cedar; name a folder that has policies"
        )));
    }
    match put_together(files, beside(&place, ".")?) {
        (policies, None) => Ok(policies),
        (_, Some(problems)) => Err(DeskError::Invalid(problems.to_string())),
    }
}

fn put_together(
    mut files: Vec<(String, String)>,
    own: Vec<(String, String)>,
) -> (Policies, Option<PolicyProblems>) {
    if files.is_empty() {
        files = SHIPPED.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    }
    if own.iter().all(|(name, _)| name != LIMITS_FILE) {
        files.push((LIMITS_FILE.to_owned(), SHIPPED_LIMITS.to_owned()));
    }
    // A file of another name is read as a policy and is an error: nobody wrote it to be passed over.
    files.extend(own);
    Policies::load_or_deny(&files, SCHEMA)
}

/// What a policy is tried on.
#[derive(Debug, Clone, Copy, Default)]
pub struct TryAs {
    /// Another phase than the one in force.
    pub phase: Option<u8>,
    /// As automation, not as a person.
    pub automation: bool,
    /// At another time than the one at which each step was read.
    pub at: Option<Timestamp>,
}

/// A recorded step under other policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TriedStep {
    pub step: String,
    /// "INC-7".
    pub incident: String,
    /// "Isolate i-0c41f0b9". Untrusted.
    pub title: String,
    pub state: StepState,
    /// The verdict it was given when it was drafted.
    pub recorded: wire::VerdictView,
    /// What the policies in force say now.
    pub now: wire::VerdictView,
    /// What the others say.
    pub then: wire::VerdictView,
    /// Whether the others decide differently.
    pub differs: bool,
    /// Facts that are not recorded and were left out of the question.
    pub gaps: Vec<&'static str>,
}

/// All recorded steps under other policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TriedPolicies {
    /// SHA-256 of the others.
    pub version: String,
    /// Oldest first.
    pub steps: Vec<TriedStep>,
    /// Recorded steps that never had calls.
    pub without_calls: u64,
}

impl Desk {
    /// What policies say of a recorded step: those of a folder, or those in force.
    pub async fn test_policies(
        &self,
        step: &str,
        folder: Option<&Path>,
        as_what: TryAs,
    ) -> Result<TriedStep, DeskError> {
        let asked_as = self.asked_as(as_what)?;
        let id = StepId::new(step);
        let trial = match folder {
            Some(folder) => self.engine.try_policies(&id, &load_folder(folder)?, &asked_as).await?,
            None => self.engine.try_policies(&id, &self.engine.policies(), &asked_as).await?,
        };
        Ok(tried(&trial))
    }

    /// What the policies of a folder say of every recorded step.
    pub async fn backtest_policies(
        &self,
        folder: &Path,
        as_what: TryAs,
    ) -> Result<TriedPolicies, DeskError> {
        let others = load_folder(folder)?;
        let done = self.engine.backtest(&others, &self.asked_as(as_what)?).await?;
        Ok(TriedPolicies {
            version: others.version().to_owned(),
            steps: done.trials.iter().map(tried).collect(),
            without_calls: done.without_calls,
        })
    }

    /// The change freezes in force at a moment, now when absent, and those to come.
    pub fn freezes(&self, at: Option<Timestamp>) -> wire::FreezesView {
        let at = at.unwrap_or_else(|| self.engine.now());
        let policies = self.engine.policies();
        let freezes = policies.freezes();
        wire::FreezesView {
            at,
            unusable: policies.unusable().or(freezes.why_unusable()).map(str::to_owned),
            freezes: freezes.list(at).into_iter().map(view::plan::freeze).collect(),
        }
    }

    fn asked_as(&self, as_what: TryAs) -> Result<AskedAs, DeskError> {
        let mut asked_as = self.engine.asked_as(&self.me);
        asked_as.at = as_what.at;
        if let Some(number) = as_what.phase {
            asked_as.phase = Phase::from_number(number)
                .ok_or_else(|| DeskError::Invalid(format!("there is no phase {number}")))?;
        }
        if as_what.automation {
            asked_as.principal = Principal::Automation;
        }
        Ok(asked_as)
    }

    /// Writes down that other policies are in force than when this workspace was last open.
    pub(crate) async fn note_policies(&self) -> Result<(), DeskError> {
        let policies = self.engine.policies();
        let store = self.engine.store();
        let before = store.setting(VERSION).await?;
        if before.as_deref() == Some(policies.version()) {
            return Ok(());
        }
        let rules: Vec<String> = policies.rules().into_iter().map(|rule| rule.id).collect();
        let freezes = policies.freezes();
        let windows: Vec<_> = freezes
            .list(self.engine.now())
            .iter()
            .map(|(freeze, _)| json!({ "id": freeze.id, "when": freeze.when(), "about": freeze.about() }))
            .collect();
        let detail = json!({
            "before": before, "now": policies.version(), "rules": rules, "freezes": windows,
            "unusable": policies.unusable().or(freezes.why_unusable()),
        });
        let text = match (policies.unusable(), freezes.why_unusable()) {
            (None, None) => format!(
                "policy version {} with {} rules and {} change freezes",
                policies.version(),
                rules.len(),
                windows.len()
            ),
            (None, Some(why)) => {
                format!(
                    "the change freezes can't be read, so everything but undoing is denied: {why}"
                )
            }
            (Some(why), _) => format!("the policies do not load, so everything is denied: {why}"),
        };
        let mut write = store.write().await?;
        write.put_setting(VERSION, policies.version()).await?;
        write.audit(self.entry("policy_changed", "policies", text, detail)).await?;
        write.commit().await?;
        Ok(())
    }
}

fn tried(trial: &Trial) -> TriedStep {
    TriedStep {
        step: trial.step.id.to_string(),
        incident: trial.incident.clone(),
        title: trial.step.title(),
        state: trial.step.state,
        recorded: view::plan::verdict(&trial.step.verdict),
        now: view::plan::verdict(&trial.now),
        then: view::plan::verdict(&trial.then),
        differs: trial.differs(),
        gaps: trial.gaps.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ALWAYS: &str = "[[window]]\nid = \"move\"\ntitle = \"Move\"\nreason = \"moving out\"\n\
        from = 2026-01-01T00:00:00Z\nuntil = 2027-01-01T00:00:00Z\n# end\n";

    /// What a workspace with these files beside the shipped policies has, and what is wrong with it.
    fn loaded(files: &[(&str, &[u8])]) -> (Policies, Option<PolicyProblems>) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("policies")).expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join("policies").join(name), text).expect("a file");
        }
        load(&Home::choose(Some(folder.path().to_path_buf()))).expect("it can be opened")
    }

    #[test]
    fn freezes_stand_beside_the_shipped_policies_and_caps() {
        let (shipped, problems) = loaded(&[]);
        assert!(problems.is_none() && shipped.freezes().is_empty());
        let calendar = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:J\xfcl\r\n\
            DTSTART;VALUE=DATE:20261225\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let (policies, problems) =
            loaded(&[("freezes.toml", ALWAYS.as_bytes()), ("Yule.ICS", calendar)]);
        assert!(problems.is_none(), "{problems:?}");
        assert_eq!(policies.limits(), shipped.limits(), "the shipped caps hold");
        let at = "2026-11-24T12:00:00Z".parse().expect("a time");
        let listed = policies.freezes().list(at);
        let ids: Vec<&str> = listed.iter().map(|(freeze, _)| freeze.id.as_str()).collect();
        assert_eq!(ids, ["move", "1"]);
        assert_ne!(policies.version(), shipped.version());
    }

    #[test]
    fn freezes_that_are_wrong_leave_the_policies_and_hold_what_runs() {
        let (policies, problems) = loaded(&[("freezes.toml", b"[[window]]\n# end\n")]);
        let problems = problems.expect("a mistake").to_string();
        assert!(problems.starts_with("freezes.toml:1:1: missing field `id`"), "{problems}");
        assert!(policies.unusable().is_none() && policies.freezes().why_unusable().is_some());
        let (policies, problems) = loaded(&[("freeze.toml", ALWAYS.as_bytes())]);
        assert!(problems.is_some() && policies.unusable().is_some(), "a name that nobody reads");
    }
}
