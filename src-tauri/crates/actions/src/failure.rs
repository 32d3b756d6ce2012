//! What went wrong with a call, sorted by the one question that matters: may it have happened?

use std::error::Error;

use aws_smithy_runtime_api::client::dns::ResolveDnsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use firebreak_core::ports::{CallOutcome, OutsideError, Trouble, VaultError};
use firebreak_core::text;

/// A failed call, without the SDK's types and without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    operation: String,
    pub(crate) kind: Kind,
    message: String,
}

/// How far the call got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No credentials, no valid request, no connection: nobody was asked.
    NeverLeft,
    /// The keychain would not give the credentials.
    Keychain,
    /// AWS answered with an error.
    Answered { status: u16, code: String },
    /// No answer in time.
    TimedOut,
    /// The connection broke, or the answer could not be read.
    Cut,
}

/// Codes that say "too fast", whatever their HTTP status: the request was turned away unread.
/// EC2 sends `RequestLimitExceeded` as 503.
const THROTTLING: [&str; 9] = [
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "EC2ThrottledException",
    "SlowDown",
];

/// Codes of Auto Scaling that say "another change is under way, yours was not made", with HTTP 500
/// (API reference of `EnterStandby`).
const BUSY: [&str; 2] = ["ResourceContention", "ScalingActivityInProgress"];

const CREDENTIALS: [&str; 6] = [
    "AuthFailure",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
];

const PERMISSION: [&str; 4] =
    ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "OptInRequired"];

const CLOCK: [&str; 4] =
    ["RequestExpired", "RequestTimeTooSkewed", "ExpiredToken", "ExpiredTokenException"];

impl Failure {
    pub(crate) fn read<E>(operation: &str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let (kind, message) = match (&error, status) {
            (SdkError::ServiceError(_), Some(status)) => answered(status, &error),
            (SdkError::TimeoutError(_), _) => (Kind::TimedOut, "no answer in time".to_owned()),
            (SdkError::ConstructionFailure(_), _) => (Kind::NeverLeft, deepest(&error)),
            (SdkError::DispatchFailure(failure), _) => {
                let kind = match failure {
                    _ if never_connected(&error) => Kind::NeverLeft,
                    failure if failure.is_timeout() => Kind::TimedOut,
                    _ => Kind::Cut,
                };
                (kind, deepest(&error))
            }
            _ => (Kind::Cut, "the answer could not be read".to_owned()),
        };
        let operation = operation.to_owned();
        if let Some(vault) = find::<VaultError>(&error) {
            return Self { operation, kind: Kind::Keychain, message: vault.to_string() };
        }
        Self { operation, kind, message: text::line(&message, 400) }
    }

    /// AWS's error code, when it answered with one.
    pub(crate) fn code(&self) -> Option<&str> {
        match &self.kind {
            Kind::Answered { code, .. } => Some(code),
            _ => None,
        }
    }

    pub(crate) fn is(&self, code: &str) -> bool {
        self.code() == Some(code)
    }

    pub(crate) fn is_permission(&self) -> bool {
        self.code().is_some_and(|code| PERMISSION.contains(&code))
    }

    /// What a mutating call that failed so has done: nothing for certain, or nobody knows.
    pub(crate) fn outcome(self) -> CallOutcome {
        let nothing_happened = match &self.kind {
            Kind::NeverLeft | Kind::Keychain => true,
            Kind::Answered { status, code } => {
                (400..500).contains(status) || is_throttling(code) || BUSY.contains(&code.as_str())
            }
            Kind::TimedOut | Kind::Cut => false,
        };
        let error = self.into_outside();
        if nothing_happened {
            CallOutcome::Rejected { error }
        } else {
            CallOutcome::Unknown { error }
        }
    }

    /// The failure in words, with a way on.
    pub(crate) fn into_outside(self) -> OutsideError {
        let (trouble, remedy) = self.advice();
        let message = match &self.kind {
            Kind::Answered { code, .. } => format!("{code}: {}", self.message),
            Kind::NeverLeft => format!("the request did not leave: {}", self.message),
            Kind::Cut => format!("the connection broke: {}", self.message),
            Kind::TimedOut | Kind::Keychain => self.message,
        };
        let error = OutsideError::new(self.operation, trouble, message);
        match remedy {
            Some(remedy) => error.with_remedy(remedy),
            None => error,
        }
    }

    fn advice(&self) -> (Trouble, Option<String>) {
        let person = |remedy: String| (Trouble::NeedsPerson, Some(remedy));
        match &self.kind {
            Kind::Keychain => person("unlock the keychain, then try again".to_owned()),
            Kind::NeverLeft => (
                Trouble::Passing,
                Some("check the network, the proxy settings and the endpoint".to_owned()),
            ),
            Kind::TimedOut | Kind::Cut => (Trouble::Passing, None),
            Kind::Answered { status, code } => match code.as_str() {
                code if PERMISSION.contains(&code) => person(format!(
                    "allow {} for these credentials (firebreakctl prints the least policy), and look for a \
                     service control policy that denies it",
                    self.operation
                )),
                code if CREDENTIALS.contains(&code) => person(
                    "check the access key: it may be mistyped, inactive or deleted".to_owned(),
                ),
                code if CLOCK.contains(&code) => {
                    person("check this computer's clock, then try again".to_owned())
                }
                "DependencyViolation" => person(
                    "something else still uses it: another isolated machine of this incident, or a rule of another \
                     group; release that first, then delete the group"
                        .to_owned(),
                ),
                // IAM's quota on the size or number of policies.
                "LimitExceeded" | "LimitExceededException" => person(
                    "there is no room for another inline policy; remove one, or attach a managed \
                     policy by hand"
                        .to_owned(),
                ),
                code if is_throttling(code) || BUSY.contains(&code) => {
                    (Trouble::Passing, Some("wait a moment, then try again".to_owned()))
                }
                code if code.contains("NotFound") || code == "NoSuchEntity" => {
                    person("it is gone, or in another region or account; read it again".to_owned())
                }
                _ if *status >= 500 => (Trouble::Passing, None),
                _ => (Trouble::NeedsPerson, None),
            },
        }
    }
}

