//! `aws.iam.detach_instance_profile`: the instance gets no new credentials of its role.

use std::collections::BTreeMap;

use super::{Refused, only_parameters, refuse_own_instance};
use crate::call::Call;
use crate::observed::Instance;
use crate::plan::Draft;
use crate::ports::OwnIdentity;
use crate::text;

pub(super) fn draft(
    instance: &Instance,
    parameters: &BTreeMap<String, String>,
    own: &OwnIdentity,
) -> Result<Draft, Refused> {
    only_parameters(parameters, &[])?;
    let id = &instance.instance_id;
    refuse_own_instance(id, own)?;
    if !matches!(instance.state.as_str(), "running" | "stopping" | "stopped") {
        return Err(Refused::new(
            format!("{id} is {}", text::line(&instance.state, 40)),
            "a profile is only taken from what runs or is stopped; read again",
        ));
    }
    let Some(profile) = &instance.profile_arn else {
        return Err(Refused::new(
            format!("{id} has no instance profile"),
            "nothing to take away; look for other credentials on it",
        ));
    };
    let call = Call::DetachProfile { instance_id: id.clone(), profile_arn: profile.clone() };
    let shown = text::line(profile, 160);
    Ok(Draft {
        proof: vec![call.effect()],
        calls: vec![call],
        disruption: vec![format!(
            "programs on {id} that sign with the role of {shown} are refused once their present \
             credentials expire; AWS's own agent for sessions and patches is among them where it \
             uses that role"
        )],
        warnings: vec![
            "Credentials of the role that were fetched before, by an intruder too, live on for up \
             to 6 hours, on the instance and wherever they were copied: revoke the role's \
             sessions as well."
                .to_owned(),
            "Other instances with the same profile keep it.".to_owned(),
            "Somebody who may associate a profile and pass its role can give it back.".to_owned(),
        ],
        reversible: true,
        undo_summary: "The same profile is associated again.".to_owned(),
    })
}
