//! Where everything listens and how to sign in: the READY document.

use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Addresses and credentials of a running sandbox. Parts that were not started are absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// The Wiz tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wiz: Option<WizReady>,
    /// The AWS account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<AwsReady>,
    /// The model server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelReady>,
    /// The Prisma Cloud tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prisma: Option<PrismaReady>,
    /// The Lacework account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacework: Option<LaceworkReady>,
    /// Base of the control API, `http://127.0.0.1:P/control`.
    pub control_url: String,
    /// The Orca organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orca: Option<OrcaReady>,
}

/// How to reach the stand-in Orca.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrcaReady {
    /// Base address of the API, without `/api`.
    pub api_url: String,
    /// For the header `Authorization: Token …`.
    pub api_token: String,
}

/// How to reach the stand-in Wiz.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WizReady {
    /// GraphQL endpoint.
    pub api_url: String,
    /// OAuth token endpoint.
    pub auth_url: String,
    /// Service account id.
    pub client_id: String,
    /// Service account secret.
    pub client_secret: String,
}

/// How to reach the simulated AWS account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsReady {
    /// Endpoint of every service.
    pub endpoint: String,
    /// Twelve digits.
    pub account_id: String,
    /// The region where everything lives.
    pub region: String,
    /// Access key that may only read.
    pub read_key_id: String,
    /// Its secret.
    pub read_secret: String,
    /// Access key that may contain, and assume `role_arn`.
    pub write_key_id: String,
    /// Its secret.
    pub write_secret: String,
    /// The key that the scenarios call stolen: works until someone switches it off.
    pub stolen_key_id: String,
    /// Its secret.
    pub stolen_secret: String,
    /// Access key that may take messages from the alert queue.
    pub listen_key_id: String,
    /// Its secret.
    pub listen_secret: String,
    /// Access key that may put messages into it, as a vendor's forwarder has.
    pub forward_key_id: String,
    /// Its secret.
    pub forward_secret: String,
    /// Role to assume for containment.
    pub role_arn: String,
    /// Logical names (`instance.web-7.id`) of what the account holds.
    pub names: std::collections::BTreeMap<String, String>,
}

/// How to reach the stand-in model server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelReady {
    /// Base URL in the sense of OpenAI clients, ends in `/v1`.
    pub base_url: String,
    /// The well-behaved model.
    pub model: String,
    /// Bearer key.
    pub api_key: String,
}

/// How to reach the stand-in Prisma Cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrismaReady {
    /// Base of CSPM.
    pub api_url: String,
    /// Base of Compute.
    pub compute_url: String,
    /// Access key id, of both.
    pub access_key_id: String,
    /// Its secret.
    pub secret_key: String,
}

/// How to reach the stand-in Lacework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaceworkReady {
    /// The account's address, without a path.
    pub address: String,
    /// The account's name, also of its only sub-account.
    pub account: String,
    /// Id of the API key.
    pub key_id: String,
    /// Its secret.
    pub secret: String,
}

impl Ready {
    /// Writes the document so that a reader sees either nothing or all of it.
    ///
    /// # Errors
    /// [`Error::Write`] when the folder cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let failed = |source| Error::Write { path: path.to_owned(), source };
        let folder =
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}
