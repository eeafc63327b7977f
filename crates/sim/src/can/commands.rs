//! CAN frames that set something on the controller: their layout, and which of them are taken. Pure.
//!
//! Each carries a counter and a checksum (CRC-8 of SAE J1850 over the first seven bytes, in the last). A frame with
//! another checksum, or with the counter of the one before, is not heard; after a silence any counter is. What is not to
//! change has all bits set. What the controller goes by then is in `ControlState`.

use super::encode::Frame;
use super::layout::{Message, Signal, unsigned};
use crate::controller::setpoints::{Refusal, Setpoint, Setpoints};

/// Who sends these frames.
pub(super) const SENDER: &str = "Packtwin";
/// Identifiers.
const LIMITS: u16 = 0x2B0;
const SETTINGS: u16 = 0x2B1;
/// A counter of so long ago says nothing any more, s.
const COUNTER_FOR_S: f32 = 3.0;

/// The messages, in the order of [`Commands`]'s counters.
#[rustfmt::skip]
pub(super) fn messages() -> [Message; 2] {
    let one = |id, name, comment, signals| Message {
        id, name, comment, sender: SENDER, mux: None, frames: vec![signals], sent: |_| false,
    };
    let number = |name: &str, high_bit, bits, scale, unit| unsigned(name, high_bit, bits, scale, unit, |_, _| 0.0);
    [
        one(LIMITS, "ControlLimits", "Sets the limits, which are held for LimitHold seconds after the last frame (0: as long as usual). 409.5 kW: no change.", vec![
            number("DischargeLimit", 63, 12, 0.1, "kW"),
            number("ChargeLimit", 51, 12, 0.1, "kW"),
            number("LimitHold", 39, 8, 1.0, "s"),
            number("LimitCounter", 31, 4, 1.0, ""),
            number("LimitCrc", 7, 8, 1.0, ""),
        ]),
        one(SETTINGS, "ControlSettings", "Sets what stays. 102.3 % and 3: no change.", vec![
            number("BackupReserve", 63, 10, 0.1, "%"),
            number("ControlMode", 53, 2, 1.0, ""),
            number("RunCommand", 51, 2, 1.0, ""),
            number("SettingsCounter", 31, 4, 1.0, ""),
            number("SettingsCrc", 7, 8, 1.0, ""),
        ]),
    ]
}

/// The controller's ear on the bus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commands {
    /// By message: the counter of the last frame that was heard, and how long ago, s.
    counters: [Option<(u8, f32)>; 2],
}

impl Commands {
    /// Lets `dt_s` seconds pass.
    pub(crate) fn step(&mut self, dt_s: f32) {
        for counter in &mut self.counters {
            *counter =
                counter.map(|(number, age_s)| (number, age_s + dt_s)).filter(|(_, age_s)| *age_s < COUNTER_FOR_S);
        }
    }

    /// Takes a frame, whole or not at all; says whether it was taken.
    pub(crate) fn take(&mut self, setpoints: &mut Setpoints, frame: &Frame) -> bool {
        let Some(place) = [LIMITS, SETTINGS].iter().position(|id| *id == frame.id) else { return false };
        let [rest @ .., sum] = frame.data;
        let counter = rest[4] >> 4;
        if crc8_j1850(&rest) != sum || self.counters[place].is_some_and(|(before, _)| before == counter) {
            return false;
        }
        self.counters[place] = Some((counter, 0.0));
        let mut trial = setpoints.clone();
        let taken = if place == 0 { limits(&mut trial, frame) } else { settings(&mut trial, frame) };
        if taken.is_ok() {
            *setpoints = trial;
        }
        taken.is_ok()
    }
}

