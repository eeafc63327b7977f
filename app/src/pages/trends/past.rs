//! What the server knows of the time that is shown: one question at a time, and the newest wish is the next.

use crate::api;
use domain::point::PointId;
use domain::series::Stretch;
use domain::wire::Wire as _;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// What is wanted: points and window, UTC in s.
pub(super) type Wish = (Vec<PointId>, (f64, f64));

/// The past as far as it was asked for.
#[derive(Clone, Copy)]
pub(super) struct Past {
    /// The newest answer.
    pub stretch: RwSignal<Arc<Stretch>>,
    /// Why the newest question has no answer, in words.
    pub failed: RwSignal<Option<String>>,
    /// Whether no answer has come yet.
    pub empty: RwSignal<bool>,
    asking: StoredValue<bool>,
    wish: StoredValue<Option<Wish>>,
    system: StoredValue<String>,
}

impl Past {
    pub(super) fn new(system: &str) -> Past {
        Past {
            stretch: RwSignal::default(),
            failed: RwSignal::new(None),
            empty: RwSignal::new(true),
            asking: StoredValue::new(false),
            wish: StoredValue::new(None),
            system: StoredValue::new(system.to_owned()),
        }
    }

    /// Asks for this, now or after the question that is on its way.
    pub(super) fn want(self, wish: Wish) {
        self.wish.set_value(Some(wish));
        if self.asking.get_value() {
            return;
        }
        self.asking.set_value(true);
        spawn_local(async move {
            while let Some(Some(wish)) = self.wish.try_update_value(Option::take) {
                let path = self.path(&wish);
                let answer = api::get_bytes(&path).await;
                let answer = answer.and_then(|bytes| {
                    Stretch::from_bytes(&bytes).map_err(|e| format!("The answer cannot be read: {e}"))
                });
                // The page may be gone by now.
                match answer {
                    Ok(stretch) => {
                        let _ = self.stretch.try_set(Arc::new(stretch));
                        let _ = self.failed.try_set(None);
                        let _ = self.empty.try_set(false);
                    }
                    Err(words) => drop(self.failed.try_set(Some(words))),
                }
            }
            let _ = self.asking.try_set_value(false);
        });
    }

    fn path(self, (points, (from_s, to_s)): &Wish) -> String {
        let points: Vec<&str> = points.iter().map(|point| point.spec().path).collect();
        let width = window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or(1_000.0);
        let (from, to, width) = ((from_s * 1e3) as i64, (to_s * 1e3) as i64, width.clamp(300.0, 2_000.0) as u32);
        let (system, points) = (self.system.get_value(), points.join(","));
        format!("/api/v1/history?system={system}&points={points}&from={from}&to={to}&width={width}")
    }
}
