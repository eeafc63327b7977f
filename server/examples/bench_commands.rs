//! From a command to its confirmation, five times a second, with few and with many viewers.
//!
//! ```text
//! this program: POST /api/v1/commands, then what the journal says of each; and N live streams
//!      \- starts: packtwin on the demo's pack on loopback, on the same cores
//! ```
//!
//! The time is that from before the request is sent until the value was read back, by the clock of this machine, which both
//! share. `bench_commands PACKTWIN` prints lines `figure key value`, as all measuring programs do.

mod live;

use live::{Server, many_files, open_all, quantile, watch};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// Viewers, and the figure that comes of it.
const ROUNDS: [(usize, &str); 2] = [(0, "command-p99"), (500, "command-500-p99")];
/// Commands of a round, and the time between two.
const COMMANDS: usize = 300;
const EVERY: Duration = Duration::from_millis(200);
/// For so long a server may take until its device is read.
const PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "lamp tractor mild seven";

fn other(why: impl Into<String>) -> io::Error {
    io::Error::other(why.into())
}

/// The demo's pack on free ports, with a control that may be written as often as it takes.
fn site() -> io::Result<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut site = std::fs::read_to_string(format!("{root}/sites/demo.toml"))?;
    let (pack, house) = (site.find("[[control]]"), site.find("[[system]]\nid = \"home\""));
    let (Some(controls), Some(end)) = (pack, house) else { return Err(other("sites/demo.toml is another one now")) };
    site.truncate(end);
    let simulator = site.rfind("[[simulator]]").ok_or_else(|| other("the demo is not simulated"))?;
    let limit = "[[control]]\nsystem = \"hv\"\ncontrol = \"discharge-limit\"\nlink = \"controller\"\n\
                 returns_to = 150_000\n\
                 gap_s = 0\nwrites_per_hour = 100000\nwrites_per_day = 100000\n\n";
    let mut site =
        format!("{}{limit}{}", &site[..controls], &site[simulator..]).replace("\"../", &format!("\"{root}/"));
    site = site.replace("127.0.0.1:20000", &format!("127.0.0.1:{}", testkit::free_udp_port()));
    for port in [15_020, 15_021, 15_022] {
        site = site.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", testkit::free_tcp_port()));
    }
    Ok(site)
}

/// Runs the command line on the data in `folder`; gives what it says.
fn packtwin(program: &str, arguments: &[&str], folder: &Path) -> io::Result<String> {
    let mut command = Command::new(program);
    command.args(arguments).arg("--data").arg(folder.join("data")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::inherit()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        writeln!(input, "{PASSWORD}")?;
    }
    Ok(String::from_utf8_lossy(&child.wait_with_output()?.stdout).into_owned())
}

/// Who asks, and whom.
struct Client {
    address: String,
    shows: String,
}

