//! What several tests need.
use domain::time::Utc;
use futures_executor::block_on;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::{Notice, Options, Row, Second, Store};

/// 2026-11-04 13:14:15 UTC.
pub(crate) const OPENED_AT: Utc = Utc(1_793_798_055_000_000);

/// Nothing happens by itself: only a flush commits, nothing is checkpointed before the end.
pub(crate) const QUIET: Options = Options {
    keep: Duration::from_secs(48 * 3_600),
    commit_every: Duration::from_secs(3_600),
    checkpoint_every: Duration::from_secs(3_600),
    pending_max_bytes: 16 << 20,
    keep_around_events: Duration::from_secs(300),
    keep_around_max_bytes: 200_000_000,
    keep_sealed: Duration::from_secs(400 * 86_400),
    keep_cells: Duration::from_secs(400 * 86_400),
    keep_devices: Duration::from_secs(400 * 86_400),
    disk_free_min_bytes: 0,
};

/// A row of about 1.5 KB that says which second it is, so that mixed-up rows are noticed.
pub(crate) fn second(system: &str, utc_s: i64) -> Second {
    Second { system: system.to_owned(), utc_s, tape: tape(utc_s), ..Second::default() }
}

pub(crate) fn tape(utc_s: i64) -> Vec<u8> {
    utc_s.to_le_bytes().repeat(190)
}

/// A store that opens without a word.
pub(crate) fn open(folder: &Path) -> Store {
    let (store, notices) = Store::open_with(folder, OPENED_AT, QUIET).unwrap();
    assert_eq!(notices, []);
    store
}

/// Every second of `hv`, each checked to hold its own tape.
pub(crate) fn seconds(store: &Store) -> Vec<i64> {
    let rows = store.tail("hv", Utc(i64::MIN), Utc(i64::MAX)).unwrap();
    rows.into_iter()
        .map(|Row { utc_s, tape: found }| if found == tape(utc_s) { utc_s } else { panic!("{utc_s}") })
        .collect()
}

/// Writes these seconds of `hv` and waits for the commit.
pub(crate) fn write(store: &Store, utc_s: impl IntoIterator<Item = i64>) {
    utc_s.into_iter().for_each(|s| store.append(second("hv", s)));
    store.flush().unwrap();
}

/// The damaged files in the folder, without their logs.
pub(crate) fn set_aside(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    entries.filter(|path| name(path).contains(".corrupt.") && !name(path).contains('-')).collect()
}

/// The file that the notice says was put aside.
pub(crate) fn kept_as(notices: &[Notice]) -> PathBuf {
    match notices {
        [Notice::SetAside { kept_as, .. }] => kept_as.clone(),
        other => panic!("{other:?}"),
    }
}

/// Another program's connection to the file, which is made if it is missing.
fn connect(path: &Path) -> SqliteConnection {
    block_on(SqliteConnectOptions::new().filename(path).create_if_missing(true).connect()).unwrap()
}

/// Runs SQL as another program.
pub(crate) fn run_sql(path: &Path, sql: &str) {
    let mut conn = connect(path);
    block_on(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn)).unwrap();
    block_on(conn.close()).unwrap();
}

/// The number that another program reads.
pub(crate) fn ask_sql(path: &Path, sql: &str) -> i64 {
    let mut conn = connect(path);
    let number = block_on(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut conn)).unwrap();
    block_on(conn.close()).unwrap();
    number
}
