//! A battery simulator that writes its cells into shared memory, and faults on demand.
//!
//! ```text
//! rack by rack, module by module, each cell: voltage V, current A, temperature °C, SoC 0 to 1, resistance Ω
//! ```
//!
//! Five little-endian f32 a cell and no header: a reader knows nothing but the size of the file.

use crate::physics::{Pack, PackSpec};
use domain::topology::Topology;
use std::f32::consts::TAU;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Where simulators of this layout write if they are told nothing else.
pub const SEGMENT: &str = "/dev/shm/battery_sim_shm";
/// Time between two writes, s.
pub const PERIOD_S: f32 = 0.2;
/// 20 racks of 10 modules of 32 cells.
pub const RACKS: Topology = Topology::new(20, 10, 32);

const CAPACITY_AH: f32 = 280.0;
const AMBIENT_C: f32 = 24.0;
/// Each rack is discharged and charged with up to this, A, once in [`CYCLE_S`].
const RACK_CURRENT_A: f32 = 90.0;
const CYCLE_S: f32 = 120.0;

/// What goes wrong with the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentFault {
    /// A write ends in the middle of a value, and one cell before it is no number.
    Torn,
    /// The file loses its second half.
    Short,
    /// Another file takes the place of the file, whole.
    Replaced,
    /// The writer writes no more; its file stays.
    Frozen,
    /// The file is removed; the writer writes on into what nobody sees.
    Removed,
}

/// A simulated set of racks, written into a file.
pub struct SharedRacks {
    path: PathBuf,
    file: File,
    pack: Pack,
    image: Vec<u8>,
    elapsed_s: f32,
}

impl SharedRacks {
    /// Makes the segment at `path`, zeroed, and the racks that will be written into it.
    ///
    /// # Errors
    /// What the system says if the file cannot be made.
    pub fn create(path: &Path, topology: Topology, seed: u64) -> io::Result<SharedRacks> {
        let spec = PackSpec { topology, capacity_ah: CAPACITY_AH, soc_pct: 60.0, ambient_c: AMBIENT_C, seed };
        let file = create(path, size_of_segment(topology))?;
        Ok(SharedRacks { path: path.to_owned(), file, pack: Pack::new(&spec), image: Vec::new(), elapsed_s: 0.0 })
    }

    /// Lets `dt_s` seconds pass and writes every cell.
    ///
    /// # Errors
    /// What the system says if the file cannot be written.
    pub fn step(&mut self, dt_s: f32) -> io::Result<()> {
        self.advance(dt_s);
        self.file.write_all_at(&self.image, 0)
    }

    /// Brings a fault about. What does not last is gone with the next [`SharedRacks::step`].
    ///
    /// # Errors
    /// What the system says if the file cannot be changed.
    pub fn fail(&mut self, fault: SegmentFault) -> io::Result<()> {
        match fault {
            SegmentFault::Torn => {
                self.advance(PERIOD_S);
                let half = self.image.len() / 2 + 2;
                self.image[..4].copy_from_slice(&[0xFF; 4]);
                self.file.write_all_at(&self.image[..half], 0)
            }
            SegmentFault::Short => self.file.set_len(self.image.len() as u64 / 2),
            SegmentFault::Replaced => {
                self.advance(PERIOD_S);
                let aside = self.path.with_extension("new");
                self.file = create(&aside, 0)?;
                self.file.write_all(&self.image)?;
                fs::rename(aside, &self.path)
            }
            SegmentFault::Frozen => Ok(()),
            SegmentFault::Removed => fs::remove_file(&self.path),
        }
    }

    /// The cells as they are.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    fn advance(&mut self, dt_s: f32) {
        self.elapsed_s += dt_s;
        let racks = f32::from(self.pack.topology().racks);
        let current_a = racks * RACK_CURRENT_A * (TAU * self.elapsed_s / CYCLE_S).sin();
        self.pack.step(current_a, AMBIENT_C, dt_s);
        image(&self.pack, &mut self.image);
    }
}

/// How many bytes a segment with these cells has.
pub fn size_of_segment(topology: Topology) -> u64 {
    topology.cells() as u64 * 20
}

/// What a segment with these cells holds.
pub fn image(pack: &Pack, bytes: &mut Vec<u8>) {
    bytes.clear();
    let cells = pack.cells();
    for cell in 0..cells.len() {
        let values = [
            cells.voltage_v[cell],
            pack.cell_current_a(cell),
            cells.terminal_c(cell),
            cells.soc_pct(cell) / 100.0,
            pack.cell_resistance_ohm(cell),
        ];
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
}

fn create(path: &Path, bytes: u64) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
    file.set_len(bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_written_rack_by_rack_in_five_values() {
        let spec = PackSpec { topology: RACKS, capacity_ah: CAPACITY_AH, soc_pct: 60.0, ambient_c: AMBIENT_C, seed: 3 };
        let mut pack = Pack::new(&spec);
        pack.step(20.0 * 50.0, AMBIENT_C, 1.0);
        let mut bytes = Vec::new();
        image(&pack, &mut bytes);
        assert_eq!((bytes.len() as u64, size_of_segment(RACKS)), (128_000, 128_000));
        let value = |cell: usize, place: usize| {
            let at = cell * 20 + place * 4;
            f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
        };
        for cell in [0, 319, 320, 6_399] {
            assert_eq!(value(cell, 0), pack.cells().voltage_v[cell]);
            assert!((value(cell, 1) - 50.0).abs() < 5.0, "{}", value(cell, 1));
            assert!((value(cell, 3) - 0.6).abs() < 0.05 && (1e-4..1e-3).contains(&value(cell, 4)));
        }
        let racks: f32 = (0..20).map(|rack| value(rack * 320, 1)).sum();
        assert!((racks - 1_000.0).abs() < 0.5, "{racks}");
    }
}