impl Client {
    /// Status, head and JSON of an answer.
    fn ask(&self, method: &str, path: &str, body: &Value) -> io::Result<(u16, String, Value)> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n{}", self.address, self.shows);
        let _ = write!(head, "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(&self.address)?;
        stream.write_all(head.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| other("no HTTP answer"))?;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| other("no status"))?;
        Ok((status, head.to_owned(), serde_json::from_str(body).unwrap_or_default()))
    }

    /// Signs in with the password once more, and arms control.
    fn arm(address: &str) -> io::Result<()> {
        let mut admin = Client { address: address.to_owned(), shows: String::new() };
        for (path, body) in [
            ("/api/v1/session", json!({ "name": "mara", "password": PASSWORD })),
            ("/api/v1/session/step-up", json!({ "password": PASSWORD })),
            ("/api/v1/arming", json!({ "armed": true })),
        ] {
            let (status, head, body) = admin.ask("POST", path, &body)?;
            if status != 200 {
                return Err(other(format!("{path}: {status} {body}")));
            }
            let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
            if let Some(cookie) = cookie.and_then(|cookie| cookie.split(';').next()) {
                admin.shows = format!("Cookie: {cookie}\r\n");
            }
        }
        Ok(())
    }

    /// The control as it is now.
    fn control(&self) -> io::Result<Value> {
        let (_, _, state) = self.ask("GET", "/api/v1/control?system=hv", &Value::Null)?;
        Ok(state["controls"][0].clone())
    }

    /// Waits until the control may be moved either way.
    fn wait_until_open(&self) -> io::Result<()> {
        let start = Instant::now();
        loop {
            let control = self.control()?;
            let blocked = control["interlocks"].as_array().into_iter().flatten().any(|row| row["blocked"] != "");
            if control["present"].is_number() && !blocked {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                return Err(other(format!("the control never opened: {control}")));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Commands, each another value than the one before; when each was confirmed, after it was asked.
fn command_all(robot: &Client) -> io::Result<Vec<Duration>> {
    let (mut asked, mut next) = (Vec::new(), Instant::now());
    for n in 0..COMMANDS {
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        next += EVERY;
        let (id, revision) = (format!("bench-{n}"), robot.control()?["revision"].clone());
        let value = 90_000 + 1_000 * (n % 2);
        let body =
            json!({ "id": id, "system": "hv", "control": "discharge-limit", "value": value, "revision": revision });
        let at = now();
        let (status, _, said) = robot.ask("POST", "/api/v1/commands", &body)?;
        if status != 202 {
            return Err(other(format!("{status} {said}")));
        }
        asked.push((id, at));
    }
    std::thread::sleep(Duration::from_secs(2));
    let mut took = Vec::new();
    for (id, at) in asked {
        let (_, _, history) = robot.ask("GET", &format!("/api/v1/commands/{id}"), &Value::Null)?;
        let steps = history["steps"].as_array().into_iter().flatten();
        let confirmed = steps.into_iter().find(|step| step["state"] == "confirmed");
        let confirmed = confirmed.and_then(|step| domain::time::from_rfc3339(step["at"].as_str()?));
        let confirmed = confirmed.ok_or_else(|| other(format!("{id} was never confirmed: {history}")))?;
        took.push(Duration::from_micros(confirmed.0.unsigned_abs()).saturating_sub(at));
    }
    took.sort();
    Ok(took)
}

async fn round(program: &str, viewers: usize) -> io::Result<f64> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("site.toml");
    std::fs::write(&file, site()?)?;
    packtwin(program, &["user", "add", "mara", "--role", "admin"], folder.path())?;
    let said = packtwin(program, &["token", "add", "bench", "--scope", "control", "--days", "1"], folder.path())?;
    let token = said.lines().find(|line| line.starts_with("pt_")).ok_or_else(|| other("no token"))?;
    let (server, address) = Server::start(program, &["serve", "--site", &file.to_string_lossy()], folder.path())?;
    let robot = Client { address: address.clone(), shows: format!("Authorization: Bearer {token}\r\n") };
    Client::arm(&address)?;
    robot.wait_until_open()?;
    let (began, stop) = (Instant::now(), Arc::new(Notify::new()));
    let watching: Vec<_> = open_all(&address, viewers).await?;
    let watching: Vec<_> =
        watching.into_iter().map(|stream| tokio::spawn(watch(stream, began, stop.clone()))).collect();
    let took = tokio::task::spawn_blocking(move || command_all(&robot)).await.map_err(io::Error::other)??;
    let resident_mb = server.resident_mb()?;
    stop.notify_waiters();
    let mut frames = 0;
    for viewer in watching {
        frames += viewer.await.map_err(io::Error::other)??.len();
    }
    let at = |share| quantile(&took, share);
    println!(
        "{viewers} viewers, {frames} frames: {} commands confirmed after p50 {:.0} ms, p99 {:.0} ms, worst {:.0} ms; server {resident_mb:.0} MB",
        took.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(at(0.99))
}

#[tokio::main(worker_threads = 2)]
async fn main() -> io::Result<()> {
    let program =
        std::env::args().nth(1).ok_or_else(|| io::Error::other("say where the server is: bench_commands FILE"))?;
    many_files()?;
    for (viewers, figure) in ROUNDS {
        println!("figure\t{figure}\t{:.1}", round(&program, viewers).await?);
    }
    Ok(())
}
