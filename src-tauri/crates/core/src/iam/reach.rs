//! The walk: from an incident's assets along what policies allow, and no farther than is asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::access::{kind_of, named_in, touches};
use super::account::{Account, Machine, Principal};
use super::answer::{Answer, join};
use super::escalate::{administers, takes_over, widens_other};
use super::found::{Found, How};
use super::pass_role::passes;
use super::trust::{Asker, may_assume, may_enter};
use super::weigh::{Asked, Question, may, mentions};
use crate::asset::{Around, Edge, Neighbour, Neighbourhood};
use crate::{AssetId, text};

/// Identities whose policies are weighed for one incident.
const MOST_WEIGHED: usize = 200;
/// Edges kept around one incident.
const MOST_EDGES: usize = 400;
/// Things that policies are asked about for one incident.
const MOST_THINGS: usize = 500;

/// Something that holds data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing {
    /// Its ARN.
    pub id: AssetId,
    /// Whose it is, where that is known.
    pub account: Option<String>,
}

/// Where the walk begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// An identity's ARN, an instance, an access key.
    pub id: AssetId,
    /// The name of the user that an access key belongs to, and that user's account.
    pub owner: Option<(String, String)>,
}

/// The accounts that were read, ready to be walked.
pub struct Reachability<'a> {
    accounts: &'a [Arc<Account>],
    things: BTreeSet<Thing>,
    principals: HashMap<&'a str, (&'a Principal, &'a Account)>,
    machines: HashMap<&'a str, (&'a Machine, &'a Account)>,
}

impl<'a> Reachability<'a> {
    /// Over these accounts, with the things that are known to be there. Things that policies name
    /// outright are found by themselves.
    pub fn new(accounts: &'a [Arc<Account>], things: impl IntoIterator<Item = Thing>) -> Self {
        let each = || accounts.iter().map(Arc::as_ref);
        let principals = each()
            .flat_map(|account| account.principals.iter().map(move |one| (one, account)))
            .map(|(one, account)| (one.arn.as_str(), (one, account)));
        let machines = each()
            .flat_map(|account| account.machines.iter().map(move |one| (one, account)))
            .map(|(one, account)| (one.id.as_str(), (one, account)));
        let things = things.into_iter().filter(|thing| kind_of(thing.id.as_str()).is_some());
        Self {
            accounts,
            things: things.take(MOST_THINGS).collect(),
            principals: principals.collect(),
            machines: machines.collect(),
        }
    }

    /// Walks so many hops from the starts, along what is found and along what sources said already.
    pub fn around(&self, starts: &[Start], said: &[Edge], hops: u32) -> Around {
        let mut onward: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for edge in said {
            onward.entry(edge.from.as_str()).or_default().push(edge.to.as_str());
        }
        let mut walk = Walk::default();
        let mut frontier = Vec::new();
        for start in starts {
            walk.seen.insert(start.id.as_str().to_owned());
            frontier.push(start.id.as_str().to_owned());
            if let Some(user) = start.owner.as_ref().and_then(|owner| self.user(owner)) {
                walk.take(vec![key_of(&start.id, user)]);
                frontier.push(user.arn.clone());
                walk.seen.insert(user.arn.clone());
            }
        }
        for _ in 0..hops {
            let mut next = Vec::new();
            for from in std::mem::take(&mut frontier) {
                let found =
                    if walk.weighed < MOST_WEIGHED { self.onward(&from) } else { Vec::new() };
                walk.is_cut |= walk.weighed == MOST_WEIGHED;
                walk.weighed += usize::from(!found.is_empty());
                let told = onward.get(from.as_str()).into_iter().flatten();
                let ends = told.map(|to| (*to).to_owned()).chain(walk.take(found));
                next.extend(ends.collect::<Vec<_>>());
            }
            next.retain(|id| walk.seen.insert(id.clone()));
            frontier = next;
        }
        self.drawn(walk)
    }

