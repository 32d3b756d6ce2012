//! Every vendor's client behind one face, for what must hold for all of them: how it is made, what
//! its API answers to a sign-in, and how it shows a list of one alert.

use std::num::NonZeroU32;
use std::time::Duration;

use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, Clock, Normaliser, RawAlert, SecretName};
use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackStatus};
use firebreak_core::{AlertId, FindingId};
use firebreak_sources::lacework::{
    LaceworkConfig, LaceworkNormaliser, LaceworkSource, LaceworkWriter,
};
use firebreak_sources::orca::{OrcaConfig, OrcaNormaliser, OrcaSource, OrcaWriter};
use firebreak_sources::prisma::{PrismaConfig, PrismaNormaliser, PrismaSource, PrismaWriter};
use firebreak_sources::wiz::{WizConfig, WizNormaliser, WizSource, WizWriter};
use firebreak_sources::{HttpConfig, Patience};
use serde_json::{Value, json};
use wiremock::Request;

use crate::stand::{HandClock, Keychain, config as wiz_config, query};

/// Both ends of a client, asking at one address.
pub type Client = (Box<dyn AlertSource>, Box<dyn AlertWriter>);

/// One vendor.
pub struct Vendor {
    pub name: &'static str,
    /// Its client at an address; impatient, so that tests don't wait.
    pub client: fn(&str) -> Client,
    pub normaliser: &'static (dyn Normaliser + Sync),
    /// What its alerts are filed as.
    pub kind: &'static str,
    /// An alert, open and new.
    pub alert: fn() -> Value,
    /// What of it the client goes by: ids, times, states.
    pub spared: &'static [&'static str],
    /// What another API says that the client asks first; `None` where there is no such.
    pub on_the_way: fn(&Request) -> Option<Value>,
    /// What it says to a sign-in; `None` for any other request.
    pub signs_in: fn(&Request) -> Option<Value>,
    /// Whether a request is for the list of alerts.
    pub lists: fn(&Request) -> bool,
    /// What it says to anything but a sign-in: an alert in its list or by itself, and a link in
    /// every place where such answers have one.
    pub says: fn(&Request, &Value, &str) -> Value,
    /// The list around one alert, as text before and after it.
    pub around: (&'static str, &'static str),
}

