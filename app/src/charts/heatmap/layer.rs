//! The heatmap's three canvases: colours (every frame), gaps between the cells (when the size changes), and marks (when a
//! cell changes its state).

use super::marks::{Mark, Marks};
use super::{Beyond, HeatCell, Raster, Scale, colour_of};
use crate::charts::canvas::{self, Pixels};
use crate::charts::palette::{Lut, Palette};
use crate::charts::theme::{ChartTheme, Rgb};
use crate::derived::Derived;
use domain::alarm::{Direction, Severity};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasPattern, CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, ImageData};

/// What the layers draw and where.
#[derive(Clone, Copy)]
pub(super) struct Layers {
    pub(super) cells: Derived<Vec<HeatCell>>,
    pub(super) scale: Derived<Scale>,
    pub(super) palette: Derived<Palette>,
    pub(super) plot: NodeRef<html::Div>,
    pub(super) colours: NodeRef<html::Canvas>,
    pub(super) gaps: NodeRef<html::Canvas>,
    pub(super) marks: NodeRef<html::Canvas>,
    /// Set once the first frame is drawn: the picture of the first paint can go.
    pub(super) drawn: RwSignal<bool>,
}

/// Draws from now on, until the component goes.
pub(super) fn attach(raster: Raster, layers: Layers) {
    let mut painter = Painter {
        layers,
        raster,
        marked: Marks::default(),
        lut: (Palette::default(), Lut::new(Palette::default())),
        theme: ChartTheme::light(),
    };
    let track = move || {
        layers.cells.track();
        layers.scale.track();
        layers.palette.track();
    };
    canvas::drive(layers.plot, track, move |plot, restyle| painter.frame(plot, restyle));
}

struct Painter {
    layers: Layers,
    raster: Raster,
    marked: Marks,
    lut: (Palette, Lut),
    theme: ChartTheme,
}

impl Painter {
    fn frame(&mut self, plot: &HtmlElement, restyle: bool) {
        let start_ms = canvas::now_ms();
        if restyle {
            self.theme = canvas::theme();
            self.draw_gaps(plot);
        }
        let palette = self.layers.palette.get_untracked();
        if self.lut.0 != palette {
            self.lut = (palette, Lut::new(palette));
        }
        let scale = self.layers.scale.get_untracked();
        let count = self.raster.grid().topology().cells();
        let (painted, marked) = self
            .layers
            .cells
            .with_untracked(|cells| (self.raster.paint(cells, scale, &self.lut.1), self.marked.update(cells, count)));
        if painted {
            self.put_colours();
        }
        if marked || restyle {
            self.draw_marks(plot);
        }
        if !self.layers.drawn.get_untracked() {
            self.layers.drawn.set(true);
        }
        let name = if restyle { "heatmap-restyle" } else { "heatmap-frame" };
        canvas::measure(name, start_ms, canvas::now_ms() - start_ms);
    }

    /// One pixel a cell; the style sheet enlarges the canvas without smoothing.
    fn put_colours(&self) {
        let (width, height) = (self.raster.grid().columns() as u32, self.raster.grid().rows() as u32);
        let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(self.raster.bytes()), width, height);
        if let (Ok(image), Some(context)) =
            (image, self.layers.colours.get_untracked().and_then(|c| canvas::context_2d(&c)))
        {
            // Refused only for a canvas without pixels, on which there is nothing to see.
            let _ = context.put_image_data(&image, 0.0, 0.0);
        }
    }

    /// The left, top, width and height of a cell without its gap, in whole pixels of the screen.
    fn cell_box(&self, cell: usize, pixels: Pixels) -> (f64, f64, f64, f64) {
        let share = self.raster.grid().cell_share(cell);
        let (width, height) = (f64::from(pixels.0), f64::from(pixels.1));
        let (left, right) = ((share.x * width).round(), ((share.x + share.width) * width).round());
        let (top, bottom) = ((share.y * height).round(), ((share.y + share.height) * height).round());
        let gap = gap_pixels((right - left).min(bottom - top));
        let (before, after) = ((gap / 2.0).floor(), (gap / 2.0).ceil());
        (left + before, top + before, right - left - before - after, bottom - top - before - after)
    }

    /// The ground with a hole for every cell.
    fn draw_gaps(&self, plot: &HtmlElement) {
        let Some((context, pixels)) = canvas::fitted(self.layers.gaps, plot) else { return };
        context.set_fill_style_str(&css(self.theme.surface));
        context.fill_rect(0.0, 0.0, f64::from(pixels.0), f64::from(pixels.1));
        let boxes = (0..self.raster.grid().topology().cells()).map(|cell| self.cell_box(cell, pixels));
        let radius = 2.0 * canvas::pixel_ratio();
        let (round, square): (Vec<_>, Vec<_>) = boxes.partition(|(_, _, w, h)| w.min(*h) >= 5.0 * radius);
        // Round corners cost fifty times as much as square ones and do not show on thousands of small cells.
        for (x, y, width, height) in square {
            context.clear_rect(x, y, width, height);
        }
        let _ = context.set_global_composite_operation("destination-out");
        context.begin_path();
        for (x, y, width, height) in round {
            let _ = context.round_rect_with_f64(x, y, width, height, radius);
        }
        context.fill();
        let _ = context.set_global_composite_operation("source-over");
    }

    fn draw_marks(&self, plot: &HtmlElement) {
        let Some((context, pixels)) = canvas::fitted(self.layers.marks, plot) else { return };
        context.clear_rect(0.0, 0.0, f64::from(pixels.0), f64::from(pixels.1));
        let boxes = |wanted: fn(Mark) -> bool| {
            self.marked
                .all()
                .iter()
                .filter(move |(_, mark)| wanted(*mark))
                .map(move |(cell, mark)| (self.cell_box(*cell, pixels), *mark))
        };
        if let Some(hatching) = hatching(self.theme.muted) {
            context.set_fill_style_canvas_pattern(&hatching);
            context.begin_path();
            boxes(|mark| mark == Mark::NoValue).for_each(|((x, y, w, h), _)| context.rect(x, y, w, h));
            context.fill();
        }
        for ((x, y, width, height), mark) in boxes(|mark| mark != Mark::NoValue) {
            draw_alarm(&context, (x, y, width, height), mark, &self.theme);
        }
    }
}

