//! Prints what the live stream costs: bytes per frame and time per encode and decode, next to the same cells as JSON
//! text. `cargo run --release -p domain --example live_size`
//!
//! The data move as a pack does under an AI load: noise on every cell, 50 mV steps in bursts with 2 % spread, slow heat
//! in the steps of the sensors, meters and limits that change in every frame.

use domain::link::{LinkSpec, LinkState};
use domain::live::{Decoder, Encoder, key_frame};
use domain::point::PointId;
use domain::reading::{CellQuantity, NodeQuantity, Reading, Target};
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use domain::twin::Site;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Two minutes at 5 Hz.
const FRAMES: usize = 600;
const PERIOD: Duration = Duration::from_millis(200);

fn main() {
    println!(
        "{:>6} {:>7} {:>11} {:>11} {:>11} {:>11} {:>7} {:>10} {:>10}",
        "cells", "step mV", "delta mean", "delta max", "key mean", "JSON mean", "ratio", "encode µs", "decode µs"
    );
    for (topology, resolution_v, temperature_step_c) in
        [(Topology::new(1, 13, 20), 0.001, 1.0), (Topology::new(20, 10, 32), 0.0001, 0.1)]
    {
        let size = measure(topology, resolution_v, temperature_step_c);
        println!(
            "{:>6} {:>7.1} {:>11.0} {:>11} {:>11.0} {:>11.0} {:>7.1} {:>10.1} {:>10.1}",
            topology.cells(),
            resolution_v * 1e3,
            size.delta_mean,
            size.delta_max,
            size.key_mean,
            size.json_mean,
            size.json_mean / size.delta_mean,
            size.encode_us,
            size.decode_us
        );
    }
}

#[derive(Default)]
struct Size {
    delta_mean: f64,
    delta_max: usize,
    key_mean: f64,
    json_mean: f64,
    encode_us: f64,
    decode_us: f64,
}

fn measure(topology: Topology, resolution_v: f32, temperature_step_c: f32) -> Size {
    let mut plant = Plant::new(topology, temperature_step_c);
    let spec = spec(topology, resolution_v);
    let mut encoder = Encoder::new(&spec.systems[0]);
    let mut decoder = Decoder::new();
    let mut site = Site::new(spec.clone());
    let mut size = Size::default();
    let mut now = Now { utc: Utc(1_760_000_000_000_000), mono: Mono(3_600_000_000) };
    for frame in 0..FRAMES {
        now = now + PERIOD + Duration::from_micros(plant.random.below(200));
        plant.step(frame, &mut site, now);
        let Some(snapshot) = site.snapshot(SystemIdx(0), now) else { return size };
        let started = Instant::now();
        let encoded = encoder.encode(&snapshot);
        size.encode_us += started.elapsed().as_secs_f64() * 1e6;
        let started = Instant::now();
        if let Err(error) = decoder.decode(&encoded.delta) {
            println!("frame {frame}: {error}");
        }
        size.decode_us += started.elapsed().as_secs_f64() * 1e6;
        if frame == 0 {
            continue; // The first delta is a key frame.
        }
        size.delta_mean += encoded.delta.len() as f64;
        size.delta_max = size.delta_max.max(encoded.delta.len());
        size.key_mean += key_frame(&spec.systems[0], encoded.seq, &snapshot).len() as f64;
        size.json_mean += json(&site, now).len() as f64;
    }
    for sum in [&mut size.delta_mean, &mut size.key_mean, &mut size.json_mean] {
        *sum /= (FRAMES - 1) as f64;
    }
    size.encode_us /= FRAMES as f64;
    size.decode_us /= FRAMES as f64;
    size
}

/// The cells alone as JSON objects without spaces: what a page would get that has no stream of its own.
fn json(site: &Site, now: Now) -> String {
    let cells = &site.systems[0].state.cells;
    let value = |quantity, cell| cells.column(quantity).sample(cell, now.mono).unwrap_or_default();
    let mut text = format!("{{\"ts\":{},\"cells\":[", now.utc.0 / 1_000);
    for cell in 0..cells.len() {
        let comma = if cell == 0 { "" } else { "," };
        let (volts, celsius) = (value(CellQuantity::Voltage, cell), value(CellQuantity::Temperature, cell));
        let _ = write!(text, "{comma}{{\"id\":{cell},\"v\":{volts:.4},\"t\":{celsius:.1}}}");
    }
    text + "]}"
}

/// Cells, nodes, meters and links that move as real ones do.
struct Plant {
    random: Random,
    cells: Vec<Cell>,
    temperature_step_c: f32,
    burst: f32,
}

struct Cell {
    rest_v: f32,
    sag_share: f32,
    celsius: f32,
}

