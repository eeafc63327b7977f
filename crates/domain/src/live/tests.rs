//! What a page sees is what the site knows, whatever arrives and whatever gets lost.

use super::*;
use crate::alarm::{Alarm, RuleIdx, Severity, Subject};
use crate::last_value::{LastValue, PowerFrom};
use crate::link::{LinkIdx, LinkState, LinkStatus};
use crate::point::{DevicePoint, PointId, Unit};
use crate::reading::{CellQuantity, NoData, NodeQuantity, Reading, Sample, Target};
use crate::spec::SystemSpec;
use crate::time::{Mono, Now, Utc};
use crate::topology::Topology;
use crate::twin::{Snapshot, SystemState};
use crate::wire::Step;
use proptest::prelude::*;

const PERIOD_US: u64 = 200_000;

fn spec(topology: Topology) -> SystemSpec {
    SystemSpec { topology, ..crate::engine::tests::site().systems[0].clone() }
}

fn snapshot_of(spec: &SystemSpec) -> Snapshot {
    let now = Now { utc: Utc(1_760_000_000_000_000), mono: Mono(7_000_000) };
    Snapshot { now, state: SystemState::new(spec), ..Snapshot::default() }
}

/// One cycle later: `readings` came `age_us` before it.
fn cycle(snapshot: &mut Snapshot, age_us: u64, readings: impl IntoIterator<Item = (Target, Sample)>) {
    snapshot.now = snapshot.now + std::time::Duration::from_micros(PERIOD_US);
    snapshot.received = Mono(snapshot.now.mono.0 - age_us);
    for (target, sample) in readings {
        snapshot.state.apply(Reading { target, sample }, snapshot.received);
    }
}

fn cell(cell: usize) -> Target {
    Target::Cell(CellQuantity::Voltage, cell as u16)
}

fn sweep(cells: std::ops::Range<usize>, volts: f32) -> impl Iterator<Item = (Target, Sample)> {
    cells.map(move |c| (cell(c), Ok(volts + c as f32 * 1e-4)))
}

/// Every last value of a state with its step.
fn known(spec: &SystemSpec, state: &SystemState) -> Vec<(String, LastValue, Step)> {
    let mut known = Vec::new();
    for p in PointId::ALL {
        known.push((p.spec().path.to_owned(), *state.points.last_value(*p), Step::new(p.spec().resolution).unwrap()));
    }
    let cell_steps = [Step::new(spec.cell_resolution_v).unwrap(), Step::TENTH];
    for (quantity, step) in CellQuantity::ALL.into_iter().zip(cell_steps) {
        let column = state.cells.column(quantity);
        known.extend((0..column.len()).map(|c| (format!("{} {c}", quantity.path()), column.last_value(c), step)));
    }
    for (quantity, step) in NodeQuantity::ALL.into_iter().zip([Step::ONE, Step::MILLI]) {
        let node = |(i, n): (usize, &crate::last_value::Node)| {
            (format!("{} {i}", quantity.path()), *n.last_value(quantity), step)
        };
        known.extend(state.nodes.iter().enumerate().map(node));
    }
    known
}

/// That `seen` is `meant`, within what the module promises. Links and alarms are left out.
fn assert_same(spec: &SystemSpec, seen: &Snapshot, meant: &Snapshot) {
    assert_eq!((seen.now, seen.received), (meant.now, meant.received));
    let (seen, meant) = (known(spec, &seen.state), known(spec, &meant.state));
    assert_eq!(seen.len(), meant.len());
    for ((name, seen, _), (_, meant, step)) in seen.iter().zip(&meant) {
        assert_eq!(seen.reported(), meant.reported(), "{name}");
        assert_eq!(seen.last().map(|l| l.0), meant.last().map(|l| step.round(l.0)), "{name}");
        if let (Some((_, seen)), Some((_, meant))) = (seen.last(), meant.last()) {
            assert!(seen.0.abs_diff(meant.0) <= 100_000, "{name}: {seen:?} for {meant:?}");
        }
    }
}

/// Makes both frames of each snapshot.
struct Encoder(super::Encoder, SystemSpec);

struct Encoded {
    seq: u32,
    key: Vec<u8>,
    delta: Vec<u8>,
}

