//! `test`: format, lints, unit and integration tests, links on a real CAN socket, browser tests. Continuous integration runs exactly this.

use crate::build::Profile;
use crate::commands::{absolute, cargo};
use crate::job::{Job, Steps, run_together, spoken};
use crate::tally::Tally;
use crate::wasm::Page;
use crate::{can_vm, demo_page, run, site, tools};
use anyhow::{Context as _, Result, anyhow, bail};
use std::process::Command;
use std::time::{Duration, Instant};

/// `all`: a tool that is missing fails the tests that need it. Continuous integration sets it.
const REQUIRE: &str = "PACKTWIN_REQUIRE";

/// A part of the checks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stage<'a> {
    /// Format, and clippy with warnings as errors.
    Lint,
    /// Unit and integration tests.
    Unit,
    /// Links on a real CAN socket, in a guest. Where none can run this says so, and is no failure.
    Can,
    /// The plain page comes to life in Chromium. Not one of all: its build takes more than three minutes on two cores, and
    /// lint sees that it compiles.
    Plain,
    /// The demo without a server in Chromium. Not one of all, as the plain page.
    Demo,
    /// Browser tests of the files whose name contains `part`.
    Browser {
        /// Part of a file name; empty for all.
        part: &'a str,
    },
}

/// All stages; the first that fails is the last.
///
/// # Errors
/// A stage fails.
pub(crate) fn all() -> Result<()> {
    stages(&[Stage::Lint, Stage::Unit, Stage::Can, Stage::Browser { part: "" }])
}

/// One stage.
///
/// # Errors
/// It fails.
pub(crate) fn one(stage: Stage) -> Result<()> {
    stages(&[stage])
}

fn stages(stages: &[Stage]) -> Result<()> {
    let mut tally = Tally::default();
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for stage in stages {
        let began = Instant::now();
        let (name, passed) = match stage {
            Stage::Lint => ("lint", lint().map(|()| true)?),
            Stage::Unit => ("unit", unit(&mut tally)?),
            Stage::Can => ("can", can(&mut tally)?),
            Stage::Plain => ("plain", browser("", Page::Plain, &mut tally)?),
            Stage::Demo => ("demo", demo(&mut tally)?),
            Stage::Browser { part } => ("browser", browser(part, Page::Small, &mut tally)?),
        };
        times.push((name, began.elapsed()));
        if !passed {
            println!("{tally}");
            bail!("the stage `{name}` failed; run it alone with `cargo xtask test {name}`");
        }
    }
    println!();
    for (name, took) in times {
        println!("{name:<8} {}", spoken(took));
    }
    if tally != Tally::default() {
        println!("{tally}");
    }
    Ok(())
}

/// The page is linted apart from the rest: its features and the server's exclude each other.
fn lint() -> Result<()> {
    tools::rust_components()?;
    const CHECKS: [(&str, &[&str]); 5] = [
        ("format", &["fmt", "--all", "--check"]),
        ("clippy", &["clippy", "--workspace", "--exclude", "frontend", "--all-targets", "--", "-D", "warnings"]),
        ("clippy of the page", &["clippy", "--package", "frontend", "--", "-D", "warnings"]),
        (
            "clippy of the plain page",
            &["clippy", "--package", "frontend", "--no-default-features", "--", "-D", "warnings"],
        ),
        (
            "clippy of the demo's page",
            &["clippy", "--package", "frontend", "--no-default-features", "--features", "demo", "--", "-D", "warnings"],
        ),
    ];
    let mut steps = Steps::of(CHECKS.len());
    for (name, args) in CHECKS {
        let mut check = cargo();
        check.args(args);
        run_together(vec![Job::new(name, check)], &mut steps)?;
    }
    Ok(())
}

