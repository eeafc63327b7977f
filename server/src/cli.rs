//! The command line.

use crate::proxies::network;
use clap::{Args, Parser, Subcommand};
use domain::people::{Role, Scope};
use domain::words::{UnknownWord, Words};
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Real-time digital twin and control room for battery energy storage.
///
/// Start with `packtwin demo`: a simulated 832 V pack of 260 cells, at http://127.0.0.1:3000. For your own battery,
/// copy the demo's site file, name your devices in it and run `packtwin serve --site FILE`.
#[derive(Debug, Parser)]
#[command(name = "packtwin", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a site: its links, its history and its pages
    ///
    /// Exit status: 0 stopped by Ctrl-C or SIGTERM, 1 the site file, an address or a folder is not usable.
    #[command(after_help = "Examples:\n  \
        packtwin serve --site hall2.toml\n  \
        packtwin serve --site hall2.toml --replay burst.log --speed 10\n  \
        RUST_LOG=links=debug packtwin serve --site hall2.toml")]
    Serve(Serve),
    /// Serve the demo site: a simulated pack of 260 cells under an AI load
    ///
    /// The simulated devices speak CAN frames in cannelloni UDP packets and Modbus TCP on loopback; the server reads
    /// them as it would read real ones. The site file is written to the data folder: a start for your own.
    Demo(Demo),
    /// Say everything that is wrong with a site file, or what it will connect
    ///
    /// Nothing is started and no address is taken. Exit status: 0 all is well, 1 something is wrong.
    CheckConfig(CheckConfig),
    /// Listen to one link of a site file for some seconds and say what came, decoded
    ///
    /// A link that asks (Modbus) asks; one that listens (CAN) listens, so stop a server that has the same address.
    /// Exit status: 0 values came, 1 none came or the site file is not usable.
    #[command(after_help = "Example:\n  packtwin probe bms --site hall2.toml --seconds 10")]
    Probe(Probe),
    /// Say what can be connected: each kind of link with its keys and an example, and what this machine has
    Devices,
    /// Look into DBC files
    #[command(subcommand)]
    Dbc(DbcCommand),
    /// Make a believable past of the demo's pack: AI bursts, training runs, sag, heat, state of charge
    ///
    /// Goes through the store as live readings do. The same seed and first day give the same rows. Days that are there
    /// already are passed over, so the same command goes on after a stop. No server may use the folder meanwhile.
    #[command(after_help = "Example:\n  packtwin generate --days 30 --rate 5 --cells --data data")]
    Generate(Generate),
    /// Write a stretch of history to a CSV or Parquet file; a server may be running
    #[command(
        after_help = "Example:\n  packtwin export --system hv --from 2026-11-20 --to 2026-11-21T12:00Z --out burst.csv"
    )]
    Export(Export),
    /// Take the telemetry of another program into the history: a Parquet, CSV or DuckDB file
    ///
    /// It needs a column `timestamp` and at least one of soc, pack_voltage, pack_current (discharge positive), min_cell_v,
    /// max_cell_temp and those that `packtwin export` writes. No server may use the folder meanwhile.
    Import(Import),
    /// Say who may do what: accounts of people
    ///
    /// A server may be running: what is changed counts at once, and ends the sessions of the account. Run it as the user
    /// that the server runs as.
    #[command(subcommand)]
    User(UserCommand),
    /// Make and end tokens, with which programs use the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Check and export the audit: what was done, by whom, and what became of it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Show the certificate of https, for whoever compares it or installs it on a device
    #[command(subcommand)]
    Tls(TlsCommand),
    /// Run a program with limits, and let it read nothing but a folder
    #[command(hide = true)]
    Jail(Jail),
}

