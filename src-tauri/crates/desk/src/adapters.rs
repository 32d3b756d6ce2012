//! Making sources, cloud clients and the model from what is configured.

use std::sync::Arc;

use firebreak_actions::{AwsAccount, AwsExecutor, AwsReader, KeySource};
use firebreak_core::ports::{Assessor, Clock, SecretName, Vault};
use firebreak_engine::Engine;
use firebreak_planner::{OpenAiAssessor, load_with_overrides};
use firebreak_store::{CloudAccount, SourceRow, Store};

use crate::clock::SystemClock;
use crate::planner::PlaybookPlanner;
use crate::{DeskError, Home, vendors};

/// The setting that holds the model's address.
pub(crate) const MODEL_URL: &str = "model.base_url";
/// The setting that holds the model's name.
pub(crate) const MODEL_NAME: &str = "model.name";
/// The keychain's name for the model's key.
pub(crate) const MODEL_KEY: &str = "model/key";

pub(crate) fn source_secret(name: &str) -> SecretName {
    SecretName::new(format!("source/{name}"))
}

pub(crate) fn read_secret(account: &str) -> SecretName {
    SecretName::new(format!("cloud/{account}/read"))
}

pub(crate) fn write_secret(account: &str) -> SecretName {
    SecretName::new(format!("cloud/{account}/write"))
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// Puts a source to work: what polls always, what writes back only from phase 2 on. This is the one
/// place where a writer is made.
pub(crate) fn connect_source(engine: &Engine, row: &SourceRow) -> Result<(), DeskError> {
    let connected = vendors::connect(row, engine.vault())?;
    engine.set_source(connected.source);
    if let Some(make) = connected.writer.filter(|_| engine.phase() >= 2) {
        engine.set_writer(make()?)?;
    }
    Ok(())
}

/// Puts a cloud account to work: its reader always, its executor only from phase 2 on. This is the
/// one place where an executor is made.
pub(crate) fn connect_account(engine: &Engine, account: &CloudAccount) -> Result<(), DeskError> {
    let aws = aws_account(account);
    let vault = Arc::clone(engine.vault());
    engine.set_reader(
        &account.account_id,
        Arc::new(AwsReader::new(aws.clone(), Arc::clone(&vault), clock())),
    );
    if engine.phase() >= 2 && aws.write.is_some() {
        let executor = AwsExecutor::new(aws, vault, clock())
            .map_err(|error| DeskError::Invalid(error.to_string()))?;
        engine.set_executor(&account.account_id, Arc::new(executor))?;
    }
    Ok(())
}

pub(crate) fn aws_account(account: &CloudAccount) -> AwsAccount {
    AwsAccount {
        name: account.name.clone(),
        account_id: account.account_id.clone(),
        regions: account.regions.clone(),
        endpoint: account.endpoint.clone(),
        read: KeySource {
            key_id: account.read_key_id.clone(),
            secret: read_secret(&account.account_id),
        },
        write: account
            .write_key_id
            .clone()
            .map(|key_id| KeySource { key_id, secret: write_secret(&account.account_id) }),
        role_arn: account.role_arn.clone(),
        external_id: account.external_id.clone(),
    }
}

/// The configured model, when there is one.
pub(crate) async fn model(
    store: &Store,
    vault: &Arc<dyn Vault>,
) -> Result<Option<Arc<dyn Assessor>>, DeskError> {
    let (Some(url), Some(name)) =
        (store.setting(MODEL_URL).await?, store.setting(MODEL_NAME).await?)
    else {
        return Ok(None);
    };
    let key = store.is_marked(MODEL_KEY).await?.then(|| SecretName::new(MODEL_KEY));
    let model = OpenAiAssessor::new(&url, &name, key, Arc::clone(vault))
        .map_err(|error| DeskError::Invalid(error.to_string()))?;
    Ok(Some(Arc::new(model)))
}

/// Playbooks of the workspace over the shipped ones, with the model.
pub(crate) async fn planner(
    home: &Home,
    store: &Store,
    vault: &Arc<dyn Vault>,
) -> Result<PlaybookPlanner, DeskError> {
    let own = home.own_files("playbooks", "toml")?;
    let files: Vec<(&str, &str)> =
        own.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let loaded = load_with_overrides(&files);
    for problem in &loaded.problems {
        tracing::error!(%problem, "a playbook of this workspace does not load");
    }
    Ok(PlaybookPlanner { playbooks: loaded.playbooks, model: model(store, vault).await? })
}
