//! The controller's state machine: standby, precharge, normal, error.
//!
//! ```text
//!   Standby --1 s--> Precharge --bus within 2 % of the pack--> Normal <--10 s good-- Error
//!                                                                 \---hard limit-----^
//! ```
//!
//! A real controller opens its contactors on an error. This one only says so, so that a person can go on watching
//! what a fault does.

use super::report::{Contactors, Mode};

/// Self-test before the contactors are touched, s.
const STANDBY_S: f32 = 1.0;
/// Precharge resistor times the bus's capacitance, s.
const PRECHARGE_TAU_S: f32 = 0.4;
/// Main contactors close when the bus is within this share of the pack.
const PRECHARGE_DONE: f32 = 0.02;
/// A cell beyond these is an error: voltage, mV, and temperature, °C.
const HARD_MV: (f32, f32) = (2_500.0, 3_650.0);
const HARD_C: f32 = 65.0;
/// All must be good for this long before an error is left, s.
const GOOD_FOR_S: f32 = 10.0;

/// Where the controller is, and since when.
#[derive(Clone, Debug, Default)]
pub(super) struct StateMachine {
    mode: Mode,
    since_s: f32,
    bus_v: f32,
}

impl StateMachine {
    /// One cycle; returns mode, contactor feedback and bus voltage.
    ///
    /// `cell_mv` is the lowest and the highest measured cell, zeros if none is measured.
    pub(super) fn step(
        &mut self,
        pack_v: f32,
        cell_mv: (f32, f32),
        hottest_c: f32,
        dt_s: f32,
    ) -> (Mode, Contactors, f32) {
        self.since_s += dt_s;
        let measured = cell_mv.1 > 0.0;
        let bad = measured && (cell_mv.0 < HARD_MV.0 || cell_mv.1 > HARD_MV.1 || hottest_c > HARD_C);
        match self.mode {
            Mode::Standby if self.since_s >= STANDBY_S => self.enter(Mode::Precharge),
            Mode::Precharge if self.bus_v > pack_v * (1.0 - PRECHARGE_DONE) => self.enter(Mode::Normal),
            Mode::Normal if bad => self.enter(Mode::Error),
            Mode::Error if bad => self.since_s = 0.0,
            Mode::Error if self.since_s >= GOOD_FOR_S => self.enter(Mode::Normal),
            Mode::Standby | Mode::Precharge | Mode::Normal | Mode::Error => {}
        }
        let contactors = match self.mode {
            Mode::Standby => Contactors::default(),
            Mode::Precharge => Contactors { main_plus: false, main_minus: true, precharge: true },
            Mode::Normal | Mode::Error => Contactors { main_plus: true, main_minus: true, precharge: false },
        };
        self.bus_v = match self.mode {
            Mode::Standby => 0.0,
            Mode::Precharge => pack_v + (self.bus_v - pack_v) * (-dt_s / PRECHARGE_TAU_S).exp(),
            Mode::Normal | Mode::Error => pack_v,
        };
        (self.mode, contactors, self.bus_v)
    }

    fn enter(&mut self, mode: Mode) {
        self.mode = mode;
        self.since_s = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_precharges_before_it_closes_and_leaves_an_error_when_all_was_good_for_a_while() {
        let mut state = StateMachine::default();
        let mut modes = vec![(Mode::Standby, 0.0)];
        for tick in 1..=150 {
            let time_s = tick as f32 * 0.2;
            let lowest_mv = if (10.0..12.0).contains(&time_s) { 2_400.0 } else { 3_300.0 };
            let (mode, contactors, bus_v) = state.step(858.0, (lowest_mv, 3_310.0), 25.0, 0.2);
            assert_eq!(contactors.main_plus, mode == Mode::Normal || mode == Mode::Error);
            assert!(!contactors.main_plus || bus_v > 840.0, "closed onto a bus of {bus_v} V");
            if modes.last().is_some_and(|(last, _)| *last != mode) {
                modes.push((mode, time_s));
            }
        }
        let order: Vec<Mode> = modes.iter().map(|(mode, _)| *mode).collect();
        assert_eq!(order, [Mode::Standby, Mode::Precharge, Mode::Normal, Mode::Error, Mode::Normal]);
        assert!((1.9..3.5).contains(&modes[2].1) && (21.0..23.0).contains(&modes[4].1), "{modes:?}");
    }
}
