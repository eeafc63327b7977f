//! The live stream of a system: frames in, newest snapshot out. It subscribes again by itself.
//!
//! Traps: frames keep arriving while a tab is hidden, animation frames do not come, so what is kept for charts is stored
//! on arrival and only drawing waits.

use super::ageing::{self, aged};
use super::latency::{self, Delays};
use super::{Connection, Feed, Live, Role, profile};
use crate::kept;
use crate::source::{self, Event, Subscription};
use crate::updates::Updates;
use domain::live::{Decoder, LiveError};
use domain::spec::SystemSpec;
use domain::time::Mono;
use domain::twin::Snapshot;
use domain::wire::WireError;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use web_sys::Performance;

/// The first and the longest wait before the connection is tried again, ms.
const RETRY_MS: (f64, f64) = (500.0, 10_000.0);
/// What is being connected can be closed without an error after this.
const CLOSE_AGAIN: Duration = Duration::from_millis(250);
/// How often the percentiles of the delay are shown anew.
const SUMMARY_EVERY: Duration = Duration::from_secs(1);

/// Connects, as long as the present owner lives. The first values are so old.
pub(super) fn start(live: Live, feed: Feed, system: Arc<SystemSpec>, role: Role, age: Duration) {
    let Some(performance) = window().performance() else { return };
    let measured = window().location().search().is_ok_and(|query| query.contains("measure"));
    let socket = Rc::new(Socket {
        live,
        feed,
        role,
        newest: RefCell::new(live.snapshot.get_untracked()),
        newest_ms: Cell::new(performance.now() - age.as_secs_f64() * 1e3),
        updates: use_context(),
        decoder: RefCell::new(Decoder::of(&system)),
        system,
        performance,
        measured,
        open: RefCell::new(None),
        number: Cell::new(0),
        attempt: Cell::new(0),
        retry: Cell::new(None),
        drawing: Cell::new(false),
        closed: Cell::new(false),
        heard: Cell::new(false),
        measured_at: Cell::new(Mono::default()),
        delays: RefCell::default(),
    });
    socket.connect();
    socket.age();
    for event in ["online", "pageshow", "visibilitychange"] {
        let socket = Rc::clone(&socket);
        let listener = window_event_listener_untyped(event, move |_| {
            if !document().hidden() {
                socket.wake();
            }
        });
        on_cleanup(move || listener.remove());
    }
    let owned = StoredValue::new_local(Rc::clone(&socket));
    on_cleanup(move || {
        let _ = owned.try_with_value(|socket| socket.close());
    });
    Effect::new({
        let socket = Rc::clone(&socket);
        move |before: Option<bool>| {
            let past = live.past.get();
            if before == Some(true) && !past && !socket.drawing.get() {
                socket.draw();
            }
            past
        }
    });
    every(ageing::TICK, {
        let socket = Rc::clone(&socket);
        move || socket.age()
    });
    if role == Role::Page {
        every(SUMMARY_EVERY, move || feed.latency.set(socket.delays.borrow().summary()));
    }
}

fn every(period: Duration, run: impl Fn() + 'static) {
    if let Ok(timer) = set_interval_with_handle(run, period) {
        on_cleanup(move || timer.clear());
    }
}

struct Socket {
    live: Live,
    updates: Option<Updates>,
    feed: Feed,
    role: Role,
    system: Arc<SystemSpec>,
    performance: Performance,
    /// Whether each frame goes to the browser's performance timeline: only when the address has `?measure`.
    measured: bool,
    decoder: RefCell<Decoder>,
    open: RefCell<Option<Box<dyn Subscription>>>,
    /// Raised with each subscription: what an older one still tells is void.
    number: Cell<u32>,
    attempt: Cell<u32>,
    retry: Cell<Option<TimeoutHandle>>,
    newest: RefCell<Arc<Snapshot>>,
    /// When the newest frame came, `performance.now()`.
    newest_ms: Cell<f64>,
    /// Whether the page has a snapshot whose animation frame has not come yet.
    drawing: Cell<bool>,
    /// Whether nobody looks any longer.
    closed: Cell<bool>,
    /// Whether a frame came since the connection was lost.
    heard: Cell<bool>,
    /// The reading that was last measured: a frame without a newer one says nothing about delay.
    measured_at: Cell<Mono>,
    delays: RefCell<Delays>,
}

impl Socket {
    fn quiet_for(&self) -> Duration {
        Duration::from_secs_f64((self.performance.now() - self.newest_ms.get()).max(0.0) / 1_000.0)
    }

    /// Whether an attempt is under way. It ends by itself, and to end it early is an error in the browser's console.
    fn connecting(&self) -> bool {
        self.open.borrow().as_ref().is_some_and(|open| open.connecting())
    }

    /// Ends the subscription, for good: one that is being made, as soon as it is there.
    fn close(self: &Rc<Self>) {
        self.closed.set(true);
        self.number.set(self.number.get().wrapping_add(1));
        if let Some(retry) = self.retry.take() {
            retry.clear();
        }
        if self.connecting() {
            let this = Rc::clone(self);
            set_timeout(move || this.close(), CLOSE_AGAIN);
        } else {
            self.open.take();
        }
    }

    fn connect(self: &Rc<Self>) {
        if let Some(retry) = self.retry.take() {
            retry.clear();
        }
        self.open.take();
        self.decoder.replace(Decoder::of(&self.system));
        let number = self.number.get().wrapping_add(1);
        self.number.set(number);
        let this = Rc::downgrade(self);
        let listener = Box::new(move |event| match (this.upgrade(), event) {
            (Some(this), _) if this.number.get() != number => {}
            (Some(this), Event::Frame(frame)) => this.receive(&frame),
            (Some(this), Event::Closed) => this.lost(),
            (Some(this), Event::Text(text)) => {
                if let Some(updates) = this.updates {
                    updates.hear(&text, this.live.past);
                }
            }
            (None, _) => {}
        });
        let open = source::chosen().and_then(|source| (source.subscribe)(&self.system.id, listener));
        if open.is_none() {
            self.lost();
        }
        *self.open.borrow_mut() = open;
    }

