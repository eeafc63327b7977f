//! What the page knows now: the newest snapshot of one system, and how well it is connected to the server.
//!
//! ```text
//! first paint        hydration          then, for ever
//! Boot in context -> Boot in document -> /live/{system}: frame -> Decoder -> newest snapshot -> at most one update a frame
//!                    another system: Start::ask ->
//!                                       no frame for 1 s: the snapshot's own clock runs on, so values go stale by themselves
//! ```
//!
//! Playback shows a snapshot of the past in the place of the newest one ([`Live::show`]): pages draw a snapshot, whatever its
//! source. Frames of the present go on arriving, and wait to be drawn until the page goes [back](Live::go_live).
//!
//! Two ages are kept apart: that of a value (in the snapshot, from its source to the server) and that of the page's own
//! link to the server ([`Live::page_age_s`]).

mod ageing;
mod instant;
mod latency;
mod profile;
mod recent;
mod socket;
mod start;

pub use ageing::{aged, as_received};
pub use instant::{AT, address_of, instant, wrong_instant};
pub use latency::Latency;
pub use profile::{PROFILE_POINTS, PROFILE_S, Profile};
pub use recent::{GAP_S, Recent};
pub use start::Start;

use crate::derived::Derived;
use crate::fetch::{NO_SERVER, SingleFlight};
use crate::hydration::hydrated;
use crate::reading::{LinksKnown, Never, NeverNow, Shown, links_known, never};
use crate::whose;
use domain::lab::LabState;
use domain::point::PointId;
use domain::reading::Sample;
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::Utc;
use domain::twin::Snapshot;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// How the page is connected to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Connection {
    /// Not yet: the page shows the values that came with it.
    #[default]
    Connecting,
    /// Frames arrive.
    Live,
    /// The connection is lost and tried again.
    Reconnecting {
        /// When it was lost, ms on the browser's clock (`performance.now()`).
        since_ms: f64,
    },
}

/// The page's view of one system. A context: [`Live::expect`].
#[derive(Clone, Copy)]
pub struct Live {
    site: StoredValue<Arc<SiteSpec>>,
    system: StoredValue<Arc<SystemSpec>>,
    place: usize,
    first_lab: StoredValue<Option<LabState>>,
    /// The newest snapshot. While no frame arrives its `now` advances by itself.
    pub snapshot: ReadSignal<Arc<Snapshot>>,
    /// How the page is connected to the server.
    pub connection: ReadSignal<Connection>,
    /// Seconds since the last frame from the server; 0 while frames arrive.
    pub page_age_s: ReadSignal<f32>,
    /// Delay from a reading's arrival at the server to its pixel here; `None` before the first second.
    pub latency: ReadSignal<Option<Latency>>,
    /// The last ten minutes of [`PROFILE_POINTS`]; empty until they are fetched after hydration.
    pub profile: ReadSignal<Profile>,
    /// Whether the snapshot is one of the past.
    pub past: ReadSignal<bool>,
    /// What it means now that a value of the system never came.
    pub never: Derived<Never>,
    feed: Feed,
}

/// What a system is followed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// It is the page's.
    Page,
    /// It is shown beside the page's.
    Beside,
}

/// The writing ends, held by the parts that feed the page.
#[derive(Clone, Copy)]
struct Feed {
    past: WriteSignal<bool>,
    fetching: SingleFlight,
    snapshot: WriteSignal<Arc<Snapshot>>,
    connection: WriteSignal<Connection>,
    page_age_s: WriteSignal<f32>,
    latency: WriteSignal<Option<Latency>>,
    profile: WriteSignal<Profile>,
    /// The profile of the present, while the page shows the past.
    aside: StoredValue<Profile>,
}

impl Live {
    /// Follows the system that `start` is of, and puts its live state into the context: in the browser a subscription,
    /// which ends with its owner.
    pub fn follow(site: Arc<SiteSpec>, start: Start) -> Live {
        Live::begin(site, start, Role::Page)
    }

    /// Follows another system beside that of the page, for the parts of the page below the present owner: its newest
    /// values and how they age. The last minutes are not fetched, and the browser keeps nothing of it.
    pub fn follow_beside(site: Arc<SiteSpec>, start: Start) -> Live {
        Live::begin(site, start, Role::Beside)
    }

