//! What a snapshot says of the cells and their pack, and what must be assumed where it says nothing.

use super::recent::Recent;
use crate::physics::parameters as p;
use domain::cells::ColumnStats;
use domain::flight::{Assumption, Known, Unknown};
use domain::limits::Chemistry;
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData, Sample};
use domain::spec::SystemSpec;
use domain::twin::Snapshot;

/// Where no temperature is known, °C.
const USUAL_C: f32 = 25.0;
/// With less than this of the last minutes, polarisation is taken to be that of the present current, s.
const HISTORY_S: f32 = 60.0;

/// Both main contactors of [`PointId::Contactors`].
const MAIN_CLOSED: u8 = 0b11;

/// How the cells are connected. Cells that are not seen are one string of one mean cell, and of the lowest if that is known.
#[derive(Clone, Debug)]
pub(super) struct Wiring {
    /// Strings in parallel.
    pub(super) strings: usize,
    /// Entries of each string.
    pub(super) per_string: usize,
    /// Cells between two neighbours' borders: heat flows within a module.
    pub(super) per_module: usize,
    /// Cells of a string that carry its current side by side.
    pub(super) parallel: f32,
    /// Rated capacity of a cell, Ah.
    pub(super) capacity_ah: f32,
    /// Fuse, contactors, cables and busbars of a string, Ω.
    pub(super) fixed_ohm: f32,
}

/// An entry of the twin: a cell, or the mean of some.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellReading {
    /// Which cell, from 0; `None` for a mean one.
    pub(super) number: Option<u16>,
    /// How many cells in series it stands for.
    pub(super) weight: f32,
    /// Voltage, V; `None` where it is not known.
    pub(super) voltage_v: Option<f32>,
    /// Temperature, °C.
    pub(super) temperature_c: f32,
    /// Conductance to the air, W/K.
    pub(super) to_ambient_w_per_k: f32,
}

/// All that is known.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) wiring: Wiring,
    pub(super) cells: Vec<CellReading>,
    /// State of charge as the BMS says it, %.
    pub(super) soc_pct: f32,
    /// Usable share of the rated capacity.
    pub(super) health: f32,
    /// Pack current now, A, discharge positive.
    pub(super) current_a: f32,
    /// Air temperature, °C.
    pub(super) ambient_c: f32,
    /// Load now, W.
    pub(super) load_w: Known<f32>,
    /// What the BMS allows now, W: discharge and charge.
    pub(super) bms_w: (Option<f32>, Option<f32>),
    /// Resolution of cell voltages, V.
    pub(super) resolution_v: f32,
    pub(super) assumptions: Vec<Assumption>,
}

impl Reading {
    /// What is known of the system.
    pub(super) fn of(spec: &SystemSpec, snapshot: &Snapshot, recent: &Recent) -> Known<Reading> {
        if spec.limits.chemistry != Chemistry::Lfp {
            return Err(Unknown::Chemistry(spec.limits.chemistry));
        }
        if !(spec.capacity_ah.is_finite() && spec.capacity_ah > 0.0) {
            return Err(Unknown::Capacity);
        }
        let point = |point| snapshot.point(point);
        let soc_pct = point(PointId::Soc).map_err(|why| Unknown::Point(PointId::Soc, why))?;
        let mut assumptions = Vec::new();
        let mut assume = |assumption| assumptions.push(assumption);

        let voltage = point(PointId::Voltage).or_else(|_| point(PointId::InverterBatteryVoltage));
        let by_power = || -> Sample {
            let volts = voltage?;
            if volts < 1.0 { Err(NoData::OutOfRange) } else { Ok(point(PointId::Power)? / volts) }
        };
        let current_a = point(PointId::Current).or_else(|why| by_power().map_err(|_| why)).unwrap_or_else(|why| {
            assume(Assumption::AtRest(why));
            0.0
        });
        if recent.known_s() < HISTORY_S {
            assume(Assumption::Settled);
        }
        let health = point(PointId::Soh).unwrap_or_else(|why| {
            assume(Assumption::Health(why));
            100.0
        });

        let seen = snapshot.state.cells.column(CellQuantity::Voltage).stats(snapshot.now.mono);
        let wiring = if seen.is_some() { seen_wiring(spec) } else { mean_wiring(spec) };
        let mean_c = mean_temperature_c(snapshot).unwrap_or_else(|| {
            let air_c = point(PointId::Ambient).unwrap_or(USUAL_C);
            assume(Assumption::Temperature(air_c));
            air_c
        });
        let cells = match seen {
            Some(stats) => seen_cells(spec, snapshot, stats, mean_c, &mut assume),
            None => {
                assume(Assumption::MeanCell(why_no_cells(spec, snapshot)));
                mean_cells(spec, snapshot, voltage, current_a, mean_c, wiring.fixed_ohm)
            }
        };
        let ambient_c = point(PointId::Ambient).unwrap_or_else(|_| {
            assume(Assumption::Air(mean_c));
            mean_c
        });
        let bms_w = bms_power(snapshot, voltage.unwrap_or(spec.nominal_v));
        if bms_w.0.is_none() {
            assume(Assumption::BmsPower(point(PointId::SopDischarge).err().unwrap_or(NoData::NotPresent)));
        }
        if point(PointId::Contactors).is_ok_and(|bits| bits as u8 & MAIN_CLOSED != MAIN_CLOSED) {
            assume(Assumption::ContactorsClosed);
        }
        if point(PointId::SolarPower).is_ok_and(|watts| watts > 25.0) {
            assume(Assumption::NoSun);
        }
        Ok(Reading {
            wiring,
            cells,
            soc_pct,
            // A health of nothing would be a battery of nothing: such a BMS does not know it.
            health: if health >= 20.0 { health / 100.0 } else { 1.0 },
            current_a,
            ambient_c,
            load_w: recent.load_w.or(point(PointId::LoadPower).ok()).ok_or_else(|| {
                Unknown::Point(PointId::LoadPower, point(PointId::LoadPower).err().unwrap_or(NoData::NotPresent))
            }),
            bms_w,
            resolution_v: spec.cell_resolution_v,
            assumptions,
        })
    }
}

