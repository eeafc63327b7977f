//! A reader that goes away, as `head` does, makes no command panic.

use crate::support::{folder, free_tcp_port, free_udp_port, pack_site, repo};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn packtwin(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    command.args(arguments).env_remove("RUST_LOG").env_remove("PACKTWIN_SITE").stdin(Stdio::null());
    command
}

/// What a command that has panicked ends with.
const PANICKED: i32 = 101;

#[test]
fn no_command_panics_when_nobody_reads_it() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (good, bad, rows, data) = (path("good.toml"), path("bad.toml"), path("rows.csv"), path("data"));
    std::fs::write(&good, pack_site(free_udp_port())).unwrap();
    std::fs::write(&bad, "[sites]\nname = 3\n").unwrap();
    std::fs::write(&rows, "timestamp,soc\n2026-01-01T00:00:00Z,50\n2026-01-01T00:00:01Z,51\n").unwrap();
    let dbc = repo().join("dbc/orion.dbc").to_str().unwrap().to_owned();
    let out = path("out.csv");
    for arguments in [
        &["--help"][..],
        &["nonsense"],
        &["devices"],
        &["dbc", "inspect", &dbc],
        &["dbc", "inspect", &dbc, "--site"],
        &["dbc", "inspect", &rows],
        &["check-config", &good],
        &["check-config", &bad],
        &["probe", "bms", "--site", &good, "--seconds", "0.2"],
        &["probe", "bms", "--site", &bad],
        &["generate", "--days", "1", "--rate", "0.01", "--data", &data],
        &["export", "--data", &data, "--out", &out],
        &["import", &rows, "--data", &data],
        &["serve", "--site", &bad],
    ] {
        // Which of the two is closed first differs: `2>&1 | head` closes both.
        for (stdout, stderr) in [(closed(), Stdio::null()), (closed(), closed())] {
            let status = packtwin(arguments).stdout(stdout).stderr(stderr).status().unwrap();
            assert!(status.code().is_some_and(|code| code != PANICKED), "{arguments:?}: {status}");
        }
    }
}

#[test]
fn a_server_that_nobody_listens_to_serves() {
    let folder = folder();
    let site = folder.path().join("site.toml");
    std::fs::write(&site, pack_site(free_udp_port())).unwrap();
    let address = format!("127.0.0.1:{}", free_tcp_port());
    let mut command = packtwin(&["serve", "--listen", &address]);
    command.arg("--site").arg(&site).arg("--data").arg(folder.path().join("data"));
    command.arg("--assets").arg(folder.path().join("site"));
    // From any folder.
    command.current_dir(Path::new("/")).stdout(closed()).stderr(closed());
    let mut server = crate::support::Running(command.spawn().unwrap());
    let start = Instant::now();
    while TcpStream::connect(&address).is_err() {
        assert!(start.elapsed() < Duration::from_secs(20) && server.0.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(server.0.try_wait().unwrap().is_none());
}
