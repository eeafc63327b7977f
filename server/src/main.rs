//! `packtwin`: the server of Packtwin.
//!
//! It reads the site file, opens the history, binds every address, and only then says that it is up:
//!
//! ```text
//! site_file -> serve: links ---inputs---> engine --publish--> hub --> http: pages, API, live stream
//!                     simulators (sim)      '------seconds--> store
//! ```

mod cli;
mod clock;
mod demo;
mod engine;
mod http;
mod hub;
mod pace;
mod serve;
mod site_file;
mod tape;

use clap::Parser as _;
use cli::{Cli, Command};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let outcome = match cli.command {
        Command::Serve(options) => serve::serve(serve::Options::from(options)).await,
        Command::Demo(options) => match demo::prepare(&options) {
            Ok(site) => serve::serve(serve::Options::demo(site, options.common)).await,
            Err(error) => Err(error),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("packtwin: {error:#}");
            ExitCode::FAILURE
        }
    }
}
