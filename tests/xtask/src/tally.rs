//! Counting: what each suite passed, failed and skipped, read from what the test runners print.

use std::collections::BTreeSet;
use std::fmt;
use std::process::ExitCode;

/// A test that can't run here prints a line that begins with one of these, says why, and returns.
/// Runners count it as passed; we don't.
const SKIP_MARKS: &[&str] = &["SKIPPED", "skipped:"];

/// One suite's result.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Suite {
    name: String,
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Names of failed tests, reasons of skipped ones.
    details: Vec<String>,
}

/// Every suite of a run.
#[derive(Debug, Default)]
pub struct Tally {
    suites: Vec<Suite>,
}

impl Tally {
    /// Adds a suite's result.
    pub fn add(&mut self, suite: Suite) {
        self.suites.push(suite);
    }

    /// Adds one check that is a suite of its own.
    pub fn check(&mut self, name: &str, good: bool) {
        let details = if good { Vec::new() } else { vec![format!("failed: {name}")] };
        let (passed, failed) = (usize::from(good), usize::from(!good));
        self.merge(Suite { name: "checks".to_owned(), passed, failed, skipped: 0, details });
    }

    /// Adds a check that can't be made here, and why.
    pub fn skip(&mut self, name: &str, reason: &str) {
        let details = vec![format!("skipped: {name}: {reason}")];
        self.merge(Suite { name: "checks".to_owned(), passed: 0, failed: 0, skipped: 1, details });
    }

    /// Prints a line a suite and, last, the total; says whether all is well.
    pub fn report(&self) -> ExitCode {
        for suite in &self.suites {
            crate::stage::say(&format!("{:<10} {}", suite.name, suite.counts()));
            suite.details.iter().for_each(|detail| crate::stage::say(&format!("  {detail}")));
        }
        let total = self.total();
        crate::stage::say(&total.counts());
        // A run that tested nothing proves nothing.
        ExitCode::from(u8::from(total.failed > 0 || total.passed == 0))
    }

    fn total(&self) -> Suite {
        let mut total = Suite::default();
        for suite in &self.suites {
            total.passed += suite.passed;
            total.failed += suite.failed;
            total.skipped += suite.skipped;
        }
        total
    }

    fn merge(&mut self, more: Suite) {
        match self.suites.iter_mut().find(|suite| suite.name == more.name) {
            Some(suite) => {
                suite.passed += more.passed;
                suite.failed += more.failed;
                suite.skipped += more.skipped;
                suite.details.extend(more.details);
            }
            None => self.suites.push(more),
        }
    }
}

impl Suite {
    /// From nextest's summary line.
    pub fn from_nextest(name: &str, output: &str, good: bool) -> Self {
        let summary = output.lines().rfind(|line| line.trim_start().starts_with("Summary ["));
        let mut suite = Self::named(name);
        let counts =
            summary.and_then(|line| line.split_once("run:")).map_or("", |(_, counts)| counts);
        for (count, word) in counts.split(',').filter_map(counted) {
            match word {
                "passed" => suite.passed += count,
                "skipped" => suite.skipped += count,
                _ => suite.failed += count,
            }
        }
        let bad = ["FAIL [", "TIMEOUT [", "SIGABRT [", "SIGSEGV [", "SIGKILL [", "LEAK-FAIL ["];
        suite.name_failures(output, |line| bad.iter().any(|mark| line.starts_with(mark)));
        suite.finished(output, good)
    }

    /// From the result lines of `cargo test`, one for each binary.
    pub fn from_libtest(name: &str, output: &str, good: bool) -> Self {
        let mut suite = Self::named(name);
        for line in output.lines().filter(|line| line.starts_with("test result:")) {
            let counts = line.split_once(". ").map_or("", |(_, counts)| counts);
            for (count, word) in counts.split(';').filter_map(counted) {
                match word {
                    "passed" => suite.passed += count,
                    "failed" => suite.failed += count,
                    "ignored" => suite.skipped += count,
                    _ => {}
                }
            }
        }
        suite.name_failures(output, |line| line.starts_with("test ") && line.ends_with("FAILED"));
        suite.finished(output, good)
    }

    /// From vitest's `Tests` line.
    pub fn from_vitest(name: &str, output: &str, good: bool) -> Self {
        let mut suite = Self::named(name);
        let summary = output.lines().rfind(|line| line.trim_start().starts_with("Tests "));
        let counts = summary.map_or("", |line| line.trim_start().trim_start_matches("Tests "));
        for (count, word) in counts.split('|').filter_map(counted) {
            match word {
                "passed" => suite.passed += count,
                "failed" => suite.failed += count,
                _ => suite.skipped += count,
            }
        }
        suite.name_failures(output, |line| line.starts_with("FAIL "));
        suite.finished(output, good)
    }

    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn name_failures(&mut self, output: &str, failed: impl Fn(&str) -> bool) {
        let names: BTreeSet<_> =
            output.lines().map(str::trim).filter(|line| failed(line)).collect();
        self.details.extend(names.into_iter().map(|line| format!("failed: {line}")));
    }

