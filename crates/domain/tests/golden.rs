//! What is kept for years stays readable: the numbers by which history, frames and messages name things, and frames of
//! every format of the live stream that a tape may hold. docs/formats.md has the table of formats.
//!
//! A list of numbers only grows at its end: `PACKTWIN_RENEW=1 cargo test -p domain --test golden` after that, and look at
//! the difference. Frames are never written again: a new format gets a file of its own, which the same command makes of
//! the snapshots of the format before.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::alarm::{RULES, Severity, Standing};
use domain::bms::EVENTS;
use domain::limits::KEYS;
use domain::link::{LinkFault, LinkState};
use domain::live::{Decoder, Encoder, FORMAT, OLDEST};
use domain::point::{PointId, Unit};
use domain::reading::{CellQuantity, NoData, NodeQuantity};
use domain::spec::{SystemKind, SystemSpec};
use domain::storage::StorageKind;
use domain::time::Utc;
use domain::topology::Topology;
use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Lines `what number name`.
fn list<T>(text: &mut String, what: &str, all: impl IntoIterator<Item = T>, name: impl Fn(&T) -> String) {
    for (number, item) in all.into_iter().enumerate() {
        writeln!(text, "{what} {number} {}", name(&item)).unwrap();
    }
}

/// The same of those whose number is written beside them.
fn coded<T: Debug>(text: &mut String, what: &str, all: impl IntoIterator<Item = (u8, T)>) {
    for (number, item) in all {
        writeln!(text, "{what} {number} {item:?}").unwrap();
    }
}

fn numbers() -> String {
    let mut text = String::new();
    list(&mut text, "point", PointId::ALL, |point| point.spec().path.to_owned());
    list(&mut text, "rule", RULES, |rule| rule.id.to_owned());
    list(&mut text, "limit", KEYS, |key| key.key.to_owned());
    list(&mut text, "event-of-a-bms", EVENTS, |event| (*event).to_owned());
    let units = [Unit::Volt, Unit::Ampere, Unit::Watt, Unit::Celsius, Unit::Percent, Unit::Number];
    list(&mut text, "unit", units, |unit| format!("{unit:?}"));
    coded(&mut text, "link-fault", LinkFault::ALL.map(|fault| (fault as u8, fault)));
    let states = [
        LinkState::Idle,
        LinkState::Connecting,
        LinkState::Up,
        LinkState::Silent,
        LinkState::Down,
        LinkState::Ended,
        LinkState::WrongDevice,
    ];
    coded(&mut text, "link-state", states.map(|state| (state as u8, state)));
    coded(&mut text, "severity", Severity::ALL.map(|severity| (severity as u8, severity)));
    coded(&mut text, "no-data", (0..=u8::MAX).filter_map(|code| Some((code, NoData::from_code(code)?))));
    coded(&mut text, "cell-quantity", CellQuantity::ALL.map(|quantity| (quantity as u8, quantity)));
    coded(&mut text, "node-quantity", NodeQuantity::ALL.map(|quantity| (quantity as u8, quantity)));
    let kinds = [SystemKind::DataCentre, SystemKind::Home, SystemKind::Storage];
    coded(&mut text, "system-kind", kinds.map(|kind| (kind as u8, kind)));
    coded(&mut text, "storage-trouble", StorageKind::ALL.map(|kind| (kind as u8, kind)));
    text
}

#[test]
fn every_number_keeps_its_meaning() {
    let (now, path) = (numbers(), file("numbers.txt"));
    let kept = testkit::kept(path, &now);
    let changed: Vec<&str> = kept.lines().filter(|line| !now.lines().any(|other| other == *line)).collect();
    assert!(changed.is_empty(), "history has these numbers; new ones go to the end of their list: {changed:#?}");
    assert_eq!(now, kept, "something is new: renew the list as the head of this file says");
}

/// The frames in a file: a key frame and the deltas that follow it, each behind its length (u32, little-endian).
fn frames(name: &str) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(file(name)).unwrap();
    let (mut frames, mut rest) = (Vec::new(), &bytes[..]);
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (frame, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        frames.push(frame.to_vec());
        rest = after;
    }
    frames
}

/// Today's frames of the same snapshots as those of the format before.
fn encoded_anew() -> Vec<u8> {
    let spec = SystemSpec::new("hv", "832 V pack", Topology::new(1, 13, 20), 280.0, 832.0);
    let (mut decoder, mut encoder, mut bytes) = (Decoder::new(), Encoder::new(&spec), Vec::new());
    for frame in frames(&format!("live-{}.bin", FORMAT - 1)) {
        decoder.decode(&frame).unwrap();
        let frame = encoder.encode(decoder.snapshot()).delta;
        bytes.extend((frame.len() as u32).to_le_bytes());
        bytes.extend(frame);
    }
    bytes
}

/// Frames that the encoder of each format made of the same snapshots, when it was the newest.
#[test]
fn frames_of_every_format_are_read_and_mean_what_they_meant() {
    let newest = file(&format!("live-{FORMAT}.bin"));
    if testkit::renewing() && !newest.exists() {
        std::fs::write(&newest, encoded_anew()).unwrap();
    }
    assert_eq!(
        encoded_anew(),
        std::fs::read(&newest).unwrap(),
        "frames changed: that takes a new number of the format"
    );
    for format in OLDEST..=FORMAT {
        let frames = frames(&format!("live-{format}.bin"));
        assert_eq!(frames.len(), 4, "format {format}");
        let mut decoder = Decoder::new();
        for (number, frame) in frames.iter().enumerate() {
            assert_eq!(frame[0], format);
            decoder.decode(frame).unwrap_or_else(|error| panic!("format {format}, frame {number}: {error}"));
            let snapshot = decoder.snapshot();
            assert_eq!(decoder.topology(), Topology::new(1, 13, 20));
            assert_eq!(snapshot.now.utc, Utc(1_760_000_000_800_000 + 200_000 * number as i64), "format {format}");
            assert_eq!(snapshot.point(PointId::Soc), Ok(63.21));
            assert_eq!(snapshot.point(PointId::Power), Ok(-123_456.0));
            assert_eq!(snapshot.point(PointId::Soh), Err(NoData::Error));
            let volts = [3.213, 3.113, 3.163, 3.213][number];
            let seen = snapshot.cell(CellQuantity::Voltage, 130).unwrap();
            assert!((seen - volts).abs() < 1e-3, "format {format}, frame {number}: {seen}");
            assert_eq!(snapshot.cell(CellQuantity::Temperature, 3), Ok(27.0));
            assert_eq!((snapshot.alarms.len(), snapshot.links.len()), (4, 2), "format {format}");
            assert_eq!(snapshot.links[0].reason, "one group is missing");
            assert_eq!(snapshot.alarms[1].chattering, format > 2, "format {format}");
            let nobody = snapshot.alarms.iter().all(|alarm| alarm.standing == Standing::default());
            assert!(nobody && snapshot.waiting.is_empty(), "format {format}: nobody has done anything about them");
        }
    }
}
