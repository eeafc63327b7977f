//! Bends sound inputs of a codec at random: no input may make it panic or think for long.
//!
//! An input that breaks it is saved in the corpus, so that it is tried in every run from then on.
//! `PACKTWIN_FUZZ_MINUTES=24` bends for so many minutes for each target; without it for a moment only.
//! `PACKTWIN_FUZZ_SEED` repeats a run.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

use crate::bend::Bender;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// The longest that a codec may think about one input, s, if the machine has nothing else to do.
const THINKING_S: f64 = 1.0;
/// In a short run the machine has.
const PATIENCE: f64 = 10.0;
/// Inputs of a short run, for each target.
const FEW: u64 = 3_000;
/// Bent inputs that are bent on.
const POOL: usize = 256;

/// A codec.
pub trait Target {
    /// Its folder in the corpus.
    fn name(&self) -> &'static str;
    /// Sound inputs.
    fn seeds(&self) -> Vec<Vec<u8>>;
    /// Takes an input and says whether it was sound; panics if something does not hold.
    fn take(&self, input: &[u8]) -> bool;
    /// Inputs of a short run.
    fn few(&self) -> u64 {
        FEW
    }
}

/// Gives a target its own inputs, those saved in `corpus`, and bent ones.
///
/// # Panics
/// Something does not hold; the input that shows it is saved in `corpus`.
pub fn fuzz(target: &dyn Target, corpus: &Path) {
    let folder = corpus.join(target.name());
    let mut pool = target.seeds();
    let saved = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    pool.extend(saved.map(|entry| std::fs::read(entry.path()).unwrap()));
    for input in &pool {
        target.take(input);
    }
    let sound = pool.len();

    let minutes = std::env::var("PACKTWIN_FUZZ_MINUTES").ok().map(|text| text.parse::<f64>().unwrap());
    let until = minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
    let seed = std::env::var("PACKTWIN_FUZZ_SEED").map_or(1, |text| text.parse().unwrap());
    let mut bender = Bender::new(seed);
    let (mut count, mut read) = (0_u64, 0_u64);
    while until.map_or(count < target.few(), |until| Instant::now() < until) {
        count += 1;
        let input = bender.bend(&pool);
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let sound = target.take(&input);
            let took = began.elapsed().as_secs_f64();
            let limit = if minutes.is_some() { THINKING_S } else { THINKING_S * PATIENCE };
            assert!(took < limit, "it thinks for {took:.1} s about {} bytes", input.len());
            sound
        }));
        let is_sound = outcome.as_ref().is_ok_and(|sound| *sound);
        read += u64::from(is_sound);
        if let Err(panic) = outcome {
            let mut hasher = DefaultHasher::new();
            input.hash(&mut hasher);
            let file = folder.join(format!("{:016x}", hasher.finish()));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &input).unwrap();
            println!("{}: input {count} of seed {seed} breaks it, saved as {}", target.name(), file.display());
            resume_unwind(panic);
        }
        // Those that are still sound are bent on, and some others: mistakes that need several steps are found too.
        if bender.one_in(if is_sound { 2 } else { 64 }) {
            if pool.len() < sound + POOL {
                pool.push(input);
            } else {
                let place = sound + bender.below(POOL);
                pool[place] = input;
            }
        }
    }
    println!("{}: {count} inputs, {read} of them sound", target.name());
    // Inputs that are all turned away at the door would say nothing about what is behind it.
    assert!(read * 100 > count, "{}: {read} of {count} inputs are sound", target.name());
}
