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

/// What lets the battery give, or take, no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binds {
    /// What the BMS allows now.
    Bms,
    /// A limit that is set on the device.
    Limit,
    /// The reserve that is set on the device: the charge has come down to it.
    Reserve,
    /// The device is set to standby.
    Standby,
}

impl Binds {
    /// In one word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Binds::Bms => "bms",
            Binds::Limit => "limit",
            Binds::Reserve => "reserve",
            Binds::Standby => "standby",
        }
    }
}

/// The most that the battery may give or take now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowed {
    /// The most, W, not negative. An upper bound while a setting is not known.
    pub most_w: f32,
    /// What binds.
    pub by: Binds,
    /// A setting that could allow less and was known before.
    pub unknown: Option<PointId>,
}

/// The most that the battery may give (`gives`) or take now: the smallest of what the BMS allows and what is set on the
/// device. What no device has sets no bound.
///
/// # Errors
/// The reason why it is not known what the BMS allows.
pub fn allowed(points: &Points, gives: bool, now: Mono) -> Result<Allowed, NoData> {
    let (bms, limit) = if gives {
        (PointId::SopDischarge, PointId::DischargeLimitSet)
    } else {
        (PointId::SopCharge, PointId::ChargeLimitSet)
    };
    let mut allowed = Allowed { most_w: points.sample(bms, now)?, by: Binds::Bms, unknown: None };
    let soc_pct = points.sample(PointId::Soc, now).unwrap_or(100.0);
    let settings = [
        (PointId::RunSet, Binds::Standby),
        (limit, Binds::Limit),
        (PointId::ReserveSet, Binds::Reserve),
        (PointId::MinimumSocSet, Binds::Reserve),
    ];
    // A charge that is kept bounds what is given alone.
    for (point, by) in settings.into_iter().take(if gives { 4 } else { 2 }) {
        let value = match points.sample(point, now) {
            Ok(value) => value,
            Err(why) => {
                if why != NoData::NotPresent {
                    allowed.unknown = allowed.unknown.or(Some(point));
                }
                continue;
            }
        };
        let left_w = match by {
            Binds::Bms | Binds::Limit => value,
            Binds::Reserve if soc_pct > value => continue,
            Binds::Standby if value > 0.5 => continue,
            Binds::Reserve | Binds::Standby => 0.0,
        };
        if left_w < allowed.most_w {
            (allowed.most_w, allowed.by) = (left_w, by);
        }
    }
    Ok(allowed)
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

#[cfg(test)]
mod tests {
    use super::*;
    use PointId::{ChargeLimitSet, DischargeLimitSet, MinimumSocSet, ReserveSet, RunSet, Soc, SopCharge, SopDischarge};
    use std::time::Duration;

    const BMS: [(PointId, f32); 3] = [(Soc, 40.0), (SopDischarge, 200e3), (SopCharge, 90e3)];

    fn points(set: &[(PointId, f32)], at: Mono) -> Points {
        let mut points = Points::default();
        for (point, value) in BMS.iter().chain(set) {
            points.set(*point, Ok(*value), at);
        }
        points
    }

    #[test]
    fn the_smallest_of_what_the_bms_allows_and_what_is_set_binds_and_is_named() {
        let now = Mono(60_000_000);
        for (what, set, gives, takes) in [
            ("nothing is set", &[][..], (200e3, Binds::Bms), (90e3, Binds::Bms)),
            ("a lower limit", &[(DischargeLimitSet, 75e3)], (75e3, Binds::Limit), (90e3, Binds::Bms)),
            ("a higher limit", &[(DischargeLimitSet, 250e3)], (200e3, Binds::Bms), (90e3, Binds::Bms)),
            ("the same", &[(DischargeLimitSet, 200e3)], (200e3, Binds::Bms), (90e3, Binds::Bms)),
            (
                "both directions",
                &[(DischargeLimitSet, 0.0), (ChargeLimitSet, 50e3)],
                (0.0, Binds::Limit),
                (50e3, Binds::Limit),
            ),
            ("above the reserve", &[(ReserveSet, 20.0)], (200e3, Binds::Bms), (90e3, Binds::Bms)),
            ("at the reserve", &[(ReserveSet, 40.0)], (0.0, Binds::Reserve), (90e3, Binds::Bms)),
            ("below the minimum", &[(MinimumSocSet, 45.0)], (0.0, Binds::Reserve), (90e3, Binds::Bms)),
            ("runs", &[(RunSet, 1.0)], (200e3, Binds::Bms), (90e3, Binds::Bms)),
            ("standby", &[(RunSet, 0.0), (DischargeLimitSet, 75e3)], (0.0, Binds::Standby), (0.0, Binds::Standby)),
        ] {
            let points = points(set, now);
            for (is_gives, (most_w, by)) in [(true, gives), (false, takes)] {
                let expected = Allowed { most_w, by, unknown: None };
                assert_eq!(allowed(&points, is_gives, now), Ok(expected), "{what}, {is_gives}");
            }
        }
    }

    #[test]
    fn a_setting_that_is_not_known_any_more_is_named_and_one_that_never_was_is_not_missed() {
        let begin = Mono(60_000_000);
        let later = begin + Duration::from_secs(40);
        let mut points = points(&[(ChargeLimitSet, 20e3), (ReserveSet, 50.0)], begin);
        assert_eq!(allowed(&points, true, later), Err(NoData::Stale), "of the BMS nothing is known either");
        for (point, value) in BMS {
            points.set(point, Ok(value), later);
        }
        let unknown = |setting| Ok(Some(setting));
        assert_eq!(allowed(&points, true, later).map(|of| of.unknown), unknown(ReserveSet));
        assert_eq!(allowed(&points, false, later).map(|of| of.unknown), unknown(ChargeLimitSet));
        assert_eq!(allowed(&points, false, later).map(|of| of.most_w), Ok(90e3), "no old limit is believed");
        points.set(ReserveSet, Ok(50.0), later);
        let expected = Allowed { most_w: 0.0, by: Binds::Reserve, unknown: None };
        assert_eq!(allowed(&points, true, later), Ok(expected));
    }
}
