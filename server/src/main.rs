//! `packtwin`: the server of Packtwin.
//!
//! It reads the site file, opens the history, binds every address, and only then says that it is up:
//!
//! ```text
//! site_file -> serve: links ---inputs---> engine --publish--> hub --> http: pages, API, live stream
//!                     simulators (sim)      '------seconds--> store
//! ```

mod alarms;
mod analysis;
mod archive;
mod check;
mod cli;
mod clock;
mod demo;
mod devices;
mod engine;
mod http;
mod hub;
mod link_thread;
mod pace;
mod past;
mod probe;
mod serve;
mod site_file;
mod tape;

use clap::Parser as _;
use cli::{Cli, Command, DbcCommand};
use std::path::Path;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
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
        Command::Dbc(DbcCommand::Inspect { file }) => inspect(&file),
        Command::Generate(options) => archive::generate(&options),
        Command::Export(options) => archive::export(&options),
        Command::Import(options) => archive::import(&options),
        Command::Jail(options) => Err(analysis::jail::enter(&options)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("packtwin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what is in a DBC file, and a map of it.
fn inspect(file: &Path) -> anyhow::Result<()> {
    let database = links::device::dbc::Database::open(file).map_err(anyhow::Error::msg)?;
    println!("{}", links::inspect::describe(&database));
    println!("# Proposed by names, numbers and units: check each line before you use it.\n");
    print!("{}", links::inspect::propose(&database, &file.display().to_string()));
    Ok(())
}
