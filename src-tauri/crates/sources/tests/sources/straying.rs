//! Connections go to configured hosts only: whatever an answer says, a canary beside the vendor
//! hears nothing of any client.

use std::sync::{Arc, Mutex};

use firebreak_core::ports::{OutsideError, Trouble};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::mutation::{leaves, set};
use crate::vendors::{Client, VENDORS, Vendor};

/// Another port of this machine, and what was said to it.
struct Canary {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Canary {
    /// Counts connections, also those that say nothing: TLS would show no words.
    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let ears = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                ears.lock().unwrap().push(String::new());
                let mut said = vec![0; 4_096];
                let length = socket.read(&mut said).await.unwrap_or_default();
                let said = String::from_utf8_lossy(&said[..length]).into_owned();
                *ears.lock().unwrap().last_mut().unwrap() = said;
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
            }
        });
        Self { port, heard }
    }

    /// Ways to write its address, some of them made to look like the vendor's own.
    fn addresses(&self, vendor: &MockServer) -> Vec<String> {
        let (port, own) = (self.port, vendor.address());
        vec![
            format!("http://127.0.0.1:{port}"),
            format!("http://127.1:{port}"),
            format!("http://[::ffff:127.0.0.1]:{port}"),
            format!("http://localhost:{port}"),
            format!("http://2130706433:{port}"),
            format!("https://127.0.0.1:{port}"),
            format!("http://user:password@127.0.0.1:{port}"),
            format!("http://{own}@127.0.0.1:{port}"),
            format!("http://127.0.0.1:{port}#@{own}"),
            format!("//127.0.0.1:{port}"),
            format!("http:\\\\127.0.0.1:{port}"),
        ]
    }

    #[track_caller]
    fn heard_nothing(&self, what: &str) {
        let heard = self.heard.lock().unwrap();
        assert!(heard.is_empty(), "{what}: the canary heard {heard:?}");
    }
}

/// What came of everything that a client can do.
struct Deeds {
    alerts: usize,
    errors: Vec<OutsideError>,
}

/// Polls to the end or to the first error, then asks around, writes back and tests the connection.
async fn everything(vendor: &Vendor, (source, writer): &Client) -> Deeds {
    let mut deeds = Deeds { alerts: 0, errors: Vec::new() };
    let mut cursor = None;
    for _ in 0..12 {
        match source.poll(cursor.as_ref()).await {
            Ok(page) => {
                deeds.alerts += page.alerts.len();
                cursor = page.more.then_some(page.cursor);
            }
            Err(error) => {
                deeds.errors.push(error);
                break;
            }
        }
        if cursor.is_none() {
            break;
        }
    }
    let finding = vendor.finding(source.name(), &(vendor.alert)());
    deeds.errors.extend(source.neighbours(&finding).await.err());
    deeds.errors.extend(writer.write_back(&vendor.order(&finding)).await.err());
    source.test().await;
    deeds
}

/// The vendor's alert with a link in every place; without what the client goes by, where spared.
fn baited(vendor: &Vendor, link: &str, everywhere: bool) -> Value {
    let mut alert = (vendor.alert)();
    let mut places = Vec::new();
    leaves(&alert, &mut Vec::new(), &mut places);
    let spared = |place: &[String]| place.iter().any(|key| vendor.spared.contains(&key.as_str()));
    places.retain(|place| everywhere || !spared(place));
    assert!(places.len() > 5, "{}: {places:?}", vendor.name);
    places.iter().for_each(|place| set(&mut alert, place, json!(link)));
    alert
}

