//! Loading policies: parsed, named, explained, validated against the schema, or not used at all.

use std::collections::BTreeMap;

use cedar_policy::{
    Authorizer, Entities, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator,
};
use miette::Diagnostic;
use serde::Serialize;

use super::freeze::{Freezes, Touching};
use super::limits::{LIMITS_FILE, Limits};
use super::problem::{PolicyProblem, PolicyProblems, Source};
use super::{Rule, Verdict, VerdictKind, request, write_back};
use crate::{ActionId, canonical, text};

/// The name that problems of the schema carry.
const SCHEMA: &str = "schema.cedarschema";
/// The last line of every policy file, so that a file cut short can't pass for a shorter one.
const END: &str = "// end";
/// Ids of rules that Firebreak itself gives.
const RESERVED: [&str; 3] = [super::decide::DEFAULT_DENY, super::decide::ERROR, UNUSABLE];
const UNUSABLE: &str = "policies-unusable";

/// A set of policies, ready to be asked, or the reason why everything is denied.
#[derive(Debug)]
pub struct Policies {
    version: String,
    limits: Limits,
    freezes: Freezes,
    state: State,
}

#[derive(Debug)]
enum State {
    Loaded(Box<Loaded>),
    Unusable(String),
}

/// Policies that passed every check.
#[derive(Debug)]
pub(super) struct Loaded {
    pub schema: Schema,
    pub policies: PolicySet,
    pub authorizer: Authorizer,
    /// The schema's actions and their groups.
    pub actions: Entities,
    rules: BTreeMap<PolicyId, Rule>,
}

impl Policies {
    /// Parses and checks policy files (`name`, `text`), caps (`limits.toml`) and freezes
    /// (`freezes.toml`, `*.ics`) among them, and the schema, all at once. Without caps nothing may run.
    ///
    /// Every policy carries an `@id` of its own and a `@reason`; templates are not taken; every
    /// file ends in the line `// end`; Cedar's warnings count as errors, for a rule that can
    /// never match is not a rule that somebody meant.
    ///
    /// # Errors
    /// Every problem found, with its place and a remedy.
    pub fn load<N: AsRef<str>, T: AsRef<str>>(
        files: &[(N, T)],
        schema: &str,
    ) -> Result<Self, PolicyProblems> {
        let sources = sorted(files);
        let mut problems = repeated(&sources);
        let parsed_schema = read_schema(schema).map_err(|found| problems.extend(found)).ok();
        let mut all = Collected::default();
        let mut limits = Limits::default();
        for source in &sources {
            if source.name == LIMITS_FILE {
                match Limits::read(*source) {
                    Ok(read) => limits = read,
                    Err(problem) => problems.push(problem),
                }
            } else if !Freezes::is_file(source.name) {
                all.read(*source, &mut problems);
            }
        }
        let freezes = Freezes::read(&sources, &mut problems);
        if problems.is_empty() && all.rules.is_empty() {
            problems.push(Source { name: "", text: "" }.at(
                None,
                None,
                "there is no policy at all",
                "put the shipped policies back; without any, everything is denied",
            ));
        }
        if let Some(schema) = &parsed_schema {
            all.validate(schema, &mut problems);
        }
        match (PolicyProblems::of(problems), parsed_schema) {
            (None, Some(parsed)) => {
                let actions = parsed.action_entities().unwrap_or_else(|_| Entities::empty());
                let state = State::Loaded(Box::new(Loaded {
                    schema: parsed,
                    policies: all.policies,
                    authorizer: Authorizer::new(),
                    actions,
                    rules: all.rules,
                }));
                Ok(Self { version: version(&sources, schema), limits, freezes, state })
            }
            (Some(problems), _) => Err(problems),
            (None, None) => {
                Err(PolicyProblems::of(vec![no_schema()]).expect("one problem is not none"))
            }
        }
    }

    /// Policies that deny everything, saying why. For when files are missing or don't load.
    pub fn deny_all(reason: impl Into<String>) -> Self {
        let reason = text::line(&reason.into(), text::LINE_CAP);
        let version = canonical::digest("firebreak policies unusable v1", &reason);
        Self {
            version,
            limits: Limits::default(),
            freezes: Freezes::default(),
            state: State::Unusable(reason),
        }
    }

    /// Loads, or denies everything and says why. Where only what says freezes is wrong, the policies
    /// hold, nothing is run, and what was done can still be undone.
    pub fn load_or_deny<N: AsRef<str>, T: AsRef<str>>(
        files: &[(N, T)],
        schema: &str,
    ) -> (Self, Option<PolicyProblems>) {
        match Self::load(files, schema) {
            Ok(policies) => (policies, None),
            Err(problems) => {
                let first = problems.list().first().map(ToString::to_string).unwrap_or_default();
                let policies = Self::without_freezes(files, schema, &problems, &first);
                (policies.unwrap_or_else(|| Self::deny_all(first)), Some(problems))
            }
        }
    }

