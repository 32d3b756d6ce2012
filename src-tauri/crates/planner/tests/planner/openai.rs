//! The wire: what is sent, and what is made of everything that can come back.

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firebreak_core::assessment::Prompt;
use firebreak_core::ports::{Assessor, OutsideError, SecretName, Trouble};
use firebreak_planner::OpenAiAssessor;
use firebreak_planner::openai::BODY_CAP;
use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::provider::{Drawer, KEY, MODEL, assessor, complaint, completion, serving};

fn prompt() -> Prompt {
    Prompt {
        system: "ours".to_owned(),
        user: "the case of web-7".to_owned(),
        schema: json!({ "type": "object" }),
    }
}

/// The error of one call that is answered like this.
async fn refused(response: ResponseTemplate) -> OutsideError {
    let (_server, assessor) = serving(response).await;
    let error = assessor.ask(&prompt()).await.expect_err("this is no answer");
    assert!(!format!("{error} {error:?} {:?}", error.remedy).contains(KEY), "{error:?}");
    error
}

fn line(error: &OutsideError) -> String {
    let wait = error.retry_after.map(|wait| format!(" after {wait:?}")).unwrap_or_default();
    format!("{:?}{wait}: {error} | {}", error.trouble, error.remedy.as_deref().unwrap_or("-"))
}

#[tokio::test]
async fn a_request_is_what_the_reference_says() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_json(completion("{}")))
        .expect(1)
        .mount(&server)
        .await;
    // With a slash at the end, and a key with the newline that a paste left.
    let assessor = assessor(&format!("{}/v1/", server.uri()), Drawer::with(&format!("{KEY}\n")));
    assert_eq!(assessor.ask(&prompt()).await.expect("it answers"), "{}");
    let requests = server.received_requests().await.expect("they are kept");
    let body: Value = serde_json::from_slice(&requests[0].body).expect("it is JSON");
    insta::assert_json_snapshot!(body);
}

