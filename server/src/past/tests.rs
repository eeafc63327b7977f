//! A pack's past in a real store: some seconds with their tape, some that have lost it, and a gap.

use super::*;
use domain::engine::{Record, Recorder};
use domain::live::Decoder;
use domain::reading::{CellQuantity, Reading, Target};
use domain::spec::SystemKind;
use domain::topology::Topology;
use std::time::Duration;
use store::{Second, Store};

/// A whole second, ms since 1970-01-01 UTC: when the past begins.
const FROM_MS: i64 = 1_760_000_000_000;
/// Seconds of the past: with their tape, without, with it again after a gap.
const TAPED: std::ops::Range<i64> = 0..10;
const BARE: std::ops::Range<i64> = 10..20;
const LATER: std::ops::Range<i64> = 60..65;

fn site() -> SiteSpec {
    let system = SystemSpec {
        kind: SystemKind::DataCentre,
        simulated: true,
        ..SystemSpec::new("hv", "Pack", Topology::new(1, 2, 3), 280.0, 832.0)
    };
    SiteSpec { name: "Test".into(), systems: vec![system], links: Vec::new() }
}

/// What was known `ms` after the beginning: the charge counts the readings.
fn snapshot(spec: &SystemSpec, ms: i64) -> Snapshot {
    let now = Now { utc: Utc((FROM_MS + ms) * 1_000), mono: Mono::START + Duration::from_millis(ms as u64) };
    let mut snapshot = Snapshot { now, received: now.mono, state: SystemState::new(spec), ..Snapshot::default() };
    for (point, value) in
        [(PointId::Soc, (ms / 200 % 100) as f32), (PointId::Power, 95e3), (PointId::SopDischarge, 100e3)]
    {
        snapshot.state.points.set(point, Ok(value), now.mono);
    }
    for cell in 0..6 {
        let reading = Reading { target: Target::Cell(CellQuantity::Voltage, cell), sample: Ok(3.3) };
        snapshot.state.apply(reading, now.mono);
    }
    snapshot
}

fn stored(site: &SiteSpec) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let (store, notices) = Store::open(folder.path(), Utc(FROM_MS * 1_000)).unwrap();
    assert_eq!(notices, []);
    let spec = &site.systems[0];
    let (mut recorder, mut encoder) = (Recorder::default(), Encoder::new(spec));
    let mut keep = |record: Record| {
        let bare = BARE.contains(&(record.utc_s - FROM_MS / 1_000));
        store.append(crate::engine::second(
            "hv",
            Record { frames: if bare { Vec::new() } else { record.frames }, ..record },
        ));
    };
    for second in TAPED.chain(BARE).chain(LATER) {
        for fifth in 0..5 {
            let snapshot = snapshot(spec, second * 1_000 + fifth * 200);
            let encoded = encoder.encode(&snapshot);
            recorder.push(SystemIdx(0), spec, &snapshot, &encoded).into_iter().for_each(&mut keep);
        }
    }
    recorder.end(SystemIdx(0)).into_iter().for_each(&mut keep);
    store.flush().unwrap();
    (folder, store)
}

/// When each frame of a segment was, ms after the beginning, and whether it is whole.
fn times(segment: &PlaybackSegment, spec: &SystemSpec) -> Vec<(i64, bool)> {
    let mut decoder = Decoder::of(spec);
    let mut time = |frame: &SegmentFrame| {
        decoder.decode(&frame.bytes).unwrap();
        (ms(decoder.snapshot().now.utc) - FROM_MS, frame.whole)
    };
    segment.frames.iter().map(&mut time).collect()
}

#[test]
fn an_instant_is_the_newest_snapshot_before_it_and_holds_for_a_while() {
    let site = site();
    let (_folder, store) = stored(&site);
    let past = Past::new(store.history(), &site, 0).unwrap();
    for (at_ms, soc) in [
        (0, Some(0.0)),
        (199, Some(0.0)),
        (1_450, Some(7.0)),
        // Of a row alone.
        (12_400, Some(62.0)),
        // After the last one: for two seconds.
        (21_700, Some(99.0)),
        (21_801, None),
        (-1, None),
        (60_000, Some(0.0)),
    ] {
        let snapshot = past.snapshot(FROM_MS + at_ms).unwrap();
        let found = snapshot.as_ref().map(|snapshot| snapshot.point(PointId::Soc).unwrap());
        assert_eq!(found, soc, "{at_ms} ms");
    }
    assert!(Past::new(store.history(), &site, 1).is_none());
}

#[test]
fn a_row_has_the_cells_of_its_minute_and_the_alarms_that_the_rules_find() {
    let site = site();
    let (_folder, store) = stored(&site);
    let past = Past::new(store.history(), &site, 0).unwrap();
    let snapshot = past.snapshot(FROM_MS + 15_000).unwrap().unwrap();
    assert_eq!(snapshot.cell(CellQuantity::Voltage, 5), Ok(3.3));
    assert!(snapshot.cell(CellQuantity::Temperature, 5).is_err(), "no cell had one");
    let rules: Vec<&str> = snapshot.alarms.iter().map(|alarm| alarm.rule.rule().unwrap().id).collect();
    assert_eq!(rules, ["sop.use"]);
}

