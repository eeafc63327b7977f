//! Minutes of cells against plain loops over the same minutes, wherever they are, and what becomes of their files.

use crate::common::{OPENED_AT, QUIET, open, set_aside};
use domain::minute::{CellMinute, MINUTE_MS, NONE, Stat, value};
use domain::reading::CellQuantity;
use domain::time::Utc;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use store::{Bulk, CellValue, DAY_MS, Day, History, Options, Range, Second, Store};

const CELLS: usize = 5;
const V: CellQuantity = CellQuantity::Voltage;
const T: CellQuantity = CellQuantity::Temperature;
/// A day's first minute.
const START: i64 = 20_000 * 1_440;

/// A minute that is believable and unlike any other; some cells are unknown, and cell 4 has no temperature.
fn minute(number: i64, part: u16) -> CellMinute {
    let mut minute = CellMinute::empty(number, CELLS);
    for cell in 0..CELLS {
        let salt = (number as u64 * 31 + cell as u64 * 7 + u64::from(part) * 13).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if salt >> 60 == 0 {
            continue;
        }
        let v = 32_000 + (salt >> 20 & 0x3ff) as u16;
        let n = 100 + part;
        for (column, count) in minute.columns[V as usize].iter_mut().zip([v - 5, v, v + 9, n]) {
            column[cell] = count;
        }
        if cell < 4 {
            let t = 12_300 + (salt >> 40 & 0xff) as u16;
            for (column, count) in minute.columns[T as usize].iter_mut().zip([t - 3, t, t + 2, n / 2]) {
                column[cell] = count;
            }
        }
    }
    minute
}

fn second(minute: CellMinute) -> Second {
    let utc_s = (minute.minute + 1) * 60;
    Second { system: "hv".into(), utc_s, cells: Some(minute), ..Second::default() }
}

/// What all parts together say, by minute.
fn joined(parts: &[CellMinute]) -> BTreeMap<i64, CellMinute> {
    let mut whole: BTreeMap<i64, CellMinute> = BTreeMap::new();
    for part in parts {
        match whole.get_mut(&part.minute) {
            Some(known) => known.join(part),
            None => drop(whole.insert(part.minute, part.clone())),
        }
    }
    whole
}

/// The mean voltages of the cells that have at least 98 % of the minute's snapshots.
fn throughout(m: &CellMinute) -> Vec<u16> {
    let (means, n) = (m.column(V, Stat::Mean), m.column(V, Stat::N));
    let most = f64::from(*n.iter().max().unwrap());
    means.iter().zip(n).map(|(mean, n)| if f64::from(*n) > most * 0.98 - 1.0 { *mean } else { NONE }).collect()
}

