//! Requests other than a bearer's POST: the verb, the path below a configured address and the
//! headers are the vendor's.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};

use super::{Address, Body, Http, HttpFault, Reply, fault};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Reads.
    Get,
    /// Reads with a body, or writes, as the vendor has it.
    Post,
    /// Writes.
    Put,
}

/// One request.
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
        // An http or https address always has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Self(url)
    }

    /// Whether the path ends in this segment.
    pub(crate) fn ends_with(&self, segment: &str) -> bool {
        self.0.path().trim_end_matches('/').rsplit('/').next() == Some(segment)
    }
}

impl Http {
    /// One request, one reply of any status with its headers, nothing retried.
    pub(crate) async fn send(
        &self,
        outgoing: Outgoing<'_>,
    ) -> Result<(Reply, HeaderMap), HttpFault> {
        let method = match outgoing.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
        };
        let mut url = outgoing.address.0.clone();
        if !outgoing.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&outgoing.query);
        }
        let mut request = self.client.request(method, url);
        request = match outgoing.body {
            Some(Body::Form(fields)) => request.form(&fields),
            Some(Body::Json(bytes)) => request.header(CONTENT_TYPE, "application/json").body(bytes),
            None => request,
        };
        request = signed(request, outgoing.credentials)?;
        let host = outgoing.address.host();
        let response = request.send().await.map_err(|error| fault(host, &error))?;
        let headers = response.headers().clone();
        Ok((self.receive(host, response).await?, headers))
    }
}

fn signed(
    mut request: RequestBuilder,
    credentials: Vec<(HeaderName, SecretString)>,
) -> Result<RequestBuilder, HttpFault> {
    for (name, text) in credentials {
        let mut value = HeaderValue::from_str(text.expose_secret()).map_err(|_| {
            HttpFault::Setup("the token holds characters no header may hold".to_owned())
        })?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, segments: &[&str], expected: &str) {
        assert_eq!(Address::parse(base).unwrap().below(segments).0.as_str(), expected);
    }

    #[test]
    fn a_segment_stays_one_segment() {
        let base = "https://api.example.com/api/";
        check(base, &["alerts", "orca-1"], "https://api.example.com/api/alerts/orca-1");
        check(base, &["a/../../b", ".."], "https://api.example.com/api/a%2F..%2F..%2Fb");
        check(base, &["x?y=1#z"], "https://api.example.com/api/x%3Fy=1%23z");
        check("https://h.example", &["api"], "https://h.example/api");
    }
}
