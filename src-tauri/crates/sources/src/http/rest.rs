//! Requests of vendors that speak REST: verbs, paths below a configured address, headers both ways.

use reqwest::Method;
use reqwest::header::HeaderName;
use secrecy::SecretString;

use super::{Address, Ask, Body, Http, HttpFault, Reply};

/// What a request may do to what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Reads.
    Get,
    /// Reads with a body, or writes, as the vendor has it.
    Post,
    /// Writes.
    Put,
    /// Changes.
    Patch,
}

impl Verb {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
        }
    }
}

/// One request below a configured address.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    pub(crate) verb: Verb,
    /// Segments of the path; each is escaped, so that none can leave its place.
    pub(crate) path: &'a [&'a str],
    pub(crate) query: &'a [(&'a str, String)],
    /// `application/json`, already written.
    pub(crate) body: Option<Vec<u8>>,
}

/// One request to an address that is whole.
pub(crate) struct Outgoing<'a> {
    pub(crate) verb: Verb,
    pub(crate) address: &'a Address,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Body>,
    /// Header name and its whole value; never logged, never repeated.
    pub(crate) credentials: Vec<(HeaderName, SecretString)>,
}

impl Address {
    /// The address with further path segments. Each segment is one segment whatever it holds:
    /// slashes are escaped, `.` and `..` are dropped.
    pub(crate) fn below(&self, segments: &[&str]) -> Self {
        let mut url = self.0.clone();
        // Only an address without a host, such as `mailto:`, has no segments; `parse` refuses those.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Self(url)
    }

    /// The address with a query.
    fn asking(&self, query: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> Self {
        let mut url = self.0.clone();
        let mut pairs = query.into_iter().peekable();
        if pairs.peek().is_some() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        Self(url)
    }

    /// Whether the path ends in this segment.
    pub(crate) fn ends_with(&self, segment: &str) -> bool {
        self.0.path().trim_end_matches('/').rsplit('/').next() == Some(segment)
    }
}

impl Http {
    /// One request, one reply of any status, nothing retried. `credential` is the header that
    /// carries the token, and its value.
    pub(crate) async fn call(
        &self,
        base: &Address,
        call: &Call<'_>,
        credential: Option<(&'static str, &SecretString)>,
    ) -> Result<Reply, HttpFault> {
        let query = call.query.iter().map(|(name, value)| (*name, value.as_str()));
        let ask = Ask {
            method: call.verb.method(),
            address: &base.below(call.path).asking(query),
            body: call.body.clone().map(Body::Json),
            headers: credential
                .map(|(name, secret)| (HeaderName::from_static(name), secret.clone()))
                .into_iter()
                .collect(),
            bearer: None,
        };
        self.ask(ask).await
    }

    /// The same to a whole address.
    pub(crate) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Reply, HttpFault> {
        let ask = Ask {
            method: outgoing.verb.method(),
            address: &outgoing.address.asking(outgoing.query),
            body: outgoing.body,
            headers: outgoing.credentials,
            bearer: None,
        };
        self.ask(ask).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, path: &[&str], query: &[(&str, &str)], expected: &str) {
        let address = Address::parse(base).unwrap().below(path).asking(query.iter().copied());
        assert_eq!(address.0.as_str(), expected);
    }

    #[test]
    fn a_segment_stays_one_segment() {
        let base = "https://api.example.com/api/";
        check(base, &["alerts", "orca-1"], &[], "https://api.example.com/api/alerts/orca-1");
        check(base, &["a/../../b", ".."], &[], "https://api.example.com/api/a%2F..%2F..%2Fb");
        check(base, &["x?y=1#z"], &[], "https://api.example.com/api/x%3Fy=1%23z");
        check("https://h.example", &["api"], &[], "https://h.example/api");
        let query = [("q", "a&b")];
        check(
            "https://a.example",
            &["alert", "P-1"],
            &query,
            "https://a.example/alert/P-1?q=a%26b",
        );
        check("https://a.example/t", &["x", "..", "."], &query, "https://a.example/t/x?q=a%26b");
    }
}