impl Encoder {
    fn new(spec: &SystemSpec) -> Encoder {
        Encoder(super::Encoder::new(spec), spec.clone())
    }

    fn encode(&mut self, snapshot: &Snapshot) -> Encoded {
        let super::Encoded { seq, delta } = self.0.encode(snapshot);
        Encoded { seq, key: key_frame(&self.1, seq, snapshot), delta }
    }
}

fn decoded(frame: &[u8]) -> Decoder {
    let mut decoder = Decoder::new();
    decoder.decode(frame).unwrap();
    decoder
}

/// A snapshot with something in every part of it.
fn rich() -> (SystemSpec, Snapshot) {
    let spec = spec(Topology::new(1, 13, 20));
    let mut snapshot = snapshot_of(&spec);
    cycle(&mut snapshot, 30_000, sweep(0..260, 3.2));
    cycle(
        &mut snapshot,
        30_000,
        (0..260).map(|c| (Target::Cell(CellQuantity::Temperature, c), Ok(24.0 + (c % 7) as f32))),
    );
    cycle(&mut snapshot, 12_345, (0..13).map(|n| (Target::Node(NodeQuantity::Delay, n), Ok(0.012))));
    cycle(
        &mut snapshot,
        1_000,
        [
            (Target::Point(PointId::Soc), Ok(63.21)),
            (Target::Point(PointId::Power), Ok(-123_456.0)),
            (Target::Point(PointId::Soh), Err(NoData::Error)),
            (cell(131), Err(NoData::OutOfRange)),
        ],
    );
    snapshot.alarms = vec![
        Alarm {
            rule: RuleIdx(0),
            subject: Subject::Cell(131),
            since: Utc(1_759_999_000_000_000),
            value: 2.8,
            worst: 2.7,
            signal_lost: true,
            chattering: false,
            standing: Default::default(),
        },
        Alarm {
            rule: RuleIdx(5),
            subject: Subject::Link(LinkIdx(1)),
            since: snapshot.now.utc,
            value: f32::INFINITY,
            worst: f32::INFINITY,
            signal_lost: false,
            chattering: true,
            standing: Default::default(),
        },
        Alarm {
            rule: RuleIdx(200),
            subject: Subject::System,
            since: Utc(-5),
            value: 0.0,
            worst: 0.0,
            signal_lost: false,
            chattering: false,
            standing: Default::default(),
        },
        Alarm {
            rule: RuleIdx(3),
            subject: Subject::Node(11),
            since: Utc(0),
            value: 0.3,
            worst: 0.4,
            signal_lost: false,
            chattering: false,
            standing: Default::default(),
        },
    ];
    snapshot.links = vec![
        LinkStatus {
            state: LinkState::Up,
            last_at: Some(snapshot.received),
            frames: 1 << 40,
            frames_per_s: 575.5,
            bytes_per_s: 9_000.0,
            faults: std::array::from_fn(|n| if n == 7 { u32::MAX } else { n as u32 }),
            latency_ms: Some(0.4),
            reconnects: 3,
            reason: "one group is missing".into(),
        },
        LinkStatus { state: LinkState::Connecting, ..LinkStatus::default() },
    ];
    (spec, snapshot)
}

#[test]
fn a_key_frame_stands_alone() {
    for topology in [Topology::NONE, Topology::new(1, 13, 20), Topology::new(20, 10, 32)] {
        let spec = spec(topology);
        let mut snapshot = snapshot_of(&spec);
        let nothing = Encoder::new(&spec).encode(&snapshot);
        assert_same(&spec, decoded(&nothing.key).snapshot(), &snapshot);
        cycle(&mut snapshot, 30_000, sweep(0..topology.cells(), 3.2));
        let encoded = Encoder::new(&spec).encode(&snapshot);
        assert_eq!(encoded.key, encoded.delta, "the first frame has nothing to refer to");
        let decoder = decoded(&encoded.key);
        assert_same(&spec, decoder.snapshot(), &snapshot);
        assert_eq!((decoder.topology(), decoder.seq()), (topology, Some(0)));
    }
    let (spec, snapshot) = rich();
    let decoder = decoded(&key_frame(&spec, 0, &snapshot));
    assert_same(&spec, decoder.snapshot(), &snapshot);
    assert_eq!(decoder.snapshot().alarms, snapshot.alarms);
    assert_eq!(decoder.snapshot().links, snapshot.links);
}

