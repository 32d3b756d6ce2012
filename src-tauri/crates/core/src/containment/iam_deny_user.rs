//! `aws.iam.deny_user`: an inline policy that denies everything. Keys, password and devices stay as
//! they are, so that nothing is lost that an undo could not bring back.

use std::collections::BTreeMap;

use super::{Names, Refused, inline_policy, only_parameters, wrong_kind};
use crate::call::IdentityRef;
use crate::observed::IamIdentity;
use crate::plan::Draft;
use crate::ports::OwnIdentity;
use crate::{ActionId, text};

pub(super) fn draft(
    user: &IamIdentity,
    parameters: &BTreeMap<String, String>,
    names: &Names,
    own: &OwnIdentity,
) -> Result<Draft, Refused> {
    only_parameters(parameters, &[])?;
    let IdentityRef::User(name) = &user.identity else {
        return Err(wrong_kind(ActionId::IamDenyUser));
    };
    refuse_root(user)?;
    inline_policy::refuse_own(user, own)?;
    let document = inline_policy::deny_all("FirebreakDenyAll", None);
    let call = inline_policy::attach(user, names, document)?;
    Ok(Draft {
        proof: vec![call.effect()],
        calls: vec![call],
        disruption: vec![format!(
            "everything that acts as {} is refused: people in the console, and every program \
             that signs with one of its keys",
            text::line(name, 64)
        )],
        warnings: warnings(),
        reversible: true,
        undo_summary: "The policy is removed, if it still says what was written.".to_owned(),
    })
}

/// No policy binds root.
fn refuse_root(user: &IamIdentity) -> Result<(), Refused> {
    if user.arn.ends_with(":root") {
        return Err(Refused::new(
            "it is the root user of the account, which no policy binds",
            "a person with root access must change its password and delete its keys now",
        ));
    }
    Ok(())
}

fn warnings() -> Vec<String> {
    [
        "Roles that were assumed as this user live on for up to 12 hours: revoke the sessions of \
         each role that it may assume.",
        "What was made as this user stays: other users and their keys, roles that trust somebody \
         else, functions, instances. Look for them in CloudTrail.",
        "Its keys and its password stay as they are, so they work again when this is undone. \
         Deactivate the keys that leaked.",
        "Somebody else who may change this user's policies can remove the deny.",
        inline_policy::PROPAGATION,
    ]
    .map(str::to_owned)
    .into()
}