#[test]
fn a_segment_has_every_reading_or_one_of_each_step() {
    let site = site();
    let (_folder, store) = stored(&site);
    let past = Past::new(store.history(), &site, 0).unwrap();
    let segment = |from_ms, step_ms, count| past.segment(FROM_MS + from_ms, step_ms, count).unwrap();
    let spec = &site.systems[0];

    let all = times(&segment(9_300, 50, 40), spec);
    let expected: Vec<(i64, bool)> = (46..57).map(|k| (k * 200, k * 200 < 10_000)).collect();
    assert_eq!(all, expected, "the first is the one that holds, the rest is without a tape from 10 s on");

    let seconds = times(&segment(0, 1_000, 5), spec);
    assert_eq!(seconds.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 800, 1_600, 2_400, 3_200]);

    let long = times(&segment(4_000, 4_000, 4), spec);
    assert_eq!(long, [(4_000, true), (8_000, true), (12_000, false), (16_000, false)]);
}

#[test]
fn a_segment_of_nothing_says_where_there_is_something() {
    let site = site();
    let (_folder, store) = stored(&site);
    let past = Past::new(store.history(), &site, 0).unwrap();
    for (from_ms, next_ms) in [(30_000, 60_000), (-90_000, 0), (70_000, 71_000)] {
        let segment = past.segment(FROM_MS + from_ms, 100, 10).unwrap();
        assert_eq!((segment.frames.len(), segment.next.0 / 1_000 - FROM_MS), (0, next_ms), "from {from_ms}");
    }
}

#[test]
fn the_minutes_before_an_instant_are_as_they_were_in_memory() {
    let site = site();
    let (_folder, store) = stored(&site);
    let past = Past::new(store.history(), &site, 0).unwrap();
    let table = past.table(FROM_MS + 11_000, 10, &[domain::series::Trace::Point(PointId::Soc)]).unwrap();
    assert_eq!(table.at.first().map(|at| ms(*at) - FROM_MS), Some(1_000));
    assert_eq!(table.at.last().map(|at| ms(*at) - FROM_MS), Some(11_000));
    assert!(table.series[0].values.iter().all(Option::is_some));
}

#[test]
fn cells_are_told_reading_by_reading_where_the_tape_has_all_of_them() {
    let site = site();
    let (_folder, store) = stored(&site);
    let past = Past::new(store.history(), &site, 0).unwrap();
    let wanted = [CellQuantity::Voltage, CellQuantity::Temperature].map(|quantity| Trace::Cell(quantity, 5));
    let range = |from_s: i64, to_s: i64| Range::new(FROM_MS + from_s * 1_000, FROM_MS + to_s * 1_000);
    let readings = past.readings(range(2, 4), &wanted).unwrap().unwrap();
    assert_eq!((readings.at_ms.len(), readings.at_ms[0] - FROM_MS, readings.at_ms[9] - FROM_MS), (10, 2_000, 3_800));
    assert_eq!(readings.values[0], [3.3; 10]);
    assert!(readings.values[1].iter().all(|v| v.is_nan()), "no temperature was ever read");
    assert!(past.readings(range(8, 14), &wanted).unwrap().is_none(), "the tape lacks four seconds");
    assert!(past.readings(range(18, 62), &wanted).unwrap().is_none(), "the tape begins too late");
    assert_eq!(past.readings(range(9, 11), &wanted).unwrap().unwrap().at_ms.len(), 5, "the newest second is to come");
    assert!(past.readings(range(30, 40), &wanted).unwrap().is_none(), "nothing was recorded");
}

/// Two minutes of a pack whose voltage sags in between, with and without tape. Live is what the twin says, reading by
/// reading.
#[test]
fn in_the_middle_of_a_sag_without_tape_its_alarm_is_there_as_it_was_live() {
    let site = site();
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path(), Utc(FROM_MS * 1_000)).unwrap();
    let mut twin = Site::new(site.clone());
    let mut live = Vec::new();
    for second in 0..120_i64 {
        let mut rows = Vec::new();
        for at_ms in (0..5).map(|fifth| FROM_MS + second * 1_000 + fifth * 200) {
            let mut row = Row::empty(at_ms);
            let volts = if (60..70).contains(&second) || second == 90 { 780.0 } else { 850.0 };
            row.set(PointId::Voltage, volts);
            rows.push(row);
            let now = now_of(&row);
            twin.systems[0].state.points.set(PointId::Voltage, Ok(volts), now.mono);
            cycle(&mut twin, SystemIdx(0), now);
            live.push((at_ms, sags(&twin.snapshot(SystemIdx(0), now).unwrap())));
        }
        store.append(Second { system: "hv".into(), utc_s: FROM_MS / 1_000 + second, rows, ..Second::default() });
    }
    store.flush().unwrap();
    let begins = live.iter().filter(|(_, sag)| sag.is_some()).count();
    assert!((45..90).contains(&begins), "{begins} readings have the alarm");
    // One after another, as a segment, and each for itself.
    let whole = Past::new(store.history(), &site, 0).unwrap();
    for (index, (at_ms, sag)) in live.iter().enumerate() {
        assert_eq!(&sags(&whole.snapshot(*at_ms).unwrap().unwrap()), sag, "{at_ms}");
        if index % 17 == 0 || (290..310).contains(&index) {
            let alone = Past::new(store.history(), &site, 0).unwrap();
            assert_eq!(&sags(&alone.snapshot(*at_ms).unwrap().unwrap()), sag, "{at_ms} alone");
        }
    }
}

/// Since when the bus sags, and how deep it was.
fn sags(snapshot: &Snapshot) -> Option<(Utc, f32)> {
    let sag = snapshot.alarms.iter().find(|alarm| alarm.rule.rule().is_some_and(|rule| rule.id == "bus.sag"));
    sag.map(|alarm| (alarm.since, alarm.worst))
}
