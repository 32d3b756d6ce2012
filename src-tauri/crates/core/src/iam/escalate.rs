//! Giving oneself more: by IAM itself, as PMapper's checks for administrators and its IAM edges have
//! it.

use super::account::{Account, Group, Policy, Principal};
use super::answer::{Answer, Grant, join};
use super::found::{Found, How};
use super::weigh::{Asked, Question, may, mentions};

/// Whether a principal has all of its account, or can give itself all of it: the surest way.
pub(super) fn administers(who: &Principal, account: &Account) -> Option<Found> {
    let found = widens(who, account).into_iter().chain(makes_role(who, account));
    found.chain(joins(who, account)).min_by_key(|found| found.doubt.is_some())
}

/// Whether a principal that gets at another can widen what the other may do.
pub(super) fn widens_other(
    who: &Principal,
    other: &Principal,
    account: &Account,
    doubt: Option<String>,
) -> Option<Found> {
    let (put, attach) = match other.is_user() {
        true => ("iam:PutUserPolicy", "iam:AttachUserPolicy"),
        false => ("iam:PutRolePolicy", "iam:AttachRolePolicy"),
    };
    let ways = [put, attach].into_iter().filter_map(|action| {
        let (grant, more) = full_access(who, action, &other.arn, account).granted()?;
        let kept = keeps_boundary(who, other);
        let what = format!("{action} on {}, which it gets at", other.called());
        Some(admin(who, account, &what, &grant, join([doubt.clone(), more, kept])))
    });
    ways.min_by_key(|found| found.doubt.is_some())
}

/// Other users whose keys or password it may set, and roles whose trust it may rewrite.
pub(super) fn takes_over(who: &Principal, account: &Account) -> Vec<Found> {
    let documents = || who.policies.iter().map(|policy| policy.document.as_ref());
    let actions = ["CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile"];
    let of_users = actions.iter().any(|verb| mentions(documents(), &format!("iam:{verb}")));
    let of_roles = mentions(documents(), "iam:UpdateAssumeRolePolicy");
    let others = account.principals.iter().filter(|other| other.arn != who.arn);
    let mut found = Vec::new();
    for other in others.filter(|other| !other.is_service_linked()) {
        if other.is_user() && of_users {
            found.extend(new_key(who, other));
            found.extend(new_login(who, other));
        } else if !other.is_user() && of_roles {
            let answer = one(who, "iam:UpdateAssumeRolePolicy", &other.arn);
            found.extend(answer.granted().map(|(grant, doubt)| {
                over(who, other, How::ChangeTrust, "iam:UpdateAssumeRolePolicy", &grant, doubt)
            }));
        }
    }
    found
}

fn one(who: &Principal, action: &str, on: &str) -> Answer {
    may(who, &Question { action, resource: Asked::all(on), known: &[] })
}

/// A user has at most two keys; how many there are is not read.
fn new_key(who: &Principal, other: &Principal) -> Option<Found> {
    let (grant, doubt) = one(who, "iam:CreateAccessKey", &other.arn).granted()?;
    let full = match one(who, "iam:DeleteAccessKey", &other.arn) {
        Answer::Allowed(_) => None,
        _ => Some("the user may have two keys already, of which none can be deleted".to_owned()),
    };
    let doubt = join([doubt, full]);
    Some(over(who, other, How::CreateKey, "iam:CreateAccessKey", &grant, doubt))
}

/// One of them is for users with a password and one for those without; who has one is not read.
fn new_login(who: &Principal, other: &Principal) -> Option<Found> {
    let create = one(who, "iam:CreateLoginProfile", &other.arn).granted();
    let update = one(who, "iam:UpdateLoginProfile", &other.arn).granted();
    let (action, grant, doubt) = match (create, update) {
        (Some((grant, one)), Some((_, other))) => {
            ("iam:UpdateLoginProfile", grant, join([one, other]))
        }
        (Some((grant, doubt)), None) => {
            let has = "if the user has a password, it can't be changed".to_owned();
            ("iam:CreateLoginProfile", grant, join([doubt, Some(has)]))
        }
        (None, Some((grant, doubt))) => {
            let has = "the user may have no password to change".to_owned();
            ("iam:UpdateLoginProfile", grant, join([doubt, Some(has)]))
        }
        (None, None) => return None,
    };
    Some(over(who, other, How::SetLogin, action, &grant, doubt))
}

fn over(
    who: &Principal,
    other: &Principal,
    how: How,
    action: &str,
    grant: &Grant,
    doubt: Option<String>,
) -> Found {
    Found {
        from: who.arn.clone(),
        to: other.arn.clone(),
        how,
        reason: format!("{} may {action} on {}: {grant}", who.called(), other.called()),
        doubt,
    }
}

