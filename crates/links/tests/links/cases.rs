//! Small inputs that devices and tools really write, and what is right for each.

use crate::support::{Running, config, repository, sample};
use domain::link::{LinkFault, LinkState, LinkStatus};
use domain::point::PointId;
use domain::reading::{Sample, Target};
use domain::spec::{SystemIdx, SystemSpec};
use domain::topology::Topology;
use links::device::dbc::Database;
use links::probe::Heard;
use std::path::PathBuf;

fn case(name: &str) -> PathBuf {
    repository().join("crates/links/tests/fixtures/cases").join(name)
}

fn open(name: &str) -> Database {
    Database::open(&case(name)).unwrap()
}

fn keys(dbc: &str, log: &str, map: &str) -> String {
    format!("kind = \"candump\"\ndbc = '{}'\nfile = '{}'\nmap = [{map}]", case(dbc).display(), case(log).display())
}

const PACK: &str = r#"{ point = "battery/voltage", signal = "PackVoltage" },
    { point = "battery/current", signal = "PackCurrent" }, { point = "battery/soc", signal = "Soc" }"#;

/// Plays a log to its end: voltage, current and state of charge of each batch, the status and what `probe` says.
async fn play(keys: &str) -> (Vec<[Option<Sample>; 3]>, LinkStatus, String) {
    let mut link = Running::start(keys).await;
    let (mut batches, mut heard) = (Vec::new(), Heard::default());
    loop {
        match link.next().await {
            Ok(batch) => {
                let point = |point| sample(&batch, Target::Point(point));
                batches.push([PointId::Voltage, PointId::Current, PointId::Soc].map(point));
                heard.take(domain::engine::Input::Batch(batch));
            }
            Err(status) if status.state == LinkState::Ended => {
                let status = LinkStatus { reason: link.handle.status().reason, ..status };
                heard.take(domain::engine::Input::Link(domain::link::LinkIdx(0), status.clone()));
                let frames = link.handle.frames((link.clock)());
                let kind = links::config::KINDS.iter().find(|kind| kind.key == "candump").unwrap();
                let said = heard.report(kind, &SystemSpec::new("hv", "Pack", Topology::NONE, 280.0, 48.0), &frames);
                return (batches, status, said);
            }
            Err(_) => {}
        }
    }
}

const RIGHT: [Option<Sample>; 3] = [Some(Ok(400.0)), Some(Ok(10.0)), Some(Ok(50.0))];

#[test]
fn every_dbc_file_gives_what_it_says() {
    for (name, messages, unit) in [
        ("dbc-badef_two_lines.dbc", 1, ""),
        ("dbc-cm_two_lines.dbc", 1, ""),
        ("dbc-sg_two_lines.dbc", 2, ""),
        ("dbc-val_two_lines.dbc", 1, ""),
        ("dbc-valtab_two_lines.dbc", 1, ""),
        ("dbc-bom.dbc", 1, "°C"),
        ("dbc-gb2312.dbc", 1, "°C"),
    ] {
        let database = open(name);
        assert_eq!((database.messages.len(), database.warnings()), (messages, vec![]), "{name}");
        let last = database.messages[0].signals.last().unwrap();
        assert_eq!(last.unit, unit, "{name}");
    }
    let words = &open("dbc-val_two_lines.dbc").messages[0].signals[0].words;
    assert_eq!(*words, [(0, "a".to_owned()), (1, "b".to_owned())]);
}

