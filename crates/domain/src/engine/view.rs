//! What the alarm rules see of one system in one cycle.

use crate::alarm::{CONTACTOR_BITS, Observed, Subject, Watch};
use crate::cells::ColumnStats;
use crate::derived;
use crate::frozen::FrozenWatch;
use crate::link::{LinkIdx, LinkSpec, LinkState, LinkStatus};
use crate::point::PointId;
use crate::reading::{CellQuantity, NoData, NodeQuantity, Sample};
use crate::spec::SystemSpec;
use crate::time::Mono;
use crate::twin::SystemState;

/// Below this share of the current that empties the battery in an hour it rests.
const REST_C: f32 = 0.01;
/// What is out of question is said to be so far on the good side of its limit, °C: further than any deadband.
const GOOD_C: f32 = 5.0;

/// One system, as the rules see it.
pub(super) struct View<'a> {
    pub(super) spec: &'a SystemSpec,
    pub(super) state: &'a SystemState,
    pub(super) voltage: Option<ColumnStats>,
    pub(super) temperature: Option<ColumnStats>,
    pub(super) sag_pct: Sample,
    /// Of the state of charge and of an inverter's estimate.
    pub(super) soc_moves: [Sample; 2],
    pub(super) frozen: &'a FrozenWatch,
    /// Whether no cell has a voltage although a link that brings cells has been up for long enough.
    pub(super) cells_overdue: bool,
    pub(super) links: &'a [LinkStatus],
    pub(super) link_specs: &'a [LinkSpec],
    pub(super) now: Mono,
}

impl Observed for View<'_> {
    fn watch(&self, watch: Watch, subject: Subject) -> Sample {
        let point = |point| self.state.points.sample(point, self.now);
        // Of a system whose cells are not seen, what is known of its extremes.
        let cell = |quantity| match subject {
            Subject::Cell(cell) => Some(self.state.cells.column(quantity).sample(cell as usize, self.now)),
            _ => None,
        };
        let node = |quantity| match subject {
            Subject::Node(n) => self.state.nodes.get(n as usize).ok_or(NoData::NotPresent)?.sample(quantity, self.now),
            _ => Err(NoData::NotPresent),
        };
        let limits = &self.spec.limits;
        match watch {
            Watch::CellVoltageLow => cell(CellQuantity::Voltage).unwrap_or_else(|| point(PointId::CellVoltageMin)),
            Watch::CellVoltageHigh => cell(CellQuantity::Voltage).unwrap_or_else(|| point(PointId::CellVoltageMax)),
            Watch::CellTemperatureHigh => cell(CellQuantity::Temperature).unwrap_or_else(|| self.hottest_c()),
            Watch::CellTemperatureLow => cell(CellQuantity::Temperature).unwrap_or_else(|| self.coldest_c()),
            Watch::CellSpread => self.voltage.map(|s| s.spread()).ok_or(NoData::NotPresent),
            Watch::CellsMissing => self.cells_missing_pct(),
            Watch::ChargeColdest => {
                self.while_(-1.0, self.coldest_c()?, limits.charge_temperature_c.low + GOOD_C, f32::max)
            }
            Watch::ChargeHottest => {
                self.while_(-1.0, self.hottest_c()?, limits.charge_temperature_c.high - GOOD_C, f32::min)
            }
            Watch::DischargeColdest => {
                self.while_(1.0, self.coldest_c()?, limits.discharge_temperature_c.low + GOOD_C, f32::max)
            }
            Watch::DischargeHottest => {
                self.while_(1.0, self.hottest_c()?, limits.discharge_temperature_c.high - GOOD_C, f32::min)
            }
            Watch::BusSag => self.sag_pct,
            // A voltage that cannot be is neither high nor low: another rule says so.
            Watch::PackVoltage => {
                let voltage_v = point(PointId::Voltage)?;
                if limits.possible_pack_v().contains(voltage_v) { Ok(voltage_v) } else { Err(NoData::OutOfRange) }
            }
            Watch::VoltageOff => {
                let voltage_v = point(PointId::Voltage)?;
                let off_pct = 100.0 * (voltage_v / self.spec.nominal_v - 1.0).abs();
                Ok(if limits.possible_pack_v().contains(voltage_v) { 0.0 } else { off_pct })
            }
            Watch::ChargeCurrent => Ok((-self.current_a()?).max(0.0)),
            Watch::DischargeCurrent => Ok(self.current_a()?.max(0.0)),
            Watch::ChargeLimitUse => derived::bms_limit_use_pct(&self.state.points, self.spec, -1.0, self.now),
            Watch::DischargeLimitUse => derived::bms_limit_use_pct(&self.state.points, self.spec, 1.0, self.now),
            Watch::SocLow => point(PointId::Soc),
            Watch::Insulation => point(PointId::InsulationKohm),
            Watch::ContactorMismatch => {
                let (command, feedback) = (point(PointId::ContactorsCommand)?, point(PointId::Contactors)?);
                let told = (command as u32) << CONTACTOR_BITS | feedback as u32;
                Ok(if command == feedback { 0.0 } else { told as f32 })
            }
            Watch::BmsAlarms => point(PointId::BmsAlarms),
            Watch::BmsWarnings => point(PointId::BmsWarnings),
            Watch::StandsStill => match subject {
                Subject::Point(point) => self.frozen.point_s(point),
                Subject::Cell(cell) => self.frozen.cell_s(cell.into()),
                _ => None,
            }
            .ok_or(NoData::NotPresent),
            // A lost node does not answer late: it does not answer, which the next rule says.
            Watch::NodeDelay if node(NodeQuantity::State).is_ok_and(|state| state >= NodeQuantity::LOST) => Ok(0.0),
            Watch::NodeDelay => node(NodeQuantity::Delay),
            Watch::NodeState => node(NodeQuantity::State),
            Watch::LinkSilence => match subject {
                Subject::Link(link) => self.silence(link),
                _ => Err(NoData::NotPresent),
            },
            Watch::LinkWrongDevice => match subject {
                Subject::Link(link) => self.wrong_device(link),
                _ => Err(NoData::NotPresent),
            },
            Watch::DevicePointHigh | Watch::DevicePointLow => match subject {
                Subject::Device(number) => self.state.devices.sample(number.into(), self.now),
                _ => Err(NoData::NotPresent),
            },
            Watch::DevicePointAge => match subject {
                Subject::Device(number) => self.device_point_age(number),
                _ => Err(NoData::NotPresent),
            },
            Watch::SopUse => derived::sop_use_pct(&self.state.points, self.now),
            // A mode that has no name is no error: what it is, nobody has said.
            Watch::ControllerMode => {
                let mode = point(PointId::ControllerMode)?;
                Ok(if mode as u8 == derived::ERROR_MODE { mode } else { 0.0 })
            }
            Watch::SocMove => self.soc_moves[0],
            Watch::InverterSocMove => self.soc_moves[1],
        }
    }
}

