//! Stages: one command, one line of progress, its output in a file and its tail on failure.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::leash;

const TAIL_LINES: usize = 25;
/// Lines of a panic that are shown: where, and the first ones of why.
const REASON_LINES: usize = 4;
/// Panics that are shown; the rest is in the log.
const MOST_REASONS: usize = 8;
const TICK: Duration = Duration::from_millis(100);
/// Without a terminal, a long stage says that it is alive this often.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// How a stage ended.
pub struct Outcome {
    pub status: ExitStatus,
    /// Everything the command wrote, both streams in order.
    pub log: PathBuf,
}

impl Outcome {
    /// Everything the command wrote, as plain text: some colour their output whatever they are told.
    pub fn output(&self) -> Result<String, Failure> {
        let bytes = fs::read(&self.log).map_err(Failure::file("read", &self.log))?;
        Ok(without_colours(&String::from_utf8_lossy(&bytes)))
    }
}

/// Runs the command; a bad end shows the output's tail and is an error.
pub fn run(checkout: &Checkout, name: &str, command: Command) -> Result<Outcome, Failure> {
    let outcome = attempt(checkout, name, command)?;
    if outcome.status.success() {
        return Ok(outcome);
    }
    Err(Failure::Stage { name: name.to_owned() })
}

/// Runs the command; a bad end shows the output's tail and is returned as it is.
pub fn attempt(checkout: &Checkout, name: &str, command: Command) -> Result<Outcome, Failure> {
    attempt_in(checkout, name, command, None)
}

/// The same; the folder is removed when the command has ended, even if we end before it.
pub fn attempt_in(
    checkout: &Checkout,
    name: &str,
    command: Command,
    folder: Option<&Path>,
) -> Result<Outcome, Failure> {
    let log = log_file(checkout, name)?;
    let sink = File::create(&log).map_err(Failure::file("write", &log))?;
    let twin = sink.try_clone().map_err(Failure::file("write", &log))?;
    let shown = command.get_program().to_string_lossy().into_owned();
    let mut child = leash::leashed(&checkout.xtask, &command, folder)
        .stdout(sink)
        .stderr(twin)
        .spawn()
        .map_err(Failure::start(shown.clone()))?;

    let mut line = ProgressLine::start(name);
    let status = loop {
        if let Some(status) = child.try_wait().map_err(Failure::start(shown.clone()))? {
            break status;
        }
        line.tick(|| last_line(&log));
        thread::sleep(TICK);
    };
    line.finish(status);
    if !status.success() {
        show_tail(&log);
    }
    Ok(Outcome { status, log })
}

/// A line for something that needed no work, or that was left out and why.
pub fn note(mark: &str, text: &str) {
    eprintln!("  {mark:<6} {text}");
}

struct ProgressLine {
    name: String,
    began: Instant,
    spoken: Instant,
    terminal: bool,
}

impl ProgressLine {
    fn start(name: &str) -> Self {
        let terminal = io::stderr().is_terminal();
        if !terminal {
            eprintln!("  …      {name}");
        }
        let now = Instant::now();
        Self { name: name.to_owned(), began: now, spoken: now, terminal }
    }

    fn tick(&mut self, latest: impl FnOnce() -> String) {
        let seconds = self.began.elapsed().as_secs();
        if self.terminal {
            let latest: String = latest().chars().take(48).collect();
            eprint!("\r\x1b[2K  …      {} {seconds} s  {latest}", self.name);
            let _ = io::stderr().flush();
        } else if self.spoken.elapsed() >= HEARTBEAT {
            self.spoken = Instant::now();
            eprintln!("  …      {} {seconds} s: {}", self.name, latest());
        }
    }

    fn finish(&self, status: ExitStatus) {
        let seconds = self.began.elapsed().as_secs_f64();
        let clear = if self.terminal { "\r\x1b[2K" } else { "" };
        if status.success() {
            eprintln!("{clear}  ok     {} {seconds:.1} s", self.name);
        } else {
            // A command that was killed says nothing itself: 128 and the signal's number.
            eprintln!("{clear}  FAILED {} {seconds:.1} s ({status})", self.name);
        }
    }
}

fn log_file(checkout: &Checkout, name: &str) -> Result<PathBuf, Failure> {
    let folder = checkout.target.join("xtask-logs");
    fs::create_dir_all(&folder).map_err(Failure::file("create", &folder))?;
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Ok(folder.join(format!("{plain}.log")))
}

/// The reasons that a log gives, then its end. A test says why before its backtrace and what it saw, so
/// that the end alone may show anything but the reason.
pub fn show_tail(log: &Path) {
    let text = fs::read(log).unwrap_or_default();
    let text = without_colours(&String::from_utf8_lossy(&text));
    let lines: Vec<&str> = text.lines().collect();
    for line in reasons(&lines) {
        eprintln!("    ! {line}");
    }
    for line in &lines[lines.len().saturating_sub(TAIL_LINES)..] {
        eprintln!("    | {line}");
    }
    eprintln!("    all of it: {}", log.display());
}

/// Each panic once, with its first lines, as far as they are not in the end that is shown anyway.
fn reasons<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let end = lines.len().saturating_sub(TAIL_LINES);
    let mut told = Vec::new();
    let panics = (0..end).filter(|at| lines[*at].contains("panicked at"));
    for at in panics {
        let reason: Vec<&str> =
            lines[at..].iter().take(REASON_LINES).map(|line| line.trim()).collect();
        if told.len() < MOST_REASONS && !told.contains(&reason) {
            told.push(reason);
        }
    }
    told.concat()
}

fn last_line(log: &Path) -> String {
    let mut end = Vec::new();
    let read = File::open(log).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(512)))?;
        file.read_to_end(&mut end)
    });
    match read {
        Ok(_) => String::from_utf8_lossy(&end)
            .lines()
            .rfind(|line| !line.trim().is_empty())
            .map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>())
            .unwrap_or_default()
            .trim()
            .to_owned(),
        Err(_) => String::new(),
    }
}

/// Takes out terminal sequences: escape, bracket, parameters, a letter.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
        plain.push_str(&part[end..]);
    }
    plain
}

/// A command with nothing to read from and both streams handed through.
pub fn attached(mut command: Command) -> Result<ExitStatus, Failure> {
    let shown = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).status().map_err(Failure::start(shown))
}

/// A line of a task's result, on standard output.
pub fn say(text: &str) {
    // Nobody reads any more when this fails; the exit code still tells.
    let _ = writeln!(io::stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_shown_however_far_from_the_end() {
        let mut lines = vec!["ok", "thread 'a' panicked at x.rs:1:", "  it broke", "seen: x"];
        let rest: Vec<String> = (0..40).map(|line| format!("line {line}")).collect();
        lines.extend(rest.iter().map(String::as_str));
        let twice = [lines.clone(), lines].concat();
        assert_eq!(
            reasons(&twice),
            ["thread 'a' panicked at x.rs:1:", "it broke", "seen: x", "line 0"]
        );
        assert!(reasons(&["thread 'a' panicked at x.rs:1:"]).is_empty(), "the end shows it");
    }

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(without_colours("a \x1b[1m\x1b[32m3 passed\x1b[39m (3)"), "a 3 passed (3)");
        assert_eq!(without_colours("plain"), "plain");
    }
}