fn limits(set: &mut Setpoints, frame: &Frame) -> Result<(), Refusal> {
    let hold = field(frame, 39, 8) as f32;
    let hold_s = (hold > 0.0).then_some(hold);
    for (setpoint, high_bit) in [(Setpoint::DischargeLimit, 63), (Setpoint::ChargeLimit, 51)] {
        if let Some(raw) = wanted(frame, high_bit, 12) {
            set.set(setpoint, raw * 100.0, hold_s)?;
        }
    }
    Ok(())
}

fn settings(set: &mut Setpoints, frame: &Frame) -> Result<(), Refusal> {
    let rows = [(Setpoint::Reserve, 63, 10, 10.0), (Setpoint::Mode, 53, 2, 1.0), (Setpoint::Run, 51, 2, 1.0)];
    for (setpoint, high_bit, bits, per_unit) in rows {
        if let Some(raw) = wanted(frame, high_bit, bits) {
            set.set(setpoint, raw / per_unit, None)?;
        }
    }
    Ok(())
}

fn field(frame: &Frame, high_bit: u8, bits: u8) -> u64 {
    u64::from_be_bytes(frame.data) >> (high_bit + 1 - bits) & ((1 << bits) - 1)
}

/// A number, unless it says that nothing is to change.
fn wanted(frame: &Frame, high_bit: u8, bits: u8) -> Option<f32> {
    let raw = field(frame, high_bit, bits);
    (raw != (1 << bits) - 1).then_some(raw as f32)
}

/// CRC-8 of SAE J1850: polynomial 0x1D, begun with 0xFF, inverted.
fn crc8_j1850(bytes: &[u8]) -> u8 {
    let shift = |crc: u8, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x1D };
    !bytes.iter().fold(0xFF, |crc, byte| (0..8).fold(crc ^ byte, shift))
}

/// What the controller says of its setpoints on the bus.
#[rustfmt::skip]
pub(super) fn state() -> Vec<Signal> {
    use Setpoint::{ChargeLimit, DischargeLimit, Mode, Reserve, Run};
    vec![
        unsigned("ActiveDischargeLimit", 63, 12, 0.1, "kW", |r, _| f64::from(r.setpoints.value(DischargeLimit)) / 1e3),
        unsigned("ActiveChargeLimit", 51, 12, 0.1, "kW", |r, _| f64::from(r.setpoints.value(ChargeLimit)) / 1e3),
        unsigned("ActiveReserve", 39, 10, 0.1, "%", |r, _| f64::from(r.setpoints.value(Reserve))),
        unsigned("ActiveMode", 29, 2, 1.0, "", |r, _| f64::from(r.setpoints.value(Mode))),
        unsigned("ActiveRun", 27, 2, 1.0, "", |r, _| f64::from(r.setpoints.value(Run))),
        unsigned("LocalControl", 25, 1, 1.0, "", |r, _| f64::from(u8::from(r.setpoints.local))),
        unsigned("DischargeLimitLeft", 23, 10, 1.0, "s", |r, _| f64::from(r.setpoints.left_s(DischargeLimit).ceil())),
        unsigned("ChargeLimitLeft", 13, 10, 1.0, "s", |r, _| f64::from(r.setpoints.left_s(ChargeLimit).ceil())),
    ]
}

