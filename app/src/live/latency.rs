//! From a reading's arrival at the server to its pixel: measured by every page, all the time.
//!
//! The two ends are read on two clocks, the server's and the browser's. On one machine they are the same; elsewhere the
//! figure contains their difference, and pages say so.

use crate::order;
use domain::twin::Snapshot;
use js_sys::{Function, Object, Reflect};
use std::collections::VecDeque;
use wasm_bindgen::{JsCast, JsValue};

/// How many frames the percentiles look back.
const KEPT: usize = 300;

/// The delay of the last 300 frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// The delay that half of the frames keep to, ms.
    pub p50_ms: f32,
    /// The delay that 99 of 100 frames keep to, ms.
    pub p99_ms: f32,
    /// How many frames were measured, at most 300.
    pub frames: usize,
}

/// The delays of the last frames, ms.
#[derive(Debug, Default)]
pub(super) struct Delays(VecDeque<f32>);

impl Delays {
    /// Takes the delay of one frame.
    pub(super) fn push(&mut self, delay_ms: f32) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(delay_ms);
    }

    /// What they say; `None` before the first.
    pub(super) fn summary(&self) -> Option<Latency> {
        let mut sorted: Vec<f32> = self.0.iter().copied().collect();
        order::sort_by(&mut sorted, |a, b| a < b);
        // Nearest rank: of n values, the one at ceil(share * n), counted from 1.
        let rank = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Latency { p50_ms: rank(50)?, p99_ms: rank(99)?, frames: sorted.len() })
    }
}

/// When the newest reading of `snapshot` arrived at the server, in ms since 1970.
pub(super) fn received_ms(snapshot: &Snapshot) -> f64 {
    let ago_us = snapshot.now.mono.since(snapshot.received).as_micros() as f64;
    (snapshot.now.utc.0 as f64 - ago_us) / 1_000.0
}

/// Adds an entry to the browser's performance timeline, for a profiler or a test to read. Times in ms since 1970.
pub(super) fn record(performance: &web_sys::Performance, start_ms: f64, end_ms: f64) {
    let options = Object::new();
    for (name, at_ms) in [("start", start_ms), ("end", end_ms)] {
        let at = JsValue::from_f64((at_ms - performance.time_origin()).max(0.0));
        let _ = Reflect::set(&options, &JsValue::from_str(name), &at);
    }
    let measure = Reflect::get(performance, &JsValue::from_str("measure")).ok();
    if let Some(measure) = measure.and_then(|m| m.dyn_into::<Function>().ok()) {
        let _ = measure.call2(performance, &JsValue::from_str("frame-to-pixel"), &options);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::{Mono, Now, Utc};

    #[test]
    fn percentiles_are_of_the_newest_frames() {
        let mut delays = Delays::default();
        assert_eq!(delays.summary(), None);
        (0..50).for_each(|_| delays.push(9_999.0));
        (1..=300).for_each(|ms| delays.push(ms as f32));
        assert_eq!(delays.summary(), Some(Latency { p50_ms: 150.0, p99_ms: 297.0, frames: 300 }));
    }

    #[test]
    fn the_arrival_is_told_on_the_wall_clock() {
        let now = Now { utc: Utc(1_700_000_000_500_000), mono: Mono(9_000_000) };
        let snapshot = Snapshot { now, received: Mono(8_900_000), ..Snapshot::default() };
        assert_eq!(received_ms(&snapshot), 1_700_000_000_400.0);
    }
}
