//! Strings in parallel between two refreshes of their cells: sources that are linear in the charge drawn.
//!
//! All cells of a string carry the same current, so the state that follows from the current alone is kept once for each
//! string, in units of the current: the voltage of an RC pair is its resistance times [`State::settled_a`].

use crate::physics::parameters as p;

/// What follows from the current of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct State {
    /// Charge drawn since the check, Ah.
    pub(super) drawn_ah: f64,
    /// Charge drawn since the last refresh, Ah.
    pub(super) since_ah: f32,
    /// The current to which the fast and the slow RC pair have settled, A.
    pub(super) settled_a: [f32; 2],
    /// Hysteresis, -1 after discharge to 1 after charge.
    pub(super) hysteresis: f32,
}

/// A time step, and what the RC pairs keep over it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    dt_s: f32,
    keep: [f32; 2],
}

impl Span {
    pub(super) fn of(dt_s: f32) -> Span {
        Span { dt_s, keep: [(-dt_s / p::RC1.1).exp(), (-dt_s / p::RC2.1).exp()] }
    }

    /// Mean over the step of what decays from 1.
    fn mean_kept(&self) -> [f32; 2] {
        let mean = |keep: f32, tau_s: f32| if self.dt_s > 0.0 { tau_s / self.dt_s * (1.0 - keep) } else { 1.0 };
        [mean(self.keep[0], p::RC1.1), mean(self.keep[1], p::RC2.1)]
    }
}

impl State {
    /// The state after `current_a` has flowed through a cell of this capacity, Ah, for a step: exact.
    pub(super) fn after(&self, current_a: f32, span: &Span, capacity_ah: f32) -> State {
        let moved_ah = current_a * span.dt_s / 3_600.0;
        let drawn_ah = f64::from(moved_ah) * if moved_ah < 0.0 { p::COULOMBIC_EFFICIENCY } else { 1.0 };
        let settle = |pair: usize| current_a + span.keep[pair] * (self.settled_a[pair] - current_a);
        let towards = if current_a > 0.0 { -1.0 } else { 1.0 };
        let keep_h = (-moved_ah.abs() / capacity_ah / p::HYSTERESIS_THROUGHPUT).exp();
        State {
            drawn_ah: self.drawn_ah + drawn_ah,
            since_ah: self.since_ah + drawn_ah as f32,
            settled_a: [settle(0), settle(1)],
            hysteresis: towards + keep_h * (self.hysteresis - towards),
        }
    }

    /// What falls off over the two RC pairs of a cell of rated resistance, V.
    pub(super) fn polarisation_v(&self) -> f32 {
        p::RC1.0 * self.settled_a[0] + p::RC2.0 * self.settled_a[1]
    }

    /// What falls off over a cell of rated resistance at `current_a`, V.
    pub(super) fn drop_v(&self, current_a: f32) -> f32 {
        p::R0_OHM * current_a + self.polarisation_v()
    }
}

/// Cells in series as one source, as they were at the last refresh. One cell is one, too.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Source {
    /// Open-circuit voltage, V.
    pub(super) ocv_v: f32,
    /// Its change with each Ah that is drawn of each cell, V/Ah; negative.
    pub(super) slope_v_per_ah: f32,
    /// Half the gap of hysteresis, V.
    pub(super) hysteresis_v: f32,
    /// Resistance as a multiple of that of a rated cell.
    pub(super) factor: f32,
}

impl Source {
    /// Voltage where `drop_v` falls off over each rated cell, V.
    pub(super) fn voltage_v(&self, state: &State, drop_v: f32) -> f32 {
        self.ocv_v + self.slope_v_per_ah * state.since_ah + state.hysteresis * self.hysteresis_v - self.factor * drop_v
    }
}

/// What heats the cells of a string, since the last refresh.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Heating {
    /// Current, A s.
    pub(super) current: f64,
    /// Current times the drop over a rated cell, J.
    pub(super) drop: f64,
    /// Current times hysteresis, A s.
    pub(super) hysteresis: f64,
}

/// The strings of a pack and the power that they share.
#[derive(Clone, Debug)]
pub(super) struct Strings {
    pub(super) sources: Vec<Source>,
    pub(super) states: Vec<State>,
    pub(super) heating: Vec<Heating>,
    /// Current of each cell of a string now, A.
    pub(super) current_a: Vec<f32>,
    /// States and heating before the last step.
    before: Vec<(State, Heating)>,
    /// The last step's half and whole: a load often repeats them.
    spans: (Span, Span),
    parallel: f32,
    capacity_ah: f32,
    fixed_ohm: f32,
}

impl Strings {
    /// Strings whose cells are in this state; the cells have `capacity_ah` each, and as many are in `parallel`.
    pub(super) fn new(count: usize, state: State, parallel: f32, capacity_ah: f32, fixed_ohm: f32) -> Strings {
        Strings {
            sources: vec![Source::default(); count],
            states: vec![state; count],
            heating: vec![Heating::default(); count],
            current_a: vec![0.0; count],
            before: vec![(state, Heating::default()); count],
            spans: (Span::of(0.0), Span::of(0.0)),
            parallel,
            capacity_ah,
            fixed_ohm,
        }
    }

    /// A string as the bus sees it: voltage without a current, V, and resistance, Ω.
    fn seen(&self, string: usize) -> (f32, f32) {
        let (source, state) = (&self.sources[string], &self.states[string]);
        let ohm = self.fixed_ohm + p::R0_OHM * source.factor / self.parallel;
        (source.voltage_v(state, state.polarisation_v()), ohm)
    }

