//! The controller's state machine: standby, precharge, normal, error.
//!
//! ```text
//!   Standby --1 s--> Precharge --bus within 2 % of the pack--> Normal <--10 s good-- Error
//!      ^                 |                                       | \---hard limit-----^
//!      '---- standby ----'--------- standby, no current ---------'
//! ```
//!
//! When it is to stand by, it waits until no current flows, opens the plus side, and a moment later the minus side.
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

/// Contactors are opened when no more current than this flows, A, or after this time, s, whatever flows.
const OPEN_BELOW_A: f32 = 2.0;
const OPEN_AFTER_S: f32 = 5.0;
/// The minus side opens this much after the plus side, s.
const MINUS_AFTER_S: f32 = 0.3;
/// Bleeder resistor times the bus's capacitance, s.
const BLEED_TAU_S: f32 = 2.0;

/// What one cycle goes by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cycle {
    /// Whether it is to run, or to stand by.
    pub(super) run: bool,
    /// Pack voltage, V, and current, A.
    pub(super) pack_v: f32,
    pub(super) current_a: f32,
    /// The lowest and the highest measured cell, mV; zeros if none is measured.
    pub(super) cell_mv: (f32, f32),
    pub(super) hottest_c: f32,
    /// Since the last cycle, s.
    pub(super) dt_s: f32,
}

/// Where the controller is, and since when.
#[derive(Clone, Debug, Default)]
pub(super) struct StateMachine {
    mode: Mode,
    since_s: f32,
    bus_v: f32,
    /// How long it has waited to open its contactors, s.
    opening_s: f32,
    /// Whether it stands by after it has run.
    opened: bool,
}

impl StateMachine {
    /// One cycle; returns mode, contactor feedback and bus voltage.
    pub(super) fn step(&mut self, cycle: &Cycle) -> (Mode, Contactors, f32) {
        let Cycle { run, pack_v, current_a, cell_mv, hottest_c, dt_s } = *cycle;
        self.since_s += dt_s;
        self.opening_s = if run { 0.0 } else { self.opening_s + dt_s };
        let measured = cell_mv.1 > 0.0;
        let bad = measured && (cell_mv.0 < HARD_MV.0 || cell_mv.1 > HARD_MV.1 || hottest_c > HARD_C);
        let may_open = !run && (current_a.abs() < OPEN_BELOW_A || self.opening_s > OPEN_AFTER_S);
        match self.mode {
            Mode::Standby if run && self.since_s >= STANDBY_S => self.enter(Mode::Precharge),
            Mode::Precharge if !run => self.enter(Mode::Standby),
            Mode::Precharge if self.bus_v > pack_v * (1.0 - PRECHARGE_DONE) => self.enter(Mode::Normal),
            Mode::Normal | Mode::Error if may_open => self.enter(Mode::Standby),
            Mode::Normal if bad => self.enter(Mode::Error),
            Mode::Error if bad => self.since_s = 0.0,
            Mode::Error if self.since_s >= GOOD_FOR_S => self.enter(Mode::Normal),
            Mode::Standby | Mode::Precharge | Mode::Normal | Mode::Error => {}
        }
        let contactors = match self.mode {
            Mode::Standby => {
                Contactors { main_minus: self.opened && self.since_s < MINUS_AFTER_S, ..Contactors::default() }
            }
            Mode::Precharge => Contactors { main_plus: false, main_minus: true, precharge: true },
            Mode::Normal | Mode::Error => Contactors { main_plus: true, main_minus: true, precharge: false },
        };
        self.bus_v = match self.mode {
            Mode::Standby => self.bus_v * (-dt_s / BLEED_TAU_S).exp(),
            Mode::Precharge => pack_v + (self.bus_v - pack_v) * (-dt_s / PRECHARGE_TAU_S).exp(),
            Mode::Normal | Mode::Error => pack_v,
        };
        (self.mode, contactors, self.bus_v)
    }

    fn enter(&mut self, mode: Mode) {
        self.opened = mode == Mode::Standby;
        self.mode = mode;
        self.since_s = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNING: Cycle =
        Cycle { run: true, pack_v: 858.0, current_a: 40.0, cell_mv: (3_300.0, 3_310.0), hottest_c: 25.0, dt_s: 0.2 };

    #[test]
    fn it_stands_by_without_current_plus_side_first_and_precharges_when_it_runs_again() {
        let mut state = StateMachine::default();
        let mut bits = |cycle: &Cycle, cycles: usize| -> Vec<u8> {
            let mut seen: Vec<u8> = (0..cycles).map(|_| state.step(cycle).1.bits()).collect();
            seen.dedup();
            seen
        };
        assert_eq!(bits(&RUNNING, 20), [0b000, 0b110, 0b011]);
        assert_eq!(bits(&Cycle { run: false, ..RUNNING }, 10), [0b011], "not while current flows");
        assert_eq!(bits(&Cycle { run: false, current_a: 0.1, ..RUNNING }, 10), [0b010, 0b000]);
        assert_eq!(bits(&RUNNING, 20), [0b110, 0b011]);
        assert_eq!(
            bits(&Cycle { run: false, ..RUNNING }, 40),
            [0b011, 0b010, 0b000],
            "in the end it opens all the same"
        );
        assert_eq!(bits(&RUNNING, 4), [0b110]);
        assert_eq!(bits(&Cycle { run: false, ..RUNNING }, 1), [0b010], "precharge ends");
        assert!(state.step(&Cycle { run: false, ..RUNNING }).2 < 858.0);
    }

    #[test]
    fn it_precharges_before_it_closes_and_leaves_an_error_when_all_was_good_for_a_while() {
        let mut state = StateMachine::default();
        let mut modes = vec![(Mode::Standby, 0.0)];
        for tick in 1..=150 {
            let time_s = tick as f32 * 0.2;
            let lowest_mv = if (10.0..12.0).contains(&time_s) { 2_400.0 } else { 3_300.0 };
            let (mode, contactors, bus_v) = state.step(&Cycle { cell_mv: (lowest_mv, 3_310.0), ..RUNNING });
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