fn known(minutes: &BTreeMap<i64, CellMinute>, quantity: CellQuantity, stat: Stat, cell: usize) -> Vec<(i64, f64)> {
    let at = |m: &CellMinute| m.column(quantity, stat)[cell];
    minutes.iter().filter(|(_, m)| at(m) != stat.none()).map(|(k, m)| (*k, f64::from(at(m)))).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// What every question should answer, counted anew.
fn check(history: &History, parts: &[CellMinute], range: Range, width: usize) {
    let all = joined(parts);
    for at_ms in [range.from_ms, range.to_ms, START * MINUTE_MS + 30_000] {
        let found = history.cells_at("hv", at_ms).unwrap();
        let expected = all.get(&at_ms.div_euclid(MINUTE_MS)).filter(|m| (0..CELLS).any(|cell| m.knows(cell)));
        assert_eq!(found.as_ref().map(|f| f.from_ms / MINUTE_MS), expected.map(|m| m.minute));
        let (Some(found), Some(expected)) = (found, expected) else { continue };
        for cell in 0..CELLS {
            let bits = |v: Option<&f32>| v.map_or(f32::NAN, |v| *v).to_bits();
            let of = |quantity| value(quantity, expected.column(quantity, Stat::Mean)[cell]).to_bits();
            assert_eq!((bits(found.voltage_v.get(cell)), bits(found.temperature_c.get(cell))), (of(V), of(T)));
        }
    }
    for (quantity, cell) in [(V, 0), (T, 3), (T, 4), (V, 99)] {
        let chart = history.cell_chart("hv", range, (quantity, cell), width).unwrap();
        assert!(chart.from_ms <= range.from_ms && chart.step_ms % MINUTE_MS == 0 && chart.buckets.len() <= width + 1);
        assert!(chart.from_ms + chart.step_ms * chart.buckets.len() as i64 >= range.to_ms);
        for (k, bucket) in chart.buckets.iter().enumerate() {
            let from = chart.from_ms + k as i64 * chart.step_ms;
            let within = |minute: &i64| (from..from + chart.step_ms).contains(&(minute * MINUTE_MS));
            let of = |stat| -> Vec<f64> {
                let known = if cell < CELLS { known(&all, quantity, stat, cell) } else { Vec::new() };
                known.into_iter().filter(|(minute, _)| within(minute)).map(|(_, count)| count).collect()
            };
            assert_eq!(bucket.n, of(Stat::N).iter().sum::<f64>() as u32, "{quantity:?} {cell} step {k}");
            if bucket.n == 0 {
                continue;
            }
            let lowest = of(Stat::Min).into_iter().fold(f64::MAX, f64::min) as u16;
            let highest = of(Stat::Max).into_iter().fold(0.0, f64::max) as u16;
            let (first, last) = (of(Stat::Mean)[0] as u16, of(Stat::Mean)[of(Stat::Mean).len() - 1] as u16);
            let expected = [first, lowest, highest, last].map(|count| value(quantity, count));
            assert_eq!([bucket.first, bucket.min, bucket.max, bucket.last], expected);
        }
    }
    for (what, quantity) in [(CellValue::Voltage, V), (CellValue::Temperature, T), (CellValue::Deviation, V)] {
        let map = history.cell_map("hv", range, width, what).unwrap();
        assert_eq!(map.values.len(), map.steps * map.cells);
        let inside =
            |minute: i64| (map.from_ms..map.from_ms + map.steps as i64 * map.step_ms).contains(&(minute * MINUTE_MS));
        // Without a minute in it a map may be empty, or of cells of which nothing is known.
        let any = all.keys().any(|minute| inside(*minute));
        assert!(map.cells == CELLS || (map.cells == 0 && !any), "{} cells", map.cells);
        for step in 0..map.steps {
            let from = map.from_ms + step as i64 * map.step_ms;
            let (first, end) = (from / MINUTE_MS, (from + map.step_ms) / MINUTE_MS);
            let column = |m: &CellMinute| match what {
                CellValue::Deviation => throughout(m),
                CellValue::Voltage | CellValue::Temperature => m.column(quantity, Stat::Mean).to_vec(),
            };
            let columns: Vec<Vec<u16>> = all.range(first..end).map(|(_, m)| column(m)).collect();
            let centre = |column: &[u16]| {
                let known: Vec<f64> = column.iter().filter(|c| **c != NONE).map(|c| f64::from(*c)).collect();
                if what == CellValue::Deviation { mean(&known).unwrap() } else { 0.0 }
            };
            for cell in 0..map.cells {
                let mine = columns.iter().filter(|column| column[cell] != NONE);
                let values: Vec<f64> = mine.map(|column| f64::from(column[cell]) - centre(column)).collect();
                let found = map.values[cell * map.steps + step];
                let expected = mean(&values).map_or(f64::NAN, |count| match what {
                    CellValue::Temperature => count / 100.0 - 100.0,
                    CellValue::Voltage | CellValue::Deviation => count / 10_000.0,
                });
                let same = (found.is_nan() && expected.is_nan()) || (f64::from(found) - expected).abs() < 2e-5;
                assert!(same, "{what:?} cell {cell} step {step}: {found} {expected}");
            }
        }
    }
    let rank = history.cell_rank("hv", range).unwrap();
    let within = |m: &&CellMinute| {
        ((range.from_ms + MINUTE_MS - 1).div_euclid(MINUTE_MS)..(range.to_ms + MINUTE_MS - 1).div_euclid(MINUTE_MS))
            .contains(&m.minute)
    };
    let mut lowest = vec![0; rank.lowest.len()];
    for m in all.values().filter(within) {
        let means = throughout(m);
        let known = means.iter().enumerate().filter(|(_, count)| **count != NONE);
        known.min_by_key(|(_, count)| **count).into_iter().for_each(|(cell, _)| lowest[cell] += 1);
    }
    assert_eq!((rank.minutes, &rank.lowest), (lowest.iter().sum(), &lowest));
}

/// A module falls silent in the middle of a minute in which the load changes: its cells' mean is over the first half only.
#[test]
fn a_module_that_falls_silent_within_a_minute_is_not_far_from_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for number in 0..3 {
        let mut minute = CellMinute::empty(START + number, CELLS);
        for cell in 0..CELLS {
            // 3.3 V for half a minute, then 3.22 V under load. Cell 4 is 1 mV higher, and gone after the first half of minute 1.
            let (half, high) = (cell == 4 && number == 1, if cell == 4 { 10 } else { 0 });
            let (mean, n) = if half { (33_000, 150) } else { (32_600, 300) };
            let n = if cell == 4 && number == 2 { 0 } else { n };
            if n > 0 {
                for (column, count) in
                    minute.columns[V as usize].iter_mut().zip([32_200, mean + high, 33_000 + high, n])
                {
                    column[cell] = count;
                }
            }
        }
        store.append(second(minute));
    }
    store.flush().unwrap();
    let range = Range::new(START * MINUTE_MS, (START + 3) * MINUTE_MS);
    let map = store.history().cell_map("hv", range, 1_000, CellValue::Deviation).unwrap();
    let steps = &map.values[4 * map.steps..5 * map.steps];
    assert!((steps[0] - 0.000_8).abs() < 1e-5 && steps[1].is_nan() && steps[2].is_nan(), "{steps:?}");
    assert!(map.values[..4 * map.steps].iter().all(|v| v.abs() < 0.001), "{:?}", map.values);
    let rank = store.history().cell_rank("hv", range).unwrap();
    assert!((rank.deviation_v[4] - 0.000_8).abs() < 1e-5, "{:?}", rank.deviation_v);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    /// Minutes of three days with gaps; some are sealed, some came after, some in two parts of which one is sealed.
    #[test]
    fn every_answer_about_cells_is_that_of_a_plain_loop(
        numbers in prop::collection::vec((0..4_000_i64, 0..2_u16, any::<bool>()), 1..250),
        edges in prop::collection::vec((-20_000_000..300_000_000_i64, 1..260_000_000_i64, 1..120_usize), 3),
    ) {
        // Two parts of a minute at most: the mean of three depends on the order in which they join, by one count.
        let mut seen = BTreeSet::new();
        let numbers: Vec<_> = numbers.into_iter().filter(|of| seen.insert((of.0, of.2))).collect();
        let folder = tempfile::tempdir().unwrap();
        let parts = |sealed: bool| -> Vec<CellMinute> {
            let mine = numbers.iter().filter(|of| of.2 == sealed);
            mine.map(|(number, part, _)| minute(START + number, *part)).collect()
        };
        let (bulk, _) = Bulk::open(folder.path(), Utc(0)).unwrap();
        // Each minute by itself: the file is joined by hours that come before, within and after those that it has.
        for minute in parts(true).iter().take(8) {
            bulk.join_cells("hv", Day(minute.minute.div_euclid(1_440) as i32), std::slice::from_ref(minute)).unwrap();
        }
        let mut rest: Vec<CellMinute> = parts(true).into_iter().skip(8).collect();
        rest.sort_by_key(|minute| minute.minute);
        for of_day in rest.chunk_by(|a, b| a.minute.div_euclid(1_440) == b.minute.div_euclid(1_440)) {
            bulk.join_cells("hv", Day(of_day[0].minute.div_euclid(1_440) as i32), of_day).unwrap();
        }
        bulk.close().unwrap();
        let (store, notices) = Store::open_with(folder.path(), OPENED_AT, QUIET).unwrap();
        prop_assert_eq!(notices, []);
        parts(false).into_iter().for_each(|minute| store.append(second(minute)));
        let all: Vec<CellMinute> = parts(true).into_iter().chain(parts(false)).collect();
        for (from, len, width) in &edges {
            let from_ms = START * MINUTE_MS + from;
            check(store.history(), &all, Range::new(from_ms, from_ms + len), *width);
        }
        // Written, sealed, and read by another program: the same.
        store.flush().unwrap();
        store.close().unwrap();
        let other = History::open(folder.path()).unwrap();
        let (from, len, width) = edges[0];
        check(&other, &all, Range::new(START * MINUTE_MS + from, START * MINUTE_MS + from + len), width);
    }
}

