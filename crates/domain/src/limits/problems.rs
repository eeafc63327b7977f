//! Limits that a person gave: taken over, and what is wrong with them.

use super::keys::{Key, Possible};
use super::{KEYS, Limits};
use crate::decimal::fixed;

/// What is wrong with limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The keys that it is about, the most likely first.
    pub keys: Vec<&'static str>,
    /// What is wrong, in words.
    pub message: String,
}

/// Pairs of keys of which the first must be less than the second.
const LESS: [(&str, &str); 7] = [
    ("cell_voltage_warning_min_v", "cell_voltage_warning_max_v"),
    ("pack_voltage_min_v", "pack_voltage_max_v"),
    ("temperature_warning_min_c", "temperature_warning_max_c"),
    ("charge_temperature_min_c", "charge_temperature_max_c"),
    ("discharge_temperature_min_c", "discharge_temperature_max_c"),
    ("normal_voltage_min_v", "normal_voltage_max_v"),
    ("optimal_temperature_min_c", "optimal_temperature_max_c"),
];

/// Pairs of keys of which the first must not be more than the second.
const NOT_MORE: [(&str, &str); 3] = [
    ("cell_voltage_min_v", "cell_voltage_warning_min_v"),
    ("cell_voltage_warning_max_v", "cell_voltage_max_v"),
    ("insulation_min_kohm", "insulation_warning_min_kohm"),
];

impl Limits {
    /// Takes over what a person gave, each key in its unit. What follows from the cells' limits follows from the new ones;
    /// a warning that is not given keeps its distance from its limit.
    pub fn give(&mut self, given: &[(&Key, f32)]) {
        let is_given = |key: &str| given.iter().any(|(given, _)| given.key == key);
        let defaults = *self;
        let set = |limits: &mut Limits, which: &dyn Fn(&Key) -> bool| {
            given.iter().filter(|(key, _)| which(key)).for_each(|(key, value)| key.set(limits, *value));
        };
        let insulation = |key: &Key| key.key.starts_with("insulation");
        set(self, &|key| key.possible != Possible::PackVoltage && !insulation(key));
        if !is_given("cell_voltage_warning_min_v") {
            self.cell_voltage_warning_v.low += self.cell_voltage_v.low - defaults.cell_voltage_v.low;
        }
        if !is_given("cell_voltage_warning_max_v") {
            self.cell_voltage_warning_v.high += self.cell_voltage_v.high - defaults.cell_voltage_v.high;
        }
        self.follow_cells();
        set(self, &|key| key.possible == Possible::PackVoltage);
        self.follow_pack();
        set(self, &insulation);
        if is_given("insulation_min_kohm") && !is_given("insulation_warning_min_kohm") {
            self.insulation_warning_kohm = self.insulation_warning_kohm.max(self.insulation_kohm);
        }
    }

