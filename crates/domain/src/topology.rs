//! How cells are arranged: racks of modules of cells.
//!
//! One code path serves all systems: 1 x 13 x 20, 20 x 10 x 32 and none.

use std::fmt;

/// A system's place in its site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SystemIdx(pub u8);

/// The arrangement of a system's cells. Cells count rack by rack, module by module, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Topology {
    /// Racks (strings) in the system.
    pub racks: u16,
    /// Modules in each rack.
    pub modules_per_rack: u16,
    /// Cells in each module.
    pub cells_per_module: u16,
}

/// Where a cell sits; each number counts from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellPosition {
    /// Rack, from 0.
    pub rack: u16,
    /// Module in its rack, from 0.
    pub module: u16,
    /// Cell in its module, from 0.
    pub cell: u16,
}

impl Topology {
    /// A system whose cells are not visible to us.
    pub const NONE: Topology = Topology { racks: 0, modules_per_rack: 0, cells_per_module: 0 };

    /// A topology of `racks` x `modules_per_rack` x `cells_per_module`.
    pub const fn new(racks: u16, modules_per_rack: u16, cells_per_module: u16) -> Topology {
        Topology { racks, modules_per_rack, cells_per_module }
    }

    /// All modules of the system.
    pub fn modules(&self) -> usize {
        self.racks as usize * self.modules_per_rack as usize
    }

    /// All cells of the system.
    pub fn cells(&self) -> usize {
        self.modules() * self.cells_per_module as usize
    }

    /// The module, counted over the whole system from 0, that holds `cell`.
    pub fn module_of(&self, cell: usize) -> usize {
        cell.checked_div(self.cells_per_module as usize).unwrap_or(0)
    }

    /// Where `cell` sits, or `None` when the system has no such cell.
    pub fn position(&self, cell: usize) -> Option<CellPosition> {
        if cell >= self.cells() {
            return None;
        }
        let module = self.module_of(cell);
        Some(CellPosition {
            rack: (module / self.modules_per_rack as usize) as u16,
            module: (module % self.modules_per_rack as usize) as u16,
            cell: (cell % self.cells_per_module as usize) as u16,
        })
    }

    /// The index of the cell at `position`, or `None` when it lies outside.
    pub fn index(&self, position: CellPosition) -> Option<usize> {
        let CellPosition { rack, module, cell } = position;
        (rack < self.racks && module < self.modules_per_rack && cell < self.cells_per_module).then(|| {
            (rack as usize * self.modules_per_rack as usize + module as usize) * self.cells_per_module as usize
                + cell as usize
        })
    }

    /// The name people use for a cell, counted from 1: `7.12`, or `R3 7.12` where there are several racks.
    pub fn cell_name(&self, cell: usize) -> String {
        match self.position(cell) {
            Some(p) if self.racks > 1 => format!("R{} {}.{}", p.rack + 1, p.module + 1, p.cell + 1),
            Some(p) => format!("{}.{}", p.module + 1, p.cell + 1),
            None => format!("#{cell}"),
        }
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {} x {}", self.racks, self.modules_per_rack, self.cells_per_module)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_counted_rack_by_rack_module_by_module() {
        for (topology, cell, name) in [
            (Topology::new(1, 13, 20), 0, "1.1"),
            (Topology::new(1, 13, 20), 131, "7.12"),
            (Topology::new(1, 13, 20), 259, "13.20"),
            (Topology::new(1, 13, 20), 260, "#260"),
            (Topology::new(20, 10, 32), 6_399, "R20 10.32"),
            (Topology::NONE, 0, "#0"),
        ] {
            assert_eq!(topology.cell_name(cell), name);
            if let Some(position) = topology.position(cell) {
                assert_eq!(topology.index(position), Some(cell));
            }
        }
    }
}
