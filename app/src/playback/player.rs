//! Lets time go on in the past: fetches segments ahead of the head and hands their snapshots to the page.
//!
//! The head is an instant. While it plays, an animation frame moves it by the time that passed, times the speed; it waits
//! where the buffer ends. Read [`segments`] (what is fetched), [`shown`] (what the page shows), [`address`].

mod address;
mod segments;
mod shown;

use super::buffer::SegmentBuffer;
use crate::address::{AddressWriter, Navigation};
use crate::derived::Derived;
use crate::fetch::SingleFlight;
use crate::live::{Live, instant, wrong_instant};
use domain::spec::SystemSpec;
use domain::time::Utc;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// Speeds to choose from, times the pace of the clock, with their words.
pub(super) const SPEEDS: [(f64, &str); 9] = [
    (0.1, "0.1\u{d7}"),
    (0.5, "0.5\u{d7}"),
    (1.0, "1\u{d7}"),
    (5.0, "5\u{d7}"),
    (10.0, "10\u{d7}"),
    (60.0, "60\u{d7}"),
    (100.0, "100\u{d7}"),
    (300.0, "300\u{d7}"),
    (1_000.0, "1000\u{d7}"),
];

/// Snapshots shown in a second of the reader's, at most: more would not be seen.
const FRAMES_A_SECOND: f64 = 30.0;
/// Closer to the present than this is the present, ms.
const PRESENT_MS: f64 = 1_000.0;
/// So far behind the present it stands still at first, ms: what is recorded reaches the history within two seconds.
const PAUSED_MS: f64 = 2_500.0;
/// What lies less than this before the present may not be written yet, ms: it is asked for again while it is looked at.
const UNWRITTEN_MS: f64 = 10_000.0;
/// How often the present is looked at, and a snapshot without a newer one is drawn again.
const TICK: Duration = Duration::from_millis(500);

/// Said of an address of the future.
const NOT_YET: &str = "The instant in the address has not come yet, so the present is shown";

/// The player of this page.
#[derive(Clone, Copy)]
pub(super) struct Player {
    pub(super) live: Live,
    /// Whether it plays; else it stands.
    pub(super) playing: RwSignal<bool>,
    /// Times the pace of the clock.
    pub(super) speed: RwSignal<f64>,
    /// The present, ms since 1970-01-01 UTC, by the server's clock, twice a second.
    pub(super) now_ms: RwSignal<f64>,
    /// What there is to say: where the last jump led, what is missing.
    pub(super) message: RwSignal<String>,
    navigation: Navigation,
    head_ms: RwSignal<f64>,
    writer: AddressWriter,
    flight: SingleFlight,
    inner: StoredValue<Inner>,
}

/// A snapshot that was handed to the page.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    /// As it was recorded, at this instant, ms; and whether all of it is as it was.
    Recorded(f64, bool),
    /// The last one before this instant, ms, as old as it was then; or that there is none.
    Aged(f64),
}

struct Inner {
    spec: Arc<SystemSpec>,
    buffer: SegmentBuffer,
    /// Raised with each seek: a segment of an earlier one is not used.
    seek: u32,
    /// The seek that the segment is of that was requested last.
    requested: u32,
    /// Which snapshot the page shows; none while there is none.
    shown: Option<Shown>,
    /// When the last animation frame came, `performance.now()`.
    frame_ms: f64,
    /// How far the server's clock is ahead of the browser's, ms.
    ahead_ms: f64,
    /// The instant in the address, as this player wrote it last.
    written: Option<Utc>,
    /// The instant that the address asks for while it cannot be had: the page shows the present and the address stays.
    pending: Option<Utc>,
}

impl Player {
    pub(super) fn new(live: Live) -> Player {
        let at_ms = live.snapshot.get_untracked().now.utc.0 as f64 / 1e3;
        let navigation = Navigation::expect();
        let asked = instant(&navigation.here()).filter(|_| live.past.get_untracked());
        let head_ms = asked.map_or(at_ms, |at| at.0 as f64 / 1e3);
        let player = Player {
            live,
            playing: RwSignal::new(false),
            speed: RwSignal::new(1.0),
            now_ms: RwSignal::new(js_sys::Date::now()),
            message: RwSignal::new(String::new()),
            navigation,
            head_ms: RwSignal::new(head_ms),
            writer: AddressWriter::new(navigation),
            flight: SingleFlight::with_rest(Duration::ZERO),
            inner: StoredValue::new(Inner {
                spec: live.system(),
                buffer: SegmentBuffer::new(head_ms),
                seek: 0,
                requested: 0,
                shown: None,
                frame_ms: 0.0,
                ahead_ms: if asked.is_some() { 0.0 } else { at_ms - js_sys::Date::now() },
                written: asked,
                pending: None,
            }),
        };
        // The server has judged it: this browser's clock may be wrong.
        if asked.is_some() {
            player.seek_past(head_ms);
        }
        if let Some(words) = wrong_instant(&navigation.here()) {
            player.message.set(words);
        }
        if let Ok(timer) = set_interval_with_handle(move || player.tick(), TICK) {
            on_cleanup(move || timer.clear());
        }
        player.follow_address();
        live.on_return(move || player.server_is_back());
        player
    }