/// Writes or attaches a policy to itself or a group of its own, or a new version of one it has.
fn widens(who: &Principal, account: &Account) -> Vec<Found> {
    let (put, attach) = match who.is_user() {
        true => ("iam:PutUserPolicy", "iam:AttachUserPolicy"),
        false => ("iam:PutRolePolicy", "iam:AttachRolePolicy"),
    };
    let mut on: Vec<(&str, &str)> = vec![(put, &who.arn), (attach, &who.arn)];
    for group in &who.groups {
        on.extend([("iam:PutGroupPolicy", group.as_str()), ("iam:AttachGroupPolicy", group)]);
    }
    let managed = who.policies.iter().filter(|policy| policy.is_customer_managed());
    for arn in managed.filter_map(|policy| policy.arn.as_deref()) {
        on.extend([("iam:CreatePolicyVersion", arn), ("iam:SetDefaultPolicyVersion", arn)]);
    }
    on.into_iter()
        .filter_map(|(action, resource)| {
            let (grant, doubt) = full_access(who, action, resource, account).granted()?;
            let older = (action == "iam:SetDefaultPolicyVersion")
                .then(|| "an older version of the policy would have to allow more".to_owned());
            let what = format!("{action} on {}", short(resource));
            let doubt = join([doubt, older, keeps_boundary(who, who)]);
            Some(admin(who, account, &what, &grant, doubt))
        })
        .collect()
}

/// A new role that trusts it and has everything attached.
fn makes_role(who: &Principal, account: &Account) -> Option<Found> {
    let any = format!("arn:{}:iam::{}:role/*", account.partition, account.id);
    let ask = |action| Question { action, resource: Asked::any(&any), known: &[] };
    let (_, doubt) = may(who, &ask("iam:CreateRole")).granted()?;
    let ways = ["iam:AttachRolePolicy", "iam:PutRolePolicy"].into_iter().filter_map(|action| {
        let policy = full_access_policy(account);
        let known = [("iam:PolicyARN", policy.as_str())];
        let (grant, more) = may(who, &Question { known: &known, ..ask(action) }).granted()?;
        let what = format!("iam:CreateRole and {action}");
        Some(admin(who, account, &what, &grant, join([doubt.clone(), more])))
    });
    ways.min_by_key(|found| found.doubt.is_some())
}

/// Joins a group whose members have everything.
fn joins(who: &Principal, account: &Account) -> Option<Found> {
    let documents = who.policies.iter().map(|policy| policy.document.as_ref());
    if !who.is_user() || !mentions(documents, "iam:AddUserToGroup") {
        return None;
    }
    let strange = account.groups.iter().filter(|group| !who.groups.contains(&group.arn));
    let ways = strange.filter_map(|group| {
        let (grant, doubt) = one(who, "iam:AddUserToGroup", &group.arn).granted()?;
        let member = member(who, group);
        let more = widens(&member, account).into_iter().chain(makes_role(&member, account));
        let gained = more.min_by_key(|found| found.doubt.is_some())?;
        let what = format!("iam:AddUserToGroup on group {}, which has it all", group.name);
        Some(admin(who, account, &what, &grant, join([doubt, gained.doubt])))
    });
    ways.min_by_key(|found| found.doubt.is_some())
}

/// The principal as it would be in a group.
fn member(who: &Principal, group: &Group) -> Principal {
    let mut member = who.clone();
    let policies = group.policies.iter();
    member.policies.extend(policies.map(|policy| Policy {
        name: format!("{} of group {}", policy.name, group.name),
        ..policy.clone()
    }));
    member
}

/// A permissions boundary stays whatever is attached, unless it may be taken away.
fn keeps_boundary(who: &Principal, whose: &Principal) -> Option<String> {
    whose.boundary.as_ref()?;
    let action = match whose.is_user() {
        true => "iam:DeleteUserPermissionsBoundary",
        false => "iam:DeleteRolePermissionsBoundary",
    };
    match one(who, action, &whose.arn) {
        Answer::Allowed(_) => None,
        _ => Some(format!("the permissions boundary of {} stays", whose.called())),
    }
}

fn full_access(who: &Principal, action: &str, on: &str, account: &Account) -> Answer {
    let policy = full_access_policy(account);
    let known = [("iam:PolicyARN", policy.as_str())];
    may(who, &Question { action, resource: Asked::all(on), known: &known })
}

fn full_access_policy(account: &Account) -> String {
    format!("arn:{}:iam::aws:policy/AdministratorAccess", account.partition)
}

fn admin(
    who: &Principal,
    account: &Account,
    what: &str,
    grant: &Grant,
    doubt: Option<String>,
) -> Found {
    Found {
        from: who.arn.clone(),
        to: account.root(),
        how: How::Administer,
        reason: format!(
            "{} is as good as an administrator of account {}: it may {what}: {grant}",
            who.called(),
            account.id
        ),
        doubt,
    }
}

/// The part of an ARN after the account.
fn short(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}
