//! Making a workspace of a sandbox's ready file.

use std::collections::BTreeMap;

use firebreak_wire::{CloudAccountDraft, ModelDraft, SourceDraft};
use serde::Deserialize;

use crate::vendors::{API_URL, AUTH_URL, CLIENT_ID};
use crate::{Desk, DeskError};

/// What the sandbox says of itself once it is up.
#[derive(Deserialize)]
pub struct SandboxReady {
    wiz: Option<Wiz>,
    aws: Option<Aws>,
    model: Option<Model>,
}

#[derive(Deserialize)]
struct Wiz {
    api_url: String,
    auth_url: String,
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
struct Aws {
    endpoint: String,
    account_id: String,
    region: String,
    read_key_id: String,
    read_secret: String,
    write_key_id: String,
    write_secret: String,
    role_arn: Option<String>,
}

#[derive(Deserialize)]
struct Model {
    base_url: String,
    model: String,
    api_key: String,
}

impl SandboxReady {
    /// Reads a ready file.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] with the place in the file.
    pub fn parse(json: &str) -> Result<Self, DeskError> {
        serde_json::from_str(json)
            .map_err(|error| DeskError::Invalid(format!("the sandbox's ready file: {error}")))
    }
}

impl Desk {
    /// Configures the sandbox's source, account and model, and phase 2. For sandboxes only: the
    /// workspace is marked as one, and the window says so.
    pub async fn use_sandbox(&self, ready: SandboxReady) -> Result<(), DeskError> {
        let mut write = self.owner()?.store().write().await?;
        write.put_setting("sandbox", "yes").await?;
        write.commit().await?;
        if let Some(wiz) = ready.wiz {
            self.add_source(SourceDraft {
                name: "wiz-sandbox".to_owned(),
                vendor: "wiz".to_owned(),
                values: values([
                    (API_URL, wiz.api_url),
                    (AUTH_URL, wiz.auth_url),
                    (CLIENT_ID, wiz.client_id),
                ]),
                secret: wiz.client_secret,
            })
            .await?;
        }
        if let Some(aws) = ready.aws {
            let draft = CloudAccountDraft {
                name: "acme".to_owned(),
                account_id: aws.account_id,
                regions: vec![aws.region],
                read_key_id: aws.read_key_id,
                read_secret: aws.read_secret,
                write_key_id: Some(aws.write_key_id),
                write_secret: Some(aws.write_secret),
                role_arn: aws.role_arn,
                external_id: None,
            };
            self.add_cloud_account(draft, Some(aws.endpoint)).await?;
        }
        if let Some(model) = ready.model {
            self.set_model(ModelDraft {
                base_url: model.base_url,
                model: model.model,
                api_key: Some(model.api_key),
            })
            .await?;
        }
        self.confirm_phase(2).await
    }
}

fn values<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
