//! Questions about the past against plain loops over the same rows, wherever the rows are: sealed, in the tail, or both.

use domain::point::PointId;
use domain::telemetry::Row;
use domain::time::Utc;
use proptest::prelude::*;
use store::{Block, Bucket, Bulk, Chart, DAY_MS, Day, Range, Second, Store, by_day};

const POINTS: [PointId; 3] = [PointId::Voltage, PointId::Current, PointId::Soc];

/// Rows at about 1 Hz with gaps, missing values and some that share a millisecond, from three days.
fn rows(seed: u64, len: usize) -> Vec<Row> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut at_ms = 20_000 * DAY_MS + 3_600_000 * 13;
    (0..len)
        .map(|_| {
            at_ms += match random(500) {
                0 => random(40_000_000) as i64,
                1 => 0,
                k => 900 + k as i64 % 200,
            };
            let mut row = Row::empty(at_ms);
            let values = [
                800.0 + random(5_000) as f32 * 0.01,
                random(30_000) as f32 * 0.01 - 100.0,
                random(10_000) as f32 * 0.01,
            ];
            for (point, value) in POINTS.iter().zip(values) {
                if random(20) > 0 {
                    row.set(*point, value);
                }
            }
            row
        })
        .collect()
}

fn block(rows: &[Row]) -> Block {
    let mut block = Block::new();
    rows.iter().for_each(|row| block.push(row));
    block
}

/// A store of which the first `sealed` rows lie in sealed days, and the others in the tail.
fn store(folder: &std::path::Path, rows: &[Row], sealed: usize) -> Store {
    let (bulk, _) = Bulk::open(folder, Utc(0)).unwrap();
    for (day, rows) in by_day(block(&rows[..sealed])) {
        bulk.replace("hv", day, &rows).unwrap();
    }
    bulk.close().unwrap();
    let (store, notices) = Store::open(folder, Utc(0)).unwrap();
    assert_eq!(notices, []);
    for row in &rows[sealed..] {
        let utc_s = row.at_ms.div_euclid(1_000);
        store.append(Second { system: "hv".into(), utc_s, tape: vec![1], rows: vec![*row], ..Second::default() });
    }
    store
}

fn values(rows: &[Row], range: Range, point: PointId) -> Vec<f32> {
    let within = |row: &&Row| (range.from_ms..range.to_ms).contains(&row.at_ms);
    rows.iter().filter(within).map(|row| row.get(point)).collect()
}

