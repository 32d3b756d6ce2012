//! Which AWS call a request is, read from its signature, body and path.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method, Uri, header};
use serde_json::Value;

/// Longest parameter value that is logged.
const LONGEST: usize = 4096;

/// A recognised call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Signing name, such as `ec2`.
    pub(crate) service: String,
    /// Action, such as `StopInstances`.
    pub(crate) action: String,
    /// Whether it only asks for permission.
    pub(crate) dry_run: bool,
    /// Parameters of the query protocol.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Operation {
    /// Reads a request; what cannot be recognised has empty names.
    pub(crate) fn read(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let service = service(headers).unwrap_or_default();
        let mut parameters: BTreeMap<String, String> = if service == "s3" {
            BTreeMap::new()
        } else {
            pairs(&String::from_utf8_lossy(body)).collect()
        };
        let dry_run =
            parameters.get("DryRun").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let action = if service == "s3" {
            s3(method, uri)
        } else {
            parameters.remove("Action").or_else(|| target(headers)).unwrap_or_default()
        };
        parameters.remove("Version");
        for value in parameters.values_mut() {
            if value.len() > LONGEST {
                let cut = (0..=LONGEST).rev().find(|&end| value.is_char_boundary(end)).unwrap_or(0);
                value.truncate(cut);
            }
        }
        Self { service, action, dry_run, parameters }
    }

    /// `ec2:StopInstances`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}:{}", self.service, self.action)
    }

    /// Parameters as JSON for the log.
    pub(crate) fn parameters(&self) -> Value {
        serde_json::to_value(&self.parameters).unwrap_or_default()
    }
}

/// The fourth part of the credential scope: `Credential=AKIA…/20260101/eu-central-1/ec2/aws4_request`.
fn service(headers: &HeaderMap) -> Option<String> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, scope) = authorization.split_once("Credential=")?;
    let scope = scope.split(',').next()?;
    scope.split('/').nth(3).map(str::to_owned)
}

fn target(headers: &HeaderMap) -> Option<String> {
    let target = headers.get("x-amz-target")?.to_str().ok()?;
    target.rsplit('.').next().map(str::to_owned)
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let decoded: Vec<(String, String)> = text
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    decoded.into_iter()
}

/// Percent-decoding with `+` as a space.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        let code = (first == b'%')
            .then(|| tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok()))
            .flatten()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (first, code) {
            (_, Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (other, _) => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// S3 has no action in the request: method, depth of the path and subresource name it.
fn s3(method: &Method, uri: &Uri) -> String {
    let verb = match *method {
        Method::GET => "Get",
        Method::PUT | Method::POST => "Put",
        Method::DELETE => "Delete",
        _ => "Head",
    };
    let depth = uri.path().split('/').filter(|part| !part.is_empty()).count();
    let subresource = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter_map(|part| part.split('=').next())
        .find(|part| {
            !part.is_empty() && !part.starts_with("x-id") && part.chars().all(char::is_alphabetic)
        })
        .map(|part| part[..1].to_uppercase() + &part[1..])
        .unwrap_or_default();
    match (depth, verb, subresource.as_str()) {
        (0, ..) => "ListBuckets".into(),
        (1, "Get", "") => "ListObjects".into(),
        (1, "Put", "") => "CreateBucket".into(),
        (1, _, "PublicAccessBlock") => format!("{verb}PublicAccessBlock"),
        (1, ..) => format!("{verb}Bucket{subresource}"),
        _ => format!("{verb}Object{subresource}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(service: &str, method: Method, uri: &str, body: &str, expected: &str, dry_run: bool) {
        let mut headers = HeaderMap::new();
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=AKIA0/20260101/eu-central-1/{service}/aws4_request, SignedHeaders=host"
        );
        headers.insert(header::AUTHORIZATION, scope.parse().unwrap());
        let operation = Operation::read(&method, &uri.parse().unwrap(), &headers, body.as_bytes());
        assert_eq!((operation.full_name().as_str(), operation.dry_run), (expected, dry_run));
    }

    #[test]
    fn query_protocol() {
        check(
            "ec2",
            Method::POST,
            "/",
            "Action=StopInstances&DryRun=true&InstanceId.1=i-1",
            "ec2:StopInstances",
            true,
        );
        check(
            "iam",
            Method::POST,
            "/",
            "Version=1&Action=UpdateAccessKey&Status=Inactive",
            "iam:UpdateAccessKey",
            false,
        );
        check("sts", Method::POST, "/", "", "sts:", false);
    }

    #[test]
    fn s3_calls() {
        check("s3", Method::GET, "/", "", "s3:ListBuckets", false);
        check(
            "s3",
            Method::GET,
            "/customer-exports?policyStatus",
            "",
            "s3:GetBucketPolicyStatus",
            false,
        );
        check(
            "s3",
            Method::PUT,
            "/customer-exports?publicAccessBlock=",
            "<x/>",
            "s3:PutPublicAccessBlock",
            false,
        );
        check(
            "s3",
            Method::GET,
            "/customer-exports/a/b.csv?x-id=GetObject",
            "",
            "s3:GetObject",
            false,
        );
        check("s3", Method::GET, "/customer-exports?list-type=2", "", "s3:ListObjects", false);
    }

    #[test]
    fn parameters_are_decoded() {
        let body = "Action=CreateTags&Tag.1.Key=a%2Fb&Tag.1.Value=one+two%zz";
        let found: BTreeMap<String, String> = pairs(body).collect();
        assert_eq!(
            (found["Tag.1.Key"].as_str(), found["Tag.1.Value"].as_str()),
            ("a/b", "one two%zz")
        );
    }
}
