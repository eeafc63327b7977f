//! Where the reader was on each page of the history: the way back leads to the same place.
//!
//! An entry of the browser's history has a number as its state. What it was scrolled to is remembered here as long as the
//! document lives; a document that is loaded anew is scrolled by the browser.

use leptos::ev;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{HtmlElement, ResizeObserver, ScrollRestoration};

/// The entries of the history that were seen in this document.
#[derive(Clone, Copy)]
pub(super) struct Entries(StoredValue<State>);

#[derive(Default)]
struct State {
    /// The number of the entry that is shown.
    here: f64,
    /// What each entry was scrolled to when it was left, CSS px.
    scrolled: Vec<(f64, f64)>,
}

impl Entries {
    pub(super) fn new() -> Entries {
        Entries(StoredValue::new(State::default()))
    }

    /// From now on this document scrolls by itself on the way back.
    pub(super) fn follow(self) {
        let known = number();
        self.0.update_value(|state| state.here = known.unwrap_or_else(js_sys::Date::now));
        if let (None, Ok(history)) = (known, window().history()) {
            let _ = history.replace_state_with_url(&self.here(), "", None);
        }
        scroll_by(ScrollRestoration::Manual);
        window_event_listener(ev::pagehide, |_| scroll_by(ScrollRestoration::Auto));
        window_event_listener(ev::pageshow, |_| scroll_by(ScrollRestoration::Manual));
    }

    /// Remembers the place on the entry that is left.
    pub(super) fn leave(self) {
        let y = window().scroll_y().unwrap_or_default();
        self.0.update_value(|state| {
            let here = state.here;
            match state.scrolled.iter_mut().find(|(number, _)| *number == here) {
                Some((_, scrolled)) => *scrolled = y,
                None => state.scrolled.push((here, y)),
            }
        });
    }

    /// The number of the entry that is shown.
    pub(super) fn here(self) -> JsValue {
        JsValue::from_f64(self.0.with_value(|state| state.here))
    }

    /// The number of a new entry, which is shown from now on.
    pub(super) fn enter(self) -> JsValue {
        self.0.update_value(|state| state.here = js_sys::Date::now().max(state.here + 1.0));
        self.here()
    }

    /// The browser went to another entry: what it was scrolled to. `None` if that is a place on the same page, which the
    /// browser has made an entry of by itself.
    pub(super) fn arrive(self) -> Option<f64> {
        let here = number()?;
        self.leave();
        self.0.try_update_value(|state| {
            state.here = here;
            state.scrolled.iter().find(|(number, _)| *number == here).map_or(0.0, |(_, y)| *y)
        })
    }
}

/// So long after the way back what is above may still come, ms.
const COMES_WITHIN: Duration = Duration::from_secs(3);

/// Scrolls to where the reader was, and there again each time that the page grows or shrinks while its parts come, until
/// the reader does something.
pub(super) fn scroll_back(y: f64) {
    let scroll = move || window().scroll_to_with_x_and_y(0.0, y);
    scroll();
    let Some(main) = document().get_element_by_id("main") else { return };
    let again = Closure::<dyn Fn()>::new(scroll);
    let Ok(grows) = ResizeObserver::new(again.as_ref().unchecked_ref()) else { return };
    grows.observe(&main);
    let over = move || grows.disconnect();
    for event in ["wheel", "touchstart", "pointerdown", "keydown", "popstate"] {
        let over = over.clone();
        let listener = window_event_listener_untyped(event, move |_| over());
        set_timeout(move || listener.remove(), COMES_WITHIN);
    }
    set_timeout(
        move || {
            over();
            drop(again);
        },
        COMES_WITHIN,
    );
}

/// The number that the browser has for the entry that it shows.
fn number() -> Option<f64> {
    window().history().and_then(|history| history.state()).ok()?.as_f64()
}

fn scroll_by(whom: ScrollRestoration) {
    if let Ok(history) = window().history() {
        let _ = history.set_scroll_restoration(whom);
    }
}

/// Puts the focus on the heading of the page, or on what the address names: there a screen reader goes on.
pub(super) fn focus(place: Option<&str>) {
    let named = place.and_then(|place| document().get_element_by_id(place));
    let found = named.or_else(|| document().query_selector("main h1").ok().flatten());
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        if element.tab_index() < 0 {
            element.set_tab_index(-1);
        }
        let _ = element.focus();
    }
}
