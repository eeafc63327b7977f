//! Heatmap of cells: values to pixels, pure.
//!
//! One pixel a cell, one look-up a pixel, one `put_image_data` a frame; the browser enlarges it without smoothing. Gaps
//! between cells, outlines and hatching lie on layers above that are drawn only when they change (`layer`).
//! Read [`grid`] (where a cell lies), this file (its colour), [`marks`] (what is drawn over it), [`view`] (the component).

pub mod grid;
#[cfg(feature = "hydrate")]
mod layer;
pub mod marks;
mod png;
pub mod scale_bar;
pub mod view;

pub use scale_bar::{HeatmapScale, HeatmapScaleProps};
pub use view::{Heatmap, HeatmapProps};

use super::palette::{CRITICAL, Lut, WARNING, pixel};
use domain::alarm::{Direction, Severity};
use grid::Grid;

/// What the heatmap shows of one cell. Values are in whatever unit the scale has.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum HeatCell {
    /// There is no value: hatched.
    #[default]
    NoValue,
    /// The last good value is too old: faded.
    Stale(f32),
    /// Good and within its limits.
    Good(f32),
    /// Good, and beyond a limit: the colour of its severity, outline and sign.
    Out(f32, Beyond),
    /// Too old, and its alarm stands: as [`HeatCell::Out`], faded.
    StaleOut(Beyond),
    /// Good and within the limits of what is shown, but beyond one of another quantity: its own colour, outline and the
    /// sign of how bad that is.
    Elsewhere(f32, Severity),
}

/// Which limit a cell is beyond: the side, and how bad that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// Above its upper or below its lower limit.
    pub side: Direction,
    /// How bad it is.
    pub severity: Severity,
}

/// The fill of a cell that is beyond a limit, `0xRRGGBB`.
fn colour_of(severity: Severity) -> u32 {
    if severity == Severity::Critical { CRITICAL } else { WARNING }
}

/// The values at the ends of the palette.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Value of the palette's low end.
    pub low: f32,
    /// Value of the palette's high end.
    pub high: f32,
}

impl Scale {
    /// A scale from `low` to `high`.
    pub fn new(low: f32, high: f32) -> Scale {
        Scale { low, high }
    }

    /// How far from low (0) to high (1) a value lies; outside that range if the value is outside the scale.
    #[inline]
    pub fn share(&self, value: f32) -> f32 {
        (value - self.low) / (self.high - self.low).max(f32::MIN_POSITIVE)
    }
}

/// Opacity of a stale cell, of 255.
const STALE_ALPHA: u32 = 0x58;

/// The picture as bytes R, G, B, A, kept from frame to frame.
#[derive(Debug)]
pub struct Raster {
    grid: Grid,
    bytes: Vec<u8>,
}

impl Raster {
    /// A transparent picture.
    pub fn new(grid: Grid) -> Raster {
        Raster { grid, bytes: vec![0; grid.columns() * grid.rows() * 4] }
    }

