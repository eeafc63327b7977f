//! Long commands with visible progress.
//!
//! Their output is kept back: a line says what runs, for how long, and what it is doing (the crate being compiled). On a
//! terminal that line is rewritten in place; elsewhere, as in CI, it is printed now and then. A command that fails shows
//! all that it said; one that works shows only its warnings.

use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often a line is printed where it cannot be rewritten.
const REMINDER: Duration = Duration::from_secs(30);
/// Longest line that is rewritten in place: one that wraps could not be.
const WIDTH: usize = 78;

/// Numbers the steps of one run: `[2/5]`.
pub(crate) struct Steps {
    done: usize,
    total: usize,
}

impl Steps {
    /// A run of `total` steps.
    pub(crate) fn of(total: usize) -> Steps {
        Steps { done: 0, total }
    }

    /// Reports a step as done.
    pub(crate) fn done(&mut self, name: &str, took: Duration) {
        self.done += 1;
        eprintln!("[{}/{}] {name} … {}", self.done, self.total, spoken(took));
    }
}

/// A command and what to call it.
pub(crate) struct Job {
    name: &'static str,
    command: Command,
    started: Instant,
    time_limit: Option<Duration>,
}

impl Job {
    /// A job without a time limit.
    pub(crate) fn new(name: &'static str, command: Command) -> Job {
        Job { name, command, started: Instant::now(), time_limit: None }
    }

    /// Ends it as failed after `limit`: for what may wait for a network for ever.
    pub(crate) fn within(mut self, limit: Duration) -> Job {
        self.time_limit = Some(limit);
        self
    }

    /// Runs it alone, without a number; a line tells that it began.
    ///
    /// # Errors
    /// It cannot start, fails, or takes too long.
    pub(crate) fn run(self) -> Result<()> {
        eprintln!("      {} …", self.name);
        run(vec![self], &mut |_, _| {})
    }
}

/// Runs jobs at the same time; each is reported to `steps` when it is done.
///
/// # Errors
/// One fails: its output is shown and the others are ended.
pub(crate) fn run_together(jobs: Vec<Job>, steps: &mut Steps) -> Result<()> {
    run(jobs, &mut |name, took| steps.done(name, took))
}

fn run(jobs: Vec<Job>, on_done: &mut dyn FnMut(&str, Duration)) -> Result<()> {
    let rewrite = std::io::stderr().is_terminal();
    let mut running = jobs.into_iter().map(Running::start).collect::<Result<Vec<_>>>()?;
    let mut reminded = Instant::now();
    while !running.is_empty() {
        thread::sleep(Duration::from_millis(100));
        if rewrite {
            let line: Vec<String> = running.iter().map(Running::status).collect();
            eprint!("\r\x1b[2K{}", line.join(" · ").chars().take(WIDTH).collect::<String>());
        } else if reminded.elapsed() >= REMINDER {
            running.iter().for_each(|job| eprintln!("      {}", job.status()));
            reminded = Instant::now();
        }
        let mut i = 0;
        while i < running.len() {
            let Some(outcome) = running[i].poll()? else {
                i += 1;
                continue;
            };
            let job = running.remove(i);
            if rewrite {
                eprint!("\r\x1b[2K");
            }
            let (name, took) = (job.name, job.started.elapsed());
            let said = job.said();
            if let Err(why) = outcome {
                eprintln!("{}", said.join("\n"));
                running.iter_mut().for_each(Running::end);
                bail!("{name}: {why}");
            }
            for line in warnings(&said) {
                eprintln!("{line}");
            }
            on_done(name, took);
        }
    }
    Ok(())
}

type Log = Arc<Mutex<Vec<String>>>;

