//! The binary form of what messages of a flight check are made of and the derive cannot make.

use crate::limits::Chemistry;
use crate::point::PointId;
use crate::reading::NoData;
use crate::wire::{Reader, Wire, WireError, Writer};

/// By its place in the catalogue.
impl Wire for PointId {
    fn write(&self, w: &mut Writer) {
        w.u8(*self as u8);
    }

    fn read(r: &mut Reader<'_>) -> Result<PointId, WireError> {
        PointId::ALL.get(usize::from(r.u8()?)).copied().ok_or_else(|| r.invalid("a point"))
    }
}

/// By its code.
impl Wire for NoData {
    fn write(&self, w: &mut Writer) {
        w.u8(*self as u8);
    }

    fn read(r: &mut Reader<'_>) -> Result<NoData, WireError> {
        NoData::from_code(r.u8()?).ok_or_else(|| r.invalid("a reason for no value"))
    }
}

/// By its number.
impl Wire for Chemistry {
    fn write(&self, w: &mut Writer) {
        w.u8(*self as u8);
    }

    fn read(r: &mut Reader<'_>) -> Result<Chemistry, WireError> {
        Chemistry::ALL.get(usize::from(r.u8()?)).copied().ok_or_else(|| r.invalid("a chemistry"))
    }
}

/// A byte, 1 for a value, then the value or what is in its place.
impl<T: Wire, E: Wire> Wire for Result<T, E> {
    fn write(&self, w: &mut Writer) {
        w.bool(self.is_ok());
        match self {
            Ok(value) => value.write(w),
            Err(why) => why.write(w),
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Result<T, E>, WireError> {
        Ok(if r.bool()? { Ok(T::read(r)?) } else { Err(E::read(r)?) })
    }
}
