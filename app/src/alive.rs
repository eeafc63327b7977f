//! How a rendered page comes to life in the browser: the frame at once, then part by part, each in a task of its own, so
//! that the browser can scroll and answer in between.
//!
//! A part takes over what the server has rendered, so nothing that it shows may change before: answers of the server and
//! live frames wait for [`alive`]. On the server, and on a page that is drawn anew, [`Later`] is its content and no more.

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

type Task = Box<dyn FnOnce()>;

#[derive(Default)]
struct Waiting {
    /// Whether the document is being taken over now: what is in it already must not be drawn again.
    taking_over: bool,
    parts: VecDeque<Task>,
    /// Resolve what waits for the last part.
    then: Vec<Function>,
}

thread_local! {
    static WAITING: RefCell<Waiting> = RefCell::default();
}

/// Takes over what the server has rendered: `hydrate` does the frame, the parts follow.
pub fn take_over(hydrate: impl FnOnce()) {
    taking_over(hydrate);
    next();
}

fn taking_over<T>(hydrate: impl FnOnce() -> T) -> T {
    WAITING.with_borrow_mut(|waiting| waiting.taking_over = true);
    let done = hydrate();
    WAITING.with_borrow_mut(|waiting| waiting.taking_over = false);
    done
}

/// Waits until the whole page is alive.
pub async fn alive() {
    if WAITING.with_borrow(|waiting| waiting.parts.is_empty() && !waiting.taking_over) {
        return;
    }
    let promise = Promise::new(&mut |resolve, _| WAITING.with_borrow_mut(|waiting| waiting.then.push(resolve)));
    let _ = JsFuture::from(promise).await;
}

/// The next part in the next task; after the last one, the page is alive.
fn next() {
    let step = || {
        let part = WAITING.with_borrow_mut(|waiting| waiting.parts.pop_front());
        match part {
            Some(part) => {
                taking_over(part);
                next();
            }
            None => {
                for resolve in WAITING.with_borrow_mut(|waiting| std::mem::take(&mut waiting.then)) {
                    let _ = resolve.call0(&JsValue::NULL);
                }
            }
        }
    };
    set_timeout(step, Duration::ZERO);
}

/// A part of a page that comes to life after the frame. It must not change before: what the server rendered stands there.
#[component]
pub fn Later(children: Children) -> impl IntoView {
    if !WAITING.with_borrow(|waiting| waiting.taking_over) {
        return view! { <div class="later">{children()}</div> }.into_any();
    }
    let (place, owner) = (NodeRef::<html::Div>::new(), Owner::current());
    let part = move || {
        // The reader may have gone to another page.
        let Some((place, owner)) = place.try_get_untracked().flatten().zip(owner) else { return };
        owner.with(|| {
            let state = children().hydrate::<true>(&Cursor::new(place.into()), &PositionState::default());
            // What keeps the part alive goes with the page that it is on.
            StoredValue::new_local(state);
        });
    };
    WAITING.with_borrow_mut(|waiting| waiting.parts.push_back(Box::new(part)));
    view! { <div class="later" node_ref=place></div> }.into_any()
}
