//! Something that was asked of the server, and what came of it. A newer question aborts the older one.

use crate::fetch::{FetchError, SingleFlight};
use ::api::analysis::AnalysisResponse;
use leptos::prelude::*;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How it went.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum State {
    /// Nothing was asked yet.
    #[default]
    Idle,
    /// Query, no answer yet.
    Waiting,
    /// Cancelled by the person.
    Cancelled,
    /// The answer.
    Answered(Arc<AnalysisResponse>),
    /// Why there is none.
    Failed(FetchError),
}

/// A place for one question at a time.
#[derive(Clone, Copy)]
pub(super) struct Query {
    /// How it went.
    pub(super) state: RwSignal<State>,
    flight: SingleFlight,
}

impl Query {
    /// Nothing asked yet.
    pub(super) fn new() -> Query {
        Query { state: RwSignal::new(State::Idle), flight: SingleFlight::with_rest(Duration::ZERO) }
    }

    /// Asks, in the place of what was asked before.
    pub(super) fn ask<F>(self, ask: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<AnalysisResponse, FetchError>> + 'static,
    {
        self.flight.ask_instead(move || {
            self.state.set(State::Waiting);
            let answer = ask();
            async move {
                let answer = answer.await;
                self.state.set(match &answer {
                    Ok(answer) => State::Answered(Arc::new(answer.clone())),
                    Err(why) => State::Failed(why.clone()),
                });
                answer.map(drop)
            }
        });
    }

    /// Asks again what could not be asked because the server was away.
    pub(super) fn ask_lost(self) {
        self.flight.ask_lost();
    }

    /// Aborts the question.
    pub(super) fn cancel(self) {
        self.flight.cancel();
        self.state.set(State::Cancelled);
    }

    /// Takes back what was said of a server that could not be reached.
    pub(super) fn clear_lost(self) {
        if self.state.with_untracked(|state| *state == State::Failed(FetchError::NoServer)) {
            self.state.set(State::Idle);
        }
    }
}
