//! The last hours, as the server knows them: asked for at once, when other hours are chosen, and every half minute; in
//! playback when the instant has moved as much.

use crate::address::{Address, Navigation};
use crate::derived::Derived;
use crate::fetch::{self, FetchError, SingleFlight};
use crate::format;
use crate::live::Live;
use ::api::home::HomeResponse;
use domain::time::Utc;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// Time between two looks: in half a minute a curve of six hours moves by less than a pixel.
const EVERY: Duration = Duration::from_secs(30);
/// For how many pixels the curves are.
const WIDTH: u32 = 640;
/// What can be chosen, h.
pub(super) const HOURS: [(u32, &str); 5] = [(6, "6 h"), (12, "12 h"), (24, "24 h"), (48, "48 h"), (72, "72 h")];

/// The field of the address that has the hours, and what is shown without it.
const FIELD: &str = "hours";
const FIRST: u32 = 24;

/// The hours that the address says; what cannot be chosen is as at first.
fn chosen(address: &Address) -> u32 {
    let asked = address.field(FIELD).and_then(|text| text.parse().ok());
    asked.filter(|asked| HOURS.iter().any(|(hours, _)| hours == asked)).unwrap_or(FIRST)
}

/// What is said of hours in the address that cannot be chosen.
pub(super) fn wrong_hours(address: &Address) -> Option<String> {
    let asked = address.field(FIELD)?;
    let known = asked.parse().is_ok_and(|asked: u32| HOURS.iter().any(|(hours, _)| *hours == asked));
    let shown = HOURS.iter().find(|(hours, _)| *hours == FIRST).map_or("", |(_, words)| words);
    (!known).then(|| {
        let asked = if asked.is_empty() { String::new() } else { format!("{asked} hours") };
        format::not_a_choice(&asked, &HOURS.map(|(_, words)| words), shown)
    })
}

/// The same address with other hours.
pub(super) fn with_hours(address: &Address, hours: u32) -> String {
    address.with(FIELD, (hours != FIRST).then(|| hours.to_string()).as_deref())
}

/// How the asking goes.
#[derive(Clone, Debug, PartialEq)]
enum Look {
    /// Under way; what is shown is of other hours, or nothing.
    Under,
    /// What is shown was asked for.
    Seen,
    /// The last look failed, in words.
    Failed(FetchError),
}

/// The last hours.
#[derive(Clone, Copy)]
pub(super) struct Past {
    /// How many, chosen by the reader, in the address.
    pub(super) hours: Derived<u32>,
    newest: RwSignal<Option<Arc<HomeResponse>>>,
    look: RwSignal<Look>,
    flight: SingleFlight,
}

impl Past {
    /// Asks from now on, until the page is left.
    pub(super) fn follow(live: &Live) -> Past {
        let navigation = Navigation::expect();
        let past = Past {
            hours: Derived::new(move || chosen(&navigation.at())),
            newest: RwSignal::new(None),
            look: RwSignal::new(Look::Under),
            flight: SingleFlight::default(),
        };
        let live = *live;
        let timer = StoredValue::new(None::<IntervalHandle>);
        // Stands still in the present, where time is the timer's affair.
        let instant = Derived::new(move || match live.past.get() {
            true => live.snapshot.with(|snapshot| snapshot.now.utc.0 / EVERY.as_micros() as i64),
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
                    past.flight.ask(move || past.ask(live));
                }
            };
            renew();
            if let Some(old) = timer.get_value() {
                old.clear();
            }
            timer.set_value(set_interval_with_handle(renew, EVERY).ok());
            hours
        });
        live.on_return(move || past.flight.ask(move || past.ask(live)));
        on_cleanup(move || {
            if let Some(Some(timer)) = timer.try_get_value() {
                timer.clear();
            }
        });
        past
    }

    async fn ask(self, live: Live) -> Result<(), FetchError> {
        let (hours, until) = (self.hours.get_untracked(), live.until());
        let day_ms = day_ms(live.past.get_untracked().then(|| live.snapshot.get_untracked().now.utc));
        let path = format!("/api/v1/home?system={}&hours={hours}&width={WIDTH}&day={day_ms}{until}", live.system().id);
        let answer = fetch::get::<HomeResponse>(path).await;
        // Other hours may have been chosen meanwhile.
        if self.hours.get_untracked() != hours {
            return Ok(());
        }
        let outcome = answer.map(|past| self.newest.set(Some(Arc::new(past))));
        self.look.set(match &outcome {
            Ok(()) => Look::Seen,
            Err(why) => Look::Failed(why.clone()),
        });
        outcome
    }

    /// Something that follows from the past; `None` until there is one.
    pub(super) fn map<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&HomeResponse) -> T + Send + Sync + 'static,
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
                (Look::Failed(why @ FetchError::NoServer), None) => {
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
fn is_empty(past: &HomeResponse) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_kept_in_the_address() {
        for (here, hours, there) in [
            ("/home?system=home", 6, "/home?system=home&hours=6"),
            ("/home?system=home&hours=6", 24, "/home?system=home"),
            ("/home?hours=5", 24, "/home"),
        ] {
            let address = with_hours(&Address::parse(here), hours);
            assert_eq!((address.as_str(), chosen(&Address::parse(&address))), (there, hours));
        }
        assert_eq!(chosen(&Address::parse("/home?hours=5")), 24, "nobody can choose that");
        for (here, expected) in [
            ("/home", None),
            ("/home?hours=48", None),
            (
                "/home?hours=5",
                Some("The address asks for 5 hours. There are 6 h, 12 h, 24 h, 48 h and 72 h; 24 h is shown."),
            ),
            (
                "/home?hours=",
                Some("The address asks for nothing. There are 6 h, 12 h, 24 h, 48 h and 72 h; 24 h is shown."),
            ),
        ] {
            assert_eq!(wrong_hours(&Address::parse(here)).as_deref(), expected, "{here}");
        }
    }
}
