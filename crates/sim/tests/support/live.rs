//! The simulated system as a snapshot: what a page has of it, without the wire in between.

use domain::point::PointId;
use domain::reading::{CellQuantity, Reading, Target};
use domain::series::{Series, Table};
use domain::spec::{SystemKind, SystemSpec};
use domain::time::{Mono, Now, Utc};
use domain::twin::Snapshot;
use sim::plant::Plant;
use sim::registers::Write;
use std::time::Duration;

/// The 832 V pack as a site file has it.
pub(crate) fn spec() -> SystemSpec {
    let topology = domain::topology::Topology::new(1, 13, 20);
    SystemSpec { kind: SystemKind::DataCentre, ..SystemSpec::new("hv", "832 V pack", topology, 280.0, 832.0) }
}

/// A system whose last minutes are kept, five times a second.
pub(crate) struct Live {
    /// The simulated system.
    pub(crate) plant: Plant,
    /// What it is configured as.
    pub(crate) spec: SystemSpec,
    seconds: f64,
    rows: Vec<(Utc, f32, f32)>,
}

impl Live {
    /// The system `plant`, from now on.
    pub(crate) fn new(plant: Plant) -> Live {
        Live { plant, spec: spec(), seconds: 0.0, rows: Vec::new() }
    }

    /// Lets time pass. The discharge limit is held at its highest: nothing limits the battery but its BMS.
    pub(crate) fn run(&mut self, seconds: f32) {
        let highest = Write { unit: 1, address: 1, words: vec![2_500] };
        for _ in 0..(seconds * 5.0).round() as u32 {
            let taken = self.plant.take(&highest);
            assert!(taken.is_ok(), "the controller takes it");
            self.plant.step(0.2);
            self.seconds += 0.2;
            self.rows.push((self.now().utc, self.plant.report().current_a, self.plant.load_meter().power_w()));
        }
    }

    fn now(&self) -> Now {
        let at = Duration::from_secs_f64(self.seconds);
        Now { utc: Utc(0) + at, mono: Mono::START + at }
    }

    /// What is known of it now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let report = self.plant.report();
        let mut snapshot = Snapshot { now: self.now(), ..Snapshot::unknown(&self.spec, Utc(0)) };
        let at = snapshot.now.mono;
        let mut set = |target, value: Option<f32>| {
            if let Some(value) = value {
                snapshot.state.apply(Reading { target, sample: Ok(value) }, at);
            }
        };
        for (point, value) in [
            (PointId::Soc, report.soc_pct),
            (PointId::Soh, report.soh_pct),
            (PointId::Voltage, report.battery_v),
            (PointId::Current, report.current_a),
            (PointId::Power, report.power_w),
            (PointId::SopDischarge, report.limits.discharge_w),
            (PointId::SopCharge, report.limits.charge_w),
            (PointId::GridPower, self.plant.grid_meter().power_w()),
            (PointId::LoadPower, self.plant.load_meter().power_w()),
            (PointId::Ambient, report.ambient_c),
        ] {
            set(Target::Point(point), Some(value));
        }
        if let (Some(volts), Some(celsius)) = (report.voltage_extremes, report.temperature_extremes) {
            set(Target::Point(PointId::CellVoltageMin), Some(volts.min / 1e3));
            set(Target::Point(PointId::CellVoltageMinAt), Some(volts.min_at.into()));
            set(Target::Point(PointId::CellTemperatureMax), Some(celsius.max));
            set(Target::Point(PointId::CellTemperatureMin), Some(celsius.min));
        }
        for cell in 0..report.cell_mv.len() {
            let number = cell as u16;
            set(Target::Cell(CellQuantity::Voltage, number), report.cell_mv[cell].map(|mv| f32::from(mv) / 1e3));
            set(Target::Cell(CellQuantity::Temperature, number), report.cell_c[cell].map(f32::from));
        }
        snapshot
    }

    /// The last ten minutes.
    pub(crate) fn table(&self) -> Table {
        let from = self.rows.len().saturating_sub(3_000);
        let rows = || self.rows[from..].iter();
        let current = Series::of(PointId::Current, rows().map(|row| Some(row.1)).collect());
        let load = Series::of(PointId::LoadPower, rows().map(|row| Some(row.2)).collect());
        Table { at: rows().map(|row| row.0).collect(), series: vec![current, load] }
    }
}
