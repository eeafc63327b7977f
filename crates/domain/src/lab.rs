//! The lab: what a person may do to a simulated system, and what it answers.

mod fault;
mod write_fault;

pub use fault::{LabFault, Make, PackFault};
pub use write_fault::WriteFault;

use crate::decimal::{self, fixed};
use crate::plain;
use crate::spec::SystemKind;
use crate::topology::{CellPosition, Topology};
use crate::wire::Wire;
use thiserror::Error;

/// The highest load that can be set, kW.
pub fn load_max_kw(kind: SystemKind) -> f32 {
    match kind {
        SystemKind::DataCentre | SystemKind::Storage => 400.0,
        SystemKind::Home => 20.0,
    }
}

/// The longest burst, s.
pub const BURST_MAX_S: f32 = 600.0;
/// The latest that a controller can be made to take writes, s.
pub const LATE_MAX_S: u8 = 60;
/// The ambient temperatures that can be set, °C.
pub const AMBIENT_RANGE_C: (f32, f32) = (-20.0, 55.0);

/// A device of the simulated system whose link can be silenced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
#[repr(u8)]
pub enum SimDevice {
    /// The battery controller.
    Controller = 0,
    /// The grid meter.
    GridMeter = 1,
    /// The AI load's meter.
    LoadMeter = 2,
    /// The Victron GX of a house.
    Gx = 3,
    /// The hybrid inverter of a house.
    Inverter = 4,
}

impl SimDevice {
    /// Every device, in wire order.
    pub const ALL: [SimDevice; 5] =
        [SimDevice::Controller, SimDevice::GridMeter, SimDevice::LoadMeter, SimDevice::Gx, SimDevice::Inverter];

    /// The devices of a simulated system of this kind.
    pub fn of(kind: SystemKind) -> &'static [SimDevice] {
        match kind {
            SystemKind::DataCentre | SystemKind::Storage => {
                &[SimDevice::Controller, SimDevice::GridMeter, SimDevice::LoadMeter]
            }
            SystemKind::Home => &[SimDevice::Gx, SimDevice::Inverter],
        }
    }

    /// Its name in forms and addresses.
    pub fn id(self) -> &'static str {
        match self {
            SimDevice::Controller => "controller",
            SimDevice::GridMeter => "grid-meter",
            SimDevice::LoadMeter => "load-meter",
            SimDevice::Gx => "gx",
            SimDevice::Inverter => "inverter",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            SimDevice::Controller => "battery controller",
            SimDevice::GridMeter => "grid meter",
            SimDevice::LoadMeter => "AI load meter",
            SimDevice::Gx => "Cerbo GX",
            SimDevice::Inverter => "Sol-Ark inverter",
        }
    }
}

/// What the simulated AI load does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire)]
pub enum LoadMode {
    /// Idle, bursts and training runs by themselves.
    #[default]
    Auto,
    /// A constant load, W.
    Fixed(f32),
}

/// Something a person does to the simulation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LabCommand {
    /// Sets what the load does.
    Load(LoadMode),
    /// Starts a burst of this power, W, for this long, s.
    Burst {
        /// Load during the burst, W.
        power_w: f32,
        /// Length, s.
        seconds: f32,
    },
    /// Sets the air temperature around the pack, °C.
    Ambient(f32),
    /// Injects a fault.
    Inject(LabFault),
    /// Removes a fault.
    Clear(LabFault),
    /// Removes all faults.
    ClearAll,
}

/// What the simulation is doing.
#[derive(Clone, Debug, Default, PartialEq, Wire)]
pub struct LabState {
    /// What the load does.
    pub load: LoadMode,
    /// Power and time left of a running burst, W and s.
    pub burst: Option<(f32, f32)>,
    /// Air temperature around the pack, °C.
    pub ambient_c: f32,
    /// Injected faults, oldest first.
    pub faults: Vec<LabFault>,
}

/// Why a lab form was refused.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum LabError {
    /// A field is missing.
    #[error("{0}: missing")]
    Missing(&'static str),
    /// A field is not what it should be.
    #[error("{field}: “{}” is not {wanted}", plain::shown(.got))]
    Invalid {
        /// The form field.
        field: &'static str,
        /// What came.
        got: String,
        /// What is asked for.
        wanted: String,
    },
}

impl LabCommand {
    /// The fields that a form of a command may have.
    pub const FIELDS: [&str; 8] = ["action", "kw", "seconds", "celsius", "fault", "cell", "node", "device"];