fn same(a: &Bucket, b: &Bucket) -> bool {
    (a.n, a.first, a.min, a.max, a.last) == (b.n, b.first, b.min, b.max, b.last)
        && (a.sum - b.sum).abs() <= 1e-9 * a.sum.abs().max(1.0)
        && (a.sum_sq - b.sum_sq).abs() <= 1e-9 * a.sum_sq.abs().max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_answer_is_that_of_a_plain_loop(
        seed in any::<u64>(),
        sealed in 0..4_000_usize,
        edges in prop::collection::vec((0..300_000_000_i64, 1..200_000_000_i64, 1..900_usize), 6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let rows = rows(seed, 4_000);
        let store = store(folder.path(), &rows, sealed);
        let history = store.history();
        let start = rows[0].at_ms - 50_000_000;
        for (from, len, width) in edges {
            let range = Range::new(start + from, start + from + len);
            // Statistics, by rollup and edges.
            let summary = history.summary("hv", range, &POINTS).unwrap();
            for (point, bucket) in &summary.points {
                let expected = Bucket::of(&values(&rows, range, *point));
                prop_assert!(same(bucket, &expected), "{point:?} {range:?}: {bucket:?} {expected:?}");
            }
            // Energy by rollup is the energy row by row.
            let (fast, exact) = (history.energy("hv", range).unwrap(), history.energy_exact("hv", range).unwrap());
            prop_assert!((fast.net_wh() - exact.net_wh()).abs() <= 1e-9 * (1.0 + exact.out_wh + exact.in_wh));
            prop_assert!((fast.known_s - exact.known_s).abs() <= 1e-6 * (1.0 + exact.known_s));
            // Means by hour of a zone with half an hour in it.
            let offset_ms = 19_800_000;
            let fast = history.hourly("hv", range, PointId::Current, offset_ms).unwrap();
            let exact = history.hourly_exact("hv", range, PointId::Current, offset_ms).unwrap();
            for (hour, (fast, exact)) in fast.iter().zip(&exact).enumerate() {
                let mine = rows.iter().filter(|row| (range.from_ms..range.to_ms).contains(&row.at_ms));
                let mine = mine.filter(|row| (row.at_ms + offset_ms).rem_euclid(DAY_MS) / 3_600_000 == hour as i64);
                let mine: Vec<f32> = mine.map(|row| row.get(PointId::Current)).collect();
                let expected = Bucket::of(&mine);
                prop_assert_eq!((fast.n, exact.n), (u64::from(expected.n), u64::from(expected.n)));
                prop_assert!((fast.sum - expected.sum).abs() < 1e-6 && (exact.sum - expected.sum).abs() < 1e-6);
            }
            // Charts: each bucket says what the rows in its step say, and together they hold the whole range.
            match history.chart("hv", range, &POINTS, width).unwrap() {
                Chart::Rows(block) => {
                    let inside = block.range(range.from_ms, range.to_ms);
                    let expected = values(&rows, range, PointId::Soc);
                    prop_assert_eq!(inside.len(), expected.len());
                    if let Some(column) = block.column(PointId::Soc) {
                        let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                        prop_assert_eq!(bits(&column[inside]), bits(&expected));
                    }
                }
                Chart::Grid(_, grid) => {
                    prop_assert!(grid.from_ms <= range.from_ms);
                    for (point, buckets) in &grid.series {
                        prop_assert!(grid.from_ms + grid.step_ms * buckets.len() as i64 >= range.to_ms);
                        for (k, bucket) in buckets.iter().enumerate() {
                            let from = grid.from_ms + k as i64 * grid.step_ms;
                            let expected = Bucket::of(&values(&rows, Range::new(from, from + grid.step_ms), *point));
                            prop_assert!(same(bucket, &expected), "{point:?} step {} at {k}: {bucket:?} {expected:?}", grid.step_ms);
                        }
                    }
                }
            }
        }
        let coverage = history.coverage("hv");
        prop_assert_eq!(coverage.rows, rows.len() as u64);
        prop_assert_eq!((coverage.first_ms, coverage.last_ms), (rows.first().map(|r| r.at_ms), rows.last().map(|r| r.at_ms)));
        drop(store);
    }
}

#[test]
fn full_hours_are_sealed_and_found_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows(7, 12_000);
    let day_file = |day: Day| folder.path().join(format!("systems/hv/pack/{day}.parquet"));
    let whole = Range::new(rows[0].at_ms, rows[rows.len() - 1].at_ms + 1);
    {
        let store = store(folder.path(), &rows, 0);
        store.flush().unwrap();
        store.close().unwrap();
    }
    for _ in 0..2 {
        let (store, _) = Store::open(folder.path(), Utc(0)).unwrap();
        store.flush().unwrap();
        let coverage = store.history().coverage("hv");
        assert_eq!(coverage.rows, rows.len() as u64);
        let in_files: u64 = coverage.segments.iter().map(|s| s.rows).sum();
        assert!(in_files > 0 && in_files < rows.len() as u64, "{in_files}");
        assert!(coverage.segments.iter().all(|s| day_file(s.day).exists()));
        let summary = store.history().summary("hv", whole, &POINTS).unwrap();
        for (point, bucket) in &summary.points {
            assert!(same(bucket, &Bucket::of(&values(&rows, whole, *point))), "{point:?}");
        }
        store.close().unwrap();
    }
    // Without its database, the sealed days are taken in again; a file that is damaged is put aside.
    for name in ["history.db", "history.db-wal", "history.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(name));
    }
    let days: Vec<Day> = (0..9).map(|k| Day(20_000 + k)).filter(|day| day_file(*day).exists()).collect();
    std::fs::write(day_file(days[0]), b"rubbish").unwrap();
    let (store, _) = Store::open(folder.path(), Utc(0)).unwrap();
    for _ in 0..=days.len() + 1 {
        store.flush().unwrap();
    }
    let coverage = store.history().coverage("hv");
    assert_eq!(coverage.segments.iter().map(|s| s.day).collect::<Vec<_>>(), days[1..]);
    assert!(!day_file(days[0]).exists());
    let aside = folder.path().join(format!("set-aside/damaged/hv/pack/{}.parquet", days[0]));
    assert!(aside.exists() && aside.with_extension("parquet.txt").exists());
}
