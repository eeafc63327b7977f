//! What arrives is recorded as a candump log, and python-can reads it.

use crate::judges::judge;
use crate::support::Running;
use links::{RecordingError, RecordingLimits};
use tokio::net::UdpSocket;

const KEYS: &str = "kind = \"cannelloni\"\nlisten = \"127.0.0.1:0\"\ndbc = \"dbc/packtwin_hv.dbc\"\n\
    map = [{ point = \"battery/voltage\", signal = \"BatteryVoltage\" }]";

/// One frame of each kind: standard, extended, FD, remote, error.
const PACKET: &[u8] = &[
    2, 0, 0, 0, 5, // header
    0x00, 0x00, 0x02, 0x33, 8, 0x43, 0x08, 0x85, 0xFF, 0xBC, 0xF9, 0xD8, 0xF0, // the pack's values
    0x98, 0xFF, 0x50, 0xE5, 2, 1, 2, // 29 bits
    0x00, 0x00, 0x01, 0x23, 0x8C, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, // FD
    0x40, 0x00, 0x01, 0x24, 8, // remote
    0x20, 0x00, 0x00, 0x80, 8, 0x0B, 0, 0, 0, 0, 0, 0, 0,
];

#[tokio::test]
async fn a_recording_is_read_by_python_can() {
    let mut link = Running::start(KEYS).await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("bus.log");
    link.handle.start_recording(&log, RecordingLimits::default()).unwrap();
    let again = link.handle.start_recording(&folder.path().join("other.log"), RecordingLimits::default()).unwrap_err();
    assert!(matches!(again, RecordingError::Running(path) if path == log));

    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(PACKET, link.address.unwrap()).await.unwrap();
    link.batch().await;
    assert_eq!(link.handle.recording().unwrap().path, log);
    let status = link.handle.stop_recording().await.unwrap();
    assert_eq!((status.frames, status.dropped, status.error), (5, 0, None));
    assert!(link.handle.recording().is_none() && link.handle.stop_recording().await.is_none());

    let refused = link.handle.start_recording(&log, RecordingLimits::default()).unwrap_err();
    assert_eq!(refused.to_string(), format!("{} exists already; name a new file", log.file_name().unwrap().display()));
    let nowhere =
        link.handle.start_recording(&folder.path().join("no/folder.log"), RecordingLimits::default()).unwrap_err();
    assert!(matches!(nowhere, RecordingError::Refused(..)), "{nowhere}");

    let Some(mut judge) = judge("python_can_read.py", "can") else { return };
    let output = judge.arg(&log).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Of an error frame python-can keeps only that there was one.
    let expected = "link 233 std data 430885ffbcf9d8f0\nlink 18ff50e5 ext data 0102\n\
        link 123 std fd 000102030405060708090a0b\nlink 124 std remote \nNone 0 ext error \n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[tokio::test]
async fn a_link_without_can_frames_cannot_be_recorded() {
    let keys = "kind = \"modbus-tcp\"\nconnect = \"127.0.0.1:1\"\ntable = \"crates/links/tests/fixtures/meter.toml\"";
    let link = Running::start(keys).await;
    let folder = tempfile::tempdir().unwrap();
    let refused = link.handle.start_recording(&folder.path().join("x.log"), RecordingLimits::default()).unwrap_err();
    assert_eq!(refused.to_string(), "only CAN links can be recorded");
}
