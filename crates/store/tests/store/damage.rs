//! Whatever has happened to the file, the store opens; what was there is kept or put aside, never deleted.

use crate::common::{OPENED_AT, QUIET, kept_as, open, second, seconds, set_aside, write};
use std::fs;
use std::path::Path;
use store::Store;

/// SQLite's page size, and rows enough for some hundred pages.
const PAGE: usize = 4_096;
const ROWS: std::ops::Range<i64> = 0..300;

/// What is done to a file's bytes, with some noise at hand.
type Damage = fn(&mut Vec<u8>, &mut dyn Iterator<Item = u8>);

/// A closed history of [`ROWS`] after `damage` was done to its file.
fn damaged(damage: impl FnOnce(&mut Vec<u8>)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    write(&store, ROWS);
    store.close().unwrap();
    let path = folder.path().join("history.db");
    let mut bytes = fs::read(&path).unwrap();
    damage(&mut bytes);
    fs::write(path, bytes).unwrap();
    folder
}

/// Opens, is told, and finds a working empty history beside the old file.
fn starts_afresh(folder: &Path, what: &str) {
    let before = fs::read(folder.join("history.db")).unwrap();
    let (store, notices) = Store::open_with(folder, OPENED_AT, QUIET).unwrap_or_else(|e| panic!("{what}: {e}"));
    let kept_as = kept_as(&notices);
    assert_eq!(kept_as, folder.join("history.db.corrupt.20261104T131415Z"), "{what}");
    assert_eq!(fs::read(&kept_as).unwrap(), before, "{what}");
    assert_eq!(set_aside(folder), [kept_as], "{what}");
    assert!(notices[0].to_string().starts_with("The history was damaged"), "{what}: {}", notices[0]);
    assert_eq!(seconds(&store), Vec::<i64>::new(), "{what}");
    write(&store, [1]);
    store.close().unwrap();
    assert_eq!(seconds(&open(folder)), [1], "{what}");
}

#[test]
fn a_damaged_file_is_put_aside() {
    let noise = |n: usize| (0..n as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8);
    let cases: [(&str, Damage); 6] = [
        ("random bytes", |file, noise| *file = noise.collect()),
        ("a text file", |file, _| *file = b"not a database".repeat(100)),
        ("no header", |file, _| file[..100].fill(0)),
        ("a page overwritten", |file, noise| {
            let page = file.len() / PAGE / 2 * PAGE;
            file.splice(page..page + PAGE, noise.take(PAGE));
        }),
        ("a page of zeros", |file, _| file[2 * PAGE..3 * PAGE].fill(0)),
        ("cut in the middle", |file, _| file.truncate(file.len() / PAGE / 2 * PAGE)),
    ];
    for (what, damage) in cases {
        let folder = damaged(|file| damage(file, &mut noise(50_000)));
        starts_afresh(folder.path(), what);
    }
}

#[test]
fn an_empty_file_is_a_new_history() {
    let folder = damaged(Vec::clear);
    let store = open(folder.path());
    write(&store, [1]);
    assert_eq!(seconds(&store), [1]);
    assert!(set_aside(folder.path()).is_empty());
}

#[test]
fn the_log_goes_aside_with_its_file() {
    let live = tempfile::tempdir().unwrap();
    let store = open(live.path());
    write(&store, ROWS);
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = (folder.path().join("history.db"), folder.path().join("history.db-wal"));
    fs::write(&file, [7; PAGE]).unwrap();
    // A log that is whole, but without its first pages: what it says of the file's head is lost.
    fs::copy(live.path().join("history.db-wal"), &log).unwrap();
    let mut bytes = fs::read(&log).unwrap();
    bytes[32 + 24..][..100].fill(7);
    fs::write(&log, &bytes).unwrap();

    let (_store, notices) = Store::open_with(folder.path(), OPENED_AT, QUIET).unwrap();
    let kept_as = kept_as(&notices).display().to_string();
    assert_eq!(fs::read(&kept_as).unwrap(), [7; PAGE]);
    assert_eq!(fs::read(kept_as + "-wal").unwrap(), bytes);
}

/// A torn log is what a power cut leaves. Its whole commits count, from the first to the tear.
#[test]
fn a_log_torn_anywhere_loses_only_what_came_after() {
    let live = tempfile::tempdir().unwrap();
    let store = open(live.path());
    write(&store, [0]);
    store.close().unwrap();
    let store = open(live.path());
    (1..=12).for_each(|s| write(&store, [s]));
    let (file, log) = ("history.db", "history.db-wal");
    let whole = fs::read(live.path().join(log)).unwrap();
    assert!(whole.len() > 12 * PAGE);

    let reopened = |log_bytes: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(live.path().join(file), folder.path().join(file)).unwrap();
        fs::write(folder.path().join(log), log_bytes).unwrap();
        let found = seconds(&open(folder.path()));
        assert_eq!(found, (0..found.len() as i64).collect::<Vec<_>>());
        found.len()
    };
    let mut kept = 0;
    for cut in (0..whole.len()).step_by(1_536) {
        let found = reopened(&whole[..cut]);
        assert!(found >= kept, "a longer log kept less");
        kept = found;
    }
    assert_eq!(reopened(&whole), 13);
    for place in (0..whole.len()).step_by(2_741) {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x10;
        assert!(reopened(&flipped) >= 1);
    }
    store.append(second("hv", 13));
    store.close().unwrap();
}
