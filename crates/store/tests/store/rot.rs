//! Bytes that change on the disk by themselves: what is made again is made again, and a day that is damaged is set aside
//! while the others answer.

use crate::common::{OPENED_AT, QUIET, ask_sql};
use domain::minute::{CellMinute, MINUTE_MS, Stat};
use domain::point::PointId;
use domain::reading::CellQuantity;
use domain::storage::StorageKind;
use domain::telemetry::Row;
use domain::time::Utc;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use store::{Block, Bulk, Chart, DAY_MS, Day, History, LeftOut, Notice, Range, Second, Store, StoreError, by_day};

const FIRST: Day = Day(20_000);
const POINTS: [PointId; 2] = [PointId::Voltage, PointId::Current];

/// Three sealed days of 2,000 rows each, every 25 s; 118 times a day the voltage falls by 2 %.
fn three_days(folder: &Path) {
    let mut block = Block::new();
    for k in 0..3 * 2_000_i64 {
        let mut row = Row::empty(FIRST.start_ms() + k / 2_000 * DAY_MS + k % 2_000 * 25_000);
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

fn day_file(folder: &Path, kind: &str, day: Day) -> PathBuf {
    folder.join(format!("systems/hv/{kind}/{day}.parquet"))
}

/// Where bits flip in a file: how far from its beginning or, below zero, from its end.
const FLIPS: [(&str, isize); 4] =
    [("a page", 300), ("the beginning", 1), ("the footer", -40), ("the length of the footer", -7)];

fn flip(path: &Path, place: isize) {
    let mut file = fs::read(path).unwrap();
    let place = if place < 0 { file.len() - place.unsigned_abs() } else { place as usize };
    file[place] ^= 0x10;
    fs::write(path, file).unwrap();
}

/// What the store says of a day that it set aside, and that it is there.
fn is_set_aside(store: &Store, folder: &Path, kind: &str, day: Day) {
    store.flush().unwrap();
    let kept = folder.join(format!("set-aside/damaged/hv/{kind}/{day}.parquet"));
    assert!(kept.exists());
    let why = fs::read_to_string(kept.with_extension("parquet.txt")).unwrap();
    assert!(why.contains("is damaged: "), "{why}");
    let told = store.troubles();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].kind, StorageKind::Damaged);
    assert!(told[0].words.contains(&kept.display().to_string()), "{}", told[0].words);
}

/// What is missing is told of every range that it lies in, and of no other.
fn is_left_out(store: &Store, expected: &LeftOut) {
    let history = store.history();
    assert_eq!(&history.left_out("hv", all()), expected);
    let day = expected.rows.iter().chain(&expected.cells).next().unwrap();
    let words = history.left_out("hv", all()).words();
    assert!(words.contains(&day.to_string()) && words.contains("damaged or gone"), "{words}");
    for (from_ms, to_ms, told) in [
        (day.start_ms(), day.start_ms() + 1, true),
        (day.end_ms() - 1, day.end_ms(), true),
        (day.start_ms() - 9, day.start_ms(), false),
        (day.end_ms(), day.end_ms() + 9, false),
    ] {
        let left = history.left_out("hv", Range::new(from_ms, to_ms));
        assert_eq!((left != LeftOut::default(), left.words().is_empty()), (told, !told), "{from_ms} to {to_ms}");
    }
    assert_eq!(history.left_out("other", all()), LeftOut::default());
}

/// A question that reads the files, with how many of the three days are in its answer.
type Question = fn(&Store) -> usize;

const OF_ROWS: [Question; 6] = [
    |store| store.history().rows("hv", all(), &POINTS).unwrap().len() / 2_000,
    |store| (store.history().energy_exact("hv", all()).unwrap().known_s / 49_000.0) as usize,
    |store| match store.history().chart("hv", all(), &POINTS, 8_000).unwrap() {
        Chart::Rows(rows) => rows.len() / 2_000,
        grid => panic!("{grid:?}"),
    },
    |store| store.history().parts("hv").sealed.len(),
    // The first row that is not before the middle of the damaged day.
    |store| {
        let middle_ms = FIRST.start_ms() + DAY_MS + 40_000_000;
        let next = store.history().next_row_ms("hv", middle_ms).unwrap().unwrap();
        if next == middle_ms { 3 } else { usize::from(next == FIRST.start_ms() + 2 * DAY_MS) * 2 }
    },
    |store| {
        let sags = store.history().sags("hv", all(), 1.0, 1).unwrap();
        (sags.count / 100) as usize
    },
];