    fn begin(site: Arc<SiteSpec>, start: Start, role: Role) -> Live {
        let Start { place, system: spec, snapshot: first, past: of_past, lab, kept } = start;
        let (snapshot, set_snapshot) = signal(first);
        // Values that the browser kept are known to be old before the server is asked.
        let (connection, set_connection) =
            signal(kept.map_or_else(Connection::default, |_| Connection::Reconnecting { since_ms: 0.0 }));
        let (page_age_s, set_page_age_s) = signal(kept.unwrap_or_default().as_secs_f32());
        let (latency, set_latency) = signal(None);
        let (profile, set_profile) = signal(Profile::default());
        let (past, set_past) = signal(of_past);
        let feed = Feed {
            past: set_past,
            fetching: SingleFlight::default(),
            snapshot: set_snapshot,
            connection: set_connection,
            page_age_s: set_page_age_s,
            latency: set_latency,
            profile: set_profile,
            aside: StoredValue::default(),
        };
        let live = Live {
            never: Derived::new({
                let site = Arc::clone(&site);
                move || snapshot.with(|snapshot| never(snapshot, &site, place))
            }),
            site: StoredValue::new(site),
            system: StoredValue::new(Arc::clone(&spec)),
            place,
            first_lab: StoredValue::new(lab),
            snapshot,
            connection,
            page_age_s,
            latency,
            profile,
            past,
            feed,
        };
        provide_context(live);
        provide_context(NeverNow(live.never));
        // Effects run in the browser only.
        Effect::new(move |_| {
            let (owner, spec) = (Owner::current().unwrap_or_default(), Arc::clone(&spec));
            spawn_local(async move {
                hydrated().await;
                // The reader may have gone to another system.
                if !live.snapshot.is_disposed() {
                    owner.with(|| {
                        socket::start(live, feed, spec, role, kept.unwrap_or_default());
                        if role == Role::Page {
                            profile::fetch(live);
                        }
                    });
                }
            });
        });
        live
    }

    /// The live state of the page. Every component below the root has it.
    #[allow(clippy::expect_used, reason = "a component outside of the root is a programming error")]
    pub fn expect() -> Live {
        use_context().expect("the page's root provides Live")
    }

    /// The site as it is configured.
    pub fn site(&self) -> Arc<SiteSpec> {
        self.site.get_value()
    }

    /// The system on this page, as it is configured.
    pub fn system(&self) -> Arc<SystemSpec> {
        self.system.get_value()
    }

    /// The system's place in the site.
    pub fn place(&self) -> usize {
        self.place
    }

    /// What the simulation did when the page was rendered; `None` if that is not known, or nothing is simulated.
    pub fn first_lab(&self) -> Option<LabState> {
        self.first_lab.get_value()
    }

    /// The address of a page for this system: `/cells`, or `/cells?system=racks` where `/cells` is another system's.
    pub fn href(&self, path: &str) -> String {
        whose::href(path, self.place, &self.site())
    }

    /// Whether the server cannot be reached: what is shown is the last that came.
    pub fn lost(&self) -> Derived<bool> {
        let connection = self.connection;
        Derived::new(move || matches!(connection.get(), Connection::Reconnecting { .. }))
    }

