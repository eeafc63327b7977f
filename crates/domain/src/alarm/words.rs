//! What an alarm says, in words for a person.

use super::rules::{Direction, Rule, Subject, Watch};
use crate::decimal::fixed;
use crate::derived::contactors;
use crate::point::WatchedPoint;
use crate::spec::{SiteSpec, SystemSpec};

/// Bits of contactor feedback: how far the command is shifted in the value of [`Watch::ContactorMismatch`].
pub(crate) const CONTACTOR_BITS: u32 = 3;

impl Rule {
    /// What `count` alarms of this rule say together, which are about the same quantity of several devices; those to be named
    /// by their subjects and values: `2 values of temperature above their limit: hall/gpu/3 at 95 °C, hall/gpu/7 at 93 °C;
    /// limit 90 °C`.
    pub fn words_of_devices(&'static self, named: &[(Subject, f32)], count: usize, system: &SystemSpec) -> String {
        let points = || {
            named.iter().filter_map(|(subject, value)| match subject {
                Subject::Device(number) => system.watched_point(*number).map(|point| (*value, point)),
                _ => None,
            })
        };
        let (is_stale, quantity) =
            (self.watch == Watch::DevicePointAge, points().next().map_or("", |(_, point)| point.quantity()));
        let wrong = match self.direction {
            _ if is_stale => "without a fresh one",
            Direction::Above => "above their limit",
            Direction::Below => "below their limit",
        };
        let one = |(value, point): (f32, &WatchedPoint)| match is_stale {
            true => point.device().to_owned(),
            false => format!("{} at {}", point.device(), with_unit(value, Some(point))),
        };
        let list = points().map(one).collect::<Vec<_>>().join(", ");
        let limits = || points().map(|(_, point)| self.bound_of(system, Subject::Device(point.number)).raise);
        let end = match count.saturating_sub(named.len()) {
            // One limit that all of them have is said once.
            0 => (limits().next().filter(|limit| !is_stale && limits().all(|other| other == *limit)))
                .map(|limit| format!("; limit {}", with_unit(limit, points().next().map(|(_, point)| point))))
                .unwrap_or_default(),
            more => format!(" and {more} more"),
        };
        format!("{count} values of {quantity} {wrong}: {list}{end}")
    }

