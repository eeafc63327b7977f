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
        self.spawn(Arc::new(move || Box::pin(ask())));
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
            self.spawn(ask);
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

    fn spawn(self, ask: Ask) {
        if let Some(flight) = self.start(ask) {
            spawn_local(async move {
                // An aborted one has nothing to tell.
                let _ = flight.await;
            });
        }
    }

    /// A flight that asks; none if one is under way, which will ask when it may.
    fn start(self, ask: Ask) -> Option<Abortable<impl Future<Output = ()>>> {
        let (handle, registration) = AbortHandle::new_pair();
        let number = self.state.try_update_value(|state| match state.flight {
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
        Some(Abortable::new(self.fly(ask, number.flatten()?), registration))
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

/// Waits so long. Browser only.
pub(crate) async fn rest(duration: Duration) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::sync::Mutex;
    use std::task::{Context, Poll, Waker};

    /// Stands for the server: what was asked, and how it answers; it does not yet as long as that is `None`.
    #[derive(Clone, Default)]
    struct Server {
        asked: Arc<Mutex<Vec<&'static str>>>,
        answer: Arc<Mutex<Option<Result<(), FetchError>>>>,
    }

    impl Server {
        fn request(&self, what: &'static str) -> Ask {
            let server = self.clone();
            Arc::new(move || {
                server.asked.lock().unwrap().push(what);
                let server = server.clone();
                Box::pin(poll_fn(move |_| server.answer.lock().unwrap().take().map_or(Poll::Pending, Poll::Ready)))
            })
        }

        fn answers(&self, answer: Result<(), FetchError>) {
            *self.answer.lock().unwrap() = Some(answer);
        }

        fn asked(&self) -> Vec<&'static str> {
            self.asked.lock().unwrap().clone()
        }
    }

    /// Lets a flight go on as far as it can; whether it has come to its end.
    fn goes_on(flight: &mut (impl Future + Unpin)) -> bool {
        Pin::new(flight).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn one_is_under_way_and_of_all_that_come_up_meanwhile_the_newest_is_asked_afterwards() {
        let (owner, server) = (Owner::new(), Server::default());
        owner.with(|| {
            let place = SingleFlight::with_rest(Duration::ZERO);
            let mut flight = Box::pin(place.start(server.request("first")).unwrap());
            assert!(!goes_on(&mut flight) && place.busy());
            for what in ["second", "third"] {
                assert!(place.start(server.request(what)).is_none(), "one is under way");
            }
            assert_eq!(server.asked(), ["first"]);
            server.answers(Ok(()));
            assert!(!goes_on(&mut flight));
            assert_eq!(server.asked(), ["first", "third"]);
            server.answers(Ok(()));
            assert!(goes_on(&mut flight) && !place.busy());
        });
    }

    #[test]
    fn what_is_cancelled_or_has_no_owner_is_dropped_with_all_that_waits() {
        for by_owner in [false, true] {
            let (owner, server) = (Owner::new(), Server::default());
            let (place, flight) = owner.with(|| {
                let place = SingleFlight::with_rest(Duration::ZERO);
                let flight = place.start(server.request("first"));
                assert!(place.start(server.request("second")).is_none());
                (place, flight)
            });
            let mut flight = Box::pin(flight.unwrap());
            assert!(!goes_on(&mut flight));
            if by_owner {
                owner.cleanup();
            } else {
                place.cancel();
            }
            server.answers(Ok(()));
            assert!(goes_on(&mut flight) && !place.busy(), "it is aborted");
            assert_eq!(server.asked(), ["first"]);
        }
    }

    #[test]
    fn what_the_server_could_not_be_asked_is_kept_until_it_is_back() {
        let (owner, server) = (Owner::new(), Server::default());
        owner.with(|| {
            let place = SingleFlight::with_rest(Duration::ZERO);
            let kept = || place.state.with_value(|state| state.lost.is_some());
            for (answer, lost) in [
                (Err(FetchError::NoServer), true),
                (Err(FetchError::Refused("no".to_owned())), false),
                (Err(FetchError::NoServer), true),
                (Ok(()), false),
            ] {
                let mut flight = Box::pin(place.start(server.request("it")).unwrap());
                server.answers(answer.clone());
                assert!(goes_on(&mut flight));
                assert_eq!(kept(), lost, "{answer:?}");
            }
        });
    }
}
