//! A power cut at any instant loses no entry of the audit that was acknowledged.
//!
//! The data folder lies on a file system of its own in a file. While entries are written, that file is copied: what is in it
//! then is what a disk would have after a cut. The writer stands still meanwhile, and a copy during which the disk was
//! written is taken again: on a busy machine it would be of two instants, which no disk ever is. The copy is mounted, which
//! replays its journal, and the audit in it is held against what had been acknowledged before the copy began.
//!
//! Needs the rights to mount; without them it says so and is passed over.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{Control, Head};

/// Cuts, unless `PACKTWIN_CUTS` says how many.
const CUTS: usize = 4;

fn run(program: &str, arguments: &[&str]) -> bool {
    let quiet = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// A file system in a file, mounted as long as this lives.
struct Mounted(PathBuf);

impl Mounted {
    fn new(image: &Path, at: &Path) -> Option<Mounted> {
        fs::create_dir_all(at).unwrap();
        let done = run("mount", &["-o", "loop", image.to_str().unwrap(), at.to_str().unwrap()]);
        done.then(|| Mounted(at.to_owned()))
    }

    /// How many writes its disk has taken.
    fn writes(&self) -> u64 {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let at = format!(" {} ", self.0.display());
        let device = mounts.lines().find(|line| line.contains(&at)).and_then(|line| line.strip_prefix("/dev/"));
        let device = device.and_then(|line| line.split(' ').next()).unwrap();
        let counts = fs::read_to_string(format!("/sys/block/{device}/stat")).unwrap();
        counts.split_whitespace().nth(4).unwrap().parse().unwrap()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily, if something still holds it.
        let at = self.0.to_str().unwrap();
        let _ = run("umount", &[at]) || run("umount", &["-l", at]);
    }
}

/// The writer of the other test, which is killed with this.
struct Writer {
    child: Child,
    acknowledged: Arc<Mutex<Vec<Head>>>,
}

impl Writer {
    fn start(folder: &Path) -> Writer {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill_nine_control::writer", "--ignored", "--nocapture"])
            .env("STORE_TEST_FOLDER", folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let acknowledged = Arc::<Mutex<Vec<Head>>>::default();
        let (lines, to) = (BufReader::new(child.stdout.take().unwrap()).lines(), acknowledged.clone());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let head: Option<Head> = line.strip_prefix("acknowledged ").and_then(|head| head.parse().ok());
                to.lock().unwrap().extend(head);
            }
        });
        Writer { child, acknowledged }
    }

    /// Lets it stand still, or go on.
    fn signal(&self, signal: &str) {
        assert!(run("kill", &[signal, &self.child.id().to_string()]));
    }

    fn last(&self) -> Option<Head> {
        self.acknowledged.lock().unwrap().last().copied()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_a_power_cut() {
    let cuts = std::env::var("PACKTWIN_CUTS").map_or(CUTS, |cuts| cuts.parse().unwrap());
    let scratch = tempfile::tempdir().unwrap();
    let (image, cut) = (scratch.path().join("disk.img"), scratch.path().join("cut.img"));
    fs::File::create(&image).unwrap().set_len(48 << 20).unwrap();
    let made = run("mkfs.ext4", &["-q", "-F", image.to_str().unwrap()]);
    let disk = made.then(|| Mounted::new(&image, &scratch.path().join("disk"))).flatten();
    let Some(disk) = disk else {
        println!("passed over: no file system can be mounted here");
        return;
    };
    let data = disk.0.join("data");
    fs::create_dir(&data).unwrap();
    let writer = Writer::start(&data);
    let mut entries = 0;
    for round in 1..=cuts {
        let before = writer.last();
        let wait = Duration::from_micros(100_000 + RandomState::new().hash_one(round) % 700_000);
        std::thread::sleep(wait);
        // On a busy machine the first may take a while.
        while writer.last() == before {
            std::thread::sleep(Duration::from_millis(10));
        }
        writer.signal("-STOP");
        let acknowledged = loop {
            let (writes, acknowledged) = (disk.writes(), writer.last());
            fs::copy(&image, &cut).unwrap();
            if disk.writes() == writes {
                break acknowledged;
            }
        };
        writer.signal("-CONT");
        let mounted = Mounted::new(&cut, &scratch.path().join("cut")).expect("the copy can be mounted");
        let control = Control::open(&mounted.0.join("data")).unwrap_or_else(|error| panic!("cut {round}: {error}"));
        let head = control.verify(acknowledged).unwrap().unwrap_or_else(|broken| panic!("cut {round}: {broken}"));
        let users = control.read(|t| t.users()).unwrap().len() as i64;
        assert_eq!(users, head.seq, "cut {round}: an account stands with its entry");
        entries = acknowledged.map_or(0, |head| head.seq);
    }
    drop(writer);
    println!("{entries} entries acknowledged, {cuts} power cuts, none lost");
}
