//! Energy and time by direction, from readings that each stand until the next one comes. Pure.
//!
//! A gap is neither charge nor discharge: a reading stands no longer than [`held_s`] allows.

mod flow;

pub use flow::{Flow, held_s, longest_ms, period_ms};

/// Below this a battery rests, A.
pub const IDLE_A: f32 = 0.5;
/// Below this a power counts as none, W.
pub const IDLE_W: f32 = 25.0;

/// What a battery does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatteryState {
    /// Current flows out of it.
    Discharging,
    /// Current flows into it.
    Charging,
    /// It rests.
    Idle,
}

impl BatteryState {
    /// By a current or power, discharge positive, which is none below `idle`.
    pub fn of(value: f32, idle: f32) -> BatteryState {
        match value {
            value if value >= idle => BatteryState::Discharging,
            value if value <= -idle => BatteryState::Charging,
            _ => BatteryState::Idle,
        }
    }
}

/// What a battery does, by its current, A, or else by its power, W, both discharge positive, at its voltage or else its
/// nominal one, V. `None` if neither is known.
pub fn battery_state(
    voltage_v: Option<f32>,
    current_a: Option<f32>,
    power_w: Option<f32>,
    nominal_v: f32,
) -> Option<BatteryState> {
    let by_power = || power_w.map(|w| w / voltage_v.filter(|v| *v > 1.0).unwrap_or(nominal_v));
    current_a.or_else(by_power).map(|a| BatteryState::of(a, IDLE_A))
}

/// Energy of the positive and of the negative values of a power, W, each of which stood for so long, s; both in Wh and not
/// negative. NaN is no value; `None` if there is none at all.
pub fn by_direction(power_w: &[f32], held_s: &[f32]) -> Option<(f32, f32)> {
    let known = power_w.iter().zip(held_s).filter(|(watts, _)| !watts.is_nan());
    let sum = known.fold(None, |sum, (watts, seconds)| {
        let wh = f64::from(*watts) * f64::from(*seconds) / 3_600.0;
        let (up, down) = sum.unwrap_or((0.0, 0.0));
        Some((up + wh.max(0.0), down - wh.min(0.0)))
    });
    sum.map(|(up, down): (f64, f64)| (up as f32, down as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_follows_the_current_or_else_the_power() {
        use BatteryState::{Charging, Discharging, Idle};
        for (voltage, current, power, expected) in [
            (None, Some(0.5), None, Some(Discharging)),
            (None, Some(-0.5), None, Some(Charging)),
            (None, Some(0.4), Some(900.0), Some(Idle)),
            (Some(52.0), None, Some(-900.0), Some(Charging)),
            (None, None, Some(20.0), Some(Idle)),
            (Some(52.0), None, None, None),
        ] {
            assert_eq!(battery_state(voltage, current, power, 51.2), expected, "{voltage:?} {current:?} {power:?}");
        }
    }

    #[test]
    fn energy_goes_by_its_direction_and_what_is_not_known_is_not_zero() {
        let held = [1_800.0; 4];
        for (power, expected) in [
            (vec![2_000.0, f32::NAN, -500.0, 0.0], Some((1_000.0, 250.0))),
            (vec![-1_000.0; 4], Some((0.0, 2_000.0))),
            (vec![f32::NAN; 4], None),
            (vec![], None),
        ] {
            assert_eq!(by_direction(&power, &held), expected, "{power:?}");
        }
    }
}
