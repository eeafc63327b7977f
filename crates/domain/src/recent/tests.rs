//! What is remembered of ten minutes, at every rate, with its gaps and its peaks.

use super::*;
use crate::point::{DevicePoint, PointId, Unit};
use crate::reading::{CellQuantity, NoData, Reading, Sample, Target};
use crate::time::Now;
use crate::topology::Topology;
use crate::twin::SystemState;
use std::time::Duration;

const TRACES: [Trace; 4] = [
    Trace::Point(PointId::Soc),
    Trace::Cell(CellQuantity::Voltage, 1),
    Trace::Cell(CellQuantity::Temperature, 1),
    Trace::Cell(CellQuantity::Voltage, 60_000),
];

fn spec(rate_hz: f32) -> SystemSpec {
    SystemSpec { rate_hz, ..crate::engine::tests::site().systems[0].clone() }
}

/// A snapshot at a time of the clock, in ms, in which all that is given is fresh.
fn snapshot(spec: &SystemSpec, ms: i64, readings: &[(Target, Sample)]) -> Snapshot {
    let mono = crate::time::Mono::START + Duration::from_millis(ms as u64);
    let now = Now { utc: Utc(ms * 1_000), mono };
    let mut snapshot = Snapshot { now, state: SystemState::new(spec), ..Snapshot::default() };
    for (target, sample) in readings {
        snapshot.state.apply(Reading { target: *target, sample: *sample }, mono);
    }
    snapshot
}

fn of_cell(volts: f32, celsius: f32) -> [(Target, Sample); 3] {
    [
        (Target::Point(PointId::Soc), Ok(50.0)),
        (Target::Cell(CellQuantity::Voltage, 1), Ok(volts)),
        (Target::Cell(CellQuantity::Temperature, 1), Ok(celsius)),
    ]
}

#[test]
fn the_newest_minute_is_kept_snapshot_by_snapshot_with_its_gaps() {
    let spec = spec(1.0);
    let mut recent = Recent::new(&spec);
    let mut snapshot = Snapshot { now: Now::default(), state: SystemState::new(&spec), ..Snapshot::default() };
    assert!(recent.pushed() == 0 && recent.table(Utc(0), &TRACES).at.is_empty());
    for i in 0..25_u16 {
        snapshot.now = snapshot.now + Duration::from_secs(1);
        let voltage = if i == 20 { Err(NoData::Error) } else { Ok(3.2 + f32::from(i) * 1e-3 + 0.000_4) };
        for (target, sample) in [
            (Target::Point(PointId::Soc), Ok(f32::from(i))),
            (Target::Cell(CellQuantity::Voltage, 1), voltage),
            (Target::Cell(CellQuantity::Temperature, 1), Ok(-f32::from(i))),
        ] {
            if i < 23 {
                snapshot.state.apply(Reading { target, sample }, snapshot.now.mono);
            }
        }
        recent.push(&snapshot);
    }
    let table = recent.table(Utc(18_000_000), &TRACES);
    assert_eq!(table.at, (18..=25).map(|s| Utc(s * 1_000_000)).collect::<Vec<_>>());
    // Held until stale: 1.5 s for cells, 3 s for the state of charge.
    let expected: [&[Option<f32>]; 4] = [
        &[17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 22.0, 22.0].map(Some),
        &[Some(3.217), Some(3.218), Some(3.219), None, Some(3.221), Some(3.222), Some(3.222), None],
        &[Some(-17.0), Some(-18.0), Some(-19.0), Some(-20.0), Some(-21.0), Some(-22.0), Some(-22.0), None],
        &[None; 8],
    ];
    for (series, values) in table.series.iter().zip(expected) {
        assert_eq!(series.values, values, "{}", series.name);
    }
    assert_eq!(recent.table(Utc(99_000_000), &TRACES).series[0].values, []);
}

