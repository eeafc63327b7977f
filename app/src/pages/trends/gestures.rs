//! Zoom and pan by wheel, by dragging, with two fingers, by double click and with keys. The chart moves at once; what it
//! shows there comes when the server has answered.

use super::choice::{When, between, moved, zoomed};
use crate::charts::line::layout::Layout;
use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::Element;

/// How much one notch of a wheel zooms, and one press of a key.
const WHEEL_ZOOM: f64 = 1.25;
const KEY_ZOOM: f64 = 2.0;
const KEY_MOVE: f64 = 0.25;
/// Dragging begins after so many CSS px: a tap that trembles is no drag.
const DRAG_PX: f64 = 4.0;

/// Fingers or a mouse on the chart: the id of each and the place of it, CSS px.
type Held = Vec<(i32, f64)>;

/// What is needed to turn a place on the chart into a time.
#[derive(Clone, Copy)]
pub(super) struct Gestures {
    /// How the chart is laid out.
    pub layout: RwSignal<Option<Layout>>,
    /// The time that is shown, UTC in s.
    pub window: Signal<(f64, f64)>,
    /// Takes another time.
    pub show: Callback<When>,
    held: StoredValue<Held>,
    /// Where a drag or pinch began: the places and the window then.
    began: StoredValue<Option<(Held, (f64, f64))>>,
}

impl Gestures {
    pub(super) fn new(window: Signal<(f64, f64)>, show: Callback<When>) -> Gestures {
        Gestures {
            layout: RwSignal::new(None),
            window,
            show,
            held: StoredValue::new(Vec::new()),
            began: StoredValue::new(None),
        }
    }

    fn time_at(self, x: f64) -> Option<f64> {
        self.layout.with_untracked(|layout| layout.as_ref().map(|layout| layout.time_at(x)))
    }

    /// Seconds that a CSS px stands for.
    fn s_per_px(self, (from_s, to_s): (f64, f64)) -> f64 {
        let width = self.layout.with_untracked(|layout| layout.as_ref().map_or(1.0, |l| (l.right - l.left).max(1.0)));
        (to_s - from_s) / width
    }

    /// A wheel zooms about the pointer; with Shift, or sideways, it moves.
    pub(super) fn wheel(self, event: &WheelEvent) {
        let window = self.window.get_untracked();
        let (down, side) = (event.delta_y(), event.delta_x());
        event.prevent_default();
        if event.shift_key() || side.abs() > down.abs() {
            let notches = if side == 0.0 { down } else { side };
            self.show.run(moved(window, 0.1 * notches.signum()));
        } else if let Some(at_s) = place(event).and_then(|x| self.time_at(x)) {
            self.show.run(zoomed(window, at_s, if down > 0.0 { WHEEL_ZOOM } else { 1.0 / WHEEL_ZOOM }));
        }
    }

    /// A double click shows half of the time, about the pointer.
    pub(super) fn double_click(self, event: &MouseEvent) {
        if let Some(at_s) = place(event).and_then(|x| self.time_at(x)) {
            self.show.run(zoomed(self.window.get_untracked(), at_s, 1.0 / KEY_ZOOM));
        }
    }

    pub(super) fn down(self, event: &PointerEvent) {
        let Some(x) = place(event) else { return };
        self.held.update_value(|held| {
            held.retain(|(id, _)| *id != event.pointer_id());
            held.push((event.pointer_id(), x));
        });
        self.begin();
    }

    /// From here on: after another finger came or went.
    fn begin(self) {
        let held = self.held.get_value();
        self.began.set_value((!held.is_empty()).then(|| (held, self.window.get_untracked())));
    }

    pub(super) fn drag(self, event: &PointerEvent) {
        let (Some(x), Some((began, window))) = (place(event), self.began.get_value()) else { return };
        let mut held = self.held.get_value();
        let Some(mine) = held.iter_mut().find(|(id, _)| *id == event.pointer_id()) else { return };
        mine.1 = x;
        self.held.set_value(held.clone());
        let s_per_px = self.s_per_px(window);
        match (&began[..], &held[..]) {
            ([(_, before)], [(_, now)]) if (now - before).abs() >= DRAG_PX => {
                if let Some(target) = target(event) {
                    // Keeps the drag when the pointer leaves the chart.
                    let _ = target.set_pointer_capture(event.pointer_id());
                }
                let by_s = (before - now) * s_per_px;
                self.show.run(When::Between(window.0 + by_s, window.1 + by_s));
            }
            ([(_, a0), (_, b0)], [(_, a), (_, b)]) if (a - b).abs() > DRAG_PX => {
                // The times under both fingers stay under them.
                let left = self.layout.with_untracked(|layout| layout.as_ref().map_or(0.0, |layout| layout.left));
                let time = |x: f64| window.0 + (x - left) * s_per_px;
                let scale = (time(*b0) - time(*a0)) / (b - a);
                let from_s = time(*a0) - (a - left) * scale;
                let to_s = from_s + (window.1 - window.0) * (scale / s_per_px);
                if to_s > from_s {
                    self.show.run(between(from_s, to_s));
                }
            }
            _ => {}
        }
    }

    pub(super) fn up(self, event: &PointerEvent) {
        self.held.update_value(|held| held.retain(|(id, _)| *id != event.pointer_id()));
        self.begin();
    }

    /// Plus and minus zoom about the middle, Shift and an arrow move.
    pub(super) fn key(self, event: &KeyboardEvent) {
        let window = self.window.get_untracked();
        let middle_s = (window.0 + window.1) / 2.0;
        let when = match (event.key().as_str(), event.shift_key()) {
            ("+" | "=", _) => zoomed(window, middle_s, 1.0 / KEY_ZOOM),
            ("-" | "_", _) => zoomed(window, middle_s, KEY_ZOOM),
            ("ArrowLeft", true) => moved(window, -KEY_MOVE),
            ("ArrowRight", true) => moved(window, KEY_MOVE),
            _ => return,
        };
        event.prevent_default();
        // The chart's own arrows move its crosshair.
        event.stop_propagation();
        self.show.run(when);
    }
}

fn target(event: &web_sys::Event) -> Option<Element> {
    event.current_target()?.dyn_into().ok()
}

/// Place of the pointer in the element that listens, CSS px.
fn place(event: &MouseEvent) -> Option<f64> {
    Some(f64::from(event.client_x()) - target(event)?.get_bounding_client_rect().left())
}