/// Opacity of the mark of a cell whose value is too old.
const STALE_MARK_ALPHA: f64 = 0.55;

/// Outline in the text's colour, and the sign of how bad it is, as everywhere: a square, or a triangle, which points the way
/// the value left its limits. Where the cell's colour is that of its value, the sign has the colour.
fn draw_alarm(
    context: &CanvasRenderingContext2d,
    (x, y, width, height): (f64, f64, f64, f64),
    mark: Mark,
    theme: &ChartTheme,
) {
    let pixel = canvas::pixel_ratio();
    let line = if width.min(height) < 10.0 * pixel { pixel } else { 2.0 * pixel };
    let faded = matches!(mark, Mark::StaleOut(_));
    context.set_global_alpha(if faded { STALE_MARK_ALPHA } else { 1.0 });
    context.set_stroke_style_str(&css(theme.text));
    context.set_line_width(line);
    context.begin_path();
    let _ = context.round_rect_with_f64(x - line / 2.0, y - line / 2.0, width + line, height + line, 2.0 * pixel);
    context.stroke();
    let half = (width.min(height) * 0.28).min(5.0 * pixel);
    let (side, severity) = match mark {
        Mark::Out(Beyond { side, severity }) | Mark::StaleOut(Beyond { side, severity }) => (side, severity),
        Mark::Elsewhere(severity) => (Direction::Above, severity),
        Mark::NoValue => return context.set_global_alpha(1.0),
    };
    if half < 1.5 {
        return context.set_global_alpha(1.0);
    }
    let (middle_x, middle_y) = (x + width / 2.0, y + height / 2.0);
    let (base, tip) = if side == Direction::Above { (half * 0.8, -half) } else { (-half * 0.8, half) };
    // White is seen on red; black on amber; neither on every faded ground.
    let elsewhere = matches!(mark, Mark::Elsewhere(_));
    let sign = match severity {
        _ if faded => css(theme.text),
        _ if elsewhere => format!("#{:06x}", colour_of(severity)),
        Severity::Critical => "#fff".to_owned(),
        _ => "#000".to_owned(),
    };
    context.set_fill_style_str(&sign);
    context.begin_path();
    if severity == Severity::Critical {
        let side = 1.6 * half;
        context.rect(middle_x - side / 2.0, middle_y - side / 2.0, side, side);
    } else {
        context.move_to(middle_x - half, middle_y + base);
        context.line_to(middle_x + half, middle_y + base);
        context.line_to(middle_x, middle_y + tip);
        context.close_path();
    }
    context.fill();
    if elsewhere {
        // It is seen on every colour of the palette.
        context.set_stroke_style_str("#fff");
        context.set_line_width(pixel);
        context.stroke();
    }
    context.set_global_alpha(1.0);
}

/// The gap between cells of this size, in pixels of the screen.
fn gap_pixels(cell: f64) -> f64 {
    let pixel = canvas::pixel_ratio();
    if cell >= 10.0 * pixel {
        2.0 * pixel.round()
    } else if cell >= 4.0 {
        1.0
    } else {
        0.0
    }
}

/// Diagonal lines, to fill cells without a value.
fn hatching(colour: Rgb) -> Option<CanvasPattern> {
    let size = 6.0 * canvas::pixel_ratio().round();
    let tile: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    tile.set_width(size as u32);
    tile.set_height(size as u32);
    let context = canvas::context_2d(&tile)?;
    context.set_stroke_style_str(&css(colour));
    context.set_global_alpha(0.7);
    context.set_line_width(canvas::pixel_ratio());
    context.begin_path();
    for shift in [-size, 0.0, size] {
        context.move_to(shift - 1.0, size + 1.0);
        context.line_to(shift + size + 1.0, -1.0);
    }
    context.stroke();
    context.create_pattern_with_html_canvas_element(&tile, "repeat").ok().flatten()
}

fn css(Rgb(r, g, b): Rgb) -> String {
    format!("rgb({r},{g},{b})")
}
