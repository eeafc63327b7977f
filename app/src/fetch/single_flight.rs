//! One request at a time, for what comes up more often than it should be asked.
//!
//! What comes up while one is under way is asked once, afterwards, as it is wanted then (trailing coalescing). A request
//! that nobody waits for any longer is aborted: by [`SingleFlight::cancel`], and when its owner is gone.

use super::FetchError;
use futures_util::future::{AbortHandle, Abortable};
use js_sys::Promise;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen_futures::JsFuture;

/// From an answer to the next request, where requests follow what a person sees.
pub const REST: Duration = Duration::from_millis(300);

/// Sends the request and applies its answer.
type Ask = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), FetchError>>>> + Send + Sync>;

/// A place for one request at a time.
#[derive(Clone, Copy)]
pub struct SingleFlight {
    rest: Duration,
    state: StoredValue<State>,
}

#[derive(Default)]
struct State {
    /// Raised with each flight and each cancelling: a flight of another number has nothing more to say.
    number: u32,
    /// Ends the request that is under way, and the rest after it.
    flight: Option<AbortHandle>,
    /// What came up meanwhile.
    next: Option<Ask>,
    /// The last request, if the server could not be reached.
    lost: Option<Ask>,
}

impl Default for SingleFlight {
    /// With a pause of 300 ms after each answer.
    fn default() -> SingleFlight {
        SingleFlight::with_rest(REST)
    }
}

impl SingleFlight {
    /// With a pause of `rest` after each answer.
    pub fn with_rest(rest: Duration) -> SingleFlight {
        let flight = SingleFlight { rest, state: StoredValue::new(State::default()) };
        on_cleanup(move || flight.cancel());
        flight
    }

    /// Asks now, or when it may. `ask` is called then, so it must look by itself at what is of interest; it applies the
    /// answer and returns how it went.
    pub fn ask<F>(self, ask: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), FetchError>> + 'static,
    {
        self.start(Arc::new(move || Box::pin(ask())));
    }

    /// Asks now: the request that is under way is aborted.
    pub fn ask_instead<F>(self, ask: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), FetchError>> + 'static,
    {
        self.cancel();
        self.ask(ask);
    }

    /// Asks again what had no answer because the server could not be reached.
    pub fn ask_lost(self) {
        if let Some(ask) = self.state.try_update_value(|state| state.lost.take()).flatten() {
            self.start(ask);
        }
    }

    /// Aborts the request that is under way, and forgets what came up meanwhile.
    pub fn cancel(self) {
        let flight = self.state.try_update_value(|state| {
            let number = state.number.wrapping_add(1);
            std::mem::replace(state, State { number, ..State::default() }).flight
        });
        if let Some(flight) = flight.flatten() {
            flight.abort();
        }
    }

    /// Whether a request is under way, or the rest after it.
    pub fn busy(self) -> bool {
        self.state.try_with_value(|state| state.flight.is_some()).unwrap_or_default()
    }

    fn start(self, ask: Ask) {
        let (handle, registration) = AbortHandle::new_pair();
        let start = self.state.try_update_value(|state| match state.flight {
            Some(_) => {
                state.next = Some(ask.clone());
                None
            }
            None => {
                state.number = state.number.wrapping_add(1);
                state.flight = Some(handle);
                Some(state.number)
            }
        });
        if let Some(number) = start.flatten() {
            let flight = Abortable::new(self.fly(ask, number), registration);
            spawn_local(async move {
                // An aborted one has nothing to tell.
                let _ = flight.await;
            });
        }
    }

    async fn fly(self, mut ask: Ask, number: u32) {
        loop {
            let lost = ask().await == Err(FetchError::NoServer);
            // Its owner may be gone by now, or what came of the answer has cancelled it.
            if self.mine(number, |state| state.lost = lost.then(|| ask.clone())).is_none() {
                return;
            }
            rest(self.rest).await;
            let next = self.mine(number, |state| {
                let next = state.next.take();
                if next.is_none() {
                    state.flight = None;
                }
                next
            });
            match next.flatten() {
                Some(next) => ask = next,
                None => return,
            }
        }
    }

    /// Changes the state, if the flight of this number is the one that is under way.
    fn mine<T>(self, number: u32, change: impl FnOnce(&mut State) -> T) -> Option<T> {
        self.state.try_update_value(|state| (state.number == number).then(|| change(state))).flatten()
    }
}

/// Waits.
async fn rest(duration: Duration) {
    if duration.is_zero() {
        return;
    }
    let promise = Promise::new(&mut |resolve, _| {
        let done = Closure::once_into_js(move || resolve.call0(&wasm_bindgen::JsValue::NULL));
        let _ = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(done.unchecked_ref(), duration.as_millis() as i32);
    });
    let _ = JsFuture::from(promise).await;
}
