//! A past that could have been: months of the pack under its AI load, at tens of millions of rows a minute.
//!
//! The same load, peak shaving and cell parameters as the live simulation, but one mean cell in place of all: what the
//! weakest and the warmest cell add is kept as their distance from it. A worn contactor makes the bus sag some times a
//! day. The same seed and start give the same past, row by
//! row, wherever it is cut into days.

mod cells;
mod film;

pub use cells::{CellPast, PackMinute};

use crate::controller::limits::{Basis, Limits};
use crate::controller::report::Mode;
use crate::dispatch::{PeakShaver, grid_w};
use crate::load::AiLoad;
use crate::physics::parameters::{self as p, Curves};
use crate::prng::Prng;
use domain::minute::MINUTE_MS;
use domain::point::PointId;
use film::Film;

/// Cells in series, as in the demo's pack.
const CELLS: f32 = 260.0;
/// Limits and temperatures move slowly: they are worked out anew this often.
const SLOW_EVERY_MS: i64 = 1_000;
/// How much warmer the warmest cell's place is, share of the pack's own warming.
const WARMEST_SHARE: f32 = 1.35;
/// Heat from a cell to the air, mean over a module, W/K.
const TO_AIR_W_PER_K: f32 = 0.36;
/// Hall temperature: mean and daily swing, °C, and the hour of UTC when it is warmest.
const AIR_C: (f32, f32) = (23.0, 2.5);
const WARMEST_HOUR: f32 = 15.0;
/// The cells with the lowest voltage, the highest, and the highest temperature.
const CELL_EXTREMES: (usize, usize, usize) = (131, 47, 170);
/// Noise of the measured values: V, A, V, K.
const NOISE: (f32, f32, f32, f32) = (0.04, 0.05, 0.000_3, 0.03);
/// The grid cap and reserve of the demo, W and %.
const GRID_CAP_W: f32 = 66e3;
const RESERVE_PCT: f32 = 20.0;

/// What is made of a stretch of time: each column with as many values as rows were asked for.
pub type Columns = Vec<(PointId, Vec<f32>)>;

/// The simulated past.
#[derive(Clone, Debug)]
pub struct Past {
    at_ms: i64,
    curves: Curves,
    load: AiLoad,
    shaver: PeakShaver,
    noise: Prng,
    film: Film,
    soc_pct: f64,
    /// Voltage over the two RC pairs, V.
    rc_v: (f32, f32),
    cell_c: f32,
    air_c: f32,
    /// Resistance as a multiple of that at 25 °C.
    factor: f32,
    limits: Limits,
    slow_at_ms: i64,
    /// What of the mean cell's voltage falls off over its instant resistance, V.
    drop_v: f32,
    /// What of the pack's voltage falls off over the contactor, V.
    film_v: f32,
}

impl Past {
    /// A past that begins at `start_ms` (UTC) with a battery at 70 %.
    pub fn new(seed: u64, start_ms: i64) -> Past {
        let air_c = air_c(start_ms);
        Past {
            at_ms: start_ms,
            curves: Curves::default(),
            load: AiLoad::new(seed),
            shaver: PeakShaver::new(GRID_CAP_W, RESERVE_PCT),
            noise: Prng::new(seed, 30),
            film: Film::new(seed),
            soc_pct: 70.0,
            rc_v: (0.0, 0.0),
            cell_c: air_c + 1.0,
            air_c,
            factor: 1.0,
            limits: Limits::default(),
            slow_at_ms: i64::MIN,
            drop_v: 0.0,
            film_v: 0.0,
        }
    }

    /// When the next row will be taken, ms since 1970-01-01 UTC.
    pub fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// Makes the next `rows` rows, one every `period_ms`.
    pub fn make(&mut self, rows: usize, period_ms: i64) -> Columns {
        self.make_with_minutes(rows, period_ms).0
    }

