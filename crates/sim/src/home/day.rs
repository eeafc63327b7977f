//! The day of a house: sun, clouds and what the household switches on. Pure functions of time and seed.

use crate::curve::between;
use crate::prng::Prng;
use std::f64::consts::PI;

/// One day, s.
pub const DAY_S: f64 = 86_400.0;
const HOUR_S: f64 = 3_600.0;

/// Power of the panels at noon under a clear sky, W.
pub const PV_PEAK_W: f32 = 9_600.0;
/// Sunrise and sunset, hours after midnight.
const SUN_H: (f64, f64) = (6.2, 19.8);
/// Low sun gives less than its height says.
const LOW_SUN_EXPONENT: f64 = 1.25;
/// Share of the light that passes the thickest cloud.
const CLOUD_PASSES: f32 = 0.18;
/// Weather changes in steps of this, single clouds pass in steps of that, s.
const WEATHER_S: f64 = 5_400.0;
const CLOUD_S: f64 = 240.0;

/// What always runs, W over hours after midnight: standby, lights, cooking, evening.
const BASE_W: [(f32, f32); 13] = [
    (0.0, 260.0),
    (5.0, 240.0),
    (6.5, 700.0),
    (8.0, 900.0),
    (9.5, 420.0),
    (12.0, 650.0),
    (13.5, 430.0),
    (16.5, 600.0),
    (18.0, 1_700.0),
    (20.0, 2_100.0),
    (21.5, 1_200.0),
    (23.0, 450.0),
    (24.0, 260.0),
];
/// The fridge: power, W; length of its cycle and how long it runs in it, s.
const FRIDGE: (f32, f64, f64) = (130.0, 2_700.0, 1_020.0);

/// Something that is switched on now and then.
struct Appliance {
    power_w: f32,
    /// How long it runs, s: shortest and longest.
    runs_s: (f32, f32),
    /// It may start once in each slot of this, s. Longer than it runs.
    slot_s: f64,
    /// How likely it is in a slot, over hours after midnight.
    likely: &'static [(f32, f32)],
}

const APPLIANCES: [Appliance; 4] = [
    // Kettle.
    Appliance {
        power_w: 2_400.0,
        runs_s: (120.0, 210.0),
        slot_s: 1_200.0,
        likely: &[(5.5, 0.0), (7.0, 0.7), (9.0, 0.3), (15.0, 0.3), (20.0, 0.4), (23.0, 0.0)],
    },
    // Oven.
    Appliance {
        power_w: 2_900.0,
        runs_s: (1_200.0, 2_400.0),
        slot_s: 3_600.0,
        likely: &[(11.0, 0.0), (12.0, 0.3), (14.0, 0.0), (17.0, 0.2), (18.0, 0.9), (20.5, 0.0)],
    },
    // Washing machine while it heats.
    Appliance {
        power_w: 1_900.0,
        runs_s: (900.0, 1_300.0),
        slot_s: 5_400.0,
        likely: &[(8.0, 0.0), (9.0, 0.6), (11.0, 0.2), (14.0, 0.4), (16.0, 0.0)],
    },
    // Heat pump for hot water.
    Appliance {
        power_w: 1_400.0,
        runs_s: (3_000.0, 5_000.0),
        slot_s: 7_200.0,
        likely: &[(3.9, 0.0), (4.0, 0.8), (6.0, 0.1), (11.0, 0.5), (13.0, 0.9), (15.0, 0.2), (24.0, 0.0)],
    },
];

/// Streams of the random numbers, one for each use.
const WEATHER: u64 = 1 << 40;
const CLOUDS: u64 = 2 << 40;
const HOUSE: u64 = 3 << 40;

/// Hours after midnight at `at_s`, seconds after some midnight.
pub fn hour_of_day(at_s: f64) -> f32 {
    (at_s.rem_euclid(DAY_S) / HOUR_S) as f32
}

/// Power of the panels at `at_s`, W, not negative.
pub fn pv_w(seed: u64, at_s: f64) -> f32 {
    let (rise_h, set_h) = SUN_H;
    let height = (PI * (f64::from(hour_of_day(at_s)) - rise_h) / (set_h - rise_h)).sin();
    let by_day = (rise_h..set_h).contains(&f64::from(hour_of_day(at_s)));
    let clear = if by_day { height.max(0.0).powf(LOW_SUN_EXPONENT) as f32 } else { 0.0 };
    // Clouds come when the weather is bad, and have edges.
    let weather = noise(seed, WEATHER, at_s / WEATHER_S);
    let cloud = noise(seed, CLOUDS, at_s / CLOUD_S);
    let cover = ((weather + cloud - 0.9) * 2.2).clamp(0.0, 1.0);
    PV_PEAK_W * clear * (1.0 - cover * (1.0 - CLOUD_PASSES))
}

