//! A segment of a foreign writer that promises nothing: it comes late, goes, is replaced, cut off, torn, or stands
//! still. Time is paused; the files are real.

use crate::support::{Running, config, sample};
use domain::link::{LinkFault, LinkState, LinkStatus};
use domain::reading::{CellQuantity, NoData, Target};
use domain::topology::Topology;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

const RACKS: Topology = Topology::new(2, 2, 3);
const BYTES: usize = 12 * 20;

/// A segment in a folder of its own, which is there once it is written.
struct Segment {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

/// Every cell at these volts and 25 °C.
fn cells(volts: f32) -> Vec<u8> {
    [volts, 1.5, 25.0, 0.5, 0.001].map(f32::to_le_bytes).concat().repeat(12)
}

impl Segment {
    fn new() -> Segment {
        let folder = tempfile::tempdir().unwrap();
        Segment { path: folder.path().join("cells"), _folder: folder }
    }

    /// As a writer that keeps its file: nothing is truncated.
    fn write(&self, bytes: &[u8]) {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&self.path).unwrap();
        file.write_all_at(bytes, 0).unwrap();
    }

    fn cut(&self, bytes: u64) {
        OpenOptions::new().write(true).open(&self.path).unwrap().set_len(bytes).unwrap();
    }

    async fn link(&self) -> Running {
        let keys = format!("kind = \"shared-memory\"\nsegment = '{}'", self.path.display());
        Running::of(config(&keys), RACKS).await
    }
}

/// The voltage of a cell in the next batch.
async fn volts(link: &mut Running, cell: u16) -> Option<Result<f32, NoData>> {
    sample(&link.batch().await, Target::Cell(CellQuantity::Voltage, cell))
}

/// The voltage of the first cell, once it is another than `before`.
async fn next_volts(link: &mut Running, before: f32) -> f32 {
    loop {
        match volts(link, 0).await {
            Some(Ok(now)) if now != before => return now,
            _ => {}
        }
    }
}

fn reason(status: &LinkStatus, words: &str) {
    assert!(status.reason.contains(words), "{words:?} is not in {:?}", status.reason);
}

