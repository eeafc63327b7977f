//! Prints the simulated pack as a candump log, for replays: `cargo run -p sim --example candump -- [seconds] [seed]`.

use sim::can::layout::{SWEEP_MS, messages};
use sim::can::{candump, encode};
use sim::plant::{Plant, PlantSpec};
use std::io::{BufWriter, Write};

/// Unix time of the first frame, µs: fixed, so that the same seed gives the same file.
const START_US: u64 = 1_760_000_000_000_000;
/// A frame of eight bytes takes this long at 500 kbit/s, µs.
const FRAME_US: u64 = 270;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let seconds: u64 = args.next().map_or(Ok(60), |text| text.parse())?;
    let seed: u64 = args.next().map_or(Ok(1), |text| text.parse())?;

    let spec = PlantSpec { seed, ..PlantSpec::default() };
    let messages = messages(&spec.topology);
    let mut plant = Plant::new(&spec);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for sweep in 0..seconds * 1_000 / u64::from(SWEEP_MS) {
        plant.step(SWEEP_MS as f32 / 1e3);
        let mut at_us = START_US + sweep * u64::from(SWEEP_MS) * 1_000;
        for frame in encode::sweep(&messages, plant.report()) {
            writeln!(out, "{}", candump::line(at_us, "can0", &frame))?;
            at_us += FRAME_US;
        }
    }
    out.flush()?;
    Ok(())
}