/// Power of the house at `at_s`, W, positive.
pub fn house_w(seed: u64, at_s: f64) -> f32 {
    let (fridge_w, cycle_s, runs_s) = FRIDGE;
    let fridge = if at_s.rem_euclid(cycle_s) < runs_s { fridge_w } else { 0.0 };
    let ripple = 1.0 + 0.06 * (noise(seed, HOUSE, at_s / 20.0) - 0.5);
    let appliances = APPLIANCES.iter().zip(1..).map(|(appliance, stream)| appliance.power_w(seed, stream, at_s));
    between(&BASE_W, hour_of_day(at_s)) * ripple + fridge + appliances.sum::<f32>()
}

impl Appliance {
    /// Its power at `at_s`, W: whether it runs in a slot, when and how long, follows from the slot's number.
    fn power_w(&self, seed: u64, stream: u64, at_s: f64) -> f32 {
        let slot = (at_s / self.slot_s).floor();
        let mut prng = Prng::new(seed, HOUSE + (stream << 32) + slot as i64 as u32 as u64);
        let likely = between(self.likely, hour_of_day(slot * self.slot_s));
        if prng.range(0.0, 1.0) >= likely {
            return 0.0;
        }
        let runs_s = prng.range(self.runs_s.0, self.runs_s.1);
        let start_s = prng.range(0.0, self.slot_s as f32 - runs_s);
        let in_slot_s = (at_s - slot * self.slot_s) as f32;
        if (start_s..start_s + runs_s).contains(&in_slot_s) { self.power_w } else { 0.0 }
    }
}

/// Smooth noise from 0 to 1 with a random value at every whole `x`.
fn noise(seed: u64, stream: u64, x: f64) -> f32 {
    let at = |k: f64| Prng::new(seed, stream + u64::from(k as i64 as u32)).range(0.0, 1.0);
    let (k, t) = (x.floor(), (x - x.floor()) as f32);
    let smooth = t * t * (3.0 - 2.0 * t);
    at(k) + smooth * (at(k + 1.0) - at(k))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Energy of a power over a day, kWh.
    fn day_kwh(day: u32, power_w: impl Fn(f64) -> f32) -> f32 {
        let start = f64::from(day) * DAY_S;
        (0..8_640).map(|step| power_w(start + f64::from(step) * 10.0) * 10.0 / 3.6e6).sum()
    }

    #[test]
    fn nights_are_dark_days_differ_and_the_same_seed_gives_the_same_weather() {
        let days: Vec<f32> = (0..30).map(|day| day_kwh(day, |at| pv_w(1, at))).collect();
        let (dull, bright) = days.iter().fold((f32::MAX, 0.0_f32), |(low, high), d| (low.min(*d), high.max(*d)));
        assert!(dull > 20.0 && bright < 75.0 && bright - dull > 8.0, "{dull} to {bright} kWh a day");
        for hour in [0.0, 3.0, 6.1, 19.9, 23.5] {
            assert_eq!(pv_w(1, hour * HOUR_S), 0.0, "at {hour} h");
        }
        let noon = |seed| (0..20).map(|day| pv_w(seed, (f64::from(day) + 0.5) * DAY_S)).collect::<Vec<_>>();
        assert_eq!(noon(3), noon(3));
        assert_ne!(noon(3), noon(4));
    }

    #[test]
    fn a_house_uses_some_25_kwh_a_day_most_of_it_in_the_evening() {
        for day in 0..10 {
            let kwh = day_kwh(day, |at| house_w(1, at));
            assert!((18.0..36.0).contains(&kwh), "{kwh} kWh");
        }
        let mean = |from: u32, to: u32| {
            let watts = (from * 360..to * 360).map(|step| house_w(1, f64::from(step) * 10.0));
            watts.sum::<f32>() / ((to - from) * 360) as f32
        };
        assert!(mean(18, 21) > 3.0 * mean(1, 4), "{} and {} W", mean(18, 21), mean(1, 4));
    }

    #[test]
    fn a_kettle_is_heard_of_within_a_morning() {
        let watts: Vec<f32> = (0..4 * 3_600).map(|s| house_w(1, 6.0 * HOUR_S + f64::from(s))).collect();
        let jumps = watts.windows(2).filter(|pair| pair[1] - pair[0] > 2_000.0).count();
        assert!((1..12).contains(&jumps), "{jumps} jumps");
    }
}
