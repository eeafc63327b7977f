//! Registers to readings, and to text.

#[cfg(test)]
mod tests;

use super::block::{Block, Register, Role};
use super::value::Word;
use super::{Odd, Poll, RegisterTable};
use crate::device::codes::Said;
use crate::device::unit;
use crate::device::{push_invalid, push_plausible};
use crate::text::number;
use domain::link::DecodedValue;
use domain::point::PointId;
use domain::reading::{NoData, Reading, Target};
use domain::time::Now;

impl Block {
    /// Adds what the block's words say, first register first. Words that are missing make no reading.
    pub fn decode(&self, words: &[u16], poll: &mut Poll) {
        self.decode_known(&all(words), poll);
    }

    /// As [`Block::decode`], of words of which some are not known. Older registers count only where the newer ones are
    /// refused.
    pub fn decode_known(&self, words: &[Option<u16>], poll: &mut Poll) {
        for (index, register) in self.registers.iter().enumerate() {
            let Some(word) = self.read(register, words).filter(|_| register.is_used(&poll.refused_rows)) else {
                continue;
            };
            match (&register.role, word) {
                (Role::Point(point), Word::Number(raw)) => self.point(index, register, *point, raw, poll),
                (Role::Point(point), Word::NoValue) => push_invalid(&mut poll.readings, Target::Point(*point)),
                (Role::Part(sum, _), Word::Number(raw)) => {
                    poll.parts.push((*sum, Some(register.format.scaled(raw)), poll.at));
                }
                (Role::Part(sum, _), Word::NoValue) => poll.parts.push((*sum, None, poll.at)),
                (Role::Own { index: own, range, .. }, Word::Number(raw)) => {
                    let (target, value) = (Target::Device(*own), register.format.scaled(raw));
                    if push_plausible(&mut poll.readings, target, *range, value) {
                        poll.impossible += 1;
                        poll.note(Odd::Impossible(register.row), || {
                            format!("{} says {}, which cannot be", self.name_of(index), register.text(raw))
                        });
                    }
                }
                (Role::Own { index: own, .. }, Word::NoValue) => {
                    push_invalid(&mut poll.readings, Target::Device(*own));
                }
                (Role::Shown(_), _) => {}
            }
        }
    }

    /// Adds what the number of a point says; `place` is that of its register in the block.
    fn point(&self, index: usize, register: &Register, point: PointId, raw: f64, poll: &mut Poll) {
        let (target, scaled) = (Target::Point(point), register.format.scaled(raw));
        let says = || format!("{} says {}", self.name_of(index), register.text(raw));
        let value = match register.codes.as_ref().map(|codes| codes.read(raw, scaled)) {
            None => scaled,
            Some(Said::Code(code)) => code.into(),
            Some(Said::NoValue) => return push_invalid(&mut poll.readings, target),
            Some(Said::Impossible) => f64::NAN,
            Some(Said::Unnamed(code)) => {
                poll.note(Odd::Unnamed(register.row), || {
                    format!("{}, which has no known meaning: say it with `words` or `flags` in the table", says())
                });
                match code {
                    Some(code) => code.into(),
                    None => return push_invalid(&mut poll.readings, target),
                }
            }
        };
        if push_plausible(&mut poll.readings, target, target.plausible(), value) {
            poll.impossible += 1;
            poll.note(Odd::Impossible(register.row), || format!("{}, which cannot be", says()));
        }
    }

    /// Adds that none of the block's points has an answer: what should give it is gone.
    pub fn lost(&self, poll: &mut Poll) {
        for register in self.registers.iter().filter(|register| register.is_used(&poll.refused_rows)) {
            let target = match &register.role {
                Role::Part(_, point) => Some(Target::Point(*point)),
                role => role.target(),
            };
            poll.readings.extend(target.map(|target| Reading { target, sample: Err(NoData::Timeout) }));
        }
    }

    /// The block's words as text, two characters a register, up to the first that is not printable.
    pub fn text(words: &[u16]) -> String {
        let bytes = words.iter().flat_map(|word| word.to_be_bytes());
        let text: String = bytes.take_while(|b| (0x20..0x7F).contains(b)).map(char::from).collect();
        text.trim().to_owned()
    }