    /// What is wrong, in words, for a person: `Cell 7.12 at 2841 mV, limit 2850 mV`.
    pub fn words(&'static self, subject: Subject, value: f32, site: &SiteSpec, system: &SystemSpec) -> String {
        let (topology, limits) = (&system.topology, &system.limits);
        let raise = self.bound_of(system, subject).raise;
        let cell = |c: u16| topology.cell_name(c as usize);
        let whole = |value: f32| fixed(value.into(), 0).to_string();
        let short = |value: f32| fixed(value.into(), 1).trimmed().to_string();
        let limit = short(raise);
        let millivolts = || format!("{} mV, limit {} mV", whole(value * 1e3), whole(raise * 1e3));
        let celsius = || format!("{} °C, limit {limit} °C", short(value));
        let link = |words: &str, unnamed: &str| {
            match subject {
                Subject::Link(l) => site.links.get(l.0 as usize).map(|link| format!("{}{words}", link.name)),
                _ => None,
            }
            .unwrap_or_else(|| unnamed.to_owned())
        };
        match (self.watch, subject) {
            (Watch::CellVoltageLow | Watch::CellVoltageHigh, Subject::Cell(c)) => {
                format!("Cell {} at {}", cell(c), millivolts())
            }
            (Watch::CellVoltageLow, _) => format!("Lowest cell at {}", millivolts()),
            (Watch::CellVoltageHigh, _) => format!("Highest cell at {}", millivolts()),
            (Watch::CellTemperatureHigh | Watch::CellTemperatureLow, Subject::Cell(c)) => {
                format!("Cell {} at {}", cell(c), celsius())
            }
            (Watch::CellTemperatureHigh | Watch::CellTemperatureLow, _) => format!("Battery at {}", celsius()),
            (Watch::ChargeHottest | Watch::ChargeColdest, _) => format!("Charging at {}", celsius()),
            (Watch::DischargeHottest | Watch::DischargeColdest, _) => format!("Discharging at {}", celsius()),
            (Watch::CellSpread, _) => format!("Cells {} mV apart, limit {} mV", whole(value * 1e3), whole(raise * 1e3)),
            (Watch::CellsMissing, _) => {
                let missing = whole(value / 100.0 * topology.cells() as f32);
                format!("{missing} of {} cells without a fresh voltage", topology.cells())
            }
            (Watch::BusSag, _) => {
                format!("Pack voltage {} % below its level of the last 30 s, limit {limit} %", short(value))
            }
            (Watch::PackVoltage, _) => format!("Pack voltage {} V, limit {limit} V", short(value)),
            (Watch::VoltageOff, _) => {
                let (off, nominal) = (whole(value), short(system.nominal_v));
                format!("Pack voltage is {off} % off its nominal {nominal} V, which cannot be")
            }
            (Watch::ChargeCurrent, _) => {
                format!("Charging with {} A, limit {} A", short(value), short(limits.charge_current_a))
            }
            (Watch::DischargeCurrent, _) => {
                format!("Discharging with {} A, limit {} A", short(value), short(limits.discharge_current_a))
            }
            (Watch::ChargeLimitUse, _) => format!("Charging with {} % of what the BMS allows now", whole(value)),
            (Watch::DischargeLimitUse, _) => format!("Discharging with {} % of what the BMS allows now", whole(value)),
            (Watch::SocLow, _) => format!("State of charge {} %, reserve {limit} %", short(value)),
            (Watch::Insulation, _) => format!("Insulation {} kΩ, limit {limit} kΩ", short(value)),
            (Watch::ContactorMismatch, _) => {
                let (command, feedback) = ((value as u32 >> CONTACTOR_BITS) as f32, (value as u32 & 7) as f32);
                format!("Contactor feedback is “{}”, the command is “{}”", contactors(feedback), contactors(command))
            }
            (Watch::BmsAlarms, _) => format!("BMS alarm: {}", crate::bms::words(value).join(", ")),
            (Watch::BmsWarnings, _) => format!("BMS warning: {}", crate::bms::words(value).join(", ")),
            (Watch::DevicePointHigh | Watch::DevicePointLow | Watch::DevicePointAge, Subject::Device(number)) => {
                let point = system.watched_point(number);
                let path = point.map_or("A device point", |point| &point.path);
                match self.watch {
                    Watch::DevicePointAge => format!("{path} has no fresh value"),
                    _ => format!("{path} at {}, limit {}", with_unit(value, point), with_unit(raise, point)),
                }
            }
            (Watch::StandsStill, Subject::Cell(c)) => {
                format!("Voltage of cell {} stands still for {} s while the others move", cell(c), whole(value))
            }
            (Watch::StandsStill, Subject::Point(point)) => {
                format!("{} stands still for {} s while other values move", point.spec().name, whole(value))
            }
            (Watch::NodeDelay, Subject::Node(n)) => {
                let late =
                    if value < 1.0 { format!("{} ms", whole(value * 1e3)) } else { format!("{} s", whole(value)) };
                format!("AFE node {} answers {late} late, limit {} ms", n + 1, whole(raise * 1e3))
            }
            (Watch::NodeState, Subject::Node(n)) => format!("AFE node {} does not answer", n + 1),
            (Watch::LinkSilence, _) => link(" is silent", "A link is silent"),
            (Watch::LinkWrongDevice, _) => link(
                ": another device answers than the one expected",
                "A link leads to another device than the one expected",
            ),
            (Watch::SopUse, _) => format!("{} % of the state of power in use, limit {limit} %", whole(value)),
            (Watch::SocMove, _) => {
                format!("State of charge moved {} points further than the current explains", fixed(value.into(), 1))
            }
            (Watch::InverterSocMove, _) => {
                format!("Inverter's estimate moved {} points further than the current explains", fixed(value.into(), 1))
            }
            (Watch::ControllerMode, _) => "The battery controller reports an error".to_owned(),
            // A rule and a subject that do not belong together: none is made so.
            (..) => self.id.to_owned(),
        }
    }
}

/// A value of a device point with its unit.
fn with_unit(value: f32, point: Option<&WatchedPoint>) -> String {
    let number = fixed(value.into(), 1).trimmed();
    match point.map_or("", |point| point.unit.symbol()) {
        "" => number.to_string(),
        unit => format!("{number} {unit}"),
    }
}