#[test]
fn a_message_that_cannot_be_used_is_named_and_refused_only_if_it_is_mapped() {
    for (name, other, named) in [
        ("dbc-one-bad-unmapped-message.dbc", "Odd", &["Unrelated"][..]),
        ("dbc-doubled-id.dbc", "X", &["Other1", "Other2"]),
    ] {
        let warnings = open(name).warnings().join("\n");
        assert!(named.iter().all(|name| warnings.contains(name)) && warnings.contains("left out"), "{warnings}");
        let build = |signal: &str| {
            let map = format!("{{ point = \"battery/voltage\", signal = \"{signal}\" }}");
            let link = config(&keys(name, "frame-length.log", &map));
            link.build(SystemIdx(0), &Topology::NONE, repository()).map(|_| ()).map_err(|e| e.to_string())
        };
        assert_eq!(build("PackVoltage"), Ok(()), "{name}");
        let refused = build(other).unwrap_err();
        assert!(refused.contains(named[0]) && refused.contains("cannot be used"), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_identifier_of_29_bits_without_its_flag_is_never_read_as_one_of_11() {
    let warnings = open("dbc-id-29-bits-no-flag.dbc").warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("0x18FF0250"), "{warnings:?}");
    let (batches, status, _) = play(&keys("dbc-id-29-bits-no-flag.dbc", "dbc-id-29-bits-no-flag.log", PACK)).await;
    // The second frame is of another device.
    assert_eq!((batches, status.faults(LinkFault::UnknownId), status.faults_total()), (vec![RIGHT], 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_frame_longer_than_described_is_read_counted_and_told() {
    let (batches, status, said) = play(&keys("frame-length.dbc", "frame-length.log", PACK)).await;
    assert_eq!((batches, status.faults(LinkFault::WrongLength)), (vec![RIGHT; 2], 2));
    let told = "frames of PackStatus (0x100) have 8 bytes, in the DBC file 6";
    assert!(status.reason.contains(told) && said.contains(told) && said.contains("wrong length: 2"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_frame_shorter_than_described_gives_what_is_wholly_in_it() {
    let log = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(log.path(), "(1.0) can0 100#A00F6400\n(1.2) can0 100#A00F64\n(1.4) can0 100#\n").unwrap();
    let (batches, status, said) = play(&keys("frame-length.dbc", log.path().to_str().unwrap(), PACK)).await;
    let voltage = |current| [Some(Ok(400.0)), current, None];
    assert_eq!(batches, [voltage(Some(Ok(10.0))), voltage(None)]);
    assert_eq!(status.faults(LinkFault::WrongLength), 3);
    assert!(said.contains("have 4 bytes, in the DBC file 6: what is in them is read"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn logs_of_every_form_are_read() {
    let (batches, status, _) = play(&keys("frame-length.dbc", "candump-4-decimals.log", PACK)).await;
    assert_eq!((batches, status.faults(LinkFault::Malformed)), (vec![RIGHT; 2], 0));
    let (batches, status, _) = play(&keys("frame-length.dbc", "candump-terminal-form.log", PACK)).await;
    assert_eq!((batches, status.faults(LinkFault::Malformed)), (vec![RIGHT; 2], 0));
    assert!(status.reason.contains("the log has no times"), "{}", status.reason);
}

#[tokio::test(start_paused = true)]
async fn lines_that_cannot_be_read_are_counted_and_the_first_is_told() {
    let log = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(log.path(), "(1.0) can0 100#A00F64003200\nwhat is this?\nand this\n(1.2) can0 100#A00F64003200\n")
        .unwrap();
    let (batches, status, said) = play(&keys("frame-length.dbc", log.path().to_str().unwrap(), PACK)).await;
    assert_eq!((batches.len(), status.faults(LinkFault::Malformed)), (2, 2));
    assert!(said.contains("line 2 of the log is not one of candump's, and is left out: `what is this?`"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_value_outside_of_its_declared_range_is_refused_unless_the_map_takes_it() {
    let log = tempfile::NamedTempFile::new().unwrap();
    // 1,000.1 V, 0 A, 101 %.
    std::fs::write(log.path(), "(1.0) can0 100#112700006500\n").unwrap();
    let path = log.path().to_str().unwrap();
    let (batches, status, said) = play(&keys("frame-length.dbc", path, PACK)).await;
    assert_eq!((batches, status.faults(LinkFault::OutsideRange)), (vec![[None, Some(Ok(0.0)), None]], 2));
    assert!(
        said.contains("PackVoltage of PackStatus (0x100) is 1000.1 V, but the DBC file declares 0 to 1000"),
        "{said}"
    );
    let ignored = PACK.replace("\"PackVoltage\"", "\"PackVoltage\", range = \"ignore\"");
    let (batches, status, _) = play(&keys("frame-length.dbc", path, &ignored)).await;
    assert_eq!((batches[0][0], status.faults(LinkFault::OutsideRange)), (Some(Ok(1_000.1)), 1));
}
