//! The binary form of plain values: those that messages are made of.

use super::{Reader, Wire, WireError, Writer};
use crate::time::Utc;

/// Whole numbers without a sign, in as few bytes as they need.
macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl Wire for $type {
            fn write(&self, w: &mut Writer) {
                w.varint(u64::from(*self));
            }

            fn read(r: &mut Reader<'_>) -> Result<$type, WireError> {
                r.number("a number")
            }
        }
    )*};
}

whole_numbers!(u16, u32, u64);

/// Whole numbers with a sign, in as few bytes as they need.
impl Wire for i64 {
    fn write(&self, w: &mut Writer) {
        w.signed(*self);
    }

    fn read(r: &mut Reader<'_>) -> Result<i64, WireError> {
        r.signed()
    }
}

impl Wire for u8 {
    fn write(&self, w: &mut Writer) {
        w.u8(*self);
    }

    fn read(r: &mut Reader<'_>) -> Result<u8, WireError> {
        r.u8()
    }
}

impl Wire for bool {
    fn write(&self, w: &mut Writer) {
        w.bool(*self);
    }

    fn read(r: &mut Reader<'_>) -> Result<bool, WireError> {
        r.bool()
    }
}

/// Bit for bit: it may be NaN or infinite.
impl Wire for f32 {
    fn write(&self, w: &mut Writer) {
        w.f32(*self);
    }

    fn read(r: &mut Reader<'_>) -> Result<f32, WireError> {
        r.f32()
    }
}

/// Bit for bit: it may be NaN or infinite.
impl Wire for f64 {
    fn write(&self, w: &mut Writer) {
        w.raw(&self.to_le_bytes());
    }

    fn read(r: &mut Reader<'_>) -> Result<f64, WireError> {
        let mut bits = [0; 8];
        bits.copy_from_slice(r.raw(8)?);
        Ok(f64::from_le_bytes(bits))
    }
}

impl Wire for String {
    fn write(&self, w: &mut Writer) {
        w.str(self);
    }

    fn read(r: &mut Reader<'_>) -> Result<String, WireError> {
        r.str().map(str::to_owned)
    }
}

/// Microseconds since 1970-01-01 UTC.
impl Wire for Utc {
    fn write(&self, w: &mut Writer) {
        w.signed(self.0);
    }

    fn read(r: &mut Reader<'_>) -> Result<Utc, WireError> {
        r.signed().map(Utc)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, w: &mut Writer) {
        w.option(self.as_ref(), |w, value| value.write(w));
    }

    fn read(r: &mut Reader<'_>) -> Result<Option<T>, WireError> {
        r.option(T::read)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn write(&self, w: &mut Writer) {
        self.0.write(w);
        self.1.write(w);
    }

    fn read(r: &mut Reader<'_>) -> Result<(A, B), WireError> {
        Ok((A::read(r)?, B::read(r)?))
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, w: &mut Writer) {
        w.varint(self.len() as u64);
        for item in self {
            item.write(w);
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, WireError> {
        // Grown as items are really read: a length is only a claim. A plain loop: small in the browser.
        let mut items = Vec::new();
        for _ in 0..r.count("number of items")? {
            items.push(T::read(r)?);
        }
        Ok(items)
    }
}
