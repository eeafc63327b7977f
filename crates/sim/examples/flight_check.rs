//! How long a flight check takes: 260 cells, 24 hours ahead, with and without the command, as a slider moves.
//!
//! `cargo run --release -p sim --example flight_check` prints the median and the longest time for several loads, and the
//! largest median as the figure of the benchmark (`flight-check`). It is time of the processor where the system says it, so
//! that what else runs does not count.

#[path = "../tests/support/live.rs"]
mod live;

use domain::flight::{Controls, Dispatch, HORIZON_MAX_S, LoadProfile, Plan};
use live::Live;
use sim::flight::{Recent, Twin};
use sim::plant::{Plant, PlantSpec};
use std::time::Instant;

/// Positions of the slider.
const POSITIONS: u16 = 40;

/// Time that this thread has computed, ms; of the clock where the system does not say it.
fn computed_ms(since: Instant) -> f64 {
    let says = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = says.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| since.elapsed().as_secs_f64() * 1e3, |ns| ns / 1e6)
}

fn main() -> Result<(), domain::flight::Unknown> {
    let mut live = Live::new(Plant::new(&PlantSpec::default()));
    live.run(900.0);
    let snapshot = live.snapshot();
    let recent = Recent::of(&live.table(), snapshot.now.utc);
    let start = Instant::now();
    let began_ms = computed_ms(start);
    let twin = Twin::of(&live.spec, &snapshot, &recent)?;
    println!("{:32} {:>8.2} ms", "the twin from the live cells", computed_ms(start) - began_ms);
    let bursts = |every_s, lasting_s| LoadProfile::Bursts { base_w: 40e3, burst_w: 80e3, every_s, lasting_s };
    let second = |second: u32| if second % 60 < 20 { 80e3 } else { 40e3 + (second % 7) as f32 };
    let mut worst_ms = 0.0_f64;
    for (what, load) in [
        ("constant load", LoadProfile::Constant(67e3)),
        ("bursts of 20 s every minute", bursts(60.0, 20.0)),
        ("bursts of 5 s every 15 s", bursts(15.0, 5.0)),
        (
            "a day recorded by the minute",
            LoadProfile::Recorded { load_w: (0..1_440).map(second).collect(), step_s: 60.0 },
        ),
        (
            "a day recorded by the second",
            LoadProfile::Recorded { load_w: (0..86_400).map(second).collect(), step_s: 1.0 },
        ),
        ("a load that empties it", LoadProfile::Constant(166e3)),
    ] {
        let plan = Plan { load, dispatch: Dispatch::PeakShaving { grid_cap_w: 66e3 }, horizon_s: HORIZON_MAX_S };
        let present = Controls::with_reserve(20.0);
        let mut times_ms: Vec<f64> = (0..POSITIONS)
            .map(|position| {
                let wanted = Controls::with_reserve(10.0 + f32::from(position));
                let began_ms = computed_ms(start);
                let check = twin.check(&plan, &present, &wanted);
                let took_ms = computed_ms(start) - began_ms;
                assert!(check.wanted.training.is_ok());
                took_ms
            })
            .collect();
        times_ms.sort_by(f64::total_cmp);
        let (median, longest) = (times_ms[times_ms.len() / 2], times_ms[times_ms.len() - 1]);
        println!("{what:32} {median:>8.2} ms, at most {longest:.2} ms");
        worst_ms = worst_ms.max(median);
    }
    println!("figure\tflight-check\t{worst_ms}");
    Ok(())
}