struct Running {
    name: &'static str,
    child: Child,
    started: Instant,
    time_limit: Option<Duration>,
    log: Log,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    fn start(mut job: Job) -> Result<Running> {
        let mut child = (job.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
            .spawn()
            .with_context(|| format!("start {}", job.command.get_program().to_string_lossy()))?;
        let log = Log::default();
        let mut readers = Vec::new();
        readers.extend(child.stdout.take().map(|out| read_into(log.clone(), out)));
        readers.extend(child.stderr.take().map(|err| read_into(log.clone(), err)));
        Ok(Running { name: job.name, child, started: job.started, time_limit: job.time_limit, log, readers })
    }

    /// How it went, once it is over.
    fn poll(&mut self) -> Result<Option<Result<(), String>>> {
        if let Some(status) = self.child.try_wait().with_context(|| format!("wait for {}", self.name))? {
            return Ok(Some(if status.success() { Ok(()) } else { Err(status.to_string()) }));
        }
        match self.time_limit {
            Some(limit) if self.started.elapsed() > limit => {
                self.end();
                Ok(Some(Err(format!("no answer within {}", spoken(limit)))))
            }
            _ => Ok(None),
        }
    }

    fn end(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn status(&self) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let doing = log.iter().rev().find_map(|line| doing(line)).unwrap_or_default();
        format!("{} … {} {doing}", self.name, spoken(self.started.elapsed()))
    }

    /// All that it said. Only after its end.
    fn said(self) -> Vec<String> {
        for reader in self.readers {
            let _ = reader.join();
        }
        std::mem::take(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn read_into(log: Log, source: impl Read + Send + 'static) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    })
}

/// What a line of cargo says is being done: `Compiling leptos v0.8.23`.
fn doing(line: &str) -> Option<&str> {
    const DOING: [&str; 6] = ["Compiling", "Checking", "Downloading", "Downloaded", "Updating", "Blocking"];
    let line = line.trim();
    let (verb, rest) = line.split_once(' ')?;
    DOING.contains(&verb).then(|| if verb == "Compiling" { rest.split(" (").next().unwrap_or(rest) } else { line })
}

/// From the first line of each compiler's warning to the empty line after it.
fn warnings(said: &[String]) -> impl Iterator<Item = &str> {
    let mut inside = false;
    said.iter().map(String::as_str).filter(move |line| {
        inside = (inside || line.starts_with("warning")) && !line.trim().is_empty();
        inside
    })
}

/// A duration as people say it: `3 min 10 s`.
pub(crate) fn spoken(time: Duration) -> String {
    match (time.as_secs(), time.as_millis()) {
        (0, ms) if ms < 1_000 => format!("{ms} ms"),
        (s @ 0..=59, _) => format!("{s} s"),
        (s, _) => format!("{} min {} s", s / 60, s % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_spoken() {
        for (ms, words) in [(0, "0 ms"), (999, "999 ms"), (1_000, "1 s"), (59_900, "59 s"), (190_000, "3 min 10 s")] {
            assert_eq!(spoken(Duration::from_millis(ms)), words);
        }
    }

    #[test]
    fn cargo_says_what_it_is_doing() {
        for (line, expected) in [
            ("   Compiling leptos v0.8.23", Some("leptos v0.8.23")),
            ("   Compiling app v0.1.0 (/home/me/packtwin/app)", Some("app v0.1.0")),
            (
                "    Blocking waiting for file lock on build directory",
                Some("Blocking waiting for file lock on build directory"),
            ),
            ("    Finished `dev` profile", None),
            ("warning: unused variable", None),
            ("", None),
        ] {
            assert_eq!(doing(line), expected, "{line}");
        }
    }

    #[test]
    fn only_warnings_are_repeated() {
        let said = ["   Compiling app", "warning: unused", "  --> a.rs:1:1", "", "    Finished"].map(str::to_owned);
        assert_eq!(warnings(&said).collect::<Vec<_>>(), ["warning: unused", "  --> a.rs:1:1"]);
    }

    #[test]
    fn a_job_that_fails_or_hangs_is_an_error_with_its_name() {
        let failing = Job::new("the failing one", Command::new("false")).run();
        assert!(failing.is_err_and(|e| e.to_string().starts_with("the failing one: exit status: 1")));
        let mut sleep = Command::new("sleep");
        sleep.arg("60");
        let hanging = Job::new("the hanging one", sleep).within(Duration::from_millis(1)).run();
        assert!(hanging.is_err_and(|e| e.to_string().contains("no answer within")));
    }
}
