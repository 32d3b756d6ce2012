//! Settings: sources, cloud accounts, model, phase. Secrets go straight to the keychain.

use std::sync::Arc;

use firebreak_core::ports::{CheckLine, KeyName, Secret, SecretName, VaultError};
use firebreak_core::text;
use firebreak_store::{CloudAccount, Store};
use firebreak_wire as wire;
use serde_json::json;

use crate::adapters::{self, MODEL_KEY, MODEL_NAME, MODEL_URL, read_secret, write_secret};
use crate::desk::{get, set};
use crate::{Desk, DeskError, policies, view};

/// What a check of the policies found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyCheck {
    /// SHA-256 of the set in force.
    pub version: String,
    /// Its rules, id and reason.
    pub rules: Vec<wire::RuleView>,
    /// What is wrong; empty when all is well.
    pub problems: Vec<String>,
}

impl Desk {
    /// Everything the window needs to draw itself.
    pub async fn snapshot(&self) -> Result<wire::Snapshot, DeskError> {
        // The number first: an event that slips in between is told twice rather than never.
        let seq = self.hub.seq();
        let store = self.engine.store();
        Ok(wire::Snapshot {
            seq,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            workspace: self.home.path().display().to_string(),
            sandbox: store.setting("sandbox").await?.is_some(),
            user: self.me.name.clone(),
            phase: self.engine.phase(),
            counts: self.queue_counts().await?,
            leases: self.lease_counts().await?,
            sources: self.sources().await?,
            clouds: self.clouds().await?,
            model: get(&self.model_status),
            keychain: self.keychain().await,
            audit: self.note_audit_growth().await?,
            storage_problem: get(&self.storage_problem),
        })
    }

    /// How the keychain is, without prompting.
    pub async fn keychain(&self) -> wire::KeychainView {
        view::settings::keychain(&self.engine.vault().state().await)
    }

    /// Asks the person to unlock the keychain, and makes the keys that were missing.
    pub async fn retry_keychain(&self) -> Result<wire::KeychainView, DeskError> {
        let state = self.engine.vault().unlock().await;
        let keychain = view::settings::keychain(&state);
        if keychain.state == wire::KeychainStateView::Unlocked {
            self.owner()?.enrol(&self.me).await?;
            self.engine.checkpoint().await?;
        }
        self.hub.send(wire::Event::KeychainChanged { keychain: keychain.clone() });
        Ok(keychain)
    }

    /// All cloud accounts.
    pub async fn clouds(&self) -> Result<Vec<wire::CloudAccountView>, DeskError> {
        let store = self.engine.store();
        let mut views = Vec::new();
        for account in store.cloud_accounts().await? {
            let can_read = store.is_marked(read_secret(&account.account_id).as_str()).await?;
            let can_write = store.is_marked(write_secret(&account.account_id).as_str()).await?;
            views.push(view::settings::cloud(&account, can_read, can_write));
        }
        Ok(views)
    }

