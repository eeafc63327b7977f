//! Minutes of device points: by their names, wherever they are; and what becomes of their files.

use crate::common::{OPENED_AT, QUIET, open};
use domain::device_minute::{DeviceMinute, PointMinute, PointName};
use domain::minute::MINUTE_MS;
use domain::point::Unit;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;
use store::{Bulk, DAY_MS, Day, History, Joined, MinuteDay, Options, Range, Second, Store, StoreError};

const DAY: Day = Day(20_000);
/// A day's first minute.
const START: i64 = 20_000 * 1_440;

/// Two points of an inverter and eighty of a hall, so that files have several row groups.
fn names() -> Vec<PointName> {
    let own = |path: &str, unit| PointName { path: path.to_owned(), unit };
    let hall = (0..80).map(|n| own(&format!("hall/gpu/{n}/power"), Unit::Watt));
    [own("south/fan", Unit::Percent), own("south/heatsink_temperature", Unit::Celsius)]
        .into_iter()
        .chain(hall)
        .collect()
}

fn value(number: i64, point: usize) -> PointMinute {
    let salt = (number as u64 * 31 + point as u64 * 7).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    if salt.is_multiple_of(17) {
        return PointMinute::NONE;
    }
    let mean = (salt & 0x3ff) as f32;
    PointMinute { min: mean - 1.0, mean, max: mean + 2.0, n: 60 }
}

fn minute(number: i64) -> DeviceMinute {
    let names = names();
    let values = (0..names.len()).map(|point| value(number, point)).collect();
    DeviceMinute { minute: number, names: names.into(), values }
}

fn second(minute: DeviceMinute) -> Second {
    Second { system: "hv".into(), utc_s: (minute.minute + 1) * 60, devices: Some(minute), ..Second::default() }
}

fn sealing() -> Options {
    Options { commit_every: Duration::from_millis(5), ..QUIET }
}

