//! Making a workspace of a sandbox's ready file.

use firebreak_wire::{CloudAccountDraft, ModelDraft, SourceDraft};
use serde::Deserialize;

use crate::vendors::{API_URL, AUTH_URL, CLIENT_ID};
use crate::{Desk, DeskError};

/// What the sandbox says of itself once it is up.
#[derive(Deserialize)]
pub struct SandboxReady {
    wiz: Option<Wiz>,
    prisma: Option<Prisma>,
    lacework: Option<Lacework>,
    orca: Option<Orca>,
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
struct Prisma {
    api_url: String,
    compute_url: String,
    access_key_id: String,
    secret_key: String,
}

#[derive(Deserialize)]
struct Lacework {
    address: String,
    key_id: String,
    secret: String,
}

#[derive(Deserialize)]
struct Orca {
    api_url: String,
    api_token: String,
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

impl SandboxReady {
    /// A draft for each CNAPP that was started.
    fn vendors(&self) -> Vec<SourceDraft> {
        let wiz = self.wiz.as_ref().map(|wiz| {
            let values =
                [(API_URL, &wiz.api_url), (AUTH_URL, &wiz.auth_url), (CLIENT_ID, &wiz.client_id)];
            draft("wiz", &values, &wiz.client_secret)
        });
        let prisma = self.prisma.as_ref().map(|prisma| {
            let values = [
                (API_URL, &prisma.api_url),
                ("compute_url", &prisma.compute_url),
                (CLIENT_ID, &prisma.access_key_id),
            ];
            draft("prisma", &values, &prisma.secret_key)
        });
        let lacework = self.lacework.as_ref().map(|lacework| {
            let values = [(API_URL, &lacework.address), (CLIENT_ID, &lacework.key_id)];
            draft("lacework", &values, &lacework.secret)
        });
        let orca = self
            .orca
            .as_ref()
            .map(|orca| draft("orca", &[(API_URL, &orca.api_url)], &orca.api_token));
        [wiz, prisma, lacework, orca].into_iter().flatten().collect()
    }
}

impl Desk {
    /// Configures the sandbox's sources, account and model, and phase 2. For sandboxes only: the
    /// workspace is marked as one, and the window says so.
    pub async fn use_sandbox(&self, ready: SandboxReady) -> Result<(), DeskError> {
        let mut write = self.owner()?.store().write().await?;
        write.put_setting("sandbox", "yes").await?;
        write.commit().await?;
        for draft in ready.vendors() {
            self.add_source(draft).await?;
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

fn draft(vendor: &str, values: &[(&str, &String)], secret: &str) -> SourceDraft {
    SourceDraft {
        name: format!("{vendor}-sandbox"),
        vendor: vendor.to_owned(),
        values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect(),
        secret: secret.to_owned(),
    }
}