    fn user(&self, (name, account): &(String, String)) -> Option<&'a Principal> {
        let account = self.accounts.iter().find(|one| one.id == *account)?;
        account.principals.iter().find(|one| one.is_user() && one.name == *name)
    }

    /// Everything that can be done from one asset.
    fn onward(&self, from: &str) -> Vec<Found> {
        if let Some((machine, account)) = self.machines.get(from) {
            return self.runs_as(machine, account);
        }
        if let Some((who, account)) = self.principals.get(from) {
            return self.acts(who, account);
        }
        if let Some(account) = self.accounts.iter().find(|account| account.root() == from) {
            return self.owns(account);
        }
        match from.contains(":iam::") || from.contains(":sts::") {
            true => self.enters(from),
            false => Vec::new(),
        }
    }

    fn acts(&self, who: &Principal, account: &Account) -> Vec<Found> {
        if who.is_service_linked() {
            return Vec::new();
        }
        let mut found = self.assumes(who);
        let admin = administers(who, account);
        if admin.as_ref().is_none_or(|admin| admin.doubt.is_some()) {
            // An administrator gets at all of it by way of the account.
            found.extend(passes(who, account));
            found.extend(takes_over(who, account));
            found.extend(commands(who, account));
            let through = found.iter().filter_map(|one| {
                let (other, its) = self.principals.get(one.to.as_str())?;
                (its.id == account.id)
                    .then(|| widens_other(who, other, account, one.doubt.clone()))?
            });
            let best = through.chain(admin).min_by_key(|one| one.doubt.is_some());
            found.extend(best);
        } else {
            found.extend(admin);
        }
        found.extend(touches(who, account, &self.things_for(who)));
        found
    }

    fn assumes(&self, who: &Principal) -> Vec<Found> {
        let roles = self.accounts.iter().flat_map(|account| &account.principals);
        let asker = Asker::new(who);
        roles
            .filter_map(|role| {
                let trusted = may_assume(&asker, role)?;
                Some(Found {
                    from: who.arn.clone(),
                    to: role.arn.clone(),
                    how: How::Assume,
                    reason: format!(
                        "{} may sts:AssumeRole on {}: {}",
                        who.called(),
                        role.called(),
                        trusted.because
                    ),
                    doubt: trusted.doubt,
                })
            })
            .collect()
    }

    /// Somebody of an account that is not read.
    fn enters(&self, from: &str) -> Vec<Found> {
        let roles = self.accounts.iter().flat_map(|account| &account.principals);
        roles
            .filter_map(|role| {
                let trusted = may_enter(from, role)?;
                let reason = format!(
                    "{} may sts:AssumeRole on {}: {}",
                    text::line(from, 120),
                    role.called(),
                    trusted.because
                );
                let (from, to) = (from.to_owned(), role.arn.clone());
                Some(Found { from, to, how: How::Assume, reason, doubt: trusted.doubt })
            })
            .collect()
    }

    fn runs_as(&self, machine: &Machine, account: &Account) -> Vec<Found> {
        let role = account.profiles.get(&machine.profile);
        let role = role.and_then(|arn| self.principals.get(arn.as_str()));
        let found = role.map(|(role, _)| Found {
            from: machine.id.clone(),
            to: role.arn.clone(),
            how: How::Profile,
            reason: format!(
                "whoever is on {} has the credentials of {}: its instance profile {}",
                machine.id,
                role.called(),
                text::line(machine.profile.rsplit('/').next().unwrap_or_default(), 80)
            ),
            doubt: None,
        });
        found.into_iter().collect()
    }

    /// An administrator has whatever there is.
    fn owns(&self, account: &Account) -> Vec<Found> {
        let others = account.principals.iter().filter(|one| !one.is_service_linked());
        let all = self.things.iter().filter(|thing| thing.account.as_ref() == Some(&account.id));
        let own = |to: &str| Found {
            from: account.root(),
            to: to.to_owned(),
            how: How::Administer,
            reason: format!("an administrator of account {} has all that is in it", account.id),
            doubt: None,
        };
        let machines = account.machines.iter().map(|machine| own(&machine.id));
        let things = all.map(|thing| own(thing.id.as_str()));
        things.chain(others.map(|one| own(&one.arn))).chain(machines).collect()
    }

    /// The known things, and those that its policies name.
    fn things_for(&self, who: &Principal) -> BTreeSet<Thing> {
        let mut things = self.things.clone();
        let resources = who.policies.iter().flat_map(|policy| policy.document.resources());
        for id in resources.filter_map(named_in) {
            if things.len() >= MOST_THINGS {
                break;
            }
            if !things.iter().any(|thing| thing.id == id) {
                things.insert(Thing { id, account: None });
            }
        }
        things
    }

    fn drawn(&self, walk: Walk) -> Around {
        let ends: BTreeSet<&str> =
            walk.found.iter().flat_map(|one| [one.from.as_str(), one.to.as_str()]).collect();
        let nodes = ends.into_iter().map(|id| self.node(id)).collect();
        let edges = walk.found.iter().map(Found::edge).collect();
        let uncertain = walk.found.iter().filter(|one| one.doubt.is_some()).count();
        let found = Neighbourhood { nodes, edges };
        Around { found, uncertain, is_cut: walk.is_cut }
    }

    fn node(&self, id: &str) -> Neighbour {
        let last = id.rsplit([':', '/']).next().unwrap_or(id);
        let (name, kind) = if let Some((one, _)) = self.principals.get(id) {
            (one.name.as_str(), if one.is_user() { "IAM user" } else { "IAM role" })
        } else if let Some((machine, _)) = self.machines.get(id) {
            (machine.name.as_deref().unwrap_or(id), "EC2 instance")
        } else if let Some(account) = self.accounts.iter().find(|account| account.root() == id) {
            (account.id.as_str(), "AWS account")
        } else if let Some(kind) = kind_of(id) {
            (last, kind)
        } else {
            (last, if id.starts_with("AKIA") { "access key" } else { "identity" })
        };
        Neighbour {
            id: AssetId::new(id),
            name: text::line(name, text::TITLE_CAP),
            kind: kind.to_owned(),
            external: false,
            crown_jewel: false,
        }
    }
}

