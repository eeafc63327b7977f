//! The last hours, as the server knows them: asked for at once, when other hours are chosen, and every half minute; in
//! playback when the instant has moved as much.

use crate::api;
use crate::derived::Derived;
use crate::live::{Live, Question};
use domain::home::HomePast;
use domain::time::Utc;
use domain::wire::Wire as _;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// Time between two looks: in half a minute a curve of six hours moves by less than a pixel.
const EVERY: Duration = Duration::from_secs(30);
/// For how many pixels the curves are.
const WIDTH: u32 = 640;
/// What can be chosen, h.
pub(super) const HOURS: [(u32, &str); 5] = [(6, "6 h"), (12, "12 h"), (24, "24 h"), (48, "48 h"), (72, "72 h")];

/// How the asking goes.
#[derive(Clone, Debug, PartialEq)]
enum Look {
    /// Under way; what is shown is of other hours, or nothing.
    Under,
    /// What is shown was asked for.
    Seen,
    /// The last look failed, in words.
    Failed(String),
}

/// The last hours.
#[derive(Clone, Copy)]
pub(super) struct Past {
    /// How many, chosen by the reader.
    pub(super) hours: RwSignal<u32>,
    newest: RwSignal<Option<Arc<HomePast>>>,
    look: RwSignal<Look>,
    question: Question,
}

impl Past {
    /// Asks from now on, until the page is left.
    pub(super) fn follow(live: &Live) -> Past {
        let past = Past {
            hours: RwSignal::new(24),
            newest: RwSignal::new(None),
            look: RwSignal::new(Look::Under),
            question: Question::default(),
        };
        let live = *live;
        let timer = StoredValue::new(None::<IntervalHandle>);
        // Stands still in the present, where time is the timer's affair.
        let instant = Derived::new(move || match live.past.get() {
            true => live.moment.with(|moment| moment.now.utc.0 / EVERY.as_micros() as i64),
            false => 0,
        });
        Effect::new(move |before: Option<u32>| {
            let hours = past.hours.get();
            instant.get();
            if before != Some(hours) {
                past.look.set(Look::Under);
            }
            let renew = move || {
                if !document().hidden() {
                    past.question.ask(move || past.ask(live));
                }
            };
            renew();
            if let Some(old) = timer.get_value() {
                old.clear();
            }
            timer.set_value(set_interval_with_handle(renew, EVERY).ok());
            hours
        });
        live.on_return(move || past.question.ask(move || past.ask(live)));
        on_cleanup(move || {
            if let Some(Some(timer)) = timer.try_get_value() {
                timer.clear();
            }
        });
        past
    }

    async fn ask(self, live: Live) {
        let (hours, until) = (self.hours.get_untracked(), live.until());
        let day_ms = day_ms(live.past.get_untracked().then(|| live.moment.get_untracked().now.utc));
        let path = format!("/api/v1/home?system={}&hours={hours}&width={WIDTH}&day={day_ms}{until}", live.system().id);
        let answer = api::get_bytes(&path).await.and_then(|bytes| {
            HomePast::from_bytes(&bytes).map_err(|error| format!("The answer cannot be read ({error})"))
        });
        // The page may have been left meanwhile, or other hours chosen.
        if self.hours.try_get_untracked() != Some(hours) {
            return;
        }
        let look = match answer {
            Ok(past) => {
                self.newest.try_set(Some(Arc::new(past)));
                Look::Seen
            }
            Err(why) => Look::Failed(why),
        };
        self.look.try_set(look);
    }

    /// Something that follows from the past; `None` until there is one.
    pub(super) fn map<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&HomePast) -> T + Send + Sync + 'static,
    ) -> Derived<Option<T>> {
        Derived::new(move || self.newest.with(|past| past.as_deref().map(&read)))
    }

    /// What the end of the curves' time is called.
    pub(super) fn end(self, live: Live) -> Derived<&'static str> {
        Derived::new(move || match (live.past.get(), self.look.get()) {
            (true, _) => "then",
            (false, Look::Failed(_)) => "last answer",
            (false, _) => "now",
        })
    }

    /// What there is to say about the curves.
    pub(super) fn words(self) -> Derived<String> {
        Derived::new(move || {
            let hours = self.hours.get();
            let known = self.newest.with(|past| past.as_deref().map(is_empty));
            match (self.look.get(), known) {
                (Look::Failed(why), None) if why == api::NO_SERVER => {
                    format!("{why}. The last {hours} hours are not known.")
                }
                (Look::Failed(why), None) => format!("{why}. Live values go on."),
                (Look::Failed(why), Some(_)) => format!("{why}. The curves are those of the last answer."),
                (Look::Under, _) => format!("Loading the last {hours} hours"),
                (Look::Seen, Some(true)) => {
                    format!("There are no readings in the last {hours} hours. Curves begin with the first one.")
                }
                (Look::Seen, _) => String::new(),
            }
        })
    }
}

/// Whether no curve has a value.
fn is_empty(past: &HomePast) -> bool {
    past.curves.series.iter().flat_map(|series| &series.values).all(Option::is_none)
}

/// The start of the reader's day at an instant, or now, ms since 1970-01-01 UTC.
fn day_ms(at: Option<Utc>) -> i64 {
    let date = match at {
        Some(at) => js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at.0 as f64 / 1e3)),
        None => js_sys::Date::new_0(),
    };
    date.set_hours(0);
    date.set_minutes(0);
    date.set_seconds(0);
    date.set_milliseconds(0);
    date.get_time() as i64
}