#[test]
fn a_derived_power_is_known_as_derived() {
    let spec = spec(Topology::NONE);
    let mut snapshot = snapshot_of(&spec);
    let mut encoder = Encoder::new(&spec);
    let point = |point, value| (Target::Point(point), Ok(value));
    cycle(&mut snapshot, 1_000, [point(PointId::Voltage, 50.0), point(PointId::Current, 20.0)]);
    let Encoded { key, .. } = encoder.encode(&snapshot);
    let mut decoder = decoded(&key);
    let seen =
        |decoder: &Decoder| (decoder.snapshot().point(PointId::Power), decoder.snapshot().state.points.power_from());
    assert_eq!(seen(&decoder), (Ok(1_000.0), PowerFrom::Derived));
    cycle(&mut snapshot, 1_000, [point(PointId::Power, 990.0)]);
    decoder.decode(&encoder.encode(&snapshot).delta).unwrap();
    assert_eq!(seen(&decoder), (Ok(990.0), PowerFrom::Nowhere), "nothing is said of a power that is measured");
}

/// Frames of older formats are read in `tests/golden.rs`.
#[test]
fn frames_of_unknown_formats_are_refused() {
    let (spec, snapshot) = rich();
    let mut encoder = Encoder::new(&spec);
    for unknown in [OLDEST - 1, FORMAT + 1] {
        let mut frame = encoder.encode(&snapshot).key;
        frame[0] = unknown;
        assert!(Decoder::new().decode(&frame).is_err(), "format {unknown}");
    }
}

#[test]
fn deltas_keep_up_and_a_lost_one_asks_for_a_key_frame() {
    let (spec, mut snapshot) = rich();
    let mut encoder = Encoder::new(&spec);
    let mut decoder = Decoder::new();
    decoder.decode(&encoder.encode(&snapshot).delta).unwrap();
    for i in 0..20 {
        cycle(&mut snapshot, 5_000 * i, sweep(0..260, if i % 5 == 0 { 3.1 } else { 3.2 }));
        decoder.decode(&encoder.encode(&snapshot).delta).unwrap();
        assert_same(&spec, decoder.snapshot(), &snapshot);
    }
    let shown = decoder.snapshot().clone();
    let lost = encoder.encode(&snapshot);
    let next = encoder.encode(&snapshot);
    assert_eq!(decoder.decode(&next.delta), Err(LiveError::Gap { got: next.seq }));
    assert_eq!((decoder.snapshot(), decoder.seq()), (&shown, Some(20)));
    assert_eq!(decoder.decode(&lost.delta), Ok(()));
    assert_eq!(decoder.decode(&next.delta), Ok(()));
    assert_eq!(decoder.decode(&next.delta), Err(LiveError::Gap { got: next.seq }), "a frame that came twice");
    assert_eq!(Decoder::new().decode(&next.delta), Err(LiveError::Gap { got: next.seq }));
    assert_eq!(decoder.decode(&next.key), Ok(()));
    assert_same(&spec, decoder.snapshot(), &snapshot);
}

#[test]
fn a_module_that_is_lost_keeps_its_last_values_and_comes_back() {
    let (spec, mut snapshot) = rich();
    let mut encoder = Encoder::new(&spec);
    let mut live = decoded(&encoder.encode(&snapshot).key);
    let now = |m: &Snapshot| m.state.cells.column(CellQuantity::Voltage).sample(145, m.now.mono);
    for i in 0..40 {
        let dead = (10..30).contains(&i);
        cycle(&mut snapshot, 20_000, sweep(0..140, 3.2).chain(sweep(160..260, 3.2)));
        let readings = sweep(140..160, 3.3).map(|(cell, ok)| (cell, if dead { Err(NoData::Error) } else { ok }));
        for (target, sample) in readings {
            snapshot.state.apply(Reading { target, sample }, snapshot.received);
        }
        let encoded = encoder.encode(&snapshot);
        live.decode(&encoded.delta).unwrap();
        for seen in [live.snapshot(), decoded(&encoded.key).snapshot()] {
            assert_same(&spec, seen, &snapshot);
            assert_eq!(now(seen).is_err(), dead);
        }
    }
}