/// How many minutes lie in files, and how many do not.
fn places(store: &Store) -> (u64, usize) {
    let parts = store.history().cell_parts("hv");
    (parts.sealed.iter().map(|(day, _)| day.rows).sum(), parts.tail.len())
}

fn whole() -> Range {
    Range::new(START * MINUTE_MS, START * MINUTE_MS + 3 * DAY_MS)
}

#[test]
fn full_hours_of_cells_are_sealed_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<CellMinute> = (1_400..1_590).map(|k| minute(START + k, 0)).collect();
    let rows: usize = all.iter().map(|m| (0..CELLS).filter(|cell| m.knows(*cell)).count()).sum();
    let file = |day: i32| folder.path().join(format!("systems/hv/cells/{}.parquet", Day(20_000 + day)));
    {
        let store = open(folder.path());
        all.iter().for_each(|minute| store.append(second(minute.clone())));
        store.flush().unwrap();
        check(store.history(), &all, whole(), 200);
        // A minute of an hour that is sealed comes after all, and so does a second part of one that is there.
        store.close().unwrap();
        assert!(file(0).exists() && file(1).exists() && !file(2).exists());
    }
    let late = [minute(START + 1_399, 0), minute(START + 1_450, 1)];
    let all: Vec<CellMinute> = all.into_iter().chain(late.clone()).collect();
    let store = open(folder.path());
    late.into_iter().for_each(|minute| store.append(second(minute)));
    check(store.history(), &all, whole(), 100);
    store.flush().unwrap();
    store.close().unwrap();
    // Sealed with the next look after the house, which is at the start.
    let store = open(folder.path());
    store.append(second(minute(START + 1_590, 0)));
    store.flush().unwrap();
    let (in_files, in_tail) = places(&store);
    assert!(in_tail <= 31 && in_files > rows as u64 / 2, "{in_files} of {rows}, {in_tail}");
    let all: Vec<CellMinute> = all.into_iter().chain([minute(START + 1_590, 0)]).collect();
    check(store.history(), &all, whole(), 4_320);
    store.close().unwrap();

    // Without its database, the sealed days are taken in again; a file that is damaged is put aside.
    for name in ["history.db", "history.db-wal", "history.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(name));
    }
    std::fs::write(file(0), b"rubbish").unwrap();
    let store = open(folder.path());
    (0..4).for_each(|_| store.flush().unwrap());
    let days = store.history().cell_coverage("hv").days;
    assert_eq!(days.iter().map(|of| of.day).collect::<Vec<_>>(), [Day(20_001)]);
    let of_second: Vec<CellMinute> =
        all.iter().filter(|m| m.minute >= START + 1_440 && m.minute < START + 1_560).cloned().collect();
    check(store.history(), &of_second, whole(), 50);
    assert!(!file(0).exists() && set_aside(folder.path()).is_empty());
    let aside = folder.path().join(format!("set-aside/damaged/hv/cells/{}.parquet", Day(20_000)));
    assert!(
        aside.exists() && std::fs::read_to_string(aside.with_extension("parquet.txt")).unwrap().contains("not a good")
    );
    assert!(store.troubles().iter().any(|told| told.words.contains(&aside.display().to_string())));
}

