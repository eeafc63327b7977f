//! Lets time go on in the past: fetches films ahead of the head and hands their moments to the page.
//!
//! The head is an instant. While it plays, an animation frame moves it by the time that passed, times the speed; it waits
//! where the reel ends. One film is on its way at a time; a new place makes the answer for the old one worthless.

use super::reel::Reel;
use crate::address::{Leave, Navigation};
use crate::api;
use crate::derived::Derived;
use crate::live::{AT, Live, address_of, aged, instant};
use domain::film::Film;
use domain::spec::SystemSpec;
use domain::time::{Mono, Now, Utc, rfc3339};
use domain::twin::{Moment, SystemState};
use domain::wire::Wire as _;
use leptos::prelude::*;
use leptos::task::spawn_local;
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

/// Moments shown in a second of the reader's, at most: more would not be seen.
const FRAMES_A_SECOND: f64 = 30.0;
/// The finest step of a film, ms: finer than any source.
const FINEST_STEP_MS: f64 = 50.0;
/// Cells whose moments may wait in memory.
const CELLS_AHEAD: usize = 32_000;
/// A still picture has this much before and behind it, for single steps, ms.
const STILL_MS: f64 = 3_000.0;
/// A frame that took longer than this was not seen: the tab was hidden, ms.
const LONGEST_FRAME_MS: f64 = 250.0;
/// Closer to the present than this is the present, ms.
const PRESENT_MS: f64 = 1_000.0;
/// How often the present is looked at, and a moment without a newer one is drawn again.
const TICK: Duration = Duration::from_millis(500);
/// The address follows when the head has rested for so long.
const ADDRESS_AFTER: Duration = Duration::from_millis(300);

/// Said of a moment that is made of rows and minutes.
const MEANS: &str = "Cells are means of their minute";
/// Said of an instant without a moment.
const NOTHING: &str = "Nothing was recorded at this instant";

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
    pub(super) says: RwSignal<String>,
    navigation: Navigation,
    head_ms: RwSignal<f64>,
    waiting: StoredValue<Option<TimeoutHandle>>,
    inner: StoredValue<Inner>,
}

struct Inner {
    spec: Arc<SystemSpec>,
    reel: Reel,
    /// Raised when the head goes somewhere else: answers for another place are worthless.
    place: u32,
    asking: bool,
    /// Which moment the page shows, ms; none while there is none.
    shown_ms: Option<f64>,
    /// When the last animation frame came, `performance.now()`.
    frame_ms: f64,
    /// How far the server's clock is ahead of the browser's, ms.
    ahead_ms: f64,
    /// The instant in the address, as this player wrote it last.
    written: Option<Utc>,
}

impl Player {
    pub(super) fn new(live: Live) -> Player {
        let at_ms = live.moment.get_untracked().now.utc.0 as f64 / 1e3;
        let navigation = Navigation::expect();
        let asked = instant(&navigation.at()).filter(|_| live.past.get_untracked());
        let head_ms = asked.map_or(at_ms, |at| at.0 as f64 / 1e3);
        let player = Player {
            live,
            playing: RwSignal::new(false),
            speed: RwSignal::new(1.0),
            now_ms: RwSignal::new(js_sys::Date::now()),
            says: RwSignal::new(String::new()),
            navigation,
            head_ms: RwSignal::new(head_ms),
            waiting: StoredValue::new(None),
            inner: StoredValue::new(Inner {
                spec: live.system(),
                reel: Reel::new(head_ms),
                place: 0,
                asking: false,
                shown_ms: None,
                frame_ms: 0.0,
                ahead_ms: if asked.is_some() { 0.0 } else { at_ms - js_sys::Date::now() },
                written: asked,
            }),
        };
        if asked.is_some() {
            player.seek(head_ms);
        }
        let _ = set_interval_with_handle(move || player.tick(), TICK);
        // The way back, or an address that somebody typed.
        Effect::new(move |_| {
            let there = instant(&navigation.at());
            let known = player.inner.try_update_value(|inner| std::mem::replace(&mut inner.written, there) == there);
            match (known, there) {
                (Some(true), _) | (None, _) => {}
                (_, Some(at)) => player.seek(at.0 as f64 / 1e3),
                (_, None) if live.past.get_untracked() => player.go_live(),
                (_, None) => {}
            }
        });
        player
    }

    /// The instant that the page shows, ms since 1970-01-01 UTC. The reader runs again when it changes.
    pub(super) fn instant_ms(self) -> f64 {
        if self.live.past.get() { self.head_ms.get() } else { self.now_ms.get() }
    }

