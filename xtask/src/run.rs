//! `run`, `build` and `dev`: from the sources to the running demo site.

use crate::build::{self, Profile};
use crate::commands::{forget_package, target_dir};
use crate::job::{Steps, run_together, spoken};
use crate::site::{self, Transfer};
use crate::tools::{self, wasm_target};
use crate::wasm::Page;
use anyhow::{Error, Result};
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// Builds all and becomes the server, so that Ctrl-C and signals reach it; with a past of `history_days` if given.
///
/// # Errors
/// A tool is missing, something does not compile, or the server does not start.
pub(crate) fn run(profile: Profile, history_days: Option<&str>, passed_on: &[String]) -> Result<()> {
    let packtwin = build_all(profile, Page::Small)?;
    let mut command = demo(profile, Page::Small, &tools::duckdb());
    if let Some(days) = history_days {
        command.args(["--history-days", days]);
    }
    let error = command.args(passed_on).exec();
    Err(Error::new(error).context(format!("start {}", packtwin.display())))
}

/// The demo site, ready to be started.
pub(crate) fn demo(profile: Profile, page: Page, duckdb: &Result<PathBuf>) -> Command {
    let mut command = Command::new(build::packtwin(profile));
    forget_package(&mut command);
    command.arg("demo").arg("--assets").arg(site::folder(page)).arg("--data").arg(target_dir().join("demo-data"));
    match duckdb {
        Ok(program) => drop(command.env("PACKTWIN_DUCKDB", program)),
        Err(error) => eprintln!("      No SQL on the page Analysis: DuckDB could not be fetched. {error:#}"),
    }
    command
}

/// Builds the page and the server; gives the binary.
///
/// # Errors
/// A tool is missing or something does not compile.
pub(crate) fn build_all(profile: Profile, page: Page) -> Result<PathBuf> {
    let mut steps = Steps::of(4);
    let began = Instant::now();
    let way = wasm_target::find()?;
    steps.done("tools", began.elapsed());
    if profile == Profile::Release || !build::packtwin(profile).exists() {
        eprintln!("      The first build takes some minutes: page and server are compiled at the same time.");
    }
    run_together(vec![page.job(way), build::server(profile)], &mut steps)?;
    pack_site(page, &mut steps)?;
    eprintln!("      all of it in {}", spoken(began.elapsed()));
    Ok(build::packtwin(profile))
}

/// Builds only the page.
///
/// # Errors
/// As [`build_all`].
pub(crate) fn page_only(page: Page) -> Result<()> {
    let mut steps = Steps::of(2);
    run_together(vec![page.job(wasm_target::find()?)], &mut steps)?;
    pack_site(page, &mut steps).map(drop)
}

/// Makes the site; says whether it is another one than before.
///
/// # Errors
/// As [`site::assemble`].
pub(crate) fn pack_site(page: Page, steps: &mut Steps) -> Result<bool> {
    let began = Instant::now();
    let made = site::assemble(page)?;
    steps.done(if made { "site" } else { "site, unchanged" }, began.elapsed());
    if made && page == Page::Small {
        let Transfer { first, lazy } = site::transfer()?;
        let list = |sizes: &BTreeMap<String, u64>| {
            let kb = sizes.iter().map(|(what, bytes)| format!("{what} {:.1}", *bytes as f64 / 1e3));
            kb.collect::<Vec<_>>().join(", ")
        };
        let sum = first.values().sum::<u64>() as f64 / 1e3;
        eprintln!("      first visit {sum:.1} KB: {}", list(&first));
        eprintln!("      pages and parts that are loaded when they are opened: {}", list(&lazy));
    }
    Ok(made)
}
