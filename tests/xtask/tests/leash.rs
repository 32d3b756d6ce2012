//! Children never outlive us: the leash, through the real program.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

fn leash(words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("leash")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

/// Zombies don't run: in a container nobody may collect them.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with(['Z', 'X']))
}

fn empty_folder(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("firebreak-leash-{name}-{}", std::process::id()));
    fs::create_dir_all(folder.join("inside")).unwrap();
    folder
}

#[test]
fn the_whole_group_ends_with_the_parents_pipe() {
    let folder = empty_folder("pipe");
    let remove = folder.to_string_lossy().into_owned();
    let script = "sleep 600 & echo $!; wait";
    let mut child = leash(&["--remove", &remove, "--", "sh", "-c", script]);
    let grandchild = first_line(&mut child);
    assert!(runs(&grandchild));
    // What the kernel does when the parent is killed.
    drop(child.stdin.take());
    child.wait().unwrap();
    assert!(!runs(&grandchild), "{grandchild} still runs");
    assert!(!folder.exists(), "{remove} is still there");
}

#[test]
fn what_a_command_left_running_ends_with_it() {
    // Deaf to TERM, so that it takes the second, harder word.
    let script = "trap '' TERM; sleep 600 & echo $!; exit 7";
    let mut child = leash(&["--", "bash", "-c", script]);
    let grandchild = first_line(&mut child);
    // Not `wait`: that would close the pipe first, and this is about the command's own end.
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::yield_now();
    };
    assert_eq!(status.code(), Some(7));
    assert!(!runs(&grandchild), "{grandchild} still runs");
}

#[test]
fn the_exit_code_is_the_commands_own() {
    for (script, code) in [("exit 0", 0), ("exit 42", 42), ("kill -9 $$", 137)] {
        let mut child = leash(&["--", "sh", "-c", script]);
        let pipe = child.stdin.take();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{script}");
        drop(pipe);
    }
    let mut child = leash(&["--", "/nowhere/to/be/found"]);
    assert_eq!(child.wait().unwrap().code(), Some(127));
}
