//! The hybrid inverter as Sol-Ark, Deye and Sunsynk have it: its holding registers. Pure.
//!
//! Discharge and import are positive, values of two registers have the low word first, temperatures are 0.1 K from
//! -100 °C. Registers between those that mean something here are 0.

use super::Home;
use super::energy::Counter;
use crate::registers::{Answer, Question, Registers, exception, s16_of, text, u16_of};

/// The unit that it answers to.
pub const UNIT: u8 = 1;
/// How many registers it has.
const REGISTERS: usize = 332;
/// Voltage of a leg and between the legs, V; frequency, Hz.
const LEG_V: f32 = 120.0;
const GRID_V: f32 = 240.0;
const GRID_HZ: f32 = 60.0;
/// Voltage of the panels' two strings while they work, V.
const PV_V: f32 = 380.0;
/// Its sensor sits at the battery's warm end, K.
const SENSOR_OFFSET_K: f32 = 0.8;
/// Its voltage measurement reads low, V.
const VOLTAGE_OFFSET_V: f32 = -0.06;

/// What the inverter answers through a gateway. `serial` has up to 10 characters.
///
/// # Errors
/// The exception code of inverter or gateway.
pub fn answer(home: &Home, serial: &str, question: &Question) -> Answer {
    if question.unit != UNIT {
        return Err(exception::NO_TARGET);
    }
    registers(home, serial).answer(question)
}

/// All its registers.
pub fn registers(home: &Home, serial: &str) -> Registers {
    let (bank, energy) = (home.bank(), home.energy());
    let voltage_v = bank.voltage_v() + VOLTAGE_OFFSET_V;
    let mut map = Map([0; REGISTERS]);
    map.put(3, &text::<5>(serial));
    map.put(59, &[2]); // normal
    map.put(60, &[tenths_kwh(energy.house.today_wh)]);
    map.put(70, &[tenths_kwh(energy.charged.today_wh), tenths_kwh(energy.discharged.today_wh)]);
    map.total(72, &energy.charged);
    map.total(74, &energy.discharged);
    map.put(76, &[tenths_kwh(energy.bought.today_wh), tenths_kwh(energy.sold.today_wh)]);
    // The words of the total bought have the frequency between them.
    let [low, high] = total_words(&energy.bought);
    map.put(78, &[low, u16_of(GRID_HZ, 100.0), high]);
    map.total(81, &energy.sold);
    map.put(84, &[tenths_kwh(energy.house.today_wh)]);
    map.total(85, &energy.house);
    map.put(90, &[celsius(38.0 + 0.002 * home.inverter_w().abs()), celsius(36.0 + 0.002 * home.inverter_w().abs())]);
    map.total(96, &energy.pv);
    map.put(107, &[u16_of(home.capacity_ah(), 1.0), tenths_kwh(energy.pv.today_wh)]);
    let strings_w = halves(home.pv_w());
    let pv_v = if home.pv_w() > 0.0 { PV_V } else { 0.0 };
    for (place, power_w) in (109..).step_by(2).zip(strings_w) {
        map.put(place, &[u16_of(pv_v, 10.0), u16_of(power_w / PV_V, 10.0)]);
    }
    map.put(150, &[u16_of(LEG_V, 10.0), u16_of(LEG_V, 10.0), u16_of(GRID_V, 10.0)]);
    map.put(
        154,
        &[u16_of(LEG_V, 10.0), u16_of(LEG_V, 10.0), u16_of(GRID_V, 10.0), u16_of(LEG_V, 10.0), u16_of(LEG_V, 10.0)],
    );
    for (place, power_w) in
        [(160, home.grid_w()), (162, home.grid_w()), (164, home.inverter_w()), (179, home.house_w())]
    {
        map.put(place, &halves(power_w).map(|w| s16_of(w / LEG_V, 100.0)));
    }
    for (place, power_w) in
        [(167, home.grid_w()), (170, home.grid_w()), (173, home.inverter_w()), (176, home.house_w())]
    {
        let [first, second] = halves(power_w);
        map.put(place, &[s16_of(first, 1.0), s16_of(second, 1.0), s16_of(power_w, 1.0)]);
    }
    map.put(182, &[celsius(home.temperature_c() + SENSOR_OFFSET_K), u16_of(voltage_v, 100.0)]);
    map.put(184, &[u16_of(home.estimate().soc_pct(), 1.0)]);
    map.put(186, &strings_w.map(|w| u16_of(w, 1.0)));
    let (power_w, current_a) = (voltage_v * bank.current_a(), bank.current_a());
    map.put(190, &[s16_of(power_w, 1.0), s16_of(current_a, 100.0)]);
    map.put(192, &[u16_of(GRID_HZ, 100.0), u16_of(GRID_HZ, 100.0), 1]);
    map.put(314, &[u16_of(super::CURRENT_MAX_A, 1.0); 2]);
    Registers::new(0, map.0.to_vec())
}

