//! `cargo xtask`: everything that a developer does with the project, as one small program.
//!
//! ```text
//! run    tools -> wasm + server (at the same time) -> site -> the server takes over this process
//! dev    the same with a plain page, again whenever a source changes
//! test   lint, unit (with the judges), can (can-vm, if it can run), browser
//! can-vm links -> a guest with a real CAN socket, and checks inside
//! bench  wasm + server (release) -> programs and browser that measure -> one table
//! ```
//!
//! It finds or installs what it needs ([`tools`]), so that a fresh machine with Rust and a C compiler is enough. All paths
//! are relative to the repository's root, which is made the current folder first.

mod bench;
mod build;
mod can_vm;
mod commands;
mod demo_page;
mod dev;
mod figures;
mod job;
mod run;
mod site;
mod tally;
mod test;
mod tools;
mod wasm;

use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::ExitCode;
use wasm::Page;

const HELP: &str = "\
Builds, runs and checks Packtwin. What is missing on this machine is installed where that is possible.

Usage: cargo xtask <command>

  run [--release] [-- ARGS]   build the page and the server, and start the demo site on http://127.0.0.1:3000
                              ARGS go to `packtwin demo`, such as --listen 127.0.0.1:8080
      [--history-days N]      begin with a believable past of N days, with its cells, unless there is one
  dev [-- ARGS]               the demo site for those who change it: builds again when a source changes, starts the
                              server anew, and the open page loads itself; the page is plain, as with --plain
  build [--release] [--plain] the same as run without the start; --plain: a page without trimming, chunks and
                              compression, quick to build, in target/site-plain
  wasm [--plain]              build only the page, into target/site or target/site-plain
  demo-page [--plain]         the demo without a server, as a folder for any static host: target/demo-page
  test [STAGE]                all checks, or one stage:
                                lint             format, clippy with warnings as errors
                                unit             unit and integration tests, with the Python judges
                                can              links on a real CAN socket, as can-vm; skipped where it cannot run
                                plain            the plain page in Chromium; not part of all checks
                                demo             the demo without a server in Chromium; not part of all checks
                                browser [PART]   browser tests in Chromium; PART picks files by name
  can-vm                      check links on a real CAN socket, in a virtual machine with Debian's kernel
  bench [NAME]                measure every figure that is promised, or those whose name contains NAME
                              `bench first` times a first build from nothing; it is left out otherwise

Environment:
  PACKTWIN_CHROMIUM    the browser for the tests
  PACKTWIN_DUCKDB      the DuckDB program, for SQL
  PACKTWIN_PYTHON      a Python with the packages of xtask/judges.txt
  PACKTWIN_REQUIRE     `all`: tests fail where a tool is missing, instead of being skipped
  CARGO_TARGET_DIR     another folder for all that is built";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the xtask crate lies in the repository")?;
    std::env::set_current_dir(root).with_context(|| format!("open {}", root.display()))?;
    let (own, passed_on) = match args.iter().position(|a| a == "--") {
        Some(at) => (&args[..at], &args[at + 1..]),
        None => (args, &[][..]),
    };
    let words: Vec<&str> = own.iter().map(String::as_str).collect();
    match words[..] {
        ["run"] => run::run(build::Profile::Dev, None, passed_on),
        ["run", "--release"] => run::run(build::Profile::Release, None, passed_on),
        ["run", "--history-days", days] => run::run(build::Profile::Dev, Some(days), passed_on),
        ["run", "--release", "--history-days", days] => run::run(build::Profile::Release, Some(days), passed_on),
        ["dev"] => dev::dev(passed_on),
        ["build"] => run::build_all(build::Profile::Dev, Page::Small).map(drop),
        ["build", "--plain"] => run::build_all(build::Profile::Dev, Page::Plain).map(drop),
        ["build", "--release"] => run::build_all(build::Profile::Release, Page::Small).map(drop),
        ["wasm"] => run::page_only(Page::Small),
        ["wasm", "--plain"] => run::page_only(Page::Plain),
        ["demo-page"] => demo_page::build(false).map(drop),
        ["demo-page", "--plain"] => demo_page::build(true).map(drop),
        ["test"] => test::all(),
        ["test", "lint"] => test::one(test::Stage::Lint),
        ["test", "unit"] => test::one(test::Stage::Unit),
        ["test", "can"] => test::one(test::Stage::Can),
        ["test", "plain"] => test::one(test::Stage::Plain),
        ["test", "demo"] => test::one(test::Stage::Demo),
        ["test", "browser"] => test::one(test::Stage::Browser { part: "" }),
        ["test", "browser", part] => test::one(test::Stage::Browser { part }),
        ["can-vm"] => can_vm::run(),
        ["bench"] => bench::bench(""),
        ["bench", name] => bench::bench(name),
        [] | ["help" | "--help" | "-h", ..] => {
            println!("{HELP}");
            Ok(())
        }
        _ => bail!("`{}` is no command of xtask.\n\n{HELP}", own.join(" ")),
    }
}
