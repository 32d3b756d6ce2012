//! Trust policies: who may assume a role, and which service may.

use super::account::{Account, Principal, PrincipalKind, account_of};
use super::answer::{Fit, join};
use super::condition::{self, Context};
use super::document::{Document, Effect, Principals, Statement};
use super::weigh::{Asked, Question, action_fits, context, may, mentions, weigh};
use crate::text;

const ASSUME: &str = "sts:AssumeRole";

/// Why a principal may assume a role: the words after "may sts:AssumeRole on …", and what is doubtful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trusted {
    pub(super) because: String,
    pub(super) doubt: Option<String>,
}

/// Who asks many roles, with what is the same each time.
pub(super) struct Asker<'a> {
    who: &'a Principal,
    context: Context,
    /// Whether a policy of its own allows it to assume anything.
    is_allowed: bool,
}

impl<'a> Asker<'a> {
    pub(super) fn new(who: &'a Principal) -> Self {
        let documents = who.policies.iter().map(|policy| policy.document.as_ref());
        Self { who, context: context(who, &[]), is_allowed: mentions(documents, ASSUME) }
    }
}

/// How a statement names a principal. The farther down, the more it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    No,
    /// Its account, which leaves it to that account's own policies.
    Account,
    /// Itself or everybody: nothing else is needed within the account.
    Itself,
}

/// Whether a principal may assume a role, by the role's trust policy and its own policies.
///
/// Within an account, a role that names a user or role needs no policy of theirs, only none that
/// denies; naming the account leaves it to them. A role that is named is still limited by its
/// permissions boundary, a user is not. Across accounts both sides must allow it ("Policy evaluation
/// for requests within a single account" and "Cross-account policy evaluation logic", IAM User Guide).
pub(super) fn may_assume(asker: &Asker<'_>, role: &Principal) -> Option<Trusted> {
    let who = asker.who;
    if who.arn == role.arn || role.is_service_linked() || who.is_service_linked() {
        return None;
    }
    let (named, doubts) = trusting(who, role, &asker.context)?;
    let ways = named.into_iter().filter_map(|(named, doubt)| {
        let mut trusted = own_side(asker, role, named)?;
        trusted.doubt = join(doubts.iter().cloned().map(Some).chain([doubt, trusted.doubt]));
        Some(trusted)
    });
    ways.min_by_key(|trusted| trusted.doubt.is_some())
}

/// Whether somebody of an account whose policies are not at hand may assume a role: the role's side
/// alone is known, so that it is never certain.
pub(super) fn may_enter(arn: &str, role: &Principal) -> Option<Trusted> {
    let is_user = arn.contains(":user/");
    let who = Principal {
        arn: arn.to_owned(),
        name: arn.rsplit('/').next().unwrap_or_default().to_owned(),
        kind: if is_user { PrincipalKind::User } else { PrincipalKind::Role },
        policies: Vec::new(),
        boundary: None,
        trust: None,
        groups: Vec::new(),
    };
    if role.is_service_linked() || !is_account(who.account()) {
        return None;
    }
    let (named, doubts) = trusting(&who, role, &context(&who, &[]))?;
    let (named, doubt) = named.into_iter().min_by_key(|(_, doubt)| doubt.is_some())?;
    let unread = format!("the policies of account {} are not read", who.account());
    let doubts = doubts.into_iter().map(Some).chain([doubt, Some(unread)]);
    Some(Trusted { because: named.words(&who, role), doubt: join(doubts) })
}

/// How a role names a principal, each way with its doubt, and doubts about all of them; `None` where
/// it does not, or denies it.
fn trusting(
    who: &Principal,
    role: &Principal,
    context: &Context,
) -> Option<(Vec<Way>, Vec<String>)> {
    let trust = role.trust.as_ref()?;
    let unread = trust.unread().map(|why| format!("its trust policy is not understood: {why}"));
    let (mut ways, mut doubts) = (Vec::new(), Vec::from_iter(unread));
    for statement in assuming(trust) {
        let Some(principals) = &statement.principals else { continue };
        let (named, fit) = names(principals, who);
        let fit = fit.and(|| condition::holds(&statement.conditions, context));
        match (statement.effect, fit) {
            (_, Fit::No) => {}
            (Effect::Deny, Fit::Yes) => return None,
            (Effect::Deny, Fit::Maybe(why)) => {
                doubts.push(format!("its trust policy may deny it: {why}"));
            }
            (Effect::Allow, Fit::Yes) => ways.push((named, None)),
            (Effect::Allow, Fit::Maybe(why)) => {
                ways.push((named, Some(format!("in its trust policy, {why}"))));
            }
        }
    }
    (!ways.is_empty()).then_some((ways, doubts))
}

