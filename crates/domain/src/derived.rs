//! What follows from several points: shares, directions, sag.

use crate::point::PointId;
use crate::reading::{NoData, Sample};
use crate::slot::Points;
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

/// Share of the load that the battery covers now, %, 0 to 100.
///
/// # Errors
/// The reason of whichever input is missing; [`NoData::OutOfRange`] when there is no load.
pub fn load_covered_pct(points: &Points, now: Mono) -> Sample {
    let load_w = points.sample(PointId::LoadPower, now)?;
    let power_w = points.sample(PointId::Power, now)?;
    if load_w < 1.0 { Err(NoData::OutOfRange) } else { Ok((100.0 * power_w / load_w).clamp(0.0, 100.0)) }
}

/// The controller's mode in words, by the code of the foxBMS state message (0x220, low nibble of byte 0).
pub fn controller_mode(code: f32) -> &'static str {
    match code as u8 {
        0 => "uninitialised",
        1 => "initialising",
        2 => "initialised",
        3 => "idle",
        4 => "open contactors",
        5 => "standby",
        6 => "precharge",
        7 => "normal",
        8 => "discharge",
        9 => "charge",
        10 => "error",
        _ => "unknown",
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

/// How long the reference of [`SagWatch`] looks back.
const SAG_WINDOW_S: usize = 30;

/// Watches the bus for sag: how far the pack voltage lies below its highest one-second mean of the last 30 s.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SagWatch {
    seconds: Vec<(u64, f32)>,
    current: Option<(u64, f64, u32)>,
}

impl SagWatch {
    /// Takes the pack voltage of one cycle and returns the sag in percent of the reference, not negative.
    ///
    /// # Errors
    /// The reason why there is no voltage, if there is none.
    pub fn update(&mut self, voltage_v: Sample, now: Mono) -> Sample {
        let voltage_v = voltage_v?;
        let second = now.0 / 1_000_000;
        match &mut self.current {
            Some((s, sum, n)) if *s == second => {
                *sum += f64::from(voltage_v);
                *n += 1;
            }
            slot => {
                if let Some((s, sum, n)) = slot.replace((second, f64::from(voltage_v), 1)) {
                    self.seconds.push((s, (sum / f64::from(n)) as f32));
                }
                self.seconds.retain(|(s, _)| s + SAG_WINDOW_S as u64 > second);
            }
        }
        let reference_v = self.seconds.iter().map(|(_, v)| *v).fold(voltage_v, f32::max);
        Ok(if reference_v > 0.0 { 100.0 * (reference_v - voltage_v) / reference_v } else { 0.0 })
    }
}
