//! Counts tests while their output passes by.

use crate::commands::forget_package;
use anyhow::{Context as _, Result};
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u32,
    /// Tests that failed.
    pub(crate) failed: u32,
    /// What could not be looked at, because something is missing on this machine.
    pub(crate) skipped: u32,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Tally {
    /// Runs a test program, shows what it prints, and adds its counts. `true` if it ended well.
    ///
    /// # Errors
    /// It cannot be started or read.
    pub(crate) fn watch(&mut self, mut command: Command) -> Result<bool> {
        forget_package(&mut command);
        let mut child = (command.stdout(Stdio::piped()).spawn())
            .with_context(|| format!("start {}", command.get_program().to_string_lossy()))?;
        let printed = child.stdout.take().context("read the output of the tests")?;
        for line in BufReader::new(printed).split(b'\n') {
            let line = line.context("read the output of the tests")?;
            let mut out = std::io::stdout().lock();
            out.write_all(&line)?;
            out.write_all(b"\n")?;
            self.add(&String::from_utf8_lossy(&line));
        }
        Ok(child.wait()?.success())
    }

    /// Adds the counts of a closing line of cargo's or Node's test runner.
    fn add(&mut self, line: &str) {
        if line.starts_with("SKIPPED: ") {
            self.skipped += 1;
        } else if let Some(counts) = line.trim().strip_prefix("test result: ") {
            // "ok. 12 passed; 0 failed; 0 ignored; ..."
            let count = |word: &str| {
                let (before, _) = counts.split_once(word)?;
                before.split_whitespace().last()?.parse::<u32>().ok()
            };
            self.passed += count(" passed").unwrap_or(0);
            self.failed += count(" failed").unwrap_or(0);
        } else if let Some(counts) = line.strip_prefix("\u{2139} ") {
            // Node: an information sign, "pass 5" or "fail 0"
            let Some((word, number)) = counts.split_once(' ') else { return };
            let number: u32 = number.trim().parse().unwrap_or(0);
            match word {
                "pass" => self.passed += number,
                "fail" | "cancelled" => self.failed += number,
                "skipped" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted_and_nothing_else() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.05s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.05s",
            "✔ the page hydrates (120 ms)",
            "\u{2139} tests 5",
            "\u{2139} pass 4",
            "\u{2139} fail 1",
            "\u{2139} cancelled 0",
            "\u{2139} skipped 2",
            "SKIPPED: this test needs a Python with cantools",
            "\u{2139} duration_ms 4512.2",
        ] {
            tally.add(line);
        }
        assert_eq!(tally.to_string(), "18 passed, 4 failed, 3 skipped");
    }

    #[test]
    fn a_program_that_fails_is_told_from_one_that_passes() {
        let mut tally = Tally::default();
        assert!(tally.watch(Command::new("true")).unwrap());
        assert!(!tally.watch(Command::new("false")).unwrap());
        assert!(tally.watch(Command::new("/no/such/program")).is_err());
    }
}
