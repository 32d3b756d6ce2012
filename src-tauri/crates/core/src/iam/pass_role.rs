//! Handing a role to a service that then runs what one wants: `iam:PassRole` and what it takes
//! besides, as PMapper's checkers for EC2, Lambda, CloudFormation, CodeBuild, Glue and SageMaker
//! have it, and ECS.

use super::account::{Account, Principal};
use super::answer::{Answer, Fit, Grant, join};
use super::found::{Found, How};
use super::trust::trusts_service;
use super::weigh::{Asked, Question, may, mentions};

/// One way. `{p}` and `{a}` stand for partition and account.
struct Way {
    service: &'static str,
    /// Whether the role must be passed, or stands where it is already.
    passes: bool,
    needs: &'static [(&'static str, &'static str)],
    /// Without it, it is uncertain.
    helps: Option<(&'static str, &'static str)>,
    /// What is never known of this way.
    unknown: Option<&'static str>,
    words: &'static str,
}

const WAYS: &[Way] = &[
    Way {
        service: "ec2.amazonaws.com",
        passes: true,
        needs: &[
            ("ec2:RunInstances", "arn:{p}:ec2:*:{a}:instance/*"),
            ("ec2:RunInstances", "arn:{p}:ec2:*::image/*"),
            ("ec2:RunInstances", "arn:{p}:ec2:*:{a}:subnet/*"),
            ("ec2:RunInstances", "arn:{p}:ec2:*:{a}:network-interface/*"),
            ("ec2:RunInstances", "arn:{p}:ec2:*:{a}:volume/*"),
        ],
        helps: None,
        unknown: None,
        words: "run an instance as",
    },
    Way {
        service: "lambda.amazonaws.com",
        passes: true,
        needs: &[("lambda:CreateFunction", "arn:{p}:lambda:*:{a}:function:*")],
        helps: Some(("lambda:InvokeFunction", "arn:{p}:lambda:*:{a}:function:*")),
        unknown: None,
        words: "make a function that runs as",
    },
    Way {
        service: "lambda.amazonaws.com",
        passes: false,
        needs: &[("lambda:UpdateFunctionCode", "arn:{p}:lambda:*:{a}:function:*")],
        helps: None,
        unknown: Some("which functions run as it is not read"),
        words: "change the code of a function that runs as",
    },
    Way {
        service: "cloudformation.amazonaws.com",
        passes: true,
        needs: &[("cloudformation:CreateStack", "arn:{p}:cloudformation:*:{a}:stack/*")],
        helps: None,
        unknown: None,
        words: "make a stack that acts as",
    },
    Way {
        service: "ecs-tasks.amazonaws.com",
        passes: true,
        needs: &[
            ("ecs:RegisterTaskDefinition", "*"),
            ("ecs:RunTask", "arn:{p}:ecs:*:{a}:task-definition/*"),
        ],
        helps: None,
        unknown: None,
        words: "run a task as",
    },
    Way {
        service: "codebuild.amazonaws.com",
        passes: true,
        needs: &[
            ("codebuild:CreateProject", "arn:{p}:codebuild:*:{a}:project/*"),
            ("codebuild:StartBuild", "arn:{p}:codebuild:*:{a}:project/*"),
        ],
        helps: None,
        unknown: None,
        words: "run a build as",
    },
    Way {
        service: "glue.amazonaws.com",
        passes: true,
        needs: &[("glue:CreateJob", "arn:{p}:glue:*:{a}:job/*")],
        helps: Some(("glue:StartJobRun", "arn:{p}:glue:*:{a}:job/*")),
        unknown: None,
        words: "run a job as",
    },
    Way {
        service: "sagemaker.amazonaws.com",
        passes: true,
        needs: &[
            ("sagemaker:CreateNotebookInstance", "arn:{p}:sagemaker:*:{a}:notebook-instance/*"),
            (
                "sagemaker:CreatePresignedNotebookInstanceUrl",
                "arn:{p}:sagemaker:*:{a}:notebook-instance/*",
            ),
        ],
        helps: None,
        unknown: None,
        words: "open a notebook that runs as",
    },
];

