//! Values that jump further than they can: a word swapped, a register read half-way through its change.
//!
//! A jump beyond the point's `max_step` is refused once. If the next sample agrees with it, it was true, as when
//! contactors close. If the next one lies further on the same way, both are on a ramp, as when a bus is precharged. Only
//! what turns back was never there, and only then it is a fault. Pure: time is a parameter.

use crate::ages::Ages;
use domain::point::PointId;
use domain::reading::{Reading, Target};
use domain::time::Mono;

/// What was last believed of each point.
#[derive(Debug)]
pub(crate) struct Jumps {
    /// Of what is older than this nothing can be concluded.
    ages: Ages,
    known: [Option<Known>; PointId::COUNT],
    untrue: u32,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    value: f32,
    at: Mono,
    /// The value that was refused last, and how many were since `value` was believed.
    refused: Option<(f32, u32)>,
}

impl Default for Jumps {
    fn default() -> Jumps {
        Jumps { ages: Ages::default(), known: [None; PointId::COUNT], untrue: 0 }
    }
}

impl Jumps {
    /// How old the link's values may be.
    pub(crate) fn set_ages(&mut self, ages: Ages) {
        self.ages = ages;
    }

    /// How many values turned out never to have been there, since this was last asked.
    pub(crate) fn untrue(&mut self) -> u32 {
        std::mem::take(&mut self.untrue)
    }

    /// Whether a reading received at `at` is believed.
    pub(crate) fn believes(&mut self, reading: &Reading, at: Mono) -> bool {
        let (Target::Point(point), Ok(value)) = (reading.target, reading.sample) else { return true };
        let spec = point.spec();
        let Some(max_step) = spec.max_step else { return true };
        let max_age = self.ages.max_age(point);
        let known = &mut self.known[point as usize];
        let near = |other: f32| (value - other).abs() <= max_step;
        match known {
            // Of what is stale nothing can be concluded.
            Some(known)
                if at.since(known.at) <= max_age
                    && !near(known.value)
                    && !known.refused.is_some_and(|(refused, _)| near(refused)) =>
            {
                let goes_on = known.refused.is_none_or(|(before, _)| (value - before) * (before - known.value) > 0.0);
                let doubted = known.refused.map_or(0, |(_, doubted)| doubted);
                self.untrue += if goes_on { 0 } else { doubted };
                known.refused = Some((value, if goes_on { doubted + 1 } else { 1 }));
                false
            }
            _ => {
                // Back where it was: what lay between was never there.
                let back = known.as_ref().filter(|known| near(known.value)).and_then(|known| known.refused);
                self.untrue += back.map_or(0, |(_, doubted)| doubted);
                *known = Some(Known { value, at, refused: None });
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::reading::{NoData, Sample};

    #[test]
    fn a_jump_is_refused_once_and_believed_if_it_stays() {
        let mut jumps = Jumps::default();
        let mut at_ms = 0;
        let mut volts = |sample: Sample, after_ms: u64| {
            at_ms += after_ms;
            let reading = Reading { target: Target::Point(PointId::Voltage), sample };
            (jumps.believes(&reading, Mono(at_ms * 1_000)), jumps.untrue())
        };
        for (sample, after_ms, believed, untrue) in [
            (Ok(830.0), 200, true, 0),
            // A sag in a burst.
            (Ok(775.0), 200, true, 0),
            (Ok(20.0), 200, false, 0),
            (Ok(829.0), 200, true, 1),
            // Contactors open, and stay so.
            (Ok(20.0), 200, false, 0),
            (Ok(19.0), 200, true, 0),
            (Ok(18.0), 200, true, 0),
            // Two different lies in a row.
            (Ok(900.0), 200, false, 0),
            (Ok(1_900.0), 200, false, 0),
            (Ok(18.0), 200, true, 2),
            // And two on different sides of the truth.
            (Ok(900.0), 200, false, 0),
            (Ok(300.0), 200, false, 1),
            (Ok(18.0), 200, true, 1),
            (Err(NoData::Error), 200, true, 0),
            // After a silence anything may be true.
            (Ok(830.0), 1_600, true, 0),
        ] {
            assert_eq!(volts(sample, after_ms), (believed, untrue), "{sample:?}");
        }
        // Of a link that is asked seldom, values are older before anything may be true.
        jumps.set_ages(Ages::of([PointId::Voltage], false, std::time::Duration::from_secs(12)));
        for (volts, after_s, believed) in [(830.0, 0, true), (20.0, 5, false), (829.0, 5, true), (20.0, 13, true)] {
            at_ms += after_s * 1_000;
            let reading = Reading { target: Target::Point(PointId::Voltage), sample: Ok(volts) };
            assert_eq!(jumps.believes(&reading, Mono(at_ms * 1_000)), believed, "{volts} V after {after_s} s");
        }
        let power = Reading { target: Target::Point(PointId::Power), sample: Ok(1e6) };
        assert!(jumps.believes(&power, Mono(0)) && jumps.believes(&Reading { sample: Ok(0.0), ..power }, Mono(1)));
    }

    #[test]
    fn a_bus_that_is_precharged_does_not_jump() {
        // From 0 V to the pack's 863 V with a time constant of 0.25 s, read at 5 Hz; any other constant is no jump either.
        for tau_s in [0.1_f32, 0.25, 0.35, 0.5, 1.0] {
            let (mut jumps, mut believed) = (Jumps::default(), true);
            for tick in 0..30_u64 {
                let volts = 863.0 * (1.0 - (-(tick as f32) * 0.2 / tau_s).exp());
                let reading = Reading { target: Target::Point(PointId::BusVoltage), sample: Ok(volts) };
                believed = jumps.believes(&reading, Mono((tick + 1) * 200_000));
            }
            assert_eq!((believed, jumps.untrue()), (true, 0), "{tau_s} s");
        }
    }
}