/// A vendor whose answers are full of links to one address, headers included. The test changes
/// alert and link while it runs.
async fn full_of_links(vendor: &'static Vendor) -> (MockServer, Arc<Mutex<(Value, String)>>) {
    let server = MockServer::start().await;
    let bait = Arc::<Mutex<(Value, String)>>::default();
    let held = Arc::clone(&bait);
    let answer = move |request: &Request| {
        let (alert, link) = held.lock().unwrap().clone();
        let before = (vendor.on_the_way)(request).or_else(|| (vendor.signs_in)(request));
        let said = match before {
            Some(mut said) => {
                said["url"] = json!(link);
                said
            }
            None => (vendor.says)(request, &alert, &link),
        };
        ResponseTemplate::new(200)
            .set_body_json(said)
            .insert_header("Location", link.as_str())
            .insert_header("Content-Location", link.as_str())
            .insert_header("Refresh", format!("0; url={link}").as_str())
            .insert_header("Link", format!("<{link}>; rel=\"next\"").as_str())
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    (server, bait)
}

#[tokio::test]
async fn a_link_in_an_answer_is_text() {
    let canary = Canary::listen().await;
    for vendor in &VENDORS {
        let (server, bait) = full_of_links(vendor).await;
        let client = (vendor.client)(&server.uri());
        for address in canary.addresses(&server) {
            // A path that one of the vendors has for next pages: what it looks like must not help.
            let link = format!("{address}/api/v2/Alerts/page_2");
            for everywhere in [false, true] {
                let alert = baited(vendor, &link, everywhere);
                *bait.lock().unwrap() = (alert, link.clone());
                let before = server.received_requests().await.unwrap().len();
                let deeds = everything(vendor, &client).await;
                let what = format!("{} with {link} (everywhere: {everywhere})", vendor.name);
                canary.heard_nothing(&what);
                let asked = server.received_requests().await.unwrap();
                assert!(asked[before..].iter().any(vendor.lists), "{what}: no list asked");
                let clear = |error: &OutsideError| error.message.contains("another host");
                let kept = deeds.alerts > 0 || deeds.errors.iter().any(clear);
                assert!(kept, "{what}: {:?}", deeds.errors);
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_is_refused_at_sign_in_and_after() {
    let canary = Canary::listen().await;
    for (vendor, signs_in) in VENDORS.iter().flat_map(|vendor| [(vendor, true), (vendor, false)]) {
        let server = MockServer::start().await;
        let astray = Arc::new(Mutex::new(ResponseTemplate::new(500)));
        let held = Arc::clone(&astray);
        let answer = move |request: &Request| {
            let token = (vendor.signs_in)(request).filter(|_| signs_in);
            match (vendor.on_the_way)(request).or(token) {
                Some(said) => ResponseTemplate::new(200).set_body_json(said),
                None => held.lock().unwrap().clone(),
            }
        };
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let client = (vendor.client)(&server.uri());
        for status in [301, 302, 303, 307, 308] {
            for link in canary.addresses(&server) {
                *astray.lock().unwrap() =
                    ResponseTemplate::new(status).insert_header("Location", link.as_str());
                let deeds = everything(vendor, &client).await;
                let what = format!("{} with {status} to {link}", vendor.name);
                canary.heard_nothing(&what);
                let error = deeds.errors.first().unwrap_or_else(|| panic!("{what}: no error"));
                assert_eq!(error.trouble, Trouble::NeedsPerson, "{what}: {error}");
                assert!(error.message.contains("redirect"), "{what}: {error}");
                assert!(error.remedy.is_some(), "{what}: no remedy");
            }
        }
    }
}

/// A canary that could not be heard would prove nothing.
#[tokio::test]
async fn the_canary_hears_whoever_follows() {
    let canary = Canary::listen().await;
    let vendor = MockServer::start().await;
    let follower = reqwest::Client::builder().no_proxy().build().unwrap();
    for (before, link) in canary.addresses(&vendor).iter().enumerate() {
        let server = MockServer::start().await;
        let astray = ResponseTemplate::new(307).insert_header("Location", link.as_str());
        Mock::given(any()).respond_with(astray).mount(&server).await;
        let _ = follower.get(server.uri()).send().await;
        assert!(canary.heard.lock().unwrap().len() > before, "{link} does not lead to the canary");
    }
}
