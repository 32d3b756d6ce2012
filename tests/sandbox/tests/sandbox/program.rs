//! The program: READY file, end with its starter, messages.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use firebreak_sandbox::Ready;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak-sandbox"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn it_writes_where_everything_is_and_ends_with_its_starter() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready.json");
    let mut child = program()
        .args(["--no-aws", "--until-stdin-closes", "--ready-file"])
        .arg(&file)
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !file.exists() {
        assert!(Instant::now() < deadline, "no READY file");
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
        std::thread::sleep(Duration::from_millis(20));
    }
    // The file is complete as soon as it is there.
    let ready: Ready = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let wiz = ready.wiz.unwrap();
    assert!(wiz.api_url.starts_with("http://127.0.0.1:") && wiz.api_url.ends_with("/graphql"));
    assert!(ready.model.unwrap().base_url.ends_with("/v1"));
    assert!(ready.control_url.ends_with("/control"));
    assert_eq!(ready.aws, None);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(!file.exists(), "what it said is no longer true");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = program().args(["--no-aws", "--wiz-port", &port]).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = format!("cannot listen on 127.0.0.1:{port} for the Wiz tenant");
    assert!(said.contains(&expected), "{said}");
}