    /// The policies with everything but undoing held, if the freezes are all that is wrong.
    fn without_freezes<N: AsRef<str>, T: AsRef<str>>(
        files: &[(N, T)],
        schema: &str,
        problems: &PolicyProblems,
        why: &str,
    ) -> Option<Self> {
        if !problems.list().iter().all(|problem| Freezes::is_file(&problem.file)) {
            return None;
        }
        let others: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_ref(), text.as_ref()))
            .filter(|(name, _)| !Freezes::is_file(name))
            .collect();
        let mut policies = Self::load(&others, schema).ok()?;
        policies.version = version(&sorted(files), schema);
        policies.freezes = Freezes::unusable(text::line(why, text::LINE_CAP));
        Some(policies)
    }

    /// SHA-256 over names and texts of all files and the schema, hex. It is part of what people
    /// sign, so a changed policy voids approvals.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How much may be changed. Policies that did not load let nothing run.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// When nothing is run.
    pub fn freezes(&self) -> &Freezes {
        &self.freezes
    }

    /// Why everything is denied; `None` when the policies are in force.
    pub fn unusable(&self) -> Option<&str> {
        match &self.state {
            State::Loaded(_) => None,
            State::Unusable(reason) => Some(reason),
        }
    }

    /// Every rule in force, by id.
    pub fn rules(&self) -> Vec<Rule> {
        match &self.state {
            State::Loaded(loaded) => loaded.rules.values().cloned().collect(),
            State::Unusable(_) => Vec::new(),
        }
    }

    /// What the policies say. The least number of approvals that is allowed decides; an evaluation
    /// error, and policies that did not load, deny. They are told which freezes it is in; whether one
    /// is in the way is asked of those ([`Verdict::under`]), for a verdict is kept and a freeze ends.
    pub fn decide(&self, question: &super::Question) -> Verdict {
        let freezes = self.freezes.around(&Touching::of(question), question.at);
        self.verdict_by(|loaded| loaded.decide(question, &freezes))
    }

    /// The verdict with the freezes in force at the question's time.
    pub fn decide_at(&self, question: &super::Question) -> Verdict {
        let frozen = self.freezes.frozen(&Touching::of(question), question.at);
        self.decide(question).under(&frozen)
    }

    pub(super) fn verdict_by(
        &self,
        decide: impl FnOnce(&Loaded) -> (VerdictKind, Vec<Rule>),
    ) -> Verdict {
        let (kind, rules) = match &self.state {
            State::Loaded(loaded) => decide(loaded),
            State::Unusable(reason) => (
                VerdictKind::Denied,
                vec![Rule {
                    id: UNUSABLE.to_owned(),
                    reason: format!("no usable policies, so everything is denied: {reason}"),
                }],
            ),
        };
        Verdict { kind, rules, policy_version: self.version.clone() }
    }
}

impl Loaded {
    /// The rule of a policy of this set.
    pub fn rule(&self, id: &PolicyId) -> Rule {
        self.rules
            .get(id)
            .cloned()
            .unwrap_or_else(|| Rule { id: id.to_string(), reason: "no reason given".to_owned() })
    }
}

/// Policies of all files so far, with the file and offset of each.
#[derive(Default)]
struct Collected<'a> {
    policies: PolicySet,
    rules: BTreeMap<PolicyId, Rule>,
    places: BTreeMap<PolicyId, (Source<'a>, Option<usize>)>,
}

impl<'a> Collected<'a> {
    fn read(&mut self, source: Source<'a>, problems: &mut Vec<PolicyProblem>) {
        let ended = source
            .text
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .is_some_and(|line| line.trim() == END);
        if !ended {
            problems.push(source.at(
                Some(source.text.len()),
                None,
                format!("the last line is not `{END}`: the file may have been cut short"),
                format!("restore the file, or add the line `{END}` if it is whole"),
            ));
        }
        let parsed: PolicySet = match source.text.parse() {
            Ok(parsed) => parsed,
            Err(errors) => return problems.extend(source.said_all(&errors, "correct the syntax")),
        };
        for template in parsed.templates() {
            problems.push(source.at(
                template.as_ref().loc().map(|loc| loc.start()),
                template.annotation("id"),
                "it is a template",
                "write the principal and resource out instead of ?principal and ?resource",
            ));
        }
        let mut found: Vec<&Policy> = parsed.policies().collect();
        found.sort_by_key(|policy| start(policy));
        for policy in found {
            match self.add(source, policy) {
                Ok(()) => {}
                Err(problem) => problems.push(problem),
            }
        }
    }

