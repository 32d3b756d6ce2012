//! Weighing policies against one question.

use std::borrow::Cow;

use super::account::{Policy, Principal};
use super::answer::{Answer, Fit, Grant, join};
use super::condition::{self, Context};
use super::document::{Document, Effect, Statement, Terms};
use super::glob::{covers, covers_any_case, overlap};
use crate::text;

/// What it would be done to.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pattern: &'a str,
    part_suffices: bool,
}

impl<'a> Asked<'a> {
    /// This one resource, or all that a pattern covers: allowed for a part of it, the answer is
    /// uncertain.
    pub fn all(pattern: &'a str) -> Self {
        Self { pattern, part_suffices: false }
    }

    /// Anything that a pattern covers: allowed for a part of it is allowed.
    pub fn any(pattern: &'a str) -> Self {
        Self { pattern, part_suffices: true }
    }
}

/// Whether a principal may do something.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// `sts:AssumeRole`
    pub action: &'a str,
    /// To what.
    pub resource: Asked<'a>,
    /// What is known of the request beyond who makes it: condition keys and their values.
    pub known: &'a [(&'a str, &'a str)],
}

/// What several policies say together.
#[derive(Debug, Clone, Default)]
pub(super) struct Weighed {
    pub(super) is_denied: bool,
    /// A deny that may fit, or a document that can't be read.
    pub(super) doubt: Option<String>,
    pub(super) allow: Option<Grant>,
    pub(super) maybe: Option<(Grant, String)>,
}

/// Whether a principal's own policies let it do something: an explicit deny wins, and a permissions
/// boundary must allow it too ("Evaluating identity-based policies with permissions boundaries").
pub fn may(principal: &Principal, question: &Question<'_>) -> Answer {
    let context = context(principal, question.known);
    let own = weigh(principal.policies.iter(), question, &context);
    let Some(boundary) = &principal.boundary else { return own.answer() };
    if own.is_denied || !own.grants() {
        return Answer::Denied;
    }
    let limit = weigh([boundary], question, &context);
    if limit.is_denied || (!limit.grants() && limit.doubt.is_none()) {
        return Answer::Denied;
    }
    let (own, limit) = (own.answer().granted(), limit.answer().granted());
    let Some((grant, doubt)) = own else { return Answer::Denied };
    let limited = match limit {
        Some((_, doubt)) => doubt.map(|doubt| format!("in its permissions boundary, {doubt}")),
        None => Some("its permissions boundary could not be read".to_owned()),
    };
    match join([doubt, limited]) {
        Some(doubt) => Answer::Uncertain(grant, doubt),
        None => Answer::Allowed(grant),
    }
}

/// What is known of whoever asks.
pub(super) fn context(principal: &Principal, known: &[(&str, &str)]) -> Context {
    let kind = if principal.is_user() { "User" } else { "AssumedRole" };
    let mut context = Context::default()
        .with("aws:PrincipalArn", &principal.arn)
        .with("aws:PrincipalAccount", principal.account())
        .with("aws:PrincipalType", kind)
        // Whoever could send it in the open could as well not.
        .with("aws:SecureTransport", "true")
        .with("aws:ViaAWSService", "false");
    if principal.is_user() {
        context = context.with("aws:username", &principal.name);
    }
    known.iter().fold(context, |context, (key, value)| context.with(key, *value))
}

pub(super) fn weigh<'a>(
    policies: impl IntoIterator<Item = &'a Policy>,
    question: &Question<'_>,
    context: &Context,
) -> Weighed {
    let mut weighed = Weighed::default();
    for policy in policies {
        let name = text::line(&policy.name, 80);
        if let Some(why) = &policy.document.unread {
            let doubt = format!("policy {name} is not understood: {why}");
            weighed.doubt.get_or_insert(doubt);
        }
        for statement in &policy.document.statements {
            let grant = || Grant { policy: policy.name.clone(), statement: statement.place };
            match (statement.effect, fits(statement, question, context)) {
                (_, Fit::No) => {}
                (Effect::Deny, Fit::Yes) => weighed.is_denied = true,
                (Effect::Deny, Fit::Maybe(why)) => {
                    let doubt = format!("{}, may deny it: {why}", grant());
                    weighed.doubt.get_or_insert(doubt);
                }
                (Effect::Allow, Fit::Yes) => {
                    weighed.allow.get_or_insert_with(grant);
                }
                (Effect::Allow, Fit::Maybe(why)) => {
                    weighed.maybe.get_or_insert_with(|| (grant(), why));
                }
            }
        }
    }
    weighed
}

