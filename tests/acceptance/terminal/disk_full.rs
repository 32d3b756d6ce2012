//! A disk that is full: clear words, no action without its intent on disk, and on it goes once
//! there is room.

use std::path::{Path, PathBuf};
use std::process::Command;

use firebreak_sandbox::Options;

use super::said::list;
use super::stage::Stage;

/// A small file system in memory. Dropping it takes it away.
struct Small(PathBuf);

impl Small {
    fn mount(path: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir(path).unwrap();
        let options = format!("size={size},mode=0700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "firebreak-test"]).arg(path);
        mount.stderr(std::process::Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(path.to_path_buf()))
    }

    /// Fills it to the last byte but some.
    fn fill(&self, leave: usize) {
        let ballast = self.0.join("ballast");
        let mut size = 1 << 30;
        while size >= 512 {
            let file =
                std::fs::OpenOptions::new().append(true).create(true).open(&ballast).unwrap();
            match std::io::Write::write_all(&mut &file, &vec![7; size.min(1 << 16)]) {
                Ok(()) => {}
                Err(_) => size = (size.min(1 << 16)) / 2,
            }
        }
        let length = std::fs::metadata(&ballast).unwrap().len();
        let file = std::fs::OpenOptions::new().write(true).open(&ballast).unwrap();
        file.set_len(length.saturating_sub(leave as u64)).unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_actions_and_loses_nothing() {
    let options = Options { model: false, bulk: 300, ..Options::everything() };
    let Some(mut stage) = Stage::bare("disk_full", options).await else { return };
    let Some(disk) = Small::mount(&stage.folder().join("small"), "24m") else {
        eprintln!("SKIPPED terminal::disk_full: mounting a tmpfs needs root");
        return;
    };
    stage.home = disk.0.join("home");
    let ready = stage.ready_file();
    stage.run(&["init", "--sandbox", &ready.display().to_string()]).await.ended(0);

    disk.fill(0);
    let full = stage.run(&["poll", "--json"]).await.ended(1);
    assert!(full.err.contains("free some disk space"), "it says that the disk is full: {full}");
    full.document();
    let alerts = disk.0.join("alert.json");
    disk.free();
    std::fs::write(&alerts, format!("[{}]", vec![ALERT; 40].join(","))).unwrap();
    disk.fill(0);
    stage
        .run(&["ingest", "--vendor", "wiz", &alerts.display().to_string()])
        .await
        .ended(1)
        .says("free some disk space");
    disk.free();
    let polled = stage.json(&["poll"]).await;
    let stored = polled[0]["findings"].as_u64().unwrap();
    assert!(stored > 150, "after the disk has room again everything comes: {polled:#}");
    let told = stage.alerts_on_record().await.len();
    assert_eq!(told as u64, stored, "once each, and none of what could not be stored");
    stage.audit_holds().await;

    let step = stage.planned("web-7", "aws.ec2.isolate").await;
    stage.run(&["step", "approve", &step]).await.ended(0);
    let from = stage.newest_request();
    for leave in [0, 4096, 16 * 1024] {
        disk.fill(leave);
        let said = stage.run(&["step", "run", &step, "--json"]).await;
        disk.free();
        let sent = stage.operations_after(from);
        let ran = stage.step(&step).await;
        if sent.is_empty() {
            assert!(
                said.code == 1 && said.err.contains("free some disk space"),
                "{leave} bytes left: {said}"
            );
            assert_ne!(ran["state"], "proven");
            continue;
        }
        // There was room for the intent; then what was sent is on record.
        let known = list(&ran, "/run").iter().filter(|call| call["status"] != "not_sent").count();
        assert!(known >= sent.len(), "{leave} bytes left: sent {sent:?}, known {ran:#}");
        break;
    }
    stage.audit_holds().await;
    let state = stage.step(&step).await["state"].clone();
    if state == "approved" {
        assert_eq!(stage.operations_after(from), [""; 0], "no intent on disk, no call");
        stage.run(&["step", "run", &step]).await.ended(0).says("proven");
        stage.run(&["step", "undo", &step]).await.ended(0).says("undone");
    }
    stage.audit_holds().await;
    stage.no_secret_leaked();
}

const ALERT: &str = r#"{"id":"11111111-2222-4333-8444-555555555555","type":"THREAT_DETECTION",
"severity":"HIGH","status":"OPEN","createdAt":"2026-11-20T10:00:00Z","updatedAt":"2026-11-20T10:00:00Z",
"sourceRule":{"id":"r","name":"A rule"},"entitySnapshot":{"id":"e","name":"web-1","type":"VIRTUAL_MACHINE"}}"#;
