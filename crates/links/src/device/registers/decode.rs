//! Registers to readings, and to text.

use super::{Block, Register, RegisterType, WordOrder};
use crate::device::{push_invalid, push_plausible, unit};
use domain::link::DecodedValue;
use domain::reading::{Reading, Target};

/// What the words of a register say.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Word {
    /// A number; may be NaN or infinite for floats.
    Number(f64),
    /// The device says that it has no value.
    NoValue,
}

impl Block {
    /// Adds the readings of the block's words, first register first; returns how many values were impossible.
    /// Words that are missing make no reading.
    pub fn decode(&self, words: &[u16], readings: &mut Vec<Reading>) -> u32 {
        let mut impossible = 0;
        for register in &self.registers {
            let target = Target::Point(register.point);
            match register.read(words) {
                Some(Word::Number(raw)) => {
                    let value = raw * register.scale + register.offset;
                    impossible += u32::from(push_plausible(readings, target, target.plausible(), value));
                }
                Some(Word::NoValue) => push_invalid(readings, target),
                None => {}
            }
        }
        impossible
    }

    /// The values of the block's words as text with unit.
    pub(super) fn texts(&self, words: &[u16]) -> Vec<DecodedValue> {
        let texts = self.registers.iter().filter_map(|register| {
            let text = match register.read(words)? {
                Word::NoValue => "no value".to_owned(),
                Word::Number(raw) => {
                    let value = raw * register.scale + register.offset;
                    format!("{value:.*} {}", register.decimals(), unit::symbol(Target::Point(register.point)))
                }
            };
            Some(DecodedValue { name: register.point.spec().path.to_owned(), text: text.trim_end().to_owned() })
        });
        texts.collect()
    }
}

impl Register {
    /// What its words say; `None` if they are not there.
    fn read(&self, words: &[u16]) -> Option<Word> {
        let words = words.get(self.place..self.place + usize::from(self.kind.words()))?;
        let bits = match (words, self.word_order) {
            ([first, second], WordOrder::HighFirst) => u32::from(*first) << 16 | u32::from(*second),
            ([first, second], WordOrder::LowFirst) => u32::from(*second) << 16 | u32::from(*first),
            (words, _) => u32::from(*words.first()?),
        };
        let number = match self.kind {
            RegisterType::U16 | RegisterType::U32 => f64::from(bits),
            RegisterType::S16 => f64::from(bits as u16 as i16),
            RegisterType::S32 => f64::from(bits as i32),
            RegisterType::F32 => f64::from(f32::from_bits(bits)),
        };
        let means_nothing = |sentinel: &f64| *sentinel == number || *sentinel == f64::from(bits);
        let nothing = match self.kind {
            // The bits of a float are no number that a table would mean.
            RegisterType::F32 => self.sentinel.contains(&number),
            _ => self.sentinel.iter().any(means_nothing),
        };
        Some(if nothing { Word::NoValue } else { Word::Number(number) })
    }

    fn decimals(&self) -> usize {
        if self.kind == RegisterType::F32 {
            return 3;
        }
        (0..4).find(|digits| (self.scale * 10_f64.powi(*digits)).fract().abs() < 1e-9).unwrap_or(4) as usize
    }
}

#[cfg(test)]
mod tests {
    use crate::device::registers::RegisterTable;
    use crate::frames::Describe;
    use domain::reading::{NoData, Reading, Sample};
    use proptest::prelude::*;

    /// Decodes words as one register of the point `battery/current` (-5000 to 5000).
    fn decode(more: &str, words: &[u16]) -> (u32, Vec<Sample>) {
        let text = format!("name = \"A\"\n[[register]]\naddress = 7\npoint = \"battery/current\"\n{more}");
        let mut readings: Vec<Reading> = Vec::new();
        let impossible = RegisterTable::parse(&text).unwrap().blocks[0].decode(words, &mut readings);
        (impossible, readings.into_iter().map(|r| r.sample).collect())
    }

    #[test]
    fn every_type_word_order_scale_and_sign() {
        let float = 12.5_f32.to_bits();
        for (more, words, expected) in [
            ("type = \"u16\"\nscale = 0.1", vec![1_234], 123.4),
            ("type = \"s16\"", vec![0xFFFE], -2.0),
            ("type = \"s16\"\nsign = \"charge-positive\"", vec![0xFFFE], 2.0),
            ("type = \"u32\"\nscale = 0.01", vec![1, 0], 655.36),
            ("type = \"u32\"\nscale = 0.01\nword_order = \"low-first\"", vec![0, 1], 655.36),
            ("type = \"s32\"\noffset = 0.5", vec![0xFFFF, 0xFFFF], -0.5),
            ("type = \"f32\"", vec![(float >> 16) as u16, float as u16], 12.5),
        ] {
            let (impossible, samples) = decode(more, &words);
            assert_eq!((impossible, samples.as_slice()), (0, [Ok(expected)].as_slice()), "{more}");
        }
    }

    #[test]
    fn no_value_and_impossible_values_are_told_apart() {
        let nan = f32::NAN.to_bits();
        let no_value = (0, vec![Err(NoData::Error)]);
        for (more, words, expected) in [
            ("type = \"s16\"\nsentinel = [-32768]", vec![0x8000], no_value.clone()),
            ("type = \"s16\"\nsentinel = [0x8000]", vec![0x8000], no_value.clone()),
            ("type = \"u16\"\nsentinel = [0xFFFF, 0]", vec![0], no_value.clone()),
            ("type = \"s32\"\nsentinel = [0x8000_0000]", vec![0x8000, 0], no_value.clone()),
            ("type = \"f32\"\nsentinel = [0.0]", vec![0, 0], no_value),
            ("type = \"f32\"", vec![(nan >> 16) as u16, nan as u16], (1, vec![])),
            ("type = \"f32\"", vec![0x7F80, 0], (1, vec![])),
            ("type = \"u16\"", vec![5_001], (1, vec![])),
            ("type = \"u32\"", vec![1], (0, vec![])),
            ("type = \"u16\"", vec![], (0, vec![])),
        ] {
            assert_eq!(decode(more, &words), expected, "{more} {words:?}");
        }
    }

    #[test]
    fn the_tables_that_come_with_us_are_read_with_one_request() {
        for (text, name, expected) in [
            (include_str!("../../../../../registers/grid_meter.toml"), "Grid meter", "grid/power"),
            (include_str!("../../../../../registers/load_meter.toml"), "AI load meter", "load/power"),
        ] {
            let table = RegisterTable::parse(text).unwrap();
            assert_eq!((table.blocks.len(), table.blocks[0].address, table.blocks[0].count), (1, 0, 2));
            assert_eq!((table.key(0), table.name(0)), ("reg 0-1".to_owned(), format!("{name}, holding registers")));
            for (raw, text) in [([0xFF, 0xFF, 0xFF, 0xFE], "-2 W"), ([0x80, 0, 0, 0], "no value")] {
                let decoded = table.decoded(0, &raw);
                assert_eq!((decoded[0].name.as_str(), decoded[0].text.as_str()), (expected, text));
            }
        }
    }

    proptest! {
        #[test]
        fn any_words_give_plausible_values_or_none(words in proptest::collection::vec(any::<u16>(), 0..4),
            kind in proptest::sample::select(vec!["u16", "s16", "u32", "s32", "f32"])) {
            let (impossible, samples) = decode(&format!("type = \"{kind}\""), &words);
            prop_assert!(samples.iter().all(|s| s.is_ok_and(|v| (-5_000.0..=5_000.0).contains(&v))));
            prop_assert!(impossible + samples.len() as u32 <= 1);
        }
    }
}
