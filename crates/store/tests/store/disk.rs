//! A disk that does not take anything stops neither the start nor the caller, and storing resumes by itself.

use crate::common::{OPENED_AT, QUIET, open, second, seconds, set_aside, write};
use domain::minute::CellMinute;
use domain::storage::StorageKind;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use store::{CellValue, Notice, Range, Second, Store, StoreError};

/// A small disk in memory. Mounting takes root: without it, the tests that need one are skipped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let place = tempfile::tempdir().unwrap();
        let mounted = run("mount", &["-t", "tmpfs", "-o", "size=2m", "tmpfs", place.path().to_str().unwrap()]);
        if !mounted {
            eprintln!("skipped: a small disk cannot be mounted here");
        }
        mounted.then_some(SmallDisk(place))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, how: &str) {
        assert!(run("mount", &["-o", &format!("remount,{how}"), self.path().to_str().unwrap()]));
    }

    /// Takes all the room there is; the file returned can be removed.
    fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        let mut size = 4 << 20;
        while size > 0 {
            let mut bytes = fs::read(&ballast).unwrap_or_default();
            bytes.resize(bytes.len() + size, 1);
            if fs::write(&ballast, &bytes).is_err() {
                bytes.truncate(bytes.len() - size);
                fs::write(&ballast, &bytes).unwrap();
            }
            size /= 2;
        }
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l", self.path().to_str().unwrap()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// Opens although nothing can be stored, and says why.
fn open_degraded(folder: &Path, why: &str) -> Store {
    let (store, notices) = Store::open_with(folder, OPENED_AT, QUIET).unwrap();
    let [Notice::NotStoring { why: words }] = &notices[..] else { panic!("{notices:?}") };
    assert!(words.contains(why), "{words}");
    assert_eq!(store.health().error.as_ref(), Some(words));
    let told = store.troubles();
    assert_eq!(told.iter().map(|t| t.kind).collect::<Vec<_>>(), [StorageKind::NotStored]);
    assert!(told[0].words.contains(why), "{told:?}");
    store
}

#[test]
fn a_full_disk_keeps_rows_in_memory_until_there_is_room() {
    let Some(disk) = SmallDisk::mount() else { return };
    let store = open(disk.path());
    write(&store, 0..10);
    let ballast = disk.fill();
    (10..200).for_each(|s| store.append(second("hv", s)));
    let error = store.flush().unwrap_err();
    assert!(matches!(error, StoreError::Unwritten { rows: 190, .. }), "{error}");
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(seconds(&store), (0..10).collect::<Vec<_>>());

    fs::remove_file(ballast).unwrap();
    store.flush().unwrap();
    assert_eq!(seconds(&store), (0..200).collect::<Vec<_>>());
    let health = store.health();
    assert_eq!((health.error, health.pending, health.dropped, health.troubles), (None, 0, 0, vec![]));
}

#[test]
fn a_start_on_a_full_disk_begins_to_store_when_there_is_room() {
    let Some(disk) = SmallDisk::mount() else { return };
    let ballast = disk.fill();
    let store = open_degraded(disk.path(), "full");
    store.append(second("hv", 1));
    store.flush().unwrap_err();
    fs::remove_file(ballast).unwrap();
    store.flush().unwrap();
    assert_eq!(seconds(&store), [1]);
    assert!(set_aside(disk.path()).is_empty());
}

#[test]
fn a_start_on_a_read_only_disk_begins_to_store_when_it_is_writable() {
    let Some(disk) = SmallDisk::mount() else { return };
    let store = open(disk.path());
    write(&store, [1]);
    store.close().unwrap();

    disk.remount("ro");
    let store = open_degraded(disk.path(), "Read-only");
    store.append(second("hv", 2));
    store.flush().unwrap_err();
    assert_eq!(store.health().pending, 1);
    disk.remount("rw");
    store.flush().unwrap();
    assert_eq!(seconds(&store), [1, 2]);
}

/// A minute of 300 cells that does not compress.
fn noise(number: i64) -> CellMinute {
    let mut minute = CellMinute::empty(number, 300);
    let mut state = number as u64 | 1;
    for column in minute.columns.iter_mut().flatten() {
        column.iter_mut().for_each(|count| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *count = 1 + (state >> 50) as u16;
        });
    }
    minute
}

#[test]
fn a_disk_that_is_full_while_an_hour_is_sealed_loses_nothing_and_it_is_sealed_later() {
    let Some(disk) = SmallDisk::mount() else { return };
    let minutes: Vec<CellMinute> = (0..61).map(noise).collect();
    let whole = Range::new(0, 3_600_000);
    let asked = |store: &Store| store.history().cell_map("hv", whole, 60, CellValue::Voltage).unwrap();
    let store = open(disk.path());
    // The first look after the house has passed before the hour is full.
    store.flush().unwrap();
    minutes.iter().for_each(|minute| {
        let cells = Some(minute.clone());
        store.append(Second { system: "hv".into(), utc_s: 60 * minute.minute + 59, cells, ..Second::default() });
    });
    store.flush().unwrap();
    let before = asked(&store);
    store.close().unwrap();

    let ballast = disk.fill();
    let size = fs::metadata(&ballast).unwrap().len();
    fs::File::options().write(true).open(&ballast).unwrap().set_len(size - 150_000).unwrap();
    let folder = disk.path().join("systems/hv/cells");
    let files = || fs::read_dir(&folder).map_or(0, |entries| entries.count());
    let store = open(disk.path());
    store.flush().unwrap();
    let error = store.health().error.unwrap();
    assert!(error.contains("history is not sealed") && error.contains("No space left"), "{error}");
    assert_eq!((files(), asked(&store)), (0, before.clone()));
    store.close().unwrap();

    fs::remove_file(ballast).unwrap();
    let store = open(disk.path());
    store.flush().unwrap();
    assert_eq!((store.health().error, files(), asked(&store)), (None, 1, before));
    assert_eq!(store.history().cell_parts("hv").tail.len(), 1);
}

#[test]
fn a_file_that_cannot_be_used_now_is_used_later() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("history.db-wal");
    fs::create_dir(&in_the_way).unwrap();
    let store = open_degraded(folder.path(), "the disk failed");
    store.append(second("hv", 1));
    let error = store.close().unwrap_err();
    assert!(matches!(error, StoreError::Unwritten { rows: 1, .. }), "{error}");

    let store = open_degraded(folder.path(), "the disk failed");
    store.append(second("hv", 2));
    fs::remove_dir(&in_the_way).unwrap();
    store.flush().unwrap();
    assert_eq!(seconds(&store), [2]);
    assert_eq!(store.health().error, None);
}
