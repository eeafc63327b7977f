//! Register tables: which Modbus registers of a device mean what. A device is one TOML file.
//!
//! ```toml
//! name = "Grid meter"          # for people
//! max_gap = 8                  # registers that may be read along to save a request
//!
//! [[register]]
//! address = 40                 # as on the wire, from 0
//! point = "grid/power"
//! type = "s32"                 # u16, s16, u32, s32, f32
//! scale = 0.1                  # value = raw * scale + offset, in the point's unit
//! word_order = "high-first"    # or "low-first"; for 32-bit types
//! sentinel = [0x8000_0000]     # raw values that mean "no value", as bits or as the number
//! fc = "holding"               # or "input"
//! sign = "import-positive"     # what positive means to the device, if it differs from us
//! ```

mod decode;
mod load;

use crate::frames::Describe;
use domain::link::DecodedValue;
use domain::point::PointId;
use serde::Deserialize;

pub use load::TableError;

/// The most registers of one read request.
pub const MAX_READ: u16 = 125;

/// A device's registers, grouped into the requests that fetch them.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterTable {
    /// The device's name for people.
    pub name: String,
    /// What is read, in the order of reading.
    pub blocks: Vec<Block>,
}

/// Neighbouring registers that one request reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Which kind of register.
    pub area: Area,
    /// Address of the first, as on the wire.
    pub address: u16,
    /// How many, 1 to 125.
    pub count: u16,
    registers: Vec<Register>,
}

/// The two kinds of registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Function code 3.
    #[default]
    Holding,
    /// Function code 4.
    Input,
}

/// One value in a block.
#[derive(Clone, Debug, PartialEq)]
struct Register {
    /// Place in its block.
    place: usize,
    point: PointId,
    kind: RegisterType,
    word_order: WordOrder,
    scale: f64,
    offset: f64,
    sentinel: Vec<f64>,
}

/// What the words of a value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegisterType {
    /// 16 bits without sign.
    U16,
    /// 16 bits, two's complement.
    S16,
    /// 32 bits without sign.
    U32,
    /// 32 bits, two's complement.
    S32,
    /// 32 bits, IEEE 754.
    F32,
}

/// Which word of a 32-bit value comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WordOrder {
    /// The one with the high bits, as the specification has it.
    #[default]
    HighFirst,
    /// The one with the low bits.
    LowFirst,
}

impl RegisterType {
    /// How many registers a value takes.
    pub fn words(self) -> u16 {
        match self {
            RegisterType::U16 | RegisterType::S16 => 1,
            RegisterType::U32 | RegisterType::S32 | RegisterType::F32 => 2,
        }
    }
}

impl Describe for RegisterTable {
    fn key(&self, slot: usize) -> String {
        let block = &self.blocks[slot];
        let last = block.address + (block.count - 1);
        if last == block.address { format!("reg {last}") } else { format!("reg {}-{last}", block.address) }
    }

    fn name(&self, slot: usize) -> String {
        let area = match self.blocks[slot].area {
            Area::Holding => "holding registers",
            Area::Input => "input registers",
        };
        format!("{}, {area}", self.name)
    }

    fn decoded(&self, slot: usize, raw: &[u8]) -> Vec<DecodedValue> {
        let words: Vec<u16> = raw.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        self.blocks[slot].texts(&words)
    }
}