    /// Says that the connection is lost, and tries again after a while that doubles each time.
    fn lost(self: &Rc<Self>) {
        self.heard.set(false);
        if self.retry.get().is_some() {
            return;
        }
        let since_ms = self.performance.now();
        self.feed.connection.update(|connection| {
            if !matches!(connection, Connection::Reconnecting { .. }) {
                *connection = Connection::Reconnecting { since_ms };
            }
        });
        let attempt = self.attempt.replace(self.attempt.get() + 1);
        let this = Rc::clone(self);
        let again = set_timeout_with_handle(move || this.connect(), retry_after(attempt, js_sys::Math::random()));
        self.retry.set(again.ok());
    }

    /// The page is seen again, or the network is back: no time to lose.
    fn wake(self: &Rc<Self>) {
        if self.quiet_for() > ageing::QUIET && !self.connecting() {
            self.attempt.set(0);
            self.connect();
        }
    }

    fn receive(self: &Rc<Self>, frame: &[u8]) {
        let decoded = self.decoder.borrow_mut().decode(frame);
        if let Err(error) = decoded {
            if let (Some(updates), LiveError::Wire(WireError::Format { .. })) = (self.updates, error) {
                updates.unreadable(self.live.past);
            }
            // A gap or a damaged frame: only a key frame helps, and a new connection starts with one.
            return self.lost();
        }
        if self.role == Role::Page {
            kept::keep(&self.live.site(), self.live.place(), frame);
        }
        let snapshot = Arc::new(self.decoder.borrow().snapshot().clone());
        self.attempt.set(0);
        if let Some(retry) = self.retry.take() {
            retry.clear();
        }
        self.heard.set(true);
        self.newest_ms.set(self.performance.now());
        *self.newest.borrow_mut() = Arc::clone(&snapshot);
        if self.live.past.get_untracked() {
            self.feed.connection.set(Connection::Live);
            self.feed.page_age_s.set(0.0);
            self.feed.aside.update_value(|aside| _ = aside.push(&snapshot));
            return;
        }
        if self.role == Role::Page {
            let missing = self.feed.profile.try_update_untracked(|profile| profile.push(&snapshot));
            if missing == Some(true) {
                profile::fetch(self.live);
            }
        }
        if !self.drawing.get() {
            self.draw();
        }
    }

    /// Hands the newest snapshot to the page: at once, then not before the next animation frame. One that came long ago,
    /// while the page showed the past or was hidden, is shown as old as it is, and says nothing about the connection.
    fn draw(self: &Rc<Self>) {
        if self.closed.get() || self.live.past.get_untracked() {
            return;
        }
        if self.quiet_for() > ageing::QUIET {
            return self.age();
        }
        self.drawing.set(true);
        let snapshot = Arc::clone(&self.newest.borrow());
        if self.heard.get() {
            self.feed.connection.set(Connection::Live);
        }
        self.feed.page_age_s.set(0.0);
        self.feed.snapshot.set(Arc::clone(&snapshot));
        self.feed.profile.notify();
        // Effects change the text right after this task, and canvases are drawn in the animation frame that follows.
        let this = Rc::clone(self);
        request_animation_frame(move || this.drawn(snapshot));
    }

    fn drawn(self: &Rc<Self>, snapshot: Arc<Snapshot>) {
        self.drawing.set(false);
        if self.closed.get() {
            return;
        }
        if !Arc::ptr_eq(&self.newest.borrow(), &snapshot) {
            self.draw();
        }
        if self.role == Role::Page && self.measured_at.replace(snapshot.received) != snapshot.received {
            // The task after an animation frame comes when the frame is done.
            let this = Rc::clone(self);
            set_timeout(move || this.measure(&snapshot), Duration::ZERO);
        }
    }

    fn measure(&self, snapshot: &Snapshot) {
        let start_ms = latency::received_ms(snapshot);
        let end_ms = self.performance.time_origin() + self.performance.now();
        self.delays.borrow_mut().push((end_ms - start_ms) as f32);
        if self.measured {
            latency::record(&self.performance, start_ms, end_ms);
        }
    }

    fn age(self: &Rc<Self>) {
        let quiet = self.quiet_for();
        let later = aged(&self.newest.borrow(), quiet, ageing::QUIET);
        if let Some(later) = later {
            self.feed.page_age_s.set(quiet.as_secs_f32());
            if !self.live.past.get_untracked() {
                self.feed.snapshot.set(Arc::new(later));
            }
        }
        if quiet > ageing::DEAD && !self.connecting() {
            self.lost();
        }
    }
}

/// The wait before attempt number `attempt`, from 0. `random` from 0 to 1 spreads pages that lost the same server.
fn retry_after(attempt: u32, random: f64) -> Duration {
    let (first, longest) = RETRY_MS;
    let wait = (first * f64::from(2_u32.saturating_pow(attempt))).min(longest);
    Duration::from_secs_f64(wait * (0.75 + 0.5 * random) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_longest() {
        for (attempt, random, ms) in
            [(0, 0.5, 500), (1, 0.5, 1_000), (4, 0.5, 8_000), (5, 0.5, 10_000), (99, 1.0, 12_500), (0, 0.0, 375)]
        {
            assert_eq!(retry_after(attempt, random).as_millis(), ms);
        }
    }
}
