//! A database of an earlier version, opened by this one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use firebreak_core::finding::{
    Actor, Finding, FindingDraft, FindingStatus, Resource, ResourceKind,
};
use firebreak_core::queue::QueueFilter;
use firebreak_core::{AlertId, FindingId, IncidentId, Severity, Timestamp};
use firebreak_store::Store;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

fn at(hour: u32) -> Timestamp {
    chrono::NaiveDate::from_ymd_opt(2026, 11, 22)
        .unwrap()
        .and_hms_opt(hour, 0, 0)
        .unwrap()
        .and_utc()
}

fn finding(number: u32, key: Option<&str>) -> Finding {
    Finding {
        id: FindingId::new(format!("fnd_{number}")),
        source: "wiz".to_owned(),
        alert: AlertId::new("alr_1"),
        alert_sha256: "00".to_owned(),
        received_at: at(number),
        draft: FindingDraft {
            kind: "issue".to_owned(),
            vendor_id: number.to_string(),
            title: "a miner".to_owned(),
            description: None,
            severity: Severity::High,
            severity_as_given: None,
            status: FindingStatus::New,
            status_as_given: None,
            created_at: Some(at(number)),
            updated_at: None,
            status_changed_at: None,
            resource: Resource {
                native_id: Some("i-1".to_owned()),
                kind: Some(ResourceKind::Instance),
                ..Resource::default()
            },
            actor: key.map(|key| Actor { access_key_id: Some(key.to_owned()), ..Actor::default() }),
            rule_id: None,
            rule_name: None,
            tactics: Vec::new(),
            techniques: Vec::new(),
            observations: Vec::new(),
            evidence_query: None,
            unknowns: Vec::new(),
        },
    }
}

/// The first version that kept what findings name; later ones are left with it.
const ENTITIES: i64 = 8;

/// The database as the version left it that had these migrations, with one incident of two findings.
async fn left_by(version: i64, path: &std::path::Path) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut old: SqliteConnection = options.connect().await.unwrap();
    let earlier = MIGRATIONS.iter().filter(|it| it.version <= version).cloned().collect();
    let migrator = Migrator { migrations: Cow::Owned(earlier), ..Migrator::DEFAULT };
    migrator.run(&mut old).await.unwrap();
    let run = "INSERT INTO alert VALUES ('alr_1', 'wiz', 'issue', '00', '2026-11-22T01:00:00.000000Z', NULL, x'7b7d');
        INSERT INTO incident (id, number, title, severity, severity_rank, state, asset, techniques, sources,
            finding_count, joined_because, opened_at, last_at, updated_at, search)
          VALUES ('inc_1', 1, 'a miner', 'high', 4, 'new', 'i-1', '[]', '[\"wiz\"]', 2, 'same asset',
            '2026-11-22T01:00:00.000000Z', '2026-11-22T03:00:00.000000Z', '2026-11-22T03:00:00.000000Z', 'inc-1 a miner')";
    sqlx::raw_sql(run).execute(&mut old).await.unwrap();
    for finding in [finding(1, None), finding(3, Some("AKIA1"))] {
        sqlx::query(
            "INSERT INTO finding (id, source, kind, vendor_id, alert, began_at, received_at, asset, doc)
             VALUES (?1, 'wiz', 'issue', ?2, 'alr_1', ?3, ?3, 'i-1', ?4)",
        )
        .bind(finding.id.as_str())
        .bind(&finding.draft.vendor_id)
        .bind(finding.received_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
        .bind(serde_json::to_string(&finding).unwrap())
        .execute(&mut old)
        .await
        .unwrap();
        sqlx::query("INSERT INTO incident_finding (finding, incident) VALUES (?1, 'inc_1')")
            .bind(finding.id.as_str())
            .execute(&mut old)
            .await
            .unwrap();
    }
    if version >= ENTITIES {
        let run = "INSERT INTO incident_entity (entity, last_at, incident, first_at) VALUES
            ('i-1', '2026-11-22T03:00:00.000000Z', 'inc_1', '2026-11-22T01:00:00.000000Z'),
            ('AKIA1', '2026-11-22T03:00:00.000000Z', 'inc_1', '2026-11-22T03:00:00.000000Z')";
        sqlx::raw_sql(run).execute(&mut old).await.unwrap();
    }
    old.close().await.unwrap();
}

#[tokio::test]
async fn every_version_before_is_brought_up_to_date_with_what_it_holds() {
    let newest = MIGRATIONS.iter().map(|it| it.version).max().unwrap();
    for version in MIGRATIONS.iter().map(|it| it.version).filter(|version| *version < newest) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("firebreak.db");
        left_by(version, &path).await;
        let store = Store::open(&path).await.unwrap();
        let id = IncidentId::new("inc_1");

        let page = store.queue(&QueueFilter { limit: 10, ..QueueFilter::default() }).await.unwrap();
        assert_eq!(page.rows.len(), 1, "from version {version}");
        assert!(page.rows[0].clock.is_some() || page.rows[0].owner.is_some(), "its clock runs");
        assert_eq!(store.queue_counts().await.unwrap().open, 1);
        let found =
            QueueFilter { text: Some("miner".to_owned()), limit: 10, ..QueueFilter::default() };
        assert_eq!(store.queue(&found).await.unwrap().rows.len(), 1, "it is found by its text");
        assert_eq!(store.findings(&id).await.unwrap().len(), 2);
        assert!(store.joined(&id).await.unwrap().is_empty(), "nobody noted why, then");

        let mut write = store.write().await.unwrap();
        let asked = BTreeSet::from(["i-1", "AKIA1", "AKIA2"]);
        let named = write.named(&asked, (at(2), at(2))).await.unwrap();
        let stretch = |entity: &str| {
            let [one] = &named.stretches[entity][..] else { panic!("one stretch of {entity}") };
            (one.home.to_string(), one.first_at, one.last_at)
        };
        assert_eq!(stretch("i-1"), ("inc_1".to_owned(), at(1), at(3)), "from version {version}");
        assert_eq!(stretch("AKIA1"), ("inc_1".to_owned(), at(3), at(3)));
        assert_eq!(named.stretches.len(), 2);
        let stands = write.stands(&BTreeSet::from([id.clone()])).await.unwrap();
        assert_eq!(stands[0].root, id);
        drop(write);
        store.close().await;
        let copies = std::fs::read_dir(folder.path()).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
            name.contains(&format!("version-{version}"))
        });
        assert_eq!(copies.count(), 1, "what was there is kept aside");
    }
}
