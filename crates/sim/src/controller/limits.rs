//! State of power: what the pack may give and take now, by derating tables.

use crate::curve::between;

/// Highest discharge power of the converter and its fuses, W.
const DISCHARGE_MAX_W: f32 = 250e3;
/// Highest discharge current per rated ampere-hour, A/Ah.
const DISCHARGE_RATE: f32 = 1.08;
/// Highest charge current per rated ampere-hour, A/Ah.
const CHARGE_RATE: f32 = 0.5;

/// A share of the full current over a measured quantity.
type Derating = &'static [(f32, f32)];

const DISCHARGE_BY_SOC: Derating = &[(2.0, 0.0), (5.0, 0.3), (10.0, 0.7), (15.0, 1.0)];
const DISCHARGE_BY_LOWEST_V: Derating = &[(2.50, 0.0), (2.85, 1.0)];
const DISCHARGE_BY_COLDEST_C: Derating = &[(-25.0, 0.0), (-20.0, 0.7), (-10.0, 1.0)];
const CHARGE_BY_SOC: Derating = &[(80.0, 1.0), (90.0, 0.5), (97.0, 0.1), (100.0, 0.0)];
const CHARGE_BY_HIGHEST_V: Derating = &[(3.45, 1.0), (3.60, 0.0)];
const CHARGE_BY_COLDEST_C: Derating = &[(-5.0, 0.0), (0.0, 0.1), (5.0, 0.3), (15.0, 1.0)];
const BY_HOTTEST_C: Derating = &[(52.0, 1.0), (62.0, 0.0)];

/// What may be drawn and charged now; none is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Highest discharge current, A.
    pub discharge_a: f32,
    /// Highest charge current, A.
    pub charge_a: f32,
    /// Highest discharge power, W.
    pub discharge_w: f32,
    /// Highest charge power, W.
    pub charge_w: f32,
}

/// What the limits follow from.
#[derive(Clone, Copy, Debug)]
pub struct Basis {
    /// Rated capacity of all racks together, Ah.
    pub capacity_ah: f32,
    /// Estimated state of charge, %.
    pub soc_pct: f32,
    /// Pack voltage, V.
    pub pack_v: f32,
    /// Lowest and highest cell voltage, V.
    pub cell_v: (f32, f32),
    /// Lowest and highest cell temperature, °C.
    pub cell_c: (f32, f32),
}

impl Limits {
    /// What one keeps to who ignores the controller: as much as is wanted.
    pub const NONE: Limits =
        Limits { discharge_a: f32::MAX, charge_a: f32::MAX, discharge_w: f32::MAX, charge_w: f32::MAX };

    /// The limits that follow from `basis`: the lowest of all deratings counts.
    pub fn from(basis: &Basis) -> Limits {
        let share = |rows: [(Derating, f32); 4]| rows.iter().map(|(table, x)| between(table, *x)).fold(1.0, f32::min);
        let discharge = share([
            (DISCHARGE_BY_SOC, basis.soc_pct),
            (DISCHARGE_BY_LOWEST_V, basis.cell_v.0),
            (DISCHARGE_BY_COLDEST_C, basis.cell_c.0),
            (BY_HOTTEST_C, basis.cell_c.1),
        ]);
        let charge = share([
            (CHARGE_BY_SOC, basis.soc_pct),
            (CHARGE_BY_HIGHEST_V, basis.cell_v.1),
            (CHARGE_BY_COLDEST_C, basis.cell_c.0),
            (BY_HOTTEST_C, basis.cell_c.1),
        ]);
        let discharge_a = basis.capacity_ah * DISCHARGE_RATE * discharge;
        let charge_a = basis.capacity_ah * CHARGE_RATE * charge;
        Limits {
            discharge_a,
            charge_a,
            discharge_w: (discharge_a * basis.pack_v).min(DISCHARGE_MAX_W * discharge),
            charge_w: charge_a * basis.pack_v,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_fall_towards_the_ends() {
        let good =
            Basis { capacity_ah: 280.0, soc_pct: 60.0, pack_v: 858.0, cell_v: (3.29, 3.31), cell_c: (24.0, 27.0) };
        for (what, basis, discharge_kw, charge_kw) in [
            ("good", good, 250.0, 120.1),
            ("nearly empty", Basis { soc_pct: 5.0, ..good }, 75.0, 120.1),
            ("nearly full", Basis { soc_pct: 97.0, ..good }, 250.0, 12.0),
            ("a cell at 2.5 V", Basis { cell_v: (2.5, 3.3), ..good }, 0.0, 120.1),
            ("a cell at 3.6 V", Basis { cell_v: (3.3, 3.6), ..good }, 250.0, 0.0),
            ("frost", Basis { cell_c: (-5.0, 0.0), ..good }, 250.0, 0.0),
            ("heat", Basis { cell_c: (30.0, 57.0), ..good }, 125.0, 60.1),
        ] {
            let limits = Limits::from(&basis);
            assert!((limits.discharge_w / 1e3 - discharge_kw).abs() < 0.1, "{what}: {limits:?}");
            assert!((limits.charge_w / 1e3 - charge_kw).abs() < 0.1, "{what}: {limits:?}");
        }
    }
}
