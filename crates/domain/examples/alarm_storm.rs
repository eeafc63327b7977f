//! How long a cycle takes in which every cell of a large system goes out of its limits at once:
//! `cargo run --release -p domain --example alarm_storm`.

use domain::alarm::{AlarmBook, AlarmChange, Observed, Subject, Watch};
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
        kind: SystemKind::DataCentre,
        simulated: true,
        ..SystemSpec::new("racks", "Racks", Topology::new(20, 10, 32), 280.0, 1_024.0)
    };
    let site = SiteSpec { name: "Site".to_owned(), systems: vec![system], links: Vec::new() };
    let mut book = AlarmBook::new(&site, SystemIdx(0));
    let mut worst_ms = 0.0_f64;
    // Longer apart than the rules wait, so that all are raised in one cycle.
    for cycle in 0..50_u64 {
        let now = Now { mono: Mono::START, ..Now::default() } + Duration::from_secs(2 * cycle);
        let start = Instant::now();
        let changes = book.evaluate(&Storm, now);
        let evaluated = start.elapsed();
        let told: usize = (changes.iter())
            .map(|change| match change {
                AlarmChange::Raised(alarm) | AlarmChange::Cleared(alarm) => alarm,
            })
            .filter_map(|alarm| {
                Some((alarm.words(&site, &site.systems[0], &[])?, alarm.name(&site, &site.systems[0])?))
            })
            .map(|(words, (rule, subject))| words.len() + rule.len() + subject.len())
            .sum();
        let ms = |took: Duration| took.as_secs_f64() * 1e3;
        if told > 0 {
            let (raised, in_words) = (changes.len(), ms(start.elapsed()));
            println!("{raised} alarms raised in one cycle: {:.2} ms, with their words {in_words:.2} ms", ms(evaluated));
        }
        worst_ms = worst_ms.max(ms(start.elapsed()));
    }
    println!("longest of 50 cycles: {worst_ms:.2} ms, with {} alarms active", book.active().len());
}
