//! Takes values from the front of bytes that may be anything.

use super::{BitReader, WireError, unzigzag};

/// Bytes being read.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their start.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The error for a value that cannot be, at the place reached.
    pub fn invalid(&self, what: &'static str) -> WireError {
        WireError::Invalid { what, at: self.at }
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// [`WireError::Short`] when there are fewer.
    pub fn raw(&mut self, len: usize) -> Result<&'a [u8], WireError> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..len).ok_or(WireError::Short { at: self.bytes.len() })?;
        self.at += len;
        Ok(taken)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`WireError::Short`] at the end.
    pub fn u8(&mut self) -> Result<u8, WireError> {
        Ok(self.raw(1)?[0])
    }

    /// Yes or no.
    ///
    /// # Errors
    /// [`WireError::Short`] at the end, [`WireError::Invalid`] for anything but 0 and 1.
    pub fn bool(&mut self) -> Result<bool, WireError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.invalid("a yes or no")),
        }
    }

    /// An unsigned number.
    ///
    /// # Errors
    /// [`WireError::Short`] at the end, [`WireError::Invalid`] beyond 64 bits.
    pub fn varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let part = u64::from(byte & 0x7f);
            if (part << shift) >> shift != part {
                break;
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.invalid("a number"))
    }

    /// An unsigned number that fits the type asked for.
    ///
    /// # Errors
    /// As [`Reader::varint`]; [`WireError::Invalid`] naming `what` when it does not fit.
    pub fn number<T: TryFrom<u64>>(&mut self, what: &'static str) -> Result<T, WireError> {
        T::try_from(self.varint()?).map_err(|_| self.invalid(what))
    }

    /// A signed number.
    ///
    /// # Errors
    /// As [`Reader::varint`].
    pub fn signed(&mut self) -> Result<i64, WireError> {
        self.varint().map(unzigzag)
    }

    /// A float, bit for bit: it may be NaN or infinite.
    ///
    /// # Errors
    /// [`WireError::Short`] at the end.
    pub fn f32(&mut self) -> Result<f32, WireError> {
        let mut bits = [0; 4];
        bits.copy_from_slice(self.raw(4)?);
        Ok(f32::from_le_bytes(bits))
    }

    /// The number of things to come, each of at least one byte.
    ///
    /// # Errors
    /// As [`Reader::varint`]; [`WireError::Invalid`] naming `what` when the bytes left cannot hold so many.
    pub fn count(&mut self, what: &'static str) -> Result<usize, WireError> {
        let count = self.number::<usize>(what)?;
        if count > self.remaining() { Err(self.invalid(what)) } else { Ok(count) }
    }

    /// Bytes with their length.
    ///
    /// # Errors
    /// [`WireError`] when there are fewer bytes than the length says.
    pub fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        let len = self.count("a length")?;
        self.raw(len)
    }

    /// Text with its length.
    ///
    /// # Errors
    /// [`WireError`] when there are fewer bytes than the length says, or when they are not UTF-8.
    pub fn str(&mut self) -> Result<&'a str, WireError> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.invalid("text"))
    }

    /// A value, if there is one.
    ///
    /// # Errors
    /// As [`Reader::bool`] and as `read` says.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, WireError>,
    ) -> Result<Option<T>, WireError> {
        if self.bool()? { read(self).map(Some) } else { Ok(None) }
    }

    /// A run of bits; the rest of its last byte is passed over.
    ///
    /// # Errors
    /// As `read` says; [`WireError::Short`] when it takes more bits than there are.
    pub fn bits<T>(&mut self, read: impl FnOnce(&mut BitReader<'a>) -> Result<T, WireError>) -> Result<T, WireError> {
        let mut bits = BitReader::new(&self.bytes[self.at..], self.at);
        let value = read(&mut bits)?;
        self.at += bits.bytes_taken();
        Ok(value)
    }

    /// The byte that says which format follows.
    ///
    /// # Errors
    /// [`WireError::Format`] when it is not `known`.
    pub fn format(&mut self, known: u8) -> Result<(), WireError> {
        let got = self.u8()?;
        if got == known { Ok(()) } else { Err(WireError::Format { got, known }) }
    }

    /// Checks that everything was read.
    ///
    /// # Errors
    /// [`WireError::Trailing`] when bytes are left.
    pub fn end(&self) -> Result<(), WireError> {
        if self.remaining() == 0 { Ok(()) } else { Err(WireError::Trailing { at: self.at }) }
    }
}
