//! What tells a CAN bus that works from one that only seems to: controller, rolling counters, multiplexed groups.
//! Logs play it, through the path that every CAN bus takes; time is paused.

use crate::support::{Running, repository};
use domain::link::{LinkFault, LinkSpec, LinkState};
use domain::reading::{Batch, CellQuantity};
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::topology::Topology;
use domain::twin::Site;
use std::fmt::Write as _;
use std::time::Duration;

/// A log that is played once, with the DBC file `dbc` and a map.
struct Log {
    folder: tempfile::TempDir,
    lines: String,
}

impl Log {
    fn new() -> Log {
        Log { folder: tempfile::tempdir().unwrap(), lines: String::new() }
    }

    fn frame(&mut self, ms: u32, frame: &str) {
        writeln!(self.lines, "({:010}.{:03}000) can0 {frame}", ms / 1_000, ms % 1_000).unwrap();
    }

    async fn play(&self, dbc: &str, map: &str) -> Running {
        let (log, file) = (self.folder.path().join("x.log"), self.folder.path().join("x.dbc"));
        std::fs::write(&log, &self.lines).unwrap();
        std::fs::write(&file, dbc).unwrap();
        Running::start(&format!(
            "kind = \"candump\"\nfile = '{}'\ndbc = '{}'\nmap = [{map}]",
            log.display(),
            file.display()
        ))
        .await
    }
}

const COUNTED: &str = "VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: A\n\n\
    BO_ 16 Pack: 2 A\n SG_ U : 0|12@1+ (0.1,0) [0|0] \"V\" A\n SG_ Alive : 12|4@1+ (1,0) [0|0] \"\" A\n";
const COUNTED_MAP: &str = r#"{ point = "battery/voltage", signal = "U", counter = "Alive" }"#;

/// A frame of [`COUNTED`].
fn counted(tenths: u16, alive: u16) -> String {
    let [low, high] = (tenths | alive << 12).to_le_bytes();
    format!("010#{low:02X}{high:02X}")
}

fn volts(batch: &Batch) -> f32 {
    assert_eq!(batch.readings.len(), 1);
    batch.readings[0].sample.unwrap()
}

