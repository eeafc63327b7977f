//! Setpoints of a register table: from a value to the words that are written, and back. Pure.

use super::block::Unit;
use super::value::{Format, RegisterType, Word, WordOrder};
use crate::device::setpoint::FLOAT_TELLS_APART;
use domain::write::{BadValue, Setpoint};

/// A setpoint and the registers that keep it.
#[derive(Clone, Debug, PartialEq)]
pub struct Writable {
    /// What it is to those who set it.
    pub setpoint: Setpoint,
    /// The named unit that has it; `None` for the link's own.
    pub unit: Option<Unit>,
    /// Address of its first register, a holding register.
    pub address: u16,
    /// Whether function 6 writes it, where it is one register; else function 16.
    pub single: bool,
    pub(super) format: Format,
}

/// Why a value cannot be written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// It may not be.
    #[error(transparent)]
    Value(#[from] BadValue),
    /// No words of the registers stand for it.
    #[error("{0} does not fit into its register")]
    NoWords(f64),
}

impl Writable {
    /// A setpoint in one register, whose values are its number times `scale`; `nothing` is the number that says that
    /// there is no value, and is never written.
    pub fn in_one_register(setpoint: Setpoint, address: u16, signed: bool, scale: f64, nothing: f64) -> Writable {
        let format = Format {
            kind: if signed { RegisterType::S16 } else { RegisterType::U16 },
            word_order: WordOrder::HighFirst,
            scale,
            offset: 0.0,
            sentinel: vec![nothing],
            extremes: false,
            negative_above: None,
        };
        Writable { setpoint, unit: None, address, single: false, format }
    }

    /// How many registers it takes.
    pub fn count(&self) -> u16 {
        self.format.kind.words()
    }

    /// The words that set it to `value`, or to its nearest step. What they mean is never outside of the setpoint's range.
    ///
    /// # Errors
    /// The value is outside of the range, or no words stand for it.
    pub fn words(&self, value: f64) -> Result<Vec<u16>, EncodeError> {
        let admitted = self.setpoint.admit(value)?;
        let number = (admitted - self.format.offset) / self.format.scale;
        let nearest = if self.format.kind == RegisterType::F32 { number } else { number.round() };
        // Rounding may end just outside of the range: then the number beside it.
        let step = if self.format.kind == RegisterType::F32 { f64::from(f32::EPSILON) * number.abs() } else { 1.0 };
        let candidates =
            [nearest, nearest - step, nearest + step].into_iter().filter(|near| (near - number).abs() < 1.0);
        let mut words = candidates.filter_map(|number| self.format.kind.words_of(number, self.format.word_order));
        words
            .find(|words| self.value(words).is_some_and(|read| self.setpoint.contains(read)))
            .ok_or(EncodeError::NoWords(value))
    }

    /// A value of the range, a step of it, whose number says that there is no value; `None` if each can be written.
    pub(super) fn without_words(&self) -> Option<f64> {
        let (kind, order) = (self.format.kind, self.format.word_order);
        // A sentinel is the number, or its bits.
        let numbers = self.format.sentinel.iter().flat_map(|said| match kind {
            RegisterType::S16 if *said > 32_767.0 => [*said, *said - 65_536.0],
            RegisterType::S32 if *said > 2_147_483_647.0 => [*said, *said - 4_294_967_296.0],
            _ => [*said, *said],
        });
        let means_nothing = |value: &f64| {
            let number = (value - self.format.offset) / self.format.scale;
            let number = if kind == RegisterType::F32 { number } else { number.round() };
            kind.words_of(number, order).is_some_and(|words| self.value(&words).is_none())
        };
        let mut admitted = numbers.filter_map(|number| self.setpoint.admit(self.format.scaled(number)).ok());
        admitted.find(means_nothing)
    }

    /// What words of its registers say; `None` if they say that there is no value.
    pub fn value(&self, words: &[u16]) -> Option<f64> {
        let words: Vec<Option<u16>> = words.iter().copied().map(Some).collect();
        match self.format.read(&words, 0)? {
            Word::Number(number) if number.is_finite() => Some(self.format.scaled(number)),
            _ => None,
        }
    }

    /// Whether two values are the same to the device: closer than half of what its registers tell apart.
    pub fn is_same(&self, one: f64, other: f64) -> bool {
        let resolution = match self.format.kind {
            RegisterType::F32 => one.abs().max(other.abs()) * FLOAT_TELLS_APART,
            _ => self.format.scale.abs() / 2.0,
        };
        (one - other).abs() <= resolution
    }
}

#[cfg(test)]
mod tests {
    use super::super::RegisterTable;
    use super::*;
    use domain::write::Wear;
    use proptest::prelude::*;