    /// The instant that is chosen, ms since 1970-01-01 UTC: the page shows what was known then. The reader runs again when
    /// it changes.
    pub(super) fn instant_ms(self) -> f64 {
        if self.live.past.get() { self.head_ms.get() } else { self.now_ms.get() }
    }

    /// Shows another instant; one that has not come yet, or is close to the present, is the present.
    pub(super) fn seek(self, at_ms: f64) {
        if at_ms > self.present_ms() - PRESENT_MS { self.go_live() } else { self.seek_past(at_ms) }
    }

    /// Shows an instant of the past, however short ago.
    fn seek_past(self, at_ms: f64) {
        self.message.set(String::new());
        self.head_ms.set(at_ms);
        self.inner.update_value(|inner| inner.pending = None);
        self.rewind();
        self.remember();
        self.fetch();
    }

    /// Shows the instant that an address asks for, and says if that has not come yet. What has just been is the past here:
    /// a link to an alarm that ended a moment ago leads to its end. The page knows the present to a second.
    fn seek_asked(self, at_ms: f64) {
        if at_ms > self.present_ms() + PRESENT_MS {
            self.go_live();
            self.message.set(NOT_YET.to_owned());
        } else {
            self.seek_past(at_ms);
            // Until it is shown. To the millisecond, as it stands in the address.
            self.inner.update_value(|inner| inner.pending = Some(Utc(at_ms as i64 * 1_000)));
        }
    }

    /// Shows the present again.
    pub(super) fn go_live(self) {
        self.playing.set(false);
        self.message.set(String::new());
        self.rewind();
        self.flight.cancel();
        self.inner.update_value(|inner| (inner.shown, inner.pending) = (None, None));
        self.live.go_live();
        self.remember();
        self.tick();
    }

    /// Goes on, or stands still. From the present it first stands still.
    pub(super) fn toggle(self) {
        if !self.live.past.get_untracked() {
            return self.seek(self.present_ms() - PAUSED_MS);
        }
        let playing = !self.playing.get_untracked();
        self.playing.set(playing);
        self.rewind();
        self.fetch();
        if playing {
            self.inner.update_value(|inner| inner.frame_ms = performance_ms());
            self.run();
        } else {
            self.remember();
        }
    }

    /// Plays at another speed.
    pub(super) fn set_speed(self, speed: f64) {
        self.speed.set(speed);
        if self.playing.get_untracked() {
            self.rewind();
            self.fetch();
        }
    }

    /// Stands still one reading further, or one before.
    pub(super) fn step(self, back: bool) {
        self.playing.set(false);
        if !self.live.past.get_untracked() {
            return self.toggle();
        }
        let head_ms = self.head_ms.get_untracked();
        let beside = self.inner.with_value(|inner| inner.buffer.beside(head_ms, back));
        // Beyond what is known around a still picture there is a gap: the next second will tell.
        self.seek(beside.unwrap_or(head_ms + if back { -1_000.0 } else { 1_000.0 }));
    }

    /// The present, ms since 1970-01-01 UTC.
    fn present_ms(self) -> f64 {
        js_sys::Date::now() + self.inner.with_value(|inner| inner.ahead_ms)
    }

    fn tick(self) {
        let Some(past) = self.live.past.try_get_untracked() else { return };
        if !past {
            let at_ms = self.live.snapshot.get_untracked().now.utc.0 as f64 / 1e3;
            self.inner.update_value(|inner| inner.ahead_ms = at_ms - js_sys::Date::now());
        }
        let present_ms = self.present_ms();
        self.now_ms.set(present_ms);
        if past && !self.playing.get_untracked() && present_ms - self.head_ms.get_untracked() < UNWRITTEN_MS {
            self.fetch();
        }
    }

    /// Forgets what was fetched, and that it is on its way.
    fn rewind(self) {
        let head_ms = self.head_ms.get_untracked();
        self.inner.update_value(|inner| {
            inner.seek += 1;
            inner.buffer = SegmentBuffer::new(head_ms);
        });
    }

    /// Whether it plays, for what depends on it.
    pub(super) fn plays(self) -> Derived<bool> {
        Derived::new(move || self.playing.get())
    }
}

fn performance_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
