//! An answer of the API, asked again after each change; and the page that waits for its first answers.

use crate::derived::Derived;
use crate::fetch;
use crate::format;
use crate::live::Live;
use crate::playback::span;
use crate::session::Session;
use domain::time::Utc;
use domain::wire::Wire;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Said where scripts are off.
pub(in crate::pages) const NEEDS_SCRIPTS: &str =
    " This page needs scripts, which are off in this browser. Commands can be given without them, on the page Control.";

/// Said of what is in force and not on the disk.
pub(in crate::pages) const UNRECORDED: &str = "This is in force, and not recorded yet: the server cannot write to its disk. It is recorded as soon as that can be; if the server ends before, it is lost.";

/// An answer: what came last, or why nothing did.
pub(in crate::pages) struct Asked<T: Send + Sync + 'static> {
    path: Derived<Option<String>>,
    answer: RwSignal<Option<Result<T, String>>>,
    /// How often it was asked: the last question counts.
    number: StoredValue<u32>,
}

impl<T: Send + Sync + 'static> Copy for Asked<T> {}

impl<T: Send + Sync + 'static> Clone for Asked<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Wire + Send + Sync + Clone + PartialEq + 'static> Asked<T> {
    /// Asks at this address, and again whenever it is another one; not while there is none.
    pub(in crate::pages) fn at(path: Derived<Option<String>>) -> Asked<T> {
        let asked = Asked { path, answer: RwSignal::new(None), number: StoredValue::new(0) };
        if let Some(Opening(waits)) = use_context() {
            let settled = Derived::new(move || path.with(Option::is_none) || asked.answer.with(Option::is_some));
            waits.update_value(|waits| waits.push(settled));
        }
        Effect::new(move |_| {
            path.track();
            asked.again();
        });
        // What could not be asked, or is of before, is asked when the server is back.
        Live::expect().on_return(move || asked.again());
        asked
    }

    /// Asks again.
    pub(in crate::pages) fn again(self) {
        let number = self.number.with_value(|number| number.wrapping_add(1));
        self.number.set_value(number);
        let Some(path) = self.path.get_untracked() else { return self.answer.set(None) };
        spawn_local(async move {
            let answer = fetch::get::<T>(path).await.map_err(|why| why.to_string());
            if self.number.try_get_value() == Some(number) {
                self.answer.try_set(Some(answer));
            }
        });
    }

    /// What came last. The reader runs again when that changes.
    pub(in crate::pages) fn get(self) -> Option<Result<T, String>> {
        self.answer.get()
    }

    /// What is shown of it: the answer, the reason why there is none, or that it is on its way.
    pub(in crate::pages) fn shown(self, show: impl Fn(T) -> AnyView) -> AnyView {
        match self.get() {
            Some(Ok(answer)) => show(answer),
            Some(Err(why)) => view! { <p class="people-failed" role="alert">{format::sentence(&why)}</p> }.into_any(),
            None => view! { <p class="note">"Loading\u{2026}"</p> }.into_any(),
        }
    }
}

/// The first answers that a page waits for: whether each is there, or not asked for. A context.
#[derive(Clone, Copy)]
struct Opening(StoredValue<Vec<Derived<bool>>>);

/// Cards that are seen together, when each has its first answer: how tall they are is not known before, and one that grows
/// moves all below it under the reader's finger. What cannot be asked counts as answered, and says so in its card.
#[component]
pub(in crate::pages) fn Together(
    /// The cards.
    children: Children,
) -> impl IntoView {
    let session = Session::expect();
    let waits = StoredValue::new(Vec::new());
    provide_context(Opening(waits));
    let cards = children();
    let answered = Derived::new(move || {
        (session.now.with(Option::is_some) || session.failed.with(Option::is_some))
            && waits.with_value(|waits| waits.iter().all(Derived::get))
    });
    // Once seen they stay: what is asked later has its place.
    let seen = Derived::with_last(move |last| last == Some(&true) || answered.get());
    view! {
        <div class="people-together" data-seen=move || seen.get().to_string() aria-busy=move || (!seen.get()).to_string()>
            <p class="note people-loading" hidden=seen>"Loading\u{2026}" <noscript>{NEEDS_SCRIPTS}</noscript></p>
            <div class="grid">{cards}</div>
        </div>
    }
    .into_any()
}

/// Day and time where the reader is: `30 Nov 2026, 10:05:00`.
pub(in crate::pages) fn date_time(at: Utc) -> String {
    format!("{}, {}", span::local_day(at.0 as f64 / 1e3), format::local_time(at))
}
