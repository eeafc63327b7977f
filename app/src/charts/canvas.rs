//! Glue between drawings and the browser: sizes, colours, animation frames.
//!
//! A drawing is hooked up by [`drive`]: it is called for the next frame, once however much has changed, only while it is
//! on the screen, and never again after its component has gone.

use super::theme::ChartTheme;
use crate::theme::ThemeEpoch;
use leptos::html;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, IntersectionObserver, IntersectionObserverEntry,
    IntersectionObserverInit, MediaQueryList, ResizeObserver,
};

/// What is about to be scrolled onto the screen counts as on it.
const NEAR: &str = "25% 0px";

/// Calls `draw` with the element whenever something that `track` reads, the element's size or the theme has changed; the
/// second argument says that size or theme did, so that every layer must be drawn again.
pub fn drive(element: NodeRef<html::Div>, track: impl Fn() + 'static, draw: impl FnMut(&HtmlElement, bool) + 'static) {
    let epoch = use_context::<ThemeEpoch>();
    let draw = Cell::new(Some(draw));
    let hooks = StoredValue::new_local(None);
    Effect::new(move |_| {
        let Some(element) = element.get() else { return };
        if let Some(draw) = draw.take() {
            hooks.set_value(Some(Hooks::new(element.into(), draw)));
        }
    });
    let invalidate = move |restyle: bool| {
        hooks.with_value(|hooks| {
            if let Some(hooks) = hooks {
                hooks.redraw.invalidate(restyle);
            }
        });
    };
    Effect::new(move |_| {
        track();
        invalidate(false);
    });
    Effect::new(move |_| {
        if let Some(ThemeEpoch(epoch)) = epoch {
            epoch.track();
        }
        invalidate(true);
    });
}

/// Draws for the next frame what was invalidated, however often, and only while its element is on the screen.
///
/// It does not wait for the frame to begin: what is drawn while the browser waits for it need not be drawn in it. What
/// changes after that is drawn when the frame begins.
#[derive(Clone)]
struct Redraw(Rc<Frame>);

struct Frame {
    draw: RefCell<Box<dyn FnMut(bool)>>,
    asked: Cell<bool>,
    restyle: Cell<bool>,
    visible: Cell<bool>,
    /// Whether it was drawn, or will be, before the next frame begins.
    early: Cell<bool>,
}

impl Redraw {
    /// Not on the screen until it is said to be.
    fn new(draw: impl FnMut(bool) + 'static) -> Redraw {
        let no = || Cell::new(false);
        Redraw(Rc::new(Frame {
            draw: RefCell::new(Box::new(draw)),
            asked: no(),
            restyle: Cell::new(true),
            visible: no(),
            early: no(),
        }))
    }

    fn invalidate(&self, restyle: bool) {
        self.0.restyle.set(self.0.restyle.get() || restyle);
        if !self.0.asked.replace(true) && self.0.visible.get() {
            self.request();
        }
    }

    fn request(&self) {
        // A page that nobody sees has no frames, and needs no drawings.
        if !document().hidden() && !self.0.early.replace(true) {
            let frame = Rc::downgrade(&self.0);
            let draw = move || {
                if let Some(frame) = frame.upgrade() {
                    frame.draw();
                }
            };
            set_timeout(draw, Duration::ZERO);
        }
        let frame = Rc::downgrade(&self.0);
        request_animation_frame(move || {
            let Some(frame) = frame.upgrade() else { return };
            frame.early.set(false);
            frame.draw();
        });
    }

    fn set_visible(&self, visible: bool) {
        let came_into_view = visible && !self.0.visible.replace(visible);
        if came_into_view && self.0.asked.get() {
            self.request();
        }
    }
}

impl Frame {
    /// Draws if that was asked for and is not done.
    fn draw(&self) {
        if self.visible.get() && self.asked.replace(false) {
            (self.draw.borrow_mut())(self.restyle.replace(false));
        }
    }
}

/// The browser's calls that lead to a redraw. Unhooks them when dropped.
struct Hooks {
    redraw: Redraw,
    resize: Option<ResizeObserver>,
    intersection: Option<IntersectionObserver>,
    dark: Option<MediaQueryList>,
    restyle: Callback,
    _seen: Callback,
}

/// A function of ours that the browser calls.
type Callback = Closure<dyn FnMut(JsValue)>;

