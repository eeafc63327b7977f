//! Values that jump further than they can: a word swapped, a register read half-way through its change.
//!
//! A jump beyond the point's `max_step` is refused once. If the next sample agrees with it, it was true, as when
//! contactors close; if not, it was never there, and only then it is a fault. Pure: time is a parameter.

use super::Ages;
use domain::point::PointId;
use domain::reading::{Reading, Target};
use domain::time::Mono;

/// What was last believed of each point.
#[derive(Debug, Default)]
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
    /// The value that was refused last.
    refused: Option<f32>,
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
            Some(known) if at.since(known.at) <= max_age && !near(known.value) && !known.refused.is_some_and(near) => {
                self.untrue += u32::from(known.refused.replace(value).is_some());
                false
            }
            _ => {
                let refused = known.as_ref().and_then(|known| known.refused);
                self.untrue += u32::from(refused.is_some_and(|refused| !near(refused)));
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
            (Ok(1_900.0), 200, false, 1),
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
}