    /// The values of the block's words as text with unit; `refuses` says of which the device has none.
    pub fn texts(&self, words: &[u16], refuses: impl Fn(usize) -> bool) -> Vec<DecodedValue> {
        let words = all(words);
        let texts = self.registers.iter().enumerate().filter_map(|(value, register)| {
            let text = match self.read(register, &words)? {
                _ if refuses(value) => "refused by the device".to_owned(),
                Word::NoValue => "no value".to_owned(),
                Word::Number(raw) => register.text(raw),
            };
            Some(DecodedValue { name: register.role.label().to_owned(), text })
        });
        texts.collect()
    }

    /// What a register says, if what it needs says something.
    fn read(&self, register: &Register, words: &[Option<u16>]) -> Option<Word> {
        let word = register.format.read(words, register.offset)?;
        let needed = register.needs.and_then(|index| self.registers.get(index));
        let absent = needed.is_some_and(|needed| needed.format.read(words, needed.offset) == Some(Word::NoValue));
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
            None => format!("{} {}", number(value, self.format.decimals()), self.role.symbol()).trim_end().to_owned(),
        }
    }
}

impl RegisterTable {
    /// The sums whose parts have all come, each with the time of its oldest part. A sum that lacks a value has none.
    pub fn finish(&self, poll: &mut Poll) -> Vec<(Now, Reading)> {
        let parts = std::mem::take(&mut poll.parts);
        let mut sums = Vec::new();
        for (index, (point, count)) in self.sums.iter().enumerate() {
            let come = || parts.iter().filter(|(sum, ..)| *sum == index);
            let Some(oldest) = come().map(|(.., at)| *at).min_by_key(|at| at.mono) else { continue };
            if come().count() < *count {
                continue;
            }
            let target = Target::Point(*point);
            let sum = come().try_fold(0.0, |sum, (_, part, _)| part.map(|part| sum + part));
            let mut readings = Vec::new();
            match sum {
                Some(sum) => {
                    if push_plausible(&mut readings, target, target.plausible(), sum) {
                        poll.impossible += 1;
                        let row = self.row_points.iter().position(|known| *known == Some(*point)).unwrap_or_default();
                        poll.note(Odd::Impossible(row), || {
                            let (path, unit) = (point.spec().path, unit::symbol(target));
                            format!("the registers of {path} add up to {sum} {unit}, which cannot be")
                        });
                    }
                }
                None => push_invalid(&mut readings, target),
            }
            sums.extend(readings.into_iter().map(|reading| (oldest, reading)));
        }
        sums
    }

    /// The first address of the older register that takes the place of a row which the device refuses.
    pub fn stand_in(&self, row: usize, refused: &[bool]) -> Option<u16> {
        let registers = self.blocks.iter().flat_map(|block| block.registers.iter().map(move |of| (block.address, of)));
        let mut older = registers.filter(|(_, of)| of.instead_of == Some(row));
        let there = older.find(|(_, of)| !refused.get(of.row).copied().unwrap_or(false));
        there.map(|(address, of)| address + of.offset as u16)
    }

    /// The points of `rows`, which the device refuses, that no older register stands in for; `refused` is by row.
    pub fn without_stand_in(&self, rows: &[usize], refused: &[bool]) -> Vec<PointId> {
        let stands_in = |point: PointId, row: usize| {
            let others =
                self.row_points.iter().enumerate().filter(|(other, known)| *other != row && **known == Some(point));
            others.into_iter().any(|(other, _)| !refused.get(other).copied().unwrap_or(false))
        };
        let points = rows.iter().filter_map(|row| Some((self.row_points.get(*row).copied()??, *row)));
        let mut points: Vec<PointId> =
            points.filter(|(point, row)| !stands_in(*point, *row)).map(|(point, _)| point).collect();
        points.dedup();
        points
    }
}

fn all(words: &[u16]) -> Vec<Option<u16>> {
    words.iter().copied().map(Some).collect()
}