#[test]
fn a_damaged_day_of_cells_does_not_keep_new_minutes_from_being_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    (0..61).for_each(|k| store.append(second(minute(START + k, 0))));
    store.flush().unwrap();
    store.close().unwrap();
    let file = folder.path().join(format!("systems/hv/cells/{}.parquet", Day(20_000)));
    let mut bytes = std::fs::read(&file).unwrap();
    let len = bytes.len();
    bytes[len / 4..len / 2].fill(0x5a);
    std::fs::write(&file, bytes).unwrap();
    let store = open(folder.path());
    (61..130).for_each(|k| store.append(second(minute(START + k, 0))));
    store.flush().unwrap();
    assert_eq!(store.health().error, None);
    let all: Vec<CellMinute> = (60..130).map(|k| minute(START + k, 0)).collect();
    check(store.history(), &all, Range::new((START + 60) * MINUTE_MS, (START + 130) * MINUTE_MS), 40);
}

fn days(folder: &Path, kind: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("systems/hv").join(kind)).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A closed history with cells of eight days, one minute each.
fn eight_days() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (bulk, _) = Bulk::open(folder.path(), Utc(0)).unwrap();
    for day in 0..8 {
        bulk.join_cells("hv", Day(20_000 + day), &[minute(START + i64::from(day) * 1_440, 0)]).unwrap();
    }
    bulk.close().unwrap();
    folder
}