#[test]
fn a_day_with_flipped_bits_is_set_aside_and_the_other_days_answer() {
    for (what, place) in FLIPS {
        for warm in [false, true] {
            for first in 0..OF_ROWS.len() {
                let folder = tempfile::tempdir().unwrap();
                three_days(folder.path());
                if warm {
                    let store = open(folder.path());
                    let before = OF_ROWS.map(|ask| ask(&store));
                    assert_eq!(before, [3; 6], "{before:?}");
                    assert_eq!(store.troubles(), []);
                    store.close().unwrap();
                }
                let bad = Day(FIRST.0 + 1);
                flip(&day_file(folder.path(), "pack", bad), place);
                let store = open(folder.path());
                for turn in 0..OF_ROWS.len() {
                    let ask = (first + turn) % OF_ROWS.len();
                    assert_eq!(OF_ROWS[ask](&store), 2, "question {ask}, {what}, warm: {warm}");
                }
                is_set_aside(&store, folder.path(), "pack", bad);
                is_left_out(&store, &LeftOut { rows: vec![bad], ..LeftOut::default() });
                assert!(!day_file(folder.path(), "pack", bad).exists());
                let days = |store: &Store| -> Vec<Day> {
                    store.history().coverage("hv").segments.iter().map(|segment| segment.day).collect()
                };
                assert_eq!(days(&store), [FIRST, Day(FIRST.0 + 2)]);
                store.close().unwrap();
                let store = open(folder.path());
                assert_eq!((days(&store).len(), store.troubles()), (2, vec![]));
                is_left_out(&store, &LeftOut { rows: vec![bad], ..LeftOut::default() });
            }
        }
    }
}

#[test]
fn a_day_whose_file_is_gone_is_told_and_the_other_days_answer() {
    let folder = tempfile::tempdir().unwrap();
    three_days(folder.path());
    let store = open(folder.path());
    fs::remove_file(day_file(folder.path(), "pack", FIRST)).unwrap();
    assert_eq!(answers(&store).0, 4_000);
    store.flush().unwrap();
    let told = store.troubles();
    assert!(told.len() == 1 && told[0].words.contains("2024-10-04.parquet is gone"), "{told:?}");
    assert_eq!(store.history().coverage("hv").segments.len(), 2);
    let left = LeftOut { rows: vec![FIRST], ..LeftOut::default() };
    is_left_out(&store, &left);
    store.close().unwrap();
    is_left_out(&open(folder.path()), &left);
}

/// What is done to a file while no server runs.
type Damage = fn(&Path);

fn now() -> Utc {
    Utc(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64)
}

