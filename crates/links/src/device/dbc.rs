//! DBC files: which bits of which CAN frame mean what.
//!
//! Loading turns the text into [`Database`]; `can_table` compiles that and a map into what runs per frame.
//!
//! Traps: DBC files are often not UTF-8 (the degree sign is one Windows-1252 byte); statements go on over lines; messages
//! of size 0 collect signals that belong to no frame; a range of `[0|0]` means that none is given.

mod bits;
mod encode;
mod load;
mod statements;
mod text;
mod token;
mod variants;

pub use bits::{BitField, ByteOrder};
pub use encode::EncodeError;
pub use variants::Variant;

use crate::can::CanId;
use crate::text::number;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;
use variants::Variants;

/// Every message of a DBC file.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// Its messages, by identifier.
    pub messages: Vec<Message>,
    /// Messages and signals that cannot be used, in the order of the file.
    pub left_out: Vec<LeftOut>,
    /// What else a person should know of the file, in words.
    pub notes: Vec<String>,
}

/// A message that cannot be used, or a signal of one whose others can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Name of the message in the file.
    pub name: String,
    /// Line in the file, from 1, of what is wrong.
    pub line: usize,
    /// What is wrong, in words that name message and signal.
    pub what: String,
    /// The names of the signals that cannot be used.
    pub signals: Vec<String>,
    /// Whether it is the whole message.
    pub whole: bool,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
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
    /// How often it is sent (`GenMsgCycleTime`); `None` if the file does not say it.
    pub cycle: Option<Duration>,
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
    /// Reads the bytes of a DBC file. A message that cannot be used is left out, and said to be.
    ///
    /// # Errors
    /// It has no statement of a DBC file at all.
    pub fn parse(bytes: &[u8]) -> Result<Database, DbcError> {
        load::parse(bytes)
    }

    /// Reads a DBC file.
    ///
    /// # Errors
    /// What is wrong, in words, beginning with the file's path. A file of more than 16 MB is not read: the largest that
    /// are in use have a few, and a larger one would take minutes.
    pub fn open(path: &Path) -> Result<Database, String> {
        let name = path.display();
        let bytes = crate::host::read(path).map_err(|e| format!("{name} cannot be read: {e}"))?;
        Database::parse(&bytes).map_err(|e| format!("{name}, {e}"))
    }

    /// What a person should know before the file is used: messages and signals left out, identifiers and statements in
    /// doubt.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (index, left) in self.left_out.iter().enumerate() {
            let same = |other: &&LeftOut| other.what == left.what && other.whole == left.whole;
            // Those with one identifier name one another.
            if self.left_out[..index].iter().find(same).is_none() {
                let gone = match (left.whole, self.left_out.iter().filter(same).count() > 1) {
                    (true, true) => "the messages are left out",
                    (true, false) => "the message is left out",
                    (false, true) => "the signals are left out",
                    (false, false) => "the signal is left out",
                };
                warnings.push(format!("{left}: {gone}"));
            }
        }
        warnings.extend(self.notes.iter().cloned());
        warnings
    }
}

impl Message {
    /// The ways to fill it, one for each combination of its switches' values; a single one without a switch.
    pub fn variants(&self) -> &[Variant] {
        self.variants.all()
    }

    /// The place of the frame's variant in [`Message::variants`]; `None` if a switch has a value that no signal wants
    /// and that has no name, or if the frame is too short to have the switch.
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
        let number = number(self.value(frame), decimals(self));
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

/// More digits after the first that is not 0 tell nothing.
const DIGITS: usize = 6;

/// As many digits after the point as the signal's values need.
fn decimals(signal: &Signal) -> usize {
    if let Encoding::Float32 | Encoding::Float64 = signal.encoding {
        return 3;
    }
    decimals_of(signal.factor).max(decimals_of(signal.offset))
}

/// Digits after the point of a number, as a person would write it.
fn decimals_of(number: f64) -> usize {
    let text = format!("{number}");
    let Some((_, fraction)) = text.split_once('.') else { return 0 };
    let zeros = if number.abs() < 1.0 { fraction.bytes().take_while(|digit| *digit == b'0').count() } else { 0 };
    let rounded = format!("{number:.*}", zeros + DIGITS);
    rounded.trim_end_matches('0').split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(16_000_001).unwrap();
        let error = Database::open(file.path()).unwrap_err();
        assert!(error.ends_with("cannot be read: it has more than 16 MB"), "{error}");
    }

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
            (1e-7, "A", vec![], 33, "0.0000033 A"),
            (7.62939453125e-6, "V", vec![], 2, "0.00001525879 V"),
            (1.0 / 3.0, "V", vec![], 1, "0.333333 V"),
            (1e6, "", vec![], 3, "3000000"),
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