#[tokio::test]
async fn a_server_without_keys_gets_none() {
    let (server, _) = serving(ResponseTemplate::new(200).set_body_json(completion("{}"))).await;
    let vault = Drawer::with(KEY);
    let assessor = OpenAiAssessor::new(&format!("{}/v1", server.uri()), MODEL, None, vault.clone())
        .expect("good settings");
    assert_eq!(assessor.ask(&prompt()).await.expect("it answers"), "{}");
    let requests = server.received_requests().await.expect("they are kept");
    assert!(!requests[0].headers.contains_key("authorization"));
    assert_eq!(vault.reads.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test]
async fn every_refusal_has_its_words_its_kind_and_its_remedy() {
    let status = |code: u16, body: Value| ResponseTemplate::new(code).set_body_json(body);
    let mut seen = Vec::new();
    for (name, response) in [
        (
            "401",
            status(
                401,
                complaint(
                    &format!("Incorrect API key provided: {KEY}."),
                    "invalid_request_error",
                    json!("invalid_api_key"),
                ),
            ),
        ),
        (
            "403",
            status(
                403,
                complaint(
                    "Country not supported",
                    "request_forbidden",
                    json!("unsupported_country"),
                ),
            ),
        ),
        (
            "404",
            status(
                404,
                complaint(
                    "The model does not exist",
                    "invalid_request_error",
                    json!("model_not_found"),
                ),
            ),
        ),
        ("404, not JSON", ResponseTemplate::new(404).set_body_string("<html>nginx</html>")),
        (
            "400",
            status(
                400,
                complaint(
                    "Invalid schema for response_format",
                    "invalid_request_error",
                    Value::Null,
                ),
            ),
        ),
        (
            "429 rate",
            status(429, complaint("Slow down", "requests", json!("rate_limit_exceeded")))
                .insert_header("retry-after", "7"),
        ),
        (
            "429 in milliseconds",
            status(429, complaint("Slow down", "tokens", json!("rate_limit_exceeded")))
                .insert_header("retry-after-ms", "1500"),
        ),
        ("429 with a huge wait", status(429, json!({})).insert_header("retry-after", "1e300")),
        ("429 with a long wait", status(429, json!({})).insert_header("retry-after", "99999999")),
        ("429 with nonsense", status(429, json!([])).insert_header("retry-after", "-1")),
        (
            "429 with an old date",
            status(429, json!({})).insert_header("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"),
        ),
        (
            "429 quota by code",
            status(429, complaint("You exceeded your quota", "x", json!("insufficient_quota"))),
        ),
        (
            "429 quota by type",
            status(429, complaint("You exceeded your quota", "insufficient_quota", Value::Null))
                .insert_header("retry-after", "7"),
        ),
        ("500", status(500, complaint("The server had an error", "server_error", Value::Null))),
        (
            "503, error as text",
            status(503, json!({ "error": "model is loading" })).insert_header("retry-after", "20"),
        ),
        ("503, empty", ResponseTemplate::new(503)),
        (
            "redirect",
            ResponseTemplate::new(307)
                .insert_header("location", "http://169.254.169.254/latest/meta-data/"),
        ),
        ("204", ResponseTemplate::new(204)),
        ("418", ResponseTemplate::new(418).set_body_string("\u{1b}[2J teapot")),
        (
            "hostile words",
            status(
                500,
                complaint(
                    &format!("\u{202e}{KEY} password=hunter2\n{}", "y".repeat(9_000)),
                    "x",
                    Value::Null,
                ),
            ),
        ),
    ] {
        seen.push(format!("{name}\n    {}", line(&refused(response).await)));
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test]
async fn an_answer_that_is_none_is_garbage() {
    let body = |value: Value| ResponseTemplate::new(200).set_body_json(value);
    let changed = |change: fn(&mut Value)| {
        let mut value = completion("{}");
        change(&mut value["choices"][0]);
        body(value)
    };
    let mut seen = Vec::new();
    for (name, response) in [
        ("not JSON", ResponseTemplate::new(200).set_body_string("<html>captive portal</html>")),
        ("empty", ResponseTemplate::new(200)),
        ("another shape", body(json!({ "output": [] }))),
        ("no choices", body(json!({ "choices": [] }))),
        (
            "refusal",
            changed(|choice| choice["message"]["refusal"] = json!("I can't help with that.")),
        ),
        ("cut off", changed(|choice| choice["finish_reason"] = json!("length"))),
        ("filtered", changed(|choice| choice["finish_reason"] = json!("content_filter"))),
        ("a tool call", changed(|choice| choice["finish_reason"] = json!("tool_calls"))),
        ("no content", changed(|choice| choice["message"]["content"] = Value::Null)),
        ("blank content", changed(|choice| choice["message"]["content"] = json!(" \n"))),
        ("ten megabytes", ResponseTemplate::new(200).set_body_bytes(vec![b' '; 10 << 20])),
        ("ten megabytes of error", ResponseTemplate::new(500).set_body_bytes(vec![b'x'; 10 << 20])),
        ("deep", ResponseTemplate::new(200).set_body_string("[".repeat(100_000))),
    ] {
        let error = refused(response).await;
        assert_eq!(error.trouble, Trouble::Garbage, "{name}");
        seen.push(format!("{name}\n    {}", line(&error)));
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test]
async fn the_cap_is_on_what_is_read_and_an_answer_just_below_it_passes() {
    let padded = format!(
        "{}{}",
        completion("{}"),
        " ".repeat(BODY_CAP - completion("{}").to_string().len())
    );
    let (_server, assessor) =
        serving(ResponseTemplate::new(200).set_body_string(padded.clone())).await;
    assert_eq!(assessor.ask(&prompt()).await.expect("it fits"), "{}");
    let error = refused(ResponseTemplate::new(200).set_body_string(padded + " ")).await;
    assert_eq!(error.message, "the provider answered with more than 256 KB");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_left_after_ten_seconds() {
    // Time stands still until nothing else can happen, so this takes no time at all.
    let began = tokio::time::Instant::now();
    let error = refused(
        ResponseTemplate::new(200)
            .set_delay(Duration::from_secs(3_600))
            .set_body_json(completion("{}")),
    )
    .await;
    assert_eq!(
        (error.trouble, error.message.as_str()),
        (Trouble::Passing, "no answer within 10 seconds")
    );
    assert!(began.elapsed() <= Duration::from_secs(11), "{:?}", began.elapsed());
}

#[tokio::test]
async fn nobody_there_is_passing_trouble() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let closed = format!("http://{}/v1", listener.local_addr().expect("it is bound"));
    drop(listener);
    let error =
        assessor(&closed, Drawer::with(KEY)).ask(&prompt()).await.expect_err("nobody listens");
    assert_eq!(error.trouble, Trouble::Passing, "{error}");
    assert!(error.message.starts_with("the model's address can't be reached: "), "{error}");
    assert!(error.remedy.is_some() && !error.to_string().contains(KEY), "{error}");
}

#[tokio::test]
async fn a_connection_cut_in_the_answer_is_passing_trouble() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let base = format!("http://{}/v1", listener.local_addr().expect("it is bound"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody calls");
        let mut seen = [0; 1024];
        _ = std::io::Read::read(&mut stream, &mut seen);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"choices\"")
            .expect("it is listening");
    });
    let error = assessor(&base, Drawer::with(KEY)).ask(&prompt()).await.expect_err("it was cut");
    server.join().expect("it only writes");
    assert_eq!(error.trouble, Trouble::Passing, "{error}");
}

#[tokio::test]
async fn a_model_that_reasons_is_asked_in_its_own_way_from_then_on() {
    let server = MockServer::start().await;
    let unsupported = json!({ "error": {
        "message": "Unsupported parameter: 'max_tokens' is not supported with this model.",
        "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter",
    }});
    Mock::given(method("POST"))
        .and(body_partial_json(json!({ "max_tokens": 2_000 })))
        .respond_with(ResponseTemplate::new(400).set_body_json(unsupported))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(body_partial_json(json!({ "max_completion_tokens": 8_000 })))
        .respond_with(ResponseTemplate::new(200).set_body_json(completion("{}")))
        .expect(2)
        .mount(&server)
        .await;
    let assessor = assessor(&server.uri(), Drawer::with(KEY));
    for _ in 0..2 {
        assert_eq!(assessor.ask(&prompt()).await.expect("it answers"), "{}");
    }
}

#[tokio::test]
async fn without_a_key_nothing_is_sent() {
    let (server, _) = serving(ResponseTemplate::new(200).set_body_json(completion("{}"))).await;
    let mut seen = Vec::new();
    for vault in [
        Drawer::default(),
        Drawer { key: Some(" ".to_owned()), ..Drawer::default() },
        Drawer { key: Some("line\u{1}break".to_owned()), ..Drawer::default() },
        Drawer { locked: true, ..Drawer::default() },
    ] {
        let error = assessor(&format!("{}/v1", server.uri()), Arc::new(vault))
            .ask(&prompt())
            .await
            .expect_err("no key");
        seen.push(line(&error));
    }
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(0));
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn a_key_is_sent_over_https_or_loopback_only() {
    let read = |base: &str| {
        OpenAiAssessor::new(base, MODEL, None, Drawer::with(KEY))
            .map(|_| ())
            .map_err(|error| error.message)
    };
    for good in [
        "https://api.openai.com/v1",
        " https://10.0.0.7:8443 ",
        "http://127.0.0.1:8080/v1",
        "http://[::1]/v1",
        "http://localhost:11434/v1",
        "http://127.9.9.9",
    ] {
        assert_eq!(read(good), Ok(()), "{good}");
    }
    let mut seen = Vec::new();
    for bad in [
        "http://api.openai.com/v1",
        "http://10.0.0.7/v1",
        "http://127.0.0.1.evil.invalid/v1",
        "http://localhost.evil.invalid",
        "ftp://127.0.0.1",
        "https://user:pass@api.openai.com",
        "https://api.openai.com/v1?key=x",
        "https://api.openai.com/v1#x",
        "api.openai.com/v1",
        "",
        "file:///etc/passwd",
    ] {
        seen.push(format!("{bad:?}: {}", read(bad).expect_err(bad)));
    }
    insta::assert_snapshot!(seen.join("\n"));
    let model = |name: &str| {
        OpenAiAssessor::new("https://x.invalid", name, None, Drawer::with(KEY)).is_ok()
    };
    assert!(model("gpt-5.1") && !model(" ") && !model("a\nb"));
}

#[tokio::test]
async fn the_connection_test_goes_line_by_line() {
    let listing = json!({ "object": "list", "data": [{ "id": MODEL, "object": "model" }, { "id": "other\u{202e}", "object": "model" }] });
    let answer = json!({
        "summary": [{ "text": "a", "cites": [] }, { "text": "b", "cites": [] }, { "text": "c", "cites": [] }],
        "hypothesis": [{ "text": "d", "cites": [] }], "steps": [], "confidence": 0,
    });
    let json = |value: &Value| ResponseTemplate::new(200).set_body_json(value);
    let good = json(&completion(&answer.to_string()));
    let mut seen = Vec::new();
    for (name, models, chat) in [
        ("all well", json(&listing), good.clone()),
        (
            "unknown model",
            json(&json!({ "data": [{ "id": "other\u{202e}" }] })),
            ResponseTemplate::new(404).set_body_json(complaint("no such model", "x", Value::Null)),
        ),
        ("no models listed", ResponseTemplate::new(404), good.clone()),
        (
            "wrong key",
            ResponseTemplate::new(401).set_body_json(complaint(
                &format!("bad key {KEY}"),
                "x",
                Value::Null,
            )),
            good.clone(),
        ),
        ("not an API", ResponseTemplate::new(200).set_body_string("<html>"), good),
        ("no schema support", json(&listing), json(&completion("Sure! Here is your summary."))),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/v1/models"))
            .and(header("authorization", format!("Bearer {KEY}").as_str()))
            .respond_with(models)
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .and(path("/v1/chat/completions"))
            .respond_with(chat)
            .mount(&server)
            .await;
        let lines = assessor(&format!("{}/v1", server.uri()), Drawer::with(KEY)).test().await;
        let listed: Vec<String> = lines
            .iter()
            .map(|line| {
                format!(
                    "    {} {}: {} | {}",
                    if line.ok { "ok" } else { "--" },
                    line.name,
                    line.text,
                    line.remedy.as_deref().unwrap_or("-")
                )
            })
            .collect();
        seen.push(format!("{name}\n{}", listed.join("\n").replace(&server.uri(), "http://SERVER")));
    }
    let seen = seen.join("\n");
    assert!(!seen.contains(KEY));
    insta::assert_snapshot!(seen);
    let locked = Drawer { locked: true, ..Drawer::default() };
    let lines = assessor("http://127.0.0.1:9", Arc::new(locked)).test().await;
    assert_eq!(
        lines.iter().map(|line| (line.name.as_str(), line.ok)).collect::<Vec<_>>(),
        [("Key", false)]
    );
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nothing panics while it is held").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_key_nor_case_nor_answer_is_logged_at_any_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // For the whole process: with a subscriber of one thread alone, what another test logs first on
    // its own thread is off for good (tokio-rs/tracing#3611).
    tracing::subscriber::set_global_default(subscriber).expect("no other test sets one");
    let (_server, assessor) =
        serving(ResponseTemplate::new(200).set_body_json(completion("answer-7d2c"))).await;
    assert_eq!(assessor.ask(&prompt()).await.expect("it answers"), "answer-7d2c");
    _ = assessor.test().await;
    let refusing = serving(ResponseTemplate::new(500).set_body_string("refusal-91aa")).await;
    _ = refusing.1.ask(&prompt()).await;
    let text = String::from_utf8_lossy(&log.0.lock().expect("nothing panics while it is held"))
        .into_owned();
    assert!(
        text.contains("the model answered") && text.contains("the model did not answer"),
        "{text}"
    );
    for secret in [KEY, "web-7", "answer-7d2c", "refusal-91aa"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
    assert!(!format!("{assessor:?}").contains(KEY));
    assert!(
        format!(
            "{:?}",
            OpenAiAssessor::new(
                "https://x.invalid",
                MODEL,
                Some(SecretName::new("model/key")),
                Drawer::with(KEY)
            )
        )
        .contains("model/key")
    );
}