#[derive(Args, Debug)]
pub(crate) struct Generate {
    /// How many days
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_660))]
    pub(crate) days: u32,
    /// Rows a second
    #[arg(long, value_name = "HZ", default_value_t = 5.0, value_parser = positive)]
    pub(crate) rate: f64,
    /// The first day, UTC; if not given, so that the last one is yesterday
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<String>,
    /// Another number gives another past
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(crate) seed: u64,
    /// Id of the system that the rows belong to
    #[arg(long, value_name = "ID", default_value = "hv", value_parser = name)]
    pub(crate) system: String,
    /// Also the minutes of the 260 cells
    #[arg(long)]
    pub(crate) cells: bool,
    /// Folder of the history; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "data", env = "PACKTWIN_DATA")]
    pub(crate) data: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// Id of the system
    #[arg(long, value_name = "ID", default_value = "hv", value_parser = name)]
    pub(crate) system: String,
    /// The first instant, as 2026-11-21 or 2026-11-21T13:04:05Z; the beginning if not given
    #[arg(long, value_name = "INSTANT")]
    pub(crate) from: Option<String>,
    /// The first instant after it; the end if not given
    #[arg(long, value_name = "INSTANT")]
    pub(crate) to: Option<String>,
    /// The minutes of single cells in the place of rows
    #[arg(long)]
    pub(crate) cells: bool,
    /// The minutes of device points in the place of rows
    #[arg(long, conflicts_with = "cells")]
    pub(crate) device_points: bool,
    /// The file to write; its name ends in .csv, .parquet, or .log (candump, of all links that were recorded)
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Folder of the history
    #[arg(long, value_name = "DIR", default_value = "data", env = "PACKTWIN_DATA")]
    pub(crate) data: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The file: .parquet, .csv, .duckdb or .db (with a table `telemetry`); or a folder of .csv and .parquet files
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Which column, or file of a folder, is which point or cell: see docs/history.md
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Id of the system that the rows belong to
    #[arg(long, value_name = "ID", default_value = "hv", value_parser = name)]
    pub(crate) system: String,
    /// Folder of the history; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "data", env = "PACKTWIN_DATA")]
    pub(crate) data: PathBuf,
    /// The DuckDB program, for DuckDB files; if not given, it is looked for
    #[arg(long, value_name = "PROGRAM", env = "PACKTWIN_DUCKDB")]
    pub(crate) duckdb: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct CheckConfig {
    /// The site file
    #[arg(value_name = "FILE")]
    pub(crate) site: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Probe {
    /// Id of the link in the site file
    #[arg(value_name = "LINK")]
    pub(crate) link: String,
    /// The site file
    #[arg(long, value_name = "FILE", env = "PACKTWIN_SITE")]
    pub(crate) site: PathBuf,
    /// How long to listen, at most; a replay may end before
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = positive)]
    pub(crate) seconds: f64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbcCommand {
    /// List a DBC file's messages and signals, and propose a system and a link to paste into a site file
    #[command(after_help = "Examples:\n  packtwin dbc inspect my_bms.dbc\n  \
        packtwin dbc inspect my_bms.dbc --site > hall.toml && packtwin check-config hall.toml")]
    Inspect {
        /// The DBC file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Print nothing but a whole site file for it, which runs as it is
        #[arg(long)]
        site: bool,
    },
}

