//! Where a signal's bits lie in a frame, in both of DBC's byte orders. Pure arithmetic, no allocation.

/// Which way a signal's bits go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// Intel, `@1`: the lowest bit first.
    LittleEndian,
    /// Motorola, `@0`: the highest bit first.
    BigEndian,
}

/// A run of up to 64 bits in a frame, ready to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitField {
    first_byte: usize,
    /// Bytes touched: up to 9, as 64 bits need not start on a byte.
    bytes: usize,
    /// Bits below the field in the bytes touched.
    shift: u32,
    bits: u32,
    big_endian: bool,
}

impl BitField {
    /// The field with DBC start bit `start` and `bits` bits.
    ///
    /// DBC numbers bits within a byte from 0 (lowest) to 7. Little-endian: the start is the lowest bit of the signal and
    /// numbers go up. Big-endian: the start is its *highest* bit, and the signal goes on at bit 7 of the next byte.
    ///
    /// `None` if there are no bits, more than 64, or if the field does not end within `frame_bytes`.
    pub fn new(start: u64, bits: u64, order: ByteOrder, frame_bytes: usize) -> Option<BitField> {
        if !(1..=64).contains(&bits) || start >= frame_bytes as u64 * 8 {
            return None;
        }
        let big_endian = order == ByteOrder::BigEndian;
        // Counted along the way the signal goes: the place of its first bit, and of the bit after its last.
        let from = if big_endian { start / 8 * 8 + (7 - start % 8) } else { start };
        let until = from + bits;
        if until > frame_bytes as u64 * 8 {
            return None;
        }
        let shift = if big_endian { (8 - until % 8) % 8 } else { start % 8 };
        Some(BitField {
            first_byte: (from / 8) as usize,
            bytes: until.div_ceil(8) as usize - (from / 8) as usize,
            shift: shift as u32,
            bits: bits as u32,
            big_endian,
        })
    }

    /// How many bits it has, 1 to 64.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Whether a frame of so many bytes has all of it.
    pub fn is_in(&self, frame_bytes: usize) -> bool {
        self.first_byte + self.bytes <= frame_bytes
    }

    /// Its bits as an unsigned number. Bytes that `frame` does not have count as zero.
    pub fn read(&self, frame: &[u8]) -> u64 {
        let end = frame.len().min(self.first_byte + self.bytes);
        let touched = frame.get(self.first_byte..end).unwrap_or_default();
        let mut word = 0_u128;
        if self.big_endian {
            for byte in touched {
                word = word << 8 | u128::from(*byte);
            }
        } else {
            for byte in touched.iter().rev() {
                word = word << 8 | u128::from(*byte);
            }
        }
        (word >> self.shift) as u64 & (u64::MAX >> (64 - self.bits))
    }

    /// Puts the lowest bits of `raw` into its place. All other bits stay; bytes that `frame` does not have are left out.
    pub fn write(&self, frame: &mut [u8], raw: u64) {
        let end = frame.len().min(self.first_byte + self.bytes);
        let Some(touched) = frame.get_mut(self.first_byte..end) else { return };
        let mask = u128::from(u64::MAX >> (64 - self.bits)) << self.shift;
        let word = (u128::from(raw) << self.shift) & mask;
        let last = touched.len().saturating_sub(1);
        for (at, byte) in touched.iter_mut().enumerate() {
            let shift = 8 * if self.big_endian { last - at } else { at };
            *byte = *byte & !((mask >> shift) as u8) | (word >> shift) as u8;
        }
    }

    /// Its bits as a two's complement number.
    pub fn read_signed(&self, frame: &[u8]) -> i64 {
        let unused = 64 - self.bits;
        (self.read(frame) << unused) as i64 >> unused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_byte_orders_read_what_the_format_says() {
        use ByteOrder::{BigEndian as Be, LittleEndian as Le};
        let frame = [0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7];
        for (start, bits, order, expected) in [
            (7, 8, Be, 0x00),
            (15, 4, Be, 0xF),
            (11, 13, Be, 3300),
            (30, 13, Be, 3301),
            (33, 13, Be, 3302),
            (52, 13, Be, 3303),
            (8, 8, Le, 0xF6),
            (12, 8, Le, 0x2F),
            (0, 64, Le, 0xE7CC_9C95_3372_F600),
            (7, 64, Be, 0x00F6_7233_959C_CCE7),
            (63, 1, Le, 1),
            (59, 1, Le, 0),
        ] {
            let field = BitField::new(start, bits, order, 8).unwrap();
            assert_eq!(field.read(&frame), expected, "{start}|{bits} {order:?}");
        }
        let sign = BitField::new(7, 3, Be, 1).unwrap();
        assert_eq!((sign.read_signed(&[0b1110_0000]), sign.read_signed(&[0b0110_0000])), (-1, 3));
    }

    #[test]
    fn a_field_outside_its_frame_does_not_exist() {
        use ByteOrder::{BigEndian as Be, LittleEndian as Le};
        for (start, bits, order) in [(0, 0, Le), (0, 65, Le), (57, 8, Le), (64, 1, Be), (56, 2, Be), (0, 64, Be)] {
            assert_eq!(BitField::new(start, bits, order, 8), None, "{start}|{bits} {order:?}");
        }
    }

    proptest! {
        /// Bit by bit, as the format describes it, against the fast way.
        #[test]
        fn any_field_reads_the_bits_in_its_path(
            frame in proptest::collection::vec(any::<u8>(), 1..=64), start in 0_u64..512, bits in 1_u64..=64, big in any::<bool>()
        ) {
            let order = if big { ByteOrder::BigEndian } else { ByteOrder::LittleEndian };
            let Some(field) = BitField::new(start, bits, order, frame.len()) else { return Ok(()) };
            let (mut expected, mut bit_position) = (0_u64, start as usize);
            for n in 0..bits {
                let bit = u64::from(frame[bit_position / 8] >> (bit_position % 8) & 1);
                if big {
                    expected = expected << 1 | bit;
                    bit_position = if bit_position % 8 == 0 { bit_position + 15 } else { bit_position - 1 };
                } else {
                    expected |= bit << n;
                    bit_position += 1;
                }
            }
            prop_assert_eq!(field.read(&frame), expected);
        }
    }
}