/// Waits until so many days of device points are sealed, with so many rows.
fn sealed(store: &Store, days: usize, rows: u64) -> Vec<MinuteDay> {
    for _ in 0..3_000 {
        let sealed = store.history().device_coverage("hv").days;
        if sealed.len() == days && sealed.iter().map(|day| day.rows).sum::<u64>() >= rows {
            return sealed;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{:?}, {:?}", store.history().device_coverage("hv"), store.health());
}

/// Each minute's mean, by a chart of a pixel a minute.
fn means(history: &History, path: &str, range: Range) -> BTreeMap<i64, f32> {
    let chart = history.device_chart("hv", range, path, 8_192).unwrap();
    assert_eq!(chart.step_ms, MINUTE_MS);
    let first = chart.from_ms / MINUTE_MS;
    let known = (first..).zip(&chart.buckets).filter(|(_, bucket)| bucket.n > 0);
    known.map(|(minute, bucket)| (minute, bucket.mean().unwrap() as f32)).collect()
}

fn expected(point: usize, minutes: impl Iterator<Item = i64>) -> BTreeMap<i64, f32> {
    minutes.map(|number| (number, value(number, point))).filter(|(_, v)| v.n > 0).map(|(k, v)| (k, v.mean)).collect()
}

/// The whole day and the one after it, ms.
fn around() -> Range {
    Range::new(DAY.start_ms(), DAY.end_ms() + DAY_MS)
}

fn write_hours(folder: &Path, minutes: std::ops::Range<i64>) -> Store {
    let (store, notices) = Store::open_with(folder, OPENED_AT, sealing()).unwrap();
    assert_eq!(notices, []);
    minutes.for_each(|number| store.append(second(minute(number))));
    store.flush().unwrap();
    store
}

#[test]
fn a_point_is_found_by_its_name_in_sealed_days_in_the_tail_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    // Three hours around midnight and a bit.
    let minutes = START + 1_440 - 90..START + 1_440 + 95;
    let store = write_hours(folder.path(), minutes.clone());
    let days = sealed(&store, 2, 1);
    assert_eq!((days[0].first_minute, days[0].width), (minutes.start, 82));
    let check = |history: &History| {
        for (point, name) in names().iter().enumerate() {
            assert_eq!(means(history, &name.path, around()), expected(point, minutes.clone()), "{}", name.path);
        }
        let chart = history.device_chart("hv", around(), "south/fan", 1_000).unwrap();
        assert_eq!(chart.unit, Some(Unit::Percent));
        assert!(chart.buckets.iter().any(|bucket| bucket.n > 0 && bucket.max > bucket.min));
        let unknown = history.device_chart("hv", around(), "south/fan ", 1_000).unwrap();
        assert!(unknown.unit.is_none() && unknown.buckets.iter().all(|bucket| bucket.n == 0));
        let mut all: Vec<String> = names().iter().map(|name| name.path.clone()).collect();
        all.sort();
        assert_eq!(history.device_names("hv").into_iter().collect::<Vec<_>>(), all);
        assert!(history.device_names("other").is_empty());
        assert!(history.knows_device_point("hv", "hall/gpu/79/power") && !history.knows_device_point("hv", "hall/gpu"));
    };
    check(store.history());
    store.close().unwrap();
    check(&History::open(folder.path()).unwrap());
    let store = open(folder.path());
    check(store.history());
    // Every minute once, whole, in its order.
    let mut seen = Vec::new();
    let counted = store.history().each_device_minute("hv", around(), |minute| {
        seen.push((minute.minute, minute.known().count()));
        Ok::<(), StoreError>(())
    });
    counted.unwrap();
    let known = |number: i64| (0..82).filter(|point| value(number, *point).n > 0).count();
    assert_eq!(seen, minutes.map(|number| (number, known(number))).collect::<Vec<_>>());
}

#[test]
fn a_minute_in_two_parts_counts_once_and_another_unit_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let bulk = Bulk::open(folder.path(), OPENED_AT).unwrap().0;
    let one = |number: i64, unit, mean: f32, n| DeviceMinute {
        minute: number,
        names: [PointName { path: "south/fan".to_owned(), unit }].into(),
        values: vec![PointMinute { min: mean, mean, max: mean, n }],
    };
    bulk.join_devices("hv", DAY, &[one(START, Unit::Number, 9.0, 60), one(START + 1, Unit::Percent, 10.0, 30)])
        .unwrap();
    let day = bulk.join_devices("hv", DAY, &[one(START + 1, Unit::Percent, 40.0, 60)]).unwrap();
    assert_eq!((day.rows, day.values, day.width), (2, 150, 2));
    let new = bulk.join_new_devices(
        "hv",
        DAY,
        vec![one(START + 1, Unit::Percent, 1.0, 1), one(START + 2, Unit::Percent, 5.0, 9)],
    );
    assert_eq!(new.unwrap(), Joined { new: 1, filled: 0 });
    bulk.close().unwrap();
    let history = History::open(folder.path()).unwrap();
    let all = means(&history, "south/fan", Range::new(DAY.start_ms(), DAY.end_ms()));
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [(START + 1, 30.0), (START + 2, 5.0)]);
}

#[test]
fn a_damaged_or_lost_file_is_told_and_taken_in_again_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = write_hours(folder.path(), START..START + 130);
    sealed(&store, 1, 120 * 60);
    store.close().unwrap();
    let file = folder.path().join("systems/hv/devices").join(format!("{DAY}.parquet"));
    let good = fs::read(&file).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 3] ^= 0x55;
    fs::write(&file, &bad).unwrap();
    let store = open(folder.path());
    let range = Range::new(DAY.start_ms(), DAY.end_ms());
    // The other minutes answer, and the answer says what is missing.
    let left = means(store.history(), "south/fan", range);
    assert_eq!(left, expected(0, START + 120..START + 130));
    let words = store.history().left_out("hv", range).words();
    assert!(words.contains("device points of 2024-10-04"), "{words}");
    store.flush().unwrap();
    store.close().unwrap();
    assert!(folder.path().join("set-aside/damaged/hv/devices").is_dir() && !file.exists());
    // Put back, the catalogue does not know it: it is taken in.
    fs::write(&file, &good).unwrap();
    let (store, _) = Store::open_with(folder.path(), OPENED_AT, sealing()).unwrap();
    sealed(&store, 1, 120 * 60);
    assert_eq!(means(store.history(), "south/fan", range), expected(0, START..START + 130));
}
