//! How a link does: its state, counters and rates. Pure: time is a parameter.
//!
//! ```text
//! Idle --run--> Connecting --reading--> Up --silent_after without a reading--> Silent --reading--> Up
//!                 |    '--bytes, but no reading for silent_after--> Silent
//!                 |--the path closes--> Down --reopened--> Connecting        a replay ends--> Ended
//!                 '--another device answers--> WrongDevice --reading of the right one--> Up
//! ```

use domain::link::{LinkFault, LinkState, LinkStatus};
use domain::time::Mono;
use std::time::Duration;

/// Rates are counted in slices of this, over [`RATE_SLICES`] whole ones.
const SLICE: Duration = Duration::from_millis(200);
const RATE_SLICES: usize = 10;

/// State, counters and rates of one link.
#[derive(Debug)]
pub(crate) struct Monitor {
    status: LinkStatus,
    silent_after: Duration,
    opened_at: Mono,
    opened: bool,
    /// Whether bytes came since the path was opened.
    heard: bool,
    /// When bytes came last.
    heard_at: Mono,
    /// How many values had been impossible when the last reading came, or the path was opened.
    impossible_before: u32,
    rates: Rates,
}

impl Monitor {
    /// The monitor of a link that has not started.
    pub(crate) fn new(silent_after: Duration) -> Monitor {
        Monitor {
            status: LinkStatus::default(),
            silent_after,
            opened_at: Mono(0),
            opened: false,
            heard: false,
            heard_at: Mono(0),
            impossible_before: 0,
            rates: Rates::default(),
        }
    }

    /// Without a reading for this long the link is silent.
    pub(crate) fn silent_after(&self) -> Duration {
        self.silent_after
    }

    /// What the link is doing.
    pub(crate) fn state(&self) -> LinkState {
        self.status.state
    }

    /// The state, counters, and rates of the last two seconds.
    pub(crate) fn status(&self, now: Mono) -> LinkStatus {
        let (frames_per_s, bytes_per_s) = self.rates.per_second(now);
        LinkStatus { frames_per_s, bytes_per_s, ..self.status.clone() }
    }

    /// The path is being opened for the first time.
    pub(crate) fn connecting(&mut self) {
        self.status.state = LinkState::Connecting;
    }

    /// The path is open.
    pub(crate) fn opened(&mut self, now: Mono) {
        if self.status.state != LinkState::WrongDevice {
            self.status.state = LinkState::Connecting;
        }
        self.status.reconnects += u32::from(self.opened);
        (self.opened, self.opened_at, self.heard) = (true, now, false);
        self.impossible_before = self.status.faults(LinkFault::Impossible);
    }

    /// The path leads to another source, without having been closed.
    pub(crate) fn reopened(&mut self) {
        self.status.reconnects += 1;
    }

    /// The path is closed.
    pub(crate) fn closed(&mut self) {
        self.status.state = LinkState::Down;
    }

    /// Another device answers than the one expected.
    pub(crate) fn wrong_device(&mut self) {
        self.status.state = LinkState::WrongDevice;
    }

    /// The replay has come to its end.
    pub(crate) fn ended(&mut self) {
        self.status.state = LinkState::Ended;
    }

    /// Bytes came in with this many frames or replies, good or bad.
    pub(crate) fn received(&mut self, frames: u32, bytes: usize, now: Mono) {
        (self.heard, self.heard_at) = (true, now);
        self.status.frames += u64::from(frames);
        self.rates.add(frames, bytes, now);
    }

    /// Readings were made of them.
    pub(crate) fn readings(&mut self, at: Mono) {
        self.status.state = LinkState::Up;
        self.impossible_before = self.status.faults(LinkFault::Impossible);
        self.status.last_at = self.status.last_at.max(Some(at));
    }

    /// Whether it is silent although something still comes: values, none of which can be.
    pub(crate) fn is_unbelievable(&self, now: Mono) -> bool {
        self.status.state == LinkState::Silent
            && now.since(self.heard_at) <= 2 * self.silent_after
            && self.status.faults(LinkFault::Impossible) > self.impossible_before
    }

    /// Something was wrong, this many times.
    pub(crate) fn fault(&mut self, fault: LinkFault, times: u32) {
        let count = &mut self.status.faults[fault as usize];
        *count = count.saturating_add(times);
    }

    /// How long the last answer took.
    pub(crate) fn latency(&mut self, latency: Duration) {
        self.status.latency_ms = Some(latency.as_secs_f32() * 1e3);
    }

    /// Notices silence. Returns whether the link just fell silent.
    pub(crate) fn tick(&mut self, now: Mono) -> bool {
        let since = match self.status.state {
            LinkState::Up => self.status.last_at.unwrap_or(self.opened_at),
            LinkState::Connecting if self.opened && self.heard => self.opened_at,
            _ => return false,
        };
        let silent = now.since(since) > self.silent_after;
        if silent {
            self.status.state = LinkState::Silent;
        }
        silent
    }
}

