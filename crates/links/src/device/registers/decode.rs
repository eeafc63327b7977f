//! Registers to readings, and to text.

#[cfg(test)]
mod tests;

use super::block::{Block, Register, Role};
use super::value::Word;
use super::{Poll, RegisterTable};
use crate::device::{push_invalid, push_plausible};
use domain::link::DecodedValue;
use domain::reading::{NoData, Reading, Target};

impl Block {
    /// Adds what the block's words say, first register first. Words that are missing make no reading.
    pub fn decode(&self, words: &[u16], poll: &mut Poll) {
        for register in &self.registers {
            let Some(word) = self.read(register, words) else { continue };
            match (&register.role, word) {
                (Role::Point(point), Word::Number(raw)) => {
                    let (target, value) = (Target::Point(*point), register.format.scaled(raw));
                    let impossible = push_plausible(&mut poll.readings, target, target.plausible(), value);
                    poll.impossible += u32::from(impossible);
                }
                (Role::Point(point), Word::NoValue) => push_invalid(&mut poll.readings, Target::Point(*point)),
                (Role::Part(sum, _), Word::Number(raw)) => poll.parts.push((*sum, Some(register.format.scaled(raw)))),
                (Role::Part(sum, _), Word::NoValue) => poll.parts.push((*sum, None)),
                (Role::Shown(_), _) => {}
            }
        }
    }

    /// Adds that none of the block's points has an answer: what should give it is gone.
    pub fn lost(&self, poll: &mut Poll) {
        for register in &self.registers {
            if let Role::Point(point) | Role::Part(_, point) = register.role {
                poll.readings.push(Reading { target: Target::Point(point), sample: Err(NoData::Timeout) });
            }
        }
    }

    /// The block's words as text, two characters a register, up to the first that is not printable.
    pub fn text(words: &[u16]) -> String {
        let bytes = words.iter().flat_map(|word| word.to_be_bytes());
        let text: String = bytes.take_while(|b| (0x20..0x7F).contains(b)).map(char::from).collect();
        text.trim().to_owned()
    }

    /// The values of the block's words as text with unit.
    pub(super) fn texts(&self, words: &[u16]) -> Vec<DecodedValue> {
        let texts = self.registers.iter().filter_map(|register| {
            let text = match self.read(register, words)? {
                Word::NoValue => "no value".to_owned(),
                Word::Number(raw) => register.text(raw),
            };
            Some(DecodedValue { name: register.role.label().to_owned(), text })
        });
        texts.collect()
    }

    /// What a register says, if what it needs says something.
    fn read(&self, register: &Register, words: &[u16]) -> Option<Word> {
        let word = register.format.read(words, register.place)?;
        let needed = register.needs.and_then(|place| self.registers.get(place));
        let absent = needed.is_some_and(|needed| needed.format.read(words, needed.place) == Some(Word::NoValue));
        Some(if absent { Word::NoValue } else { word })
    }
}

impl Register {
    /// A number with its unit, or its meaning in words.
    fn text(&self, raw: f64) -> String {
        let value = self.format.scaled(raw);
        let meaning = self.words.iter().find(|(number, _)| *number as f64 == raw);
        match meaning {
            Some((number, words)) => format!("{words} ({number})"),
            None => format!("{value:.*} {}", self.format.decimals(), self.role.symbol()).trim_end().to_owned(),
        }
    }
}

impl RegisterTable {
    /// Adds the sums whose parts have all come. A sum that lacks a value has none.
    pub fn finish(&self, poll: &mut Poll) {
        for (place, (point, parts)) in self.sums.iter().enumerate() {
            let come = || poll.parts.iter().filter(|(sum, _)| *sum == place);
            if come().count() < *parts {
                continue;
            }
            let target = Target::Point(*point);
            let sum = come().try_fold(0.0, |sum, (_, part)| part.map(|part| sum + part));
            match sum {
                Some(sum) => {
                    let impossible = push_plausible(&mut poll.readings, target, target.plausible(), sum);
                    poll.impossible += u32::from(impossible);
                }
                None => push_invalid(&mut poll.readings, target),
            }
        }
        poll.parts.clear();
    }
}
