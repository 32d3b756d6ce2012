//! `prism proxy` with the vendor's own description, between our client and the stand-in tenant. A
//! witness before it keeps what it found wrong: our client does not look at such headers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

/// Both APIs together; anything longer is a mistake of the test.
const MOST_BYTES: usize = 16 << 20;

/// One deviation from the description.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Ours, or the stand-in's.
    pub in_request: bool,
    /// `POST /v2/alert response.body.items.policy.severity: must be equal to …`.
    pub text: String,
}

/// What went through.
#[derive(Debug, Default)]
pub struct Heard {
    /// Method and path.
    pub asked: BTreeSet<String>,
    pub violations: BTreeSet<Violation>,
}

/// A judge and its witness; prism ends with it.
pub struct Judge {
    prism: Child,
    /// Where the client under judgement asks.
    pub url: String,
    pub heard: Arc<Mutex<Heard>>,
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.prism.kill();
        let _ = self.prism.wait();
    }
}

impl Judge {
    /// Starts prism in front of `upstream`. What is asked must be among `operations`, each a method
    /// and a path: all other paths are left out, which makes it start in a second rather than a minute.
    pub async fn start(
        prism: &Path,
        description: &Path,
        operations: &[&str],
        upstream: &str,
        folder: &Path,
    ) -> Self {
        let prepared = folder.join(description.file_name().unwrap());
        std::fs::write(&prepared, prepare(description, operations)).unwrap();
        let port = free_port().await;
        let mut prism = Command::new(prism);
        prism.arg("proxy").arg(&prepared).args([upstream, "-h", "127.0.0.1", "-p", &port]);
        let said = std::fs::File::create(prepared.with_extension("log")).unwrap();
        prism.stdout(said.try_clone().unwrap()).stderr(said).stdin(Stdio::null());
        let mut prism = prism.spawn().unwrap();
        let began = Instant::now();
        while TcpStream::connect(format!("127.0.0.1:{port}")).await.is_err() {
            let ended = prism.try_wait().unwrap();
            let said = || std::fs::read_to_string(prepared.with_extension("log"));
            let patient = ended.is_none() && began.elapsed() < Duration::from_secs(120);
            assert!(patient, "prism does not come up ({ended:?}): {:?}", said());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let heard = Arc::<Mutex<Heard>>::default();
        let witness = Witness {
            judge: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            heard: Arc::clone(&heard),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(pass).with_state(Arc::new(witness));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { prism, url, heard }
    }

    /// Everything heard since the last time.
    pub fn take(&self) -> Heard {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

/// The tools, or a word about what is missing.
pub fn tools() -> Option<(PathBuf, PathBuf)> {
    let path = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    let prism = path("FIREBREAK_PRISM").filter(|program| program.is_file());
    let specs = path("FIREBREAK_SPECS");
    match (&prism, &specs) {
        (None, _) => eprintln!("SKIPPED: FIREBREAK_PRISM is no installed prism, so nobody judged"),
        (_, None) => eprintln!("SKIPPED: FIREBREAK_SPECS is not set, so nobody judged"),
        _ => {}
    }
    Some((prism?, specs?))
}

/// The description with what prism can't read changed: the response type `*/*`, the placeholder in
/// place of a server's address, texts that are kept in files of their own, and lists of allowed words
/// that stand in a list once more, so that no word is among them.
fn prepare(description: &Path, operations: &[&str]) -> String {
    let paths: Vec<&str> = operations.iter().filter_map(|it| it.split(' ').nth(1)).collect();
    let text = std::fs::read_to_string(description).unwrap();
    let text = text.replace("\"*/*\"", "\"application/json\"");
    let mut description: Value = serde_json::from_str(&text).unwrap();
    let described = description["paths"].as_object_mut().unwrap();
    described.retain(|path, _| paths.contains(&path.as_str()));
    assert_eq!(described.len(), paths.len(), "the description has all of {paths:?}");
    description["servers"] = json!([{"url": "/"}]);
    mend(&mut description);
    description.to_string()
}

fn mend(value: &mut Value) {
    let elsewhere = |value: &Value| value["$ref"].as_str().is_some_and(|to| !to.starts_with('#'));
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !elsewhere(member));
            if let Some(Value::Array(words)) = members.get_mut("enum")
                && let [Value::Array(inner)] = words.as_slice()
            {
                *words = inner.clone();
            }
            members.values_mut().for_each(mend);
        }
        Value::Array(items) => items.iter_mut().for_each(mend),
        _ => {}
    }
}

async fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port().to_string()
}

struct Witness {
    judge: String,
    http: reqwest::Client,
    heard: Arc<Mutex<Heard>>,
}

async fn pass(State(witness): State<Arc<Witness>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, MOST_BYTES).await.unwrap();
    let path = head.uri.path_and_query().unwrap().as_str();
    let sent = witness.http.request(head.method.clone(), format!("{}{path}", witness.judge));
    let answer = sent.headers(passed(&head.headers)).body(body).send().await.unwrap();
    let asked = format!("{} {}", head.method, head.uri.path());
    let header = answer.headers().get("sl-violations").map(|value| value.to_str().unwrap());
    let found = header.map(violations).unwrap_or_default();
    {
        let mut heard = witness.heard.lock().unwrap();
        heard.violations.extend(found.iter().map(|found| violation(&asked, found)));
        heard.asked.insert(asked);
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = passed(answer.headers());
    *response.body_mut() = Body::from(answer.bytes().await.unwrap());
    response
}

/// Without what belongs to one connection only, and without the encoding that was already taken off.
fn passed(headers: &HeaderMap) -> HeaderMap {
    let own = [
        header::HOST,
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::ACCEPT_ENCODING,
    ];
    let kept = headers.iter().filter(|(name, _)| !own.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A header of prism's. One that would be longer than 8 KB begins with words and is cut: what is whole
/// is read, and that there was more is a violation too.
fn violations(header: &str) -> Vec<Value> {
    let Some(cut) = header.strip_prefix("Too many violations! ") else {
        return serde_json::from_str(header).unwrap();
    };
    let whole = cut.rfind("},{").map_or(String::from("[]"), |end| format!("{}}}]", &cut[..end]));
    let mut found: Vec<Value> = serde_json::from_str(&whole).unwrap();
    found.push(json!({"location": ["response"], "message": "and more than a header holds"}));
    found
}

/// Places in lists are left out: one deviation is one, however many alerts have it.
fn violation(asked: &str, found: &Value) -> Violation {
    let places: Vec<&str> =
        found["location"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let in_request = places.first() == Some(&"request");
    let place: Vec<&str> =
        places.into_iter().filter(|place| place.parse::<usize>().is_err()).collect();
    let said = found["message"].as_str().unwrap_or_default();
    Violation { in_request, text: format!("{asked} {}: {said}", place.join(".")) }
}
