//! `aws.iam.revoke_role_sessions`: an inline policy that refuses sessions by the time at which they
//! were issued (`aws:TokenIssueTime`).
//!
//! That time is part of what is signed, so it is fixed before anybody signs. Were it the moment of
//! drafting, a session issued while people read and sign would live on, which is just when an
//! intruder notices. It therefore lies ahead, and a step whose time has passed is laid out again
//! instead of run: see [`timed`]. The price is said in the disruption: until that time nobody can
//! use the role at all.

use std::collections::BTreeMap;

use chrono::{Duration, DurationRound, SecondsFormat};
use serde_json::json;

use super::{Names, Refused, inline_policy, only_parameters, wrong_kind};
use crate::approval::APPROVAL_MINUTES;
use crate::call::IdentityRef;
use crate::observed::IamIdentity;
use crate::plan::Draft;
use crate::ports::OwnIdentity;
use crate::{ActionId, Timestamp, text};

/// The parameter's name.
const ISSUED_BEFORE: &str = "issued_before";
/// Most principals that a warning names.
const MOST_NAMED: usize = 4;

/// The parameters of a step with the time that its action needs, if it needs one: sessions issued
/// before it are refused. It lies two approvals' lives ahead, and is moved when it has passed, so
/// that whoever signs in time runs in time. A step whose parameters this changes must not be run
/// as it was signed.
pub fn timed(
    action: ActionId,
    parameters: &BTreeMap<String, String>,
    now: Timestamp,
) -> BTreeMap<String, String> {
    let mut timed = parameters.clone();
    if action != ActionId::IamRevokeRoleSessions {
        return timed;
    }
    let ahead = timed.get(ISSUED_BEFORE).and_then(|text| read(text)).is_some_and(|at| at > now);
    if !ahead {
        let until = now + Duration::minutes(2 * APPROVAL_MINUTES);
        let until = until.duration_round_up(Duration::minutes(1)).unwrap_or(until);
        timed.insert(ISSUED_BEFORE.to_owned(), write(until));
    }
    timed
}

pub(super) fn draft(
    role: &IamIdentity,
    parameters: &BTreeMap<String, String>,
    names: &Names,
    own: &OwnIdentity,
) -> Result<Draft, Refused> {
    only_parameters(parameters, &[ISSUED_BEFORE])?;
    let IdentityRef::Role(name) = &role.identity else {
        return Err(wrong_kind(ActionId::IamRevokeRoleSessions));
    };
    refuse_others_roles(role)?;
    inline_policy::refuse_own(role, own)?;
    let until = issued_before(parameters)?;
    let condition = json!({ "DateLessThan": { "aws:TokenIssueTime": write(until) } });
    let document = inline_policy::deny_all("FirebreakRevokeSessions", Some(condition));
    let call = inline_policy::attach(role, names, document)?;
    let until = until.format("%Y-%m-%d %H:%M UTC").to_string();
    Ok(Draft {
        proof: vec![call.effect()],
        calls: vec![call],
        disruption: disruption(role, name, &until),
        warnings: warnings(role, &until),
        reversible: true,
        undo_summary: "The policy is removed, if it still says what was written. Sessions that \
                       have not expired by then work again."
            .to_owned(),
    })
}

/// A canonical time only: what is signed must be what is shown.
fn issued_before(parameters: &BTreeMap<String, String>) -> Result<Timestamp, Refused> {
    let given = parameters.get(ISSUED_BEFORE).map_or("", String::as_str);
    read(given).filter(|at| write(*at) == given).ok_or_else(|| {
        Refused::new(
            format!("{:?} is no time of the form 2026-11-23T12:30:00Z", text::line(given, 40)),
            "propose a new plan, which sets the time",
        )
    })
}

fn read(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn write(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Roles whose policies are not the account's own to write (IAM user guide).
fn refuse_others_roles(role: &IamIdentity) -> Result<(), Refused> {
    if role.arn.contains(":role/aws-service-role/") {
        return Err(Refused::new(
            format!("{} is a service-linked role: only its service changes it", role.identity),
            "stop what the service does in its own settings; its sessions can't be revoked",
        ));
    }
    if role.arn.contains(":role/aws-reserved/") {
        return Err(Refused::new(
            format!("{} belongs to IAM Identity Center, which writes its policies", role.identity),
            "end the person's sessions in IAM Identity Center",
        ));
    }
    Ok(())
}

fn disruption(role: &IamIdentity, name: &str, until: &str) -> Vec<String> {
    let name = text::line(name, 64);
    let mut lines = vec![
        format!(
            "everyone and everything that uses {name} is refused, rightful users too: sessions \
             issued before {until} for good, new ones until then"
        ),
        format!(
            "instances and functions that run as {name} stay refused until they fetch new \
             credentials, which an instance may do only hours later"
        ),
    ];
    lines.push(match &role.last_used {
        Some(used) => format!("it was used last {}", text::line(used, 80)),
        None => "IAM knows no use of it in its tracking period".to_owned(),
    });
    lines
}

fn warnings(role: &IamIdentity, until: &str) -> Vec<String> {
    let named = role.trusted.iter().take(MOST_NAMED).map(|who| text::line(who, 120));
    let mut who = named.collect::<Vec<_>>().join(", ");
    if role.trusted.len() > MOST_NAMED {
        who.push_str(&format!(" and {} more", role.trusted.len() - MOST_NAMED));
    }
    let mut warnings = vec![if who.is_empty() {
        "Its trust policy could not be read: whoever may assume it opens a new session afterwards."
            .to_owned()
    } else {
        format!(
            "After {until} whoever may assume it opens a new session; its trust policy names \
             {who}. If the intruder is among them or acts as one of them, cut that off too."
        )
    }];
    if role.trusted.iter().any(|who| who == "*" || who.ends_with(":root")) {
        warnings.push(
            "The trust policy names a whole account or everybody: any identity there that is \
             allowed sts:AssumeRole comes back."
                .to_owned(),
        );
    }
    warnings.push(
        "Roles that were assumed from its sessions (role chaining) live on for up to an hour."
            .to_owned(),
    );
    warnings.push(
        "Should this run only after that time, it is laid out and signed again, so no session is \
         missed in between."
            .to_owned(),
    );
    warnings.push(inline_policy::PROPAGATION.to_owned());
    warnings
}