#[test]
fn cells_that_stop_coming_grow_stale_for_all() {
    let (spec, mut snapshot) = rich();
    let mut encoder = Encoder::new(&spec);
    let mut live = Decoder::new();
    for i in 0..30 {
        let cells = if i < 10 { 0..260 } else { 0..100 };
        cycle(&mut snapshot, 50_000, sweep(cells, 3.2));
        let encoded = encoder.encode(&snapshot);
        live.decode(&encoded.delta).unwrap();
        for seen in [live.snapshot(), decoded(&encoded.key).snapshot()] {
            assert_same(&spec, seen, &snapshot);
            let sample = seen.cell(CellQuantity::Voltage, 200);
            match i {
                0..10 => assert_eq!(sample, Ok(3.22)),
                18.. => assert_eq!(sample, Err(NoData::Stale)),
                _ => {}
            }
        }
    }
}

#[test]
fn a_second_value_of_the_same_instant_counts() {
    let (spec, mut snapshot) = rich();
    let mut encoder = Encoder::new(&spec);
    let mut live = Decoder::new();
    for volts in [3.2, 3.1] {
        snapshot.state.apply(Reading { target: cell(3), sample: Ok(volts) }, snapshot.now.mono);
        live.decode(&encoder.encode(&snapshot).delta).unwrap();
        assert_eq!(live.snapshot().cell(CellQuantity::Voltage, 3), Ok(volts));
    }
}

#[test]
fn alarms_go_out_at_once_and_their_values_and_links_once_a_second() {
    let (spec, mut snapshot) = rich();
    snapshot.alarms.truncate(1);
    let mut encoder = Encoder::new(&spec);
    let mut live = decoded(&encoder.encode(&snapshot).key);
    let (mut alarms, mut links) = (0, 0);
    for i in 0..50_u16 {
        cycle(&mut snapshot, 0, []);
        snapshot.alarms[0].value += 0.001;
        snapshot.links[0].frames += 115;
        let before = live.snapshot().clone();
        live.decode(&encoder.encode(&snapshot).delta).unwrap();
        alarms += u32::from(live.snapshot().alarms != before.alarms);
        links += u32::from(live.snapshot().links[0].frames != before.links[0].frames);
        if i == 22 {
            snapshot.alarms.push(Alarm { subject: Subject::Cell(9), ..snapshot.alarms[0] });
            live.decode(&encoder.encode(&snapshot).delta).unwrap();
            assert_eq!(live.snapshot().alarms, snapshot.alarms);
        }
    }
    assert!((9..=11).contains(&alarms) && (9..=11).contains(&links), "{alarms}, {links}");
    for i in 0..20 {
        cycle(&mut snapshot, 0, []);
        let len = encoder.encode(&snapshot).delta.len();
        assert!(len < 30 || i < 5, "{len} bytes of nothing new");
    }
}

#[test]
fn the_whole_site_goes_out_when_it_changes() {
    use crate::twin::{Health, SiteStatus};
    let (spec, mut snapshot) = rich();
    let mut encoder = Encoder::new(&spec);
    let mut live = decoded(&encoder.encode(&snapshot).key);
    let states = [Health::Unknown, Health::NoAlarm, Health::Alarm(Severity::Critical)];
    for (systems, storage) in [(&states[..], ""), (&states[..], "the disk is full"), (&states[..1], ""), (&[], "")] {
        snapshot.site = SiteStatus {
            systems: systems.to_vec(),
            unacknowledged: vec![7; systems.len()],
            storage: storage.to_owned(),
        };
        cycle(&mut snapshot, 0, []);
        let frames = encoder.encode(&snapshot);
        live.decode(&frames.delta).unwrap();
        assert_eq!(live.snapshot().site, snapshot.site);
        assert_eq!(decoded(&frames.key).snapshot().site, snapshot.site);
        cycle(&mut snapshot, 0, []);
        live.decode(&encoder.encode(&snapshot).delta).unwrap();
        assert_eq!(live.snapshot().site, snapshot.site, "what is not said again still holds");
    }
}