    /// Shows another instant; one that has not come yet is the present.
    pub(super) fn seek(self, at_ms: f64) {
        if at_ms > self.present_ms() - PRESENT_MS {
            return self.go_live();
        }
        self.says.set(String::new());
        self.head_ms.set(at_ms);
        self.rewind();
        self.remember();
        self.fetch();
    }

    /// Shows the present again.
    pub(super) fn go_live(self) {
        self.playing.set(false);
        self.says.set(String::new());
        self.rewind();
        self.inner.update_value(|inner| inner.shown_ms = None);
        self.live.go_live();
        self.remember();
        self.tick();
    }

    /// Goes on, or stands still. From the present it first stands still.
    pub(super) fn toggle(self) {
        if !self.live.past.get_untracked() {
            return self.seek(self.present_ms() - PRESENT_MS * 2.0);
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
        let beside = self.inner.with_value(|inner| inner.reel.beside(head_ms, back));
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
            let at_ms = self.live.moment.get_untracked().now.utc.0 as f64 / 1e3;
            self.inner.update_value(|inner| inner.ahead_ms = at_ms - js_sys::Date::now());
        }
        self.now_ms.set(self.present_ms());
    }

    /// Forgets what was fetched, and that it is on its way.
    fn rewind(self) {
        let head_ms = self.head_ms.get_untracked();
        self.inner.update_value(|inner| {
            inner.place += 1;
            inner.reel = Reel::new(head_ms);
        });
    }

    /// Writes the instant into the address and into those of all pages, when the head has rested for a moment: browsers
    /// refuse floods of changes.
    fn remember(self) {
        if let Some(before) = self.waiting.try_update_value(Option::take).flatten() {
            before.clear();
        }
        let later = move || {
            let past = self.live.past.get_untracked();
            // To the millisecond, as it stands there.
            let at = past.then(|| Utc(self.head_ms.get_untracked() as i64 * 1_000));
            self.inner.update_value(|inner| inner.written = at);
            self.navigation.carry(at.map(|at| (AT, rfc3339(at))));
            let here = untrack(|| self.navigation.at());
            if instant(&here) != at {
                self.navigation.go(&address_of(&here, at), Leave::Nothing);
            }
        };
        self.waiting.set_value(set_timeout_with_handle(later, ADDRESS_AFTER).ok());
    }

    /// Asks for the film that follows the reel, if none is on its way.
    fn fetch(self) {
        let busy = self.inner.try_update_value(|inner| std::mem::replace(&mut inner.asking, true));
        if busy != Some(false) {
            return;
        }
        let (playing, speed) = (self.playing.get_untracked(), self.speed.get_untracked());
        let head_ms = self.head_ms.get_untracked();
        let (place, from_ms, count, system) = self.inner.with_value(|inner| {
            let cells = inner.spec.topology.cells().max(260);
            let count = (CELLS_AHEAD / cells).clamp(16, 128);
            let still_ms = STILL_MS.min(count as f64 * FINEST_STEP_MS / 2.0);
            let from_ms = if playing { inner.reel.reaches_ms() } else { head_ms - still_ms };
            (inner.place, from_ms, count, inner.spec.id.clone())
        });
        let step_ms = if playing { (1e3 / FRAMES_A_SECOND * speed).max(FINEST_STEP_MS) } else { FINEST_STEP_MS };
        let path = format!(
            "/api/v1/playback/film?system={system}&from={}&step_ms={}&count={count}",
            from_ms as i64, step_ms as i64,
        );
        spawn_local(async move {
            let film = api::get_bytes(&path).await.and_then(|bytes| {
                Film::from_bytes(&bytes).map_err(|error| format!("The past cannot be read ({error})"))
            });
            let here = self.inner.try_update_value(|inner| {
                inner.asking = false;
                inner.place == place
            });
            match here {
                Some(true) => self.take(film),
                // The head went elsewhere meanwhile.
                Some(false) => self.fetch(),
                None => {}
            }
        });
    }

