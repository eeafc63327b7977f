//! Replay of a candump log, at the pace of its time stamps, through the same decoding as a live bus.
//!
//! The log is read as it is needed, so its size does not matter. Frames that are due together make one batch.

mod clock;

use super::can_input::CanInput;
use super::{Bus, Waits};
use crate::can::OwnedFrame;
use crate::can::log::{self, Line, LineError, Stamp};
use crate::describe::Describe;
use crate::device::can_table::CanTable;
use crate::session::Reporter;
use clock::LogClock;
use domain::link::LinkFault;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::time::Instant;

/// Longer than any line of a log; what is longer comes in pieces, each malformed.
const MAX_LINE_BYTES: u64 = 512;
/// The most frames of one batch: a whole sweep of 260 cells and more.
const MAX_FRAMES: usize = 512;
/// Between the end of a log and its repetition, so that a log of one instant does not spin.
const REPEAT_PAUSE: Duration = Duration::from_millis(200);

/// So many bytes of a log tell what its times mean.
const HEAD_BYTES: u64 = 64 << 10;
/// So many letters of a line that cannot be read are told.
const EXAMPLE: usize = 60;

/// Plays a log.
#[derive(Debug)]
pub(crate) struct Replay {
    file: PathBuf,
    /// How much faster than recorded.
    speed: f64,
    repeat: bool,
    input: CanInput,
    /// What has been said of the log already, so that a repeated one is not said twice.
    told_unreadable: bool,
    told_untimed: bool,
}

/// Turns the log's time stamps into instants.
struct Pace {
    start: Instant,
    first_us: u64,
    last_us: u64,
    speed: f64,
}

impl Pace {
    /// When a frame stamped `us` is due. A log that goes back in time starts anew there, like a repeated one.
    fn due(&mut self, us: u64) -> Instant {
        if us < self.last_us {
            (self.start, self.first_us) = (Instant::now() + REPEAT_PAUSE, us);
        }
        self.last_us = us;
        let ahead = Duration::from_micros(us - self.first_us).as_secs_f64() / self.speed;
        // A stamp that lies centuries ahead is as good as never.
        let ahead = Duration::try_from_secs_f64(ahead).unwrap_or(Duration::MAX);
        self.start.checked_add(ahead).unwrap_or_else(|| self.start + Duration::from_secs(u64::from(u32::MAX)))
    }
}

impl Bus for Replay {
    fn table(&self) -> Arc<dyn Describe> {
        self.input.table()
    }

    fn can(&self) -> Option<&CanInput> {
        Some(&self.input)
    }

    fn drive<'a>(&'a mut self, reporter: &'a Reporter) -> Waits<'a, ()> {
        Box::pin(self.run(reporter))
    }
}

impl Replay {
    /// Plays `file` at `speed` times its pace, decoding with `table`.
    pub(crate) fn new(file: PathBuf, speed: f64, repeat: bool, table: CanTable) -> Replay {
        Replay { file, speed, repeat, input: CanInput::new(table), told_unreadable: false, told_untimed: false }
    }

    async fn run(&mut self, reporter: &Reporter) {
        reporter.opened().await;
        loop {
            match self.play(reporter).await {
                Ok(frames) if self.repeat && frames > 0 => tokio::time::sleep(REPEAT_PAUSE).await,
                Ok(_) => return reporter.ended().await,
                Err(e) => return reporter.closed(format!("{} cannot be read: {e}", self.file.display())).await,
            }
        }
    }

    /// Plays the log once; returns how many frames it had.
    async fn play(&mut self, reporter: &Reporter) -> std::io::Result<u64> {
        let mut head = Vec::new();
        File::open(&self.file).await?.take(HEAD_BYTES).read_to_end(&mut head).await?;
        let mut clock = LogClock::of(&head);
        let mut log = BufReader::new(File::open(&self.file).await?);
        let mut number = 0_u64;
        let mut pace: Option<Pace> = None;
        let mut total = 0;
        // Frames that are due together, and their bytes in the log.
        let mut together: Vec<OwnedFrame> = Vec::new();
        let (mut bytes, mut text) = (0, Vec::new());
        loop {
            text.clear();
            let length = (&mut log).take(MAX_LINE_BYTES).read_until(b'\n', &mut text).await?;
            number += u64::from(text.ends_with(b"\n"));
            let frame = match log::parse(&text) {
                _ if length == 0 => None,
                Ok(Line::Frame(stamp, frame)) => {
                    if stamp == Stamp::None && !std::mem::replace(&mut self.told_untimed, true) {
                        let words = "the log has no times, so its frames are played 1 ms apart: record with candump -L";
                        self.input.standing(words.into(), reporter);
                    }
                    Some((clock.next(stamp), frame))
                }
                Ok(Line::Blank) => continue,
                Ok(Line::Dropped(count)) => {
                    reporter.record(|r| r.monitor.fault(LinkFault::Lost, count));
                    continue;
                }
                Err(LineError) => {
                    let now = reporter.now().mono;
                    reporter.record(|r| {
                        r.monitor.received(0, length, now);
                        r.monitor.fault(LinkFault::Malformed, 1);
                    });
                    if !std::mem::replace(&mut self.told_unreadable, true) {
                        let example: String = String::from_utf8_lossy(&text).trim().chars().take(EXAMPLE).collect();
                        let line = number.max(1);
                        let words =
                            format!("line {line} of the log is not one of candump's, and is left out: `{example}`");
                        self.input.standing(words, reporter);
                    }
                    continue;
                }
            };
            let due = frame.map(|(us, _)| {
                let start = || Pace { start: Instant::now(), first_us: us, last_us: us, speed: self.speed };
                pace.get_or_insert_with(start).due(us)
            });
            let later = due.is_none_or(|due| due > Instant::now());
            if !together.is_empty() && (later || together.len() >= MAX_FRAMES) {
                let at = reporter.now();
                self.input.take(together.iter().map(OwnedFrame::frame), bytes, at, reporter).await;
                together.clear();
                bytes = 0;
            }
            let (Some((_, frame)), Some(due)) = (frame, due) else { return Ok(total) };
            tokio::time::sleep_until(due).await;
            together.push(frame);
            bytes += length;
            total += 1;
        }
    }
}
