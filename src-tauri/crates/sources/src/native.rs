//! The one form in which an asset's native id is written, so that a finding, a neighbour and a
//! cloud read of the same thing meet.
//!
//! - Things of EC2 go by their resource id: `i-…`, `sg-…`, `vol-…`, `eni-…`, `vpc-…`, `subnet-…`.
//! - Access keys go by their id: `AKIA…`, `ASIA…`.
//! - Everything else on AWS goes by its ARN: users, roles, buckets (`arn:aws:s3:::name`), functions.
//! - Ids of other clouds stay as they are.
//!
//! ARN formats: the AWS Service Authorization Reference.

use firebreak_core::finding::ResourceKind;

use crate::fields::opaque;

/// A native id in canonical form, with what the id itself tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeId {
    /// Canonical.
    pub id: String,
    /// What it is, when the id says.
    pub kind: Option<ResourceKind>,
    /// `AWS` when it is an id of AWS.
    pub platform: Option<&'static str>,
    /// The account in the ARN.
    pub account: Option<String>,
    /// The region in the ARN; `global` for services that have none.
    pub region: Option<String>,
}

/// Brings an id into canonical form. What is not recognised stays as it is, made harmless.
pub fn canonical(text: &str) -> NativeId {
    let text = text.trim();
    arn(text).or_else(|| bare(text)).unwrap_or_else(|| NativeId {
        id: opaque(text),
        kind: None,
        platform: None,
        account: None,
        region: None,
    })
}

/// Whether the text is an id as a cloud writes it, as far as its form tells: AWS as in
/// [`canonical`], Azure `/subscriptions/…`, Google `//service/…` and `projects/…`.
pub fn is_cloud_form(text: &str) -> bool {
    let text = text.trim();
    let lower = text.get(..40.min(text.len())).unwrap_or(text).to_ascii_lowercase();
    canonical(text).platform.is_some()
        || lower.starts_with("/subscriptions/")
        || lower.starts_with("projects/")
        || (lower.starts_with("//") && lower.contains(".googleapis.com/"))
}

/// The network that a source says something is in; `None` for what is no VPC's id.
pub fn vpc(text: &str) -> Option<String> {
    let own = canonical(text);
    (own.platform.is_some() && own.id.starts_with("vpc-")).then_some(own.id)
}

/// The ARN of an EC2 instance known by its resource id; Wiz's graph knows it by ARN.
pub fn instance_arn(id: &str, account: &str, region: &str) -> String {
    let partition = match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    format!("arn:{partition}:ec2:{region}:{account}:instance/{id}")
}

/// The ARN of a bucket known by its name alone, when that can be a bucket's name.
pub fn bucket_arn(name: &str, region: Option<&str>) -> Option<String> {
    let legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    let partition = match region {
        Some(region) if region.starts_with("cn-") => "aws-cn",
        Some(region) if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    ((3..=63).contains(&name.len()) && name.bytes().all(legal))
        .then(|| format!("arn:{partition}:s3:::{name}"))
}

fn arn(text: &str) -> Option<NativeId> {
    let mut parts = text.splitn(6, ':');
    parts.next().filter(|head| *head == "arn")?;
    let partition = parts.next().filter(|partition| {
        *partition == "aws" || (partition.starts_with("aws-") && partition.len() < 20)
    })?;
    let (service, region, account) = (parts.next()?, parts.next()?, parts.next()?);
    let resource = parts.next().filter(|resource| !resource.is_empty())?;
    let word = |text: &str| {
        text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && text.len() < 64
    };
    let account_ok = account.len() <= 12 && account.bytes().all(|b| b.is_ascii_digit());
    if service.is_empty()
        || !word(partition)
        || !word(service)
        || !word(region)
        || !(account_ok || account == "aws")
    {
        return None;
    }
    let (kind, short) = kind_of(service, resource);
    let global = matches!(service, "iam" | "sts" | "organizations" | "route53" | "cloudfront");
    Some(NativeId {
        id: short.map_or_else(|| opaque(text), opaque),
        kind,
        platform: Some("AWS"),
        account: (account_ok && !account.is_empty()).then(|| account.to_owned()),
        region: match region {
            "" if global => Some("global".to_owned()),
            "" => None,
            region => Some(region.to_owned()),
        },
    })
}

/// What an ARN's service and resource say, and the shorter id that stands for it.
fn kind_of<'a>(service: &str, resource: &'a str) -> (Option<ResourceKind>, Option<&'a str>) {
    let (class, rest) = resource.split_once(['/', ':']).unwrap_or((resource, ""));
    let ec2_id = Some(rest).filter(|rest| ec2_resource(rest));
    match (service, class) {
        ("ec2", "instance") => (Some(ResourceKind::Instance), ec2_id),
        (
            "ec2",
            "security-group" | "network-interface" | "subnet" | "vpc" | "internet-gateway"
            | "natgateway" | "route-table" | "elastic-ip" | "network-acl",
        ) => (Some(ResourceKind::Network), ec2_id),
        ("ec2", _) => (None, ec2_id),
        ("iam", "access-key") => {
            let key = rest.rsplit('/').next().filter(|key| access_key(key));
            (Some(ResourceKind::AccessKey), key)
        }
        ("iam", "user" | "root") => (Some(ResourceKind::User), None),
        ("iam", "role") | ("sts", "assumed-role") => (Some(ResourceKind::Role), None),
        ("s3", _) if !resource.contains('/') => (Some(ResourceKind::Bucket), None),
        ("lambda", "function") => (Some(ResourceKind::Function), None),
        ("rds", "db" | "cluster") | ("dynamodb", "table") | ("redshift", "cluster") => {
            (Some(ResourceKind::Database), None)
        }
        ("ecs", "task" | "service" | "container") | ("ecr", "repository") | ("eks", "pod") => {
            (Some(ResourceKind::Container), None)
        }
        ("elasticloadbalancing", _) => (Some(ResourceKind::Network), None),
        ("organizations", "account") => (Some(ResourceKind::Account), None),
        _ => (None, None),
    }
}

