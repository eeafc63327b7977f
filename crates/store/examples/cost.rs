//! What storing costs: time of a commit, size on disk, time to open and to read back.
//!
//! `cargo run --release -p store --example cost [FOLDER]` fills a history with two days of one pack, 1.5 KB a second,
//! in a temporary folder unless one is given, and prints figures.

use domain::time::Utc;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::{Options, Second, Store};

const TAPE_BYTES: usize = 1_500;
const TWO_DAYS_S: i64 = 48 * 3_600;
const SINGLE_COMMITS: i64 = 1_000;
/// Rows in one commit while two days are filled: quicker than one by one, and the file comes out the same.
const FILL_ROWS: usize = 60;

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
        println!("reading {name} back: {:?}", timed(|| store.tail("hv", from, end).map(drop))?);
    }
    store.close()?;
    println!("opening it, with the check: {:?}", timed(|| open(&folder, commits).map(drop))?);
    Ok(())
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
