//! A proxy of one request a connection between us and the account: it keeps a list of the calls
//! that change something, and breaks the n-th of them in a chosen way.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does not get through; this error comes back.
    Answer { status: u16, code: &'static str },
    /// It does not get through, and the connection is closed.
    Cut,
    /// It gets through; the answer is lost.
    LoseAnswer,
    /// It gets through; the answer is no sense.
    Garble,
}

#[derive(Debug, Default)]
struct State {
    changes: Vec<String>,
    bodies: Vec<String>,
    fault: Option<(usize, Fault)>,
}

/// The proxy. Stops with the runtime of its test.
#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

const CHANGES: [&str; 19] = [
    "CreateSnapshots",
    "CreateSecurityGroup",
    "DeleteSecurityGroup",
    "RevokeSecurityGroupEgress",
    "ModifyInstanceAttribute",
    "ModifyNetworkInterfaceAttribute",
    "EnterStandby",
    "ExitStandby",
    "StopInstances",
    "StartInstances",
    "UpdateAccessKey",
    "PutUserPolicy",
    "DisassociateIamInstanceProfile",
    "AssociateIamInstanceProfile",
    "DeleteUserPolicy",
    "PutRolePolicy",
    "DeleteRolePolicy",
    "TerminateInstances",
    "CreateTags",
];

impl Proxy {
    pub async fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Self { port, state: Arc::default() };
        let serving = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = serving.clone();
                tokio::spawn(async move { proxy.serve(client, upstream).await });
            }
        });
        proxy
    }

    /// Breaks the `index`-th change from now on, counted from zero; forgets what was counted.
    pub fn break_change(&self, index: usize, fault: Fault) {
        *self.state.lock().unwrap() = State { fault: Some((index, fault)), ..State::default() };
    }

    /// Lets everything through and forgets what was counted.
    pub fn reset(&self) {
        *self.state.lock().unwrap() = State::default();
    }

    /// The changes that arrived here, broken ones too, in order.
    pub fn changes(&self) -> Vec<String> {
        self.state.lock().unwrap().changes.clone()
    }

    /// The form of the last request of that action.
    pub fn last(&self, action: &str) -> Option<String> {
        let wanted = format!("Action={action}&");
        let state = self.state.lock().unwrap();
        state.bodies.iter().rev().find(|body| body.starts_with(&wanted)).cloned()
    }

    /// How many requests arrived here at all.
    pub fn requests(&self) -> usize {
        self.state.lock().unwrap().bodies.len()
    }

    async fn serve(self, mut client: TcpStream, upstream: u16) {
        let Some((head, body)) = read_request(&mut client).await else { return };
        let fault = self.record(&body);
        match fault {
            Some(Fault::Cut) => return,
            Some(Fault::Answer { status, code }) => {
                let _ = client.write_all(error(&body, status, code).as_bytes()).await;
                return;
            }
            _ => {}
        }
        let answer = forward(&head, &body, upstream).await;
        let answer = match fault {
            Some(Fault::LoseAnswer) => return,
            Some(Fault::Garble) => {
                b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 7\r\n\r\n<<nope>".to_vec()
            }
            _ => answer,
        };
        let _ = client.write_all(&answer).await;
    }

    fn record(&self, body: &str) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        state.bodies.push(body.to_owned());
        let action = body.strip_prefix("Action=")?.split('&').next()?;
        if !CHANGES.contains(&action) || body.contains("DryRun=true") {
            return None;
        }
        let index = state.changes.len();
        state.changes.push(action.to_owned());
        state.fault.clone().filter(|(broken, _)| *broken == index).map(|(_, fault)| fault)
    }
}

async fn read_request(client: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
            let body = &bytes[end + 4..];
            if body.len() >= length {
                return Some((head, String::from_utf8(body[..length].to_vec()).unwrap()));
            }
        }
        let read = client.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

async fn forward(head: &str, body: &str, upstream: u16) -> Vec<u8> {
    let mut server = TcpStream::connect(("127.0.0.1", upstream)).await.unwrap();
    let request = format!("{head}\r\nconnection: close\r\n\r\n{body}");
    server.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.unwrap();
    // One request a connection on our side too.
    let text = b"HTTP/1.1 ";
    assert!(answer.starts_with(text), "{}", String::from_utf8_lossy(&answer));
    answer
}

/// An error in the shape of the service that is asked: EC2 has its own, the others share one.
fn error(request: &str, status: u16, code: &str) -> String {
    let ec2 = request.contains("&Version=2016-11-15");
    let error = format!("<Error><Code>{code}</Code><Message>injected</Message></Error>");
    let body = if ec2 {
        format!("<Response><Errors>{error}</Errors><RequestID>r-1</RequestID></Response>")
    } else {
        format!("<ErrorResponse>{error}<RequestId>r-1</RequestId></ErrorResponse>")
    };
    format!(
        "HTTP/1.1 {status} Injected\r\nconnection: close\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
