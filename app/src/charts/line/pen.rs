//! The strokes, fills and texts that charts are made of, in CSS px on a backend of finer whole units.

use crate::charts::theme::{ChartTheme, Rgb};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBAColor, RGBColor, ShapeStyle, TextStyle};
use plotters_backend::DrawingErrorKind;

pub(super) use plotters::style::text_anchor::HPos;

/// Width of a line, CSS px.
pub(super) const LINE_PX: f64 = 1.5;

/// Opacity of a line of another time.
const PALE_ALPHA: f64 = 0.4;

/// How fine a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surface {
    /// Units of the backend in a CSS px.
    pub units_per_px: f64,
    /// Units of the backend in a pixel of the screen: hairlines are that thin and lie on whole pixels.
    pub units_per_pixel: i32,
}

/// What a backend answers.
pub(super) type Drawn<DB> = Result<(), DrawingErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// A backend with the units and the theme that everything is drawn with.
pub(super) struct Pen<'a, DB: DrawingBackend> {
    pub(super) backend: &'a mut DB,
    pub(super) surface: Surface,
    pub(super) theme: &'a ChartTheme,
}

impl<DB: DrawingBackend> Pen<'_, DB> {
    fn unit(&self, px: f64) -> i32 {
        (px * self.surface.units_per_px).round() as i32
    }

    pub(super) fn units(&self, x: f64, y: f64) -> (i32, i32) {
        (self.unit(x), self.unit(y))
    }

    /// The start of the screen's pixel that holds `px`.
    fn snapped(&self, px: f64) -> i32 {
        let pixel = self.surface.units_per_pixel.max(1);
        self.unit(px).div_euclid(pixel) * pixel
    }

    pub(super) fn fill(&mut self, from: (f64, f64), to: (f64, f64), colour: Rgb, alpha: f64) -> Drawn<DB> {
        let (from, to) = ((self.snapped(from.0), self.snapped(from.1)), (self.snapped(to.0), self.snapped(to.1)));
        self.backend.draw_rect(from, to, &rgba(colour, alpha), true)
    }

    pub(super) fn hairline_across(&mut self, left: f64, right: f64, y: f64, colour: Rgb) -> Drawn<DB> {
        let y = self.snapped(y);
        let to = (self.snapped(right), y + self.surface.units_per_pixel);
        self.backend.draw_rect((self.snapped(left), y), to, &rgba(colour, 1.0), true)
    }

    pub(super) fn hairline_down(&mut self, x: f64, top: f64, bottom: f64, colour: Rgb, alpha: f64) -> Drawn<DB> {
        let x = self.snapped(x);
        let to = (x + self.surface.units_per_pixel, self.snapped(bottom));
        self.backend.draw_rect((x, self.snapped(top)), to, &rgba(colour, alpha), true)
    }

    pub(super) fn path(&mut self, points: &[(i32, i32)], colour: Rgb) -> Drawn<DB> {
        let stroke_width = self.unit(LINE_PX).max(1) as u32;
        let style = ShapeStyle { color: rgba(colour, 1.0), filled: false, stroke_width };
        self.backend.draw_path(points.iter().copied(), &style)
    }

    /// A line with more points than pixels: strokes of one pixel side by side, as wide together as any other line. A
    /// wider stroke of such a zigzag takes a browser without a graphics card ten times as long.
    pub(super) fn dense_path(&mut self, points: &[(i32, i32)], colour: Rgb) -> Drawn<DB> {
        let pixel = self.surface.units_per_pixel.max(1);
        let (spare, style) = (
            (self.unit(LINE_PX) - pixel).max(0),
            ShapeStyle { color: rgba(colour, 1.0), filled: false, stroke_width: pixel as u32 },
        );
        let strokes = 1 + spare / pixel;
        for stroke in 0..strokes {
            // From half of what is spare above the line to half of it below.
            let down = stroke * spare / (strokes - 1).max(1) - spare / 2;
            self.backend.draw_path(points.iter().map(|(x, y)| (*x, y + down)), &style)?;
        }
        Ok(())
    }

    /// A pale line, a pixel wide: it lies beneath the others and leaves them to be seen.
    pub(super) fn pale_path(&mut self, points: &[(i32, i32)], colour: Rgb) -> Drawn<DB> {
        let stroke_width = self.surface.units_per_pixel.max(1) as u32;
        let style = ShapeStyle { color: rgba(colour, PALE_ALPHA), filled: false, stroke_width };
        self.backend.draw_path(points.iter().copied(), &style)
    }

    pub(super) fn dot(&mut self, at: (i32, i32), radius_px: f64, colour: Rgb) -> Drawn<DB> {
        let radius = self.unit(radius_px).max(1) as u32;
        self.backend.draw_circle(at, radius, &rgba(colour, 1.0), true)
    }

    /// Text whose middle is at the height `y`.
    pub(super) fn text(&mut self, text: &str, x: f64, y: f64, colour: Rgb, anchor: HPos) -> Drawn<DB> {
        let size = self.theme.font_px * self.surface.units_per_px;
        let font = FontDesc::new(FontFamily::Name(self.theme.font_family), size, FontStyle::Normal);
        let colour = rgba(colour, 1.0);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(anchor, VPos::Center));
        let at = self.units(x, y);
        self.backend.draw_text(text, &style, at)
    }
}

pub(super) fn rgba(Rgb(r, g, b): Rgb, alpha: f64) -> RGBAColor {
    RGBColor(r, g, b).mix(alpha)
}