    fn take(self, film: Result<Film, String>) {
        let taken = film.and_then(|film| {
            let taken = self.inner.try_update_value(|inner| {
                inner.ahead_ms = film.now.0 as f64 / 1e3 - js_sys::Date::now();
                let spec = Arc::clone(&inner.spec);
                inner.reel.add(&film, &spec)
            });
            match taken {
                Some(Err(error)) => Err(format!("The past cannot be read ({error})")),
                _ => Ok(film),
            }
        });
        match taken {
            Ok(film) if self.playing.get_untracked() && film.frames.is_empty() => self.skip(film.next.0 as f64 / 1e3),
            Ok(_) => {}
            Err(words) => {
                self.says.set(words);
                self.playing.set(false);
            }
        }
        if !self.playing.get_untracked() {
            self.show();
        }
    }

    /// Nothing was recorded up to an instant: the head goes there.
    fn skip(self, to_ms: f64) {
        let without_s = ((to_ms - self.head_ms.get_untracked()) / 1e3).max(0.0);
        if without_s > 5.0 {
            self.says.set(format!("Skipped {} without readings", crate::format::age(without_s as f32)));
        }
        self.head_ms.set(to_ms);
    }

    /// Plays, frame by frame, until it stands still.
    fn run(self) {
        request_animation_frame(move || {
            if self.playing.try_get_untracked() == Some(true) {
                self.frame();
                self.run();
            }
        });
    }

    fn frame(self) {
        let (speed, head_ms) = (self.speed.get_untracked(), self.head_ms.get_untracked());
        let now_ms = performance_ms();
        let Some((passed_ms, reaches_ms)) = self.inner.try_update_value(|inner| {
            let passed_ms = (now_ms - std::mem::replace(&mut inner.frame_ms, now_ms)).clamp(0.0, LONGEST_FRAME_MS);
            inner.reel.forget_before(head_ms);
            (passed_ms, inner.reel.reaches_ms())
        }) else {
            return;
        };
        let head_ms = (head_ms + passed_ms * speed).min(reaches_ms.max(head_ms));
        self.head_ms.set(head_ms);
        if head_ms > self.present_ms() - PRESENT_MS {
            return self.go_live();
        }
        self.show();
        // Two seconds of the reader's are enough to fetch the next film in.
        if reaches_ms - head_ms < 2_000.0 * speed {
            self.fetch();
        }
    }

    /// Hands the page the moment at the head; in a gap the last one, as old as it is.
    fn show(self) {
        let head_ms = self.head_ms.get_untracked();
        let stands_ms = (1e3 / FRAMES_A_SECOND * self.speed.get_untracked()).max(1_000.0) + PRESENT_MS;
        let found = self.inner.with_value(|inner| {
            let shot = inner.reel.at(head_ms).map(|shot| (shot.at_ms, Arc::clone(&shot.moment), shot.whole));
            (shot, inner.shown_ms, Arc::clone(&inner.spec))
        });
        let (shown_ms, moment) = match found {
            (Some((at_ms, moment, whole)), shown_ms, _) => {
                let gone = Duration::from_secs_f64(((head_ms - at_ms) / 1e3).max(0.0));
                match aged(&moment, gone, Duration::from_secs_f64(stands_ms / 1e3)) {
                    // An old moment changes as it ages, but not with every frame.
                    Some(aged) if shown_ms.is_none_or(|shown_ms| (head_ms - shown_ms).abs() > 500.0) => {
                        (head_ms, Arc::new(aged))
                    }
                    None if shown_ms != Some(at_ms) => {
                        self.tell(whole);
                        (at_ms, moment)
                    }
                    _ => return,
                }
            }
            (None, Some(_), _) if self.playing.get_untracked() => return,
            (None, _, spec) => {
                self.says.set(NOTHING.to_owned());
                (head_ms, Arc::new(nothing(head_ms, &spec)))
            }
        };
        self.inner.update_value(|inner| inner.shown_ms = Some(shown_ms));
        self.live.show(moment);
    }

    /// Says what is not as it was.
    fn tell(self, whole: bool) {
        let says = self.says.get_untracked();
        if !whole && (says.is_empty() || says == NOTHING) {
            self.says.set(MEANS.to_owned());
        } else if whole && (says == MEANS || says == NOTHING) {
            self.says.set(String::new());
        }
    }

    /// Whether it plays, for what depends on it.
    pub(super) fn plays(self) -> Derived<bool> {
        Derived::new(move || self.playing.get())
    }
}

/// A moment of which nothing is known.
fn nothing(at_ms: f64, spec: &SystemSpec) -> Moment {
    Moment {
        now: Now { utc: Utc((at_ms * 1e3) as i64), mono: Mono::START },
        received: Mono::START,
        state: SystemState::new(spec),
        ..Moment::default()
    }
}

fn performance_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
