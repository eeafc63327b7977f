//! Progressive hydration: the browser takes over the rendered page part by part, each in a task of its own, so that it
//! can scroll and answer in between.
//!
//! Nothing that a part shows may change before it is hydrated: answers and live frames wait for [`hydrated`]. On the
//! server, and on a page that is drawn anew, [`DeferHydration`] is its content and no more.
//!
//! A part that panics leaves its task by a trap and cleans nothing up. So each task sees to the next one before it
//! begins, and looks whether the one before it came to its end; what did not says so in its place.

use js_sys::{Function, Promise};
use leptos::html;
use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::view::PositionState;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

/// Said in the place of a part that failed, with a way to load the page again.
const FAILED: &str = "This part of the page failed. <a href=\"\" rel=\"external\">Reload</a>";

/// A part that waits: where it stands, and how it is hydrated.
struct Part {
    place: NodeRef<html::Div>,
    hydrate: Box<dyn FnOnce()>,
}

#[derive(Default)]
struct State {
    /// Whether a part is being hydrated now: what is in the document already must not be drawn again.
    hydrating: bool,
    /// Where that part stands; none for the page as a whole.
    running: Option<Element>,
    parts: VecDeque<Part>,
    /// Whether there may be parts to come.
    begun: bool,
    /// Resolve what waits for the last part.
    waiting: Vec<Function>,
    /// Whether a part failed.
    failed: bool,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Hydrates the page: `root` does what is not deferred, the parts follow.
pub fn hydrate_page(root: impl FnOnce()) {
    STATE.with_borrow_mut(|state| (state.begun, state.hydrating) = (true, true));
    next();
    root();
    STATE.with_borrow_mut(|state| state.hydrating = false);
}

/// Waits until every part of the page is hydrated, or has failed.
pub async fn hydrated() {
    if STATE.with_borrow(|state| !state.begun) {
        return;
    }
    let promise = Promise::new(&mut |resolve, _| STATE.with_borrow_mut(|state| state.waiting.push(resolve)));
    let _ = JsFuture::from(promise).await;
}

/// Whether what is drawn here is alive: not on the server, and not before the browser has taken it over.
pub fn alive() -> RwSignal<bool> {
    let alive = RwSignal::new(false);
    // Effects run in browsers alone.
    Effect::new(move |_| alive.set(true));
    alive
}

/// Whether a part failed: another page is to be had by loading its document.
pub fn failed() -> bool {
    STATE.with_borrow(|state| state.failed)
}

/// Hydrates one part in the next task, and so on.
fn next() {
    set_timeout(step, Duration::ZERO);
}

fn step() {
    let (unfinished, part) = STATE.with_borrow_mut(|state| {
        let unfinished = std::mem::take(&mut state.hydrating).then(|| state.running.take());
        state.failed |= unfinished.is_some();
        (unfinished, state.parts.pop_front())
    });
    if let Some(place) = unfinished {
        say_failed(place);
    }
    let Some(part) = part else { return finish() };
    next();
    // The reader may have gone to another page.
    let Some(place) = part.place.try_get_untracked().flatten() else { return };
    STATE.with_borrow_mut(|state| (state.hydrating, state.running) = (true, Some(place.into())));
    (part.hydrate)();
    STATE.with_borrow_mut(|state| (state.hydrating, state.running) = (false, None));
}

fn finish() {
    let waiting = STATE.with_borrow_mut(|state| {
        state.begun = false;
        std::mem::take(&mut state.waiting)
    });
    for resolve in waiting {
        let _ = resolve.call0(&JsValue::NULL);
    }
}

/// Puts the words in the place of what failed, or over the page if that is all of it.
fn say_failed(place: Option<Element>) {
    let words = document().create_element("p").ok().filter(|words| {
        words.set_inner_html(FAILED);
        words.set_class_name(if place.is_some() { "part-failed" } else { "half-loaded" });
        words.set_attribute("role", "alert").is_ok()
    });
    let Some(words) = words else { return };
    match (place, document().body()) {
        (Some(place), _) => {
            place.set_inner_html("");
            let _ = place.append_child(&words);
        }
        (None, Some(body)) => drop(body.append_child(&words)),
        (None, None) => {}
    }
}

/// A part of the page that is hydrated in a task of its own. Its first rendering must equal the server's.
#[component]
pub fn DeferHydration(children: Children) -> impl IntoView {
    if !STATE.with_borrow(|state| state.hydrating) {
        return view! { <div class="later">{children()}</div> }.into_any();
    }
    let (place, owner) = (NodeRef::<html::Div>::new(), Owner::current());
    let hydrate = move || {
        let Some((place, owner)) = place.try_get_untracked().flatten().zip(owner) else { return };
        owner.with(|| {
            let state = children().hydrate::<true>(&Cursor::new(place.into()), &PositionState::default());
            // What keeps the part going ends with the page that it is on.
            StoredValue::new_local(state);
        });
    };
    STATE.with_borrow_mut(|state| state.parts.push_back(Part { place, hydrate: Box::new(hydrate) }));
    view! { <div class="later" node_ref=place></div> }.into_any()
}