impl Plant {
    fn new(topology: Topology, temperature_step_c: f32) -> Plant {
        let mut random = Random(7);
        let mut cell = || Cell {
            rest_v: 3.28 + 0.004 * random.normal(),
            sag_share: 1.0 + 0.02 * random.normal(),
            celsius: 26.0 + 1.5 * random.normal(),
        };
        let cells = (0..topology.cells()).map(|_| cell()).collect();
        Plant { random, cells, temperature_step_c, burst: 0.0 }
    }

    fn step(&mut self, frame: usize, site: &mut Site, now: Now) {
        let Plant { random, cells, temperature_step_c, burst } = self;
        let nodes = site.systems[0].state.nodes.len() as u16;
        let (state, at) = (&mut site.systems[0].state, Mono(now.mono.0 - 4_000 - random.below(20_000)));
        // A burst of 8 s every 20 s; it rises within two frames.
        let goal = if frame % 100 > 60 { 1.0 } else { 0.0 };
        *burst += 0.7 * (goal - *burst);
        let mut set = |target, value: f32| state.apply(Reading { target, sample: Ok(value) }, at);
        let mut pack_v = 0.0;
        for (i, cell) in cells.iter_mut().enumerate() {
            let volts = cell.rest_v - 0.050 * *burst * cell.sag_share - 1e-6 * frame as f32;
            cell.celsius += 0.002 * *burst;
            let celsius = cell.celsius + 0.02 * random.normal();
            let celsius = (celsius / *temperature_step_c).floor() * *temperature_step_c;
            pack_v += volts;
            set(Target::Cell(CellQuantity::Voltage, i as u16), volts + 0.000_3 * random.normal());
            set(Target::Cell(CellQuantity::Temperature, i as u16), celsius);
        }
        let load_w = 30_000.0 + 150_000.0 * *burst + 300.0 * random.normal();
        for (point, value) in [
            (PointId::Soc, 63.2 - 0.000_3 * frame as f32),
            (PointId::Soh, 98.4),
            (PointId::Voltage, pack_v + 0.05 * random.normal()),
            (PointId::BusVoltage, pack_v + 0.05 * random.normal()),
            (PointId::Current, load_w / pack_v + 0.2 * random.normal()),
            (PointId::Power, load_w),
            (PointId::SopDischarge, 250_000.0 - 10.0 * (frame / 5) as f32),
            (PointId::SopCharge, 140_000.0),
            (PointId::CellVoltageMin, 3.27 - 0.051 * *burst + 0.000_3 * random.normal()),
            (PointId::CellVoltageMinAt, 131.0),
            (PointId::CellVoltageMax, 3.29 - 0.049 * *burst + 0.000_3 * random.normal()),
            (PointId::CellVoltageMaxAt, random.below(4) as f32),
            (PointId::CellTemperatureMax, 30.0),
            (PointId::CellTemperatureMaxAt, 77.0),
            (PointId::CellTemperatureMin, 22.0),
            (PointId::ControllerMode, 8.0),
            (PointId::Contactors, 3.0),
            (PointId::InsulationKohm, 8_200.0),
            (PointId::GridPower, 25_000.0 + 200.0 * random.normal()),
            (PointId::LoadPower, load_w + 25_000.0),
            (PointId::Ambient, 22.5),
        ] {
            set(Target::Point(point), value);
        }
        for node in 0..nodes {
            set(Target::Node(NodeQuantity::State, node), 0.0);
            set(Target::Node(NodeQuantity::Delay, node), (4.0 + random.normal()).max(0.0).round() * 1e-3);
        }
        site.systems[0].received = at;
        for link in &mut site.links {
            link.state = LinkState::Up;
            link.last_at = Some(at);
            link.frames += 127;
            link.frames_per_s = 635.0 + random.normal();
            link.bytes_per_s = 9_000.0 + random.normal();
            link.latency_ms = Some(0.4 + 0.01 * random.normal());
        }
    }
}

fn spec(topology: Topology, cell_resolution_v: f32) -> SiteSpec {
    let system = SystemSpec {
        kind: SystemKind::DataCentre,
        cell_resolution_v,
        simulated: true,
        ..SystemSpec::new("hv", "Pack", topology, 280.0, 832.0)
    };
    let link = |i: u8| LinkSpec {
        id: format!("link-{i}"),
        name: String::new(),
        protocol: String::new(),
        device: String::new(),
        address: String::new(),
        system: SystemIdx(0),
        silent_after: Duration::from_secs(1),
        only_settings: false,
    };
    SiteSpec { name: "Size".into(), systems: vec![system], links: (0..3).map(link).collect() }
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Mean 0, standard deviation 1: twelve uniform numbers added up.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.next() as f32 / (1_u64 << 31) as f32).sum::<f32>() - 6.0
    }
}