#[test]
fn what_people_do_about_alarms_goes_out_at_once() {
    use crate::alarm::Standing;
    let (spec, mut snapshot) = rich();
    snapshot.alarms.retain(|alarm| alarm.value.is_finite());
    let mut encoder = Encoder::new(&spec);
    let mut live = decoded(&encoder.encode(&snapshot).key);
    let acknowledged = Standing { acknowledged: true, shelved: false, times: 3 };
    let shelved = Standing { acknowledged: false, shelved: true, times: u32::MAX };
    for step in 0..5 {
        match step {
            0 => snapshot.alarms[1].standing = acknowledged,
            1 => snapshot.alarms[0].standing = shelved,
            2 => snapshot.waiting = vec![Alarm { standing: shelved, ..snapshot.alarms.remove(0) }],
            3 => snapshot.waiting[0].standing = acknowledged,
            _ => snapshot.waiting.clear(),
        }
        cycle(&mut snapshot, 0, []);
        let frames = encoder.encode(&snapshot);
        live.decode(&frames.delta).unwrap();
        for seen in [live.snapshot(), decoded(&frames.key).snapshot()] {
            assert_eq!((&seen.alarms, &seen.waiting), (&snapshot.alarms, &snapshot.waiting), "step {step}");
        }
    }
    for i in 0..20 {
        cycle(&mut snapshot, 0, []);
        let len = encoder.encode(&snapshot).delta.len();
        assert!(len < 30 || i < 5, "{len} bytes of nothing new");
    }
}

/// A system with 512 devices of 8 points each, as a hall of GPUs has them.
fn hall() -> SystemSpec {
    let kinds = [(Unit::Watt, 1.0), (Unit::Celsius, 0.1), (Unit::Percent, 1.0), (Unit::Number, 1.0)];
    let point = |n: usize| DevicePoint {
        path: format!("gpu/{}/{}", n / 8, n % 8),
        unit: kinds[n % 8 / 2].0,
        resolution: kinds[n % 8 / 2].1,
        max_age: std::time::Duration::from_secs(3),
        limits: Default::default(),
    };
    SystemSpec { device_points: (0..4_096).map(point).collect(), ..spec(Topology::NONE) }
}

#[test]
fn points_of_devices_arrive_with_their_steps_ages_and_reasons() {
    let spec = hall();
    let mut snapshot = snapshot_of(&spec);
    let mut encoder = Encoder::new(&spec);
    let value = |n: usize, cycle: usize| 300.0 + n as f32 * 0.037 + (n * cycle % 13) as f32 * 0.7;
    let first = encoder.encode(&snapshot);
    // A page does not know their names, and a decoder needs none.
    let mut live = decoded(&first.key);
    let (mut keys, mut deltas) = (Vec::new(), Vec::new());
    for n in 1..10 {
        let asked = (0..4_096).filter(|point| n % 5 == 1 || point % 100 == 0);
        let readings: Vec<_> = asked.map(|point| (Target::Device(point as u16), Ok(value(point, n)))).collect();
        cycle(&mut snapshot, 20_000, readings);
        cycle(&mut snapshot, 10_000, [(Target::Device(7), Err(NoData::Error)), (Target::Device(9_999), Ok(1.0))]);
        let encoded = encoder.encode(&snapshot);
        live.decode(&encoded.delta).unwrap();
        for seen in [live.snapshot(), decoded(&encoded.key).snapshot()] {
            assert_eq!(seen.state.devices.len(), 4_096);
            for (point, kind) in spec.device_points.iter().enumerate() {
                let sample = |snapshot: &Snapshot| snapshot.state.devices.sample(point, snapshot.now.mono);
                let step = Step::new(kind.resolution).unwrap();
                assert_eq!(sample(seen), sample(&snapshot).map(|value| step.round(value)), "{}", kind.path);
                assert_eq!(seen.state.devices.max_age(point), kind.max_age);
            }
        }
        keys.push(encoded.key.len());
        deltas.push(encoded.delta.len());
    }
    println!("512 devices x 8 points: key frames of {keys:?} bytes, deltas of {deltas:?}");
    assert!(keys.iter().all(|len| *len < 24_000) && deltas.iter().all(|len| *len < 12_000));
    for len in 0..first.key.len() {
        assert!(Decoder::new().decode(&first.key[..len]).is_err(), "the first {len} bytes");
    }
}

