//! A question to the server that may come up more often than it should be asked.

use js_sys::Promise;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;
use std::time::Duration;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen_futures::JsFuture;

/// From an answer to the next question.
const REST: Duration = Duration::from_millis(300);

/// Asks one at a time, with a rest after each. What comes up meanwhile is asked once, afterwards.
#[derive(Clone, Copy)]
pub struct Question(StoredValue<State>);

#[derive(Clone, Copy, Default)]
struct State {
    busy: bool,
    again: bool,
}

impl Default for Question {
    fn default() -> Question {
        Question(StoredValue::new(State::default()))
    }
}

impl Question {
    /// Asks now, or when it may. `ask` is called then, and again for all that come up meanwhile, so it must look by itself
    /// at what is of interest.
    pub fn ask<F: Future<Output = ()> + 'static>(self, ask: impl Fn() -> F + 'static) {
        let before = self.0.try_update_value(|state| std::mem::replace(state, State { busy: true, again: state.busy }));
        if before.is_none_or(|before| before.busy) {
            return;
        }
        spawn_local(async move {
            loop {
                ask().await;
                rest(REST).await;
                let again = self.0.try_update_value(|state| {
                    *state = State { busy: state.again, again: false };
                    state.busy
                });
                // Its owner may be gone by now.
                if again != Some(true) {
                    return;
                }
            }
        });
    }
}

/// Waits.
async fn rest(duration: Duration) {
    let promise = Promise::new(&mut |resolve, _| {
        let done = Closure::once_into_js(move || resolve.call0(&wasm_bindgen::JsValue::NULL));
        let _ = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(done.unchecked_ref(), duration.as_millis() as i32);
    });
    let _ = JsFuture::from(promise).await;
}
