//! The vendor's OpenAPI of CSPM and of Compute as judges: every request of our client and every
//! answer of the stand-in passes `prism proxy`.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::Utc;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, Clock, Normaliser, RawAlert, SecretName, Trouble};
use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackEnd, WriteBackStatus};
use firebreak_core::{AlertId, FindingId, Timestamp};
use firebreak_sandbox::ready::PrismaReady;
use firebreak_sandbox::{Options, PrismaOptions, Running, Sandbox};
use firebreak_sources::prisma::{PrismaConfig, PrismaNormaliser, PrismaSource, PrismaWriter};
use serde_json::{Value, json};

use super::judge::{Heard, Judge, Violation, tools};
use crate::stand::Keychain;

/// Where the stand-in differs from the descriptions on purpose, because real answers do: part of the
/// violation's place, and why. Everything else fails the test.
const EXPECTED: [(&str, &str); 2] = [
    (
        "policy.severity: ",
        "real alerts are critical and informational too; the description lists high, medium and low",
    ),
    ("resource.cloudType: ", "real alerts write aws and gcp; the description lists AWS and GCP"),
];

/// All of CSPM that our client has a use for, as the description names it.
const CSPM: [&str; 9] = [
    "POST /login",
    "GET /auth_token/extend",
    "POST /v2/alert",
    "GET /alert/{id}",
    "POST /alert/dismiss",
    "POST /alert/reopen",
    "POST /resource",
    "POST /uai/v1/asset",
    "POST /api/v1/permission",
];

/// All of Compute that our client has a use for.
const COMPUTE: [&str; 3] = [
    "POST /api/v34.04/authenticate",
    "GET /api/v34.04/audits/incidents",
    "PATCH /api/v34.04/audits/incidents/acknowledge/{id}",
];

/// Turned by nobody: the stand-in lives in the present.
struct Present;

impl Clock for Present {
    fn now(&self) -> Timestamp {
        Utc::now()
    }
}

/// A stand-in tenant and both judges before it.
struct Court {
    tenant: Running,
    cspm: Judge,
    compute: Judge,
    folder: PathBuf,
}

