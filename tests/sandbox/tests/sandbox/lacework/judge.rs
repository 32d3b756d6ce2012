//! laceworksdk (PyPI), the vendor's own client for Python, drives the stand-in over TLS.
//!
//! It insists on `https://ACCOUNT.DOMAIN`; "127" and "0.0.1:PORT" make an address of this machine.
//! A small front in the same script ends TLS with a certificate made for the occasion.

use serde_json::{Value, json};

use super::client::{empty, with};
use crate::python;
use firebreak_sandbox::Options;
use firebreak_sandbox::faults::{Fault, Mode, Target};

const FRONT: &str = r#"
import datetime, http.client, http.server, ipaddress, json, os, ssl, sys, tempfile, threading, urllib.parse
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
given = json.load(sys.stdin)
key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    .serial_number(7).not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(hours=1))
    .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
    .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
folder = tempfile.TemporaryDirectory()
def put(name, data):
    path = os.path.join(folder.name, name)
    with open(path, "wb") as file:
        file.write(data)
    return path
chain = put("cert.pem", certificate.public_bytes(serialization.Encoding.PEM))
secret = put("key.pem", key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
upstream = urllib.parse.urlparse(given["address"])
class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        there = http.client.HTTPConnection(upstream.hostname, upstream.port)
        there.request(self.command, self.path, body, {**dict(self.headers), "X-Forwarded-Proto": "https"})
        answer = there.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for header, value in answer.getheaders():
            if header.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(header, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    do_GET = do_POST = pass_on
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(chain, secret)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ.update({"REQUESTS_CA_BUNDLE": chain, "NO_PROXY": "*", "HOME": folder.name})
from laceworksdk import LaceworkClient
from laceworksdk.exceptions import ApiError, RateLimitError
def client(**changed):
    return LaceworkClient(**{"account": "127", "base_domain": "0.0.1:%d" % server.server_address[1],
        "subaccount": given["account"], "api_key": given["key_id"], "api_secret": given["secret"], **changed})
def refused(attempt):
    try:
        attempt()
        return "no"
    except ApiError as error:
        return [type(error).__name__, error.status_code, error.message]
def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
week = {"start_time": stamp(now - datetime.timedelta(days=7) + datetime.timedelta(minutes=1)), "end_time": stamp(now)}
"#;

const READS: &str = r#"
lacework = client()
alerts = lacework.alerts.get(**week)["data"]
order = {"timeFilter": {"startTime": week["start_time"], "endTime": week["end_time"]},
    "filters": [{"field": "severity", "expression": "in", "values": ["Critical", "High"]}]}
pages = list(lacework.alerts.search(json=order))
nothing = list(lacework.alerts.search(json={**order, "filters": [{"field": "status", "expression": "eq", "value": "Asleep"}]}))
one = next(alert for alert in alerts if alert["severity"] == "Critical")["alertId"]
machine = lacework.alerts.get_details(one, "Details")["data"]["entityMap"]["Machine"][0]
comment = lacework.alerts.comment(one, "isolated")["data"]["message"]["value"]
closed = lacework.alerts.close(one, 3)
timeline = [entry["entryType"] for entry in lacework.alerts.get_details(one, "Timeline")["data"]]
print(json.dumps({
    "ids": len({alert["alertId"] for alert in alerts}), "alerts": len(alerts), "pages": len(pages) > 0,
    "severities": sorted({alert["severity"] for page in pages for alert in page["data"]}), "nothing": nothing,
    "account": machine["PROPS"]["tags"]["Account"], "comment": comment, "closed": closed, "timeline": timeline,
    "status": lacework.alerts.get_details(one, "Details")["data"]["status"],
    "again": refused(lambda: lacework.alerts.close(one, 3)),
    "unknown": refused(lambda: lacework.alerts.get_details(5, "Details")),
    "secret": refused(lambda: client(api_secret="wrong"))[:2],
    "subaccount": refused(lambda: client(subaccount="retail").alerts.get(**week)),
}))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn laceworksdk_reads_comments_and_closes() {
    let Some(interpreter) = python::with_module("laceworksdk") else { return };
    let session = empty().await;
    session.control(json!({"bulk": 2_300, "seed": 3})).await;
    let given = serde_json::to_value(session.ready()).unwrap();
    let (passed, said) = python::run(&interpreter, &format!("{FRONT}{READS}"), &given);
    assert!(passed, "{said}");
    let outcome: Value = serde_json::from_str(&said).unwrap();
    let alerts = outcome["alerts"].as_u64().unwrap();
    // A few lie in the minute that keeps the window within seven days.
    assert!((2_290..=2_300).contains(&alerts), "{alerts}");
    assert_eq!(
        outcome,
        json!({
            "ids": alerts, "alerts": alerts, "pages": true, "severities": ["Critical", "High"],
            "nothing": [{"data": []}], "account": "123456789012", "comment": "isolated",
            "closed": {"message": "SUCCESS"}, "timeline": ["Comment", "AlertClosed"], "status": "Closed",
            "again": ["ApiError", 400, "the alert is closed already"],
            "unknown": ["ApiError", 404, "no alert has the id 5"],
            "secret": ["ApiError", 401],
            "subaccount": ["ApiError", 403, "no access to the account retail"],
        })
    );
}

const STORM: &str = r#"
lacework = client()
print(json.dumps({"storm": refused(lambda: lacework.alerts.get(**week))[:2],
    "after": len(lacework.alerts.get(**week)["data"]) > 0}))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn laceworksdk_knows_our_429() {
    let Some(interpreter) = python::with_module("laceworksdk") else { return };
    let session = with(Options::lacework_only()).await;
    let matches = Some("list".to_owned());
    let fault = Fault { count: 1, matches, ..Fault::new(Target::Lacework, Mode::TooMany) };
    session.running.fault(fault);
    let given = serde_json::to_value(session.ready()).unwrap();
    let (passed, said) = python::run(&interpreter, &format!("{FRONT}{STORM}"), &given);
    assert!(passed, "{said}");
    let outcome: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(outcome, json!({"storm": ["RateLimitError", 429], "after": true}));
}