#[derive(Default)]
struct Walk {
    seen: BTreeSet<String>,
    found: Vec<Found>,
    weighed: usize,
    is_cut: bool,
}

impl Walk {
    /// Keeps what there is room for; answers where it leads.
    fn take(&mut self, found: Vec<Found>) -> Vec<String> {
        let room = MOST_EDGES.saturating_sub(self.found.len());
        self.is_cut |= found.len() > room;
        let ends = found.iter().take(room).map(|one| one.to.clone()).collect();
        self.found.extend(found.into_iter().take(room));
        ends
    }
}

fn key_of(key: &AssetId, user: &Principal) -> Found {
    Found {
        from: key.as_str().to_owned(),
        to: user.arn.clone(),
        how: How::OwnKey,
        reason: format!("the key belongs to {}", user.called()),
        doubt: None,
    }
}

/// Instances that it can run commands on by Systems Manager, as PMapper's checker for it has it: the
/// instance's role must let the agent on it answer.
fn commands(who: &Principal, account: &Account) -> Vec<Found> {
    const WAYS: [&str; 2] = ["ssm:SendCommand", "ssm:StartSession"];
    let documents = || who.policies.iter().map(|policy| policy.document.as_ref());
    let ways: Vec<&str> = WAYS.into_iter().filter(|action| mentions(documents(), action)).collect();
    let mut found = Vec::new();
    for machine in account.machines.iter().filter(|_| !ways.is_empty()) {
        let Some(answers) = agent_answers(machine, account) else { continue };
        let on = format!(
            "arn:{}:ec2:{}:{}:instance/{}",
            account.partition, machine.region, account.id, machine.id
        );
        let best = ways
            .iter()
            .filter_map(|action| {
                let asked = Question { action, resource: Asked::all(&on), known: &[] };
                may(who, &asked).granted().map(|(grant, doubt)| (action, grant, doubt))
            })
            .min_by_key(|(_, _, doubt)| doubt.is_some());
        let Some((action, grant, doubt)) = best else { continue };
        found.push(Found {
            from: who.arn.clone(),
            to: machine.id.clone(),
            how: How::RunCommand,
            reason: format!("{} may {action} on {}: {grant}", who.called(), machine.id),
            doubt: join([doubt, answers]),
        });
    }
    found
}

/// Whether the agent on an instance may talk to Systems Manager; what is doubtful about it.
fn agent_answers(machine: &Machine, account: &Account) -> Option<Option<String>> {
    let arn = account.profiles.get(&machine.profile)?;
    let role = account.principals.iter().find(|one| one.arn == *arn)?;
    let action = "ssmmessages:CreateControlChannel";
    match may(role, &Question { action, resource: Asked::any("*"), known: &[] }) {
        Answer::Denied => None,
        Answer::Allowed(_) => Some(None),
        Answer::Uncertain(_, doubt) => {
            Some(Some(format!("its agent may not be able to answer: {doubt}")))
        }
    }
}