/// The words for the values of a signal of these messages.
pub(super) fn words(signal: &str) -> Option<&'static [(u8, &'static str)]> {
    match signal {
        "ControlMode" => Some(&[(0, "Max Safety"), (1, "Max ROI"), (3, "no change")]),
        "RunCommand" => Some(&[(0, "standby"), (1, "run"), (3, "no change")]),
        "ActiveMode" => Some(&[(0, "Max Safety"), (1, "Max ROI")]),
        "ActiveRun" => Some(&[(0, "standby"), (1, "run")]),
        "LocalControl" => Some(&[(0, "remote"), (1, "local")]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::lab::{LabFault, WriteFault};

    /// A frame with this counter and a right checksum.
    fn frame(id: u16, word: u64, counter: u64) -> Frame {
        let mut data = (word | counter << 28).to_be_bytes();
        data[7] = crc8_j1850(&data[..7]);
        Frame { id, data }
    }

    /// Limits in steps of 0.1 kW.
    fn limits(discharge: u64, charge: u64, hold_s: u64, counter: u64) -> Frame {
        frame(LIMITS, discharge << 52 | charge << 40 | hold_s << 32, counter)
    }

    fn settings(reserve: u64, mode: u64, run: u64, counter: u64) -> Frame {
        frame(SETTINGS, reserve << 54 | mode << 52 | run << 50, counter)
    }

    fn values(set: &Setpoints) -> [f32; 5] {
        Setpoint::OF_PACK.map(|setpoint| set.value(setpoint))
    }

    #[test]
    fn the_checksum_is_that_of_its_standard() {
        assert_eq!(crc8_j1850(b"123456789"), 0x4B);
    }

    #[test]
    fn a_frame_sets_what_it_says_and_leaves_what_it_does_not() {
        let (mut commands, mut set) = (Commands::default(), Setpoints::new(20.0));
        for (frame, taken, then) in [
            (limits(1_000, 0xFFF, 0, 0), true, [20.0, 100e3, 50e3, 1.0, 1.0]),
            (limits(0xFFF, 123, 9, 1), true, [20.0, 100e3, 12_300.0, 1.0, 1.0]),
            (settings(255, 0, 3, 0), true, [25.5, 100e3, 12_300.0, 0.0, 1.0]),
            (settings(0x3FF, 3, 0, 1), true, [25.5, 100e3, 12_300.0, 0.0, 0.0]),
            (settings(600, 1, 1, 2), false, [25.5, 100e3, 12_300.0, 0.0, 0.0]),
            (settings(300, 2, 1, 3), false, [25.5, 100e3, 12_300.0, 0.0, 0.0]),
            (limits(400, 3_000, 0, 2), false, [25.5, 100e3, 12_300.0, 0.0, 0.0]),
            (frame(0x2C0, u64::MAX, 0), false, [25.5, 100e3, 12_300.0, 0.0, 0.0]),
        ] {
            assert_eq!((commands.take(&mut set, &frame), values(&set)), (taken, then), "{frame:?}");
        }
        assert_eq!(
            (set.told().left_s(Setpoint::DischargeLimit), set.told().left_s(Setpoint::ChargeLimit)),
            (60.0, 9.0)
        );
    }

    #[test]
    fn a_frame_that_is_damaged_or_comes_again_is_not_heard() {
        let (mut commands, mut set) = (Commands::default(), Setpoints::new(20.0));
        for byte in 0..8 {
            let mut damaged = limits(1_000, 0xFFF, 0, 5);
            damaged.data[byte] ^= 0x10;
            assert!(!commands.take(&mut set, &damaged), "byte {byte}");
        }
        assert!(commands.take(&mut set, &limits(1_000, 0xFFF, 0, 5)));
        assert!(!commands.take(&mut set, &limits(500, 0xFFF, 0, 5)), "the same counter");
        assert!(commands.take(&mut set, &settings(300, 3, 3, 5)), "each message has its own");
        (0..20).for_each(|_| commands.step(0.2));
        assert!(commands.take(&mut set, &limits(500, 0xFFF, 0, 5)), "after a silence any counter");
        assert_eq!(values(&set)[..2], [30.0, 50e3]);
    }

    #[test]
    fn who_does_not_take_writes_does_not_hear_frames() {
        use WriteFault::{Dropped, LocalControl, Refused};
        for fault in [Refused, LocalControl, Dropped] {
            let (mut commands, mut set) = (Commands::default(), Setpoints::new(20.0));
            set.set_fault(LabFault::Writes(fault), true);
            assert!(!commands.take(&mut set, &limits(1_000, 0xFFF, 0, 0)), "{fault:?}");
            assert_eq!(values(&set)[1], 150e3);
        }
    }
}
