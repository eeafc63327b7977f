//! What the server knows of the time that is shown: one question at a time, and the newest wish is the next.

use crate::api;
use crate::live::Live;
use domain::point::PointId;
use domain::topology::Topology;
use domain::wire::Wire;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// The past as far as it was asked for.
pub(super) struct Past<T: Send + Sync + 'static> {
    /// The newest answer.
    pub answer: RwSignal<Arc<T>>,
    /// Why the newest question has no answer, in words.
    pub failed: RwSignal<Option<String>>,
    /// Whether no answer has come yet.
    pub empty: RwSignal<bool>,
    asking: StoredValue<bool>,
    wish: StoredValue<Option<String>>,
    /// What was asked last.
    asked: StoredValue<String>,
    /// The newest wish, answered or not.
    wanted: StoredValue<String>,
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
            asking: StoredValue::new(false),
            wish: StoredValue::new(None),
            asked: StoredValue::new(String::new()),
            wanted: StoredValue::new(String::new()),
        };
        Live::expect().on_return(move || {
            if past.failed.with_untracked(Option::is_some) && past.wanted.with_value(|path| !path.is_empty()) {
                past.want(past.wanted.get_value());
            }
        });
        past
    }

    /// Forgets what was answered.
    pub(super) fn forget(self) {
        self.asked.set_value(String::new());
        self.wanted.set_value(String::new());
        self.answer.set(Arc::default());
        self.failed.set(None);
    }

    /// Asks for what is at this path of the API, now or after the question that is on its way. The same path as before is
    /// not asked again.
    pub(super) fn want(self, path: String) {
        if !self.asking.get_value() && self.asked.with_value(|asked| *asked == path) {
            return;
        }
        self.wanted.set_value(path.clone());
        self.wish.set_value(Some(path));
        if self.asking.get_value() {
            return;
        }
        self.asking.set_value(true);
        spawn_local(async move {
            while let Some(Some(path)) = self.wish.try_update_value(Option::take) {
                let answer = api::get_bytes(&path).await;
                let answer = answer
                    .and_then(|bytes| T::from_bytes(&bytes).map_err(|e| format!("The answer cannot be read: {e}")));
                // The page may be gone by now.
                match answer {
                    Ok(answer) => {
                        let _ = self.asked.try_set_value(path);
                        let _ = self.empty.try_set(false);
                        let _ = self.answer.try_set(Arc::new(answer));
                        let _ = self.failed.try_set(None);
                    }
                    Err(words) => drop(self.failed.try_set(Some(words))),
                }
            }
            let _ = self.asking.try_set_value(false);
        });
    }
}

/// How much of the page's width lies beside the plots at least, CSS px.
const BESIDE_PX: f64 = 200.0;

/// Where the curves of `points` and `cells` in the window (UTC in s) are.
pub(super) fn stretch_path(
    system: &str,
    (points, cells): &(Vec<PointId>, Vec<u16>),
    (from_s, to_s): (f64, f64),
    topology: &Topology,
) -> String {
    let mut names: Vec<String> = points.iter().map(|point| point.spec().path.to_owned()).collect();
    for cell in cells {
        let name = String::from(js_sys::encode_uri_component(&topology.cell_name((*cell).into())));
        names.extend(["voltage", "temperature"].map(|quantity| format!("cells/{name}/{quantity}")));
    }
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