/// What is told of the kind, as one text.
fn told(store: &Store, kind: StorageKind) -> String {
    let troubles = store.troubles();
    troubles
        .iter()
        .filter(|trouble| trouble.kind == kind)
        .map(|trouble| trouble.words.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn a_database_that_begins_afresh_is_told_and_days_are_left_out_until_they_are_taken_in() {
    let three = [FIRST, Day(FIRST.0 + 1), Day(FIRST.0 + 2)];
    let damages: [(&str, Damage); 3] = [
        ("was damaged", |path| fs::write(path, [7; 9_000]).unwrap()),
        ("gone or empty", |path| fs::remove_file(path).unwrap()),
        ("gone or empty", |path| fs::write(path, "").unwrap()),
    ];
    for (what, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        three_days(folder.path());
        three_days_of_cells(folder.path());
        damage(&folder.path().join("history.db"));
        let began = now();
        let (store, notices) = Store::open_with(folder.path(), began, QUIET).unwrap();
        let words = told(&store, StorageKind::Damaged);
        assert!(words.contains(what) && words.contains("alarms and events"), "{what}: {words}");
        if let [Notice::SetAside { kept_as, .. }] = &notices[..] {
            assert!(words.contains(&kept_as.display().to_string()), "{words}");
        }
        let mut left = 3;
        while left > 0 {
            let days = three[..left].to_vec();
            let expected = LeftOut { rows_to_come: days.clone(), cells_to_come: days, ..LeftOut::default() };
            let found = store.history().left_out("hv", all());
            assert_eq!((found.rows_to_come.len(), found.cells_to_come.len()), (left, left), "{found:?}");
            assert!(left < 3 || (found == expected && found.words().contains("until they are taken in")), "{found:?}");
            assert!(told(&store, StorageKind::TakingIn).contains(&format!("{} of 6 files", 6 - 2 * left)));
            assert_eq!(store.history().rows("hv", all(), &POINTS).unwrap().len(), 2_000 * (3 - left));
            store.flush().unwrap();
            left -= 1;
        }
        assert_eq!(store.history().left_out("hv", all()), LeftOut::default());
        assert_eq!(told(&store, StorageKind::TakingIn), "");
        assert_eq!(answers(&store).0, 6_000);
        assert_eq!(told(&store, StorageKind::Damaged), words);
        store.close().unwrap();
        // After a restart too, once.
        let (store, notices) = Store::open_with(folder.path(), now(), QUIET).unwrap();
        assert_eq!((notices, told(&store, StorageKind::Damaged)), (vec![], words));
    }
}

#[test]
fn days_that_are_gone_at_the_start_are_told_until_their_files_are_back() {
    for (count, says) in [(1, "2024-10-04.parquet is gone"), (2, "2 days from 2024-10-04 to 2024-10-05 are gone from")]
    {
        let folder = tempfile::tempdir().unwrap();
        three_days(folder.path());
        three_days_of_cells(folder.path());
        let gone: Vec<Day> = (0..count).map(|k| Day(FIRST.0 + k)).collect();
        let paths: Vec<PathBuf> =
            (gone.iter()).flat_map(|day| ["pack", "cells"].map(|kind| day_file(folder.path(), kind, *day))).collect();
        let kept: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
        paths.iter().for_each(|path| fs::remove_file(path).unwrap());
        let left = LeftOut { rows: gone.clone(), cells: gone.clone(), ..LeftOut::default() };
        for start in 0..2 {
            let store = open(folder.path());
            assert_eq!(store.history().left_out("hv", all()), left);
            assert_eq!(answers(&store).0, 2_000 * (3 - count as usize));
            let words = told(&store, StorageKind::Damaged);
            // It happened once; that days are left out is in every answer.
            assert_eq!(words.matches(says).count(), if start == 0 { 2 } else { 0 }, "{words}");
            store.close().unwrap();
        }
        paths.iter().zip(kept).for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
        let store = open(folder.path());
        (0..count).for_each(|_| store.flush().unwrap());
        assert_eq!(store.history().left_out("hv", all()), LeftOut::default());
        assert_eq!(answers(&store).0, 6_000);
        store.close().unwrap();
        assert_eq!(open(folder.path()).history().left_out("hv", all()), LeftOut::default());
    }
}

#[test]
fn a_program_beside_the_server_leaves_the_day_out_and_moves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    three_days(folder.path());
    let path = day_file(folder.path(), "pack", FIRST);
    flip(&path, 300);
    let history = History::open(folder.path()).unwrap();
    assert_eq!(history.rows("hv", all(), &POINTS).unwrap().len(), 4_000);
    assert_eq!(history.left_out("hv", all()).rows, [FIRST]);
    assert!(path.exists());
}

#[test]
fn entries_without_a_checksum_get_it_when_their_files_are_first_read() {
    let folder = tempfile::tempdir().unwrap();
    three_days(folder.path());
    let known = |sql: &str| ask_sql(&folder.path().join("history.db"), sql);
    assert_eq!(known("SELECT count(checksum) FROM segment"), 3);
    assert_eq!(known("UPDATE segment SET checksum = NULL RETURNING 0"), 0);
    let bad = Day(FIRST.0 + 2);
    let path = day_file(folder.path(), "pack", bad);
    let mut file = fs::read(&path).unwrap();
    file[20..400].fill(0x55);
    fs::write(&path, file).unwrap();
    let store = open(folder.path());
    assert_eq!(answers(&store).0, 4_000);
    is_set_aside(&store, folder.path(), "pack", bad);
    store.close().unwrap();
    assert_eq!(known("SELECT count(*) * 10 + count(checksum) FROM segment"), 22);
    // Now the flip of a single bit is noticed too.
    flip(&day_file(folder.path(), "pack", FIRST), 300);
    let store = open(folder.path());
    assert_eq!(answers(&store).0, 2_000);
    is_set_aside(&store, folder.path(), "pack", FIRST);
}

#[test]
fn rows_do_not_join_a_day_that_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    three_days(folder.path());
    let last = Day(FIRST.0 + 2);
    flip(&day_file(folder.path(), "pack", last), 300);
    let (bulk, _) = Bulk::open(folder.path(), OPENED_AT).unwrap();
    let mut more = Block::new();
    let mut row = Row::empty(last.start_ms() + 5);
    row.set(PointId::Voltage, 800.0);
    more.push(&row);
    let why = bulk.join("hv", last, &more).unwrap_err().to_string();
    assert!(why.contains("bytes in it have changed"), "{why}");
    drop(bulk);

    let store = open(folder.path());
    let from_s = last.start_ms() / 1_000 + 22 * 3_600 + 1_800;
    for utc_s in (from_s..from_s + 2 * 3_600).step_by(10) {
        let mut row = Row::empty(utc_s * 1_000);
        row.set(PointId::Voltage, 900.0);
        store.append(Second { system: "hv".into(), utc_s, rows: vec![row], ..Second::default() });
    }
    is_set_aside(&store, folder.path(), "pack", last);
    let (rows, voltages, _) = answers(&store);
    // Up to the end of the day; the others lie in the next one.
    assert_eq!((rows, voltages.unwrap().iter().filter(|v| **v == 900.0).count()), (4_540, 540));
    let sealed: u64 = store.history().coverage("hv").segments.iter().map(|segment| segment.rows).sum();
    assert!(sealed >= 4_540, "{sealed}");
}