fn unit(tally: &mut Tally) -> Result<bool> {
    // This program apart: in one build the features of all would be added up, and its own libraries compiled once more.
    // The demo runs links without sockets, which all others have.
    const WHAT: [&[&str]; 3] = [
        &["test", "--workspace", "--exclude", "frontend", "--exclude", "xtask", "--exclude", "demo"],
        &["test", "--package", "xtask"],
        &["test", "--package", "demo"],
    ];
    let mut steps = Steps::of(WHAT.len());
    for what in WHAT {
        let mut build = cargo();
        build.args(what).arg("--no-run");
        run_together(vec![Job::new("build of the tests", build)], &mut steps)?;
    }
    let python = wanted("Python with the reference libraries", tools::judges::python(), tally)?;
    let duckdb = wanted("DuckDB", tools::duckdb(), tally)?;
    let mut all_passed = true;
    for what in WHAT {
        let mut tests = cargo();
        tests.args(what).arg("--no-fail-fast");
        if let Some(python) = &python {
            tests.env("PACKTWIN_PYTHON", python);
        }
        if let Some(program) = &duckdb {
            tests.env("PACKTWIN_DUCKDB", program);
        }
        all_passed &= tally.watch(tests)?;
    }
    Ok(all_passed)
}

/// A tool that tests compare with. Where it is missing they are skipped, which is said and counted; with
/// `PACKTWIN_REQUIRE=all` it is an error.
fn wanted<T>(what: &str, found: Result<T>, tally: &mut Tally) -> Result<Option<T>> {
    match found {
        Ok(tool) => Ok(Some(tool)),
        Err(error) if std::env::var_os(REQUIRE).is_some_and(|required| !required.is_empty()) => {
            Err(error.context(format!("{what} is missing, and {REQUIRE} does not allow to skip its tests")))
        }
        Err(error) => {
            println!("SKIPPED: {what}: {error:#}");
            tally.skipped += 1;
            Ok(None)
        }
    }
}

fn can(tally: &mut Tally) -> Result<bool> {
    let (counts, passed) = match can_vm::test()? {
        can_vm::Outcome::Passed(counts) => (counts, true),
        can_vm::Outcome::Failed(counts) => (counts, false),
        can_vm::Outcome::Skipped(why) => {
            let why = why.lines().next().unwrap_or_default().to_owned();
            wanted("guest with a CAN socket", Err::<(), _>(anyhow!(why)), tally)?;
            return Ok(true);
        }
    };
    tally.passed += counts.passed;
    tally.failed += counts.failed;
    Ok(passed)
}

/// The demo without a server, on a static host.
fn demo(tally: &mut Tally) -> Result<bool> {
    let (node, chromium) = (tools::node()?, tools::chromium()?);
    tools::test_packages()?;
    let folder = demo_page::build(true)?;
    let mut tests = node.command();
    tests.args(["--test", "--test-reporter=spec", "tests/demo-page.test.mjs"]);
    tests.env("PACKTWIN_DEMO_PAGE", absolute(&folder)?).env("PACKTWIN_CHROMIUM", chromium);
    tally.watch(tests)
}

/// The tests of one kind of page: those of the plain one are in files whose name begins with `plain`.
fn browser(part: &str, page: Page, tally: &mut Tally) -> Result<bool> {
    let (node, chromium) = (tools::node()?, tools::chromium()?);
    tools::test_packages()?;
    let packtwin = run::build_all(Profile::Dev, page)?;
    let mut files: Vec<String> = Vec::new();
    for entry in std::fs::read_dir("end2end/tests").context("read end2end/tests")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let other = name.starts_with("plain") != (page == Page::Plain) || name.starts_with("demo-page");
        if name.ends_with(".test.mjs") && name.contains(part) && !other {
            files.push(format!("tests/{name}"));
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("no file of end2end/tests has `{part}` in its name");
    }
    let mut tests: Command = node.command();
    // Each file has its own server and browser: two at a time would make values stale on two busy cores.
    tests.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(files);
    tests.env("PACKTWIN_BIN", absolute(&packtwin)?).env("PACKTWIN_ASSETS", absolute(&site::folder(page))?);
    tests.env("PACKTWIN_CHROMIUM", chromium);
    if let Some(program) = wanted("DuckDB", tools::duckdb(), tally)? {
        tests.env("PACKTWIN_DUCKDB", program);
    }
    tally.watch(tests)
}
