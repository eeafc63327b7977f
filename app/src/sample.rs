//! A made-up site and snapshot for tests of this crate.

use domain::link::{LinkSpec, LinkState, LinkStatus};
use domain::point::PointId;
use domain::reading::{CellQuantity, NodeQuantity};
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use domain::twin::{Health, SiteStatus, Snapshot, SystemState};
use std::time::Duration;

/// A simulated 832 V pack of 13 x 20 cells.
pub(crate) fn spec() -> SystemSpec {
    SystemSpec {
        kind: SystemKind::DataCentre,
        simulated: true,
        ..SystemSpec::new("hv", "832 V pack", Topology::new(1, 13, 20), 280.0, 832.0)
    }
}

/// A site with that pack and three links.
pub(crate) fn site() -> SiteSpec {
    let link = |id: &str, name: &str, protocol: &str| LinkSpec {
        id: id.into(),
        name: name.into(),
        protocol: protocol.into(),
        device: String::new(),
        address: "127.0.0.1:20000".into(),
        system: SystemIdx(0),
        silent_after: Duration::from_secs(1),
        only_settings: false,
    };
    SiteSpec {
        name: "Hall 2".into(),
        systems: vec![spec()],
        links: vec![
            link("bms", "Battery controller", "CAN over UDP (cannelloni)"),
            link("grid-meter", "Grid meter", "Modbus TCP"),
            link("load-meter", "AI load meter", "Modbus TCP"),
        ],
    }
}

/// The pack in the middle of a burst, everything fresh and well.
pub(crate) fn snapshot() -> Snapshot {
    let now = Now { utc: Utc(1_760_000_000_000_000), mono: Mono(100_000_000) };
    let at = Mono(now.mono.0 - 100_000);
    let mut state = SystemState::new(&spec());
    for (point, value) in [
        (PointId::Soc, 71.4),
        (PointId::Soh, 98.2),
        (PointId::Voltage, 832.6),
        (PointId::Current, 170.6),
        (PointId::Power, 142_030.0),
        (PointId::BusVoltage, 832.1),
        (PointId::SopDischarge, 233_000.0),
        (PointId::SopCharge, 140_000.0),
        (PointId::ControllerMode, 7.0),
        (PointId::Contactors, 3.0),
        (PointId::GridPower, 66_910.0),
        (PointId::LoadPower, 208_940.0),
        (PointId::Ambient, 22.5),
    ] {
        state.points.set(point, Ok(value), at);
    }
    for cell in 0..260_usize {
        // A spread that looks like one: a few millivolts of noise, and a warm middle of each module.
        let noise = (cell * 7_919 % 23) as f32 - 11.0;
        let middle = 1.0 - ((cell % 20) as f32 - 9.5).abs() / 9.5;
        state.cells.column_mut(CellQuantity::Voltage).set(cell, Ok(3.202 + noise * 0.0006), at);
        state.cells.column_mut(CellQuantity::Temperature).set(cell, Ok(27.0 + 4.0 * middle + noise * 0.05), at);
    }
    for node in &mut state.nodes {
        node.set(NodeQuantity::State, Ok(0.0), at);
        node.set(NodeQuantity::Delay, Ok(0.012), at);
    }
    let up = LinkStatus {
        state: LinkState::Up,
        last_at: Some(at),
        frames: 12_345,
        frames_per_s: 125.0,
        bytes_per_s: 1_540.0,
        latency_ms: Some(0.4),
        ..LinkStatus::default()
    };
    let site = SiteStatus { systems: vec![Health::NoAlarm], ..SiteStatus::default() };
    Snapshot {
        now,
        received: at,
        state,
        alarms: Vec::new(),
        waiting: Vec::new(),
        links: vec![up.clone(), up.clone(), up],
        site,
    }
}
