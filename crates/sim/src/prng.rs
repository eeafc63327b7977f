//! A small seeded random generator (SplitMix64): the same seed gives the same pack, load and noise on every machine.

/// A stream of random numbers. Not for secrets.
#[derive(Clone, Debug)]
pub struct Prng(u64);

impl Prng {
    /// A stream of its own for each pair of seed and use, so that one part's draws do not shift another's.
    pub fn new(seed: u64, stream: u64) -> Prng {
        let mut prng = Prng(seed ^ stream.wrapping_mul(0xA24B_AED4_963E_E407));
        // The first value mixes neighbouring seeds apart.
        prng.0 = prng.bits();
        prng
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` to below `high`, all equally likely.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.bits() >> 40) as f32 / (1_u64 << 24) as f32;
        low + unit * (high - low)
    }

    /// A number that is nearly normally distributed, mean 0, deviation 1, never beyond ±3.5.
    ///
    /// The sum of four even numbers: a bound suits made parts, which are sorted at the factory.
    pub fn normal(&mut self) -> f32 {
        let bits = self.bits();
        let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xFFFF).sum();
        (sum as f32 / 65_536.0 - 2.0) * 1.732_05
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_stream_and_another_use_another() {
        let draw = |seed, stream| {
            let mut prng = Prng::new(seed, stream);
            [prng.bits(), prng.bits(), prng.bits()]
        };
        assert_eq!(draw(1, 0), draw(1, 0));
        assert_ne!(draw(1, 0), draw(1, 1));
        assert_ne!(draw(1, 0), draw(2, 0));
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let mut prng = Prng::new(7, 0);
        let draws: Vec<f32> = (0..20_000).map(|_| prng.normal()).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f32>() / draws.len() as f32;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
        assert!(draws.iter().all(|d| d.abs() <= 3.5));
    }
}