    /// All of them in parallel as one source: voltage, V, and resistance, Ω.
    pub(super) fn source(&self) -> (f32, f32) {
        let (mut siemens, mut short_a) = (0.0, 0.0);
        for string in 0..self.sources.len() {
            let (volts, ohm) = self.seen(string);
            siemens += 1.0 / ohm;
            short_a += volts / ohm;
        }
        (short_a / siemens, 1.0 / siemens)
    }

    /// Sets each string's share of the current that gives `power_w` now; that of the highest power where it is too much.
    pub(super) fn share(&mut self, power_w: f32) {
        let (volts, ohm) = self.source();
        // The smaller root without a difference of two large numbers. Cells that are driven below 0 V give nothing.
        let root_v = (volts * volts - 4.0 * ohm * power_w).max(0.0).sqrt();
        self.share_current(if volts > 1.0 { 2.0 * power_w / (volts + root_v) } else { 0.0 });
    }

    /// Sets each string's share of this current of the pack, A.
    pub(super) fn share_current(&mut self, current_a: f32) {
        let (volts, ohm) = self.source();
        let bus_v = volts - ohm * current_a;
        for string in 0..self.sources.len() {
            let (volts, ohm) = self.seen(string);
            self.current_a[string] = (volts - bus_v) / ohm / self.parallel;
        }
    }

    /// Lets `power_w` flow for `dt_s` seconds: by the current of the middle of the step.
    pub(super) fn step(&mut self, power_w: f32, dt_s: f32) {
        for (string, before) in self.before.iter_mut().enumerate() {
            *before = (self.states[string], self.heating[string]);
        }
        self.share(power_w);
        if self.spans.1.dt_s != dt_s {
            self.spans = (Span::of(dt_s / 2.0), Span::of(dt_s));
        }
        let (half, span) = self.spans;
        for (state, current_a) in self.states.iter_mut().zip(&self.current_a) {
            *state = state.after(*current_a, &half, self.capacity_ah);
        }
        self.share(power_w);
        let mean_kept = span.mean_kept();
        for string in 0..self.states.len() {
            let (before, current_a) = (self.before[string].0, self.current_a[string]);
            let after = before.after(current_a, &span, self.capacity_ah);
            self.states[string] = after;
            let mean = |pair: usize| current_a + mean_kept[pair] * (before.settled_a[pair] - current_a);
            let drop_v = p::R0_OHM * current_a + p::RC1.0 * mean(0) + p::RC2.0 * mean(1);
            let moved = f64::from(current_a * dt_s);
            let heating = &mut self.heating[string];
            heating.current += moved;
            heating.drop += moved * f64::from(drop_v);
            heating.hysteresis += moved * f64::from((before.hysteresis + after.hysteresis) / 2.0);
        }
        self.share(power_w);
    }

    /// Undoes the last step, so that a shorter one can be tried.
    pub(super) fn undo(&mut self) {
        for (string, before) in self.before.iter().enumerate() {
            (self.states[string], self.heating[string]) = *before;
        }
    }

    /// Pack current now, A.
    pub(super) fn pack_current_a(&self) -> f32 {
        self.current_a.iter().sum::<f32>() * self.parallel
    }

    /// Pack voltage now, V.
    pub(super) fn pack_voltage_v(&self) -> f32 {
        let (volts, ohm) = self.source();
        volts - ohm * self.pack_current_a()
    }

    /// Charge drawn of the mean cell since the check, Ah.
    pub(super) fn drawn_ah(&self) -> f64 {
        self.states.iter().map(|state| state.drawn_ah).sum::<f64>() / self.states.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The closed form of a constant current through one cell from rest.
    #[test]
    fn a_constant_current_moves_a_cell_by_the_closed_form_whatever_the_step() {
        let (current_a, capacity_ah, time_s) = (140.0_f32, 280.0_f32, 900.0_f64);
        let exact = |tau_s: f32| 140.0 * (1.0 - (-time_s / f64::from(tau_s)).exp());
        let exact_h = -1.0 + (-(140.0 * time_s / 3_600.0) / 280.0 / f64::from(p::HYSTERESIS_THROUGHPUT)).exp();
        for steps in [1_u16, 7, 90, 900] {
            let span = Span::of((time_s / f64::from(steps)) as f32);
            let end = (0..steps).fold(State::default(), |state, _| state.after(current_a, &span, capacity_ah));
            for (value, exact, what) in [
                (end.drawn_ah, 35.0, "Ah"),
                (f64::from(end.settled_a[0]), exact(p::RC1.1), "fast"),
                (f64::from(end.settled_a[1]), exact(p::RC2.1), "slow"),
                (f64::from(end.hysteresis), exact_h, "hysteresis"),
            ] {
                assert!((value / exact - 1.0).abs() < 2e-5, "{what} in {steps} steps: {value}, exactly {exact}");
            }
        }
    }

    #[test]
    fn two_strings_share_a_power_and_a_step_of_the_mean_current_keeps_it() {
        let mut strings = Strings::new(2, State::default(), 1.0, 280.0, 0.01);
        let source = Source { ocv_v: 850.0, slope_v_per_ah: -0.5, hysteresis_v: 5.0, factor: 260.0 };
        strings.sources = vec![source, Source { factor: 520.0, ..source }];
        strings.step(200e3, 60.0);
        assert!((strings.pack_voltage_v() * strings.pack_current_a() - 200e3).abs() < 50.0);
        assert!(strings.current_a[0] > 1.2 * strings.current_a[1], "{:?}", strings.current_a);
        let one = strings.clone();
        strings.undo();
        (0..600).for_each(|_| strings.step(200e3, 0.1));
        assert!((strings.drawn_ah() / one.drawn_ah() - 1.0).abs() < 5e-4);
        assert!((strings.heating[0].drop / one.heating[0].drop - 1.0).abs() < 2e-3);
    }
}