impl Hooks {
    fn new(element: HtmlElement, mut draw: impl FnMut(&HtmlElement, bool) + 'static) -> Hooks {
        let redraw = Redraw::new({
            let element = element.clone();
            move |restyle| draw(&element, restyle)
        });
        let restyle = Callback::new({
            let redraw = redraw.clone();
            move |_| redraw.invalidate(true)
        });
        let seen = Callback::new({
            let redraw = redraw.clone();
            move |entries: JsValue| {
                let newest = js_sys::Array::from(&entries).pop();
                redraw.set_visible(newest.unchecked_into::<IntersectionObserverEntry>().is_intersecting());
            }
        });
        // A browser that lacks one of them draws less often or more often than it could, and is right otherwise.
        let resize = ResizeObserver::new(restyle.as_ref().unchecked_ref()).ok();
        let near = IntersectionObserverInit::new();
        near.set_root_margin(NEAR);
        let intersection = IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &near).ok();
        let dark = dark_query();
        if let Some(resize) = &resize {
            resize.observe(&element);
        }
        match &intersection {
            // It tells at once where the element is.
            Some(intersection) => intersection.observe(&element),
            None => redraw.set_visible(true),
        }
        if let Some(dark) = &dark {
            let _ = dark.add_event_listener_with_callback("change", restyle.as_ref().unchecked_ref());
        }
        redraw.invalidate(true);
        Hooks { redraw, resize, intersection, dark, restyle, _seen: seen }
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        if let Some(resize) = &self.resize {
            resize.disconnect();
        }
        if let Some(intersection) = &self.intersection {
            intersection.disconnect();
        }
        if let Some(dark) = &self.dark {
            let _ = dark.remove_event_listener_with_callback("change", self.restyle.as_ref().unchecked_ref());
        }
    }
}

fn dark_query() -> Option<MediaQueryList> {
    window().match_media("(prefers-color-scheme: dark)").ok().flatten()
}

/// The theme of the page: what its reader chose, else what the system says.
pub fn theme() -> ChartTheme {
    let chosen = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    ChartTheme::new(match chosen.as_deref() {
        Some(chosen) => chosen == "dark",
        None => dark_query().is_some_and(|query| query.matches()),
    })
}

/// A size in the screen's pixels.
pub type Pixels = (u32, u32);

/// Screen pixels in a CSS px.
pub fn pixel_ratio() -> f64 {
    window().device_pixel_ratio().max(1.0)
}

/// The size of an element, CSS px, without its border.
pub fn css_size(element: &HtmlElement) -> (f64, f64) {
    (f64::from(element.client_width()), f64::from(element.client_height()))
}

/// A layer that covers `element`, with as many pixels as the screen has there; cleared only if their number changed.
pub fn fitted(layer: NodeRef<html::Canvas>, element: &HtmlElement) -> Option<(CanvasRenderingContext2d, Pixels)> {
    let canvas = layer.get_untracked()?;
    let (width, height) = css_size(element);
    let pixels = ((width * pixel_ratio()).round() as u32, (height * pixel_ratio()).round() as u32);
    if (canvas.width(), canvas.height()) != pixels {
        canvas.set_width(pixels.0);
        canvas.set_height(pixels.1);
    }
    Some((context_2d(&canvas)?, pixels))
}

/// The canvas's 2D context; `None` if the browser refuses it.
pub fn context_2d(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}

/// The browser's clock, ms, for durations.
pub fn now_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Leaves a duration in the browser's performance timeline if the page's address has `?measure`.
pub fn measure(name: &str, start_ms: f64, duration_ms: f64) {
    thread_local! {
        static WANTED: bool = window().location().search().is_ok_and(|query| query.contains("measure"));
    }
    if !WANTED.with(|wanted| *wanted) {
        return;
    }
    let Some(performance) = window().performance() else { return };
    let options = js_sys::Object::new();
    for (key, value) in [("start", start_ms), ("duration", duration_ms)] {
        let _ = js_sys::Reflect::set(&options, &key.into(), &value.into());
    }
    if let Ok(measure) = js_sys::Reflect::get(&performance, &"measure".into())
        && let Some(measure) = measure.dyn_ref::<js_sys::Function>()
    {
        // Only for benches: an old browser without these options measures nothing.
        let _ = measure.call2(&performance, &name.into(), &options);
    }
}
