//! Points of devices: as many as the site's tables name, beside the catalogue of what every system may have.
//!
//! A device is what answers on a link: an inverter, a meter, a hall of GPUs. Its points have names and units of their own,
//! and rules of the catalogue do not know them.

use super::Unit;
use crate::wire::{Reader, Wire, WireError, Writer};
use std::time::Duration;

/// The most device points of one system: they are numbered by a `u16`.
pub const DEVICE_POINTS_MAX: usize = 1 << 16;

/// A point of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct DevicePoint {
    /// What it is kept and asked by: the device's name and the point's, `gpu/3/power`.
    pub path: String,
    /// The unit of its values.
    pub unit: Unit,
    /// Step of the live stream, in the unit.
    pub resolution: f32,
    /// A value older than this is stale.
    pub max_age: Duration,
}

/// A number that changes when a system's device points are named otherwise or in another order: frames of the past name
/// them by their places.
pub(crate) fn fingerprint(points: &[DevicePoint]) -> u32 {
    // FNV-1a: the same on every machine and in every version.
    let bytes = points.iter().flat_map(|point| point.path.bytes().chain([0]));
    bytes.fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl Wire for DevicePoint {
    fn write(&self, w: &mut Writer) {
        w.str(&self.path);
        self.unit.write(w);
        w.f32(self.resolution);
        w.varint(self.max_age.as_micros() as u64);
    }

    fn read(r: &mut Reader<'_>) -> Result<DevicePoint, WireError> {
        Ok(DevicePoint {
            path: r.str()?.to_owned(),
            unit: Unit::read(r)?,
            resolution: r.f32()?,
            max_age: Duration::from_micros(r.varint()?),
        })
    }
}
