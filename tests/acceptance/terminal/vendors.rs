//! Every CNAPP that can be connected, each on its own stand-in, all on one workspace: what one
//! vendor's alerts say of a machine meets what the others' say.

use std::collections::BTreeSet;

use firebreak_sandbox::Options;
use firebreak_sandbox::faults::{Fault, Mode, Target};
use serde_json::Value;

use super::said::{list, text};
use super::stage::Stage;

const VENDORS: [(&str, Target); 4] = [
    ("wiz", Target::Wiz),
    ("prisma", Target::Prisma),
    ("lacework", Target::Lacework),
    ("orca", Target::Orca),
];

fn name(vendor: &str) -> String {
    format!("{vendor}-sandbox")
}

async fn source(stage: &Stage, name: &str) -> Value {
    let sources = stage.json(&["source", "list"]).await;
    list(&sources, "").iter().find(|source| source["name"] == name).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_vendors_are_read_joined_and_told() {
    let Some(stage) = Stage::start("vendors", Options::vendors()).await else { return };
    for (vendor, _) in VENDORS {
        let name = name(vendor);
        let test = stage.json(&["source", "test", &name]).await;
        assert_eq!(test["ok"], true, "{vendor}: {test:#}");
        stage.run(&["poll", "--source", &name]).await.ended(0);
        let source = source(&stage, &name).await;
        assert_eq!(text(&source, "/health"), "ok", "{source:#}");
        assert!(source["alerts_total"].as_u64().unwrap() > 3, "{source:#}");
        assert_eq!(source["alerts_unread"], 0, "{vendor}: all of it was understood: {source:#}");
        assert_eq!(source["can_write"], true);

        let again = stage.json(&["poll", "--source", &name]).await;
        assert_eq!(again[0]["findings"], 0, "{vendor}: nothing comes twice: {again}");
        let filled = stage.json(&["source", "backfill", &name, "--days", "5"]).await;
        assert_eq!(filled["incidents_opened"], 0, "{vendor}: {filled}");
    }
    let row = stage.incident_about("web-7").await;
    let shown = stage.json(&["incidents", "show", text(&row, "/label")]).await;
    let sources: BTreeSet<&str> =
        list(&shown, "/findings").iter().map(|finding| text(finding, "/source")).collect();
    assert!(sources.len() >= 3, "one machine, one incident, whoever says so: {sources:?}");

    everybody_is_told(&stage, text(&row, "/label")).await;
    stage.audit_holds().await;
    let ready = stage.sandbox.ready();
    let secrets = [
        ready.prisma.as_ref().map(|prisma| &prisma.secret_key),
        ready.lacework.as_ref().map(|lacework| &lacework.secret),
        ready.orca.as_ref().map(|orca| &orca.api_token),
    ];
    std::fs::remove_file(stage.ready_file()).unwrap();
    for secret in secrets.into_iter().flatten() {
        assert!(secret.len() >= 12, "a secret that can be looked for");
        assert_eq!(stage.found(secret.as_bytes()), None, "a secret was written down");
    }
}

/// Each vendor takes the comment; what one of them has no status for says so and is no success.
async fn everybody_is_told(stage: &Stage, label: &str) {
    let ask = ["write-back", "ask", label, "--status", "in_progress", "--comment", "Isolated."];
    let taken = stage.json(&ask).await;
    let mut told = BTreeSet::new();
    for order in list(&taken, "") {
        let state = text(order, "/state");
        assert!(["written", "already_so", "impossible"].contains(&state), "{order:#}");
        if state == "impossible" {
            assert!(text(order, "/note").len() > 15, "and why: {order:#}");
        } else {
            told.insert(text(order, "/source").to_owned());
        }
    }
    assert!(told.len() >= 3, "{told:?} of {taken:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_vendor_does_nothing_is_lost() {
    let Some(stage) = Stage::start("vendor_faults", Options::vendors()).await else { return };
    for (vendor, target) in VENDORS.into_iter().skip(1) {
        let name = name(vendor);
        for mode in [
            Mode::TooMany,
            Mode::Internal,
            Mode::Html200,
            Mode::Garbage,
            Mode::CutHalf,
            Mode::Cut,
            Mode::Forbidden,
        ] {
            stage.sandbox.fault(Fault { retry_after: Some(1), ..Fault::new(target, mode) });
            let said = stage.run(&["poll", "--source", &name, "--json"]).await.ended(1);
            assert!(text(&said.document(), "/error/message").len() > 10, "{vendor} {mode:?}");
            let broken = source(&stage, &name).await;
            assert!(text(&broken, "/problem").len() > 10, "{vendor} {mode:?}: {broken:#}");
            assert!(broken["failures"].as_u64().unwrap() >= 1);
            stage.heal(target);
        }
        // One refusal of a token in the middle is made good by itself.
        let once = Fault { count: 1, skip: 1, ..Fault::new(target, Mode::Unauthorized) };
        stage.sandbox.fault(once);
        stage.run(&["poll", "--source", &name]).await.ended(0);
        stage.heal(target);
        let healed = source(&stage, &name).await;
        assert_eq!((text(&healed, "/health"), healed["failures"].as_u64()), ("ok", Some(0)));
        assert!(healed["alerts_total"].as_u64().unwrap() > 3, "{vendor}: {healed:#}");
    }
    stage.audit_holds().await;
}
