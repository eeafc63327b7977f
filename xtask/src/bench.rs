//! `bench`: measures what the project promises and prints one table.
//!
//! A measurement that cannot run here is reported as not available; the others still run. The exit status is a failure if
//! a figure is missed.

use crate::build::{self, Profile};
use crate::commands::{absolute, cargo, target_dir};
use crate::figures::{FIGURES, Measured};
use crate::job::{Job, Steps, run_together};
use crate::wasm::Page;
use crate::{run, site, tools};
use anyhow::{Context as _, Result, bail};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Figures that the browser measures, with a server of its own.
const IN_BROWSER: [&str; 8] =
    ["heatmap-260", "heatmap-6400", "pixel-p50", "pixel-p99", "live-bytes", "interactive", "rss", "console"];

/// Figures that the browser measures with a past of thirty days.
const IN_BROWSER_PAST: [&str; 4] = ["history-http", "history-zoom", "history-zoom-p95", "playback-frame"];

/// Figures of the page Home energy.
const IN_BROWSER_HOME: [&str; 3] = ["home-paint", "home-interactive", "home-72h"];

/// Figures that Lighthouse gives.
const BY_LIGHTHOUSE: [&str; 6] = [
    "lighthouse-overview",
    "lighthouse-cells",
    "lighthouse-home",
    "lighthouse-accessible",
    "lighthouse-practices",
    "lighthouse-findable",
];

/// Measures the figures whose key contains `part`; the first build from nothing only if it is asked for by name.
///
/// # Errors
/// No figure has that name, the build fails, or a figure is missed.
pub(crate) fn bench(part: &str) -> Result<()> {
    let wanted = |key: &str| key.contains(part) && (key != "first" || part == "first");
    if !FIGURES.iter().any(|figure| wanted(figure.key)) {
        let keys: Vec<&str> = FIGURES.iter().map(|figure| figure.key).collect();
        bail!("no figure is called `{part}`; there are {}", keys.join(", "));
    }
    let mut measured = Measured::default();
    if wanted("first") {
        attempt("first build", first_build().map(|minutes| measured.set("first", minutes)));
    }
    if wanted("sweep") || wanted("links-decode") {
        attempt("decode and step", example("links", "decode_sweep", &mut measured));
    }
    if ["links-segment", "links-lost", "links-jitter", "links-jitter-busy"].iter().any(|key| wanted(key)) {
        attempt("links", example("links", "bench_links", &mut measured));
    }
    if FIGURES.iter().any(|figure| figure.key.starts_with("viewers-") && wanted(figure.key)) {
        attempt("many viewers", of_server("bench_viewers", &mut measured));
    }
    if wanted("command-p99") || wanted("command-500-p99") {
        attempt("commands", of_server("bench_commands", &mut measured));
    }
    if wanted("flight-check") {
        attempt("flight check", example("sim", "flight_check", &mut measured));
    }
    if wanted("live-bytes") {
        attempt("size of live frames", example("domain", "live_size", &mut measured));
    }
    let of_pages = [&IN_BROWSER[..], &IN_BROWSER_PAST, &IN_BROWSER_HOME, &BY_LIGHTHOUSE].concat();
    if wanted("transfer") || of_pages.iter().any(|key| wanted(key)) {
        run::build_all(Profile::Release, Page::Small)?;
        measured.set("transfer", site::transfer()?.first.values().sum::<u64>() as f64 / 1_000.0);
    }
    if IN_BROWSER.iter().any(|key| wanted(key)) {
        attempt("browser", browser("bench.mjs", &mut measured));
    }
    if IN_BROWSER_PAST.iter().any(|key| wanted(key)) {
        attempt("the past in a browser", browser("bench-history.mjs", &mut measured));
    }
    if IN_BROWSER_HOME.iter().any(|key| wanted(key)) {
        attempt("Home energy in a browser", browser("bench-home.mjs", &mut measured));
    }
    if BY_LIGHTHOUSE.iter().any(|key| wanted(key)) {
        attempt("Lighthouse", browser("bench-lighthouse.mjs", &mut measured));
    }
    let in_store = |key: &str| key.starts_with("history-") && !IN_BROWSER_PAST.contains(&key);
    if FIGURES.iter().any(|figure| in_store(figure.key) && wanted(figure.key)) {
        attempt("history", history(&mut measured));
    }
    let (table, all_kept) = measured.table(part);
    println!("\n{table}");
    if !all_kept {
        bail!("a figure is missed");
    }
    Ok(())
}

