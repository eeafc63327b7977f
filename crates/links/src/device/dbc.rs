//! DBC files: which bits of which CAN frame mean what.
//!
//! Loading turns the text into [`Database`]; `can_table` compiles that and a map into what runs per frame.
//!
//! Traps: DBC files are often not UTF-8 (the degree sign is one Windows-1252 byte); messages of size 0 collect signals
//! that belong to no frame; a range of `[0|0]` means that none is given.

mod bits;
mod load;
mod variants;

pub use bits::BitField;
pub use variants::Variant;

use crate::can::CanId;
use std::ops::RangeInclusive;
use std::path::Path;
use variants::Variants;

/// Every message of a DBC file.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// Its messages, by identifier.
    pub messages: Vec<Message>,
}

/// One CAN message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Identifier of its frames.
    pub id: CanId,
    /// Name in the file.
    pub name: String,
    /// Data bytes of a frame.
    pub size: usize,
    /// Its signals, in the order of the file.
    pub signals: Vec<Signal>,
    variants: Variants,
}

/// One number in a message.
#[derive(Clone, Debug)]
pub struct Signal {
    /// Name in the file; unique in its message only.
    pub name: String,
    /// Where its bits are.
    pub field: BitField,
    /// What its bits are.
    pub encoding: Encoding,
    /// `value = raw * factor + offset`.
    pub factor: f64,
    /// `value = raw * factor + offset`.
    pub offset: f64,
    /// The value's unit as the file writes it; may be empty.
    pub unit: String,
    /// The values that the file says are possible, if it does.
    pub range: Option<(f64, f64)>,
    /// When a frame carries it.
    pub present: Presence,
    /// Words for raw values.
    pub words: Vec<(i64, String)>,
}

/// How raw bits are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A number without sign.
    Unsigned,
    /// Two's complement.
    Signed,
    /// IEEE 754, 32 bits.
    Float32,
    /// IEEE 754, 64 bits.
    Float64,
}

/// In which frames of its message a signal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In all.
    Always,
    /// When a switch is there and has one of these values.
    When {
        /// The signal that is the switch, by its place in the message.
        switch: usize,
        /// Its values.
        values: Vec<RangeInclusive<u64>>,
    },
}

impl Presence {
    /// The switch that it depends on.
    fn switch(&self) -> Option<usize> {
        match self {
            Presence::Always => None,
            Presence::When { switch, .. } => Some(*switch),
        }
    }
}

/// A DBC file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct DbcError {
    /// Line in the file, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl Database {
    /// Reads the bytes of a DBC file.
    ///
    /// # Errors
    /// The text does not follow the format, or a signal does not fit into its message.
    pub fn parse(bytes: &[u8]) -> Result<Database, DbcError> {
        load::parse(bytes)
    }

    /// Reads a DBC file.
    ///
    /// # Errors
    /// What is wrong, in words, beginning with the file's path.
    pub fn open(path: &Path) -> Result<Database, String> {
        let name = path.display();
        let bytes = std::fs::read(path).map_err(|e| format!("{name} cannot be read: {e}"))?;
        Database::parse(&bytes).map_err(|e| format!("{name}, {e}"))
    }
}

impl Message {
    /// The ways to fill it, one for each combination of its switches' values; a single one without a switch.
    pub fn variants(&self) -> &[Variant] {
        self.variants.all()
    }

    /// The place of the frame's variant in [`Message::variants`]; `None` if a switch has a value that no signal wants
    /// and that has no name.
    pub fn variant(&self, frame: &[u8]) -> Option<usize> {
        self.variants.find(frame)
    }
}

impl Signal {
    /// The physical value in `frame`, in the file's unit. May be NaN or infinite for float signals.
    pub fn value(&self, frame: &[u8]) -> f64 {
        self.encoding.read(self.field, frame) * self.factor + self.offset
    }

    /// The physical value in `frame` with unit, or its word: `3301 mV`, `7 (normal)`.
    pub fn text(&self, frame: &[u8]) -> String {
        let number = format!("{:.*}", decimals(self.factor, self.encoding), self.value(frame));
        if let Encoding::Unsigned | Encoding::Signed = self.encoding {
            let raw = match self.encoding {
                Encoding::Signed => self.field.read_signed(frame),
                _ => self.field.read(frame) as i64,
            };
            if let Some((_, word)) = self.words.iter().find(|(code, _)| *code == raw) {
                return format!("{number} ({word})");
            }
        }
        if self.unit.is_empty() { number } else { format!("{number} {}", self.unit) }
    }
}

impl Encoding {
    /// The number in `field` of `frame`, before factor and offset.
    pub fn read(self, field: BitField, frame: &[u8]) -> f64 {
        match self {
            Encoding::Unsigned => field.read(frame) as f64,
            Encoding::Signed => field.read_signed(frame) as f64,
            Encoding::Float32 => f64::from(f32::from_bits(field.read(frame) as u32)),
            Encoding::Float64 => f64::from_bits(field.read(frame)),
        }
    }
}

/// As many digits after the point as one step of the signal needs.
fn decimals(factor: f64, encoding: Encoding) -> usize {
    if let Encoding::Float32 | Encoding::Float64 = encoding {
        return 3;
    }
    let fits = |digits: &usize| {
        let scaled = factor * 10_f64.powi(*digits as i32);
        (scaled - scaled.round()).abs() < 1e-6
    };
    (0..6).find(fits).unwrap_or(6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use can_dbc::ByteOrder;

    #[test]
    fn values_are_written_as_fine_as_their_step() {
        let signal = |factor, unit: &str, words| Signal {
            name: "S".into(),
            field: BitField::new(0, 8, ByteOrder::LittleEndian, 1).unwrap(),
            encoding: Encoding::Signed,
            factor,
            offset: 0.0,
            unit: unit.into(),
            range: None,
            present: Presence::Always,
            words,
        };
        for (factor, unit, words, raw, text) in [
            (0.1, "V", vec![], 33, "3.3 V"),
            (1.0, "mV", vec![], 7, "7 mV"),
            (0.25, "A", vec![], 1, "0.25 A"),
            (1.0, "", vec![(7, "normal".to_owned())], 7, "7 (normal)"),
            (1.0, "", vec![(7, "normal".to_owned())], 0xFF, "-1"),
        ] {
            assert_eq!(signal(factor, unit, words).text(&[raw]), text);
        }
    }
}
