//! Two opinions about the same battery: the shunt's, which counts well, and the inverter's, which drifts. Pure.

use crate::curve::between;

/// A gauge of the state of charge.
#[derive(Clone, Debug)]
pub struct Gauge {
    kind: Kind,
    capacity_ah: f64,
    charge_ah: f64,
}

/// How a gauge goes wrong.
#[derive(Clone, Copy, Debug)]
struct Kind {
    /// What it reads of the true current.
    gain: f32,
    /// What it reads when nothing flows, A, discharge positive.
    offset_a: f32,
    /// Currents below this are not seen, A.
    blind_a: f32,
    /// At rest it believes the voltage: this many seconds until it has gone 63 % of the way. `None`: never.
    believes_voltage_s: Option<f32>,
}

/// A shunt: half a percent a day at most.
const SHUNT: Kind = Kind { gain: 1.001, offset_a: 0.01, blind_a: 0.0, believes_voltage_s: None };
/// An inverter's own measurement: it misses what is small, reads discharge short, and takes rest for a sign.
const INVERTER: Kind = Kind { gain: 0.97, offset_a: -0.3, blind_a: 2.5, believes_voltage_s: Some(6.0 * 3_600.0) };

/// Below this the battery rests, A.
const REST_A: f32 = 8.0;
/// What an inverter takes a resting voltage for, %: made for other cells, and too steep for these.
const BELIEVED_PCT: [(f32, f32); 6] =
    [(50.0, 0.0), (51.2, 15.0), (52.0, 35.0), (52.8, 60.0), (53.4, 85.0), (54.0, 100.0)];

impl Gauge {
    /// A shunt that was set up well.
    pub fn shunt(capacity_ah: f32, soc_pct: f32) -> Gauge {
        Gauge::new(SHUNT, capacity_ah, soc_pct)
    }

    /// The estimate of an inverter.
    pub fn inverter(capacity_ah: f32, soc_pct: f32) -> Gauge {
        Gauge::new(INVERTER, capacity_ah, soc_pct)
    }

    fn new(kind: Kind, capacity_ah: f32, soc_pct: f32) -> Gauge {
        let capacity_ah = f64::from(capacity_ah);
        Gauge { kind, capacity_ah, charge_ah: capacity_ah * f64::from(soc_pct.clamp(0.0, 100.0)) / 100.0 }
    }

    /// State of charge, %, 0 to 100.
    pub fn soc_pct(&self) -> f32 {
        (100.0 * self.charge_ah / self.capacity_ah) as f32
    }

    /// Sets its state of charge anew, so many points higher, within 0 and 100 %.
    pub fn shift(&mut self, points: f32) {
        self.charge_ah = (self.charge_ah + self.capacity_ah * f64::from(points) / 100.0).clamp(0.0, self.capacity_ah);
    }

    /// What has been taken out since the last full charge, Ah, not negative.
    pub fn consumed_ah(&self) -> f32 {
        (self.capacity_ah - self.charge_ah) as f32
    }

    /// Takes `dt_s` seconds of a current, A, discharge positive, at a voltage of the whole bank, V.
    pub fn step(&mut self, current_a: f32, voltage_v: f32, dt_s: f32) {
        let seen_a =
            if current_a.abs() < self.kind.blind_a { 0.0 } else { current_a * self.kind.gain + self.kind.offset_a };
        let mut charge_ah = self.charge_ah - f64::from(seen_a) * f64::from(dt_s) / 3_600.0;
        if let Some(within_s) = self.kind.believes_voltage_s.filter(|_| current_a.abs() < REST_A) {
            let believed_ah = self.capacity_ah * f64::from(between(&BELIEVED_PCT, voltage_v)) / 100.0;
            charge_ah += (believed_ah - charge_ah) * f64::from(dt_s / within_s).min(1.0);
        }
        self.charge_ah = charge_ah.clamp(0.0, self.capacity_ah);
    }

    /// The battery is full: every gauge knows that.
    pub fn full(&mut self) {
        self.charge_ah = self.capacity_ah;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shunt_counts_the_inverter_drifts_and_both_know_a_full_battery() {
        let (mut shunt, mut inverter) = (Gauge::shunt(840.0, 90.0), Gauge::inverter(840.0, 90.0));
        // Ten hours at 40 A, then ten of 2 A: 420 Ah, half the bank.
        for minute in 0..1_200 {
            let current_a = if minute < 600 { 40.0 } else { 2.0 };
            shunt.step(current_a, 52.6, 60.0);
            inverter.step(current_a, 52.6, 60.0);
        }
        let truth_pct = 90.0 - 50.0;
        assert!((shunt.soc_pct() - truth_pct).abs() < 0.2, "{} %", shunt.soc_pct());
        assert!((inverter.soc_pct() - truth_pct).abs() > 2.0, "{} %", inverter.soc_pct());
        assert!((shunt.consumed_ah() - 0.6 * 840.0).abs() < 2.0, "{} Ah", shunt.consumed_ah());
        shunt.full();
        inverter.full();
        assert_eq!((shunt.soc_pct(), inverter.soc_pct()), (100.0, 100.0));
        for _ in 0..1_000 {
            shunt.step(-100.0, 55.0, 60.0);
        }
        assert_eq!(shunt.soc_pct(), 100.0);
    }
}