/// The error that AWS sent, or what something in between sent in its place. A body whose shape is
/// not the service's own is still searched for a code: the outcome may depend on it.
fn answered<E: ProvideErrorMetadata>(
    status: u16,
    error: &SdkError<E, HttpResponse>,
) -> (Kind, String) {
    let body = error.raw_response().and_then(|response| response.body().bytes());
    let body = String::from_utf8_lossy(body.unwrap_or_default());
    let code = error.code().or_else(|| between(&body, "<Code>", "</Code>"));
    let message = error.message().or_else(|| between(&body, "<Message>", "</Message>"));
    let code = code.map_or_else(|| format!("HTTP {status}"), |code| text::line(code, 80));
    (Kind::Answered { status, code }, message.unwrap_or("no reason was given").to_owned())
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inside, _)| inside).filter(|inside| !inside.is_empty())
}

fn is_throttling(code: &str) -> bool {
    THROTTLING.contains(&code)
}

/// Whether no connection was made, so that no byte of the request can have arrived.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    find::<ResolveDnsError>(error).is_some()
        || find::<hyper_util::client::legacy::Error>(error).is_some_and(|error| error.is_connect())
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        current = error.source();
    }
    None
}

/// The innermost words: "Connection refused (os error 111)".
fn deepest(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::operation::stop_instances::StopInstancesError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;
    use firebreak_core::ports::{CallOutcome, KeychainState};

    use super::*;

    type StopError = SdkError<StopInstancesError, HttpResponse>;

    fn response(status: u16, code: Option<&str>, body: &str) -> StopError {
        let status = status.try_into().unwrap();
        let mut meta = ErrorMetadata::builder();
        if let Some(code) = code {
            meta = meta.code(code);
        }
        let error = StopInstancesError::generic(meta.build());
        SdkError::service_error(error, HttpResponse::new(status, SdkBody::from(body)))
    }

    fn may_have_happened(error: StopError) -> bool {
        match Failure::read("ec2:StopInstances", error).outcome() {
            CallOutcome::Unknown { .. } => true,
            CallOutcome::Rejected { .. } => false,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_certainly_did_not_happen_is_rejected() {
        let io = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let garbled = HttpResponse::new(200.try_into().unwrap(), SdkBody::from("<html>"));
        let unknown: [(&str, StopError); 8] = [
            ("no answer", SdkError::timeout_error("30 s")),
            ("time-out below", SdkError::dispatch_failure(ConnectorError::timeout("t".into()))),
            ("reset", SdkError::dispatch_failure(ConnectorError::io(io().into()))),
            ("who knows", SdkError::dispatch_failure(ConnectorError::other("?".into(), None))),
            ("garbage", SdkError::response_error("not XML", garbled)),
            ("500", response(500, Some("InternalError"), "")),
            ("503", response(503, None, "<html>load balancer</html>")),
            ("a redirect", response(301, None, "")),
        ];
        for (name, error) in unknown {
            assert!(may_have_happened(error), "{name}");
        }
        let dns = ResolveDnsError::new("no such host");
        let locked = VaultError::NotUsable(KeychainState::Locked);
        let rejected: [(&str, StopError); 6] = [
            ("not built", SdkError::construction_failure("no region")),
            ("no host", SdkError::dispatch_failure(ConnectorError::io(dns.into()))),
            ("no key", SdkError::dispatch_failure(ConnectorError::user(locked.into()))),
            ("403", response(403, Some("UnauthorizedOperation"), "")),
            ("too fast", response(503, Some("RequestLimitExceeded"), "")),
            ("busy", response(500, Some("ResourceContention"), "")),
        ];
        for (name, error) in rejected {
            assert!(!may_have_happened(error), "{name}");
        }
    }

    #[test]
    fn a_code_in_another_shape_is_still_read() {
        let body =
            "<ErrorResponse><Errors><Error><Code>SignatureDoesNotMatch</Code><Message>no</Message>";
        let failure = Failure::read("sts:GetCallerIdentity", response(403, None, body));
        assert!(failure.is("SignatureDoesNotMatch"));
        assert!(failure.into_outside().remedy.is_some_and(|words| words.contains("access key")));
    }

    #[test]
    fn a_locked_keychain_says_so_itself() {
        let locked = VaultError::NotUsable(KeychainState::Locked);
        let error: StopError = SdkError::dispatch_failure(ConnectorError::user(locked.into()));
        let error = Failure::read("ec2:StopInstances", error).into_outside();
        assert!(error.message.contains("The keychain is locked"), "{error:?}");
        assert_eq!(error.trouble, Trouble::NeedsPerson);
    }
}