#[test]
fn points_of_devices_that_have_other_names_now_are_not_shown_under_them() {
    let spec = hall();
    let mut snapshot = snapshot_of(&spec);
    cycle(&mut snapshot, 0, [(Target::Device(5), Ok(300.0)), (Target::Point(PointId::Soc), Ok(50.0))]);
    let key = key_frame(&spec, 0, &snapshot);
    let renamed = |points: Vec<DevicePoint>| SystemSpec { device_points: points.into(), ..spec.clone() };
    let same = spec.device_points.to_vec();
    let mut other_order = same.clone();
    other_order.swap(5, 6);
    let fewer = same[..9].to_vec();
    for (points, shown) in [(same, Ok(300.0)), (other_order, Err(NoData::NotPresent)), (fewer, Err(NoData::NotPresent))]
    {
        let count = points.len();
        let mut decoder = Decoder::of(&renamed(points));
        decoder.decode(&key).unwrap();
        let seen = decoder.snapshot();
        assert_eq!((seen.state.devices.len(), seen.point(PointId::Soc)), (count, Ok(50.0)));
        assert_eq!(seen.state.devices.sample(5, seen.now.mono), shown);
    }
}

#[test]
fn a_damaged_frame_shows_nothing_and_waits_for_a_key_frame() {
    let (spec, mut snapshot) = rich();
    let mut encoder = Encoder::new(&spec);
    let first = encoder.encode(&snapshot);
    cycle(&mut snapshot, 0, sweep(0..260, 3.1));
    let second = encoder.encode(&snapshot);
    for len in 0..second.delta.len() {
        let mut live = decoded(&first.key);
        let shown = live.snapshot().clone();
        assert!(live.decode(&second.delta[..len]).is_err(), "the first {len} bytes");
        assert_eq!(live.snapshot(), &shown);
        if len > 2 {
            assert_eq!(live.decode(&second.delta), Err(LiveError::Gap { got: 1 }), "half of it may have been taken");
        }
        assert_eq!(live.decode(&second.key), Ok(()));
    }
    for len in 0..second.key.len() {
        let mut live = decoded(&first.key);
        assert!(live.decode(&second.key[..len]).is_err(), "the first {len} bytes");
        assert_eq!(live.decode(&second.delta), Ok(()), "a bad key frame breaks no chain");
    }
    let longer = [&first.key[..], &[0]].concat();
    let at = first.key.len();
    assert_eq!(Decoder::new().decode(&longer), Err(LiveError::Wire(WireError::Trailing { at })));
    assert_eq!(Decoder::new().decode(&[9, KEY, 0]), Err(LiveError::Wire(WireError::Format { got: 9, known: FORMAT })));
    assert_eq!(Decoder::new().decode(&[FORMAT, 9, 0]), Err(LiveError::Kind(9)));
}

#[test]
fn a_frame_may_have_fewer_or_more_lanes_than_we_know() {
    use crate::wire::{Wire, Writer};
    let frame = |points: u64, quantities: u64| {
        let mut w = Writer::default();
        w.raw(&[FORMAT, KEY, 0, 5, 0, 0]);
        Topology::new(1, 1, 2).write(&mut w);
        [points, quantities, 0].into_iter().for_each(|n| w.varint(n));
        (0..points + quantities).for_each(|_| w.f32(0.01));
        for len in [points].into_iter().chain((0..quantities).map(|_| 2)) {
            // All are new, of age 0, all 12.34, and all have a reason none.
            w.raw(&[1, 0, 0]);
            w.signed(1_234);
            w.raw(&[0, 1]);
            w.bits(|bits| (0..len).for_each(|_| bits.put(0, 3)));
        }
        w.u8(0);
        w.finish()
    };
    for (points, quantities) in [(1, 1), (40, 5)] {
        let live = decoded(&frame(points, quantities));
        assert_eq!(live.snapshot().point(PointId::Soc), Ok(12.34));
        assert_eq!(live.snapshot().cell(CellQuantity::Voltage, 1), Ok(12.34));
        assert_eq!(live.snapshot().point(PointId::Ambient).is_ok(), points == 40);
    }
    assert!(Decoder::new().decode(&frame(2_000, 1)).is_err());
}