/// Three days of two cells, a minute each ten minutes.
fn three_days_of_cells(folder: &Path) {
    let (bulk, _) = Bulk::open(folder, OPENED_AT).unwrap();
    for day in (0..3).map(|k| Day(FIRST.0 + k)) {
        let first = day.start_ms() / MINUTE_MS;
        let minutes: Vec<CellMinute> = (first..first + 1_440)
            .step_by(10)
            .map(|number| {
                let mut minute = CellMinute::empty(number, 2);
                for stat in Stat::ALL {
                    minute.columns[CellQuantity::Voltage as usize][stat as usize] =
                        if stat == Stat::N { vec![60, 60] } else { vec![33_000 + (number % 50) as u16, 33_100] };
                }
                minute
            })
            .collect();
        bulk.join_cells("hv", day, &minutes).unwrap();
    }
    bulk.close().unwrap();
}

const OF_CELLS: [Question; 4] = [
    |store| store.history().cell_rank("hv", all()).unwrap().minutes as usize / 144,
    |store| store.history().cell_parts("hv").sealed.len(),
    |store| {
        let mut minutes = 0;
        let counted = store.history().each_cell_minute("hv", all(), |_| {
            minutes += 1;
            Ok::<(), StoreError>(())
        });
        counted.unwrap();
        minutes / 144
    },
    |store| {
        let chart = store.history().cell_chart("hv", all(), (CellQuantity::Voltage, 1), 8_000).unwrap();
        chart.buckets.iter().filter(|bucket| bucket.n > 0).count() / 144
    },
];

#[test]
fn a_day_of_cells_with_flipped_bits_is_set_aside_and_the_other_days_answer() {
    for (what, place) in FLIPS {
        for warm in [false, true] {
            for first in 0..OF_CELLS.len() {
                let folder = tempfile::tempdir().unwrap();
                three_days_of_cells(folder.path());
                if warm {
                    let store = open(folder.path());
                    assert_eq!(OF_CELLS.map(|ask| ask(&store)), [3; 4]);
                    store.close().unwrap();
                }
                let bad = Day(FIRST.0 + 1);
                flip(&day_file(folder.path(), "cells", bad), place);
                let store = open(folder.path());
                for turn in 0..OF_CELLS.len() {
                    let ask = (first + turn) % OF_CELLS.len();
                    assert_eq!(OF_CELLS[ask](&store), 2, "question {ask}, {what}, warm: {warm}");
                }
                is_set_aside(&store, folder.path(), "cells", bad);
                is_left_out(&store, &LeftOut { cells: vec![bad], ..LeftOut::default() });
                assert_eq!(store.history().cell_coverage("hv").days.len(), 2);
            }
        }
    }
}