    /// How its cells are arranged.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The pixels, row by row.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Paints every cell and says whether any pixel changed. Cells that are missing at the end of `cells` have no value.
    pub fn paint(&mut self, cells: &[HeatCell], scale: Scale, lut: &Lut) -> bool {
        let per_module = self.grid.topology().cells_per_module as usize;
        if per_module == 0 {
            return false;
        }
        let factor = 1.0 / (scale.high - scale.low).max(f32::MIN_POSITIVE);
        let colour = |cell: HeatCell| match cell {
            HeatCell::NoValue => 0,
            HeatCell::Good(v) | HeatCell::Elsewhere(v, _) => lut.at((v - scale.low) * factor),
            HeatCell::Stale(v) => lut.at((v - scale.low) * factor) & 0x00ff_ffff | STALE_ALPHA << 24,
            HeatCell::Out(_, beyond) => pixel(colour_of(beyond.severity), 0xff),
            HeatCell::StaleOut(beyond) => pixel(colour_of(beyond.severity), STALE_ALPHA as u8),
        };
        let mut changed = false;
        for module in 0..self.grid.topology().modules() {
            let (column, row) = self.grid.module_origin(module);
            let start = (row * self.grid.columns() + column) * 4;
            let pixels = self.bytes[start..start + per_module * 4].chunks_exact_mut(4);
            let values = cells.get(module * per_module..).unwrap_or_default().iter().copied();
            for (pixel, cell) in pixels.zip(values.chain(std::iter::repeat(HeatCell::NoValue))) {
                let new = colour(cell).to_le_bytes();
                changed |= *pixel != new;
                pixel.copy_from_slice(&new);
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::super::palette::Palette;
    use super::*;
    use domain::topology::Topology;

    const LOW: Beyond = Beyond { side: Direction::Below, severity: Severity::Critical };
    const HIGH: Beyond = Beyond { side: Direction::Above, severity: Severity::Warning };
    const VOLTS: Scale = Scale { low: 2.8, high: 3.4 };

    fn pixel_at(raster: &Raster, cell: usize) -> [u8; 4] {
        let (column, row) = raster.grid().place(cell);
        let start = (row * raster.grid().columns() + column) * 4;
        raster.bytes()[start..start + 4].try_into().unwrap()
    }

    #[test]
    fn every_state_has_its_pixel_whatever_the_palette() {
        let grid = Grid::new(Topology::new(1, 2, 3));
        for palette in Palette::ALL {
            let lut = Lut::new(palette);
            let mut raster = Raster::new(grid);
            let cells = [
                HeatCell::Good(2.8),
                HeatCell::Elsewhere(9.0, Severity::Warning),
                HeatCell::Stale(2.8),
                HeatCell::Out(2.7, LOW),
                HeatCell::NoValue,
            ];
            assert!(raster.paint(&cells, VOLTS, &lut));
            let low = lut.at(0.0).to_le_bytes();
            assert_eq!(pixel_at(&raster, 0), low);
            assert_eq!(pixel_at(&raster, 1), lut.at(1.0).to_le_bytes());
            assert_eq!(pixel_at(&raster, 2), [low[0], low[1], low[2], STALE_ALPHA as u8]);
            assert_eq!(pixel_at(&raster, 3), [0xe5, 0x32, 0x2d, 0xff]);
            assert_eq!(pixel_at(&raster, 4), [0; 4]);
            assert_eq!(pixel_at(&raster, 5), [0; 4], "no entry for this cell");
        }
    }

    #[test]
    fn a_warning_is_not_drawn_as_critical_and_what_is_stale_is_faded() {
        let mut raster = Raster::new(Grid::new(Topology::new(1, 1, 4)));
        let cells =
            [HeatCell::StaleOut(LOW), HeatCell::StaleOut(HIGH), HeatCell::Out(2.7, LOW), HeatCell::Out(3.7, HIGH)];
        raster.paint(&cells, VOLTS, &Lut::new(Palette::Cividis));
        assert_eq!(pixel_at(&raster, 0), [0xe5, 0x32, 0x2d, STALE_ALPHA as u8]);
        assert_eq!(pixel_at(&raster, 1), [0xff, 0xa8, 0x00, STALE_ALPHA as u8]);
        assert_eq!(pixel_at(&raster, 2), [0xe5, 0x32, 0x2d, 0xff]);
        assert_eq!(pixel_at(&raster, 3), [0xff, 0xa8, 0x00, 0xff]);
    }

    #[test]
    fn painting_the_same_again_says_that_nothing_changed() {
        let grid = Grid::new(Topology::new(20, 10, 32));
        let lut = Lut::new(Palette::Cividis);
        let mut raster = Raster::new(grid);
        let mut cells = vec![HeatCell::Good(3.2); 6_400];
        assert!(raster.paint(&cells, VOLTS, &lut));
        assert!(!raster.paint(&cells, VOLTS, &lut));
        cells[6_399] = HeatCell::Out(3.7, HIGH);
        assert!(raster.paint(&cells, VOLTS, &lut));
        assert_eq!(pixel_at(&raster, 6_399), [0xff, 0xa8, 0x00, 0xff]);
        let gap = (2 * grid.columns() + 32) * 4;
        assert_eq!(raster.bytes()[gap..gap + 4], [0; 4], "between racks nothing is painted");
    }

    #[test]
    fn a_scale_without_width_still_has_a_colour_for_its_value() {
        let flat = Scale { low: 3.0, high: 3.0 };
        assert_eq!(flat.share(3.0), 0.0);
        let lut = Lut::new(Palette::Cividis);
        let mut raster = Raster::new(Grid::new(Topology::new(1, 1, 2)));
        raster.paint(&[HeatCell::Good(3.0), HeatCell::Good(3.1)], flat, &lut);
        assert_eq!(pixel_at(&raster, 0), lut.at(0.0).to_le_bytes());
        assert_eq!(pixel_at(&raster, 1), lut.at(1.0).to_le_bytes());
    }
}