#[test]
fn ten_minutes_are_there_at_every_rate_and_each_peak_is_among_their_values() {
    for rate_hz in [0.1_f32, 1.0, 5.0, 20.0] {
        let spec = spec(rate_hz);
        let mut recent = Recent::new(&spec);
        let period_ms = (1_000.0 / rate_hz) as i64;
        let count = 900_000 / period_ms;
        let value = |n: i64| match n % 97 {
            0 => (2.9, 60.0),
            50 => (3.6, -5.0),
            _ => (3.3 + (n % 7) as f32 * 1e-3, 25.0),
        };
        for n in 0..count {
            let (volts, celsius) = value(n);
            recent.push(&snapshot(&spec, n * period_ms, &of_cell(volts, celsius)));
        }
        let end_ms = (count - 1) * period_ms;
        for seconds in [10_i64, 60, 100, 300, i64::from(RECENT_S)] {
            let from_ms = end_ms - seconds * 1_000;
            let table = recent.table(Utc(from_ms * 1_000), &TRACES);
            let what = format!("{rate_hz} Hz, {seconds} s");
            assert!(table.at.is_sorted(), "{what}");
            // A bucket that began before is there as a whole.
            let (first, last) = (table.at[0].0 / 1_000, table.at[table.at.len() - 1].0 / 1_000);
            assert!((from_ms - 5_000..=from_ms + period_ms).contains(&first) && last == end_ms, "{what}: {first}");
            for (column, extreme) in [(1, 2.9), (1, 3.6), (2, 60.0), (2, -5.0)] {
                let of = |n: i64| if column == 1 { value(n).0 } else { value(n).1 };
                let there = (0..count).filter(|n| n * period_ms >= from_ms && of(*n) == extreme).count();
                let values = &table.series[column].values;
                let shown = values.iter().flatten().filter(|v| (**v - extreme).abs() < 1e-3).count();
                assert!((shown > 0) == (there > 0) || shown > there, "{what}: {extreme} {there} times, {shown} shown");
                assert!(values.iter().all(Option::is_some), "{what}: nothing is missing");
            }
            assert!(
                table.at.len() <= 60 * 4 / 3 * rate_hz as usize + 2 * (120 + 122) + 2,
                "{what}: {}",
                table.at.len()
            );
        }
    }
}

#[test]
fn the_line_of_a_rising_and_of_a_falling_value_has_no_teeth() {
    let spec = spec(5.0);
    for slope in [1e-4_f32, -1e-4] {
        let mut recent = Recent::new(&spec);
        for n in 0..3_000_i64 {
            recent.push(&snapshot(&spec, n * 200, &of_cell(3.3 + slope * n as f32, 25.0)));
        }
        let values: Vec<f32> = recent.table(Utc(0), &TRACES).series[1].values.iter().flatten().copied().collect();
        // The first bucket has nothing before it.
        let teeth = values[2..].windows(2).filter(|pair| (pair[1] - pair[0]) * slope < -1e-9).count();
        assert_eq!(teeth, 0, "slope {slope}: {values:?}");
    }
}

#[test]
fn what_was_missing_is_a_row_without_values_in_every_tier() {
    let spec = spec(5.0);
    let mut recent = Recent::new(&spec);
    let gaps = [100_000..120_000, 420_000..430_000, 550_000..553_000_i64];
    for ms in (0..600_000).step_by(200).filter(|ms| !gaps.iter().any(|gap| gap.contains(ms))) {
        recent.push(&snapshot(&spec, ms, &of_cell(3.3, 25.0)));
    }
    let table = recent.table(Utc(0), &TRACES[1..2]);
    let missing: Vec<i64> = (table.at.iter().zip(&table.series[0].values))
        .filter_map(|(at, value)| value.is_none().then_some(at.0 / 1_000))
        .collect();
    assert_eq!(missing, gaps.map(|gap| gap.start));
}