    /// Everything that is wrong with limits; empty for good ones.
    pub fn problems(&self) -> Vec<Problem> {
        let number = |value: f32| fixed(value.into(), 3).trimmed().to_string();
        let find = |name: &str| KEYS.iter().find(|key| key.key == name);
        let mut problems = Vec::new();
        for key in KEYS {
            let (value, possible) = (key.get(self), key.possible(self));
            // A hair of tolerance: a pack's voltage is a product.
            let hair = 1e-5 * possible.high.abs();
            if value < possible.low - hair || value > possible.high + hair || value.is_nan() {
                let why = match key.possible {
                    Possible::CellVoltage => format!(", beyond which no {} cell is safe", self.chemistry.spec().name),
                    Possible::PackVoltage => {
                        let name = self.chemistry.spec().name;
                        format!(", beyond which {} {name} cells in series are not safe", self.cells_in_series)
                    }
                    Possible::Temperature => format!(", beyond which {} is not used", self.chemistry.spec().name),
                    Possible::Fixed(..) => String::new(),
                };
                let (low, high, unit) = (number(possible.low), number(possible.high), key.unit);
                let message = format!("{} {unit} is not from {low} to {high} {unit}{why}", number(value));
                problems.push(Problem { keys: vec![key.key], message });
            }
        }
        let pairs = LESS.iter().map(|pair| (pair, true)).chain(NOT_MORE.iter().map(|pair| (pair, false)));
        for ((low, high), strictly) in pairs {
            let (Some(low), Some(high)) = (find(low), find(high)) else { continue };
            let (a, b) = (low.get(self), high.get(self));
            if a > b || (strictly && a >= b) {
                let than = if strictly { "less than" } else { "at most" };
                let (a, b) = (number(a), number(b));
                let message = format!("{} = {a} must be {than} {} = {b} {}", low.key, high.key, high.unit);
                problems.push(Problem { keys: vec![low.key, high.key], message });
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Band, Chemistry};

    fn given(chemistry: Chemistry, keys: &[(&str, f32)]) -> Limits {
        let mut limits = Limits::of(chemistry, 260, 280.0);
        let find = |name: &str| KEYS.iter().find(|key| key.key == name).unwrap();
        limits.give(&keys.iter().map(|(key, value)| (find(key), *value)).collect::<Vec<_>>());
        limits
    }

    #[test]
    fn the_defaults_of_every_chemistry_are_sound() {
        for chemistry in Chemistry::ALL {
            for cells in [1, 16, 260] {
                assert_eq!(Limits::of(chemistry, cells, 280.0).problems(), [], "{chemistry:?} x {cells}");
            }
        }
    }

    #[test]
    fn what_follows_from_a_given_limit_follows() {
        let near = |a: f32, b: f32| (a - b).abs() < 1e-3;
        let limits = given(Chemistry::Lfp, &[("cell_voltage_max_v", 3.55), ("cell_spread_max_mv", 80.0)]);
        assert!(near(limits.cell_voltage_warning_v.high, 3.525) && near(limits.pack_voltage_v.high, 923.0));
        assert!(near(limits.insulation_kohm, 92.3) && near(limits.cell_spread_v, 0.08));
        let limits = given(Chemistry::Lfp, &[("pack_voltage_max_v", 900.0), ("insulation_min_kohm", 600.0)]);
        assert_eq!((limits.pack_voltage_v, limits.cell_voltage_v.high), (Band::new(741.0, 900.0), 3.65));
        assert_eq!((limits.insulation_kohm, limits.insulation_warning_kohm), (600.0, 600.0));
        assert_eq!(limits.problems(), []);
    }

    #[test]
    fn limits_that_cannot_be_are_refused_with_their_key() {
        use Chemistry::{Lfp, Nmc};
        for (chemistry, keys, at, says) in [
            (
                Lfp,
                &[("cell_voltage_max_v", 3.9)][..],
                "cell_voltage_max_v",
                "3.9 V is not from 2 to 3.8 V, beyond which no LFP",
            ),
            (Lfp, &[("pack_voltage_max_v", 2_000.0)], "pack_voltage_max_v", "2000 V is not from 520 to 988 V"),
            (Lfp, &[("charge_temperature_min_c", -60.0)], "charge_temperature_min_c", "-60 °C is not from -40 to 70"),
            (Lfp, &[("cell_spread_max_mv", 0.0)], "cell_spread_max_mv", "0 mV is not from 1 to 1000 mV"),
            (Lfp, &[("pack_voltage_min_v", 950.0)], "pack_voltage_min_v", "pack_voltage_min_v = 950 must be less than"),
            (
                Lfp,
                &[("cell_voltage_warning_min_v", 2.5)],
                "cell_voltage_min_v",
                "cell_voltage_min_v = 2.85 must be at most",
            ),
            (
                Nmc,
                &[("insulation_warning_min_kohm", 1.0)],
                "insulation_min_kohm",
                "insulation_min_kohm = 110.5 must be",
            ),
        ] {
            let problems = given(chemistry, keys).problems();
            assert!(problems[0].keys[0] == at && problems[0].message.starts_with(says), "{keys:?}: {problems:?}");
        }
        assert_eq!(given(Nmc, &[("cell_voltage_max_v", 4.3)]).problems(), []);
    }
}