#[tokio::test(start_paused = true)]
async fn frames_that_come_twice_or_late_or_with_a_frozen_counter_change_no_reading() {
    let mut log = Log::new();
    // In order, lost one, doubled, late, on, then frozen for good.
    let numbers = [14, 15, 1, 1, 0, 2, 3, 3, 3, 3, 3, 3];
    for (n, alive) in numbers.into_iter().enumerate() {
        log.frame(n as u32 * 100, &counted(1_000 + n as u16, alive));
    }
    let mut link = log.play(COUNTED, COUNTED_MAP).await;
    for expected in [100.0, 100.1, 100.2, 100.5, 100.6] {
        assert_eq!(volts(&link.batch().await), expected);
    }
    // No batch comes after the last good one.
    let status = link.status(|status| status.state == LinkState::Ended).await;
    let seen = [LinkFault::Lost, LinkFault::OutOfOrder, LinkFault::FrozenCounter].map(|fault| status.faults(fault));
    assert_eq!((seen, status.faults_total(), status.frames), ([1, 4, 3], 8, 12));
    assert_eq!(link.handle.status().reason, "the counter of Pack (0x010) stands still");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_somewhere_else_for_one_sample_was_never_there() {
    let mut log = Log::new();
    // One sample is wrong; later the pack is disconnected for good.
    for (n, tenths) in [4_000, 4_001, 200, 4_002, 190, 191, 192].into_iter().enumerate() {
        log.frame(n as u32 * 200, &counted(tenths, n as u16));
    }
    let mut link = log.play(COUNTED, COUNTED_MAP).await;
    for expected in [400.0, 400.1, 400.2, 19.1, 19.2] {
        assert_eq!(volts(&link.batch().await), expected);
    }
    let ended = link.until(LinkState::Ended).await;
    // That of a pack which is disconnected was true.
    assert_eq!((ended.faults(LinkFault::Jump), ended.faults_total()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn bus_off_is_told_and_frames_before_a_restart_are_not_mixed_with_those_after() {
    let mut log = Log::new();
    log.frame(0, &counted(1_000, 3));
    log.frame(100, "20000204#0020000000008100");
    log.frame(200, "20000040#0000000000000000");
    log.frame(5_000, "20000100#0000000000000000");
    // The device has counted on without us: after a restart its first number is no gap.
    log.frame(5_100, &counted(2_000, 9));
    log.frame(5_200, "20000040#0000000000000000");
    // Together with what shows that the controller is back.
    log.frame(9_000, &counted(3_000, 5));
    let mut link = log.play(COUNTED, COUNTED_MAP).await;
    assert_eq!(volts(&link.batch().await), 100.0);
    link.until(LinkState::Up).await;
    let down = link.until(LinkState::Down).await;
    assert_eq!([down.faults(LinkFault::ErrorPassive), down.faults(LinkFault::BusOff)], [1, 1]);
    assert!(
        link.handle.status().reason.starts_with("the CAN controller is bus-off"),
        "{}",
        link.handle.status().reason
    );
    let rows = link.handle.frames((link.clock)());
    assert_eq!(rows[0].name, "Controller is bus-off");
    let back = link.status(|status| status.state == LinkState::Connecting).await;
    assert_eq!((back.reconnects, link.handle.status().reason.as_str()), (1, ""));
    let rows = link.handle.frames((link.clock)());
    assert_eq!(
        (rows[0].name.as_str(), rows[1].name.as_str()),
        ("Controller is error-active", "Pack (before the restart)")
    );
    assert_eq!(volts(&link.batch().await), 200.0);
    link.until(LinkState::Up).await;
    link.until(LinkState::Down).await;
    assert_eq!(volts(&link.batch().await), 300.0);
    let ended = link.until(LinkState::Ended).await;
    assert_eq!((ended.reconnects, ended.faults(LinkFault::BusOff), ended.faults_total()), (2, 2, 3));
    assert_eq!(link.handle.frames((link.clock)())[1].name, "Pack");
}

#[tokio::test(start_paused = true)]
async fn error_frames_that_cannot_be_are_counted() {
    let mut log = Log::new();
    log.frame(0, "20000000#0000000000000000");
    log.frame(0, "20000040#00");
    log.frame(0, "20000006#0B01000000000000");
    let mut link = log.play(COUNTED, COUNTED_MAP).await;
    let status = link.until(LinkState::Ended).await;
    let faults = [LinkFault::UnknownId, LinkFault::WrongLength, LinkFault::ArbitrationLost, LinkFault::Lost];
    assert_eq!((faults.map(|fault| status.faults(fault)), status.faults_total()), ([1; 4], 4));
}

const CELLS: &str =
    r#"{ point = "cells/voltage", signal = "CellVoltage_{cell}", valid = "CellVoltageValid_{cell}", first = 0 }"#;

fn our_dbc() -> String {
    std::fs::read_to_string(repository().join("dbc/packtwin_hv.dbc")).unwrap()
}

/// The site of a 260-cell pack with one link.
fn site() -> Site {
    let system = SystemSpec {
        kind: SystemKind::DataCentre,
        ..SystemSpec::new("hv", "Pack", Topology::new(1, 13, 20), 280.0, 832.0)
    };
    let link = LinkSpec {
        id: "link".into(),
        name: "Link".into(),
        protocol: String::new(),
        device: String::new(),
        address: String::new(),
        system: SystemIdx(0),
        silent_after: Duration::from_secs(1),
        only_settings: false,
    };
    Site::new(SiteSpec { name: "Test".into(), systems: vec![system], links: vec![link] })
}

#[tokio::test(start_paused = true)]
async fn missing_groups_are_named_and_each_cell_keeps_its_own_age() {
    const GROUPS: u32 = 65;
    let gone = [3, 17, 64];
    let mut log = Log::new();
    for tick in 0..50 {
        for group in (0..GROUPS).filter(|group| tick < 10 || !gone.contains(group)) {
            // All valid; later one cell of group 5 is marked invalid by the controller.
            let valid = if group == 5 && tick >= 10 { "E6" } else { "F6" };
            log.frame(tick * 200, &format!("250#{group:02X}{valid}7233959CCCE7"));
        }
    }
    let mut link = log.play(&our_dbc(), CELLS).await;
    let mut site = site();
    let fresh = |site: &Site, now| site.systems[0].state.cells.column(CellQuantity::Voltage).stats(now).unwrap().fresh;
    let mut ages = Vec::new();
    for tick in 0..50 {
        let batch = link.batch().await;
        site.apply(&batch);
        if [9, 49].contains(&tick) {
            ages.push(fresh(&site, batch.at.mono));
        }
    }
    assert_eq!(ages, [260, 247]);
    let ended = link.until(LinkState::Ended).await;
    assert_eq!((ended.faults(LinkFault::MissingGroup), ended.faults_total()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn after_a_silence_of_all_no_group_is_missing_only_because_it_comes_second() {
    let mut log = Log::new();
    for (start, late) in [(0, 0), (200, 0), (5_000, 20), (5_200, 20)] {
        for group in 0..65 {
            let at = start + if group < 40 { 0 } else { late };
            log.frame(at, &format!("250#{group:02X}F67233959CCCE7"));
        }
    }
    let mut link = log.play(&our_dbc(), CELLS).await;
    let ended = link.until(LinkState::Ended).await;
    assert_eq!((ended.frames, ended.faults_total()), (4 * 65, 0));
}

#[tokio::test(start_paused = true)]
async fn groups_that_stay_away_are_counted_once_and_called_by_name_until_they_are_back() {
    let mut log = Log::new();
    let away = |tick: u32| (10..40).contains(&tick);
    for tick in 0..60 {
        for group in (0..65).filter(|group| !(away(tick) && [3, 17, 40, 64].contains(group))) {
            log.frame(tick * 200, &format!("250#{group:02X}F67233959CCCE7"));
        }
    }
    let mut link = log.play(&our_dbc(), CELLS).await;
    for _ in 0..30 {
        link.batch().await;
    }
    assert_eq!(
        link.handle.status().reason,
        "4 of 65 groups of CellVoltages are missing: 0x250 mux 3, 0x250 mux 17, 0x250 mux 40, …"
    );
    for _ in 30..60 {
        link.batch().await;
    }
    assert_eq!((link.handle.status().reason.as_str(), link.handle.status().faults(LinkFault::MissingGroup)), ("", 4));
}
