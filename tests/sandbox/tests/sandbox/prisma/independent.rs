//! prismacloud-api (PyPI), the vendor's own client for Python, drives the stand-in over TLS.

use serde_json::{Value, json};

use super::client::empty;
use crate::python;

/// The client speaks https only: the script puts TLS in front of the stand-in, with a certificate
/// of its own making, and verifies it.
const SCRIPT: &str = r#"
import datetime, ipaddress, json, os, socket, ssl, sys, tempfile, threading
given = json.load(sys.stdin)
folder = tempfile.mkdtemp()
os.chdir(folder)  # the client writes an error.log
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
now = datetime.datetime.now(datetime.timezone.utc)
cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
    .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
with open("cert.pem", "wb") as out: out.write(cert.public_bytes(serialization.Encoding.PEM))
with open("key.pem", "wb") as out: out.write(key.private_bytes(serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
listener = socket.create_server(("127.0.0.1", 0))
host, port = given["api_url"].split("//")[1].split(":")
def pump(source, sink):
    try:
        while data := source.recv(65536): sink.sendall(data)
    except OSError: pass
    for end in (source, sink):
        try: end.shutdown(socket.SHUT_RDWR)
        except OSError: pass
def serve():
    while True:
        plain, _ = listener.accept()
        try: near = context.wrap_socket(plain, server_side=True)
        except OSError: continue
        far = socket.create_connection((host, int(port)))
        for pair in ((near, far), (far, near)): threading.Thread(target=pump, args=pair, daemon=True).start()
threading.Thread(target=serve, daemon=True).start()
os.environ["NO_PROXY"] = "127.0.0.1"
from prismacloud.api import pc_api
address = "127.0.0.1:%d" % listener.getsockname()[1]
def client(secret):
    pc_api.configure({"identity": given["access_key_id"], "secret": secret, "verify": folder + "/cert.pem"})
    pc_api.api, pc_api.api_compute, pc_api.token = address, address + "/compute", None
    return pc_api
search = {"timeRange": {"type": "to_now", "value": "epoch"}, "limit": 50, "sortBy": ["alertTime:asc"]}
try:
    client("wrong").alert_v2_list_read(body_params=search)
    refused = "no"
except SystemExit as error:
    refused = str(error).split("\n")[2]
api = client(given["secret_key"])
alerts = api.alert_v2_list_read(query_params={"detailed": "true"}, body_params=dict(search))
first = api.token
api.token_timer -= 1000
again = api.alert_v2_list_read(body_params=dict(search))
incidents = api.audits_list_read()
print(json.dumps({"alerts": len({alert["id"] for alert in alerts}), "again": len(again), "named": "name" in alerts[0]["policy"],
    "extended": api.token != first, "refused": refused, "incidents": incidents}))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn prismacloud_api_signs_in_extends_and_reads_every_page() {
    let Some(interpreter) = python::with_module("prismacloud.api, cryptography") else { return };
    let session = empty().await;
    session.control("prisma/bulk", json!({"count": 130, "seed": 3})).await;
    let given = serde_json::to_value(session.ready()).unwrap();
    let (passed, said) = python::run(&interpreter, SCRIPT, &given);
    assert!(passed, "{said}");
    let outcome: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!(
        outcome,
        json!({"alerts": 130, "again": 130, "named": true, "extended": true, "refused": "Status Code: 401", "incidents": []})
    );
}
