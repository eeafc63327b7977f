//! `kill -9` at any snapshot loses no committed second.

use crate::common::{OPENED_AT, open, second, seconds};
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use store::{Options, Store};

const ROUNDS: u64 = 20;
const FOLDER: &str = "STORE_TEST_FOLDER";
const FIRST: &str = "STORE_TEST_FIRST";

/// Not a test: the program that [`nothing_committed_is_lost`] starts and kills. It says each second that is committed.
#[test]
#[ignore = "started and killed by the other test"]
fn writer() {
    let (Ok(folder), Ok(first)) = (std::env::var(FOLDER), std::env::var(FIRST)) else { return };
    // Checkpoints and deletions shall be hit, too.
    let options = Options { checkpoint_every: Duration::from_millis(10), ..Options::default() };
    let (store, notices) = Store::open_with(Path::new(&folder), OPENED_AT, options).unwrap();
    assert_eq!(notices, []);
    for utc_s in first.parse::<i64>().unwrap().. {
        store.append(second("hv", utc_s));
        store.flush().unwrap();
        println!("committed {utc_s}");
    }
}

/// Starts the writer, kills it after `life`, and returns what it said.
fn run_and_kill(folder: &Path, first: i64, life: Duration) -> Vec<i64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill_nine::writer", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(life);
    child.kill().unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), None, "the writer ended by itself: {said}");
    let whole_lines = said.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    whole_lines.filter_map(|line| line.strip_prefix("committed ")?.parse().ok()).collect()
}

#[test]
fn nothing_committed_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut committed = BTreeSet::new();
    let mut rounds = 0;
    // More rounds on a busy machine, where the writer may be killed before it has written anything.
    while rounds < ROUNDS || committed.len() < 100 {
        rounds += 1;
        assert!(rounds < 10 * ROUNDS, "only {} commits in {rounds} rounds", committed.len());
        let life = Duration::from_micros(RandomState::new().hash_one(rounds) % 200_000);
        let first = committed.last().map_or(0, |last| last + 10);
        committed.extend(run_and_kill(folder.path(), first, life));
        if rounds % 3 == 1 {
            continue; // let the next writer find the log as the last one left it
        }
        let start = Instant::now();
        let store = open(folder.path());
        assert!(start.elapsed() < Duration::from_secs(3));
        let found: BTreeSet<i64> = seconds(&store).into_iter().collect();
        let lost: Vec<_> = committed.difference(&found).collect();
        assert!(lost.is_empty(), "round {rounds}, killed after {life:?}: lost {lost:?}");
    }
    println!("{} commits, {rounds} kills, none lost", committed.len());
}

/// What a kill takes beside the running second is what waits for its commit.
#[test]
fn what_is_appended_is_soon_committed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open_with(folder.path(), OPENED_AT, Options::default()).unwrap();
    let waits = (0..5).map(|utc_s| {
        // Right after a commit: the longest wait for the next one.
        let start = Instant::now();
        store.append(second("hv", utc_s));
        while store.health().pending > 0 {
            assert!(start.elapsed() < Duration::from_secs(20), "{:?}", store.health());
            std::thread::sleep(Duration::from_millis(2));
        }
        start.elapsed()
    });
    // A busy machine makes single waits longer.
    let shortest = waits.skip(1).min().unwrap();
    assert!(shortest < Duration::from_millis(500), "{shortest:?}");
}
