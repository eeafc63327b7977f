//! cantools encodes, we decode; python-can writes a log, we read it.

use crate::judges::judge;
use crate::support::{Running, repository, sample};
use domain::link::LinkFault;
use domain::reading::{CellQuantity, Target};
use links::device::dbc::{Database, EncodeError, Encoding, Signal};
use std::collections::HashMap;
use std::process::Command;

#[derive(serde::Deserialize)]
struct Frame {
    id: u32,
    extended: bool,
    data: String,
    values: HashMap<String, f64>,
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Every signal of every message, with random and extreme raw values.
fn agree_with_cantools(dbc: &str) {
    let Some(mut judge) = judge("cantools_frames.py", "cantools") else { return };
    let compared = compare(dbc, judge.arg(repository().join(dbc)).args(["300", "7"]));
    println!("{dbc}: {compared} values agree with cantools");
    assert!(compared > 1_000);
}

/// How many values of the judge's frames we read as it does: all of them.
fn compare(dbc: &str, judge: &mut Command) -> usize {
    let path = repository().join(dbc);
    let output = judge.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let database = Database::open(&path).unwrap();
    let mut compared = 0;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let frame: Frame = serde_json::from_str(line).unwrap();
        let raw = frame.id | if frame.extended { 1 << 31 } else { 0 };
        let message = database.messages.iter().find(|m| m.id.raw() == raw).unwrap();
        let data = bytes(&frame.data);
        let variant = &message.variants()[message.variant(&data).unwrap()];
        let carried = variant.signals.iter().map(|signal| &message.signals[*signal]);
        let ours: HashMap<&str, f64> = carried.map(|signal| (signal.name.as_str(), signal.value(&data))).collect();
        assert_eq!(ours.len(), frame.values.len(), "{line}");
        for (name, theirs) in &frame.values {
            let value = ours[name.as_str()];
            assert!((value - theirs).abs() <= theirs.abs() * 1e-12 + 1e-12, "{name}: {value} {theirs} in {line}");
            compared += 1;
        }
    }
    compared
}

#[test]
fn our_layout_is_read_as_cantools_reads_it() {
    agree_with_cantools("dbc/packtwin_hv.dbc");
}

#[test]
fn the_packs_that_come_with_packtwin_are_read_as_cantools_reads_them() {
    for (pack, least) in [("foxbms2", 60), ("pylontech_hv", 26), ("orion", 18)] {
        let dbc = format!("dbc/{pack}.dbc");
        agree_with_cantools(&dbc);
        let Some(mut judge) = judge("cantools_log.py", "cantools") else { return };
        let log = repository().join(format!("crates/links/tests/fixtures/{pack}.log"));
        let compared = compare(&dbc, judge.arg(repository().join(&dbc)).arg(log));
        assert!(compared >= least, "{pack}: {compared}");
    }
}

#[test]
fn byte_orders_floats_and_switches_are_read_as_cantools_reads_them() {
    agree_with_cantools("crates/links/tests/fixtures/awkward.dbc");
}

#[test]
fn frames_are_encoded_as_cantools_encodes_them() {
    for dbc in ["dbc/packtwin_hv.dbc", "dbc/foxbms2.dbc", "crates/links/tests/fixtures/awkward.dbc"] {
        let Some(mut judge) = judge("cantools_frames.py", "cantools") else { return };
        let output = judge.arg(repository().join(dbc)).args(["50", "11"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let database = Database::open(&repository().join(dbc)).unwrap();
        let (mut same, mut refused) = (0, 0);
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let frame: Frame = serde_json::from_str(line).unwrap();
            let raw = frame.id | if frame.extended { 1 << 31 } else { 0 };
            let message = database.messages.iter().find(|m| m.id.raw() == raw).unwrap();
            // A double does not tell all numbers of more bits apart.
            if message.signals.iter().any(|signal| signal.field.bits() > 53 && signal.encoding != Encoding::Float64) {
                continue;
            }
            let values: Vec<(&str, f64)> = frame.values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            match message.encode(&values) {
                Ok(data) => {
                    // The last bit of a scaled double depends on the order of the arithmetic.
                    let is_double = |signal: &&Signal| signal.encoding == Encoding::Float64;
                    for signal in message.signals.iter().filter(is_double) {
                        let (ours, theirs) = (signal.value(&data), signal.value(&bytes(&frame.data)));
                        assert!((ours - theirs).abs() <= theirs.abs() * 1e-12, "{ours} {theirs} in {line}");
                    }
                    if !message.signals.iter().any(|signal| is_double(&signal)) {
                        assert_eq!(data, bytes(&frame.data), "{line}");
                    }
                    same += 1;
                }
                // cantools was told not to look at declared ranges.
                Err(EncodeError::Range(..)) => refused += 1,
                Err(error) => panic!("{error}: {line}"),
            }
        }
        println!("{dbc}: {same} frames as cantools makes them, {refused} outside of declared ranges");
        assert!(same > 50, "{dbc}: {same}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_of_python_can_is_replayed() {
    let Some(mut judge) = judge("python_can_log.py", "can") else { return };
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("python-can.log");
    assert!(judge.arg(&log).status().unwrap().success());
    let mut link = Running::start(&format!(
        "kind = \"candump\"\nfile = '{}'\ndbc = \"dbc/packtwin_hv.dbc\"\n\
         map = [{{ point = \"cells/voltage\", signal = \"CellVoltage_{{cell}}\", first = 0 }}]",
        log.display()
    ))
    .await;
    for _ in 0..2 {
        assert_eq!(sample(&link.batch().await, Target::Cell(CellQuantity::Voltage, 3)), Some(Ok(3.303)));
    }
    let status = link.until(domain::link::LinkState::Ended).await;
    assert_eq!((status.frames, status.faults(LinkFault::Malformed)), (6, 0));
    // Extended and FD frames that the DBC file does not have; the remote and the error frame are no messages.
    assert_eq!(status.faults(LinkFault::UnknownId), 2);
}