/// The decoder's own cost of a hostile frame is bounded: sizes that no system has are refused.
#[test]
fn a_topology_beyond_any_system_is_refused() {
    let mut frame = vec![FORMAT, KEY, 0, 5, 0, 0];
    frame.extend([0xff, 0xff, 0x03, 0xff, 0xff, 0x03, 0xff, 0xff, 0x03, 1, 1, 1]);
    frame.extend([0; 64]);
    assert!(matches!(Decoder::new().decode(&frame), Err(LiveError::Wire(WireError::Invalid { what: "topology", .. }))));
}

/// What may arrive in one cycle.
fn reading(topology: Topology) -> impl Strategy<Value = (Target, Sample)> {
    let cells = topology.cells() as u16;
    let modules = topology.modules() as u16;
    let quantity = prop::sample::select(CellQuantity::ALL.to_vec());
    let node_quantity = prop::sample::select(NodeQuantity::ALL.to_vec());
    let target = prop_oneof![
        2 => prop::sample::select(PointId::ALL.to_vec()).prop_map(Target::Point),
        4 => (quantity, 0..cells).prop_map(|(q, c)| Target::Cell(q, c)),
        2 => (node_quantity, 0..modules).prop_map(|(q, n)| Target::Node(q, n)),
    ];
    (target, 0.0..1.0_f32, 0..10_u8).prop_map(|(target, share, code)| {
        let (low, high) = target.plausible();
        (target, NoData::from_code(code).map_or(Ok((low + share * (high - low)).clamp(low, high)), Err))
    })
}

proptest! {
    #[test]
    fn every_sequence_of_readings_arrives(
        cycles in prop::collection::vec((prop::collection::vec(reading(Topology::new(2, 3, 4)), 0..60), 0..200_000_u64, any::<bool>()), 1..12),
        resolution in prop::sample::select(vec![0.001_f32, 0.0001, 0.0005]),
    ) {
        let spec = SystemSpec { cell_resolution_v: resolution, ..spec(Topology::new(2, 3, 4)) };
        let mut snapshot = snapshot_of(&spec);
        let mut encoder = Encoder::new(&spec);
        let mut live = Decoder::new();
        for (readings, age_us, join) in cycles {
            cycle(&mut snapshot, age_us, readings);
            let encoded = encoder.encode(&snapshot);
            live.decode(&encoded.delta).unwrap();
            assert_same(&spec, live.snapshot(), &snapshot);
            if join {
                live = decoded(&encoded.key);
                assert_same(&spec, live.snapshot(), &snapshot);
            }
        }
    }

    #[test]
    fn any_bytes_are_taken_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 2..300), delta: bool) {
        let (spec, snapshot) = rich();
        let mut live = decoded(&key_frame(&spec, 0, &snapshot));
        (bytes[0], bytes[1]) = (FORMAT, if delta { DELTA } else { KEY });
        if delta {
            bytes.insert(2, 1);
        }
        let _ = live.decode(&bytes);
        prop_assert_eq!(live.snapshot().state.cells.len(), live.topology().cells());
    }

    #[test]
    fn a_flipped_bit_never_panics_and_shows_nothing_if_refused(place in any::<prop::sample::Index>(), bit in 0..8_u32, key: bool) {
        let (spec, mut snapshot) = rich();
        let mut encoder = Encoder::new(&spec);
        let mut live = decoded(&encoder.encode(&snapshot).key);
        cycle(&mut snapshot, 0, sweep(0..200, 3.1));
        let next = encoder.encode(&snapshot);
        let mut frame = if key { next.key.clone() } else { next.delta };
        let place = place.index(frame.len());
        frame[place] ^= 1 << bit;
        let shown = live.snapshot().clone();
        if live.decode(&frame).is_err() {
            prop_assert_eq!(live.snapshot(), &shown);
            prop_assert_eq!(live.decode(&next.key), Ok(()));
            assert_same(&spec, live.snapshot(), &snapshot);
        }
    }
}