const NEW_PROFILE: &[(&str, &str)] = &[
    ("iam:CreateInstanceProfile", "arn:{p}:iam::{a}:instance-profile/*"),
    ("iam:AddRoleToInstanceProfile", "arn:{p}:iam::{a}:instance-profile/*"),
];

/// Every role of an account that a principal of it can have a service run as; of each, its surest way.
pub(super) fn passes(who: &Principal, account: &Account) -> Vec<Found> {
    let ways: Vec<(&Way, Grant, Option<String>)> =
        WAYS.iter().filter_map(|way| means(who, account, way)).collect();
    if ways.is_empty() {
        return Vec::new();
    }
    let roles = account
        .principals
        .iter()
        .filter(|role| role.trust.is_some() && role.arn != who.arn && !role.is_service_linked());
    roles
        .filter_map(|role| {
            let found = ways.iter().filter_map(|(way, grant, doubt)| {
                hands(who, role, account, way, grant, doubt.clone())
            });
            found.min_by_key(|found| found.doubt.is_some())
        })
        .collect()
}

/// What a way takes besides the role.
fn means<'a>(
    who: &Principal,
    account: &Account,
    way: &'a Way,
) -> Option<(&'a Way, Grant, Option<String>)> {
    let documents = || who.policies.iter().map(|policy| policy.document.as_ref());
    let actions = way.needs.iter().map(|(action, _)| *action);
    let passing = way.passes.then_some("iam:PassRole");
    if !actions.chain(passing).all(|action| mentions(documents(), action)) {
        return None;
    }
    let (grant, doubt) = all(who, account, way.needs)?;
    let help =
        way.helps.and_then(|(action, pattern)| match all(who, account, &[(action, pattern)]) {
            Some((_, doubt)) => doubt,
            None => {
                Some(format!("no policy lets it {action}, so that somebody else must start it"))
            }
        });
    let unknown = way.unknown.map(ToOwned::to_owned);
    Some((way, grant, join([doubt, help, unknown])))
}

fn hands(
    who: &Principal,
    role: &Principal,
    account: &Account,
    way: &Way,
    grant: &Grant,
    doubt: Option<String>,
) -> Option<Found> {
    let trust = match trusts_service(role, way.service, account) {
        Fit::No => return None,
        Fit::Yes => None,
        Fit::Maybe(why) => Some(why),
    };
    let action = way.needs[0].0;
    let (with, passed) = match way.passes {
        false => (format!("{action} by {grant}"), None),
        true => {
            let known = [("iam:PassedToService", way.service)];
            let asked =
                Question { action: "iam:PassRole", resource: Asked::all(&role.arn), known: &known };
            let (pass, doubt) = may(who, &asked).granted()?;
            (format!("iam:PassRole by {pass}, and {action} by {grant}"), doubt)
        }
    };
    let has_profile = account.profiles.values().any(|arn| *arn == role.arn);
    let profile = match way.service == "ec2.amazonaws.com" && !has_profile {
        true => all(who, account, NEW_PROFILE)?.1,
        false => None,
    };
    Some(Found {
        from: who.arn.clone(),
        to: role.arn.clone(),
        how: How::PassRole,
        reason: format!("{} may {} {}: {with}", who.called(), way.words, role.called()),
        doubt: join([passed, trust, profile, doubt]),
    })
}

/// Whether all of this may be done somewhere in the account: the first grant, and every doubt.
fn all(
    who: &Principal,
    account: &Account,
    needs: &[(&str, &str)],
) -> Option<(Grant, Option<String>)> {
    let mut answers = Vec::new();
    for (action, pattern) in needs {
        let pattern = pattern.replace("{p}", &account.partition).replace("{a}", &account.id);
        let asked = Question { action, resource: Asked::any(&pattern), known: &[] };
        match may(who, &asked) {
            Answer::Denied => return None,
            other => answers.extend(other.granted()),
        }
    }
    let first = answers.first()?.0.clone();
    Some((first, join(answers.into_iter().map(|(_, doubt)| doubt))))
}
