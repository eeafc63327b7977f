//! An energy meter and its register map.
//!
//! | holding register | quantity | type | step |
//! |---|---|---|---|
//! | 0-1 | power, import or consumption positive | s32 | 1 W |
//! | 2 | voltage | u16 | 0.1 V |
//! | 3 | frequency | u16 | 0.01 Hz |
//! | 4-5 | imported energy | u32 | 0.1 kWh |
//! | 6-7 | exported energy | u32 | 0.1 kWh |
//!
//! Values of two registers have the high word first.

use crate::prng::Prng;
use crate::registers::{Answer, Question, Registers};

/// How many registers a meter has.
pub const REGISTERS: u16 = 8;
/// Voltage between phases, V, and frequency, Hz, with their slow noise.
const VOLTAGE_V: (f32, f32) = (480.0, 0.6);
const FREQUENCY_HZ: (f32, f32) = (60.0, 0.01);

/// A meter.
#[derive(Clone, Debug)]
pub struct Meter {
    power_w: f32,
    voltage_v: f32,
    frequency_hz: f32,
    imported_wh: f64,
    exported_wh: f64,
    prng: Prng,
}

impl Meter {
    /// A meter whose counters are at zero.
    pub fn new(seed: u64, stream: u64) -> Meter {
        Meter {
            power_w: 0.0,
            voltage_v: VOLTAGE_V.0,
            frequency_hz: FREQUENCY_HZ.0,
            imported_wh: 0.0,
            exported_wh: 0.0,
            prng: Prng::new(seed, stream),
        }
    }

    /// Power, W, import or consumption positive.
    pub fn power_w(&self) -> f32 {
        self.power_w
    }

    /// Energy imported or consumed since the start, Wh.
    pub fn imported_wh(&self) -> f64 {
        self.imported_wh
    }

    /// Takes the power of the last `dt_s` seconds.
    pub fn step(&mut self, power_w: f32, dt_s: f32) {
        self.power_w = power_w;
        let energy_wh = f64::from(power_w) * f64::from(dt_s) / 3_600.0;
        self.imported_wh += energy_wh.max(0.0);
        self.exported_wh += (-energy_wh).max(0.0);
        self.voltage_v = VOLTAGE_V.0 + VOLTAGE_V.1 * self.prng.normal();
        self.frequency_hz = FREQUENCY_HZ.0 + FREQUENCY_HZ.1 * self.prng.normal();
    }

    /// What it answers.
    pub fn answer(&self, question: &Question) -> Answer {
        Registers::new(0, self.registers().to_vec()).answer(question)
    }

    /// All registers, by address.
    pub fn registers(&self) -> [u16; REGISTERS as usize] {
        let [p1, p0] = words(self.power_w.round() as i32 as u32);
        let [i1, i0] = words((self.imported_wh / 100.0) as u32);
        let [e1, e0] = words((self.exported_wh / 100.0) as u32);
        let voltage = (self.voltage_v * 10.0).round() as u16;
        let frequency = (self.frequency_hz * 100.0).round() as u16;
        [p1, p0, voltage, frequency, i1, i0, e1, e0]
    }
}

/// High and low word.
fn words(value: u32) -> [u16; 2] {
    [(value >> 16) as u16, value as u16]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_carry_power_with_sign_and_count_energy_each_way() {
        let mut meter = Meter::new(1, 40);
        for (power_w, dt_s) in [(66_000.0, 3_600.0), (-70_000.0, 1_800.0)] {
            meter.step(power_w, dt_s);
        }
        let r = meter.registers();
        assert_eq!(r[..2], [0xFFFE, 0xEE90]);
        assert!((4_770..4_830).contains(&r[2]) && (5_995..6_005).contains(&r[3]), "{r:?}");
        assert_eq!(r[4..], [0, 660, 0, 350]);
    }
}
