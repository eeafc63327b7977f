//! Registers of a simulated Modbus device, and what it answers when some are asked for. Pure.

/// Exception codes of the protocol.
pub mod exception {
    /// The device does not know the function.
    pub const FUNCTION: u8 = 1;
    /// It has no such register.
    pub const ADDRESS: u8 = 2;
    /// The request makes no sense.
    pub const VALUE: u8 = 3;
    /// It cannot do it now.
    pub const FAILURE: u8 = 4;
    /// A gateway knows no such unit.
    pub const NO_PATH: u8 = 10;
    /// The unit behind a gateway does not answer.
    pub const NO_TARGET: u8 = 11;
}

/// Most registers in one request, by the protocol.
const COUNT_MAX: u16 = 125;
/// Function code: read holding registers.
pub const READ_HOLDING: u8 = 3;
/// Function code: write one register.
pub const WRITE_ONE: u8 = 6;
/// Function code: write several registers.
pub const WRITE_MANY: u8 = 16;
/// Function code: read input registers.
pub const READ_INPUT: u8 = 4;

/// What is asked of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Unit identifier.
    pub unit: u8,
    /// Function code.
    pub function: u8,
    /// Address of the first register.
    pub address: u16,
    /// How many registers.
    pub count: u16,
}

impl Question {
    /// Whether so many registers can be asked for at once.
    ///
    /// # Errors
    /// [`exception::VALUE`] if not.
    pub fn check_count(&self) -> Result<(), u8> {
        if (1..=COUNT_MAX).contains(&self.count) { Ok(()) } else { Err(exception::VALUE) }
    }
}

/// Registers that are to be written, by function 6 or 16.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Unit identifier.
    pub unit: u8,
    /// Address of the first register.
    pub address: u16,
    /// What is written.
    pub words: Vec<u16>,
}

/// What a device does with a write: an exception code if it refuses.
pub type Taken = Result<(), u8>;

/// Registers, or an exception code.
pub type Answer = Result<Vec<u16>, u8>;

/// A device's registers: runs of neighbours with holes between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    runs: Vec<(u16, Vec<u16>)>,
}

impl Registers {
    /// One run from `base` on.
    pub fn new(base: u16, words: Vec<u16>) -> Registers {
        Registers { runs: vec![(base, words)] }
    }

    /// Adds a run from `base` on. It joins the last one if it follows it.
    pub fn add(&mut self, base: u16, words: impl IntoIterator<Item = u16>) {
        match self.runs.last_mut() {
            Some((first, run)) if usize::from(*first) + run.len() == usize::from(base) => run.extend(words),
            _ => self.runs.push((base, words.into_iter().collect())),
        }
    }

    /// Whether there is a register at `address`.
    pub fn has(&self, address: u16) -> bool {
        self.read(address, 1).is_some()
    }

    /// `count` registers from `address` on; `None` if one of them is missing.
    pub fn read(&self, address: u16, count: u16) -> Option<Vec<u16>> {
        let (from, to) = (usize::from(address), usize::from(address) + usize::from(count));
        let run = |(base, words): &(u16, Vec<u16>)| {
            let first = from.checked_sub(usize::from(*base))?;
            Some(words.get(first..first + (to - from))?.to_vec())
        };
        self.runs.iter().find_map(run)
    }

    /// What a device with only these registers answers, whatever unit is asked.
    ///
    /// # Errors
    /// [`exception::FUNCTION`] unless holding registers are read, [`exception::VALUE`] for a count that cannot be,
    /// [`exception::ADDRESS`] beyond what there is.
    pub fn answer(&self, question: &Question) -> Answer {
        if question.function != READ_HOLDING {
            return Err(exception::FUNCTION);
        }
        question.check_count()?;
        self.read(question.address, question.count).ok_or(exception::ADDRESS)
    }
}

/// A number in steps of `1 / per_unit`, as 16 bits without sign. The cast saturates.
pub fn u16_of(value: f32, per_unit: f32) -> u16 {
    (value * per_unit).round() as u16
}

/// As [`u16_of`], two's complement.
pub fn s16_of(value: f32, per_unit: f32) -> u16 {
    (value * per_unit).round() as i16 as u16
}

/// As [`s16_of`] in two registers, high word first.
pub fn s32_of(value: f32, per_unit: f32) -> [u16; 2] {
    let bits = (value * per_unit).round() as i32 as u32;
    [(bits >> 16) as u16, bits as u16]
}

/// Text of two characters a register, filled up with zeros, cut to `N` registers.
pub fn text<const N: usize>(text: &str) -> [u16; N] {
    let byte = |place: usize| u16::from(text.as_bytes().get(place).copied().unwrap_or(0));
    std::array::from_fn(|register| byte(2 * register) << 8 | byte(2 * register + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_join_where_they_meet_and_holes_are_holes() {
        let mut registers = Registers::new(800, vec![1, 2]);
        registers.add(802, [3]);
        registers.add(810, [4, 5]);
        for (address, count, words) in [
            (800, 3, Some(vec![1, 2, 3])),
            (802, 1, Some(vec![3])),
            (802, 2, None),
            (799, 1, None),
            (810, 2, Some(vec![4, 5])),
            (u16::MAX, 2, None),
        ] {
            assert_eq!(registers.read(address, count), words, "{count} from {address}");
        }
        let ask = |function, address| registers.answer(&Question { unit: 9, function, address, count: 1 });
        assert_eq!((ask(3, 811), ask(4, 811), ask(3, 812)), (Ok(vec![5]), Err(1), Err(2)));
    }

    #[test]
    fn numbers_saturate_and_texts_are_cut() {
        assert_eq!((u16_of(832.0, 100.0), u16_of(-1.0, 1.0)), (u16::MAX, 0));
        assert_eq!((s16_of(-12.34, 10.0), s32_of(-641.0, 1.0)), (0xFF85, [0xFFFF, 0xFD7F]));
        assert_eq!(text::<2>("abcde"), [0x6162, 0x6364]);
        assert_eq!(text::<3>("abc"), [0x6162, 0x6300, 0]);
    }
}