    /// As [`Past::make`], and what the mean cell did in each minute, for [`CellPast::minute`].
    pub fn make_with_minutes(&mut self, rows: usize, period_ms: i64) -> (Columns, Vec<PackMinute>) {
        let mut minutes: Vec<PackMinute> = Vec::new();
        let mut out: Vec<Vec<f32>> = vec![Vec::with_capacity(rows); MEASURED.len()];
        let dt_s = period_ms as f32 / 1e3;
        let keep = ((-dt_s / p::RC1.1).exp(), (-dt_s / p::RC2.1).exp());
        let mut spare = Vec::new();
        for _ in 0..rows {
            let values = self.step(dt_s, keep);
            let minute = self.at_ms.div_euclid(MINUTE_MS);
            if minutes.last().is_none_or(|last| last.minute != minute) {
                minutes.push(PackMinute { minute, ..PackMinute::default() });
            }
            if let Some(minute) = minutes.last_mut() {
                minute.voltage_v.add((values[MEASURED_VOLTAGE] + self.film_v) / CELLS);
                minute.drop_v.add(self.drop_v);
                minute.cell_c.add(self.cell_c);
                (minute.air_c, minute.soc_pct) = (self.air_c, self.soc_pct as f32);
            }
            out.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
            self.at_ms += period_ms;
        }
        for (column, (_, step)) in out.iter_mut().zip(MEASURED) {
            round(column, step);
            spare.push(std::mem::take(column));
        }
        let constant = [
            (PointId::Soh, 98.6),
            (PointId::ControllerMode, f32::from(Mode::Normal as u8)),
            (PointId::Contactors, 3.0),
            (PointId::CellVoltageMinAt, CELL_EXTREMES.0 as f32),
            (PointId::CellVoltageMaxAt, CELL_EXTREMES.1 as f32),
            (PointId::CellTemperatureMaxAt, CELL_EXTREMES.2 as f32),
        ];
        let measured = MEASURED.iter().map(|(point, _)| *point).zip(spare);
        (measured.chain(constant.map(|(point, value)| (point, vec![value; rows]))).collect(), minutes)
    }

    /// Passes over `rows` rows without keeping them, as when they are there already.
    pub fn skip(&mut self, rows: usize, period_ms: i64) {
        let dt_s = period_ms as f32 / 1e3;
        let keep = ((-dt_s / p::RC1.1).exp(), (-dt_s / p::RC2.1).exp());
        for _ in 0..rows {
            self.step(dt_s, keep);
            self.at_ms += period_ms;
        }
    }

    fn step(&mut self, dt_s: f32, keep: (f32, f32)) -> [f32; MEASURED.len()] {
        self.load.step(dt_s);
        if self.at_ms >= self.slow_at_ms.saturating_add(SLOW_EVERY_MS) {
            self.air_c = air_c(self.at_ms);
            self.factor = p::temperature_factor(self.cell_c);
        }
        let load_w = self.load.power_w();
        let wanted_w = self.shaver.battery_w(load_w, self.soc_pct as f32, &self.limits);
        let ocv_v = self.curves.ocv.at(self.soc_pct as f32);
        let emf_v = CELLS * (ocv_v - self.rc_v.0 - self.rc_v.1);
        let film_ohm = self.film.ohm(dt_s);
        let resistance_ohm = CELLS * (p::R0_OHM * self.factor + p::BUSBAR_OHM) + p::RACK_WIRING_OHM + film_ohm;
        // The current that gives the wanted power at the terminals: V = emf - R I, P = V I.
        let root = (emf_v * emf_v - 4.0 * resistance_ohm * wanted_w).max(0.0).sqrt();
        let current_a = (emf_v - root) / (2.0 * resistance_ohm);
        let pack_v = emf_v - resistance_ohm * current_a;
        self.film.pass(current_a);
        self.film_v = film_ohm * current_a;
        let mean_v = (pack_v + self.film_v) / CELLS;
        self.rc_v.0 = self.rc_v.0 * keep.0 + p::RC1.0 * self.factor * current_a * (1.0 - keep.0);
        self.rc_v.1 = self.rc_v.1 * keep.1 + p::RC2.0 * self.factor * current_a * (1.0 - keep.1);
        let gained = if current_a < 0.0 { p::COULOMBIC_EFFICIENCY } else { 1.0 };
        let drawn_ah = f64::from(current_a) * gained * f64::from(dt_s) / 3_600.0;
        self.soc_pct = (self.soc_pct - 100.0 * drawn_ah / f64::from(p::RATED_AH)).clamp(0.0, 100.0);
        let lost_v = ocv_v - mean_v;
        let heat_w = lost_v * current_a - TO_AIR_W_PER_K * (self.cell_c - self.air_c);
        self.cell_c += heat_w * dt_s / p::HEAT_CAPACITY_J_PER_K;

        let (_, weak_resistance) = p::WEAK_CELL;
        self.drop_v = p::R0_OHM * self.factor * current_a;
        let weak_v = mean_v - 0.002 - (weak_resistance - 1.0) * self.drop_v;
        let strong_v = mean_v + 0.002 + 0.05 * self.drop_v;
        let warmest_c = self.air_c + WARMEST_SHARE * (self.cell_c - self.air_c) + 0.4;
        if self.at_ms >= self.slow_at_ms.saturating_add(SLOW_EVERY_MS) {
            self.slow_at_ms = self.at_ms;
            self.limits = Limits::from(&Basis {
                capacity_ah: p::RATED_AH,
                soc_pct: self.soc_pct as f32,
                pack_v,
                cell_v: (weak_v, strong_v),
                cell_c: (self.cell_c - 0.5, warmest_c),
            });
        }
        let noise = [(); 4].map(|()| self.noise.normal());
        let measured_v = pack_v + NOISE.0 * noise[0];
        let measured_a = current_a + NOISE.1 * noise[1];
        let battery_w = pack_v * current_a;
        [
            self.soc_pct as f32,
            measured_v,
            measured_a,
            weak_v + NOISE.2 * noise[2],
            warmest_c + NOISE.3 * noise[3],
            measured_v * measured_a,
            measured_v,
            self.limits.discharge_w,
            self.limits.charge_w,
            strong_v - NOISE.2 * noise[2],
            self.cell_c - 0.5,
            grid_w(load_w, battery_w),
            load_w,
            self.air_c,
        ]
    }
}

