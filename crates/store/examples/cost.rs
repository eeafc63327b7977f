//! What storing costs: time of a commit, size on disk, time to open and to read back; the first questions to thirty days.
//!
//! `cargo run --release -p store --example cost [FOLDER]` fills a history with two days of one pack, 1.5 KB and five rows
//! a second, and one with thirty days of a row a minute, in a temporary folder unless one is given, and prints figures.

use domain::point::PointId;
use domain::telemetry;
use domain::time::Utc;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::{Block, Bulk, Day, History, Options, Range, Second, Store};

const TAPE_BYTES: usize = 1_500;
const TWO_DAYS_S: i64 = 48 * 3_600;
const SINGLE_COMMITS: i64 = 1_000;
/// Rows in one commit while two days are filled: quicker than one by one, and the file comes out the same.
const FILL_ROWS: usize = 60;
/// Each reading is done so often, and its median printed.
const ROUNDS: usize = 25;
const FIRST_DAY: Day = Day(20_000);
const DAYS: i32 = 30;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = match std::env::args_os().nth(1) {
        Some(folder) => PathBuf::from(folder),
        None => std::env::temp_dir().join(format!("packtwin-cost-{}", std::process::id())),
    };
    if folder.exists() {
        return Err(format!("{} exists: name a new folder", folder.display()).into());
    }
    let result = measure(&folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn measure(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (commits, checkpoints) = (Duration::from_secs(3_600), Duration::ZERO);
    for (name, checkpoint_every) in [("commit", commits), ("commit and checkpoint", checkpoints)] {
        let store = open(&folder.join(name), checkpoint_every)?;
        let mut times =
            (0..SINGLE_COMMITS).map(|s| timed(|| write(&store, s..s + 1))).collect::<Result<Vec<_>, _>>()?;
        times.sort();
        let at = |share: f64| times[(share * (times.len() - 1) as f64) as usize];
        println!("{name} of one row: p50 {:?}, p99 {:?}, worst {:?}", at(0.5), at(0.99), at(1.0));
        store.close()?;
    }

    let folder = folder.join("two days");
    let store = open(&folder, Duration::from_millis(200))?;
    let fill = |seconds: std::ops::Range<i64>| {
        seconds.clone().step_by(FILL_ROWS).try_for_each(|s| write(&store, s..s + FILL_ROWS as i64))
    };
    let time = timed(|| fill(0..TWO_DAYS_S))?;
    let health = store.health();
    let payload = health.rows as f64 * TAPE_BYTES as f64;
    println!(
        "two days: {} rows in {time:?}, {:.1} MB on disk, {:.2} x the rows themselves",
        health.rows,
        health.bytes as f64 / 1e6,
        health.bytes as f64 / payload
    );
    let end = Utc(TWO_DAYS_S * 1_000_000);
    for (name, seconds) in [("ten minutes", 600), ("an hour", 3_600)] {
        let from = Utc((TWO_DAYS_S - seconds) * 1_000_000);
        println!("reading {name} back: {:?}", median(|| store.tail("hv", from, end).map(drop))?);
    }
    store.close()?;
    println!("opening it, with the check: {:?}", timed(|| open(&folder, commits).map(drop))?);
    println!("opening it to read: {:?}", median(|| History::open(&folder).map(drop))?);
    thirty_days(&folder.with_file_name("thirty days"))
}

/// What the first questions cost, before anything is unpacked.
fn thirty_days(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (bulk, _) = Bulk::open(folder, Utc(0))?;
    for day in (0..DAYS).map(|day| Day(FIRST_DAY.0 + day)) {
        let mut rows = Block::new();
        (0..1_440).for_each(|minute| rows.push(&row(day.start_ms() + minute * 60_000)));
        bulk.replace("hv", day, &rows)?;
    }
    bulk.close()?;
    let all = Range::new(FIRST_DAY.start_ms(), Day(FIRST_DAY.0 + DAYS).start_ms());
    let opened = || History::open(folder);
    println!("opening thirty days: {:?}", median(|| opened().map(drop))?);
    println!(
        "opening them, and a chart: {:?}",
        median(|| opened()?.chart("hv", all, &[PointId::Voltage], 1_000).map(drop))?
    );
    println!("opening them, and their energy: {:?}", median(|| opened()?.energy("hv", all).map(drop))?);
    Ok(())
}

fn row(at_ms: i64) -> telemetry::Row {
    let mut row = telemetry::Row::empty(at_ms);
    row.set(PointId::Voltage, 800.0 + (at_ms / 1_000 % 977) as f32 / 100.0);
    row.set(PointId::Current, (at_ms / 1_000 % 613) as f32 / 10.0 - 30.0);
    row
}

/// The median time of many.
fn median<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<Duration, E> {
    let mut times = (0..ROUNDS).map(|_| timed(&mut work)).collect::<Result<Vec<_>, _>>()?;
    times.sort();
    Ok(times[ROUNDS / 2])
}

fn open(folder: &Path, checkpoint_every: Duration) -> Result<Store, Box<dyn Error>> {
    let options = Options { commit_every: Duration::from_secs(3_600), checkpoint_every, ..Options::default() };
    let (store, notices) = Store::open_with(folder, Utc(0), options)?;
    notices.iter().for_each(|notice| println!("{notice}"));
    Ok(store)
}

fn write(store: &Store, seconds: std::ops::Range<i64>) -> Result<(), Box<dyn Error>> {
    for utc_s in seconds {
        store.append(Second {
            system: "hv".to_owned(),
            utc_s,
            tape: vec![utc_s as u8; TAPE_BYTES],
            rows: (0..5).map(|k| row(utc_s * 1_000 + k * 200)).collect(),
            ..Second::default()
        });
    }
    Ok(store.flush()?)
}

fn timed<E>(work: impl FnOnce() -> Result<(), E>) -> Result<Duration, E> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}
