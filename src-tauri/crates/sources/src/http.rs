//! The one HTTP client of all sources: what it refuses matters more than what it sends.
//!
//! TLS by rustls, total and connect time-outs, a cap on the body *after* decompression, no
//! redirect, no cookie, https only (plain http to this machine excepted). Requests go to addresses
//! that a person configured; nothing here takes an address from an answer or an alert.

mod rest;

use std::time::Duration;

use chrono::{DateTime, Utc};
use firebreak_core::ports::Trouble;
use firebreak_core::text;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::{Certificate, Method, NoProxy, Proxy, Url, redirect};
pub(crate) use rest::{Call, Outgoing, Verb};
use secrecy::{ExposeSecret, SecretString};

/// How a source talks to the network.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// For TCP and TLS together.
    pub connect_timeout: Duration,
    /// For one exchange, from the first byte sent to the last byte of the body.
    pub total_timeout: Duration,
    /// Longest body taken, in bytes after decompression.
    pub body_cap: usize,
    /// `http://proxy:3128`; without one the environment's proxy is used. Never for loopback.
    pub proxy: Option<String>,
    /// Certificates of a company's own authority, PEM, trusted beside the system's.
    pub extra_authorities: Option<Vec<u8>>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            // The Wiz client of XSOAR waits 300 s; a page of 100 issues needs nowhere near that.
            total_timeout: Duration::from_secs(60),
            body_cap: 16 << 20,
            proxy: None,
            extra_authorities: None,
        }
    }
}

/// An address that credentials may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads an address that a person configured.
    ///
    /// # Errors
    /// When it is no https address (http is taken for `127.0.0.1`, `[::1]` and `localhost`), or
    /// holds a user name, password or fragment.
    pub fn parse(text: &str) -> Result<Self, HttpFault> {
        let refuse =
            |why: &str| Err(HttpFault::Address(format!("{:?} {why}", text::line(text, 200))));
        let Ok(url) = Url::parse(text.trim()) else {
            return refuse(
                "is not an address; it should look like https://api.us1.app.wiz.io/graphql",
            );
        };
        if !url.username().is_empty() || url.password().is_some() {
            // The text may hold a password: it is not repeated.
            return Err(HttpFault::Address(
                "the address holds a user name or password; take it out".to_owned(),
            ));
        }
        let address = Self(url);
        match address.0.scheme() {
            _ if address.0.host_str().is_none() => refuse("names no host"),
            _ if address.0.fragment().is_some() => refuse("has a part after #"),
            "https" => Ok(address),
            "http" if address.is_loopback() => Ok(address),
            "http" => refuse("is plain http; only https is used, except to this machine"),
            _ => refuse("is not an https address"),
        }
    }

    /// The host, without the port.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// A path with its query on the same host; whatever path this address had is left behind.
    pub(crate) fn on_host(&self, path_and_query: &str) -> Result<Self, HttpFault> {
        let joined = self.0.join(path_and_query).ok().filter(|url| url.origin() == self.0.origin());
        let joined = joined.filter(|_| path_and_query.starts_with('/'));
        joined.map(Self).ok_or_else(|| {
            HttpFault::Address(format!(
                "{:?} is no path on {}",
                text::line(path_and_query, 200),
                self.host()
            ))
        })
    }

    /// Path and query of an address that an answer named, when it lies on this very host, port and
    /// scheme. Anything else is a stranger's address and gets nothing of ours.
    pub(crate) fn path_of_own(&self, answered: &str) -> Option<String> {
        let url = Url::parse(answered.trim()).ok()?;
        let plain = url.username().is_empty() && url.password().is_none();
        let own = plain && url.origin() == self.0.origin();
        own.then(|| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        })
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        matches!(self.host(), "127.0.0.1" | "localhost" | "[::1]")
    }
}

/// What to send.
pub(crate) enum Body {
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(&'static str, String)>),
    /// `application/json`, already written.
    Json(Vec<u8>),
}

/// One request of any kind.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) address: &'a Address,
    pub(crate) body: Option<Body>,
    /// Beside `Authorization` and `Content-Type`. Values are treated as secrets.
    pub(crate) headers: Vec<(HeaderName, SecretString)>,
    pub(crate) bearer: Option<&'a SecretString>,
}

/// What came back, whatever the status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: HeaderMap,
}

impl Reply {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// By how much an instant that the answer names lies after the moment it was given, by the
    /// answer's own `Date`, so that a wrong clock here does not matter.
    pub(crate) fn until(&self, at: DateTime<Utc>) -> Duration {
        let now = self.header(DATE.as_str()).and_then(http_date).unwrap_or_else(Utc::now);
        (at - now).to_std().unwrap_or_default()
    }

