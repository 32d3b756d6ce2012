//! Proportional set size, which counts shared pages once: from `/proc/PID/smaps_rollup` (Linux).

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use firebreak_desk::Home;

use crate::table::Table;

/// How long the window gets to settle.
const SETTLE: Duration = Duration::from_secs(12);

/// Of this process.
pub fn of_this_process() -> String {
    own_kib().map_or_else(|| "not known on this system".to_owned(), mebibytes)
}

/// Of this process, in KiB.
pub fn own_kib() -> Option<u64> {
    pss_kib(std::process::id())
}

/// The real window's whole process tree, when there is a display and a built program.
pub fn window(home: &Home, table: &mut Table) {
    let program =
        std::env::var_os("FIREBREAK_BIN_DIR").map(|folder| Path::new(&folder).join("firebreak"));
    let Some(program) =
        program.filter(|path| path.exists() && std::env::var_os("DISPLAY").is_some())
    else {
        table.row(
            "window memory (PSS over the tree)",
            "SKIPPED",
            "no display, or firebreak is not built",
        );
        return;
    };
    let child = Command::new(program)
        .arg("--home")
        .arg(home.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        table.row("window memory (PSS over the tree)", "SKIPPED", "firebreak did not start");
        return;
    };
    std::thread::sleep(SETTLE);
    let tree = tree(child.id());
    let total: u64 = tree.iter().filter_map(|pid| pss_kib(*pid)).sum();
    let own = pss_kib(child.id())
        .map_or_else(String::new, |own| format!(", {} of it the program itself", mebibytes(own)));
    let alive = matches!(child.try_wait(), Ok(None));
    let _killed = child.kill();
    let _reaped = child.wait();
    let value = if alive { mebibytes(total) } else { "it ended by itself".to_owned() };
    table.row("window memory (PSS over the tree)", value, format!("{} processes{own}", tree.len()));
}

fn tree(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut index = 0;
    while let Some(pid) = found.get(index).copied() {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        for task in tasks {
            let children =
                std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        index += 1;
    }
    found
}

fn pss_kib(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find(|line| line.starts_with("Pss:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

pub fn mebibytes(kib: u64) -> String {
    format!("{:.0} MiB", kib as f64 / 1024.0)
}