/// Where `control.db` is.
#[derive(Args, Debug)]
pub(crate) struct Data {
    /// Folder of the history, which also has accounts and the audit
    #[arg(long, value_name = "DIR", default_value = "data", env = "PACKTWIN_DATA")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account; the password is asked for, or is the first line of the standard input
    #[command(after_help = "Example:\n  packtwin user add mara --role admin --data data")]
    Add {
        /// Its name: letters, digits and .-_@
        #[arg(value_name = "NAME", value_parser = account_name)]
        name: String,
        /// viewer sees all readings, operator commands within the limits, admin also says who may do what
        #[arg(long, value_name = "ROLE", value_parser = word::<Role>)]
        role: Role,
        #[command(flatten)]
        data: Data,
    },
    /// List the accounts
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Give an account another role; its sessions end
    Role {
        /// The account
        #[arg(value_name = "NAME", value_parser = known_name)]
        name: String,
        /// viewer, operator or admin
        #[arg(value_name = "ROLE", value_parser = word::<Role>)]
        role: Role,
        #[command(flatten)]
        data: Data,
    },
    /// Give an account another password, as when it is forgotten; its sessions end
    Password {
        /// The account
        #[arg(value_name = "NAME", value_parser = known_name)]
        name: String,
        #[command(flatten)]
        data: Data,
    },
    /// Remove an account, with its sessions and the tokens that it made
    Remove {
        /// The account
        #[arg(value_name = "NAME", value_parser = known_name)]
        name: String,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; it is printed once, and kept nowhere
    #[command(after_help = "Example:\n  packtwin token add grafana --scope read --days 365")]
    Add {
        /// Its name, for people and the audit
        #[arg(value_name = "NAME", value_parser = account_name)]
        name: String,
        /// read, or control: to command as an operator
        #[arg(long, value_name = "SCOPE", value_parser = word::<Scope>)]
        scope: Scope,
        /// After so many days it is worth nothing
        #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3_650))]
        days: u32,
        #[command(flatten)]
        data: Data,
    },
    /// List the tokens
    List {
        #[command(flatten)]
        data: Data,
    },
    /// End a token
    Revoke {
        /// The token
        #[arg(value_name = "NAME", value_parser = known_name)]
        name: String,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check that no entry was changed or removed
    ///
    /// Prints the end of the chain. Noted elsewhere and given with --noted another time, it also shows that the end was not
    /// cut off and the whole not written anew. Exit status: 0 it holds, 1 it does not, and the first broken entry is named.
    #[command(after_help = "Example:\n  packtwin audit verify --noted 812:9f86d081...")]
    Verify {
        /// The end of the chain as it was printed before
        #[arg(long, value_name = "NUMBER:HASH", value_parser = head)]
        noted: Option<store::Head>,
        #[command(flatten)]
        data: Data,
    },
    /// Write the audit as lines of JSON: each entry as it is hashed, with its hash
    Export {
        /// The file to write; the standard output if not given
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// The first instant, as 2026-11-21 or 2026-11-21T13:04:05Z
        #[arg(long, value_name = "INSTANT")]
        from: Option<String>,
        /// The first instant after it
        #[arg(long, value_name = "INSTANT")]
        to: Option<String>,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TlsCommand {
    /// Print the SHA-256 fingerprint of the certificate, its names and its end
    ///
    /// A browser that meets the certificate for the first time shows the same one: compare them.
    Fingerprint {
        /// A certificate of your own, in PEM; that of Packtwin's making if not given
        #[arg(long, value_name = "FILE", env = "PACKTWIN_TLS_CERT")]
        tls_cert: Option<PathBuf>,
        #[command(flatten)]
        data: Data,
    },
    /// Print the certificate that Packtwin has made, in PEM, without its key
    #[command(after_help = "Example:\n  packtwin tls certificate --data data > packtwin.pem")]
    Certificate {
        #[command(flatten)]
        data: Data,
    },
}

/// How the server starts the DuckDB program: see `analysis::jail`.
#[derive(Args, Debug)]
pub(crate) struct Jail {
    /// The folder that the program may read; it may write into `spill` below
    #[arg(long)]
    pub(crate) folder: PathBuf,
    /// The most processor time, s
    #[arg(long)]
    pub(crate) seconds: u64,
    /// Run it also where the kernel has no Landlock
    #[arg(long)]
    pub(crate) unconfined: bool,
    /// The program
    pub(crate) program: PathBuf,
    /// Its arguments
    #[arg(last = true)]
    pub(crate) args: Vec<String>,
}

/// Options of every server.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// Address of the pages and the API; port 0 takes any free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000", env = "PACKTWIN_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// A name by which browsers reach this server, besides its own address; as `names` in `[server]` of the site file
    #[arg(long = "name", value_name = "NAME", env = "PACKTWIN_NAMES", value_delimiter = ',')]
    pub(crate) names: Vec<String>,
    /// Speak https, with a certificate that Packtwin makes and keeps in the data folder
    ///
    /// Its fingerprint is shown at the start and by `packtwin tls fingerprint`.
    #[arg(long, env = "PACKTWIN_TLS")]
    pub(crate) tls: bool,
    /// Speak https with this certificate: PEM, with those that lead to its root; read again every hour
    #[arg(long, value_name = "FILE", env = "PACKTWIN_TLS_CERT", requires = "tls_key", conflicts_with = "tls")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", env = "PACKTWIN_TLS_KEY", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A proxy speaks https for this server: its address or network; this machine if none is named
    ///
    /// Only of it X-Forwarded-For, X-Forwarded-Proto and Forwarded are believed, and without TLS nobody else is let in
    /// from other machines.
    #[arg(
        long,
        value_name = "ADDR",
        env = "PACKTWIN_BEHIND_PROXY",
        value_delimiter = ',',
        num_args = 0..=1,
        default_missing_values = ["127.0.0.1", "::1"],
        value_parser = network
    )]
    pub(crate) behind_proxy: Vec<IpNet>,
    /// Folder of the history; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "data", env = "PACKTWIN_DATA")]
    pub(crate) data: PathBuf,
    /// Folder with the built page (`cargo xtask run` builds it); if not given, it is looked for beside this program
    #[arg(long, value_name = "DIR", env = "PACKTWIN_ASSETS")]
    pub(crate) assets: Option<PathBuf>,
    /// The DuckDB program, for SQL on the page Analysis; if not given, it is looked for
    #[arg(long, value_name = "PROGRAM", env = "PACKTWIN_DUCKDB")]
    pub(crate) duckdb: Option<PathBuf>,
    /// Run SQL also where the kernel has no Landlock: then only DuckDB itself keeps a query to its files
    #[arg(long)]
    pub(crate) allow_unconfined_sql: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The site file: systems, links and mappings, in TOML
    #[arg(long, value_name = "FILE", env = "PACKTWIN_SITE")]
    pub(crate) site: PathBuf,
    /// Play a candump log (`candump -L`) in place of the site's CAN link; simulators are not started
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
    /// Speed of the replay: 1 is as recorded
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, requires = "replay", value_parser = positive)]
    pub(crate) speed: f64,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// Ports of the simulated devices: `fixed` as in the demo's site file, or `free` to take any free ones
    #[arg(long, value_name = "WHICH", default_value = "fixed", value_parser = ["fixed", "free"])]
    pub(crate) sim_ports: String,
    /// Begin with a believable past of so many days, with its cells, unless there is one already; 0 for none
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=3_660))]
    pub(crate) history_days: u32,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// The id of a system.
fn name(text: &str) -> Result<String, store::BadName> {
    store::plain_name(text).map(|()| text.to_owned())
}

/// The name of an account or a token that is to be made.
fn account_name(text: &str) -> Result<String, domain::people::BadName> {
    domain::people::account_name(text)
}

/// The name of one that is there.
fn known_name(text: &str) -> Result<String, domain::people::BadName> {
    domain::people::known_name(text)
}

/// A word of one of our enums.
fn word<T: Words>(text: &str) -> Result<T, UnknownWord> {
    T::from_word(text)
}

/// The end of the audit's chain.
fn head(text: &str) -> Result<store::Head, &'static str> {
    text.parse()
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(factor),
        _ => Err("give a number above 0, such as 1 or 10".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