impl Weighed {
    pub(super) fn grants(&self) -> bool {
        self.allow.is_some() || self.maybe.is_some()
    }

    pub(super) fn answer(self) -> Answer {
        let (grant, why) = match (self.is_denied, self.allow, self.maybe) {
            (true, _, _) | (_, None, None) => return Answer::Denied,
            (_, Some(grant), _) => (grant, None),
            (_, None, Some((grant, why))) => (grant, Some(why)),
        };
        match join([why, self.doubt]) {
            Some(doubt) => Answer::Uncertain(grant, doubt),
            None => Answer::Allowed(grant),
        }
    }
}

fn fits(statement: &Statement, question: &Question<'_>, context: &Context) -> Fit {
    action_fits(&statement.actions, question.action)
        .and(|| match &statement.resources {
            Some(terms) => resource_fits(terms, statement.effect, question.resource, context),
            None => Fit::Yes,
        })
        .and(|| condition::holds(&statement.conditions, context))
}

pub(super) fn action_fits(terms: &Terms, action: &str) -> Fit {
    let named = terms.patterns.iter().any(|pattern| covers_any_case(pattern, action));
    Fit::of(named != terms.is_not)
}

/// Whether some statement of these allows an action to somebody on something: a quick no.
pub(super) fn mentions<'a>(
    mut documents: impl Iterator<Item = &'a Document>,
    action: &str,
) -> bool {
    documents.any(|document| {
        document.statements.iter().any(|statement| {
            statement.effect == Effect::Allow && action_fits(&statement.actions, action) == Fit::Yes
        })
    })
}

fn resource_fits(terms: &Terms, effect: Effect, asked: Asked<'_>, context: &Context) -> Fit {
    let mut part = None;
    let mut fit = Fit::No;
    for pattern in &terms.patterns {
        let Some((pattern, is_known)) = filled(pattern, context) else { continue };
        if covers(&pattern, asked.pattern) {
            let why = || format!("it depends on a variable in {}", text::line(&pattern, 120));
            fit = fit.or(|| if is_known { Fit::Yes } else { Fit::Maybe(why()) });
        } else if overlap(&pattern, asked.pattern) {
            part.get_or_insert_with(|| text::line(&pattern, 120));
        }
    }
    // Of a part: what is named is the part, or all but the part.
    let whole = |part: String| match (effect, asked.part_suffices) {
        (Effect::Allow, true) => Fit::Yes,
        (Effect::Allow, false) if terms.is_not => Fit::Maybe(format!("all but {part} is allowed")),
        (Effect::Allow, false) => Fit::Maybe(format!("only {part} is allowed")),
        (Effect::Deny, _) if terms.is_not => Fit::Maybe(format!("all but {part} is denied")),
        (Effect::Deny, _) => Fit::Maybe(format!("{part} is denied")),
    };
    match (terms.is_not, fit, part) {
        (false, Fit::Yes, _) => Fit::Yes,
        (true, Fit::Yes, _) => Fit::No,
        (_, _, Some(part)) => whole(part),
        (false, fit, None) => fit,
        (true, fit, None) => fit.not(),
    }
}

/// A pattern with its variables filled in, and whether all of them were known: those that are not
/// stand for anything. `None` where a variable has no value, so that nothing fits: a role has no
/// user name ("IAM policy elements: Variables and tags").
fn filled<'a>(pattern: &'a str, context: &Context) -> Option<(Cow<'a, str>, bool)> {
    if !pattern.contains("${") {
        return Some((Cow::Borrowed(pattern), true));
    }
    let (mut text, mut is_known, mut rest) = (String::new(), true, pattern);
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        text.push_str(before);
        match context.get(name) {
            Some(value) => text.push_str(value),
            None if name.eq_ignore_ascii_case("aws:username") => return None,
            None => {
                is_known = false;
                text.push('*');
            }
        }
        rest = after;
    }
    text.push_str(rest);
    Some((Cow::Owned(text), is_known))
}
