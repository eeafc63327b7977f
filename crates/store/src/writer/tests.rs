//! The writer driven by hand: time is a parameter, nothing sleeps.

use super::*;
use crate::database::Reader;
use crate::shared::Health;
use std::path::Path;

fn row(utc_s: i64) -> Second {
    Second { system: "hv".to_owned(), utc_s, tape: vec![1; 1_500], ..Second::default() }
}

/// A started writer that is driven by hand.
fn writer(folder: &Path, options: Options) -> Writer {
    let shared = Arc::new(Shared::new(options.pending_max_bytes));
    let mut writer = Writer::new(folder.to_owned(), options, shared, Arc::default());
    assert_eq!(writer.start(Utc(0)).unwrap(), []);
    writer
}

fn stored(folder: &Path) -> Vec<i64> {
    Reader::open(&folder.join(FILE))
        .unwrap()
        .tape("hv", i64::MIN, i64::MAX)
        .unwrap()
        .iter()
        .map(|row| row.utc_s)
        .collect()
}

#[test]
fn a_full_file_takes_all_of_a_batch_or_nothing_and_the_oldest_are_dropped_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options { pending_max_bytes: 100_000, ..Options::default() });
    writer.db.as_ref().unwrap().run("PRAGMA max_page_count = 12");
    (0..40).for_each(|s| writer.shared.append(row(s)));
    writer.cycle(Instant::now());
    let health = writer.shared.health();
    assert!(health.error.unwrap().contains("the disk is full"));
    assert_eq!((health.pending, health.dropped, health.last_commit), (40, 0, None));
    assert_eq!(stored(folder.path()), Vec::<i64>::new());

    (40..100).for_each(|s| writer.shared.append(row(s)));
    let Health { pending, dropped, .. } = writer.shared.health();
    assert!(dropped > 0 && pending as u64 + dropped == 100);

    writer.db.as_ref().unwrap().run("PRAGMA max_page_count = 100000");
    writer.cycle(Instant::now());
    assert_eq!(stored(folder.path()), (dropped as i64..100).collect::<Vec<_>>());
    let health = writer.shared.health();
    assert_eq!((health.error, health.pending, health.rows), (None, 0, pending as u64));
}

#[test]
fn pauses_between_attempts_grow_and_start_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    let now = Instant::now();
    let full = || StoreError::Unwritten { rows: 1, why: "no room".to_owned() };
    let pauses: Vec<u64> = (0..7)
        .map(|_| {
            writer.failed(full(), now);
            (writer.retry_at - now).as_secs()
        })
        .collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    writer.cycle(now);
    writer.failed(full(), now);
    assert_eq!((writer.retry_at - now).as_secs(), 1);
}

#[test]
fn a_file_found_damaged_while_running_is_put_aside_and_rows_go_to_a_fresh_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    writer.shared.append(row(1));
    writer.cycle(Instant::now());
    writer.shared.append(row(2));
    let path = folder.path().join(FILE);
    writer.failed(StoreError::Damaged { path: path.clone(), why: "a bad page".to_owned() }, Instant::now());
    assert!(!path.exists());
    writer.cycle(Instant::now());
    assert_eq!(stored(folder.path()), [2]);
    assert_eq!(writer.shared.health().rows, 1);
}

#[test]
fn old_rows_go_in_steps_and_at_intervals() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options { keep: Duration::from_secs(10), ..Options::default() });
    let rows = EXPIRE_ROWS as i64 + 100;
    (0..rows).for_each(|s| writer.shared.append(row(s)));
    let start = writer.expire_at;
    writer.cycle(start);
    assert_eq!(stored(folder.path()).first(), Some(&(EXPIRE_ROWS as i64)));
    writer.cycle(start + EXPIRE_EVERY / 2);
    assert_eq!(stored(folder.path()).len(), 100);
    writer.cycle(start + EXPIRE_EVERY);
    assert_eq!(stored(folder.path()).first(), Some(&(rows - 11)));
}

#[test]
fn checkpoints_come_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    let file_size = || std::fs::metadata(folder.path().join(FILE)).unwrap().len();
    let start = Instant::now();
    writer.shared.append(row(1));
    writer.cycle(start);
    let before = file_size();
    writer.cycle(start + Duration::from_secs(6));
    assert!(file_size() > before);
    writer.cycle(start + TRUNCATE_EVERY + Duration::from_secs(1));
    assert_eq!(std::fs::metadata(folder.path().join("history.db-wal")).unwrap().len(), 0);
}

#[test]
fn a_file_deleted_while_running_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    writer.shared.append(row(1));
    writer.cycle(Instant::now());
    std::fs::remove_file(folder.path().join(FILE)).unwrap();
    writer.shared.append(row(2));
    writer.cycle(Instant::now());
    assert!(writer.shared.health().error.unwrap().contains("history.db"));
    writer.cycle(Instant::now());
    assert_eq!(stored(folder.path()), [2]);
    assert_eq!((writer.shared.health().error, writer.shared.health().rows), (None, 1));
}
