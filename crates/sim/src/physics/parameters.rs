//! Parameters of a 280 Ah lithium iron phosphate cell.
//!
//! The curves are those measured on a 3 Ah LFP cell (open-circuit voltage, hysteresis, entropy, resistance over
//! temperature); resistances are scaled by capacity and agree with what is known of 280 Ah prismatic cells.

use crate::curve::Curve;

/// Capacity that the resistances below belong to, Ah. Smaller cells have proportionally more resistance.
pub const RATED_AH: f32 = 280.0;
/// Instant resistance at 25 °C, Ω.
pub const R0_OHM: f32 = 0.20e-3;
/// Resistance, Ω, and time constant, s, of the fast RC pair at 25 °C.
pub const RC1: (f32, f32) = (0.12e-3, 25.0);
/// Resistance, Ω, and time constant, s, of the slow RC pair at 25 °C.
pub const RC2: (f32, f32) = (0.15e-3, 600.0);
/// Busbar and weld between two cells, Ω. Outside the cell's sense leads, inside the pack's.
pub const BUSBAR_OHM: f32 = 0.02e-3;
/// Fuse, contactors and cables of one rack, Ω.
pub const RACK_WIRING_OHM: f32 = 6.0e-3;

/// Hysteresis follows the current's direction by 1 - 1/e in this share of the capacity.
pub const HYSTERESIS_THROUGHPUT: f32 = 0.05;
/// Share of the charge put in that comes out again.
pub const COULOMBIC_EFFICIENCY: f64 = 0.999;
/// Current of the balancing resistor of one cell, A.
pub const BALANCING_A: f32 = 0.2;
/// Self-discharge, share of the capacity a month: mean and deviation.
pub const SELF_DISCHARGE_PER_MONTH: (f32, f32) = (0.02, 0.005);

/// Mass times specific heat, J/K.
pub const HEAT_CAPACITY_J_PER_K: f32 = 5_400.0;
/// Conductance from a cell to its neighbour in the module, W/K.
pub const TO_NEIGHBOUR_W_PER_K: f32 = 1.0;
/// Conductance from a cell to the air, W/K: inside a module and at its two ends.
pub const TO_AMBIENT_W_PER_K: (f32, f32) = (1.0 / 3.0, 1.0 / 2.0);

/// Relative deviation of capacity between cells.
pub const CAPACITY_SIGMA: f32 = 0.005;
/// Relative deviation of resistance between cells.
pub const RESISTANCE_SIGMA: f32 = 0.02;
/// Deviation of the SoC at the start, as a fraction.
pub const SOC_SIGMA: f32 = 0.01;
/// Deviation of the temperature at the start, K.
pub const TEMPERATURE_SIGMA_K: f32 = 0.4;

/// A weak cell has this share of its capacity and this multiple of its resistance.
pub const WEAK_CELL: (f32, f32) = (0.96, 1.30);

/// A loose busbar joint (the hot cell of the lab) turns this into heat at the terminal, W: 1.1 mΩ at 240 A.
///
/// The lab's joint heats at any current, so that a person need not wait for a burst.
pub const JOINT_HEAT_W: f32 = 64.0;
/// From the terminal, where the sensor sits, into the cell, K/W: the terminal gets about 25 K hotter than the cell.
pub const TERMINAL_K_PER_W: f32 = 0.4;
/// Heat capacity of terminal and joint, J/K. With the above a time constant of 10 s.
pub const TERMINAL_J_PER_K: f32 = 25.0;
/// The joint's heat fades out over these terminal temperatures, °C: a forgotten fault shall not burn the pack.
pub const JOINT_FADE_C: (f32, f32) = (56.0, 62.0);

/// Open-circuit voltage over SoC in %, V: mean of charge and discharge.
#[rustfmt::skip]
pub const OCV: [(f32, f32); 30] = [
    (0.0, 2.286), (1.0, 2.783), (2.0, 2.895), (3.0, 2.967), (5.0, 3.065), (7.5, 3.146), (10.0, 3.197), (12.5, 3.207),
    (15.0, 3.212), (20.0, 3.234), (25.0, 3.255), (30.0, 3.270), (35.0, 3.283), (40.0, 3.292), (45.0, 3.297),
    (50.0, 3.2995), (55.0, 3.301), (60.0, 3.3035), (65.0, 3.306), (70.0, 3.311), (75.0, 3.3185), (80.0, 3.3345),
    (85.0, 3.340), (90.0, 3.3425), (95.0, 3.345), (97.0, 3.346), (98.0, 3.349), (99.0, 3.362), (99.5, 3.396),
    (100.0, 3.5305),
];

/// Half the gap between charge and discharge over SoC in %, V.
pub const HYSTERESIS: [(f32, f32); 4] = [(0.0, 0.030), (20.0, 0.020), (50.0, 0.019), (100.0, 0.030)];

/// Entropy coefficient dU/dT over SoC in %, V/K.
#[rustfmt::skip]
pub const ENTROPY: [(f32, f32); 11] = [
    (0.0, -0.49e-3), (10.0, -0.164e-3), (20.0, -0.118e-3), (30.0, -0.044e-3), (40.0, 0.098e-3), (50.0, 0.110e-3),
    (60.0, 0.129e-3), (70.0, 0.145e-3), (80.0, 0.100e-3), (90.0, 0.084e-3), (100.0, 0.118e-3),
];

/// Resistance over SoC in % as a multiple.
pub const LOW_SOC_FACTOR: [(f32, f32); 2] = [(0.0, 1.3), (10.0, 1.0)];

/// Resistance at this temperature as a multiple of that at 25 °C: Arrhenius, steeper in the cold.
pub fn temperature_factor(celsius: f32) -> f32 {
    let beta_k = if celsius < 25.0 { 2_100.0 } else { 1_360.0 };
    (beta_k * (1.0 / (celsius + 273.15) - 1.0 / 298.15)).exp()
}

/// The curves in the form that a step reads.
#[derive(Clone, Debug)]
pub struct Curves {
    /// Open-circuit voltage over SoC in %, V.
    pub ocv: Curve,
    /// Hysteresis over SoC in %, V.
    pub hysteresis: Curve,
    /// Entropy coefficient over SoC in %, V/K.
    pub entropy: Curve,
    /// Resistance factor over SoC in %.
    pub low_soc: Curve,
    /// Resistance factor over temperature in °C, from -40 to 100.
    pub temperature: Curve,
}

impl Default for Curves {
    fn default() -> Curves {
        let temperatures: Vec<(f32, f32)> = (-40..=100).map(|c| (c as f32, temperature_factor(c as f32))).collect();
        Curves {
            ocv: Curve::through(&OCV, 0.5),
            hysteresis: Curve::through(&HYSTERESIS, 10.0),
            entropy: Curve::through(&ENTROPY, 10.0),
            low_soc: Curve::through(&LOW_SOC_FACTOR, 10.0),
            temperature: Curve::through(&temperatures, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_pass_through_the_measured_points() {
        let curves = Curves::default();
        for (soc_pct, volts) in OCV {
            assert!((curves.ocv.at(soc_pct) - volts).abs() < 1e-5, "{soc_pct} %");
        }
        for (celsius, factor) in [(10.0, 0.0694 / 0.0478), (25.0, 1.0), (40.0, 0.0384 / 0.0478)] {
            assert!((curves.temperature.at(celsius) / factor - 1.0).abs() < 0.02, "{celsius} °C");
        }
    }
}