    /// Whether a web page came where data was asked for: a login page, a proxy, a wrong address.
    pub(crate) fn is_web_page(&self) -> bool {
        let kind = self.content_type.as_deref().unwrap_or_default();
        let start = self.body.trim_ascii_start().first();
        kind.contains("html") || (start == Some(&b'<') && !kind.contains("json"))
    }
}

/// Why there was no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    /// The configured address can't be used.
    #[error("{0}")]
    Address(String),
    /// The client could not be made from its configuration.
    #[error("the network client can't be set up: {0}")]
    Setup(String),
    /// No connection.
    #[error("{host} can't be reached: {cause}")]
    Unreachable {
        /// Where to.
        host: String,
        /// Why, as the system says.
        cause: String,
    },
    /// Too slow.
    #[error("{host} did not answer in time")]
    TimedOut {
        /// Where to.
        host: String,
    },
    /// The connection broke while talking.
    #[error("the connection to {host} broke: {cause}")]
    Cut {
        /// Where to.
        host: String,
        /// Why.
        cause: String,
    },
    /// More than the cap.
    #[error("{host} sent more than {cap} bytes")]
    TooLarge {
        /// Where to.
        host: String,
        /// The cap.
        cap: usize,
    },
    /// It wanted us elsewhere.
    #[error("{host} answered with a redirect (status {status}), which is not followed")]
    Redirect {
        /// Where to.
        host: String,
        /// 301, 302, 307, 308, …
        status: u16,
    },
}

impl HttpFault {
    /// How to treat it.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Cut { .. } => Trouble::Passing,
            Self::Address(_) | Self::Setup(_) | Self::Redirect { .. } => Trouble::NeedsPerson,
            Self::TooLarge { .. } => Trouble::Garbage,
        }
    }
}

/// A client for one configured source.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    body_cap: usize,
}

impl Http {
    /// Makes the client. `local` is for addresses on this machine: no proxy, whatever is configured.
    /// That https is used is what an [`Address`] promises.
    pub(crate) fn new(config: &HttpConfig, local: bool) -> Result<Self, HttpFault> {
        let setup = |error: reqwest::Error| HttpFault::Setup(causes(&error));
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("firebreak/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(config.connect_timeout)
            .timeout(config.total_timeout)
            .redirect(redirect::Policy::none())
            .referer(false)
            .pool_idle_timeout(Duration::from_secs(60));
        builder = match &config.proxy {
            _ if local => builder.no_proxy(),
            Some(proxy) => {
                let spared = NoProxy::from_string("localhost,127.0.0.1,::1");
                builder.proxy(Proxy::all(proxy).map_err(setup)?.no_proxy(spared))
            }
            None => builder,
        };
        if let Some(pem) = &config.extra_authorities {
            let authorities = Certificate::from_pem_bundle(pem).map_err(setup)?;
            if authorities.is_empty() {
                return Err(HttpFault::Setup(
                    "the extra authorities hold no certificate".to_owned(),
                ));
            }
            builder = builder.tls_certs_merge(authorities);
        }
        let client = builder.build().map_err(setup)?;
        Ok(Self { client, body_cap: config.body_cap })
    }

    /// One POST, one reply of any status, nothing retried.
    pub(crate) async fn post(
        &self,
        address: &Address,
        body: Body,
        bearer: Option<&SecretString>,
    ) -> Result<Reply, HttpFault> {
        let method = Method::POST;
        self.ask(Ask { method, address, body: Some(body), headers: Vec::new(), bearer }).await
    }

    /// One request, one reply of any status, nothing retried.
    pub(crate) async fn ask(&self, ask: Ask<'_>) -> Result<Reply, HttpFault> {
        let mut request = self.client.request(ask.method, ask.address.0.clone());
        request = match ask.body {
            None => request,
            Some(Body::Form(fields)) => request.form(&fields),
            Some(Body::Json(bytes)) => request.header(CONTENT_TYPE, "application/json").body(bytes),
        };
        for (name, value) in &ask.headers {
            request = request.header(name, secret_header(value.expose_secret())?);
        }
        if let Some(token) = ask.bearer {
            let value = format!("Bearer {}", token.expose_secret());
            request = request.header(AUTHORIZATION, secret_header(&value)?);
        }
        let host = ask.address.host();
        let mut response = request.send().await.map_err(|error| fault(host, &error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(HttpFault::Redirect { host: host.to_owned(), status: status.as_u16() });
        }
        let too_large = || HttpFault::TooLarge { host: host.to_owned(), cap: self.body_cap };
        // A body that says how long it is need not be read up to the cap to be refused. One that is
        // compressed does not say how long it will be.
        if response.content_length().is_some_and(|length| length > self.body_cap as u64) {
            return Err(too_large());
        }
        let mut reply = Reply {
            status: status.as_u16(),
            retry_after: retry_after(response.headers()),
            body: Vec::new(),
            content_type: header(response.headers(), CONTENT_TYPE.as_str())
                .map(|kind| text::line(kind, 100).to_ascii_lowercase()),
            headers: response.headers().clone(),
        };
        while let Some(chunk) = response.chunk().await.map_err(|error| fault(host, &error))? {
            if reply.body.len() + chunk.len() > self.body_cap {
                return Err(too_large());
            }
            reply.body.extend_from_slice(&chunk);
        }
        Ok(reply)
    }
}

fn secret_header(text: &str) -> Result<HeaderValue, HttpFault> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        HttpFault::Setup("the token holds characters no header may hold".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3). A date is measured against the
/// answer's own `Date`, so that a wrong clock here does not matter; at most a day is believed.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = header(headers, RETRY_AFTER.as_str())?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = http_date(text)?;
            let now = header(headers, DATE.as_str()).and_then(http_date).unwrap_or_else(Utc::now);
            (until - now).to_std().unwrap_or_default()
        }
    };
    Some(wait.min(Duration::from_secs(86_400)))
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|at| at.with_timezone(&Utc))
}

