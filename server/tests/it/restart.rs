//! Readings survive a kill: the recent past is there right after the start, with the gap as a gap. A stop keeps what is
//! known of the running minute of the cells too.

use crate::support::{Server, free_udp_port, pack_site, packet, send};
use std::time::{Duration, Instant};

/// Sends the pack's voltage, in steps of 0.1 V, every 100 ms.
fn send_for(port: u16, seconds: f32, decivolts: u16, sequence: &mut u8) {
    let end = Instant::now() + Duration::from_secs_f32(seconds);
    while Instant::now() < end {
        let word = (u64::from(decivolts) << 49).to_be_bytes();
        send(port, &packet(*sequence, &[(0x233, &word)]));
        *sequence = sequence.wrapping_add(1);
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn after_kill_9_the_last_minutes_are_there_with_a_gap() {
    let port = free_udp_port();
    let site = pack_site(port);
    let server = Server::start(&site, &[]);
    let mut sequence = 0;
    send_for(port, 4.0, 8_500, &mut sequence);
    let folder = server.kill();
    std::thread::sleep(Duration::from_millis(1_500));

    let server = Server::start_in(folder, &site, &[]);
    let series = server.get("/api/v1/series?points=battery/voltage&seconds=600");
    let values: Vec<Option<f64>> =
        series["series"][0]["values"].as_array().unwrap().iter().map(serde_json::Value::as_f64).collect();
    let kept = values.iter().flatten().filter(|volts| **volts == 850.0).count();
    assert!(kept >= 10, "only {kept} of about 20 samples survived: {values:?}");
    send_for(port, 1.0, 8_600, &mut sequence);
    let state = server.get("/api/v1/series?points=battery/voltage&seconds=600");
    let text = state["series"][0]["values"].to_string();
    assert!(text.contains("860"), "the new samples do not follow the old ones: {text}");
    assert_eq!(server.terminate(), Some(0));
}

/// Sends cells 1.1 to 1.4, 3.3 V and a little more, every 100 ms.
fn send_cells_for(port: u16, seconds: u64) {
    let end = Instant::now() + Duration::from_secs(seconds);
    for sequence in (0..=u8::MAX).cycle() {
        if Instant::now() > end {
            return;
        }
        send(port, &packet(sequence, &[(0x250, &[0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7])]));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn after_kill_9_the_running_minute_of_the_cells_is_made_again_from_the_tape() {
    let port = free_udp_port();
    let site = pack_site(port);
    let server = Server::start(&site, &[]);
    send_cells_for(port, 5);
    let server = Server::start_in(server.kill(), &site, &[]);
    let (rows, mean) = cell(&server, "1.1");
    assert!(rows >= 10, "{rows} of about 25");
    assert!((mean - 3.3).abs() < 1e-3, "{mean} V");
    assert_eq!(server.terminate(), Some(0));
}

/// Of how many snapshots the past of a cell is made, and its mean voltage.
fn cell(server: &Server, name: &str) -> (u64, f64) {
    let history = server.get(&format!("/api/v1/history?points=cells/{name}/voltage&width=1000"));
    let statistics = &history["cells"][0];
    let rows = statistics["rows"].as_array().unwrap();
    let mean = statistics["mean"].as_array().unwrap().iter().filter_map(serde_json::Value::as_f64).next_back();
    (rows.iter().filter_map(serde_json::Value::as_u64).sum(), mean.unwrap_or(f64::NAN))
}

#[test]
fn a_stop_keeps_the_running_minute_of_the_cells_and_the_next_start_goes_on_with_it() {
    let port = free_udp_port();
    let site = pack_site(port);
    let mut server = Server::start(&site, &[]);
    let mut before = 0;
    for _ in 0..2 {
        send_cells_for(port, 3);
        server = Server::start_in(server.stop(), &site, &[]);
        let (rows, mean) = cell(&server, "1.1");
        assert!(rows >= before + 5, "{rows} after {before}");
        assert!((mean - 3.3).abs() < 1e-3, "{mean} V");
        assert_eq!(cell(&server, "9.9").0, 0, "a cell that nothing was heard of");
        before = rows;
    }
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_data_folder_that_cannot_be_used_starts_nothing_and_says_why() {
    use crate::support::{command, folder};
    let site = pack_site(free_udp_port());
    let refused = |prepare: &dyn Fn(&std::path::Path), says: &str| {
        let folder = folder();
        prepare(&folder.path().join("data"));
        let output = command(folder.path(), &site, &[]).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains(says) && !words.contains("panicked"), "{words}");
    };
    refused(&|data| std::fs::write(data, "a file").unwrap(), "is a file, but a folder is needed");
    refused(&|data| std::fs::create_dir_all(data.join("history.db")).unwrap(), "is a folder");
    refused(&|data| std::fs::create_dir_all(data.join("history.db-wal")).unwrap(), "the data folder cannot be used");
    // A link to nowhere, as of a disk that is not mounted: for root too it cannot be written.
    refused(&|data| std::os::unix::fs::symlink("/proc/packtwin", data).unwrap(), "cannot use");
}