impl View<'_> {
    /// Battery current, A, discharge positive; by power where no current is measured.
    fn current_a(&self) -> Sample {
        let point = |point| self.state.points.sample(point, self.now);
        point(PointId::Current).or_else(|why| Ok(point(PointId::Power).map_err(|_| why)? / self.spec.nominal_v))
    }

    /// The warmest that is known of the battery, °C: a cell, what the BMS calls the hottest, or the one sensor.
    fn hottest_c(&self) -> Sample {
        self.extreme_c(self.temperature.map(|stats| stats.max), PointId::CellTemperatureMax)
    }

    /// The coldest that is known of the battery, °C.
    fn coldest_c(&self) -> Sample {
        self.extreme_c(self.temperature.map(|stats| stats.min), PointId::CellTemperatureMin)
    }

    fn extreme_c(&self, of_cells: Option<f32>, told: PointId) -> Sample {
        let point = |point| self.state.points.sample(point, self.now);
        of_cells
            .ok_or(NoData::NotPresent)
            .or_else(|_| point(told))
            .or_else(|why| point(PointId::Temperature).map_err(|_| why))
    }

    /// `value` while current flows in the direction of `sign` (discharge positive); else what `better` makes of it and
    /// of `good`, so that the condition is over.
    fn while_(&self, sign: f32, value: f32, good: f32, better: fn(f32, f32) -> f32) -> Sample {
        let flows = self.current_a()? * sign > REST_C * self.spec.capacity_ah;
        Ok(if flows { value } else { better(value, good) })
    }

    /// Age of the link's last reading as a multiple of its `silent_after`. A link that never spoke counts from the
    /// start of the process, so that a device that is off at start is noticed too; until then nothing is known of it, so
    /// that one that was silent before a restart stays so.
    fn silence(&self, link: LinkIdx) -> Sample {
        let place = link.0 as usize;
        let (Some(status), Some(spec)) = (self.links.get(place), self.link_specs.get(place)) else {
            return Err(NoData::NotPresent);
        };
        // A wrong device is not silent: it is not listened to, which another rule says.
        if status.state == LinkState::WrongDevice {
            return Ok(0.0);
        }
        let silence = |since: Mono| self.now.seconds_since(since) / spec.silent_after.as_secs_f32();
        match status.last_at {
            Some(last_at) => Ok(silence(last_at)),
            None => Some(silence(Mono::START)).filter(|silence| *silence > 1.0).ok_or(NoData::NotPresent),
        }
    }

    /// Age of a device point's last value, as a multiple of its max age. Not known while its link is not up: then the link
    /// is the problem.
    fn device_point_age(&self, number: u16) -> Sample {
        let devices = &self.state.devices;
        if devices.sample(number.into(), self.now).is_ok() {
            return Ok(0.0);
        }
        let point = self.spec.watched_point(number).ok_or(NoData::NotPresent)?;
        let place = self.link_specs.iter().position(|link| link.id == point.link()).ok_or(NoData::NotPresent)?;
        if self.links.get(place).map(|status| status.state) != Some(LinkState::Up) {
            return Err(NoData::Timeout);
        }
        let (_, last) = devices.last_value(number.into()).last().ok_or(NoData::NotPresent)?;
        Ok(self.now.seconds_since(last) / devices.max_age(number.into()).as_secs_f32().max(1e-3))
    }

    /// Whether another device answers. It is known to be the right one only when it delivers.
    fn wrong_device(&self, link: LinkIdx) -> Sample {
        match self.links.get(link.0 as usize).map(|status| status.state) {
            Some(LinkState::WrongDevice) => Ok(1.0),
            Some(LinkState::Up) => Ok(0.0),
            _ => Err(NoData::NotPresent),
        }
    }

    /// Cells without a fresh voltage, %: all of them when the link that should bring them is up and none is fresh. Not
    /// known while that link is not up: then the link is the problem.
    fn cells_missing_pct(&self) -> Sample {
        let cells = self.state.cells.len();
        let fresh = match self.voltage {
            Some(stats) => stats.fresh,
            None if self.cells_overdue && cells > 0 => 0,
            None => return Err(NoData::NotPresent),
        };
        Ok(100.0 * (cells - fresh) as f32 / cells as f32)
    }
}