impl Drop for Court {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Court {
    async fn open(prism: &Path, specs: &Path) -> Self {
        let prisma = Some(PrismaOptions { rate_limits: false, ..PrismaOptions::default() });
        let options = Options { wiz: false, model: false, prisma, ..Options::default() };
        let tenant = Sandbox::start(options).await.unwrap();
        let folder = std::env::temp_dir().join(format!("firebreak-prism-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let ready = tenant.ready().prisma.clone().unwrap();
        let spec = |name: &str| specs.join(name);
        let (one, two) = (
            spec("prisma-cloud-cspm.openapi.json"),
            spec("prisma-cloud-compute-34.04.slice.openapi.json"),
        );
        let (cspm, compute) = tokio::join!(
            Judge::start(prism, &one, &CSPM, &ready.api_url, &folder),
            Judge::start(prism, &two, &COMPUTE, &ready.compute_url, &folder),
        );
        Self { tenant, cspm, compute, folder }
    }

    fn ready(&self) -> &PrismaReady {
        self.tenant.ready().prisma.as_ref().unwrap()
    }

    /// Small pages, so that there are several; no waiting.
    fn config(&self) -> PrismaConfig {
        let secret = SecretName::new("source/prisma-judged");
        let key = &self.ready().access_key_id;
        let mut config = PrismaConfig::new("prisma-judged", &self.cspm.url, key, secret);
        config.compute_url = Some(self.compute.url.clone());
        config.page_size = 3;
        config.requests_per_second = NonZeroU32::new(5_000).unwrap();
        config.details_per_second = config.requests_per_second;
        config.snooze_in_progress = Some(Duration::from_secs(8 * 3_600));
        config.http.total_timeout = Duration::from_secs(60);
        config
    }

    fn keychain(&self) -> Arc<Keychain> {
        Arc::new(Keychain(Mutex::new(Ok(Some(self.ready().secret_key.clone())))))
    }

    fn source(&self) -> PrismaSource {
        PrismaSource::new(&self.config(), self.keychain(), Arc::new(Present)).unwrap()
    }

    fn writer(&self) -> PrismaWriter {
        PrismaWriter::new(&self.config(), self.keychain()).unwrap()
    }

    /// Both judges' words since the last time.
    fn heard(&self) -> Heard {
        let (mut heard, compute) = (self.cspm.take(), self.compute.take());
        heard.asked.extend(compute.asked);
        heard.violations.extend(compute.violations);
        heard
    }
}

#[tokio::test]
async fn the_vendors_descriptions_find_nothing_but_what_is_listed() {
    let Some((prism, specs)) = tools() else { return };
    let court = Court::open(&prism, &specs).await;
    let alerts = read_everything(&court).await;
    enrich(&court, &alerts).await;
    write_back(&court, &alerts).await;
    wrong_credentials(&court).await;
    let heard = court.heard();
    everything_was_asked(&heard.asked);
    judges_are_awake(&court).await;
    let (ours, theirs): (Vec<Violation>, Vec<Violation>) =
        heard.violations.into_iter().partition(|violation| violation.in_request);
    assert!(ours.is_empty(), "our requests: {ours:#?}");
    let listed =
        |violation: &&Violation| EXPECTED.iter().any(|(place, _)| violation.text.contains(place));
    let (known, fresh): (Vec<&Violation>, Vec<&Violation>) = theirs.iter().partition(listed);
    for (place, why) in EXPECTED {
        let times = known.iter().filter(|violation| violation.text.contains(place)).count();
        assert!(times > 0, "{place} is no longer a violation: take it off the list");
        eprintln!("expected {times} times: {place}{why}");
    }
    assert!(fresh.is_empty(), "the stand-in's answers: {fresh:#?}");
}

/// The connection test, then every page of both sweeps and of incidents, with the session extended
/// on the way.
async fn read_everything(court: &Court) -> Vec<RawAlert> {
    let source = court.source();
    let lines = source.test().await;
    assert!(lines.iter().all(|line| line.ok), "{lines:#?}");
    let (mut cursor, mut alerts, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = source.poll(cursor.as_ref()).await.unwrap();
        alerts.extend(page.alerts);
        pages += 1;
        if pages == 1 {
            // Eight minutes and a half go by for the client, whose session lives for ten.
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(510)).await;
            tokio::time::resume();
        }
        if !page.more {
            break;
        }
        cursor = Some(page.cursor);
    }
    assert!(pages > 5, "several pages, not {pages}");
    alerts.dedup_by(|one, other| one.body == other.body);
    alerts
}

/// Assets, exposure, permissions; one asset by its `rrn` alone.
async fn enrich(court: &Court, alerts: &[RawAlert]) {
    let source = court.source();
    let mut edges = 0;
    for alert in alerts.iter().take(6) {
        edges += source.neighbours(&finding(alert)).await.unwrap().edges.len();
    }
    assert!(edges > 0, "the graph of the stand-in connects nothing");
    let mut body: Value = serde_json::from_slice(&named(alerts, "web-7").body).unwrap();
    body["resource"]["unifiedAssetId"] = Value::Null;
    let nameless = RawAlert { kind: "alert".into(), body: body.to_string().into_bytes() };
    assert!(!source.neighbours(&finding(&nameless)).await.unwrap().nodes.is_empty());
}

/// Snoozed, dismissed, reopened, and refused where there is no such alert; acknowledged and not.
async fn write_back(court: &Court, alerts: &[RawAlert]) {
    use WriteBackStatus::{InProgress, Reopened, Resolved};
    let writer = court.writer();
    let alert = finding(named(alerts, "web-7")).draft.vendor_id;
    let incident = alerts.iter().find(|alert| alert.kind == "incident").expect("an incident");
    let incident = finding(incident).draft.vendor_id;
    let order = |kind: &str, id: &str, status| WriteBack {
        vendor_id: id.into(),
        kind: kind.into(),
        status: Some(status),
        comment: "Contained: the machine is quarantined.".into(),
        marker: "[firebreak inc-1]".into(),
    };
    for (kind, id, status) in [
        ("alert", &alert, InProgress),
        ("alert", &alert, Resolved),
        ("alert", &alert, Reopened),
        ("incident", &incident, Resolved),
        ("incident", &incident, Reopened),
    ] {
        let end = writer.write_back(&order(kind, id, status)).await.unwrap();
        assert!(matches!(end, WriteBackEnd::Written { .. }), "{kind} {status:?}: {end:?}");
    }
    let gone = writer.write_back(&order("alert", "P-0", Resolved)).await.unwrap();
    assert!(matches!(gone, WriteBackEnd::Impossible { .. }), "{gone:?}");
}

async fn wrong_credentials(court: &Court) {
    let keychain = Arc::new(Keychain(Mutex::new(Ok(Some("wrong".into())))));
    let source = PrismaSource::new(&court.config(), keychain, Arc::new(Present)).unwrap();
    assert_eq!(source.poll(None).await.unwrap_err().trouble, Trouble::NeedsPerson);
}

/// What nobody asked was judged by nobody.
fn everything_was_asked(asked: &BTreeSet<String>) {
    let is = |described: &str, asked: &str| {
        let (described, asked) = (described.split('/'), asked.split('/'));
        described.clone().count() == asked.clone().count()
            && described.zip(asked).all(|(part, given)| part == given || part.starts_with('{'))
    };
    for described in CSPM.iter().chain(&COMPUTE) {
        assert!(asked.iter().any(|asked| is(described, asked)), "no {described} in {asked:#?}");
    }
}

/// Judges that find nothing wrong with this would find nothing wrong with anything.
async fn judges_are_awake(court: &Court) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let tell = async |url: String, body: Value| {
        http.post(url).json(&body).send().await.unwrap();
    };
    tell(format!("{}/v2/alert", court.cspm.url), json!({"limit": "ten"})).await;
    tell(format!("{}/alert/dismiss", court.cspm.url), json!({"alerts": ["P-1"]})).await;
    tell(format!("{}/api/v34.04/authenticate", court.compute.url), json!({"username": 7})).await;
    let heard = court.heard();
    for word in ["limit", "filter", "username"] {
        let found = heard.violations.iter().any(|it| it.in_request && it.text.contains(word));
        assert!(found, "{word}: {:#?}", heard.violations);
    }
}

fn named<'a>(alerts: &'a [RawAlert], resource: &str) -> &'a RawAlert {
    let is = |alert: &&RawAlert| {
        let body: Value = serde_json::from_slice(&alert.body).unwrap();
        body["resource"]["name"] == resource
    };
    alerts.iter().find(is).expect("the shipped scenarios have this resource")
}

fn finding(alert: &RawAlert) -> Finding {
    Finding {
        id: FindingId::new("fnd"),
        source: "prisma-judged".to_owned(),
        alert: AlertId::new("alr"),
        alert_sha256: String::new(),
        received_at: Utc::now(),
        draft: PrismaNormaliser.normalise(alert).unwrap(),
    }
}