    fn table(kind: &str, scale: f64, offset: f64, (min, max, step): (f64, f64, f64), more: &str) -> Option<Writable> {
        let text = format!(
            "name = \"A\"\n[[register]]\naddress = 7\nlabel = \"Limit\"\ntype = \"{kind}\"\nscale = {scale:?}\noffset = {offset:?}\n{more}\n\
             write = {{ name = \"limit\", min = {min:?}, max = {max:?}, step = {step:?}, wear = \"flash\", unit = \"W\" }}\n"
        );
        RegisterTable::parse(&text).ok()?.setpoints().first().cloned()
    }

    #[test]
    fn values_become_words_and_words_values() {
        for (kind, scale, offset, range, more, value, words) in [
            ("u16", 0.1, 0.0, (10.0, 50.0, 1.0), "", 30.4, vec![300]),
            ("s16", 1.0, 0.0, (-5_000.0, 5_000.0, 10.0), "", -1_234.0, vec![0xFB32]),
            ("s32", 1.0, 0.0, (-250_000.0, 250_000.0, 1.0), "", -100.0, vec![0xFFFF, 0xFF9C]),
            ("s32", 1.0, 0.0, (-250_000.0, 250_000.0, 1.0), "word_order = \"low-first\"", -100.0, vec![0xFF9C, 0xFFFF]),
            ("s16", 100.0, 0.0, (-5_000.0, 5_000.0, 100.0), "sign = \"export-positive\"", 1_200.0, vec![0xFFF4]),
            ("f32", 1.0, 0.0, (0.0, 1.0, 0.01), "", 0.5, vec![0x3F00, 0]),
            ("u16", 1.0, -40.0, (-40.0, 60.0, 1.0), "", -40.0, vec![0]),
        ] {
            let writable = table(kind, scale, offset, range, more).unwrap();
            assert_eq!(writable.words(value), Ok(words.clone()), "{kind} {value}");
            assert!(writable.is_same(writable.value(&words).unwrap(), writable.setpoint.admit(value).unwrap()));
        }
        let limit = table("u16", 0.1, 0.0, (10.0, 50.0, 1.0), "").unwrap();
        assert_eq!((limit.setpoint.wear, limit.setpoint.unit.as_str(), limit.address), (Wear::Flash, "W", 7));
        for value in [9.9, 50.1, -1.0, f64::NAN, f64::NEG_INFINITY, 1e300] {
            assert!(limit.words(value).is_err(), "{value}");
        }
    }

    proptest! {
        /// Whatever the row and the wish, what is put on the wire means a value of the range.
        #[test]
        fn no_value_outside_of_the_range_is_ever_encoded(
            kind in 0_usize..5, scale in prop::sample::select(vec![0.001_f64, 0.01, 0.1, 0.3, 1.0, -1.0, -0.1, 7.0, 100.0]),
            offset in prop::sample::select(vec![0.0_f64, -40.0, 0.5]), min in -40_000.0_f64..40_000.0, span in 0.0_f64..80_000.0,
            step in 0.01_f64..500.0, low_first in any::<bool>(),
            value in prop_oneof![any::<f64>(), -90_000.0..90_000.0, Just(0.0), -1.0..1.0],
        ) {
            let kind = ["u16", "s16", "u32", "s32", "f32"][kind];
            let more = if low_first { "word_order = \"low-first\"" } else { "" };
            let tens = [offset, offset + 10.0 * scale];
            let range = (tens[0].min(tens[1]), tens[0].max(tens[1]), scale.abs());
            let writable = table(kind, scale, offset, range, more).unwrap();
            // Also with numbers that no table may have.
            let setpoint = Setpoint { min, max: min + span, step, ..writable.setpoint };
            let writable = Writable { setpoint, ..writable };
            let Ok(words) = writable.words(value) else { return Ok(()) };
            prop_assert!((min..=min + span).contains(&value));
            // Read as a device reads it, without our code.
            let bits = match (words.as_slice(), low_first) {
                ([word], _) => u32::from(*word),
                ([high, low], false) | ([low, high], true) => u32::from(*high) << 16 | u32::from(*low),
                other => panic!("{other:?}"),
            };
            let raw = match kind {
                "u16" | "u32" => f64::from(bits),
                "s16" => f64::from(bits as u16 as i16),
                "s32" => f64::from(bits as i32),
                _ => f64::from(f32::from_bits(bits)),
            };
            let meant = raw * scale + offset;
            let slack = 1e-6 * (min.abs() + span);
            prop_assert!((min - slack..=min + span + slack).contains(&meant), "{} becomes {}", value, meant);
            prop_assert!((meant - value).abs() <= step + scale.abs() + slack, "{} becomes {}", value, meant);
        }
    }
}
