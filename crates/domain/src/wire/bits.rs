//! Runs of bits, the lowest bit of each byte first.

use super::WireError;

/// The most bits that one call moves.
const MAX_BITS: u32 = 32;

/// Appends bits to bytes.
#[derive(Debug)]
pub struct BitWriter<'a> {
    bytes: &'a mut Vec<u8>,
    held: u64,
    held_bits: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(bytes: &'a mut Vec<u8>) -> BitWriter<'a> {
        BitWriter { bytes, held: 0, held_bits: 0 }
    }

    /// The low `bits` (at most 32) of `value`.
    pub fn put(&mut self, value: u64, bits: u32) {
        debug_assert!(bits <= MAX_BITS);
        self.held |= (value & ((1 << bits) - 1)) << self.held_bits;
        self.held_bits += bits;
        if self.held_bits >= 32 {
            self.bytes.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.held_bits -= 32;
        }
    }

    /// The low `bits` (at most 64) of `value`.
    pub fn put_wide(&mut self, value: u64, bits: u32) {
        self.put(value, bits.min(MAX_BITS));
        if bits > MAX_BITS {
            self.put(value >> MAX_BITS, bits - MAX_BITS);
        }
    }

    pub(super) fn fill_byte(self) {
        let bytes = self.held_bits.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.held.to_le_bytes()[..bytes]);
    }
}

/// Takes bits from bytes.
#[derive(Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bits taken so far.
    bit: usize,
    /// Where `bytes` begin in the whole message, for errors.
    offset: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8], offset: usize) -> BitReader<'a> {
        BitReader { bytes, bit: 0, offset }
    }

    pub(super) fn bytes_taken(&self) -> usize {
        self.bit.div_ceil(8)
    }

    /// The error for a value that cannot be, at the place reached.
    pub fn invalid(&self, what: &'static str) -> WireError {
        WireError::Invalid { what, at: self.offset + self.bytes_taken() }
    }

    /// At least 57 bits from the place reached, with zeros beyond the end.
    fn peek(&self) -> u64 {
        let rest = self.bytes.get(self.bit / 8..).unwrap_or_default();
        let mut window = [0; 8];
        match rest.first_chunk::<8>() {
            Some(chunk) => window = *chunk,
            None => window[..rest.len()].copy_from_slice(rest),
        }
        u64::from_le_bytes(window) >> (self.bit % 8)
    }

    fn skip(&mut self, bits: u32) -> Result<(), WireError> {
        self.bit += bits as usize;
        if self.bytes_taken() > self.bytes.len() {
            return Err(WireError::Short { at: self.offset + self.bytes.len() });
        }
        Ok(())
    }

    /// The next `bits` (at most 32).
    ///
    /// # Errors
    /// [`WireError::Short`] when there are fewer.
    pub fn take(&mut self, bits: u32) -> Result<u64, WireError> {
        debug_assert!(bits <= MAX_BITS);
        let value = self.peek() & ((1 << bits) - 1);
        self.skip(bits)?;
        Ok(value)
    }

    /// The next `bits` (at most 64).
    ///
    /// # Errors
    /// [`WireError::Short`] when there are fewer.
    pub fn take_wide(&mut self, bits: u32) -> Result<u64, WireError> {
        let low = self.take(bits.min(MAX_BITS))?;
        if bits <= MAX_BITS {
            return Ok(low);
        }
        Ok(low | self.take(bits - MAX_BITS)? << MAX_BITS)
    }

    /// How many ones follow, at most `limit` (below 32). The zero that ends them is taken too, unless they reach the
    /// limit.
    ///
    /// # Errors
    /// [`WireError::Short`] when the bits end first.
    pub fn take_ones(&mut self, limit: u32) -> Result<u32, WireError> {
        debug_assert!(limit < MAX_BITS);
        let ones = self.peek().trailing_ones().min(limit);
        self.skip(if ones < limit { ones + 1 } else { ones })?;
        Ok(ones)
    }
}