#[test]
fn in_parts_it_is_the_same_also_when_some_was_overwritten_meanwhile() {
    let spec = spec(5.0);
    let mut recent = Recent::new(&spec);
    let push = |recent: &mut Recent, numbers: std::ops::Range<i64>| {
        numbers.for_each(|n| recent.push(&snapshot(&spec, n * 200, &of_cell(3.0 + (n % 500) as f32 * 1e-3, 25.0))));
    };
    push(&mut recent, 0..3_500);
    let from = Utc(50_000_000);
    let whole = recent.table(from, &TRACES);
    let mut parts = recent.empty(&TRACES);
    let mut next = Some(recent.since(from));
    while let Some(number) = next {
        next = recent.extend(&mut parts, &TRACES, number, 7);
    }
    assert_eq!(parts, whole);
    // Ten minutes pass after the first part: it goes on with what there is.
    let mut parts = recent.empty(&TRACES);
    let next = recent.extend(&mut parts, &TRACES, recent.since(from), 7).unwrap();
    push(&mut recent, 3_500..10_000);
    recent.extend(&mut parts, &TRACES, next, usize::MAX);
    assert!(parts.at.is_sorted() && parts.at.last() == Some(&Utc(9_999 * 200_000)));
    let missing = parts.series[1].values.iter().filter(|value| value.is_none()).count();
    assert_eq!(missing, 1, "what was overwritten is a gap");
}

#[test]
fn a_clock_that_is_set_back_shows_what_came_after() {
    let spec = spec(5.0);
    let mut recent = Recent::new(&spec);
    for n in 0..1_000_i64 {
        recent.push(&snapshot(&spec, 500_000 + n * 200, &of_cell(3.3, 25.0)));
    }
    for n in 0..1_000_i64 {
        recent.push(&snapshot(&spec, 500_000 + n * 200, &of_cell(3.4, 25.0)));
    }
    let table = recent.table(Utc(510_000_000), &TRACES);
    let values: Vec<f32> = table.series[1].values.iter().flatten().copied().collect();
    assert!(values.iter().all(|volts| *volts == 3.4), "{values:?}");
    assert!(table.at.is_sorted());
}

#[test]
fn points_of_devices_are_remembered_by_their_paths() {
    let point = |n: usize| DevicePoint {
        path: format!("gpu/{n}/power"),
        unit: Unit::Watt,
        resolution: 0.5,
        max_age: Duration::from_secs(3),
        limits: Default::default(),
    };
    let spec = SystemSpec { device_points: (0..3).map(point).collect(), ..spec(5.0) };
    let trace = Trace::of_point("gpu/1/power", &spec).unwrap();
    assert_eq!((trace, Trace::of_point("gpu/3/power", &spec)), (Trace::Device(1), None));
    let mut recent = Recent::new(&spec);
    for n in 0..3_000_i64 {
        let watts = if n == 700 { 650.0 } else { 300.0 };
        recent.push(&snapshot(&spec, n * 200, &[(Target::Device(1), Ok(watts))]));
    }
    let table = recent.table(Utc(0), &[trace, Trace::Device(2), Trace::Device(60_000)]);
    let [power, silent, none] = &table.series[..] else { panic!() };
    assert_eq!((power.name.as_str(), power.unit, power.resolution), ("gpu/1/power", Unit::Watt, 0.5));
    assert_eq!(power.values.iter().flatten().copied().fold(0.0, f32::max), 650.0, "the peak is not lost");
    assert!(silent.values.iter().chain(&none.values).all(Option::is_none));
}

#[test]
fn many_cells_and_devices_cost_little() {
    let spec_5_hz = spec(5.0);
    let spec = |topology| SystemSpec { topology, ..spec_5_hz.clone() };
    let (none, all) = (Recent::new(&spec(Topology::NONE)), Recent::new(&spec(Topology::new(20, 10, 32))));
    let of_cell = (all.bytes() - none.bytes()) as f64 / 6_400.0;
    println!("{:.1} MB for 6,400 cells at 5 Hz, {of_cell:.0} bytes a cell", all.bytes() as f64 / 1e6);
    assert!(of_cell < 4_000.0 && all.bytes() < 25_000_000, "{of_cell}");
    let point = DevicePoint {
        path: String::new(),
        unit: Unit::Watt,
        resolution: 1.0,
        max_age: Duration::from_secs(3),
        limits: Default::default(),
    };
    let hall = Recent::new(&SystemSpec { device_points: vec![point; 4_096].into(), ..spec(Topology::NONE) });
    println!("{:.1} MB for 512 devices of 8 points at 5 Hz", hall.bytes() as f64 / 1e6);
    assert!(hall.bytes() < 17_000_000);
}