    /// Reads a command from form fields.
    ///
    /// | `action` | other fields |
    /// |---|---|
    /// | `load-auto` | |
    /// | `load` | `kw` 0 to 400, of a house to 20 |
    /// | `burst` | `kw` as above, `seconds` 1 to 600 |
    /// | `ambient` | `celsius` -20 to 55 |
    /// | `inject`, `clear` | `fault` = one of [`LabFault::OF_CELLS`] with `cell` (`7.12`, or a number from 0); one of [`LabFault::OF_NODES`] with `node` from 1; one of [`PackFault::ALL`] or [`WriteFault::ALL`] of a pack; `late-writes` of a pack with `seconds` 1 to 60; one of [`LabFault::OF_HOUSES`] of a house; `silent-link` with `device`, one of [`SimDevice::of`] |
    /// | `clear-all` | |
    ///
    /// # Errors
    /// [`LabError`] names the field, what came and what is asked for.
    pub fn from_fields<'a>(
        field: impl Fn(&str) -> Option<&'a str>,
        topology: &Topology,
        kind: SystemKind,
    ) -> Result<LabCommand, LabError> {
        let need = |name: &'static str| field(name).map(str::trim).ok_or(LabError::Missing(name));
        let number = |name: &'static str, low: f32, high: f32, unit: &str| -> Result<f32, LabError> {
            let text = need(name)?;
            decimal::parse(text).map(|v| v as f32).filter(|v| (low..=high).contains(v)).ok_or_else(|| {
                LabError::Invalid {
                    field: name,
                    got: text.to_owned(),
                    wanted: format!(
                        "a number from {} to {}{unit}",
                        fixed(low.into(), 1).trimmed(),
                        fixed(high.into(), 1).trimmed()
                    ),
                }
            })
        };
        let fault = || -> Result<LabFault, LabError> {
            let cell = || {
                let text = need("cell")?;
                parse_cell(text, topology).map(|c| c as u16).ok_or_else(|| LabError::Invalid {
                    field: "cell",
                    got: text.to_owned(),
                    wanted: format!("a cell such as 1.1, up to {}", topology.cell_name(topology.cells().max(1) - 1)),
                })
            };
            let text = need("fault")?;
            let find = |of: &[(Make, &str, &str)]| of.iter().find(|(_, id, _)| *id == text).map(|(make, ..)| *make);
            if let Some(make) = find(&LabFault::OF_CELLS) {
                return Ok(make(cell()?));
            }
            if let Some(make) = find(&LabFault::OF_NODES) {
                let node = number("node", 1.0, topology.modules() as f32, "")?;
                return Ok(make(node as u16 - 1));
            }
            let pack = PackFault::ALL.iter().find(|(_, id, _)| *id == text && kind != SystemKind::Home);
            if let Some((fault, ..)) = pack {
                return Ok(LabFault::Pack(*fault));
            }
            let writes = WriteFault::ALL.iter().find(|(_, id, _)| *id == text && kind != SystemKind::Home);
            if let Some((fault, ..)) = writes {
                return Ok(LabFault::Writes(*fault));
            }
            if text == LabFault::LATE_WRITES && kind != SystemKind::Home {
                return Ok(LabFault::LateWrites(number("seconds", 1.0, LATE_MAX_S.into(), " s")? as u8));
            }
            let house = LabFault::OF_HOUSES.iter().find(|(_, id, _)| *id == text && kind == SystemKind::Home);
            if let Some((fault, ..)) = house {
                return Ok(*fault);
            }
            match text {
                "silent-link" => {
                    let text = need("device")?;
                    let devices = SimDevice::of(kind);
                    let found = devices.iter().find(|device| device.id() == text);
                    found.map(|device| LabFault::SilentLink(*device)).ok_or_else(|| LabError::Invalid {
                        field: "device",
                        got: text.to_owned(),
                        wanted: devices.iter().map(|device| device.id()).collect::<Vec<_>>().join(" or "),
                    })
                }
                other => Err(LabError::Invalid {
                    field: "fault",
                    got: other.to_owned(),
                    wanted: {
                        let of_parts = LabFault::OF_CELLS.iter().chain(&LabFault::OF_NODES).map(|(_, id, _)| *id);
                        let all = of_parts.chain(["silent-link"]).chain(PackFault::ALL.iter().map(|(_, id, _)| *id));
                        let all =
                            all.chain(WriteFault::ALL.iter().map(|(_, id, _)| *id)).chain([LabFault::LATE_WRITES]);
                        let all = all.chain(LabFault::OF_HOUSES.iter().map(|(_, id, _)| *id));
                        format!("one of {}", all.collect::<Vec<_>>().join(", "))
                    },
                }),
            }
        };
        match need("action")? {
            "load-auto" => Ok(LabCommand::Load(LoadMode::Auto)),
            "load" => Ok(LabCommand::Load(LoadMode::Fixed(number("kw", 0.0, load_max_kw(kind), " kW")? * 1_000.0))),
            "burst" => Ok(LabCommand::Burst {
                power_w: number("kw", 0.0, load_max_kw(kind), " kW")? * 1_000.0,
                seconds: number("seconds", 1.0, BURST_MAX_S, " s")?,
            }),
            "ambient" => Ok(LabCommand::Ambient(number("celsius", AMBIENT_RANGE_C.0, AMBIENT_RANGE_C.1, " °C")?)),
            "inject" => Ok(LabCommand::Inject(fault()?)),
            "clear" => Ok(LabCommand::Clear(fault()?)),
            "clear-all" => Ok(LabCommand::ClearAll),
            other => Err(LabError::Invalid {
                field: "action",
                got: other.to_owned(),
                wanted: "load-auto, load, burst, ambient, inject, clear or clear-all".to_owned(),
            }),
        }
    }
}

