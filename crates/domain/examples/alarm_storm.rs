//! How long a cycle takes in which every cell of a large system goes out of its limits at once:
//! `cargo run --release -p domain --example alarm_storm`.

use domain::alarm::{AlarmBook, Observed, RULES, Subject, Watch};
use domain::limits::{Chemistry, Limits};
use domain::reading::{NoData, Sample};
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::time::{Mono, Now};
use domain::topology::Topology;
use std::time::{Duration, Instant};

/// Every cell too low and too hot.
struct Storm;

impl Observed for Storm {
    fn watch(&self, watch: Watch, _: Subject) -> Sample {
        match watch {
            Watch::CellVoltageLow => Ok(2.0),
            Watch::CellTemperatureHigh => Ok(90.0),
            _ => Err(NoData::NotPresent),
        }
    }
}

fn main() {
    let system = SystemSpec {
        id: "racks".to_owned(),
        name: "Racks".to_owned(),
        kind: SystemKind::DataCentre,
        topology: Topology::new(20, 10, 32),
        capacity_ah: 280.0,
        nominal_v: 1_024.0,
        reserve_pct: 20.0,
        limits: Limits::of(Chemistry::Lfp, 320, 280.0),
        cell_resolution_v: 0.001,
        rate_hz: 5.0,
        simulated: true,
        max_ages: Vec::new(),
    };
    let site = SiteSpec { name: "Site".to_owned(), systems: vec![system], links: Vec::new() };
    let mut book = AlarmBook::new(&site, SystemIdx(0));
    let mut worst = (Duration::ZERO, 0);
    for cycle in 0..50_u64 {
        let now = Now { mono: Mono::START, ..Now::default() } + Duration::from_millis(200 * cycle);
        let start = Instant::now();
        let changes = book.evaluate(&Storm, now).len();
        let took = start.elapsed();
        if changes > 0 {
            println!("{changes} alarms raised in one cycle: {:.2} ms", took.as_secs_f64() * 1e3);
        }
        worst = worst.max((took, book.active().len()));
    }
    println!(
        "longest cycle of 50: {:.2} ms, with {} of {} rules' alarms active",
        worst.0.as_secs_f64() * 1e3,
        worst.1,
        RULES.len()
    );
}
