//! Children that can't outlive us.
//!
//! A leashed command runs in a process group of its own under a second copy of this program, which
//! holds the read end of a pipe from its parent. When the parent ends, however it ends (Ctrl-C,
//! `kill -9`, a panic), the kernel closes the pipe and the leash ends the whole group. No signal
//! handler and no unsafe code is needed, and a chain of leashes unwinds from the top.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::failure::Failure;

/// How long a group may take to end after SIGTERM before it is killed.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct Options {
    /// A folder to remove when the command has ended, one way or the other.
    #[arg(long)]
    remove: Option<PathBuf>,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Wraps a command so that it ends when this process does.
pub fn leashed(xtask: &Path, command: &Command, remove: Option<&Path>) -> Command {
    let mut wrapped = Command::new(xtask);
    wrapped.arg("leash");
    if let Some(folder) = remove {
        wrapped.arg("--remove").arg(folder);
    }
    wrapped.arg("--").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    // Its own group: a Ctrl-C at the terminal reaches us, and the closing pipe reaches the leash.
    own_group(&mut wrapped);
    wrapped.stdin(Stdio::piped());
    wrapped
}

/// Waits for a leashed child to end by itself.
pub fn follow(mut child: Child) -> Result<ExitStatus, Failure> {
    // `wait` closes the child's standard input first, which would end it: keep that end ourselves.
    let pipe = child.stdin.take();
    let status = child.wait().map_err(Failure::start("a leashed command"));
    drop(pipe);
    status
}

/// Ends a leashed child and waits until its group is gone.
pub fn release(mut child: Child) -> Result<ExitStatus, Failure> {
    child.wait().map_err(Failure::start("a leashed command"))
}

/// Runs the command until it ends or our standard input does. Exit code: the command's own, or
/// 128 and the signal's number.
pub fn hold(options: Options) -> Result<ExitCode, Failure> {
    let (program, arguments) =
        options.command.split_first().expect("clap demands at least one word");
    let shown = program.to_string_lossy().into_owned();
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    own_group(&mut command);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(source) => {
            eprintln!("can't start {shown}: {source}");
            return Ok(ExitCode::from(127));
        }
    };
    let group = child.id();
    thread::spawn(move || {
        let mut nothing = [0_u8; 64];
        let mut parent = std::io::stdin();
        // Nobody writes: a read returns only when the parent is gone.
        while matches!(parent.read(&mut nothing), Ok(1..)) {}
        end_group(group);
    });
    let status = child.wait().map_err(Failure::start(shown))?;
    // What the command left running in its group goes with it.
    end_group(group);
    if let Some(folder) = &options.remove {
        let _ = fs::remove_dir_all(folder);
    }
    Ok(exit_code(status))
}

/// A command's status as ours: its own code, or 128 and the signal's number.
pub fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| ended_by(status).map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Windows has no process groups in this sense: children of children are not followed there.
#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

#[cfg(unix)]
fn ended_by(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn ended_by(_status: ExitStatus) -> Option<i32> {
    None
}

fn end_group(group: u32) {
    if !is_alive(group) {
        return;
    }
    // Who is killed is not gone at once, least of all on a busy machine.
    for signal in ["TERM", "KILL"] {
        signal_group(group, signal);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            thread::sleep(Duration::from_millis(50));
            if !is_alive(group) {
                return;
            }
        }
    }
}

/// Whether anybody of the group still runs. Zombies don't count: in a container nobody may ever
/// collect them, and a signal still "reaches" them.
fn is_alive(group: u32) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return signal_group(group, "0") };
    let group = group.to_string();
    processes.flatten().any(|process| {
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // `pid (name) state parent group …`; the name may hold anything, even brackets.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let fields: Vec<_> = fields.split_whitespace().take(3).collect();
        matches!(fields[..], [state, _, of] if of == group && !matches!(state, "Z" | "X"))
    })
}

fn signal_group(group: u32, signal: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("kill -s {signal} -- -{group}")])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_gone_after_it_was_ended() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & wait"]);
        own_group(&mut command);
        let mut child = command.spawn().unwrap();
        let group = child.id();
        assert!(is_alive(group));
        end_group(group);
        assert!(!is_alive(group));
        child.wait().unwrap();
    }

    #[test]
    fn wrapping_keeps_arguments_environment_and_folder() {
        let mut command = Command::new("cargo");
        command.args(["build", "--x"]).env("A", "1").env_remove("B").current_dir("/tmp");
        let wrapped = leashed(Path::new("/xtask"), &command, None);
        let words: Vec<_> = wrapped.get_args().map(|word| word.to_string_lossy()).collect();
        assert_eq!(words, ["leash", "--", "cargo", "build", "--x"]);
        let environment: Vec<_> = wrapped.get_envs().collect();
        assert_eq!(environment.len(), 2);
        assert_eq!(wrapped.get_current_dir(), Some(Path::new("/tmp")));
    }
}
