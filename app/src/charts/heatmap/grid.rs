//! Where a cell lies in the picture, and which cell a pointer or a key means.
//!
//! The picture is a raster of one pixel a cell, which the browser enlarges. One rack: modules are rows, cells are
//! columns. Several racks: each is such a block, the blocks are tiled, with a free column between them and two free
//! rows above each for its name. Everything here is in shares (0 to 1) of the picture, so it holds at any size.

use domain::topology::{CellPosition, Topology};

/// Free raster columns between two racks.
const GAP_COLUMNS: usize = 1;
/// Free raster rows above each rack, for its name.
const NAME_ROWS: usize = 2;

/// The arrangement of cells in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    topology: Topology,
    racks_across: usize,
}

/// A rectangle in shares of the picture's width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Left edge, 0 to 1.
    pub x: f64,
    /// Upper edge, 0 to 1.
    pub y: f64,
    /// Width, 0 to 1.
    pub width: f64,
    /// Height, 0 to 1.
    pub height: f64,
}

/// A step of the keyboard over the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One cell to the left.
    Left,
    /// One cell to the right.
    Right,
    /// One module up.
    Up,
    /// One module down.
    Down,
    /// To the first cell of the module.
    Home,
    /// To the last cell of the module.
    End,
    /// To the same cell of the rack before, or of the first module where there is one rack.
    PageUp,
    /// To the same cell of the next rack, or of the last module where there is one rack.
    PageDown,
}

impl Step {
    /// The step that a key asks for, by the browser's name of the key.
    pub fn from_key(key: &str) -> Option<Step> {
        Some(match key {
            "ArrowLeft" => Step::Left,
            "ArrowRight" => Step::Right,
            "ArrowUp" => Step::Up,
            "ArrowDown" => Step::Down,
            "Home" => Step::Home,
            "End" => Step::End,
            "PageUp" => Step::PageUp,
            "PageDown" => Step::PageDown,
            _ => return None,
        })
    }
}

impl Grid {
    /// The picture of `topology`, with as many racks side by side as make it about twice as wide as high.
    pub fn new(topology: Topology) -> Grid {
        let racks = (topology.racks as usize).max(1);
        let width_over_height = |across: usize| {
            let grid = Grid { topology, racks_across: across };
            (grid.columns() as f64 / grid.rows().max(1) as f64).max(1e-9)
        };
        let off = |across: usize| (width_over_height(across) / 2.0).ln().abs();
        let racks_across = (1..=racks).min_by(|a, b| off(*a).total_cmp(&off(*b))).unwrap_or(1);
        Grid { topology, racks_across }
    }

    /// The arrangement that it shows.
    pub fn topology(&self) -> Topology {
        self.topology
    }

    /// Whether racks are tiled.
    pub fn is_tiled(&self) -> bool {
        self.topology.racks > 1
    }

    fn name_rows(&self) -> usize {
        if self.is_tiled() { NAME_ROWS } else { 0 }
    }

    /// Raster width.
    pub fn columns(&self) -> usize {
        self.racks_across * (self.topology.cells_per_module as usize + GAP_COLUMNS) - GAP_COLUMNS
    }

    /// Raster height.
    pub fn rows(&self) -> usize {
        let down = (self.topology.racks as usize).div_ceil(self.racks_across);
        down * (self.topology.modules_per_rack as usize + self.name_rows())
    }

    /// Raster column and row of the first cell of a rack.
    fn rack_origin(&self, rack: usize) -> (usize, usize) {
        let (across, down) = (rack % self.racks_across, rack / self.racks_across);
        (
            across * (self.topology.cells_per_module as usize + GAP_COLUMNS),
            down * (self.topology.modules_per_rack as usize + self.name_rows()) + self.name_rows(),
        )
    }

    /// Raster column and row of the first cell of a module, counted over the system; its other cells follow to the right.
    pub fn module_origin(&self, module: usize) -> (usize, usize) {
        let per_rack = (self.topology.modules_per_rack as usize).max(1);
        let (column, row) = self.rack_origin(module / per_rack);
        (column, row + module % per_rack)
    }

    /// Raster column and row of a cell.
    pub fn place(&self, cell: usize) -> (usize, usize) {
        let (column, row) = self.module_origin(self.topology.module_of(cell));
        (column + cell % (self.topology.cells_per_module as usize).max(1), row)
    }

    /// The rectangle of a cell.
    pub fn cell_share(&self, cell: usize) -> Share {
        let (column, row) = self.place(cell);
        self.share(column, row, 1, 1)
    }

    /// The rectangle above a rack that holds its name.
    pub fn name_share(&self, rack: usize) -> Share {
        let (column, row) = self.rack_origin(rack);
        self.share(column, row - self.name_rows(), self.topology.cells_per_module as usize, self.name_rows())
    }

    fn share(&self, column: usize, row: usize, columns: usize, rows: usize) -> Share {
        let (width, height) = (1.0 / self.columns().max(1) as f64, 1.0 / self.rows().max(1) as f64);
        Share {
            x: column as f64 * width,
            y: row as f64 * height,
            width: columns as f64 * width,
            height: rows as f64 * height,
        }
    }

