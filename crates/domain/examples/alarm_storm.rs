//! How long a cycle takes in which every cell of a large system goes out of its limits at once, and what follows of it:
//! what is to be kept, and somebody who acknowledges all of it.
//! `cargo run --release -p domain --example alarm_storm`.

use domain::alarm::{AlarmAction, AlarmBook, AlarmChange, AlarmOrder, Observed, Subject, Watch};
use domain::engine::{Engine, Input, Output};
use domain::link::LinkIdx;
use domain::people::Requester;
use domain::reading::{Batch, CellQuantity, NoData, Reading, Sample, Target};
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use domain::twin::Site;
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
    let mut system = SystemSpec {
        kind: SystemKind::DataCentre,
        simulated: true,
        ..SystemSpec::new("racks", "Racks", Topology::new(20, 10, 32), 280.0, 1_024.0)
    };
    // The cell and its temperature, without the warning that comes before.
    system.limits.cell_voltage_warning_v.low = 0.0;
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
    let mut engine = Engine::new(Site::new(site.clone()), Mono::START);
    let mut at = Now { mono: Mono::START, ..Now::default() };
    let mut took = |engine: &mut Engine, input: Input, what: &str| {
        let start = Instant::now();
        let outputs = engine.step(at, input);
        let ms = start.elapsed().as_secs_f64() * 1e3;
        let batches = outputs.iter().filter_map(|output| match output {
            Output::KeepAlarms(keep) => Some((keep.batch, keep.alarms.len())),
            _ => None,
        });
        for (batch, alarms) in batches {
            println!("{what}: {ms:.2} ms; {alarms} alarms to keep in one batch, number {batch}");
        }
        at = at + Duration::from_secs(2);
    };
    for cycle in 0..4 {
        let cells = (0..6_400_u16).flat_map(|cell| {
            [(CellQuantity::Voltage, 2.0), (CellQuantity::Temperature, 90.0)]
                .map(|(quantity, value)| Reading { target: Target::Cell(quantity, cell), sample: Ok(value) })
        });
        let received = Now { mono: Mono::START, ..Now::default() } + Duration::from_secs(2 * cycle);
        let batch = Batch { link: LinkIdx(0), system: SystemIdx(0), at: received, readings: cells.collect() };
        engine.step(received, Input::Batch(batch));
        took(&mut engine, Input::Time, "a whole cycle");
    }
    let action = AlarmAction::AcknowledgeAll { seen: Utc(i64::MAX) };
    let order = AlarmOrder { ticket: 1, system: SystemIdx(0), action, by: Requester::console() };
    took(&mut engine, Input::Alarms(order), "all acknowledged");
    println!("longest of 50 cycles: {worst_ms:.2} ms, with {} alarms active", book.active().len());
}