#[tokio::test(start_paused = true)]
async fn every_cell_is_read_at_the_period() {
    let segment = Segment::new();
    let mut bytes = cells(3.3);
    bytes[11 * 20..11 * 20 + 4].copy_from_slice(&3.4_f32.to_le_bytes());
    segment.write(&bytes);
    let mut link = segment.link().await;
    let batch = link.batch().await;
    assert_eq!(batch.readings.len(), 24);
    assert_eq!(sample(&batch, Target::Cell(CellQuantity::Voltage, 11)), Some(Ok(3.4)));
    assert_eq!(sample(&batch, Target::Cell(CellQuantity::Temperature, 0)), Some(Ok(25.0)));
    let next = link.batch().await;
    assert!((199..=202).contains(&next.at.mono.since(batch.at.mono).as_millis()));
    let rows = link.handle.frames((link.clock)());
    let shown: Vec<_> = rows.iter().map(|row| (row.key.as_str(), row.name.as_str(), row.raw.len())).collect();
    assert_eq!(shown, [("byte 0", "Cell R1 1.1", 20), ("byte 120", "Cell R2 1.1", 20)]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_segment_is_waited_for_and_a_removed_one_too() {
    let segment = Segment::new();
    let mut link = segment.link().await;
    reason(&link.until(LinkState::Down).await, "start the program that writes it");
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let refused = link.handle.status().faults(LinkFault::Refused);
    // 1, 2, 4, 4, ... s
    assert!((13..=17).contains(&refused), "{refused} looks in a minute");
    segment.write(&cells(3.3));
    assert_eq!(volts(&mut link, 0).await, Some(Ok(3.3)));
    assert!(began.elapsed() < Duration::from_secs(65));

    link.until(LinkState::Up).await;
    fs::remove_file(&segment.path).unwrap();
    reason(&link.until(LinkState::Down).await, "was removed");
    segment.write(&cells(3.4));
    assert_eq!(next_volts(&mut link, 3.3).await, 3.4);
    assert_eq!(link.until(LinkState::Up).await.reconnects, 1);
}

#[tokio::test(start_paused = true)]
async fn another_size_is_said_with_both_and_a_cut_while_open_harms_nobody() {
    let segment = Segment::new();
    segment.write(&cells(3.3)[..BYTES - 4]);
    let mut link = segment.link().await;
    let down = link.until(LinkState::WrongDevice).await;
    reason(&down, "has 236 bytes; 12 cells are 240");
    assert_eq!((down.faults(LinkFault::WrongLength), down.frames), (1, 0));

    segment.write(&cells(3.3));
    assert_eq!(volts(&mut link, 11).await, Some(Ok(3.3)));
    link.until(LinkState::Up).await;
    for (bytes, words) in [(100, "has 100 bytes; 12 cells are 240"), (0, "has 0 bytes"), (260, "has 260 bytes")] {
        segment.cut(bytes);
        reason(&link.until(LinkState::WrongDevice).await, words);
        segment.cut(BYTES as u64);
        segment.write(&cells(3.3));
        link.until(LinkState::Up).await;
    }
}

#[tokio::test(start_paused = true)]
async fn another_file_under_the_same_name_is_read_from_the_next_poll_on() {
    let segment = Segment::new();
    segment.write(&cells(3.3));
    let mut link = segment.link().await;
    assert_eq!(volts(&mut link, 0).await, Some(Ok(3.3)));
    link.until(LinkState::Up).await;
    // The old file stays open, and is written no more.
    let aside = segment.path.with_extension("new");
    fs::write(&aside, cells(3.5)).unwrap();
    fs::rename(&aside, &segment.path).unwrap();
    assert_eq!(next_volts(&mut link, 3.3).await, 3.5);
    let status = link.until_status(|status| status.reconnects == 1).await;
    assert_eq!((status.state, status.faults_total()), (LinkState::Up, 0));
}

#[tokio::test(start_paused = true)]
async fn torn_cells_are_refused_one_by_one_and_counted() {
    let segment = Segment::new();
    segment.write(&cells(3.3));
    let mut link = segment.link().await;
    assert_eq!(volts(&mut link, 0).await, Some(Ok(3.3)));
    // New until the middle of a value, which is neither old nor new.
    let mut torn = cells(3.5);
    torn.truncate(6 * 20);
    torn.extend([0xFF; 4]);
    segment.write(&torn);
    let batch = loop {
        let batch = link.batch().await;
        if sample(&batch, Target::Cell(CellQuantity::Voltage, 0)) == Some(Ok(3.5)) {
            break batch;
        }
    };
    let volts = |cell| sample(&batch, Target::Cell(CellQuantity::Voltage, cell));
    assert_eq!((volts(5), volts(6), volts(7)), (Some(Ok(3.5)), None, Some(Ok(3.3))));
    let status = link.until_status(|status| status.faults_total() > 0).await;
    assert_eq!((status.state, status.faults(LinkFault::WrongLength)), (LinkState::Up, 0));
    assert!(status.faults(LinkFault::Impossible) > 0);
}

#[tokio::test(start_paused = true)]
async fn a_segment_that_stands_still_is_noticed_and_no_longer_believed() {
    let segment = Segment::new();
    segment.write(&cells(3.3));
    let mut link = segment.link().await;
    let mut batches = 0;
    let silent = loop {
        match link.next().await {
            Ok(batch) => batches += usize::from(!batch.readings.is_empty()),
            Err(status) if status.state == LinkState::Silent => break status,
            Err(_) => {}
        }
    };
    assert_eq!(batches, 10);
    reason(&silent, "nothing in the segment changes any more");
    assert!(silent.faults(LinkFault::FrozenCounter) > 0);
    // One bit of one cell is enough to show that somebody writes.
    let mut bytes = cells(3.3);
    bytes[0] ^= 1;
    segment.write(&bytes);
    assert!(volts(&mut link, 0).await.is_some());
    assert_eq!(link.until(LinkState::Up).await.reason, "");
}

#[tokio::test(start_paused = true)]
async fn a_segment_of_zeros_has_no_values() {
    let segment = Segment::new();
    File::create(&segment.path).unwrap().set_len(BYTES as u64).unwrap();
    let mut link = segment.link().await;
    assert_eq!(volts(&mut link, 3).await, Some(Err(NoData::NotPresent)));
    let silent = link.status(|status| status.state == LinkState::Silent).await;
    reason(&silent, "all zero");
    segment.write(&cells(3.3)[..11 * 20]);
    assert_eq!(next_volts(&mut link, 0.0).await, 3.3);
    assert_eq!(volts(&mut link, 11).await, Some(Err(NoData::NotPresent)));
    reason(&link.until(LinkState::Up).await, "1 cells have never been written");
}

#[tokio::test(start_paused = true)]
async fn a_pipe_or_a_folder_is_no_segment() {
    let segment = Segment::new();
    fs::create_dir(&segment.path).unwrap();
    let mut link = segment.link().await;
    reason(&link.until(LinkState::Down).await, "is no file");
    fs::remove_dir(&segment.path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&segment.path).status().unwrap().success());
    // To open a pipe would wait for its writer for ever.
    link.until_status(|status| status.faults(LinkFault::Refused) >= 4).await;
}