    /// Why what needs the server is off now; `None` while it is on.
    pub fn needs_server(&self) -> Derived<Option<&'static str>> {
        let lost = self.lost();
        Derived::new(move || lost.get().then_some(NO_SERVER))
    }

    /// When the newest frame was made, while the page's own clock runs on without frames; in the past, its instant.
    pub fn last_utc(&self) -> Derived<Utc> {
        let (snapshot, age_s, past) = (self.snapshot, self.page_age_s, self.past);
        Derived::new(move || {
            let age_s = if past.get() { 0.0 } else { age_s.get() };
            snapshot.with(|snapshot| Utc(snapshot.now.utc.0 - (age_s * 1e6) as i64))
        })
    }

    /// Whether it is known what the links do.
    pub fn links_known(&self) -> Derived<LinksKnown> {
        let (live, lost, site) = (*self, self.lost(), self.site());
        Derived::new(move || live.snapshot.with(|m| links_known(m, &site, lost.get(), live.past.get())))
    }

    /// Runs `again` each time that the server is back after it could not be reached: what failed meanwhile is asked anew.
    pub fn on_return(&self, again: impl Fn() + 'static) {
        let lost = self.lost();
        Effect::new(move |before: Option<bool>| {
            let now = lost.get();
            if before == Some(true) && !now {
                untrack(&again);
            }
            now
        });
    }

    /// Whether the present is not known: the server cannot be reached, and the page does not show the past, of which what
    /// was loaded stays as it was.
    pub fn outdated(&self) -> Derived<bool> {
        let (lost, past) = (self.lost(), self.past);
        Derived::new(move || lost.get() && !past.get())
    }

    /// Shows a snapshot of the past in the place of the newest one, from now on.
    pub fn show(&self, snapshot: Arc<Snapshot>) {
        if !self.past.get_untracked() {
            self.swap_profiles();
        }
        self.feed.past.set(true);
        if self.feed.profile.try_update(|profile| profile.push(&snapshot)) == Some(true) {
            profile::fetch(*self);
        }
        self.feed.snapshot.set(snapshot);
    }

    /// Shows the newest snapshot again, from now on.
    pub fn go_live(&self) {
        if self.past.get_untracked() {
            self.swap_profiles();
        }
        self.feed.past.set(false);
        profile::fetch(*self);
    }

    /// The profile of the present and that of the past change places.
    fn swap_profiles(&self) {
        let shown = self.profile.get_untracked();
        let other = self.feed.aside.try_update_value(|aside| std::mem::replace(aside, shown));
        self.feed.profile.set(other.unwrap_or_default());
    }

    /// The end of a question about the last minutes: `&until=...` if the page shows the past, else nothing. Not followed.
    pub fn until(&self) -> String {
        if !self.past.get_untracked() {
            return String::new();
        }
        format!("&until={}", self.snapshot.get_untracked().now.utc.0.div_euclid(1_000))
    }

    /// Something that follows from the snapshot. What depends on it runs only when it changes.
    pub fn map<T>(&self, read: impl Fn(&Snapshot) -> T + Send + Sync + 'static) -> Derived<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        let snapshot = self.snapshot;
        Derived::new(move || read(&snapshot.get()))
    }

    /// A point's value, or why there is none.
    pub fn point(&self, point: PointId) -> Derived<Sample> {
        self.map(move |snapshot| snapshot.point(point))
    }

    /// A point ready to be shown.
    pub fn shown(&self, point: PointId) -> Derived<Shown> {
        self.map(move |snapshot| Shown::point(snapshot, point))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use std::time::Duration;

    fn live() -> Live {
        let (system, snapshot) = (Arc::new(sample::spec()), Arc::new(sample::snapshot()));
        let start = Start { place: 0, system, snapshot, past: false, lab: None, kept: None };
        Live::follow(Arc::new(sample::site()), start)
    }

    #[test]
    fn the_profile_of_the_present_waits_while_the_page_shows_the_past() {
        Owner::new().with(|| {
            let (live, now) = (live(), sample::snapshot());
            let mut later = now.clone();
            later.now = now.now + Duration::from_secs(1);
            let mut past = now.clone();
            past.now = now.now - Duration::from_secs(3_600);
            let newest_s = || live.profile.with_untracked(Profile::newest_s);
            let utc_s = |snapshot: &Snapshot| Some(snapshot.now.utc.0 as f64 / 1e6);
            live.feed.profile.update(|profile| _ = profile.push(&now));
            live.swap_profiles();
            assert_eq!(newest_s(), None);
            live.feed.profile.update(|profile| _ = profile.push(&past));
            assert_eq!(newest_s(), utc_s(&past));
            // A frame that arrives meanwhile.
            live.feed.aside.update_value(|aside| _ = aside.push(&later));
            live.swap_profiles();
            assert_eq!(newest_s(), utc_s(&later));
            let segments = live.profile.with_untracked(|profile| profile.segments(PointId::LoadPower, 0.5));
            assert_eq!(segments.iter().map(Vec::len).collect::<Vec<_>>(), [2]);
        });
    }

    #[test]
    fn what_was_loaded_of_the_past_is_not_outdated_without_the_server() {
        Owner::new().with(|| {
            let live = live();
            let outdated = live.outdated();
            for (lost, past, expected) in [(false, false, false), (true, false, true), (true, true, false)] {
                let connection = if lost { Connection::Reconnecting { since_ms: 0.0 } } else { Connection::Live };
                live.feed.connection.set(connection);
                live.feed.past.set(past);
                assert_eq!(outdated.get(), expected, "lost {lost}, past {past}");
            }
        });
    }
}
