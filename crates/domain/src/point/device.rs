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
    /// Below and above these values there is an alarm, where the device's table gives them.
    pub limits: PointLimits,
}

/// Values of a device point beyond which there is an alarm, in its unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PointLimits {
    /// Lower values raise an alarm.
    pub low: Option<f32>,
    /// Higher values raise an alarm.
    pub high: Option<f32>,
}

impl PointLimits {
    /// Whether there is any.
    pub fn any(&self) -> bool {
        self.low.is_some() || self.high.is_some()
    }
}

/// A device point that rules look at: one whose table gives it limits.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedPoint {
    /// Its number in [`SystemSpec::device_points`](crate::spec::SystemSpec::device_points).
    pub number: u16,
    /// Its stable name.
    pub path: String,
    /// The unit of its values.
    pub unit: Unit,
    /// Step of its values, in the unit.
    pub resolution: f32,
    /// Its limits, at least one.
    pub limits: PointLimits,
}

impl WatchedPoint {
    /// Those of a system's device points that have limits.
    pub fn of(points: &[DevicePoint]) -> Vec<WatchedPoint> {
        let watched = points.iter().zip(0..=u16::MAX).filter(|(point, _)| point.limits.any());
        let one = |(point, number): (&DevicePoint, u16)| WatchedPoint {
            number,
            path: point.path.clone(),
            unit: point.unit,
            resolution: point.resolution,
            limits: point.limits,
        };
        watched.map(one).collect()
    }

    /// The id of the link that brings it.
    pub fn link(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// What is measured: the end of its name, `temperature`.
    pub fn quantity(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// What it is measured of: its name without the end, `hall/gpu/3`.
    pub fn device(&self) -> &str {
        self.path.rsplit_once('/').map_or(&self.path, |(device, _)| device)
    }
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
        self.limits.write(w);
    }

    fn read(r: &mut Reader<'_>) -> Result<DevicePoint, WireError> {
        Ok(DevicePoint {
            path: r.str()?.to_owned(),
            unit: Unit::read(r)?,
            resolution: r.f32()?,
            max_age: Duration::from_micros(r.varint()?),
            limits: Wire::read(r)?,
        })
    }
}

impl Wire for PointLimits {
    fn write(&self, w: &mut Writer) {
        // NaN is no limit.
        w.f32(self.low.unwrap_or(f32::NAN));
        w.f32(self.high.unwrap_or(f32::NAN));
    }

    fn read(r: &mut Reader<'_>) -> Result<PointLimits, WireError> {
        let mut limit = || r.f32().map(|limit| Some(limit).filter(|limit| !limit.is_nan()));
        Ok(PointLimits { low: limit()?, high: limit()? })
    }
}

impl Wire for WatchedPoint {
    fn write(&self, w: &mut Writer) {
        w.varint(self.number.into());
        w.str(&self.path);
        self.unit.write(w);
        w.f32(self.resolution);
        self.limits.write(w);
    }

    fn read(r: &mut Reader<'_>) -> Result<WatchedPoint, WireError> {
        Ok(WatchedPoint {
            number: r.number("number of a device point")?,
            path: r.str()?.to_owned(),
            unit: Unit::read(r)?,
            resolution: r.f32()?,
            limits: Wire::read(r)?,
        })
    }
}
