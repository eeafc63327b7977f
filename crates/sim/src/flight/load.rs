//! A load profile as pieces of constant power.

use domain::flight::LoadProfile;

/// A load that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load<'a> {
    profile: &'a LoadProfile,
    /// The power of [`LoadProfile::Held`], W.
    held_w: f32,
}

/// A time is not told apart from the end of a piece when it is as near to it as this share of a piece.
const AT_END: f64 = 1e-6;

impl<'a> Load<'a> {
    /// The profile, where what goes on is `held_w`.
    pub(super) fn new(profile: &'a LoadProfile, held_w: f32) -> Load<'a> {
        Load { profile, held_w: held_w.max(0.0) }
    }

    /// Power at `t_s`, W, and until when it stays so, s.
    pub(super) fn at(&self, t_s: f64) -> (f32, f64) {
        match self.profile {
            LoadProfile::Held => (self.held_w, f64::INFINITY),
            LoadProfile::Constant(load_w) => (*load_w, f64::INFINITY),
            LoadProfile::Bursts { base_w, burst_w, every_s, lasting_s } => {
                let every_s = f64::from(*every_s);
                let lasting_s = f64::from(*lasting_s).min(every_s);
                let begin_s = (t_s / every_s + AT_END).floor() * every_s;
                if t_s - begin_s < lasting_s - AT_END * every_s {
                    (*burst_w, begin_s + lasting_s)
                } else {
                    (*base_w, begin_s + every_s)
                }
            }
            LoadProfile::Recorded { load_w, step_s } => {
                let step_s = f64::from(*step_s);
                let step = (t_s / step_s + AT_END).floor();
                (load_w.get(step as usize).copied().unwrap_or_default(), (step + 1.0) * step_s)
            }
            LoadProfile::Repeated { load_w, step_s } => {
                let step_s = f64::from(*step_s);
                let step = (t_s / step_s + AT_END).floor();
                let place = (step as usize).checked_rem(load_w.len()).unwrap_or(0);
                (load_w.get(place).copied().unwrap_or_default(), (step + 1.0) * step_s)
            }
        }
    }

    /// How far it is known, s.
    pub(super) fn length_s(&self) -> f64 {
        match self.profile {
            LoadProfile::Recorded { load_w, step_s } => load_w.len() as f64 * f64::from(*step_s),
            LoadProfile::Held
            | LoadProfile::Constant(_)
            | LoadProfile::Bursts { .. }
            | LoadProfile::Repeated { .. } => f64::INFINITY,
        }
    }

    /// Every power that it has, W, with its share of the time as a weight.
    fn powers(&self) -> Vec<(f32, f32)> {
        match self.profile {
            LoadProfile::Held => vec![(self.held_w, 1.0)],
            LoadProfile::Constant(load_w) => vec![(*load_w, 1.0)],
            LoadProfile::Bursts { base_w, burst_w, every_s, lasting_s } => {
                let share = (lasting_s / every_s).min(1.0);
                [(*burst_w, share), (*base_w, 1.0 - share)].into_iter().filter(|(_, share)| *share > 0.0).collect()
            }
            LoadProfile::Recorded { load_w, .. } | LoadProfile::Repeated { load_w, .. } => {
                load_w.iter().map(|load_w| (*load_w, 1.0)).collect()
            }
        }
    }

    /// Its highest power, W.
    pub(super) fn peak_w(&self) -> f32 {
        self.powers().into_iter().map(|(watts, _)| watts).fold(0.0, f32::max)
    }

    /// Its mean power, W.
    pub(super) fn mean_w(&self) -> f32 {
        self.mean(|load_w| (load_w, 1.0))
    }

    /// Mean of the battery power that `wanted` gives for a load, by the energy that flows at it: what heats a resistance.
    pub(super) fn mean_wanted_w(&self, wanted: impl Fn(f32) -> f32) -> f32 {
        self.mean(|load_w| {
            let watts = wanted(load_w).max(0.0);
            (watts, watts)
        })
    }

    /// The mean of a value with a weight of its own.
    fn mean(&self, of: impl Fn(f32) -> (f32, f32)) -> f32 {
        let (mut sum, mut weights) = (0.0_f64, 0.0_f64);
        for (load_w, share) in self.powers() {
            let (value, weight) = of(load_w);
            let weight = f64::from(weight) * f64::from(share);
            sum += f64::from(value) * weight;
            weights += weight;
        }
        if weights > 0.0 { (sum / weights) as f32 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_pieces_of_constant_power() {
        let bursts = LoadProfile::Bursts { base_w: 40.0, burst_w: 200.0, every_s: 60.1, lasting_s: 20.0 };
        let load = Load::new(&bursts, 0.0);
        let mut t_s = 0.0;
        for burst in 0..1_400 {
            for (watts, end_s) in [(200.0, 20.0), (40.0, f64::from(60.1_f32))] {
                let (power_w, until_s) = load.at(t_s);
                let expected_s = f64::from(burst) * f64::from(60.1_f32) + end_s;
                assert!(power_w == watts && (until_s - expected_s).abs() < 1e-6, "{t_s}: {power_w} {until_s}");
                t_s = until_s;
            }
        }
        assert!((load.mean_w() - (200.0 * 20.0 + 40.0 * 40.1) / 60.1).abs() < 0.1 && load.peak_w() == 200.0);
        let recorded = LoadProfile::Recorded { load_w: vec![1.0, 2.0, 3.0], step_s: 0.2 };
        let load = Load::new(&recorded, 0.0);
        assert_eq!((load.at(0.0).0, load.at(f64::from(0.2_f32)).0, load.at(0.41).0), (1.0, 2.0, 3.0));
        assert!((load.length_s() - 0.6).abs() < 1e-6);
        let repeated = LoadProfile::Repeated { load_w: vec![1.0, 2.0, 3.0], step_s: 5.0 };
        let load = Load::new(&repeated, 0.0);
        assert_eq!(
            [0.0, 14.9, 15.0, 36.0].map(|t_s| load.at(t_s)),
            [(1.0, 5.0), (3.0, 15.0), (1.0, 20.0), (2.0, 40.0)]
        );
        assert_eq!((load.length_s(), load.mean_w()), (f64::INFINITY, 2.0));
        assert_eq!(Load::new(&LoadProfile::Held, 7.0).at(5.0), (7.0, f64::INFINITY));
    }
}
