//! What is appended is there again, also after a restart, for as long as it is kept.

use crate::common::{OPENED_AT, QUIET, open, second, seconds, write};
use domain::time::Utc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use store::{Health, Options, Store};

#[test]
fn rows_are_there_after_a_restart_and_missing_seconds_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/on/the/way");
    let store = open(&path);
    write(&store, [100, 101, 102]);
    store.append(second("hv", 200));
    store.close().unwrap();

    let store = open(&path);
    assert_eq!(seconds(&store), [100, 101, 102, 200]);
    assert_eq!(store.health().rows, 4);
    write(&store, [201]);
    assert_eq!(seconds(&store), [100, 101, 102, 200, 201]);
}

#[test]
fn dropping_the_last_handle_writes_what_is_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let clone = store.clone();
    store.append(second("hv", 7));
    drop(store);
    assert_eq!(clone.health().pending, 1);
    drop(clone);
    assert_eq!(seconds(&open(folder.path())), [7]);
}

#[test]
fn a_range_takes_every_second_that_it_touches_of_one_system() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    (0..10).for_each(|s| store.append(second("hv", s)));
    (0..10).for_each(|s| store.append(second("home", s)));
    store.flush().unwrap();
    for (from_us, to_us, expected) in [
        (3_000_000, 5_000_000, vec![3, 4]),
        (3_999_999, 5_000_001, vec![3, 4, 5]),
        (-5_000_000, 1, vec![0]),
        (9_000_000, i64::MAX, vec![9]),
        (5_000_000, 5_000_000, vec![]),
        (6_000_000, 5_000_000, vec![]),
        (10_000_000, 99_000_000, vec![]),
    ] {
        let rows = store.tail("hv", Utc(from_us), Utc(to_us)).unwrap();
        assert_eq!(rows.iter().map(|row| row.utc_s).collect::<Vec<_>>(), expected, "{from_us}..{to_us}");
    }
    assert_eq!(store.tail("nothing", Utc(i64::MIN), Utc(i64::MAX)).unwrap(), []);
}

#[test]
fn a_clock_that_was_set_back_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    write(&store, [50, 51, 52]);
    write(&store, [51, 52, 53]);
    assert_eq!(seconds(&store), [50, 51, 51, 52, 52, 53]);
}

#[test]
fn old_rows_go_counted_back_from_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { keep: Duration::from_secs(5), ..QUIET };
    let (store, _) = Store::open_with(folder.path(), OPENED_AT, options).unwrap();
    // Nothing goes while the clock is far from the newest row.
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    (now_s - 10..=now_s).for_each(|s| store.append(second("hv", s)));
    (now_s - 10..=now_s - 6).for_each(|s| store.append(second("home", s)));
    store.flush().unwrap();
    assert_eq!(seconds(&store), (now_s - 5..=now_s).collect::<Vec<_>>());
    assert_eq!(store.tail("home", Utc(0), Utc(i64::MAX)).unwrap(), []);
    assert_eq!(store.health().rows, 6);
}

#[test]
fn one_commit_takes_all_that_waits_and_health_tells() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let before = store.health();
    assert_eq!((before.last_commit, before.rows, before.pending, before.error.clone()), (None, 0, 0, None));
    (0..3).for_each(|s| store.append(second("hv", s)));
    assert_eq!(store.health().pending, 3);
    store.flush().unwrap();
    let Health { last_commit, rows, pending, dropped, error, bytes, troubles } = store.health();
    assert_eq!(troubles, []);
    assert!(last_commit > Some(Utc(1_700_000_000_000_000)));
    assert_eq!((rows, pending, dropped, error), (3, 0, 0, None));
    assert!(bytes > before.bytes.max(3 * 1_500));
}

#[test]
fn the_writer_commits_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { commit_every: Duration::from_millis(20), ..QUIET };
    let (store, _) = Store::open_with(folder.path(), OPENED_AT, options).unwrap();
    store.append(second("hv", 1));
    let end = std::time::Instant::now() + Duration::from_secs(10);
    while store.health().pending > 0 {
        assert!(std::time::Instant::now() < end, "not committed");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(seconds(&store), [1]);
}
