//! Two times laid over each other: which other time, and how it is told apart.

use super::choice::{Against, Choice};
use super::past::{Past, stretch_paths};
use super::times::window_words;
use crate::components::Segmented;
use crate::derived::Derived;
use crate::fetch::FetchError;
use ::api::history::HistoryResponse;
use domain::topology::Topology;
use leptos::prelude::*;
use std::sync::Arc;

/// Another time, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Other {
    /// What is known of it.
    pub(super) stretch: Arc<HistoryResponse>,
    /// How much earlier it is, s.
    pub(super) earlier_s: f64,
    /// What it is called: `a day before`.
    pub(super) words: &'static str,
}

/// Asks for the other time whenever it is another one.
pub(super) fn follow(
    system: &str,
    choice: RwSignal<Choice>,
    window: Signal<(f64, f64)>,
    topology: Topology,
) -> (Derived<Option<Other>>, RwSignal<Option<FetchError>>) {
    let past = Past::<HistoryResponse>::new();
    let system = system.to_owned();
    let against = Derived::new(move || choice.with(|choice| choice.against));
    Effect::new(move |before: Option<Against>| {
        let now = against.get();
        if before != Some(now) {
            // What was known is of another time.
            past.forget();
        }
        if let Some(other) = now.window(window.get()) {
            let traces = choice.with(Choice::traces);
            let (path, otherwise) = stretch_paths(&system, &traces, other, &topology);
            past.want(path, otherwise);
        }
        now
    });
    let other = Derived::new(move || {
        let (against, window) = (against.get(), window.get());
        let earlier_s = against.earlier_s(window)?;
        Some(Other { stretch: past.answer.get(), earlier_s, words: against.words() })
    });
    (other, past.failed)
}

/// The choice of the other time, and how its lines look.
#[component]
pub(super) fn LaidOver(
    /// What is looked at.
    choice: RwSignal<Choice>,
    /// The time that is shown, UTC in s.
    window: Signal<(f64, f64)>,
    /// How far the reader's clock is ahead of UTC, s.
    offset_s: RwSignal<Option<i32>>,
) -> impl IntoView {
    let against = Derived::new(move || choice.with(|choice| choice.against));
    let words = move || {
        let other = against.get().window(window.get())?;
        Some(format!("Pale lines: {}, {}", against.get().words(), window_words(other, offset_s.get()?)))
    };
    view! {
        <div class="trends-against">
            <span aria-hidden="true">"Compare with"</span>
            <Segmented
                name="against"
                legend="Compare with"
                options=Against::ALL.to_vec()
                value=against
                choose=move |against| choice.update(|choice| choice.against = against)
            />
            <p class="trends-window" role="status">{words}</p>
        </div>
    }
}
