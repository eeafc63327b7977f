//! What the server knows of the time that is shown: one question at a time, and the newest wish is the next.

use super::choice::Traces;
use crate::derived::Derived;
use crate::fetch::{self, FetchError, SingleFlight};
use crate::live::Live;
use domain::topology::Topology;
use domain::wire::Wire;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// The past as far as it was asked for.
pub(super) struct Past<T: Send + Sync + 'static> {
    /// The newest answer.
    pub answer: RwSignal<Arc<T>>,
    /// Why the newest question has no answer.
    pub failed: RwSignal<Option<FetchError>>,
    /// Whether no answer has come yet.
    pub empty: RwSignal<bool>,
    flight: SingleFlight,
    /// The path of the newest answer.
    answered: StoredValue<String>,
}

impl<T: Send + Sync + 'static> Clone for Past<T> {
    fn clone(&self) -> Past<T> {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Past<T> {}

impl<T: Wire + Default + Send + Sync + 'static> Past<T> {
    /// Nothing asked yet. What had no answer is asked again when the server is back.
    pub(super) fn new() -> Past<T> {
        let past = Past {
            answer: RwSignal::default(),
            failed: RwSignal::new(None),
            empty: RwSignal::new(true),
            flight: SingleFlight::with_rest(Duration::ZERO),
            answered: StoredValue::new(String::new()),
        };
        Live::expect().on_return(move || past.flight.ask_lost());
        past
    }

    /// Whether nothing is known because no question had an answer: what follows from answers is not shown then.
    pub(super) fn unknown(self) -> Derived<bool> {
        Derived::new(move || self.empty.get() && self.failed.with(Option::is_some))
    }

    /// Forgets what was answered, and what is on its way.
    pub(super) fn forget(self) {
        self.flight.cancel();
        self.answered.set_value(String::new());
        self.answer.set(Arc::default());
        self.failed.set(None);
    }

    /// Asks for what is at this path of the API, now or after the question that is on its way. The same path as before is
    /// not asked again. If the server refuses it, `otherwise` is asked, and why it was refused is told beside the answer.
    pub(super) fn want(self, path: String, otherwise: Option<String>) {
        if !self.flight.busy() && self.answered.with_value(|answered| *answered == path) {
            return;
        }
        self.flight.ask(move || {
            let (path, otherwise) = (path.clone(), otherwise.clone());
            async move {
                let answer = fetch::get(path.clone()).await;
                self.failed.set(answer.as_ref().err().cloned());
                let answer = match (answer, otherwise) {
                    (Err(FetchError::Refused(_)), Some(otherwise)) => fetch::get(otherwise).await,
                    (answer, _) => answer,
                };
                answer.map(|answer| {
                    self.answered.set_value(path);
                    self.empty.set(false);
                    self.answer.set(Arc::new(answer));
                })
            }
        });
    }
}

/// How much of the page's width lies beside the plots at least, CSS px.
const BESIDE_PX: f64 = 200.0;

/// Where the curves of what is chosen are; and where those without points of devices are, if some are chosen: an address may
/// name points that are no more, and the others are drawn then.
pub(super) fn stretch_paths(
    system: &str,
    traces: &Traces,
    window: (f64, f64),
    topology: &Topology,
) -> (String, Option<String>) {
    let without = Traces { devices: Vec::new(), ..traces.clone() };
    let otherwise = (!traces.devices.is_empty()).then(|| stretch_path(system, &without, window, topology));
    (stretch_path(system, traces, window, topology), otherwise)
}

/// Where the curves of what is chosen in the window (UTC in s) are.
fn stretch_path(
    system: &str,
    Traces { points, cells, devices }: &Traces,
    (from_s, to_s): (f64, f64),
    topology: &Topology,
) -> String {
    let mut names: Vec<String> = points.iter().map(|point| point.spec().path.to_owned()).collect();
    for cell in cells {
        let name = String::from(js_sys::encode_uri_component(&topology.cell_name((*cell).into())));
        names.extend(["voltage", "temperature"].map(|quantity| format!("cells/{name}/{quantity}")));
    }
    names.extend(devices.iter().cloned());
    let (from, to, width) =
        ((from_s * 1e3) as i64, (to_s * 1e3) as i64, (width() - BESIDE_PX).clamp(300.0, 2_000.0) as u32);
    format!("/api/v1/history?system={system}&points={}&from={from}&to={to}&width={width}", names.join(","))
}

/// A minute is known some seconds after its end.
const MINUTE_KNOWN_AFTER_S: f64 = 3.0;

/// Where the map of all cells in the window is. It changes with the minutes, of which the map is made.
pub(super) fn map_path(system: &str, quantity: &str, (from_s, to_s): (f64, f64), cells: usize) -> String {
    let (from, to) = ((from_s / 60.0).floor() as i64, ((to_s - MINUTE_KNOWN_AFTER_S) / 60.0).ceil() as i64);
    // No more than pixels, and no more than can be painted in a moment.
    let width = width().clamp(300.0, 900.0).min(400_000.0 / cells.max(1) as f64).max(1.0) as u32;
    let to = to.max(from + 1);
    format!(
        "/api/v1/cells/history?system={system}&quantity={quantity}&from={}&to={}&width={width}",
        from * 60_000,
        to * 60_000
    )
}

fn width() -> f64 {
    window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or(1_000.0)
}