/// What is measured, in the order of the values of a step, with the step of its sensor in the unit of the point.
const MEASURED: [(PointId, f32); 14] = [
    (PointId::Soc, 0.01),
    (PointId::Voltage, 0.1),
    (PointId::Current, 0.1),
    (PointId::CellVoltageMin, 0.001),
    (PointId::CellTemperatureMax, 0.1),
    (PointId::Power, 100.0),
    (PointId::BusVoltage, 0.1),
    (PointId::SopDischarge, 100.0),
    (PointId::SopCharge, 100.0),
    (PointId::CellVoltageMax, 0.001),
    (PointId::CellTemperatureMin, 0.1),
    (PointId::GridPower, 10.0),
    (PointId::LoadPower, 10.0),
    (PointId::Ambient, 0.1),
];

/// Place of the pack voltage in [`MEASURED`].
const MEASURED_VOLTAGE: usize = 1;

/// Rounds to multiples of a power of ten, to the float that is nearest.
fn round(values: &mut [f32], step: f32) {
    if step >= 1.0 {
        values.iter_mut().for_each(|v| *v = (*v / step).round_ties_even() * step);
    } else {
        let per_unit = (1.0 / step).round();
        // Quotients of whole numbers are exact to the last bit; multiples of 0.1 would not be.
        values.iter_mut().for_each(|v| *v = (*v * per_unit).round_ties_even() / per_unit);
    }
}