/// What cannot be measured here is said, and is no reason to stop.
fn attempt(what: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        eprintln!("{what}: not available: {error:#}");
    }
}

/// A program of a crate that measures.
fn example(package: &str, name: &'static str, measured: &mut Measured) -> Result<()> {
    let source = format!("crates/{package}/examples/{name}.rs");
    if !std::path::Path::new(&source).exists() {
        bail!("there is no {source}");
    }
    let what = ["--release", "--package", package, "--example", name];
    let mut build = cargo();
    build.arg("build").args(what);
    Job::new(name, build).run()?;
    let mut program = cargo();
    program.arg("run").arg("--quiet").args(what);
    capture(program, measured)
}

/// A program of the server's that starts one and measures it, on this machine's own cores.
fn of_server(example: &str, measured: &mut Measured) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--release", "--package", "server", "--bins", "--example", example]);
    Job::new("server", build).run()?;
    let mut program = Command::new(absolute(&target_dir())?.join("release/examples").join(example));
    program.arg(absolute(&build::packtwin(Profile::Release))?);
    capture(program, measured)
}

fn browser(program: &str, measured: &mut Measured) -> Result<()> {
    let (node, chromium) = (tools::node()?, tools::chromium()?);
    tools::test_packages()?;
    let mut script = node.command();
    script.arg(program).env("PACKTWIN_CHROMIUM", chromium);
    script.env("PACKTWIN_BIN", absolute(&build::packtwin(Profile::Release))?);
    script.env("PACKTWIN_ASSETS", absolute(&site::folder(Page::Small))?);
    capture(script, measured)
}

/// Thirty days at 5 Hz through the real store, then questions to it; and to DuckDB and SQLite over the same rows, if the
/// judges' Python is there.
fn history(measured: &mut Measured) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--release", "--package", "server"]);
    let mut questions = cargo();
    questions.args(["build", "--release", "--package", "store", "--example", "questions"]);
    run_together(vec![Job::new("server", build), Job::new("questions", questions)], &mut Steps::of(2))?;
    let folder = absolute(&target_dir())?.join("bench-history");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
    }
    let mut generate = Command::new(absolute(&build::packtwin(Profile::Release))?);
    generate.args(["generate", "--days", "30", "--rate", "5", "--from", "2026-01-01", "--data"]).arg(&folder);
    let began = Instant::now();
    let made = generate.stderr(Stdio::inherit()).output().context("run packtwin generate")?;
    print!("{}", String::from_utf8_lossy(&made.stdout));
    if !made.status.success() {
        bail!("packtwin generate: {}", made.status);
    }
    measured.set("history-generate", began.elapsed().as_secs_f64());
    let program = absolute(&target_dir())?.join("release/examples/questions");
    let asked = Command::new(program).arg(&folder).stderr(Stdio::inherit()).output().context("run questions")?;
    let mut answers = None;
    for line in measured.read(&String::from_utf8_lossy(&asked.stdout)) {
        match line.strip_prefix("answers ") {
            Some(json) => answers = Some(json.to_owned()),
            None => println!("{line}"),
        }
    }
    let answers = answers.context("questions did not answer")?;
    let file = folder.join("answers.json");
    std::fs::write(&file, answers).with_context(|| format!("write {}", file.display()))?;
    match tools::judges::python() {
        Ok(python) => {
            let peers = Command::new(python).arg("xtask/bench/history.py").arg(&folder).arg(&file).status();
            if !peers.context("run the peers")?.success() {
                bail!("DuckDB gives another answer");
            }
        }
        Err(error) => println!("DuckDB and SQLite are not compared: {error:#}"),
    }
    std::fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))
}

/// Runs a program that measures: figures are kept, other lines shown.
fn capture(mut program: Command, measured: &mut Measured) -> Result<()> {
    let output = program.stderr(Stdio::inherit()).output().context("start the program that measures")?;
    for line in measured.read(&String::from_utf8_lossy(&output.stdout)) {
        println!("{line}");
    }
    if !output.status.success() {
        bail!("{}", output.status);
    }
    Ok(())
}

/// Minutes from an empty target folder to a server that could start, this program included. Downloads are not.
fn first_build() -> Result<f64> {
    let folder = absolute(&target_dir())?.join("first-build");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
    }
    let began = Instant::now();
    let mut build = cargo();
    build.args(["run", "--package", "xtask", "--", "build"]).env("CARGO_TARGET_DIR", &folder);
    run_together(vec![Job::new("first build", build)], &mut Steps::of(1))?;
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    std::fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    Ok(minutes)
}