/// Frames and bytes in slices of time.
#[derive(Debug, Default)]
struct Rates {
    /// By slice number modulo their count: number, frames, bytes. One more than the window, for the slice that runs.
    slices: [(u64, u32, u64); RATE_SLICES + 1],
}

fn slice_of(now: Mono) -> u64 {
    now.0 / SLICE.as_micros() as u64
}

impl Rates {
    fn add(&mut self, frames: u32, bytes: usize, now: Mono) {
        let number = slice_of(now);
        let slice = &mut self.slices[number as usize % (RATE_SLICES + 1)];
        if slice.0 != number {
            *slice = (number, 0, 0);
        }
        slice.1 += frames;
        slice.2 += bytes as u64;
    }

    /// Over the whole slices before the one that runs.
    fn per_second(&self, now: Mono) -> (f32, f32) {
        let running = slice_of(now);
        let window = running.saturating_sub(RATE_SLICES as u64)..running;
        let inside = self.slices.iter().filter(|slice| window.contains(&slice.0));
        let (frames, bytes) = inside.fold((0_u64, 0_u64), |sum, slice| (sum.0 + u64::from(slice.1), sum.1 + slice.2));
        let seconds = SLICE.as_secs_f32() * RATE_SLICES as f32;
        (frames as f32 / seconds, bytes as f32 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Mono {
        Mono(10_000_000 + ms * 1_000)
    }

    #[test]
    fn the_states_of_a_link_that_speaks_falls_silent_and_speaks_again() {
        let mut monitor = Monitor::new(Duration::from_millis(1_000));
        let state = |m: &Monitor| m.status(ms(0)).state;
        assert_eq!(state(&monitor), LinkState::Idle);
        monitor.connecting();
        monitor.opened(ms(0));
        // Nothing at all came: still waiting, however long.
        assert!(!monitor.tick(ms(5_000)));
        assert_eq!(state(&monitor), LinkState::Connecting);
        monitor.received(1, 18, ms(5_000));
        assert!(monitor.tick(ms(5_001)));
        assert_eq!(state(&monitor), LinkState::Silent);
        monitor.readings(ms(5_100));
        assert_eq!(state(&monitor), LinkState::Up);
        assert!(!monitor.tick(ms(6_100)) && monitor.tick(ms(6_101)));
        monitor.closed();
        assert!(!monitor.tick(ms(60_000)));
        assert_eq!(state(&monitor), LinkState::Down);
        monitor.opened(ms(61_000));
        assert_eq!((state(&monitor), monitor.status(ms(0)).reconnects), (LinkState::Connecting, 1));
        // A wrong device stays one while the path is opened again, until a reading comes.
        monitor.wrong_device();
        monitor.opened(ms(62_000));
        monitor.received(1, 18, ms(62_000));
        assert!(!monitor.tick(ms(90_000)));
        assert_eq!(state(&monitor), LinkState::WrongDevice);
        monitor.readings(ms(90_000));
        assert_eq!(state(&monitor), LinkState::Up);
        monitor.ended();
        assert!(!monitor.tick(ms(99_000)));
        assert_eq!(state(&monitor), LinkState::Ended);
    }

    #[test]
    fn a_device_that_answers_with_what_cannot_be_is_silent_but_answers() {
        let mut monitor = Monitor::new(Duration::from_millis(1_000));
        monitor.opened(ms(0));
        for second in 1..4 {
            monitor.received(1, 18, ms(second * 1_000));
            monitor.fault(LinkFault::Impossible, 2);
        }
        assert!(!monitor.is_unbelievable(ms(3_000)), "it is still waited for");
        monitor.tick(ms(3_000));
        assert!(monitor.is_unbelievable(ms(5_000)) && !monitor.is_unbelievable(ms(5_001)), "it answers no more");
        monitor.readings(ms(5_000));
        monitor.received(1, 18, ms(7_000));
        assert!(monitor.tick(ms(7_000)) && !monitor.is_unbelievable(ms(7_000)), "nothing was impossible since");
    }

    #[test]
    fn rates_cover_the_last_two_seconds() {
        let mut monitor = Monitor::new(Duration::from_secs(1));
        for tick in 0..50 {
            monitor.received(114, 1_487, ms(tick * 200));
        }
        let status = monitor.status(ms(10_000));
        assert_eq!((status.frames, status.frames_per_s, status.bytes_per_s), (5_700, 570.0, 7_435.0));
        let later = monitor.status(ms(11_000));
        assert_eq!(later.frames_per_s, 285.0);
        assert_eq!(monitor.status(ms(13_000)).bytes_per_s, 0.0);
    }
}
