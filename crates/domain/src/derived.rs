//! What follows from several points: shares and directions.

use crate::last_value::Points;
use crate::point::PointId;
use crate::reading::{NoData, Sample};
use crate::spec::SystemSpec;
use crate::time::Mono;

/// Battery power as a share of what the BMS allows in that direction now, %. Not negative; can pass 100.
///
/// # Errors
/// The reason of whichever input is missing; [`NoData::OutOfRange`] when the allowed power is zero.
pub fn sop_use_pct(points: &Points, now: Mono) -> Sample {
    let power_w = points.sample(PointId::Power, now)?;
    let limit = if power_w >= 0.0 { PointId::SopDischarge } else { PointId::SopCharge };
    let limit_w = points.sample(limit, now)?;
    if power_w.abs() < 1.0 {
        return Ok(0.0);
    }
    if limit_w <= 0.0 { Err(NoData::OutOfRange) } else { Ok(100.0 * power_w.abs() / limit_w) }
}

/// Battery current, or power, as a share of what the BMS allows in the direction of `sign` (discharge positive) now, %; the
/// larger of both. 0 while the battery rests or current flows the other way. Where nothing is allowed, the share is of a
/// hundredth of the capacity in an hour.
///
/// # Errors
/// The reason why neither limit with its measured value is known.
pub fn bms_limit_use_pct(points: &Points, system: &SystemSpec, sign: f32, now: Mono) -> Sample {
    let point = |point| points.sample(point, now);
    let (current_max, power_max) = if sign > 0.0 {
        (PointId::DischargeCurrentMax, PointId::SopDischarge)
    } else {
        (PointId::ChargeCurrentMax, PointId::SopCharge)
    };
    let least_a = 0.01 * system.capacity_ah;
    let share = |value: PointId, limit: PointId, least: f32| -> Sample {
        Ok((100.0 * point(value)? * sign / point(limit)?.max(least)).max(0.0))
    };
    let by_current = share(PointId::Current, current_max, least_a);
    let by_power = share(PointId::Power, power_max, least_a * system.nominal_v);
    match (by_current, by_power) {
        (Ok(a), Ok(b)) => Ok(a.max(b)),
        (Ok(share), Err(_)) | (Err(_), Ok(share)) => Ok(share),
        (Err(why), Err(_)) => Err(why),
    }
}

/// Share of the load that the battery covers now, %, 0 to 100.
///
/// # Errors
/// The reason of whichever input is missing; [`NoData::OutOfRange`] when there is no load.
pub fn load_covered_pct(points: &Points, now: Mono) -> Sample {
    let load_w = points.sample(PointId::LoadPower, now)?;
    let power_w = points.sample(PointId::Power, now)?;
    if load_w < 1.0 { Err(NoData::OutOfRange) } else { Ok((100.0 * power_w / load_w).clamp(0.0, 100.0)) }
}

/// The controller's modes in words, by code: those of the foxBMS state message (0x220, low nibble of byte 0).
pub const MODES: [&str; 11] = [
    "uninitialised",
    "initialising",
    "initialised",
    "idle",
    "open contactors",
    "standby",
    "precharge",
    "normal",
    "discharge",
    "charge",
    "error",
];

/// The code of "error" in [`MODES`].
pub const ERROR_MODE: u8 = 10;
/// The code of a mode that none of [`MODES`] names.
pub const ANOTHER_MODE: u8 = 15;

/// The controller's mode in words: one of [`MODES`].
pub fn controller_mode(code: f32) -> &'static str {
    match code as u8 {
        ANOTHER_MODE => "another mode",
        code => MODES.get(usize::from(code)).copied().unwrap_or("unknown"),
    }
}

/// Contactor feedback in words: bit 0 main plus, bit 1 main minus, bit 2 precharge.
pub fn contactors(bits: f32) -> &'static str {
    match bits as u8 {
        0 => "open",
        3 => "closed",
        4..=7 => "precharge",
        _ => "one closed",
    }
}
