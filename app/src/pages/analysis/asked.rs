//! Something that was asked of the server, and what came of it. A newer question makes the older one's answer void.

use crate::api;
use ::api::analysis::AnalysisResponse;
use domain::wire::Wire as _;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;
use std::sync::Arc;

/// How it went.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum State {
    /// Nothing was asked yet.
    #[default]
    Idle,
    /// Asked, no answer yet.
    Waiting,
    /// Cancelled by the person.
    Cancelled,
    /// The answer.
    Answered(Arc<AnalysisResponse>),
    /// Why there is none.
    Failed(String),
}

impl State {
    /// Whether there is no answer because the server could not be reached.
    pub(super) fn lost_server(&self) -> bool {
        matches!(self, State::Failed(why) if why == api::NO_SERVER)
    }
}

/// A place for one question at a time.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// How it went.
    pub(super) state: RwSignal<State>,
    turn: StoredValue<u32>,
}

impl Asked {
    /// Nothing asked yet.
    pub(super) fn new() -> Asked {
        Asked { state: RwSignal::new(State::Idle), turn: StoredValue::new(0) }
    }

    /// Asks; the bytes of an [`AnalysisResponse`] are to come.
    pub(super) fn ask(self, bytes: impl Future<Output = Result<Vec<u8>, String>> + 'static) {
        let turn = self.next(State::Waiting);
        spawn_local(async move {
            let answer = bytes.await.and_then(|bytes| {
                AnalysisResponse::from_bytes(&bytes).map_err(|error| format!("The answer cannot be read ({error})"))
            });
            if self.turn.try_get_value() == Some(turn) {
                self.state.set(answer.map_or_else(State::Failed, |answer| State::Answered(Arc::new(answer))));
            }
        });
    }

    /// Asks with a `GET`.
    pub(super) fn get(self, path: String) {
        self.ask(async move { api::get_bytes(&path).await });
    }

    /// Forgets the question: its answer will be void.
    pub(super) fn cancel(self) {
        self.next(State::Cancelled);
    }

    /// Takes back what was said of a server that could not be reached.
    pub(super) fn clear_lost(self) {
        if self.state.with_untracked(State::lost_server) {
            self.next(State::Idle);
        }
    }

    fn next(self, state: State) -> u32 {
        self.turn.update_value(|turn| *turn += 1);
        self.state.set(state);
        self.turn.get_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_could_not_be_reached_is_asked_again() {
        for (state, again) in [
            (State::Idle, false),
            (State::Waiting, false),
            (State::Failed("No connection to the server".to_owned()), true),
            (State::Failed("kw: \"x\" is not a number".to_owned()), false),
        ] {
            assert_eq!(state.lost_server(), again, "{state:?}");
        }
    }
}