    /// Adds a cloud account; `endpoint` is for sandboxes and comes from the terminal only.
    pub async fn add_cloud_account(
        &self,
        draft: wire::CloudAccountDraft,
        endpoint: Option<String>,
    ) -> Result<wire::CloudAccountView, DeskError> {
        let engine = self.owner()?;
        let account_id = draft.account_id.trim().to_owned();
        if account_id.len() != 12 || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DeskError::Invalid("an AWS account id is twelve digits".to_owned()));
        }
        if draft.regions.is_empty() {
            return Err(DeskError::Invalid(
                "name at least one region, such as eu-central-1".to_owned(),
            ));
        }
        let given = |text: Option<String>| {
            text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let write_key_id = given(draft.write_key_id);
        let write_secret_text = given(draft.write_secret);
        if write_key_id.is_some() != write_secret_text.is_some() {
            return Err(DeskError::Invalid(
                "a write credential needs both key id and secret".to_owned(),
            ));
        }
        let account = CloudAccount {
            name: plain_name(&draft.name)?,
            provider: "aws".to_owned(),
            account_id: account_id.clone(),
            regions: draft.regions.iter().map(|region| region.trim().to_owned()).collect(),
            endpoint,
            role_arn: given(draft.role_arn),
            external_id: given(draft.external_id),
            read_key_id: draft.read_key_id.trim().to_owned(),
            write_key_id,
        };
        engine
            .vault()
            .write(&read_secret(&account_id), Secret::new(draft.read_secret.trim()))
            .await?;
        let mut write_marked = false;
        if let Some(secret) = write_secret_text {
            engine.vault().write(&write_secret(&account_id), Secret::new(secret)).await?;
            write_marked = true;
        }
        let mut write = engine.store().write().await?;
        write.put_cloud_account(&account).await?;
        write.put_marker(read_secret(&account_id).as_str(), engine.now()).await?;
        if write_marked {
            write.put_marker(write_secret(&account_id).as_str(), engine.now()).await?;
        }
        let detail = json!({
            "account": account_id, "regions": account.regions, "role": account.role_arn, "can_write": write_marked,
        });
        let text = format!("cloud account {account_id} added");
        write.audit(self.entry("cloud_added", &account.name, text, detail)).await?;
        write.commit().await?;
        adapters::connect_account(engine, &account)?;
        self.hub.send(wire::Event::CloudsChanged { clouds: self.clouds().await? });
        Ok(view::settings::cloud(&account, true, write_marked))
    }

    /// Asks a cloud account whether credentials and permissions are right.
    pub async fn test_cloud_account(&self, name: &str) -> Result<wire::ConnectionTest, DeskError> {
        let account = self.cloud_account(name).await?;
        let reader = self.engine.reader(&account.account_id).ok_or_else(|| {
            DeskError::Invalid(format!("account {name} can't be used as it is configured"))
        })?;
        Ok(view::settings::test(reader.test().await))
    }

    /// Forgets a cloud account and its secrets.
    pub async fn remove_cloud_account(&self, name: &str) -> Result<(), DeskError> {
        let engine = self.owner()?;
        let account = self.cloud_account(name).await?;
        engine.drop_account(&account.account_id);
        engine.vault().delete(&read_secret(&account.account_id)).await?;
        engine.vault().delete(&write_secret(&account.account_id)).await?;
        let mut write = engine.store().write().await?;
        write.delete_cloud_account(name).await?;
        write.delete_marker(read_secret(&account.account_id).as_str()).await?;
        write.delete_marker(write_secret(&account.account_id).as_str()).await?;
        write
            .audit(self.entry(
                "cloud_removed",
                name,
                format!("cloud account {name} removed"),
                json!({}),
            ))
            .await?;
        write.commit().await?;
        self.hub.send(wire::Event::CloudsChanged { clouds: self.clouds().await? });
        Ok(())
    }

    async fn cloud_account(&self, name: &str) -> Result<CloudAccount, DeskError> {
        let accounts = self.engine.store().cloud_accounts().await?;
        accounts.into_iter().find(|account| account.name == name).ok_or_else(|| {
            DeskError::Invalid(format!("there is no cloud account {}", text::line(name, 60)))
        })
    }

    /// Configures the model. An empty key leaves the stored one.
    pub async fn set_model(&self, draft: wire::ModelDraft) -> Result<wire::ModelView, DeskError> {
        let engine = self.owner()?;
        let key = draft.api_key.filter(|key| !key.trim().is_empty());
        // Checked before anything is stored: a bad address must not replace a good one.
        let checked = firebreak_planner::OpenAiAssessor::new(
            &draft.base_url,
            &draft.model,
            Some(SecretName::new(MODEL_KEY)),
            Arc::clone(engine.vault()),
        );
        checked.map_err(|error| DeskError::Invalid(error.to_string()))?;
        let has_key = key.is_some();
        if let Some(key) = key {
            engine.vault().write(&SecretName::new(MODEL_KEY), Secret::new(key.trim())).await?;
        }
        let mut write = engine.store().write().await?;
        write.put_setting(MODEL_URL, draft.base_url.trim()).await?;
        write.put_setting(MODEL_NAME, draft.model.trim()).await?;
        if has_key {
            write.put_marker(MODEL_KEY, engine.now()).await?;
        }
        let detail = json!({ "base_url": draft.base_url, "model": draft.model });
        write
            .audit(self.entry("model_set", "model", format!("model {}", draft.model), detail))
            .await?;
        write.commit().await?;
        self.refresh_planner("not asked yet", true).await
    }

    /// Forgets the model and its key.
    pub async fn remove_model(&self) -> Result<wire::ModelView, DeskError> {
        let engine = self.owner()?;
        engine.vault().delete(&SecretName::new(MODEL_KEY)).await?;
        let mut write = engine.store().write().await?;
        write.delete_setting(MODEL_URL).await?;
        write.delete_setting(MODEL_NAME).await?;
        write.delete_marker(MODEL_KEY).await?;
        write
            .audit(self.entry("model_removed", "model", "model removed".to_owned(), json!({})))
            .await?;
        write.commit().await?;
        self.refresh_planner("", true).await
    }

    /// Asks the model's server whether address, key and name are right.
    pub async fn test_model(&self) -> Result<wire::ConnectionTest, DeskError> {
        let model = adapters::model(self.engine.store(), self.engine.vault()).await?;
        let lines = match model {
            Some(model) => model.test().await,
            None => vec![CheckLine {
                name: "model".to_owned(),
                ok: false,
                text: "no model is configured".to_owned(),
                remedy: Some("Enter a base URL and a model's name.".to_owned()),
            }],
        };
        let test = view::settings::test(lines);
        let status = test
            .checks
            .iter()
            .find(|check| !check.ok)
            .map_or("reachable", |check| check.text.as_str());
        self.refresh_model_status(status, test.ok).await?;
        Ok(test)
    }

    async fn refresh_planner(&self, status: &str, ok: bool) -> Result<wire::ModelView, DeskError> {
        let planner =
            adapters::planner(&self.home, self.engine.store(), self.engine.vault()).await?;
        self.engine.set_planner(Arc::new(planner));
        self.refresh_model_status(status, ok).await
    }

    pub(crate) async fn refresh_model_status(
        &self,
        status: &str,
        ok: bool,
    ) -> Result<wire::ModelView, DeskError> {
        let model = model_view(self.engine.store(), status, ok).await?;
        set(&self.model_status, model.clone());
        self.hub.send(wire::Event::ModelChanged { model: model.clone() });
        Ok(model)
    }

    /// Puts a phase in force. Raising it is confirmed by a person before this is called.
    pub(crate) async fn set_phase(&self, to: u32) -> Result<(), DeskError> {
        let engine = self.owner()?;
        let from = engine.phase();
        let mut write = engine.store().write().await?;
        write.put_setting("phase", &to.to_string()).await?;
        let detail = json!({ "from": from, "to": to });
        write
            .audit(self.entry(
                "phase_set",
                "workspace",
                format!("phase {from} \u{2192} {to}"),
                detail,
            ))
            .await?;
        write.commit().await?;
        engine.set_phase(to);
        self.connect().await?;
        self.hub.send(wire::Event::PhaseChanged { phase: to });
        Ok(())
    }

    /// Confirms a phase from the terminal, where the person typed it.
    pub async fn confirm_phase(&self, to: u32) -> Result<(), DeskError> {
        if self.ask_phase(to).await? {
            self.sign_pending().await?;
        }
        Ok(())
    }

    /// Checks the policies of the workspace.
    pub fn check_policies(&self) -> Result<PolicyCheck, DeskError> {
        let (loaded, problems) = policies::load(&self.home)?;
        Ok(PolicyCheck {
            version: loaded.version().to_owned(),
            rules: loaded.rules().iter().map(view::plan::rule).collect(),
            problems: problems
                .map(|problems| problems.to_string().lines().map(str::to_owned).collect())
                .unwrap_or_default(),
        })
    }

    /// Public keys of this desk: approver and audit log, hex.
    pub async fn public_keys(&self) -> Result<[String; 2], VaultError> {
        let hex = |key: [u8; 32]| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let approver = self.signer.public_key(KeyName::Approver).await?;
        let log = self.signer.public_key(KeyName::AuditLog).await?;
        Ok([hex(approver), hex(log)])
    }

    pub(crate) fn entry(
        &self,
        kind: &str,
        subject: &str,
        text: String,
        detail: serde_json::Value,
    ) -> firebreak_core::audit::Entry {
        firebreak_core::audit::Entry {
            at: self.engine.now(),
            actor: self.me.name.clone(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            text,
            detail,
        }
    }
}

/// The model as configured.
pub(crate) async fn model_view(
    store: &Store,
    status: &str,
    ok: bool,
) -> Result<wire::ModelView, DeskError> {
    let base_url = store.setting(MODEL_URL).await?;
    let model = store.setting(MODEL_NAME).await?;
    let configured = base_url.is_some() && model.is_some();
    Ok(wire::ModelView {
        configured,
        base_url,
        model,
        has_key: store.is_marked(MODEL_KEY).await?,
        status: if configured {
            status.to_owned()
        } else {
            "no model: playbooks propose".to_owned()
        },
        ok: !configured || ok,
    })
}

/// A name that is safe in paths, keychains and logs.
pub(crate) fn plain_name(name: &str) -> Result<String, DeskError> {
    let name = name.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 60 || !name.chars().all(fits) {
        return Err(DeskError::Invalid(
            "a name has 1 to 60 letters, digits, hyphens, underscores or dots".to_owned(),
        ));
    }
    Ok(name.to_owned())
}
