//! Bytes that change on the disk by themselves: what is made again is made again, and a day that is damaged is set aside
//! while the others answer.

use crate::common::{OPENED_AT, QUIET};
use domain::point::PointId;
use domain::telemetry::Row;
use std::fs;
use std::path::{Path, PathBuf};
use store::{Block, Bulk, DAY_MS, Day, Range, Store, by_day};

const FIRST: Day = Day(20_000);
const POINTS: [PointId; 2] = [PointId::Voltage, PointId::Current];

/// Three sealed days of 2,000 rows each, every 40 s.
fn three_days(folder: &Path) {
    let mut block = Block::new();
    for k in 0..3 * 2_000_i64 {
        let mut row = Row::empty(FIRST.start_ms() + k / 2_000 * DAY_MS + k % 2_000 * 40_000);
        row.set(PointId::Voltage, 800.0 + (k % 17) as f32);
        row.set(PointId::Current, (k % 5) as f32);
        block.push(&row);
    }
    let (bulk, _) = Bulk::open(folder, OPENED_AT).unwrap();
    for (day, rows) in by_day(block) {
        bulk.replace("hv", day, &rows).unwrap();
    }
    bulk.close().unwrap();
}

fn open(folder: &Path) -> Store {
    let (store, notices) = Store::open_with(folder, OPENED_AT, QUIET).unwrap();
    assert_eq!(notices, []);
    store
}

fn all() -> Range {
    Range::new(FIRST.start_ms(), FIRST.start_ms() + 3 * DAY_MS)
}

/// The answers that come from every row: how many there are, their voltages, and the energy.
fn answers(store: &Store) -> (usize, Option<Vec<f32>>, f64) {
    let rows = store.history().rows("hv", all(), &POINTS).unwrap();
    let energy = store.history().energy_exact("hv", all()).unwrap();
    (rows.len(), rows.column(PointId::Voltage).map(<[f32]>::to_vec), energy.out_wh)
}

/// Every file of numbers in the cache.
fn cached(folder: &Path) -> Vec<PathBuf> {
    let days = fs::read_dir(folder.join("work/cache/hv")).unwrap();
    days.flat_map(|day| fs::read_dir(day.unwrap().path()).unwrap()).map(|file| file.unwrap().path()).collect()
}

#[test]
fn a_cache_of_the_right_length_with_another_content_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    three_days(folder.path());
    let good = {
        let store = open(folder.path());
        let good = answers(&store);
        store.close().unwrap();
        good
    };
    assert_eq!(good.0, 6_000);
    let files = cached(folder.path());
    assert_eq!(files.len(), 3 * 4, "{files:?}");
    let damages: [fn(&mut Vec<u8>); 4] = [
        |file| file.fill(0),
        |file| file.fill(0xff),
        |file| file[100..2_000].reverse(),
        |file| {
            // Without what tells whose numbers they are, as an earlier version left them.
            let len = if file.len() > 10_000 { 16_000 } else { 8_000 };
            file.resize(len, 0);
            file.fill(0x7f);
        },
    ];
    for damage in damages {
        for path in &files {
            let mut file = fs::read(path).unwrap();
            damage(&mut file);
            fs::remove_file(path).unwrap();
            fs::write(path, file).unwrap();
        }
        let store = open(folder.path());
        assert_eq!(answers(&store), good);
        assert_eq!(store.troubles(), []);
        store.close().unwrap();
    }
}