/// Temperature of the hall's air, °C.
fn air_c(at_ms: i64) -> f32 {
    let hour = at_ms.rem_euclid(86_400_000) as f32 / 3_600e3;
    AIR_C.0 + AIR_C.1 * ((hour - WARMEST_HOUR) / 24.0 * std::f32::consts::TAU).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::minute::{NONE, Stat, value};
    use domain::reading::CellQuantity;

    const DAY_ROWS: usize = 432_000;

    fn column(columns: &Columns, point: PointId) -> &[f32] {
        &columns.iter().find(|(of, _)| *of == point).unwrap().1
    }

    #[test]
    fn two_days_look_like_the_life_of_such_a_pack() {
        let mut past = Past::new(7, 1_767_225_600_000);
        let days = past.make(2 * DAY_ROWS, 200);
        assert_eq!(past.at_ms(), 1_767_225_600_000 + 2 * 86_400_000);
        for (point, low, high, spread) in [
            (PointId::Soc, 19.5, 82.0, 15.0),
            (PointId::Voltage, 760.0, 900.0, 15.0),
            (PointId::Current, -40.0, 280.0, 150.0),
            (PointId::CellVoltageMin, 2.9, 3.45, 0.05),
            (PointId::CellTemperatureMax, 20.0, 40.0, 2.0),
            (PointId::GridPower, 30e3, 90e3, 20e3),
            (PointId::LoadPower, 35e3, 240e3, 120e3),
            (PointId::SopDischarge, 100e3, 250e3, 0.0),
        ] {
            let values = column(&days, point);
            let (min, max) = values.iter().fold((f32::MAX, f32::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
            assert!(min >= low && max <= high && max - min >= spread, "{point:?} from {min} to {max}");
        }
        // What flows into the hall comes from the grid and the battery, less what the converter takes.
        for k in (0..2 * DAY_ROWS).step_by(997) {
            let (grid, battery, load) = (
                column(&days, PointId::GridPower)[k],
                column(&days, PointId::Power)[k],
                column(&days, PointId::LoadPower)[k],
            );
            assert!((grid + battery - load).abs() < 0.03 * battery.abs() + 600.0, "{grid} + {battery} - {load} at {k}");
        }
        // A burst pulls the voltage down by what resistance says: the drop belongs to the step of the current.
        let (voltage, current) = (column(&days, PointId::Voltage), column(&days, PointId::Current));
        // Not in a sag, where the contactor has a film.
        let k = (25..2 * DAY_ROWS)
            .filter(|k| voltage[*k] > 0.97 * voltage[*k - 25])
            .max_by(|a, b| (current[*a] - current[*a - 25]).total_cmp(&(current[*b] - current[*b - 25])));
        let k = k.unwrap();
        let ohm = (voltage[k - 25] - voltage[k]) / (current[k] - current[k - 25]);
        assert!((0.05..0.16).contains(&ohm), "{ohm} Ω");
    }

    #[test]
    fn cells_fit_the_pack_that_they_belong_to() {
        const START_MS: i64 = 1_767_225_600_000;
        let (mut past, cells) = (Past::new(7, START_MS), CellPast::new(7, START_MS));
        let (columns, minutes) = past.make_with_minutes(DAY_ROWS, 200);
        assert_eq!(minutes.len(), 1_440);
        let (mut silent, mut weakest, mut charging, mut films) = (0, 0, 0, 0);
        for (k, pack) in minutes.iter().enumerate() {
            let minute = cells.minute(pack);
            assert_eq!(minute.minute * MINUTE_MS, START_MS + k as i64 * MINUTE_MS);
            let values = |quantity, stat| -> Vec<f32> {
                let known = minute.column(quantity, stat).iter().filter(|count| **count != NONE);
                known.map(|count| value(quantity, *count)).collect()
            };
            let (v, t) = (CellQuantity::Voltage, CellQuantity::Temperature);
            silent += minute.column(v, Stat::N).iter().filter(|n| **n == 0).count();
            for quantity in [v, t] {
                let [min, mean, max] = [Stat::Min, Stat::Mean, Stat::Max].map(|stat| values(quantity, stat));
                assert!(min.iter().zip(&mean).zip(&max).all(|((min, mean), max)| min <= mean && mean <= max), "{k}");
            }
            // 260 cells in series: their mean is the pack's, less what the wiring takes.
            let rows = k * 300..(k + 1) * 300;
            let of = |point| column(&columns, point)[rows.clone()].iter().map(|v| f64::from(*v));
            let pack_v = of(PointId::Voltage).sum::<f64>() / 300.0 / 260.0;
            let means = values(v, Stat::Mean);
            let mean = means.iter().map(|v| f64::from(*v)).sum::<f64>() / means.len() as f64;
            // Behind the cells, some volts fall off over a film on the contactor.
            let film_v = of(PointId::CellVoltageMin).zip(of(PointId::Voltage)).map(|(low, pack)| 260.0 * low - pack);
            let has_film = film_v.fold(f64::MIN, f64::max) > 15.0;
            films += usize::from(has_film);
            assert!(has_film || (mean - pack_v).abs() < 0.001, "{k}: {mean} {pack_v}");
            // The lowest cell goes as low as the pack says that its lowest does, and no cell is warmer than the warmest.
            let lowest = of(PointId::CellVoltageMin).fold(f64::MAX, f64::min);
            let at = CELL_EXTREMES.0;
            if minute.column(v, Stat::N)[at] > 0 {
                let found = f64::from(value(v, minute.column(v, Stat::Min)[at]));
                assert!((found - lowest).abs() < 0.004, "{k}: {found} {lowest}");
                if of(PointId::Current).all(|a| a > 50.0) {
                    charging += 1;
                    let column = minute.column(v, Stat::Mean);
                    weakest += usize::from(column.iter().all(|count| column[at] <= *count));
                }
            }
            let warmest = of(PointId::CellTemperatureMax).fold(f64::MIN, f64::max);
            assert!(values(t, Stat::Max).iter().all(|c| f64::from(*c) < warmest + 0.4), "{k}");
        }
        assert!(charging > 20 && weakest == charging, "{weakest} of {charging}");
        assert!(silent < 20 * 80);
        assert!((3..20).contains(&films), "{films} minutes with a film");
        // The same minute, however it was come to; another seed has other cells, and a silent node now and then.
        assert_eq!(CellPast::new(7, START_MS).minute(&minutes[700]), cells.minute(&minutes[700]));
        assert_ne!(CellPast::new(8, START_MS).minute(&minutes[700]), cells.minute(&minutes[700]));
        let gaps = (0..60_i64).filter(|day| {
            let minutes = (0..1_440).map(|k| PackMinute { minute: minutes[0].minute + day * 1_440 + k, ..minutes[0] });
            minutes.into_iter().any(|pack| cells.minute(&pack).column(CellQuantity::Voltage, Stat::N).contains(&0))
        });
        assert!((3..25).contains(&gaps.count()));
    }

    #[test]
    fn a_past_cut_into_pieces_is_the_same_past() {
        let whole = Past::new(3, 0).make(5_000, 200);
        let mut past = Past::new(3, 0);
        let first = past.make(1_234, 200);
        past.skip(1_000, 200);
        let rest = past.make(5_000 - 2_234, 200);
        for (((point, whole), (_, first)), (_, rest)) in whole.iter().zip(&first).zip(&rest) {
            assert_eq!(&whole[..1_234], &first[..], "{point:?}");
            assert_eq!(&whole[2_234..], &rest[..], "{point:?}");
        }
        assert_ne!(Past::new(4, 0).make(5_000, 200), whole);
    }
}