/// Strings of the cells that there are.
fn seen_wiring(spec: &SystemSpec) -> Wiring {
    let topology = &spec.topology;
    let strings = usize::from(topology.racks).max(1);
    let per_string = topology.cells() / strings;
    let series = f32::from(spec.limits.cells_in_series).max(1.0);
    let parallel = (per_string as f32 / series).round().max(1.0);
    Wiring {
        strings,
        per_string,
        per_module: usize::from(topology.cells_per_module).max(1),
        parallel,
        capacity_ah: spec.capacity_ah / (strings as f32 * parallel),
        fixed_ohm: p::RACK_WIRING_OHM + p::BUSBAR_OHM * per_string as f32 / parallel,
    }
}

/// One string in the place of all.
fn mean_wiring(spec: &SystemSpec) -> Wiring {
    let strings = f32::from(spec.topology.racks).max(1.0);
    let series = f32::from(spec.limits.cells_in_series).max(1.0);
    Wiring {
        strings: 1,
        per_string: 1,
        per_module: 1,
        parallel: 1.0,
        capacity_ah: spec.capacity_ah,
        fixed_ohm: (p::RACK_WIRING_OHM + p::BUSBAR_OHM * series) / strings,
    }
}

/// Every cell; what is not seen of it is that of the mean.
fn seen_cells(
    spec: &SystemSpec,
    snapshot: &Snapshot,
    stats: ColumnStats,
    mean_c: f32,
    assume: &mut impl FnMut(Assumption),
) -> Vec<CellReading> {
    let topology = &spec.topology;
    let wiring = seen_wiring(spec);
    let cells = wiring.strings * wiring.per_string;
    if stats.fresh < cells {
        assume(Assumption::CellsMissing((cells - stats.fresh) as u16));
    }
    let cell = |number: usize| {
        let place = number % wiring.per_module;
        let at_end = place == 0 || place + 1 == usize::from(topology.cells_per_module);
        CellReading {
            number: u16::try_from(number).ok(),
            weight: 1.0 / wiring.parallel,
            voltage_v: snapshot.cell(CellQuantity::Voltage, number).ok(),
            temperature_c: snapshot.cell(CellQuantity::Temperature, number).unwrap_or(mean_c),
            to_ambient_w_per_k: if at_end { p::TO_AMBIENT_W_PER_K.1 } else { p::TO_AMBIENT_W_PER_K.0 },
        }
    };
    (0..cells).map(cell).collect()
}

/// The mean cell by the pack's voltage, and the lowest one if the BMS says its voltage.
fn mean_cells(
    spec: &SystemSpec,
    snapshot: &Snapshot,
    voltage: Sample,
    current_a: f32,
    mean_c: f32,
    fixed_ohm: f32,
) -> Vec<CellReading> {
    let series = f32::from(spec.limits.cells_in_series).max(1.0);
    let mean = CellReading {
        number: None,
        weight: series,
        voltage_v: voltage.ok().map(|volts| (volts + current_a * fixed_ohm) / series),
        temperature_c: mean_c,
        to_ambient_w_per_k: (p::TO_AMBIENT_W_PER_K.0 * 18.0 + p::TO_AMBIENT_W_PER_K.1 * 2.0) / 20.0,
    };
    match snapshot.point(PointId::CellVoltageMin) {
        Ok(lowest_v) if series >= 2.0 => {
            let number = snapshot.point(PointId::CellVoltageMinAt).ok().map(|number| number as u16);
            let lowest = CellReading { number, weight: 1.0, voltage_v: Some(lowest_v), ..mean };
            vec![CellReading { weight: series - 1.0, ..mean }, lowest]
        }
        _ => vec![mean],
    }
}

/// Why no cell has a voltage.
fn why_no_cells(spec: &SystemSpec, snapshot: &Snapshot) -> NoData {
    if spec.topology.cells() == 0 {
        return NoData::NotPresent;
    }
    snapshot.cell(CellQuantity::Voltage, 0).err().unwrap_or(NoData::NotPresent)
}

/// Mean of the cells' temperatures, else that of the battery's sensor, else the mean of what the BMS says.
fn mean_temperature_c(snapshot: &Snapshot) -> Option<f32> {
    let of_cells = snapshot.state.cells.column(CellQuantity::Temperature).stats(snapshot.now.mono);
    if let Some(stats) = of_cells {
        return Some(stats.mean);
    }
    let point = |point| snapshot.point(point).ok();
    let (low, high) = (point(PointId::CellTemperatureMin), point(PointId::CellTemperatureMax));
    let between = low.zip(high).map(|(low, high)| (low + high) / 2.0);
    point(PointId::Temperature).or(between).or(high).or(low)
}

/// What the BMS allows now, W: its limits of power, or its limits of current at this voltage; the lower of both.
fn bms_power(snapshot: &Snapshot, voltage_v: f32) -> (Option<f32>, Option<f32>) {
    let lower = |watts: PointId, amperes: PointId| {
        let by_power = snapshot.point(watts).ok();
        let by_current = snapshot.point(amperes).ok().map(|current_a| current_a * voltage_v);
        by_power.into_iter().chain(by_current).reduce(f32::min)
    };
    (lower(PointId::SopDischarge, PointId::DischargeCurrentMax), lower(PointId::SopCharge, PointId::ChargeCurrentMax))
}
