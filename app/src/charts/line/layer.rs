//! The line chart's two canvases: the frame, drawn when it changes, and the lines, drawn with every reading.

use super::layout::{Layout, Size};
use super::{LineChart, draw};
use crate::charts::canvas;
use crate::charts::theme::ChartTheme;
use crate::derived::Derived;
use leptos::html;
use leptos::logging;
use leptos::prelude::*;
use plotters_canvas::CanvasBackend;
use web_sys::HtmlElement;

/// Backend units in a pixel of the screen. The canvas is scaled down by as much, so positions are exact to a quarter.
const UNITS_PER_PIXEL: i32 = 4;

/// What the layers draw and where.
#[derive(Clone, Copy)]
pub(super) struct Layers {
    pub(super) chart: Derived<LineChart>,
    pub(super) plot: NodeRef<html::Div>,
    pub(super) frame: NodeRef<html::Canvas>,
    pub(super) lines: NodeRef<html::Canvas>,
    /// The layout of what is drawn, for the crosshair.
    pub(super) layout: RwSignal<Option<Layout>>,
}

/// Draws from now on, until the component goes.
pub(super) fn attach(layers: Layers) {
    let mut theme = ChartTheme::light();
    let mut framed: Option<Framed> = None;
    let track = move || layers.chart.track();
    canvas::drive(layers.plot, track, move |plot, restyle| {
        if restyle {
            theme = canvas::theme();
            framed = None;
        }
        layers.chart.with_untracked(|chart| frame(layers, plot, &theme, chart, &mut framed));
    });
}

/// What the frame layer shows: while it is the same, only the lines are drawn. Times count from the end of the axis, which
/// moves with every reading without any effect on the picture.
#[derive(PartialEq)]
struct Framed {
    layout: Layout,
    bands: Vec<super::Band>,
    marks: Vec<super::Mark>,
}

impl Framed {
    fn new(chart: &LineChart, layout: &Layout) -> Framed {
        let marks = chart.marks.iter().map(|mark| super::Mark { at: layout.x(mark.at).round(), ..mark.clone() });
        Framed { layout: layout.resting(), bands: chart.bands.clone(), marks: marks.collect() }
    }
}

fn frame(layers: Layers, plot: &HtmlElement, theme: &ChartTheme, chart: &LineChart, framed: &mut Option<Framed>) {
    let start_ms = canvas::now_ms();
    let (width, height) = canvas::css_size(plot);
    if width < 1.0 || height < 1.0 {
        return;
    }
    let size = Size { width, height };
    let surface = draw::Surface {
        units_per_px: canvas::pixel_ratio() * f64::from(UNITS_PER_PIXEL),
        units_per_pixel: UNITS_PER_PIXEL,
    };
    let layout = Layout::new(chart, size, theme.font_px);
    let now = Framed::new(chart, &layout);
    if framed.as_ref() != Some(&now) {
        on_layer(layers.frame, plot, |backend| draw::frame(backend, surface, theme, chart, &layout));
        *framed = Some(now);
    }
    on_layer(layers.lines, plot, |backend| draw::lines(backend, surface, theme, chart, &layout));
    layers.layout.set(Some(layout));
    canvas::measure("line-chart-frame", start_ms, canvas::now_ms() - start_ms);
}

/// Clears a layer and draws on it in units finer than its pixels.
fn on_layer<E: std::fmt::Display>(
    layer: NodeRef<html::Canvas>,
    plot: &HtmlElement,
    drawing: impl FnOnce(&mut CanvasBackend) -> Result<(), E>,
) {
    let Some((context, pixels)) = canvas::fitted(layer, plot) else { return };
    let Some(mut backend) = layer.get_untracked().and_then(CanvasBackend::with_canvas_object) else { return };
    let fine = 1.0 / f64::from(UNITS_PER_PIXEL);
    // These fail only for numbers that are not finite; these are.
    let _ = context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
    context.clear_rect(0.0, 0.0, f64::from(pixels.0), f64::from(pixels.1));
    let _ = context.set_transform(fine, 0.0, 0.0, fine, 0.0, 0.0);
    // Mitred joins would draw spikes at the peaks of noise; round ones cost several times as much where there are
    // thousands of them, and look the same.
    context.set_line_join("bevel");
    context.set_line_cap("butt");
    if let Err(error) = drawing(&mut backend) {
        logging::error!("A chart could not be drawn: {error}");
    }
}