/// All of them.
pub const VENDORS: [Vendor; 5] = [
    Vendor {
        name: "wiz",
        client: |url| {
            let config: WizConfig =
                wiz_config(&format!("{url}/graphql"), &format!("{url}/oauth/token"));
            let source = WizSource::new(&config, Keychain::with_secret(), HandClock::new());
            let writer = WizWriter::new(&config, Keychain::with_secret());
            (Box::new(source.unwrap()), Box::new(writer.unwrap()))
        },
        normaliser: &WizNormaliser,
        kind: "issue",
        alert: || parsed(include_str!("fixtures/issue_crypto_mining.json")),
        spared: &["id", "status", "severity", "createdAt", "updatedAt", "type"],
        on_the_way: |_| None,
        signs_in: |request| {
            let token =
                json!({"access_token": "token", "token_type": "Bearer", "expires_in": 3600});
            (request.url.path() == "/oauth/token").then_some(token)
        },
        lists: |request| {
            request.url.path() == "/graphql" && query(request).starts_with("query FirebreakIssues(")
        },
        says: |request, alert, link| {
            let query = query(request);
            let page = |nodes: Vec<&Value>, more: bool| json!({"nodes": nodes, "pageInfo": {"hasNextPage": more, "endCursor": link}});
            let first = !String::from_utf8_lossy(&request.body).contains(link);
            let data = match () {
                () if query.contains("graphSearch") => {
                    json!({"graphSearch": page(vec![alert], false)})
                }
                () if query.starts_with("query FirebreakDetections") => {
                    json!({"detections": page(vec![], false)})
                }
                () if query.starts_with("mutation") => {
                    json!({"createIssueNote": {"issueNote": {"id": link}}, "updateIssue": {"issue": alert}})
                }
                () => json!({"issues": page(if first { vec![alert] } else { vec![] }, first)}),
            };
            json!({"data": data, "links": {"next": link}})
        },
        around: (
            r#"{"data":{"issues":{"nodes":["#,
            r#"],"pageInfo":{"hasNextPage":false,"endCursor":null}}}}"#,
        ),
    },
    Vendor {
        name: "prisma",
        client: |url| prisma(url, false),
        normaliser: &PrismaNormaliser,
        kind: "alert",
        alert: || parsed(include_str!("fixtures/prisma_stolen_key.json")),
        spared: &[
            "id",
            "status",
            "firstSeen",
            "lastSeen",
            "lastUpdated",
            "alertTime",
            "unifiedAssetId",
        ],
        on_the_way: |_| None,
        signs_in: |request| {
            let token = json!({"token": "jwt", "message": "login_successful"});
            matches!(request.url.path(), "/login" | "/auth_token/extend").then_some(token)
        },
        lists: |request| request.url.path() == "/v2/alert",
        says: |request, alert, link| match request.url.path() {
            "/v2/alert" => match String::from_utf8_lossy(&request.body).contains("pageToken") {
                false => {
                    json!({"totalRows": 1, "items": [alert], "nextPageToken": link, "nextPage": link})
                }
                true => json!({"items": []}),
            },
            path if path.starts_with("/alert/") => alert.clone(),
            _ => json!({"url": link, "data": {"url": link, "items": [alert], "asset": {"url": link,
                "relationships": [{"assetId": link, "assetName": link, "assetType": link, "relationshipType": link}],
                "network": {"exposure": link}}}}),
        },
        around: (r#"{"items":["#, r#"]}"#),
    },
    Vendor {
        name: "prisma compute",
        client: |url| prisma(url, true),
        normaliser: &PrismaNormaliser,
        kind: "incident",
        alert: || parsed(include_str!("fixtures/prisma_miner_incident.json")),
        spared: &["_id", "time", "acknowledged"],
        // Nothing of CSPM is what is looked at here.
        on_the_way: |request| match request.url.path() {
            path if path.starts_with("/compute/") => None,
            "/login" => Some(json!({"token": "jwt"})),
            "/v2/alert" => Some(json!({"items": []})),
            _ => Some(json!({"data": {"asset": {}}})),
        },
        signs_in: |request| {
            let token = json!({"token": "jwt"});
            (request.url.path() == "/compute/api/v34.04/authenticate").then_some(token)
        },
        lists: |request| request.url.path() == "/compute/api/v34.04/audits/incidents",
        says: |request, alert, link| match request.url.path() {
            "/compute/api/v34.04/audits/incidents" => json!([alert]),
            _ => json!({"url": link}),
        },
        around: (r#"["#, r#"]"#),
    },
    Vendor {
        name: "lacework",
        client: |url| {
            let secret = SecretName::new("source/lacework-test");
            let mut config = LaceworkConfig::new("lacework-test", url, "KEY_1", secret);
            config.requests_per_hour = NonZeroU32::new(1_000_000).unwrap();
            (config.patience, config.http) = (impatient(), quick());
            let source = LaceworkSource::new(&config, Keychain::with_secret(), HandClock::new());
            let writer = LaceworkWriter::new(&config, Keychain::with_secret());
            (Box::new(source.unwrap()), Box::new(writer.unwrap()))
        },
        normaliser: &LaceworkNormaliser,
        kind: "alert",
        alert: || {
            let mut alert = parsed(include_str!("fixtures/lacework_key_list.json"));
            alert["status"] = json!("Open");
            alert["startTime"] = json!("2026-09-21T10:00:00.000Z");
            alert
        },
        spared: &["alertId", "startTime", "endTime", "status", "severity"],
        on_the_way: |_| None,
        signs_in: |request| {
            let token = json!({"token": "token", "expiresAt": "2099-01-01T00:00:00Z"});
            (request.url.path() == "/api/v2/access/tokens").then_some(token)
        },
        lists: |request| request.url.path() == "/api/v2/Alerts",
        says: |request, alert, link| match request.url.path() {
            "/api/v2/Alerts" => json!({"data": [alert],
                "paging": {"rows": 1, "totalRows": 2, "urls": {"nextPage": link, "previousPage": link}}}),
            path if path.starts_with("/api/v2/Alerts/page") => json!({"data": []}),
            _ => json!({"data": alert, "paging": {"urls": {"nextPage": link}}}),
        },
        around: (r#"{"data":["#, r#"]}"#),
    },
    Vendor {
        name: "orca",
        client: |url| {
            let mut config = OrcaConfig::new("orca-test", url, SecretName::new("source/orca-test"));
            config.requests_per_second = NonZeroU32::new(5_000).unwrap();
            (config.patience, config.http) = (impatient(), quick());
            let source = OrcaSource::new(&config, Keychain::with_secret(), HandClock::new());
            let writer = OrcaWriter::new(&config, Keychain::with_secret());
            (Box::new(source.unwrap()), Box::new(writer.unwrap()))
        },
        normaliser: &OrcaNormaliser,
        kind: "alert",
        alert: || parsed(include_str!("orca/fixtures/serving.json")),
        spared: &[
            "AlertId",
            "LastUpdated",
            "CreatedAt",
            "Status",
            "asset_unique_id",
            "AssetUniqueId",
        ],
        on_the_way: |_| None,
        signs_in: |_| None,
        lists: |request| request.url.path() == "/api/serving-layer/query",
        says: |request, alert, link| {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let rows = if body["start_at_index"].as_u64() > Some(0) { vec![] } else { vec![alert] };
            json!({"status": "success", "data": rows, "next_page_token": link, "next": link, "next_url": link})
        },
        around: (r#"{"status":"success","data":["#, r#"]}"#),
    },
];

fn prisma(url: &str, compute: bool) -> Client {
    let secret = SecretName::new("source/prisma-test");
    let mut config = PrismaConfig::new("prisma-test", url, "key-1", secret);
    config.compute_url = compute.then(|| format!("{url}/compute"));
    config.requests_per_second = NonZeroU32::new(5_000).unwrap();
    config.details_per_second = config.requests_per_second;
    (config.patience, config.http) = (impatient(), quick());
    let source = PrismaSource::new(&config, Keychain::with_secret(), HandClock::new());
    let writer = PrismaWriter::new(&config, Keychain::with_secret());
    (Box::new(source.unwrap()), Box::new(writer.unwrap()))
}

fn parsed(fixture: &str) -> Value {
    serde_json::from_str(fixture).unwrap()
}

fn impatient() -> Patience {
    let (first_wait, longest_wait) = (Duration::from_millis(1), Duration::from_millis(2));
    Patience { attempts: 2, first_wait, longest_wait, ..Patience::default() }
}

fn quick() -> HttpConfig {
    HttpConfig { total_timeout: Duration::from_secs(20), ..HttpConfig::default() }
}

impl Vendor {
    /// One of its alerts as a finding of the client's own.
    pub fn finding(&self, source: &str, alert: &Value) -> Finding {
        let raw = RawAlert { kind: self.kind.into(), body: alert.to_string().into_bytes() };
        Finding {
            id: FindingId::new("f"),
            source: source.into(),
            alert: AlertId::new("a"),
            alert_sha256: String::new(),
            received_at: HandClock::new().now(),
            draft: self.normaliser.normalise(&raw).unwrap(),
        }
    }

    /// An order to resolve it.
    pub fn order(&self, finding: &Finding) -> WriteBack {
        WriteBack {
            vendor_id: finding.draft.vendor_id.clone(),
            kind: self.kind.into(),
            status: Some(WriteBackStatus::Resolved),
            comment: "Contained".into(),
            marker: "[firebreak inc-1]".into(),
        }
    }
}
