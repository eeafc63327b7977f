//! The format of one value: from its words to a number, or to "no value".

use serde::Deserialize;

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

impl RegisterType {
    /// How many registers a value takes.
    pub fn words(self) -> u16 {
        match self {
            RegisterType::U16 | RegisterType::S16 => 1,
            RegisterType::U32 | RegisterType::S32 | RegisterType::F32 => 2,
        }
    }

    /// The words that stand for a number; `None` if there are none.
    pub(super) fn words_of(self, number: f64, order: WordOrder) -> Option<Vec<u16>> {
        let whole = |low: f64, high: f64| (number.fract() == 0.0 && (low..=high).contains(&number)).then_some(number);
        let bits = match self {
            RegisterType::U16 => return Some(vec![whole(0.0, u16::MAX.into())? as u16]),
            RegisterType::S16 => return Some(vec![whole(i16::MIN.into(), i16::MAX.into())? as i16 as u16]),
            RegisterType::U32 => whole(0.0, u32::MAX.into())? as u32,
            RegisterType::S32 => whole(i32::MIN.into(), i32::MAX.into())? as i32 as u32,
            RegisterType::F32 => Some(number as f32).filter(|number| number.is_finite())?.to_bits(),
        };
        let (high, low) = ((bits >> 16) as u16, bits as u16);
        Some(match order {
            WordOrder::HighFirst => vec![high, low],
            WordOrder::LowFirst => vec![low, high],
        })
    }

    /// Whether `number` is one of those that devices use for "no value" or "does not fit": the highest one, and of
    /// signed types also the lowest.
    fn is_extreme(self, number: f64) -> bool {
        match self {
            RegisterType::U16 => number == f64::from(u16::MAX),
            RegisterType::S16 => number == f64::from(i16::MAX) || number == f64::from(i16::MIN),
            RegisterType::U32 => number == f64::from(u32::MAX),
            RegisterType::S32 => number == f64::from(i32::MAX) || number == f64::from(i32::MIN),
            RegisterType::F32 => false,
        }
    }
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

/// How words become a number in the point's unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Format {
    pub(super) kind: RegisterType,
    pub(super) word_order: WordOrder,
    pub(super) scale: f64,
    pub(super) offset: f64,
    /// Raw values that mean "no value", as bits or as the number.
    pub(super) sentinel: Vec<f64>,
    /// Whether the extremes of the type mean "no value" too.
    pub(super) extremes: bool,
    /// Numbers above this are meant negative, by a device that has no sign.
    pub(super) negative_above: Option<f64>,
}

/// What the words of a register say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Word {
    /// A number as it was sent; may be NaN or infinite for floats.
    Number(f64),
    /// The device says that it has no value.
    NoValue,
}

impl Format {
    /// What the words from `first` on say; `None` if they are not there.
    pub(super) fn read(&self, words: &[Option<u16>], first: usize) -> Option<Word> {
        let word = |at: usize| words.get(first + at).copied().flatten().map(u32::from);
        let bits = match (self.kind.words(), self.word_order) {
            (2, WordOrder::HighFirst) => word(0)? << 16 | word(1)?,
            (2, WordOrder::LowFirst) => word(1)? << 16 | word(0)?,
            _ => word(0)?,
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
            _ => self.sentinel.iter().any(means_nothing) || self.extremes && self.kind.is_extreme(number),
        };
        let wrapped = self.negative_above.is_some_and(|above| number > above);
        let range = if self.kind.words() == 2 { 4_294_967_296.0 } else { 65_536.0 };
        Some(match nothing {
            true => Word::NoValue,
            false if wrapped => Word::Number(number - range),
            false => Word::Number(number),
        })
    }

    /// A number as it was sent, in the point's unit.
    pub(super) fn scaled(&self, number: f64) -> f64 {
        number * self.scale + self.offset
    }

    /// How many digits after the point its steps need, at most 4.
    pub(super) fn decimals(&self) -> usize {
        if self.kind == RegisterType::F32 {
            return 3;
        }
        (0..4).find(|digits| (self.scale * 10_f64.powi(*digits)).fract().abs() < 1e-9).unwrap_or(4) as usize
    }
}
