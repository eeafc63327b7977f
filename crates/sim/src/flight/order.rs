//! What the battery is asked to give, what it is allowed to, and why that is too little.

use crate::controller::limits::Limits;
use crate::dispatch::{Converter, PeakShaver};
use domain::flight::{Controls, Dispatch, End, Mode};

/// The load counts as covered if no more than this is missing: share, and W.
const MISSING: (f32, f32) = (1e-3, 1.0);

/// What the battery is for.
#[derive(Clone, Debug)]
pub(super) enum Duty {
    /// It shaves peaks.
    Shave(PeakShaver),
    /// It carries the whole load, behind this.
    Backup(Converter),
}

/// What may be given now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    /// By the BMS.
    pub(super) bms: Limits,
    /// By the highest current of the pack, W.
    pub(super) by_current_w: f32,
}

/// What is asked and given, W, discharge positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Order {
    /// What would cover the load; not negative.
    pub(super) wanted_w: f32,
    /// What is given.
    pub(super) given_w: f32,
    /// Why less is given than wanted, if it is.
    pub(super) short: Option<End>,
}

impl Duty {
    pub(super) fn new(dispatch: Dispatch, controls: &Controls, converter: Converter) -> Duty {
        match dispatch {
            Dispatch::PeakShaving { grid_cap_w } => {
                let shaver = PeakShaver::new(grid_cap_w, controls.reserve_pct).in_mode(controls.mode);
                Duty::Shave(shaver.behind(converter))
            }
            Dispatch::Backup => Duty::Backup(converter),
        }
    }

    /// What would cover this load, W, not negative.
    pub(super) fn wanted_w(&self, load_w: f32) -> f32 {
        match self {
            Duty::Shave(shaver) => shaver.wanted_w(load_w).max(0.0),
            Duty::Backup(converter) => converter.supplying_w(load_w),
        }
    }

    /// The most that may be given at this state of charge, W, and what keeps it there.
    pub(super) fn most_w(&self, soc_pct: f32, allowed: &Allowed, controls: &Controls) -> (f32, End) {
        let share = match self {
            _ if !controls.running => return (0.0, End::Standby),
            Duty::Shave(_) if controls.mode == Mode::MaxSafety => return (0.0, End::Mode),
            Duty::Shave(shaver) => shaver.above_reserve(soc_pct),
            Duty::Backup(_) => 1.0,
        };
        let rows = [
            (allowed.bms.discharge_w, End::BmsPower),
            (allowed.by_current_w, End::CurrentLimit),
            (controls.discharge_limit_w.unwrap_or(f32::INFINITY), End::DischargeLimit),
        ];
        let (watts, why) = rows.into_iter().fold(rows[0], |least, row| if row.0 < least.0 { row } else { least });
        if share < 1.0 { (watts * share, End::Reserve) } else { (watts, why) }
    }

    /// What is given for this load.
    pub(super) fn order(&mut self, load_w: f32, soc_pct: f32, allowed: &Allowed, controls: &Controls) -> Order {
        let wanted_w = self.wanted_w(load_w);
        let (most_w, why) = self.most_w(soc_pct, allowed, controls);
        if wanted_w > 0.0 {
            let given_w = wanted_w.min(most_w);
            let (share, watts) = MISSING;
            let short = (wanted_w - given_w > (share * wanted_w).max(watts)).then_some(why);
            return Order { wanted_w, given_w, short };
        }
        let given_w = match self {
            Duty::Shave(shaver) if controls.running => {
                let charge_w = allowed.bms.charge_w.min(controls.charge_limit_w.unwrap_or(f32::INFINITY));
                shaver.battery_w(load_w, soc_pct, &Limits { charge_w, ..allowed.bms })
            }
            Duty::Shave(_) | Duty::Backup(_) => 0.0,
        };
        Order { wanted_w, given_w, short: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_is_given_for_a_reason() {
        let bms = Limits { discharge_a: 280.0, charge_a: 140.0, discharge_w: 230e3, charge_w: 110e3 };
        let allowed = Allowed { bms, by_current_w: 470e3 };
        let free = Controls::with_reserve(20.0);
        let limited = Controls { discharge_limit_w: Some(120e3), charge_limit_w: Some(10e3), ..free };
        let shave = Dispatch::PeakShaving { grid_cap_w: 66e3 };
        for (what, dispatch, controls, load_w, soc_pct, given_w, short) in [
            ("covered", shave, free, 200e3, 70.0, 137_040.8, None),
            ("no peak", shave, free, 60e3, 70.0, -5_586.0, None),
            ("charge limit", shave, limited, 30e3, 70.0, -8e3, None),
            ("BMS", shave, free, 400e3, 70.0, 230e3, Some(End::BmsPower)),
            ("limit", shave, limited, 200e3, 70.0, 120e3, Some(End::DischargeLimit)),
            ("reserve near", shave, free, 200e3, 20.5, 115e3, Some(End::Reserve)),
            ("reserve", shave, free, 200e3, 20.0, 0.0, Some(End::Reserve)),
            ("standby", shave, Controls { running: false, ..free }, 200e3, 70.0, 0.0, Some(End::Standby)),
            ("standby, no peak", shave, Controls { running: false, ..free }, 60e3, 70.0, 0.0, None),
            ("safety", shave, Controls { mode: Mode::MaxSafety, ..free }, 200e3, 70.0, 0.0, Some(End::Mode)),
            ("backup uses the reserve", Dispatch::Backup, free, 100e3, 10.0, 102_346.9, None),
            (
                "backup, safety",
                Dispatch::Backup,
                Controls { mode: Mode::MaxSafety, ..free },
                100e3,
                9.0,
                102_346.9,
                None,
            ),
            ("backup, limit", Dispatch::Backup, limited, 200e3, 70.0, 120e3, Some(End::DischargeLimit)),
        ] {
            let order = Duty::new(dispatch, &controls, Converter::HALL).order(load_w, soc_pct, &allowed, &controls);
            assert!((order.given_w - given_w).abs() < 1.0 && order.short == short, "{what}: {order:?}");
        }
        let narrow = Allowed { by_current_w: 50e3, ..allowed };
        assert_eq!(
            Duty::new(shave, &free, Converter::HALL).order(200e3, 70.0, &narrow, &free).short,
            Some(End::CurrentLimit)
        );
    }

    #[test]
    fn what_is_given_is_what_the_peak_shaver_of_the_simulation_gives() {
        let bms = Limits { discharge_a: 280.0, charge_a: 140.0, discharge_w: 230e3, charge_w: 110e3 };
        let allowed = Allowed { bms, by_current_w: 470e3 };
        let controls = Controls::with_reserve(20.0);
        for load_kw in (0..400_u16).step_by(7) {
            for soc_pct in [5.0, 20.0, 20.3, 50.0, 79.0, 90.0] {
                let load_w = f32::from(load_kw) * 1e3;
                let mut duty = Duty::new(Dispatch::PeakShaving { grid_cap_w: 66e3 }, &controls, Converter::HALL);
                let given_w = duty.order(load_w, soc_pct, &allowed, &controls).given_w;
                let simulated_w = PeakShaver::new(66e3, 20.0).battery_w(load_w, soc_pct, &bms);
                assert!((given_w - simulated_w).abs() < 0.1, "{load_w} W, {soc_pct} %: {given_w} {simulated_w}");
            }
        }
    }
}