    /// The cell at a point of the picture (shares of its width and height), or `None` between racks and outside.
    pub fn hit(&self, x: f64, y: f64) -> Option<usize> {
        if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) || self.topology.cells() == 0 {
            return None;
        }
        let (column, row) = ((x * self.columns() as f64) as usize, (y * self.rows() as f64) as usize);
        let (wide, high) = (
            self.topology.cells_per_module as usize + GAP_COLUMNS,
            self.topology.modules_per_rack as usize + self.name_rows(),
        );
        let position = CellPosition {
            rack: (row / high * self.racks_across + column / wide) as u16,
            module: (row % high).checked_sub(self.name_rows())? as u16,
            cell: (column % wide) as u16,
        };
        self.topology.index(position)
    }

    /// The cell that a step from `cell` leads to; `cell` itself at an edge.
    pub fn walk(&self, cell: usize, step: Step) -> usize {
        let Some(mut at) = self.topology.position(cell) else { return 0 };
        let (across, racks) = (self.racks_across as u16, self.topology.racks);
        let (last_module, last_cell) = (self.topology.modules_per_rack - 1, self.topology.cells_per_module - 1);
        match step {
            Step::Left if at.cell > 0 => at.cell -= 1,
            Step::Left if at.rack % across > 0 => (at.rack, at.cell) = (at.rack - 1, last_cell),
            Step::Right if at.cell < last_cell => at.cell += 1,
            Step::Right if at.rack % across + 1 < across && at.rack + 1 < racks => {
                (at.rack, at.cell) = (at.rack + 1, 0);
            }
            Step::Up if at.module > 0 => at.module -= 1,
            Step::Up if at.rack >= across => (at.rack, at.module) = (at.rack - across, last_module),
            Step::Down if at.module < last_module => at.module += 1,
            Step::Down if at.rack + across < racks => (at.rack, at.module) = (at.rack + across, 0),
            Step::Home => at.cell = 0,
            Step::End => at.cell = last_cell,
            Step::PageUp if self.is_tiled() => at.rack = at.rack.saturating_sub(1),
            Step::PageUp => at.module = 0,
            Step::PageDown if self.is_tiled() => at.rack = (at.rack + 1).min(racks - 1),
            Step::PageDown => at.module = last_module,
            Step::Left | Step::Right | Step::Up | Step::Down => {}
        }
        self.topology.index(at).unwrap_or(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack() -> Grid {
        Grid::new(Topology::new(1, 13, 20))
    }

    fn racks() -> Grid {
        Grid::new(Topology::new(20, 10, 32))
    }

    #[test]
    fn a_pack_is_modules_by_cells_and_racks_are_tiled_twice_as_wide_as_high() {
        assert_eq!((pack().columns(), pack().rows()), (20, 13));
        assert_eq!((racks().columns(), racks().rows()), (4 * 33 - 1, 5 * 12));
        assert_eq!(racks().place(0), (0, NAME_ROWS));
        assert_eq!(racks().place(5 * 320 + 3 * 32 + 7), (33 + 7, 12 + NAME_ROWS + 3));
    }

    #[test]
    fn the_middle_of_every_cell_is_that_cell_and_no_two_cells_share_a_pixel() {
        for grid in [pack(), racks(), Grid::new(Topology::new(3, 2, 5)), Grid::new(Topology::new(1, 1, 1))] {
            let mut seen = std::collections::HashSet::new();
            for cell in 0..grid.topology().cells() {
                let box_ = grid.cell_share(cell);
                assert_eq!(grid.hit(box_.x + box_.width / 2.0, box_.y + box_.height / 2.0), Some(cell));
                assert!(seen.insert(grid.place(cell)));
            }
        }
    }

    #[test]
    fn between_racks_and_outside_there_is_no_cell() {
        let grid = racks();
        let name = grid.name_share(7);
        assert_eq!(grid.hit(name.x + name.width / 2.0, name.y + name.height / 2.0), None);
        assert_eq!(grid.hit(32.5 / 131.0, 0.5), None, "the gap right of the first rack");
        for (x, y) in [(-0.01, 0.5), (1.0, 0.5), (0.5, 1.0), (f64::NAN, 0.5)] {
            assert_eq!(grid.hit(x, y), None);
        }
        assert_eq!(Grid::new(Topology::NONE).hit(0.5, 0.5), None);
    }

    #[test]
    fn keys_walk_the_cells_and_stop_at_the_edges() {
        for (from, step, to) in [
            (131, Step::Left, 130),
            (131, Step::Right, 132),
            (131, Step::Up, 111),
            (131, Step::Down, 151),
            (131, Step::Home, 120),
            (131, Step::End, 139),
            (131, Step::PageUp, 11),
            (131, Step::PageDown, 251),
            (0, Step::Left, 0),
            (5, Step::Up, 5),
            (259, Step::Right, 259),
            (259, Step::Down, 259),
            (999, Step::Down, 0),
        ] {
            assert_eq!(pack().walk(from, step), to, "{from} {step:?}");
        }
    }

    #[test]
    fn keys_cross_from_rack_to_rack_as_the_picture_shows_them() {
        let cell =
            |rack: u16, module: u16, cell: u16| racks().topology().index(CellPosition { rack, module, cell }).unwrap();
        for (from, step, to) in [
            (cell(0, 3, 31), Step::Right, cell(1, 3, 0)),
            (cell(3, 3, 31), Step::Right, cell(3, 3, 31)),
            (cell(4, 3, 0), Step::Left, cell(4, 3, 0)),
            (cell(5, 0, 7), Step::Up, cell(1, 9, 7)),
            (cell(5, 9, 7), Step::Down, cell(9, 0, 7)),
            (cell(17, 9, 7), Step::Down, cell(17, 9, 7)),
            (cell(5, 4, 7), Step::PageDown, cell(6, 4, 7)),
            (cell(19, 4, 7), Step::PageDown, cell(19, 4, 7)),
        ] {
            assert_eq!(racks().walk(from, step), to, "{from} {step:?}");
        }
    }
}
