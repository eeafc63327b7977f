//! A chain of SunSpec models, built front to back.

/// "SunS".
const MARKER: [u16; 2] = [0x5375, 0x6E53];
/// "Not implemented".
pub(super) const NOTHING: u16 = 0xFFFF;
/// "Not implemented" of signed fields and of scale factors.
pub(super) const NOTHING_SIGNED: u16 = 0x8000;

/// All registers of a device.
pub(super) struct Chain {
    words: Vec<u16>,
}

/// One model's registers; offsets count from its id.
pub(super) struct Model<'a> {
    words: &'a mut [u16],
}

impl Chain {
    pub(super) fn new() -> Chain {
        Chain { words: MARKER.to_vec() }
    }

    /// Adds a model of `length` registers after id and length; what `fill` leaves out is not implemented.
    pub(super) fn model(&mut self, id: u16, length: u16, fill: impl FnOnce(&mut Model<'_>)) {
        let first = self.words.len();
        self.words.extend([id, length]);
        self.words.resize(first + 2 + usize::from(length), NOTHING);
        fill(&mut Model { words: &mut self.words[first..] });
    }

    /// Ends the chain.
    pub(super) fn end(mut self) -> Vec<u16> {
        self.words.extend([NOTHING, 0]);
        self.words
    }
}

impl Model<'_> {
    pub(super) fn put(&mut self, at: usize, word: u16) {
        self.put_all(at, &[word]);
    }

    pub(super) fn put_all(&mut self, at: usize, words: &[u16]) {
        self.words[at..at + words.len()].copy_from_slice(words);
    }

    /// Powers of ten from `at` on; `None` is not implemented.
    pub(super) fn factors(&mut self, at: usize, exponents: &[Option<i16>]) {
        for (place, exponent) in exponents.iter().enumerate() {
            self.put(at + place, exponent.map_or(NOTHING_SIGNED, |exponent| exponent as u16));
        }
    }

    /// Text of two characters a register, filled up with zeros, cut to `registers`.
    pub(super) fn text(&mut self, at: usize, registers: usize, text: &str) {
        let byte = |place: usize| u16::from(text.as_bytes().get(place).copied().unwrap_or(0));
        for register in 0..registers {
            self.put(at + register, byte(2 * register) << 8 | byte(2 * register + 1));
        }
    }
}

/// `value` in steps of `1 / per_unit`; the casts saturate, and stay below "not implemented".
pub(super) fn unsigned(value: Option<f32>, per_unit: f32) -> u16 {
    value.map_or(NOTHING, |value| ((value * per_unit).round() as u16).min(NOTHING - 1))
}

/// As [`unsigned`], two's complement.
pub(super) fn signed(value: Option<f32>, per_unit: f32) -> u16 {
    value.map_or(NOTHING_SIGNED, |value| ((value * per_unit).round() as i16).max(i16::MIN + 1) as u16)
}