    /// Moves what skipped itself out of "passed", and never lets a bad run look good.
    fn finished(mut self, output: &str, good: bool) -> Self {
        let skips = skips(output);
        let tests: BTreeSet<_> = skips.iter().map(|(test, _)| test).collect();
        let skipped = tests.len().min(self.passed);
        self.passed -= skipped;
        self.skipped += skipped;
        let reasons: BTreeSet<_> =
            skips.iter().map(|(test, why)| format!("skipped: {test}: {why}")).collect();
        self.details.extend(reasons);
        if !good && self.failed == 0 {
            self.failed = 1;
            self.details.push(format!("failed: {} did not build or did not finish", self.name));
        }
        self
    }

    fn counts(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Tests that said they skipped themselves, and why. Both runners print a heading over what a test
/// wrote: nextest `──── STDERR: crate test ────`, libtest `---- test stdout ----`.
fn skips(output: &str) -> BTreeSet<(&str, &str)> {
    let mut test = "a test";
    let mut found = BTreeSet::new();
    for line in output.lines().map(str::trim) {
        let heading = line.trim_matches(['─', '-', ' ']);
        if heading.len() < line.len() {
            let named = heading.strip_prefix("STDERR:").or(heading.strip_prefix("STDOUT:"));
            let named = named.or(heading.strip_suffix(" stdout"));
            test = named.map_or(test, str::trim);
        }
        if let Some(reason) = SKIP_MARKS.iter().find_map(|mark| line.strip_prefix(mark)) {
            found.insert((test, reason.trim_start_matches([':', ' '])));
        }
    }
    found
}

/// `" 12 passed (1 slow)"` is 12 and `passed`.
fn counted(part: &str) -> Option<(usize, &str)> {
    let mut words = part.split_whitespace();
    let count = words.next()?.parse().ok()?;
    Some((count, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(suite: &Suite, counts: &str, details: &[&str]) {
        assert_eq!(suite.to_string(), counts);
        assert_eq!(suite.details, details);
    }

    #[test]
    fn nextest_counts_every_way_to_fail() {
        let output = "        FAIL [   0.004s] firebreak-core plan::tests::digest\n\
             Summary [  12.5s] 9 tests run: 6 passed (1 slow), 1 failed, 1 timed out, 1 exec failed, 2 skipped\n";
        check(
            &Suite::from_nextest("rust", output, false),
            "6 passed, 3 failed, 2 skipped",
            &["failed: FAIL [   0.004s] firebreak-core plan::tests::digest"],
        );
    }

    #[test]
    fn a_test_that_skipped_itself_did_not_pass() {
        let output = "──── STDERR:  firebreak-sources samples::all ────\n\
             \x20   SKIPPED: FIREBREAK_SAMPLES is not set\n\
             ──── STDERR:  firebreak-sources corpora::all ────\n\
             \x20   skipped: FIREBREAK_CORPORA is not set\n\
             \x20   skipped: and that too\n\
             Summary [ 0.1s] 3 tests run: 3 passed, 0 skipped\n";
        check(
            &Suite::from_nextest("rust", output, true),
            "1 passed, 0 failed, 2 skipped",
            &[
                "skipped: firebreak-sources corpora::all: FIREBREAK_CORPORA is not set",
                "skipped: firebreak-sources corpora::all: and that too",
                "skipped: firebreak-sources samples::all: FIREBREAK_SAMPLES is not set",
            ],
        );
        let output = "---- a::b stdout ----\nSKIPPED no display\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        check(
            &Suite::from_libtest("rust", output, true),
            "1 passed, 0 failed, 1 skipped",
            &["skipped: a::b: no display"],
        );
    }

    #[test]
    fn a_run_that_broke_is_a_failure_even_without_a_summary() {
        check(
            &Suite::from_nextest("rust", "error: could not compile", false),
            "0 passed, 1 failed, 0 skipped",
            &["failed: rust did not build or did not finish"],
        );
    }

    #[test]
    fn libtest_adds_up_its_binaries() {
        let output = "test a::b ... FAILED\n\
             test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 5 filtered out; finished in 0s\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
        check(
            &Suite::from_libtest("rust", output, false),
            "4 passed, 1 failed, 1 skipped",
            &["failed: test a::b ... FAILED"],
        );
    }

    #[test]
    fn vitest_counts() {
        let output =
            " Test Files  2 passed (2)\n      Tests  1 failed | 12 passed | 2 skipped (15)\n";
        check(&Suite::from_vitest("ui", output, false), "12 passed, 1 failed, 2 skipped", &[]);
    }

    #[test]
    fn an_empty_run_is_not_a_success() {
        assert_eq!(Tally::default().report(), ExitCode::FAILURE);
    }
}
