//! A worn contactor: some times a day, a burst finds its contacts under a film that the current takes seconds to burn off.
//! Until then the pack's voltage sags behind the cells, which is how such a contactor is found.

use crate::prng::Prng;

/// Time for a film to grow, s.
const GROWS_S: (f32, f32) = (2.0 * 3_600.0, 6.0 * 3_600.0);
/// Resistance of a film, Ω.
const OHM: (f32, f32) = (0.17, 0.30);
/// From this current on a film burns, A, and for so long, s.
const BURNS_A: f32 = 60.0;
const BURNS_S: (f32, f32) = (3.0, 5.0);

/// The film on the contacts.
#[derive(Clone, Debug)]
pub(super) struct Film {
    prng: Prng,
    grows_s: f32,
    burns_s: f32,
    ohm: f32,
    /// The last current, A.
    current_a: f32,
}

impl Film {
    /// Clean contacts.
    pub(super) fn new(seed: u64) -> Film {
        let mut prng = Prng::new(seed, 31);
        let grows_s = prng.range(GROWS_S.0, GROWS_S.1);
        Film { prng, grows_s, burns_s: 0.0, ohm: 0.0, current_a: 0.0 }
    }

    /// Lets `dt_s` seconds pass, and gives the resistance of the film, Ω: 0 for none.
    pub(super) fn ohm(&mut self, dt_s: f32) -> f32 {
        self.grows_s -= dt_s;
        self.burns_s -= dt_s;
        if self.burns_s > 0.0 { self.ohm } else { 0.0 }
    }

    /// Takes the current that flows, A. The beginning of a burst finds the film that has grown.
    pub(super) fn pass(&mut self, current_a: f32) {
        let before_a = std::mem::replace(&mut self.current_a, current_a);
        if self.grows_s <= 0.0 && before_a < BURNS_A && current_a >= BURNS_A {
            self.grows_s = self.prng.range(GROWS_S.0, GROWS_S.1);
            self.burns_s = self.prng.range(BURNS_S.0, BURNS_S.1);
            self.ohm = self.prng.range(OHM.0, OHM.1);
        }
    }
}