#[test]
fn without_new_readings_nothing_is_too_old() {
    let folder = eight_days();
    let options = Options { keep_cells: Duration::from_secs(3 * 86_400), ..QUIET };
    let (store, _) = Store::open_with(folder.path(), OPENED_AT, options).unwrap();
    store.flush().unwrap();
    assert_eq!(days(folder.path(), "cells").len(), 8);
}

#[test]
fn the_oldest_days_go_one_by_one_while_the_disk_has_too_little_room_but_never_the_newest_two() {
    let folder = eight_days();
    let rows = domain::telemetry::Row::empty(START * MINUTE_MS);
    {
        let (bulk, _) = Bulk::open(folder.path(), Utc(0)).unwrap();
        for day in 0..4 {
            let mut block = store::Block::new();
            block.push(&domain::telemetry::Row { at_ms: rows.at_ms + day * DAY_MS, ..rows });
            bulk.replace("hv", Day(20_000 + day as i32), &block).unwrap();
        }
        bulk.close().unwrap();
    }
    // No disk has that much room.
    let options = Options { disk_free_min_bytes: u64::MAX, ..QUIET };
    for (pack, cells) in [(3, 7), (2, 6), (2, 5), (2, 4), (2, 3), (2, 2), (2, 2)] {
        let (store, _) = Store::open_with(folder.path(), OPENED_AT, options).unwrap();
        store.flush().unwrap();
        assert_eq!((days(folder.path(), "pack").len(), days(folder.path(), "cells").len()), (pack, cells));
        assert_eq!(store.history().cell_coverage("hv").days.len(), cells);
    }
    assert_eq!(days(folder.path(), "cells"), ["2024-10-10.parquet", "2024-10-11.parquet"]);
    // With room enough, nothing goes.
    let (store, _) = Store::open_with(folder.path(), OPENED_AT, QUIET).unwrap();
    store.flush().unwrap();
    assert_eq!(days(folder.path(), "cells").len(), 2);
}
