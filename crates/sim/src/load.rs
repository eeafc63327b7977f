//! The AI data-centre load: idle, bursts of inference, training runs with checkpoint dips.
//!
//! Busy and calm halves of nine hours take turns: above a grid cap of 66 kW the first empty the demo's battery by
//! about 30 %, the second fill it again. The same seed gives the same load.

use crate::prng::Prng;
use domain::lab::LoadMode;

/// Idle hall: servers, cooling, network, W.
const IDLE_W: f32 = 40e3;
/// Power of a burst, W.
const BURST_W: (f32, f32) = (180e3, 235e3);
/// Power of a training run, W.
const TRAINING_W: (f32, f32) = (110e3, 165e3);
/// Power while a training run writes its checkpoint, W.
const CHECKPOINT_W: f32 = 62e3;
/// Power follows its level at this rate, W/s.
const RAMP_W_PER_S: f32 = 60e3;
/// Length of idle phases in busy and in calm hours, of bursts, of training runs, s.
const IDLE_S: [(f32, f32); 2] = [(60.0, 180.0), (360.0, 1_080.0)];
const BURST_S: (f32, f32) = (8.0, 35.0);
const TRAINING_S: (f32, f32) = (90.0, 300.0);
/// Time between two checkpoints, and how long one takes, s.
const CHECKPOINT_EVERY_S: f32 = 75.0;
const CHECKPOINT_S: f32 = 7.0;
/// Share of the work that is training, in busy and in calm hours.
const TRAINING_SHARE: [f32; 2] = [0.30, 0.0];
/// A busy and a calm half make one period, s.
const PERIOD_S: f64 = 9.0 * 3_600.0;
/// Ripple about the level: share of the power.
const RIPPLE: f32 = 0.004;

/// What the hall does in automatic mode.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Idle,
    Burst { power_w: f32 },
    Training { power_w: f32, checkpoint_in_s: f32 },
}

/// The simulated load.
#[derive(Clone, Debug)]
pub struct AiLoad {
    mode: LoadMode,
    burst: Option<(f32, f32)>,
    work: Work,
    left_s: f32,
    elapsed_s: f64,
    level_w: f32,
    power_w: f32,
    prng: Prng,
}

impl AiLoad {
    /// An idle hall that starts its first work after a quarter of a minute.
    pub fn new(seed: u64) -> AiLoad {
        AiLoad {
            mode: LoadMode::Auto,
            burst: None,
            work: Work::Idle,
            left_s: 15.0,
            elapsed_s: 0.0,
            level_w: IDLE_W,
            power_w: IDLE_W,
            prng: Prng::new(seed, 20),
        }
    }

    /// Power drawn now, W, not negative.
    pub fn power_w(&self) -> f32 {
        self.power_w
    }

    /// What the load does when no burst runs.
    pub fn mode(&self) -> LoadMode {
        self.mode
    }

    /// Sets what the load does when no burst runs, and ends a running burst.
    pub fn set_mode(&mut self, mode: LoadMode) {
        self.mode = mode;
        self.burst = None;
    }

    /// Power and time left of a burst that was asked for, W and s.
    pub fn burst(&self) -> Option<(f32, f32)> {
        self.burst
    }

    /// Starts a burst of `power_w` for `seconds`.
    pub fn start_burst(&mut self, power_w: f32, seconds: f32) {
        self.burst = Some((power_w, seconds));
    }

    /// Lets `dt_s` seconds pass.
    pub fn step(&mut self, dt_s: f32) {
        self.elapsed_s += f64::from(dt_s);
        self.burst = self.burst.map(|(w, left_s)| (w, left_s - dt_s)).filter(|(_, left_s)| *left_s > 0.0);
        let wanted_w = match (self.burst, self.mode) {
            (Some((power_w, _)), _) => power_w,
            (None, LoadMode::Fixed(power_w)) => power_w,
            (None, LoadMode::Auto) => self.work_power_w(dt_s),
        };
        let ramp_w = RAMP_W_PER_S * dt_s;
        self.level_w += (wanted_w - self.level_w).clamp(-ramp_w, ramp_w);
        self.power_w = (self.level_w * (1.0 + RIPPLE * self.prng.normal())).max(0.0);
    }

    fn work_power_w(&mut self, dt_s: f32) -> f32 {
        self.left_s -= dt_s;
        if self.left_s <= 0.0 {
            self.next_work();
        }
        match &mut self.work {
            Work::Idle => IDLE_W,
            Work::Burst { power_w } => *power_w,
            Work::Training { power_w, checkpoint_in_s } => {
                *checkpoint_in_s -= dt_s;
                if *checkpoint_in_s < -CHECKPOINT_S {
                    *checkpoint_in_s = CHECKPOINT_EVERY_S;
                }
                if *checkpoint_in_s < 0.0 { CHECKPOINT_W } else { *power_w }
            }
        }
    }

    /// Work follows idling, idling follows work.
    fn next_work(&mut self) {
        let calm = usize::from(self.elapsed_s % PERIOD_S > PERIOD_S / 2.0);
        let prng = &mut self.prng;
        let (work, length_s) = match self.work {
            Work::Idle if prng.range(0.0, 1.0) < TRAINING_SHARE[calm] => (
                Work::Training { power_w: prng.range(TRAINING_W.0, TRAINING_W.1), checkpoint_in_s: CHECKPOINT_EVERY_S },
                TRAINING_S,
            ),
            Work::Idle => (Work::Burst { power_w: prng.range(BURST_W.0, BURST_W.1) }, BURST_S),
            Work::Burst { .. } | Work::Training { .. } => (Work::Idle, IDLE_S[calm]),
        };
        self.left_s = self.prng.range(length_s.0, length_s.1);
        self.work = work;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(load: &mut AiLoad, seconds: f32) -> Vec<f32> {
        (0..(seconds * 5.0) as usize)
            .map(|_| {
                load.step(0.2);
                load.power_w()
            })
            .collect()
    }

    #[test]
    fn an_hour_has_idle_time_bursts_and_training_and_repeats_by_seed() {
        let hour = run(&mut AiLoad::new(7), 3_600.0);
        for (what, low_w, high_w) in
            [("idle", 39e3, 41e3), ("checkpoint", 60e3, 64e3), ("training", 105e3, 170e3), ("burst", 175e3, 240e3)]
        {
            let share = hour.iter().filter(|w| (low_w..high_w).contains(*w)).count() as f32 / hour.len() as f32;
            assert!(share > 0.01, "{what}: {share}");
        }
        assert_eq!(hour, run(&mut AiLoad::new(7), 3_600.0));
        assert_ne!(hour, run(&mut AiLoad::new(8), 3_600.0));
    }

    #[test]
    fn a_burst_ramps_up_holds_and_goes_back_to_the_fixed_load() {
        let mut load = AiLoad::new(1);
        load.set_mode(LoadMode::Fixed(100e3));
        run(&mut load, 5.0);
        load.start_burst(240e3, 10.0);
        let burst = run(&mut load, 9.0);
        assert!(burst[0] < 115e3 && (burst[40] - 240e3).abs() < 5e3, "{} {}", burst[0], burst[40]);
        assert!(load.burst().is_some_and(|(w, left_s)| w == 240e3 && (left_s - 1.0).abs() < 0.1));
        let after = run(&mut load, 6.0);
        assert!(load.burst().is_none() && (after[29] - 100e3).abs() < 3e3, "{}", after[29]);
    }
}
