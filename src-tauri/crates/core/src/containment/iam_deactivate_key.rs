//! `aws.iam.deactivate_access_key`: inactive, never deleted, so that the id stays known to
//! CloudTrail and the step can be undone.

use std::collections::BTreeMap;

use super::{Refused, only_parameters};
use crate::call::Call;
use crate::observed::{AccessKeys, KeyStatus};
use crate::plan::Draft;
use crate::ports::OwnIdentity;
use crate::text;

pub(super) fn draft(
    observed: &AccessKeys,
    parameters: &BTreeMap<String, String>,
    own: &OwnIdentity,
) -> Result<Draft, Refused> {
    only_parameters(parameters, &[])?;
    let key_id = &observed.key_id;
    refuse_other_kinds(key_id)?;
    let Some(user) = observed.user.as_deref() else {
        return Err(Refused::new(
            format!(
                "{key_id} has no owner among the account's users: it is root's, or another account's"
            ),
            "for root, a person with root access must deactivate it now; otherwise find the account it belongs to",
        ));
    };
    refuse_own(key_id, user, own)?;
    match observed.keys.iter().find(|key| key.id == *key_id).map(|key| key.status) {
        Some(KeyStatus::Active) => {}
        Some(KeyStatus::Inactive) => {
            return Err(Refused::new(
                format!("{key_id} is inactive already"),
                "look for sessions that were made from it before",
            ));
        }
        None => {
            return Err(Refused::new(
                format!("{key_id} is not among the keys of {}", text::line(user, 64)),
                "it may have been deleted; read again",
            ));
        }
    }
    let call = Call::SetAccessKeyStatus {
        user: user.to_owned(),
        key_id: key_id.clone(),
        from: KeyStatus::Active,
        to: KeyStatus::Inactive,
    };
    Ok(Draft {
        proof: vec![call.effect()],
        calls: vec![call],
        disruption: vec![format!(
            "every program that signs with {key_id} of {} is refused",
            text::line(user, 64)
        )],
        warnings: warnings(observed),
        reversible: true,
        undo_summary: "The key is made active again.".to_owned(),
    })
}

fn refuse_other_kinds(key_id: &str) -> Result<(), Refused> {
    if key_id.starts_with("ASIA") {
        return Err(Refused::new(
            format!("{key_id} is the key of a session, which can't be deactivated"),
            "find the role that issued it (CloudTrail: sessionIssuer) and revoke that role's sessions",
        ));
    }
    let plausible = key_id.starts_with("AKIA")
        && key_id.len() >= 16
        && key_id.chars().all(|c| c.is_ascii_alphanumeric());
    if !plausible {
        return Err(Refused::new(
            format!("{} is not the id of an access key", text::line(key_id, 40)),
            "aim the step at a key of the form AKIA…",
        ));
    }
    Ok(())
}

fn refuse_own(key_id: &str, user: &str, own: &OwnIdentity) -> Result<(), Refused> {
    let own_user = own.arns.iter().any(|arn| {
        arn.split_once(":user/").is_some_and(|(_, path)| path.rsplit('/').next() == Some(user))
    });
    if own_user || own.access_keys.iter().any(|own_key| own_key == key_id) {
        return Err(Refused::new(
            format!("{key_id} belongs to Firebreak's own user {}", text::line(user, 64)),
            "give Firebreak another identity first, then deactivate this one by hand",
        ));
    }
    Ok(())
}

fn warnings(observed: &AccessKeys) -> Vec<String> {
    let mut warnings: Vec<String> = observed
        .keys
        .iter()
        .filter(|key| key.id != observed.key_id && key.status == KeyStatus::Active)
        .map(|key| format!("{} of the same user stays active; it may be the attacker's.", key.id))
        .collect();
    warnings.push(
        "Sessions made from the key before (GetFederationToken, GetSessionToken) live on for up to \
         36 hours, and roles assumed with it for up to 12."
            .to_owned(),
    );
    warnings.push(
        "A console password of the user, where there is one, keeps working. The change takes \
         effect everywhere within minutes, not at once."
            .to_owned(),
    );
    warnings
}