fn fault(host: &str, error: &reqwest::Error) -> HttpFault {
    let host = host.to_owned();
    if error.is_timeout() {
        HttpFault::TimedOut { host }
    } else if error.is_connect() {
        HttpFault::Unreachable { host, cause: causes(error) }
    } else if error.is_builder() {
        HttpFault::Setup(causes(error))
    } else {
        HttpFault::Cut { host, cause: causes(error) }
    }
}

/// The innermost causes in words. The outermost text of reqwest repeats the address; it is left out.
fn causes(error: &reqwest::Error) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        words.push(inner.to_string());
        cause = inner.source();
    }
    let said = words.last().cloned().unwrap_or_else(|| "no further detail".to_owned());
    text::line(&said, 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(retry: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(retry).unwrap());
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_in_seconds_or_as_a_date() {
        let date = Some("Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(wait("7", None), Some(7));
        assert_eq!(wait("99999999999", None), Some(86_400));
        assert_eq!(wait("Wed, 21 Oct 2026 07:28:30 GMT", date), Some(30));
        assert_eq!(wait("Wed, 21 Oct 2026 07:27:00 GMT", date), Some(0));
        assert_eq!(wait("soon", date), None);
        assert_eq!(wait("-3", date), None);
    }

    #[test]
    fn an_answers_address_is_followed_on_the_own_host_only() {
        let own = Address::parse("https://acme.lacework.net").unwrap();
        for (given, path) in [
            ("https://acme.lacework.net/api/v2/Alerts/x?y=1", Some("/api/v2/Alerts/x?y=1")),
            ("https://ACME.lacework.net:443/api/v2/Alerts/x", Some("/api/v2/Alerts/x")),
            ("https://evil.example/api/v2/Alerts/x", None),
            ("https://evil.example\\@acme.lacework.net/api/v2/Alerts/x", None),
            ("https://evil.example%5c@acme.lacework.net/api/v2/Alerts/x", None),
            ("https://acme.lacework.net@evil.example/", None),
            ("https://acme.lacework.net.evil.example/", None),
            ("http://acme.lacework.net/api/v2/Alerts/x", None),
            ("https://acme.lacework.net:8443/api/v2/Alerts/x", None),
            ("//acme.lacework.net/api", None),
            ("/api/v2/Alerts/x", None),
            ("", None),
        ] {
            assert_eq!(own.path_of_own(given).as_deref(), path, "{given}");
        }
        assert!(own.on_host("/api/v2/Alerts?x=1").is_ok());
        for bad in ["//evil.example/x", "https://evil.example/", "/\\evil.example/", "x", ""] {
            assert!(own.on_host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_that_credentials_may_go_to() {
        for good in [
            "https://api.us1.app.wiz.io/graphql",
            "http://127.0.0.1:4010/graphql",
            "http://localhost:1",
            "http://[::1]:9/x",
        ] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.wiz.io/graphql",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "https://user:pw@api.wiz.io/",
            "https://api.wiz.io/#x",
            "javascript:alert(1)",
            "api.wiz.io",
            "",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
        let error = Address::parse("https://user:hunter2@api.wiz.io/").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
