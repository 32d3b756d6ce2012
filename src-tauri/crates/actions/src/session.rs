//! Who acts: the write key itself, or a short session of the configured role that carries the
//! incident and the intent into CloudTrail.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use firebreak_core::call::Call;
use firebreak_core::containment::quarantine_name;
use firebreak_core::ports::{OutsideError, Trouble, Vault, VaultError};
use firebreak_core::{IncidentId, IntentId, canonical};

use crate::account::{AwsAccount, KeySource};
use crate::connection::{Attempts, Clients, Connector, read_key};
use crate::failure::Failure;
use crate::identity::{self, Caller};
use crate::least_privilege;

/// The shortest session that STS gives, in seconds.
const SESSION_SECONDS: i32 = 900;
/// The longest `SourceIdentity` (API reference of `AssumeRole`).
const LONGEST: usize = 64;

/// Clients of one run, and who they are.
pub(crate) struct Session {
    /// For reads, repeated on failure.
    pub(crate) reads: Clients,
    /// For changes, sent once.
    pub(crate) writes: Clients,
    pub(crate) caller: Caller,
}

/// The `SourceIdentity` of a run: every mutating CloudTrail event of a run carries it, and nothing
/// in the session can change it. Its alphabet is `[\w+=,.@-]`.
pub fn source_identity(incident: &IncidentId, intent: &IntentId) -> String {
    let hash = canonical::sha256_hex(intent.as_str().as_bytes());
    marked(incident, &hash[..16])
}

/// The `SourceIdentity` of a pre-flight, which has no intent yet.
fn preflight_identity(incident: &IncidentId) -> String {
    marked(incident, "preflight")
}

fn marked(incident: &IncidentId, mark: &str) -> String {
    let room = LONGEST - "ir..".len() - mark.len();
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let incident: String = incident.as_str().chars().filter(allowed).take(room).collect();
    format!("ir.{incident}.{mark}")
}

/// What a session is for.
#[derive(Clone, Copy)]
pub(crate) struct Purpose<'a> {
    pub(crate) incident: &'a IncidentId,
    /// `None` for asking beforehand.
    pub(crate) intent: Option<&'a IntentId>,
    pub(crate) calls: &'a [Call],
}

/// Opens a session for these calls. Its credentials live as long as the returned value.
pub(crate) async fn open(
    connector: &Connector,
    account: &AwsAccount,
    key: &KeySource,
    vault: &dyn Vault,
    region: &str,
    purpose: Purpose<'_>,
) -> Result<Session, OutsideError> {
    account.check_endpoint()?;
    let long_term = read_key(vault, key).await.map_err(keychain)?;
    let shared = SharedCredentialsProvider::new(long_term);
    let base = connector.clients(region, shared.clone(), Attempts::Repeated);
    let (shared, caller) = match &account.role_arn {
        None => (shared, identity::caller(&base).await?),
        Some(role_arn) => assume(&base, account, role_arn, purpose).await?,
    };
    identity::check_account(&caller, account)?;
    let writes = connector.clients(region, shared.clone(), Attempts::Single);
    let reads = connector.clients(region, shared, Attempts::Repeated);
    Ok(Session { reads, writes, caller })
}

async fn assume(
    base: &Clients,
    account: &AwsAccount,
    role_arn: &str,
    Purpose { incident, intent, calls }: Purpose<'_>,
) -> Result<(SharedCredentialsProvider, Caller), OutsideError> {
    let operation = "sts:AssumeRole";
    let identity = match intent {
        Some(intent) => source_identity(incident, intent),
        None => preflight_identity(incident),
    };
    let answer = base
        .sts
        .assume_role()
        .role_arn(role_arn)
        .role_session_name(quarantine_name(incident))
        .source_identity(identity)
        .set_external_id(account.external_id.clone())
        .duration_seconds(SESSION_SECONDS)
        // What the role may do beyond these calls, the session may not.
        .policy(least_privilege::session_policy(calls))
        .send()
        .await
        .map_err(|error| role_words(Failure::read(operation, error), role_arn))?;
    let garbage = || OutsideError::new(operation, Trouble::Garbage, "the answer holds no session");
    let session = answer.credentials.ok_or_else(garbage)?;
    let arn = answer.assumed_role_user.ok_or_else(garbage)?.arn;
    let credentials = Credentials::new(
        session.access_key_id,
        session.secret_access_key,
        Some(session.session_token),
        None,
        "firebreak-role",
    );
    let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
    Ok((SharedCredentialsProvider::new(credentials), Caller { account, arn }))
}

fn role_words(failure: Failure, role_arn: &str) -> OutsideError {
    let refused = failure.is_permission();
    let error = failure.into_outside();
    if !refused {
        return error;
    }
    error.with_remedy(format!(
        "let the trust policy of {role_arn} name the write user and allow sts:AssumeRole and \
         sts:SetSourceIdentity, with the external id where one is set"
    ))
}

fn keychain(error: VaultError) -> OutsideError {
    OutsideError::new("keychain", Trouble::NeedsPerson, error.to_string())
        .with_remedy("unlock the keychain, then run the step again")
}

#[cfg(test)]
mod tests {
    use firebreak_core::{IncidentId, IntentId};

    use super::{preflight_identity, source_identity};

    fn is_accepted(text: &str) -> bool {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        (2..=64).contains(&text.len()) && text.chars().all(allowed)
    }

    #[test]
    fn a_source_identity_names_incident_and_intent_within_the_limits_of_sts() {
        let incident = IncidentId::new("inc_0198c0de-7a11-7000-8000-0123456789ab");
        let first = source_identity(&incident, &IntentId::new("int_1"));
        let second = source_identity(&incident, &IntentId::new("int_2"));
        assert!(first.starts_with("ir.inc_0198c0de-7a11-7000-8000-0123456789ab."), "{first}");
        assert_ne!(first, second);
        let odd = IncidentId::new("x".repeat(200) + " é/:");
        for text in
            [first, preflight_identity(&incident), source_identity(&odd, &IntentId::new(""))]
        {
            assert!(is_accepted(&text), "{text}");
        }
    }
}
