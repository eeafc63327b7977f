//! What may be set at the SunSpec gateway: points of models 802 and 124, on the setpoints that all doors share. Pure.
//!
//! | point | sets |
//! |---|---|
//! | 802.SoCRsvMin, 124.MinRsvPct | backup reserve |
//! | 802.SetOp | 1 connect: run; 2 disconnect: standby |
//! | 124.OutWRte, 124.InWRte | discharge and charge limit, in % of WChaMax |
//! | 124.StorCtl_Mod | bit 1 and bit 0: these limits count; cleared, the defaults return |
//! | 124.InOutWRte_RvrtTms | how long a limit is held from its next write on, s; 0 as long as usual |
//!
//! A limit that is written while its bit is clear waits for it. A bit is set as long as its limit is held, whoever has
//! set it.

use super::chain::{Model, NOTHING, NOTHING_SIGNED};
use super::{Nameplate, models};
use crate::controller::registers::code;
use crate::controller::setpoints::{Fate, LEASE_MAX_S, Setpoint, Setpoints, Told};
use crate::registers::{Taken, Write, exception};

/// Offsets in model 802.
const RESERVE_MIN: u16 = 10;
const LOCAL_REMOTE: u16 = 17;
const SET_OPERATION: u16 = 50;
/// Offsets in model 124.
const MODE: u16 = 5;
const RESERVE: u16 = 7;
const REVERT: u16 = 15;
/// The limits: their place there, their bit of the mode.
const LIMITS: [(u16, u16, Setpoint); 2] = [(12, 0b10, Setpoint::DischargeLimit), (13, 0b01, Setpoint::ChargeLimit)];
/// Values of 802.SetOp.
const CONNECT: u16 = 1;
const DISCONNECT: u16 = 2;
/// Shares are told in steps of 0.01 %.
const PER_PERCENT: f32 = 100.0;

/// What the gateway knows beside the setpoints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gateway {
    /// How long limits are to be held, s; 0 as long as usual.
    revert_s: u16,
    /// Limits that wait for their bit, W.
    waiting: [Option<f32>; 2],
}

impl Gateway {
    fn lease_s(&self) -> Option<f32> {
        (self.revert_s > 0).then_some(f32::from(self.revert_s))
    }

    fn mode(held: impl Fn(Setpoint) -> bool) -> u16 {
        LIMITS.iter().filter(|(.., limit)| held(*limit)).fold(0, |mode, (_, bit, _)| mode | bit)
    }
}

/// A limit, W, as a share of the highest power.
fn share(limit_w: f32) -> u16 {
    (100.0 * limit_w / models::POWER_MAX_W * PER_PERCENT).round() as i16 as u16
}

/// The points of model 802 that say what is set.
pub(super) fn battery(m: &mut Model<'_>, told: &Told) {
    m.put(RESERVE_MIN.into(), (told.value(Setpoint::Reserve) * PER_PERCENT).round() as u16);
    m.put(LOCAL_REMOTE.into(), u16::from(told.local));
    m.put(SET_OPERATION.into(), if told.value(Setpoint::Run) > 0.5 { CONNECT } else { DISCONNECT });
}

/// Model 124: what an inverter may be told of its storage. What 802 measures is not said here again.
pub(super) fn storage(m: &mut Model<'_>, told: &Told, gateway: &Gateway) {
    m.put(2, (models::POWER_MAX_W * 0.1) as u16);
    m.put(MODE.into(), Gateway::mode(|limit| told.left_s(limit) > 0.0));
    m.put(RESERVE.into(), (told.value(Setpoint::Reserve) * PER_PERCENT).round() as u16);
    for ((at, _, limit), waiting) in LIMITS.iter().zip(gateway.waiting) {
        let waiting = waiting.filter(|_| told.left_s(*limit) == 0.0);
        m.put((*at).into(), share(waiting.unwrap_or(told.value(*limit))));
    }
    m.put(REVERT.into(), gateway.revert_s);
    // Powers of ten of: WChaMax, WCha/WDisChaGra, VA, reserve, charge state, storage, battery V, rates.
    m.factors(18, &[Some(1), None, None, Some(-2), None, None, None, Some(-2)]);
}

/// Sets what a write says.
///
/// # Errors
/// The exception code with which it is refused; nothing has changed.
pub(crate) fn take(setpoints: &mut Setpoints, gateway: &mut Gateway, plate: &Nameplate, write: &Write) -> Taken {
    let (mut set, mut known) = (setpoints.clone(), gateway.clone());
    for (address, word) in (u32::from(write.address)..).zip(&write.words) {
        let (model, at) = super::point(plate, address).ok_or(exception::ADDRESS)?;
        one(&mut set, &mut known, (model, at), *word)?;
    }
    (*setpoints, *gateway) = (set, known);
    Ok(())
}

fn one(set: &mut Setpoints, gateway: &mut Gateway, point: (u16, u16), word: u16) -> Taken {
    let percent = f32::from(word) / PER_PERCENT;
    let taken = match point {
        (super::BATTERY, RESERVE_MIN) | (super::STORAGE, RESERVE) if word != NOTHING => {
            set.set(Setpoint::Reserve, percent, None)
        }
        (super::BATTERY, SET_OPERATION) if [CONNECT, DISCONNECT].contains(&word) => {
            set.set(Setpoint::Run, f32::from(u8::from(word == CONNECT)), None)
        }
        (super::STORAGE, REVERT) if f32::from(word) <= LEASE_MAX_S => set.open().map(|()| gateway.revert_s = word),
        (super::STORAGE, MODE) if word <= 0b11 => return switch(set, gateway, word),
        (super::STORAGE, at) => {
            let Some(nth) = LIMITS.iter().position(|(place, ..)| *place == at) else { return Err(refused(point)) };
            if word == NOTHING_SIGNED {
                return Err(exception::VALUE);
            }
            let (limit, limit_w) = (LIMITS[nth].2, models::POWER_MAX_W * f32::from(word as i16) / PER_PERCENT / 100.0);
            match set.is_held(limit) {
                true => set.set(limit, limit_w, gateway.lease_s()),
                false => set.judge(limit, limit_w).map(|fate| match fate {
                    Fate::Taken(limit_w) => gateway.waiting[nth] = Some(limit_w),
                    Fate::Late(_) => gateway.waiting[nth] = Some(limit_w),
                    Fate::Ignored => {}
                }),
            }
        }
        _ => return Err(refused(point)),
    };
    taken.map_err(code)
}

/// Lets limits count, or not any more.
fn switch(set: &mut Setpoints, gateway: &mut Gateway, mode: u16) -> Taken {
    for (nth, (_, bit, limit)) in LIMITS.into_iter().enumerate() {
        let taken = match (mode & bit != 0, set.is_held(limit)) {
            (true, false) => {
                let limit_w = gateway.waiting[nth].take().unwrap_or(set.value(limit));
                set.set(limit, limit_w, gateway.lease_s())
            }
            (false, true) => set.release(limit),
            (true, true) | (false, false) => set.open(),
        };
        taken.map_err(code)?;
    }
    Ok(())
}

/// A point that may be set has a wrong value, another is only read.
fn refused(point: (u16, u16)) -> u8 {
    let settable = [
        (super::BATTERY, RESERVE_MIN),
        (super::BATTERY, SET_OPERATION),
        (super::STORAGE, MODE),
        (super::STORAGE, RESERVE),
        (super::STORAGE, REVERT),
    ];
    if settable.contains(&point) { exception::VALUE } else { exception::ADDRESS }
}

#[cfg(test)]
mod tests;
