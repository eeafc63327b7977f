//! Bytes from outside, bent at random: no codec may panic, and no value that cannot be may become a reading.
//!
//! Every codec that reads a wire, a file or a tape is a target. Each begins with sound inputs and those saved in
//! `corpus/TARGET/`; an input that breaks it is saved there, so that it is tried in every run from then on.
//!
//! `PACKTWIN_FUZZ_MINUTES=24` bends for so many minutes for each target; without it for a moment only.
//! `PACKTWIN_FUZZ_SEED` repeats a run.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod bend;
mod targets;

use bend::Bender;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::{Duration, Instant};
use targets::Target;

/// Inputs of a short run, for each target.
const FEW: u64 = 3_000;
/// Bent inputs that are bent on.
const POOL: usize = 256;

fn fuzz(target: &dyn Target) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target.name());
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
    while until.map_or(count < FEW, |until| Instant::now() < until) {
        count += 1;
        let input = bender.bend(&pool);
        let outcome = catch_unwind(AssertUnwindSafe(|| target.take(&input)));
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

macro_rules! fuzzed {
    ($($test:ident: $target:expr;)*) => { $(#[test] fn $test() { fuzz(&$target); })* };
}

fuzzed! {
    cannelloni_packets: targets::Cannelloni::new();
    candump_lines: targets::Candump;
    shared_memory_segments: targets::Segments::new();
    dbc_files: targets::DbcFile;
    register_tables_and_words: targets::Registers;
    vrm_answers: targets::Vrm;
    mqtt_packets_of_a_gx: targets::VictronMqtt;
    live_frames: targets::Live;
    wire_messages: targets::Messages;
}