/// Registers by address.
struct Map([u16; REGISTERS]);

impl Map {
    fn put(&mut self, address: usize, words: &[u16]) {
        self.0[address..address + words.len()].copy_from_slice(words);
    }

    fn total(&mut self, address: usize, counter: &Counter) {
        self.put(address, &total_words(counter));
    }
}

/// A total in 0.1 kWh, low word first.
fn total_words(counter: &Counter) -> [u16; 2] {
    let tenths = (counter.total_wh / 100.0) as u32;
    [tenths as u16, (tenths >> 16) as u16]
}

/// Energy in 0.1 kWh.
fn tenths_kwh(energy_wh: f64) -> u16 {
    (energy_wh / 100.0) as u16
}

/// A temperature in 0.1 K from -100 °C.
fn celsius(celsius: f32) -> u16 {
    u16_of(celsius + 100.0, 10.0)
}

/// A power in two whole halves that add up, W.
fn halves(power_w: f32) -> [f32; 2] {
    let first = (power_w * 0.5).round();
    [first, power_w.round() - first]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::HomeSpec;

    #[test]
    fn the_map_says_what_the_house_does() {
        let mut home = Home::new(&HomeSpec { start_h: 11.0, ..HomeSpec::default() });
        (0..60).for_each(|_| home.step(60.0));
        let registers = registers(&home, "2102199870");
        let read = |address| registers.read(address, 1).unwrap()[0];
        let signed = |address| f32::from(read(address) as i16);
        assert_eq!(registers.read(3, 5).unwrap(), text::<5>("2102199870"));
        assert!(home.pv_w() > 500.0 && home.battery_w() < 0.0, "the sun charges");
        for (what, got, truth, within) in [
            ("grid", signed(169), home.grid_w(), 0.6),
            ("house", signed(178), home.house_w(), 0.6),
            ("sun", f32::from(read(186)) + f32::from(read(187)), home.pv_w(), 0.6),
            ("battery", signed(190), home.battery_w(), 10.0),
            ("current", signed(191) / 100.0, home.bank().current_a(), 0.006),
            ("voltage", f32::from(read(183)) / 100.0, home.bank().voltage_v(), 0.07),
            ("temperature", f32::from(read(182)) / 10.0 - 100.0, home.temperature_c(), 0.9),
            ("estimate", f32::from(read(184)), home.estimate().soc_pct(), 0.5),
            ("sun today", f32::from(read(108)) / 10.0, home.energy().pv.today_wh as f32 / 1e3, 0.11),
        ] {
            assert!((got - truth).abs() <= within, "{what}: {got}, truly {truth}");
        }
        assert_eq!(read(79), 6_000);
        let ask = |unit, function, address| answer(&home, "x", &Question { unit, function, address, count: 1 });
        assert_eq!((ask(2, 3, 184), ask(1, 4, 184), ask(1, 3, 332)), (Err(11), Err(1), Err(2)));
    }
}
