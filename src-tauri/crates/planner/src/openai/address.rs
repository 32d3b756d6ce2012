//! Which addresses a key and a case may be sent to.

use std::net::IpAddr;

use firebreak_core::ports::OutsideError;
use reqwest::Url;

use super::failure::needs_person;

/// Reads a base address; answers whether it is this machine's loopback too.
pub(super) fn read(text: &str) -> Result<(Url, bool), OutsideError> {
    let refused = |message: String| {
        needs_person(
            "model settings",
            message,
            "Enter an address such as https://api.openai.com/v1.",
        )
    };
    let url = Url::parse(text.trim())
        .map_err(|error| refused(format!("the address can't be read: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            "the address holds a user name or password; the key belongs in its own field"
                .to_owned(),
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("the address has a query or a fragment".to_owned()));
    }
    let loopback = is_loopback(&url);
    match url.scheme() {
        "https" => Ok((url, loopback)),
        "http" if loopback => Ok((url, true)),
        "http" => {
            Err(refused("the address is not encrypted; http is taken on loopback only".to_owned()))
        }
        other => Err(refused(format!("the address begins with {other}:, not with https:"))),
    }
}

/// `{base}/{path}`, whether or not the base ends in a slash.
pub(super) fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
