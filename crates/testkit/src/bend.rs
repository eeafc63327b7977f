//! Bends bytes: a small generator of mutations, the same for the same seed.

/// The longest input that is made.
const BYTES_MAX: usize = 8_192;
/// Numbers at which codecs go wrong.
const AWKWARD: [u8; 8] = [0x00, 0x01, 0x7F, 0x80, 0xFF, 0xFE, b'9', b'-'];

/// A source of bent inputs (xorshift64*).
pub(crate) struct Bender(u64);

impl Bender {
    /// The source that this seed gives.
    pub(crate) fn new(seed: u64) -> Bender {
        Bender(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`; 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end.max(1)
    }

    /// Whether a chance of one in so many has come.
    pub(crate) fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }

    /// One of the pool, changed in a few places; at most 8 KiB of it.
    pub(crate) fn bend(&mut self, pool: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = pool[self.below(pool.len())].clone();
        for _ in 0..=self.below(5) {
            let at = self.below(bytes.len());
            match self.below(8) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[at] = AWKWARD[self.below(AWKWARD.len())],
                2 if !bytes.is_empty() => bytes[at] = self.next() as u8,
                3 => bytes.truncate(at),
                4 => bytes.insert(at, self.next() as u8),
                5 => {
                    let end = (at + 1 + self.below(16)).min(bytes.len());
                    bytes.drain(at.min(end)..end);
                }
                // A piece again, of itself or of another.
                6 | 7 => {
                    let other = &pool[self.below(pool.len())];
                    let from = self.below(other.len());
                    let until = (from + 1 + self.below(64)).min(other.len());
                    let piece = other[from.min(until)..until].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => bytes.push(self.next() as u8),
            }
        }
        bytes.truncate(BYTES_MAX);
        bytes
    }
}
