//! How long it takes to turn a whole sweep of 260 cells from packet bytes into readings, and to step the twin with them.
//!
//! `cargo run --release -p links --example decode_sweep` prints median and 99th percentile of both, and the figures of
//! the benchmark: the 99th percentile of the decoding alone (`links-decode`) and of decode and step together (`sweep`).

use domain::engine::cycle;
use domain::link::{LinkIdx, LinkSpec};
use domain::reading::Batch;
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::time::Now;
use domain::topology::Topology;
use domain::twin::Site;
use links::bus::cannelloni::Packet;
use links::config::MapEntry;
use links::device::can_table::{CanTable, Outcome};
use links::device::dbc::Database;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

const MAP: &str = r#"map = [
  { point = "cells/voltage", signal = "CellVoltage_{cell}", valid = "CellVoltageValid_{cell}", first = 0 },
  { point = "cells/temperature", signal = "CellTemperature_{cell}", valid = "CellTemperatureValid_{cell}", first = 0 },
  { point = "nodes/state", signal = "AfeState_{node}", first = 0 },
  { point = "nodes/delay", signal = "AfeDelay_{node}", first = 0 },
  { point = "battery/voltage", signal = "BatteryVoltage" },
  { point = "battery/current", signal = "BatteryCurrent" },
  { point = "battery/power", signal = "BatteryPower" },
]"#;
const ROUNDS: usize = 20_000;

#[derive(serde::Deserialize)]
struct Map {
    map: Vec<MapEntry>,
}

/// A packet with every message of the file, each value of its multiplexer once; cells are valid, at 3.3 V and 25 °C.
fn sweep(database: &Database) -> (usize, Vec<u8>) {
    let mut frames = Vec::new();
    for message in &database.messages {
        let mut data = match message.name.as_str() {
            "CellVoltages" => [0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7],
            "CellTemperatures" => [0x00, 0x3F, 25, 26, 24, 25, 27, 25],
            _ => [0; 8],
        };
        for variant in message.variants() {
            // Where there is a switch, it is the first byte.
            if let Some((_, values)) = variant.switches.first() {
                data[0] = *values.start() as u8;
            }
            frames.push((message.id.raw(), data));
        }
    }
    let mut packet = vec![2, 0, 0];
    packet.extend((frames.len() as u16).to_be_bytes());
    for (id, data) in &frames {
        packet.extend(id.to_be_bytes());
        packet.push(data.len() as u8);
        packet.extend(data);
    }
    (frames.len(), packet)
}

/// A site with this pack alone.
fn site(topology: Topology) -> Site {
    let system = SystemSpec { kind: SystemKind::DataCentre, ..SystemSpec::new("hv", "Pack", topology, 280.0, 832.0) };
    let link = LinkSpec {
        id: "bms".into(),
        name: "Battery controller".into(),
        protocol: String::new(),
        device: String::new(),
        address: String::new(),
        system: SystemIdx(0),
        silent_after: Duration::from_secs(1),
        only_settings: false,
    };
    Site::new(SiteSpec { name: "Bench".into(), systems: vec![system], links: vec![link] })
}

/// Median and 99th percentile.
fn summary(took_us: &mut [f64]) -> (f64, f64) {
    took_us.sort_by(f64::total_cmp);
    (took_us[took_us.len() / 2], took_us[took_us.len() * 99 / 100])
}

fn main() -> Result<(), Box<dyn Error>> {
    let dbc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dbc/packtwin_hv.dbc");
    let database = Database::open(&dbc)?;
    let (frames, packet) = sweep(&database);
    let map: Map = toml::from_str(MAP)?;
    let topology = Topology::new(1, 13, 20);
    let table = CanTable::compile(database, &map.map, &topology)?;
    let mut site = site(topology);
    let mut now = Now::default() + Duration::from_secs(1);
    let (mut decode_us, mut both_us) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
    let mut count = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut readings = Vec::with_capacity(count);
        for frame in Packet::parse(&packet)?.frames() {
            if let Outcome::Rejected(fault) = table.decode(&frame, &mut readings) {
                return Err(format!("a frame of the sweep is rejected: {}", fault.words()).into());
            }
        }
        count = std::hint::black_box(&readings).len();
        decode_us.push(start.elapsed().as_secs_f64() * 1e6);
        now = now + Duration::from_millis(200);
        let batch = Batch { link: LinkIdx(0), system: SystemIdx(0), at: now, readings };
        site.apply(&batch);
        std::hint::black_box(cycle(&mut site, SystemIdx(0), now));
        both_us.push(start.elapsed().as_secs_f64() * 1e6);
    }
    let (median, p99) = summary(&mut decode_us);
    println!("decode of a 260-cell sweep: median {median:.1} us, p99 {p99:.1} us ({frames} frames, {count} readings)");
    println!("figure\tlinks-decode\t{p99:.2}");
    let (median, p99) = summary(&mut both_us);
    println!("decode and step of a 260-cell sweep: median {median:.1} us, p99 {p99:.1} us");
    println!("figure\tsweep\t{p99:.2}");
    Ok(())
}
