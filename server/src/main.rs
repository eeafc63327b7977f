//! `packtwin`: the server of Packtwin.
//!
//! It reads the site file, opens the history, binds every address, and only then says that it is up:
//!
//! ```text
//! site_file -> serve: links ---inputs---> engine --publish--> hub --> http: pages, API, live stream
//!                     simulators (sim)      '------seconds--> store
//! ```

#[macro_use]
mod console;
mod control;

mod alarms;
mod analysis;
mod archive;
mod check;
mod cli;
mod clock;
mod demo;
mod devices;
mod engine;
mod flight;
mod gate;
mod http;
mod hub;
mod limits;
mod link_thread;
mod listener;
mod page_folder;
mod panics;
mod past;
mod people;
mod probe;
mod proxies;
mod reach;
mod recordings;
mod serve;
mod site_file;
mod times;
mod tls;
mod writes;

use clap::Parser as _;
use cli::{Cli, Command, DbcCommand};
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Threads that may wait for the disk or for a query: everything that takes one has a limit of its own below this.
const BLOCKING_THREADS: usize = 64;
/// Work that still runs at the end is left alone after this.
const LAST_WAIT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING_THREADS).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("packtwin: the system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(cli));
    runtime.shutdown_timeout(LAST_WAIT);
    code
}

async fn run(cli: Cli) -> ExitCode {
    panics::watch();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours are for a person who looks on, not for a file.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| console::Log).with_ansi(colours);
    log.log_internal_errors(false).init();
    let outcome = match cli.command {
        Command::Serve(options) => serve::serve(serve::Options::from(options)).await,
        Command::Demo(options) => match demo::prepare(&options).await {
            Ok(site) => serve::serve(serve::Options::demo(site, options.common)).await,
            Err(error) => Err(error),
        },
        Command::CheckConfig(options) => return check::check(&options.site),
        Command::Probe(options) => match probe::probe(&options).await {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error),
        },
        Command::Devices => {
            print!("{}", devices::describe(Path::new("/")));
            Ok(())
        }
        Command::Dbc(DbcCommand::Inspect { file, site }) => inspect(&file, site),
        Command::Generate(options) => archive::generate(&options),
        Command::Export(options) => archive::export(&options),
        Command::Import(options) => archive::import(&options),
        Command::User(command) => people::console::user(command),
        Command::Token(command) => people::console::token(command),
        Command::Audit(command) => match people::console::audit(command) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error),
        },
        Command::Tls(command) => tls::console::run(&command),
        Command::Jail(options) => Err(analysis::jail::enter(&options)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("packtwin: {}", console::causes(&error));
            ExitCode::FAILURE
        }
    }
}

/// Prints what is in a DBC file, and a map of it; or only a whole site file.
fn inspect(file: &Path, site: bool) -> anyhow::Result<()> {
    let database = links::device::dbc::Database::open(file).map_err(anyhow::Error::msg)?;
    if site {
        for warning in database.warnings() {
            eprintln!("warning: {}, {warning}", file.display());
        }
        // The site file may be written to any folder.
        let dbc = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = links::inspect::propose_site(&database, &name, &dbc.display().to_string());
        print!("{}", text.map_err(anyhow::Error::msg)?);
        return Ok(());
    }
    println!("{}", links::inspect::describe(&database));
    println!("# Proposed by names, numbers and units: check each line before you use it.");
    println!("# `packtwin dbc inspect {} --site` prints it as a whole site file.\n", file.display());
    print!("{}", links::inspect::propose(&database, &file.display().to_string()));
    Ok(())
}
