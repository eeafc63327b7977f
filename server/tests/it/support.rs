//! Starts the real binary on free ports with a fresh folder, and talks to it.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;
pub(crate) use testkit::{free_tcp_port, free_udp_port};

/// The repository's root.
pub(crate) fn repo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The Python with cantools, python-can and pymodbus, if this machine has one.
pub(crate) fn judges() -> Option<PathBuf> {
    testkit::python("can, cantools, duckdb, pymodbus")
}

/// A script of `server/tests/judges`, to be run by the judges' Python.
pub(crate) fn judge(python: &Path, script: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(repo().join("server/tests/judges").join(script));
    command
}

/// A child process that is killed with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running server.
pub(crate) struct Server {
    process: Running,
    /// `127.0.0.1:PORT` of its pages and API.
    pub(crate) address: String,
    /// Its folder: site file, assets, data.
    pub(crate) folder: TempDir,
}

/// A folder with a page that has no content: enough for the API.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
    std::fs::write(
        folder.path().join("site/pkg/manifest.txt"),
        "build b1\njs a.js\nloader b.js\nwasm a.wasm\ncss a.css\n",
    )
    .unwrap();
    folder
}

/// The command line of a server on `site` in `folder`.
pub(crate) fn command(folder: &Path, site: &str, more: &[&str]) -> Command {
    let file = folder.join("site.toml");
    std::fs::write(&file, site).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(more);
    command.arg("--site").arg(file);
    command.arg("--data").arg(folder.join("data"));
    command.arg("--assets").arg(folder.join("site"));
    command
}

/// Runs a server that is expected to refuse to start; returns what it said.
pub(crate) fn refuses(folder: &Path, site: &str, more: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(folder, site, more).output().unwrap();
    assert_eq!(status.code(), Some(1), "it started: {}", String::from_utf8_lossy(&stdout));
    assert!(stdout.is_empty(), "it said that it is up");
    String::from_utf8_lossy(&stderr).into_owned()
}

impl Server {
    /// Starts a server on `site`.
    pub(crate) fn start(site: &str, more: &[&str]) -> Server {
        Server::start_in(folder(), site, more)
    }

    /// Starts a server on `site` in a folder that may have a past.
    pub(crate) fn start_in(folder: TempDir, site: &str, more: &[&str]) -> Server {
        let command = command(folder.path(), site, more);
        Server::start_by(folder, command)
    }

    /// Starts a server by a [`command`] in its folder.
    pub(crate) fn start_by(folder: TempDir, mut command: Command) -> Server {
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut process = Running(child);
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Packtwin is at http://").expect("it did not start").to_owned();
        Server { process, address, folder }
    }

    /// A server that was started in another way.
    pub(crate) fn of(process: Running, address: String, folder: TempDir) -> Server {
        Server { process, address, folder }
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Kills the server without a warning and returns its folder.
    pub(crate) fn kill(mut self) -> TempDir {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
        self.folder
    }

    /// Asks the server to stop as a service manager does, and returns its exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        self.stop_and_wait()
    }

    /// As [`Server::terminate`], and returns its folder.
    pub(crate) fn stop(mut self) -> TempDir {
        assert_eq!(self.stop_and_wait(), Some(0));
        self.folder
    }

    fn stop_and_wait(&mut self) -> Option<i32> {
        let pid = self.process.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.process.0.wait().unwrap().code()
    }

    /// Sends a request and returns status and body.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head += &format!("Content-Length: {}\r\n", body.len());
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                head += "Content-Type: application/x-www-form-urlencoded\r\n";
            }
        }
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, body.to_owned())
    }

    /// `GET`s JSON of the API.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.request("GET", path, &[], "");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }

    /// Asks until `look` finds what it wants.
    pub(crate) fn wait_for<T>(&self, path: &str, mut look: impl FnMut(&Value) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            let answer = self.get(path);
            if let Some(found) = look(&answer) {
                return found;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{path} never got there: {answer:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The most memory that the server has had, MB.
pub(crate) fn resident_mb(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

/// A site with a 260-cell pack that listens for cannelloni packets on `port`, mapped in two lines.
pub(crate) fn pack_site(port: u16) -> String {
    let dbc = repo().join("dbc/packtwin_hv.dbc");
    format!(
        r#"
[site]
name = "Test hall"

[[system]]
id = "hv"
topology = {{ modules_per_rack = 13, cells_per_module = 20 }}
capacity_ah = 280
nominal_v = 832

[[link]]
id = "bms"
name = "Battery controller"
system = "hv"
kind = "cannelloni"
listen = "127.0.0.1:{port}"
dbc = "{}"
map = [
  {{ point = "cells/voltage", signal = "CellVoltage_{{cell}}", valid = "CellVoltageValid_{{cell}}", first = 0 }},
  {{ point = "cells/temperature", signal = "CellTemperature_{{cell}}", valid = "CellTemperatureValid_{{cell}}", first = 0 }},
  {{ point = "battery/voltage", signal = "BatteryVoltage" }},
  {{ point = "battery/current", signal = "BatteryCurrent" }},
  {{ point = "battery/power", signal = "BatteryPower" }},
  {{ point = "battery/soc", signal = "Soc" }},
]
"#,
        dbc.display()
    )
}

/// A cannelloni v2 packet.
pub(crate) fn packet(sequence: u8, frames: &[(u32, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![2, 0, sequence];
    bytes.extend((frames.len() as u16).to_be_bytes());
    for (id, data) in frames {
        bytes.extend(id.to_be_bytes());
        bytes.push(data.len() as u8);
        bytes.extend(*data);
    }
    bytes
}

/// Sends bytes to a UDP port of this machine, always from the same one: a link takes each address for a sender.
pub(crate) fn send(port: u16, bytes: &[u8]) {
    static SOCKET: LazyLock<UdpSocket> = LazyLock::new(|| UdpSocket::bind("127.0.0.1:0").unwrap());
    SOCKET.send_to(bytes, ("127.0.0.1", port)).unwrap();
}