fn bare(text: &str) -> Option<NativeId> {
    let kind = if access_key(text) {
        Some(ResourceKind::AccessKey)
    } else if ec2_resource(text) {
        match text.split('-').next() {
            Some("i") => Some(ResourceKind::Instance),
            Some("sg" | "eni" | "vpc" | "subnet" | "igw" | "nat" | "rtb" | "acl") => {
                Some(ResourceKind::Network)
            }
            _ => None,
        }
    } else {
        return None;
    };
    let region = (kind == Some(ResourceKind::AccessKey)).then(|| "global".to_owned());
    Some(NativeId { id: text.to_owned(), kind, platform: Some("AWS"), account: None, region })
}

/// `i-0123456789abcdef0`: a known prefix and 8 to 17 hexadecimal digits.
fn ec2_resource(text: &str) -> bool {
    let Some((prefix, digits)) = text.split_once('-') else { return false };
    let known = [
        "i", "sg", "vol", "eni", "vpc", "subnet", "igw", "nat", "rtb", "acl", "snap", "ami", "lt",
        "eipalloc",
    ];
    known.contains(&prefix)
        && (8..=17).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// `AKIA` (long-lived) or `ASIA` (temporary) and 12 to 28 more capitals and digits; 20 in all today.
fn access_key(text: &str) -> bool {
    (text.starts_with("AKIA") || text.starts_with("ASIA"))
        && (16..=32).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ResourceKind as K;

    fn check(text: &str, id: &str, kind: Option<K>, account: Option<&str>, region: Option<&str>) {
        let read = canonical(text);
        let got = (read.id.as_str(), read.kind, read.account.as_deref(), read.region.as_deref());
        assert_eq!(got, (id, kind, account, region), "{text}");
        assert_eq!(canonical(&read.id).id, read.id, "canonical twice is canonical once");
    }

    #[test]
    fn a_network_goes_by_its_id() {
        let id = Some("vpc-0aa11bb22cc33dd44");
        assert_eq!(vpc(" vpc-0aa11bb22cc33dd44 ").as_deref(), id);
        let arn = "arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-0aa11bb22cc33dd44";
        assert_eq!(vpc(arn).as_deref(), id);
        for other in ["storefront", "subnet-0aa11bb22cc33dd44", "", "vpc-<b>x"] {
            assert_eq!(vpc(other), None, "{other}");
        }
    }

    #[test]
    fn one_form_for_each_thing() {
        let (acct, eu) = (Some("123456789012"), Some("eu-central-1"));
        check(
            "arn:aws:ec2:eu-central-1:123456789012:instance/i-0aa11bb22cc33dd44",
            "i-0aa11bb22cc33dd44",
            Some(K::Instance),
            acct,
            eu,
        );
        check("i-0aa11bb22cc33dd44", "i-0aa11bb22cc33dd44", Some(K::Instance), None, None);
        check(
            "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0aa11bb22",
            "sg-0aa11bb22",
            Some(K::Network),
            acct,
            eu,
        );
        check(
            "arn:aws:iam::123456789012:user/ops/dora",
            "arn:aws:iam::123456789012:user/ops/dora",
            Some(K::User),
            acct,
            Some("global"),
        );
        check(
            "arn:aws:iam::123456789012:role/web-node",
            "arn:aws:iam::123456789012:role/web-node",
            Some(K::Role),
            acct,
            Some("global"),
        );
        check("arn:aws-cn:s3:::ledger", "arn:aws-cn:s3:::ledger", Some(K::Bucket), None, None);
        check(
            "AKIAEXAMPLEEXAMPLE12",
            "AKIAEXAMPLEEXAMPLE12",
            Some(K::AccessKey),
            None,
            Some("global"),
        );
        check(
            "arn:aws:lambda:eu-central-1:123456789012:function:f",
            "arn:aws:lambda:eu-central-1:123456789012:function:f",
            Some(K::Function),
            acct,
            eu,
        );
        check(
            "/subscriptions/0/resourcegroups/r",
            "/subscriptions/0/resourcegroups/r",
            None,
            None,
            None,
        );
    }

    #[test]
    fn what_only_looks_like_an_arn_stays_opaque() {
        for text in [
            "arn:",
            "arn:aws:ec2",
            "arn:evil:iam::1:user/x",
            "arn:aws:ec2:eu:12a:instance/i-00000000",
            "arn:aws:iam::1:",
            "i-xyz",
            "i-0",
        ] {
            let read = canonical(text);
            assert_eq!((read.id.as_str(), read.platform), (text, None));
        }
        // An instance's ARN without an instance's id is not shortened to what stands there.
        assert!(canonical("arn:aws:ec2:eu-central-1:1:instance/*").id.starts_with("arn:"));
    }

    #[test]
    fn names_of_buckets() {
        assert_eq!(bucket_arn("ledger-1", None).as_deref(), Some("arn:aws:s3:::ledger-1"));
        assert_eq!(bucket_arn("Ledger/../x", None), None);
        assert_eq!(
            instance_arn("i-1", "1", "us-gov-west-1"),
            "arn:aws-us-gov:ec2:us-gov-west-1:1:instance/i-1"
        );
    }
}