/// A cell by its name (`7.12`, `R3 7.12`) or by its number from 0.
pub fn parse_cell(text: &str, topology: &Topology) -> Option<usize> {
    let text = text.trim();
    let (rack, rest) = match text.strip_prefix(['R', 'r']) {
        Some(rest) => {
            let (rack, rest) = rest.split_once(' ')?;
            (rack.parse::<u16>().ok()?.checked_sub(1)?, rest)
        }
        None => (0, text),
    };
    match rest.split_once('.') {
        Some((module, cell)) => topology.index(CellPosition {
            rack,
            module: module.trim().parse::<u16>().ok()?.checked_sub(1)?,
            cell: cell.trim().parse::<u16>().ok()?.checked_sub(1)?,
        }),
        None => rest.parse::<usize>().ok().filter(|cell| *cell < topology.cells()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACK: Topology = Topology::new(1, 13, 20);

    fn read(form: &str) -> Result<LabCommand, LabError> {
        read_of(form, SystemKind::DataCentre)
    }

    fn read_of(form: &str, kind: SystemKind) -> Result<LabCommand, LabError> {
        let fields: Vec<(&str, &str)> = form.split('&').filter_map(|f| f.split_once('=')).collect();
        LabCommand::from_fields(|name| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| *v), &PACK, kind)
    }

    #[test]
    fn forms_become_commands() {
        for (form, command) in [
            ("action=load-auto", LabCommand::Load(LoadMode::Auto)),
            ("action=load&kw=180", LabCommand::Load(LoadMode::Fixed(180_000.0))),
            ("action=burst&kw=240&seconds=30", LabCommand::Burst { power_w: 240_000.0, seconds: 30.0 }),
            ("action=ambient&celsius=-5", LabCommand::Ambient(-5.0)),
            ("action=inject&fault=weak-cell&cell=7.12", LabCommand::Inject(LabFault::WeakCell(131))),
            ("action=clear&fault=hot-cell&cell=259", LabCommand::Clear(LabFault::HotCell(259))),
            ("action=inject&fault=high-cell&cell=1.1", LabCommand::Inject(LabFault::HighCell(0))),
            ("action=inject&fault=slow-node&node=3", LabCommand::Inject(LabFault::SlowNode(2))),
            ("action=clear&fault=loose-busbar", LabCommand::Clear(LabFault::Pack(PackFault::LooseBusbar))),
            ("action=inject&fault=dead-node&node=12", LabCommand::Inject(LabFault::DeadNode(11))),
            ("action=inject&fault=writes-ignored", LabCommand::Inject(LabFault::Writes(WriteFault::Ignored))),
            ("action=clear&fault=late-writes&seconds=5", LabCommand::Clear(LabFault::LateWrites(5))),
            (
                "action=inject&fault=silent-link&device=grid-meter",
                LabCommand::Inject(LabFault::SilentLink(SimDevice::GridMeter)),
            ),
            ("action=clear-all", LabCommand::ClearAll),
        ] {
            assert_eq!(read(form), Ok(command), "{form}");
        }
    }

    #[test]
    fn a_bad_form_names_its_field() {
        for (form, says) in [
            ("", "action: missing"),
            ("action=jump", "action: “jump” is not load-auto"),
            ("action=load&kw=NaN", "kw: “NaN” is not a number from 0 to 400 kW"),
            ("action=load&kw=1e9", "kw: “1e9” is not a number from 0 to 400 kW"),
            ("action=inject&fault=weak-cell&cell=14.1", "cell: “14.1” is not a cell such as 1.1, up to 13.20"),
            ("action=inject&fault=weak-cell&cell=0.5", "cell: “0.5” is not a cell"),
            ("action=inject&fault=dead-node&node=14", "node: “14” is not a number from 1 to 13"),
            ("action=inject&fault=silent-link&device=tv", "device: “tv” is not controller"),
            ("action=inject&fault=late-writes&seconds=61", "seconds: “61” is not a number from 1 to 60 s"),
            ("action=inject&fault=ghost", "fault: “ghost” is not one of weak-cell, hot-cell, high-cell"),
        ] {
            let error = read(form).unwrap_err().to_string();
            assert!(error.starts_with(says), "{form}: {error}");
        }
    }

    #[test]
    fn a_house_has_its_own_devices_and_a_smaller_load() {
        let read = |form: &str| read_of(form, SystemKind::Home);
        let silent = LabFault::SilentLink(SimDevice::Inverter);
        assert_eq!(read("action=inject&fault=silent-link&device=inverter"), Ok(LabCommand::Inject(silent)));
        assert_eq!(read("action=clear&fault=wrong-estimate"), Ok(LabCommand::Clear(LabFault::WrongEstimate)));
        for pack in ["hot-pack", "local-control", "late-writes&seconds=2"] {
            assert!(read(&format!("action=inject&fault={pack}")).is_err(), "{pack}");
        }
        assert!(
            read_of("action=inject&fault=wrong-estimate", SystemKind::DataCentre).is_err(),
            "a pack has no inverter"
        );
        for (form, says) in [
            ("action=load&kw=21", "kw: “21” is not a number from 0 to 20 kW"),
            ("action=inject&fault=silent-link&device=controller", "device: “controller” is not gx or inverter"),
        ] {
            assert_eq!(read(form).unwrap_err().to_string(), says);
        }
        for device in SimDevice::ALL {
            let has = |kind| SimDevice::of(kind).contains(&device);
            assert!(has(SystemKind::Home) != has(SystemKind::DataCentre), "{}", device.name());
            assert_eq!(has(SystemKind::Storage), has(SystemKind::DataCentre), "{}", device.name());
        }
    }

    #[test]
    fn the_lab_round_trips_and_no_part_of_it_does() {
        let mut faults = vec![LabFault::WeakCell(131), LabFault::HotCell(259), LabFault::DeadNode(12)];
        faults.extend(SimDevice::ALL.map(LabFault::SilentLink));
        faults.extend([LabFault::HighCell(1), LabFault::LowCell(2), LabFault::FrozenCell(3), LabFault::SlowNode(4)]);
        faults.push(LabFault::WrongEstimate);
        faults.extend(PackFault::ALL.map(|(fault, ..)| LabFault::Pack(fault)));
        faults.extend(WriteFault::ALL.map(|(fault, ..)| LabFault::Writes(fault)));
        faults.push(LabFault::LateWrites(9));
        // What older pages and servers know keeps its number.
        for (fault, bytes) in [
            (LabFault::WrongEstimate, vec![9]),
            (LabFault::Writes(WriteFault::LocalControl), vec![10, 7]),
            (LabFault::LateWrites(9), vec![11, 9]),
        ] {
            assert_eq!(fault.to_bytes()[1..], bytes);
        }
        for lab in [
            LabState::default(),
            LabState { load: LoadMode::Fixed(180_000.0), burst: Some((240_000.0, 12.5)), ambient_c: -5.0, faults },
        ] {
            let bytes = lab.to_bytes();
            assert_eq!(LabState::from_bytes(&bytes).as_ref(), Ok(&lab));
            for len in 0..bytes.len() {
                assert!(LabState::from_bytes(&bytes[..len]).is_err(), "the first {len} bytes");
            }
        }
    }
}
