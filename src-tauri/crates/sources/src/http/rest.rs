//! Requests of vendors that speak REST: verbs, paths below a configured address, headers both ways.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::{Address, Http, HttpFault, Reply, header};

/// What a request may do to what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Reads.
    Get,
    /// Reads or writes, as the vendor likes.
    Post,
    /// Changes.
    Patch,
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

/// A reply with the headers it came with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    headers: HeaderMap,
}

impl Answer {
    /// A header as text; `None` when it is absent or no text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

impl Address {
    /// An address below this one.
    fn below(&self, path: &[&str], query: &[(&str, String)]) -> Self {
        let mut url = self.0.clone();
        // Only an address without a host, such as `mailto:`, has no segments; `parse` refuses those.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Self(url)
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
    ) -> Result<Answer, HttpFault> {
        let method = match call.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Patch => Method::PATCH,
        };
        let mut request = self.client.request(method, base.below(call.path, call.query).0);
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        if let Some((name, secret)) = credential {
            let mut value = HeaderValue::from_str(secret.expose_secret()).map_err(|_| {
                HttpFault::Setup("the token holds characters no header may hold".to_owned())
            })?;
            value.set_sensitive(true);
            request = request.header(HeaderName::from_static(name), value);
        }
        let (reply, headers) = self.finish(base.host(), request).await?;
        Ok(Answer { reply, headers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_can_not_leave_its_place() {
        let check = |base: &str, path: &[&str], expected: &str| {
            let address = Address::parse(base).unwrap().below(path, &[("q", "a&b".to_owned())]);
            assert_eq!(address.0.as_str(), expected);
        };
        check("https://a.example", &["alert", "P-1"], "https://a.example/alert/P-1?q=a%26b");
        check(
            "https://a.example/t/",
            &["x/../y?z#"],
            "https://a.example/t/x%2F..%2Fy%3Fz%23?q=a%26b",
        );
        check("https://a.example/t", &["alert", "..", "."], "https://a.example/t/alert?q=a%26b");
    }
}
