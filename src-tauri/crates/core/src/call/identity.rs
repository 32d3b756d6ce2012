//! A user or role by the name that IAM's calls take.

use serde::{Deserialize, Serialize};

/// Longest name of a user or role (IAM's quotas).
const NAME_CAP: usize = 64;
/// Longest path and name together.
const PATH_CAP: usize = 576;

/// An IAM user or role. Names are unique in an account, whatever the path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityRef {
    /// A user's name.
    User(String),
    /// A role's name.
    Role(String),
}

impl IdentityRef {
    /// Reads an ARN of a user, a role or a role's session, and the account in it. `None` for any
    /// other text, root among it. ARNs are an alert's text: only what IAM could have written is
    /// taken (characters of the API reference of `CreateUser` and `CreateRole`).
    pub fn from_arn(arn: &str) -> Option<(&str, Self)> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let &["arn", partition, service, "", account, resource] = parts.as_slice() else {
            return None;
        };
        let aws = partition == "aws" || partition.starts_with("aws-");
        let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let (kind, path) = resource.split_once('/')?;
        if !aws || !digits || path.len() > PATH_CAP {
            return None;
        }
        let name = match (service, kind) {
            ("iam", "user" | "role") => path.rsplit('/').next()?,
            ("sts", "assumed-role") => path.split('/').next()?,
            _ => return None,
        };
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte);
        if name.is_empty() || name.len() > NAME_CAP || !path.bytes().all(legal) {
            return None;
        }
        let name = name.to_owned();
        Some((account, if kind == "user" { Self::User(name) } else { Self::Role(name) }))
    }

    /// `deploy-bot`.
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Role(name) => name,
        }
    }

    /// Whether one of these ARNs is this identity, or a session of this role. Only the last part
    /// of a path is compared, for not every ARN of ours has its path.
    pub fn is_among(&self, arns: &[String]) -> bool {
        arns.iter().any(|arn| Self::from_arn(arn).is_some_and(|(_, other)| other == *self))
    }
}

impl std::fmt::Display for IdentityRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(name) => write!(f, "user {name}"),
            Self::Role(name) => write!(f, "role {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IdentityRef;

    #[test]
    fn only_what_iam_could_have_written_is_an_identity() {
        let read =
            |arn: &str| IdentityRef::from_arn(arn).map(|(account, who)| format!("{account} {who}"));
        for (arn, expected) in [
            ("arn:aws:iam::123456789012:user/deploy-bot", "123456789012 user deploy-bot"),
            ("arn:aws:iam::123456789012:user/ops/eu/deploy-bot", "123456789012 user deploy-bot"),
            ("arn:aws-cn:iam::123456789012:role/web", "123456789012 role web"),
            ("arn:aws:sts::123456789012:assumed-role/web/i-0c41", "123456789012 role web"),
            ("arn:aws:iam::123456789012:role/a=b,c.d@e+f_g", "123456789012 role a=b,c.d@e+f_g"),
        ] {
            assert_eq!(read(arn).as_deref(), Some(expected), "{arn}");
        }
        for other in [
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::12345678901:user/deploy-bot",
            "arn:aws:iam::123456789012:group/admins",
            "arn:aws:iam:eu-central-1:123456789012:user/deploy-bot",
            "arn:aws:s3:::user/deploy-bot",
            "arn:evil:iam::123456789012:user/deploy-bot",
            "arn:aws:iam::123456789012:user/deploy bot",
            "arn:aws:iam::123456789012:user/x\u{202e}y",
            "deploy-bot",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        let long = format!("arn:aws:iam::123456789012:user/{}", "x".repeat(65));
        assert_eq!(read(&long), None);
    }

    #[test]
    fn a_session_is_its_role() {
        let arns = ["arn:aws:sts::123456789012:assumed-role/responder/ir".to_owned()];
        assert!(IdentityRef::Role("responder".to_owned()).is_among(&arns));
        assert!(!IdentityRef::User("responder".to_owned()).is_among(&arns));
        assert!(!IdentityRef::Role("ir".to_owned()).is_among(&arns));
    }
}