    fn add(&mut self, source: Source<'a>, policy: &Policy) -> Result<(), PolicyProblem> {
        let offset = start(policy);
        let id = policy.annotation("id").map(str::trim).filter(|id| !id.is_empty());
        let problem = |message: String, remedy: &str| Err(source.at(offset, id, message, remedy));
        let Some(id) = id else {
            return problem("it has no @id".to_owned(), "add @id(\"a-name-of-its-own\") above it");
        };
        let fits = id.len() <= 64
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !fits || RESERVED.contains(&id) {
            return problem(
                format!("{:?} can't be an @id", text::line(id, 64)),
                "use up to 64 lower-case letters, digits and hyphens, and no name that Firebreak uses itself",
            );
        }
        let key = PolicyId::new(id);
        if let Some((earlier, _)) = self.places.get(&key) {
            let message = format!("{} has a policy of the same @id", earlier.name);
            return problem(message, "give one of them another @id");
        }
        let reason = policy.annotation("reason").map(str::trim).filter(|reason| !reason.is_empty());
        let Some(reason) = reason else {
            return problem(
                "it has no @reason".to_owned(),
                "add @reason(\"…\"): people see it with every verdict",
            );
        };
        let rule = Rule { id: id.to_owned(), reason: text::line(reason, text::TITLE_CAP) };
        if let Err(error) = self.policies.add(policy.new_id(key.clone())) {
            return problem(error.to_string(), "give it another @id");
        }
        self.places.insert(key.clone(), (source, offset));
        self.rules.insert(key, rule);
        Ok(())
    }

    fn validate(&self, schema: &Schema, problems: &mut Vec<PolicyProblem>) {
        let result =
            Validator::new(schema.clone()).validate(&self.policies, ValidationMode::Strict);
        let mut found: Vec<PolicyProblem> = result
            .validation_errors()
            .map(|error| (error.policy_id(), error as &dyn Diagnostic))
            .chain(
                result
                    .validation_warnings()
                    .map(|warning| (warning.policy_id(), warning as &dyn Diagnostic)),
            )
            .filter_map(|(id, cedar)| {
                let (source, offset) = self.places.get(id)?;
                let remedy =
                    "compare it with schema.cedarschema, which lists what policies may ask about";
                let mut problem = source.said(cedar, Some(id.as_ref()), remedy);
                if problem.line == 0 {
                    let here = source.at(*offset, None, "", "");
                    (problem.line, problem.column) = (here.line, here.column);
                }
                // Cedar names the policy again in its own words.
                if let Some(rest) = problem.message.strip_prefix(&format!("for policy `{id}`, ")) {
                    problem.message = rest.to_owned();
                }
                Some(problem)
            })
            .collect();
        found.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        problems.extend(found);
    }
}

fn start(policy: &Policy) -> Option<usize> {
    policy.as_ref().loc().map(|loc| loc.start())
}

fn sorted<N: AsRef<str>, T: AsRef<str>>(files: &[(N, T)]) -> Vec<Source<'_>> {
    let mut sources: Vec<Source<'_>> = files
        .iter()
        .map(|(name, text)| Source { name: name.as_ref(), text: text.as_ref() })
        .collect();
    sources.sort_by_key(|source| source.name);
    sources
}

fn repeated(sources: &[Source<'_>]) -> Vec<PolicyProblem> {
    sources
        .windows(2)
        .filter(|pair| pair[0].name == pair[1].name)
        .map(|pair| pair[0].at(None, None, "two files have this name", "rename one of them"))
        .collect()
}

fn no_schema() -> PolicyProblem {
    Source { name: SCHEMA, text: "" }.at(
        None,
        None,
        "it can't be used",
        "put the shipped schema back",
    )
}

fn read_schema(text: &str) -> Result<Schema, Vec<PolicyProblem>> {
    let source = Source { name: SCHEMA, text };
    let remedy = "put the shipped schema back";
    let (schema, warnings) =
        Schema::from_cedarschema_str(text).map_err(|error| source.said_all(&error, remedy))?;
    let warnings: Vec<PolicyProblem> =
        warnings.map(|warning| source.said(&warning, None, remedy)).collect();
    if !warnings.is_empty() {
        return Err(warnings);
    }
    // A schema in which our own questions can't be asked would deny everything, later and in
    // worse words.
    let write_back = write_back::probe(&schema).err().map(|why| ("write_back".to_owned(), why));
    let unaskable: Vec<PolicyProblem> = ActionId::ALL
        .into_iter()
        .filter_map(|action| {
            request::probe(&schema, action).err().map(|why| (action.to_string(), why))
        })
        .chain(write_back)
        .map(|(action, why)| {
            source.at(None, None, format!("{action} can't be asked about: {why}"), remedy)
        })
        .collect();
    if unaskable.is_empty() { Ok(schema) } else { Err(unaskable) }
}

fn version(sources: &[Source<'_>], schema: &str) -> String {
    #[derive(Serialize)]
    struct Everything<'a> {
        files: BTreeMap<&'a str, &'a str>,
        schema: &'a str,
    }
    let files = sources.iter().map(|source| (source.name, source.text)).collect();
    canonical::digest("firebreak policies v1", &Everything { files, schema })
}