/// What the principal's own policies say of a role that names it so.
fn own_side(asker: &Asker<'_>, role: &Principal, named: Named) -> Option<Trusted> {
    let Asker { who, context, is_allowed } = asker;
    let asked = Question { action: ASSUME, resource: Asked::all(&role.arn), known: &[] };
    let is_enough = named == Named::Itself && who.account() == role.account();
    if !is_enough && !is_allowed {
        return None;
    }
    let trusts = named.words(who, role);
    if !is_enough {
        let (grant, doubt) = may(who, &asked).granted()?;
        return Some(Trusted { because: format!("{grant}; {trusts}"), doubt });
    }
    let own = weigh(who.policies.iter(), &asked, context);
    let limit = who.boundary.as_ref().map(|boundary| weigh([boundary], &asked, context));
    if own.is_denied || limit.as_ref().is_some_and(|limit| limit.is_denied) {
        return None;
    }
    let limited = match limit {
        Some(limit) if who.is_user() => limit.doubt,
        Some(limit) if !limit.grants() && limit.doubt.is_none() => return None,
        Some(limit) if !limit.grants() => Some("it could not be read".to_owned()),
        Some(limit) => limit.answer().granted()?.1,
        None => None,
    };
    let limited = limited.map(|why| format!("in its permissions boundary, {why}"));
    Some(Trusted { because: trusts, doubt: join([own.doubt, limited]) })
}

/// A way to be named, and what is doubtful about it.
type Way = (Named, Option<String>);

impl Named {
    fn words(self, who: &Principal, role: &Principal) -> String {
        match self {
            Self::Itself => format!("the trust policy of {} names it", role.called()),
            _ => format!("its trust policy names account {}", who.account()),
        }
    }
}

/// Whether a service may assume a role, as to run what somebody hands to it.
pub(super) fn trusts_service(role: &Principal, service: &str, account: &Account) -> Fit {
    let Some(trust) = &role.trust else { return Fit::No };
    let context = Context::default()
        .with("aws:SourceAccount", &account.id)
        .with("aws:PrincipalIsAWSService", "true");
    let (mut allowed, mut denied) = (Fit::No, Fit::No);
    for statement in assuming(trust) {
        let Some(principals) = &statement.principals else { continue };
        let is_named = principals.named.iter().any(|(kind, value)| {
            kind == "Service" && (value == service || value.strip_suffix(".cn") == Some(service))
                || kind == "AWS" && value == "*"
        });
        let fit = Fit::of(is_named != principals.is_not)
            .and(|| condition::holds(&statement.conditions, &context));
        match statement.effect {
            Effect::Allow => allowed = allowed.or(|| fit),
            Effect::Deny => denied = denied.or(|| fit),
        }
    }
    let unread = trust.unread().map(|why| format!("its trust policy is not understood: {why}"));
    let may_deny = |why| format!("its trust policy may deny it: {why}");
    match (allowed, denied, unread) {
        (Fit::No, _, _) | (_, Fit::Yes, _) => Fit::No,
        (_, _, Some(why)) => Fit::Maybe(why),
        (Fit::Maybe(why), _, _) => Fit::Maybe(format!("in its trust policy, {why}")),
        (Fit::Yes, Fit::Maybe(why), _) => Fit::Maybe(may_deny(why)),
        (Fit::Yes, Fit::No, _) => Fit::Yes,
    }
}

fn assuming(trust: &Document) -> impl Iterator<Item = &Statement> {
    trust.statements.iter().filter(|one| action_fits(&one.actions, ASSUME) == Fit::Yes)
}

fn names(principals: &Principals, who: &Principal) -> (Named, Fit) {
    let (mut named, mut session) = (Named::No, None);
    for (kind, value) in &principals.named {
        if kind != "AWS" {
            continue;
        }
        if value == "*" || *value == who.arn {
            named = Named::Itself;
        } else if value == who.account() || is_root_of(value, who.account()) {
            named = named.max(Named::Account);
        } else if is_session_of(value, who) {
            session = Some(value);
        }
    }
    match (principals.is_not, named, session) {
        // "All but": whoever is not meant is as good as named by their account.
        (true, Named::No, None) => (Named::Account, Fit::Yes),
        (true, Named::No, Some(_)) => {
            (Named::Account, Fit::Maybe("it leaves a session out".into()))
        }
        (true, Named::Account, _) => {
            (Named::Account, Fit::Maybe("it leaves the account out".to_owned()))
        }
        (true, Named::Itself, _) => (Named::No, Fit::No),
        (false, Named::No, None) => (Named::No, Fit::No),
        (false, Named::No, Some(session)) => {
            let session = text::line(session, 120);
            (Named::Itself, Fit::Maybe(format!("only the session {session} is named")))
        }
        (false, named, _) => (named, Fit::Yes),
    }
}

fn is_root_of(arn: &str, account: &str) -> bool {
    account_of(arn) == account && arn.ends_with(":root") && arn.contains(":iam:")
}

/// `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`, which leaves out the path of the role.
fn is_session_of(arn: &str, who: &Principal) -> bool {
    let prefix = format!(":sts::{}:assumed-role/{}/", who.account(), who.name);
    !who.is_user() && arn.contains(&prefix)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
