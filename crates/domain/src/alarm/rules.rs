//! The rule table. A new alarm is one row here and one table test in `book.rs`.

use crate::link::LinkIdx;
use crate::point::{PointId, PointLimits};
use crate::sag;
use crate::spec::SystemSpec;
use crate::wire::Wire;
use std::time::Duration;

/// How bad it is. Orders from harmless to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Wire)]
#[repr(u8)]
pub enum Severity {
    /// Worth knowing.
    Notice = 0,
    /// Needs a look soon.
    Warning = 1,
    /// Needs action now.
    Critical = 2,
}

impl Severity {
    /// The severity in one word.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Notice => "notice",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }

    /// All of them, from harmless to worst.
    pub const ALL: [Severity; 3] = [Severity::Notice, Severity::Warning, Severity::Critical];
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Watch {
    /// Voltage of a cell, V; of a system whose cells are not seen, the lowest as the BMS says.
    CellVoltageLow,
    /// The same; of a system whose cells are not seen, the highest.
    CellVoltageHigh,
    /// Temperature of a cell, °C; of a system whose cells are not seen, the highest that is known of the battery.
    CellTemperatureHigh,
    /// The same; of a system whose cells are not seen, the lowest.
    CellTemperatureLow,
    /// Lowest temperature that is known of the battery while it is charged, °C.
    ChargeColdest,
    /// Highest temperature that is known of the battery while it is charged, °C.
    ChargeHottest,
    /// Lowest temperature that is known of the battery while it is discharged, °C.
    DischargeColdest,
    /// Highest temperature that is known of the battery while it is discharged, °C.
    DischargeHottest,
    /// Highest minus lowest cell voltage, V.
    CellSpread,
    /// Share of cells without a fresh voltage, %.
    CellsMissing,
    /// How far the pack voltage lies below its recent level, %: see [`crate::sag`].
    BusSag,
    /// Pack voltage, V; none if it cannot be.
    PackVoltage,
    /// How far a pack voltage that cannot be is off the nominal one, %; 0 for one that can be.
    VoltageOff,
    /// Charge current, A; 0 while the battery is not charged.
    ChargeCurrent,
    /// Discharge current, A; 0 while the battery is not discharged.
    DischargeCurrent,
    /// Charge current or power as a share of what the BMS allows, %.
    ChargeLimitUse,
    /// Discharge current or power as a share of what the BMS allows, %.
    DischargeLimitUse,
    /// State of charge, %.
    SocLow,
    /// Insulation resistance to earth, kΩ.
    Insulation,
    /// 0 while contactor feedback is as commanded; else both: the command's bits above those of the feedback.
    ContactorMismatch,
    /// Events that the BMS calls alarms, as bits of [`crate::bms`].
    BmsAlarms,
    /// Events that the BMS calls warnings, as bits.
    BmsWarnings,
    /// For how long a value has been repeated since what belongs to it moved, s: see [`crate::frozen`].
    StandsStill,
    /// Delay of an AFE node's last answer, s.
    NodeDelay,
    /// State of an AFE node: 0 working, 1 delayed, 2 lost.
    NodeState,
    /// Age of a link's last valid reading, as a multiple of the link's `silent_after`.
    LinkSilence,
    /// Whether another device answers on a link than the one expected: 1, or 0 for the right one.
    LinkWrongDevice,
    /// Battery power as a share of the state of power, %.
    SopUse,
    /// Controller mode: 10 is error.
    ControllerMode,
    /// How far the state of charge moved as no measured current explains, points.
    SocMove,
    /// The same of an inverter's estimate.
    InverterSocMove,
    /// A device point whose table gives it a highest value, in its unit.
    DevicePointHigh,
    /// A device point whose table gives it a lowest value, in its unit.
    DevicePointLow,
    /// For how many of its max ages a device point with limits has had no value, while its link delivers.
    DevicePointAge,
}

/// What a rule was raised for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The whole system.
    System,
    /// One cell, from 0.
    Cell(u16),
    /// One AFE node, from 0.
    Node(u16),
    /// One link of the site.
    Link(LinkIdx),
    /// One point of the system.
    Point(PointId),
    /// One device point, by its number in [`SystemSpec::device_points`].
    Device(u16),
}

/// On which side of its limits a value is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Bad above the limit.
    Above,
    /// Bad below the limit.
    Below,
}

/// Where a rule's limit comes from.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// It is the same for every system.
    Fixed(f32),
    /// It follows from the system; the name is that of its key in the site file, see [`crate::limits::KEYS`].
    Of(&'static str, fn(&SystemSpec) -> f32),
    /// Each subject has its own, from the register table of its device; the name is that of the key there.
    OfSubject(&'static str, fn(&PointLimits) -> Option<f32>),
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Name in the API and in history.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is looked at.
    pub watch: Watch,
    /// On which side it is bad.
    pub direction: Direction,
    /// Raised beyond this.
    pub limit: Limit,
    /// How far on the good side of its limit it is cleared, in the unit of what is watched; not negative.
    pub deadband: f32,
    /// How long it must be bad before it is raised.
    pub on_delay: Duration,
    /// How long it must be good before it is cleared.
    pub off_delay: Duration,
    /// Whether it stays until a person resets it, though its condition is gone: the battery must be looked at before it
    /// goes on.
    pub latching: bool,
    /// What to do, in a few words.
    pub advice: &'static str,
}

/// A rule's place in [`RULES`]; also its code in the live stream, so new rules go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIdx(pub u8);

const _: () = assert!(RULES.len() <= u8::MAX as usize, "a rule's place is told in eight bits");

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

use Direction::{Above, Below};
use Limit::{Fixed, Of, OfSubject};
use Severity::{Critical, Notice, Warning};

macro_rules! rules {
    ($($id:literal $severity:ident $watch:ident $direction:ident $limit:expr, deadband $deadband:expr,
        delay $on:literal $off:literal, $end:ident, $advice:literal, $consequence:literal;)*) => {
        /// Every alarm rule. Delays are in ms. The order is that of the live stream: new rules go to the end.
        pub const RULES: &[Rule] = &[$(Rule {
            id: $id, severity: $severity, watch: Watch::$watch, direction: $direction, limit: $limit,
            deadband: $deadband, on_delay: ms($on), off_delay: ms($off), latching: $end, advice: $advice,
        },)*];

        /// What happens if nothing is done, by rule. Apart from the rules: most pages do without, and need not load it.
        const CONSEQUENCES: &[&str] = &[$($consequence,)*];
    };
}

/// It stays until a person resets it: what it says may have damaged the battery or made it dangerous, and no measured
/// value can show that this is over. Too low and too high cells (and packs, where no cell is seen), charging in the cold
/// (lithium plates) or in the heat, giving power in the heat, insulation, contactors. What a device reports of itself is
/// latched by that device; links, sensors and loads are well again when they measure well.
const LATCHES: bool = true;
/// It is over with its condition.
const ENDS: bool = false;

/// Measured currents are not exact: so far beyond its limit a current is an over-current.
const OVER: f32 = 1.05;

/// How far on the good side of a limit of its own a device point's alarm is cleared, as a share of the limit; a step of
/// the point at least.
const OWN_DEADBAND: f32 = 0.02;

#[rustfmt::skip]
rules! {
    "cell.voltage.low" Critical CellVoltageLow Below Of("cell_voltage_min_v", |s| s.limits.cell_voltage_v.low), deadband 0.05, delay 300 3_000, LATCHES,
        "stop discharging, then check the cell",
        "the cell is damaged for good and may short inside when it is charged again";
    "cell.temperature.high" Warning CellTemperatureHigh Above Of("temperature_warning_max_c", |s| s.limits.temperature_warning_c.high), deadband 2.0, delay 1_000 5_000, ENDS,
        "reduce the load, check cooling and busbars",
        "cells age fast; beyond the next limit the battery must stop";
    "bus.sag" Warning BusSag Above Of("sag_max_pct", |s| s.limits.sag_pct), deadband sag::DEADBAND_PCT, delay 400 2_000, ENDS,
        "lower the burst power, or check state of charge and internal resistance",
        "the load loses power when the bus falls below what its converters take";
    "afe.node.delay" Warning NodeDelay Above Fixed(0.25), deadband 0.1, delay 600 3_000, ENDS,
        "check the daisy chain at this node",
        "values of its cells come late; the node may be lost next";
    "afe.node.lost" Critical NodeState Above Fixed(1.5), deadband 1.0, delay 600 2_000, ENDS,
        "its cells are not measured: check the daisy chain",
        "a cell there can leave its limits unseen";
    "link.silent" Warning LinkSilence Above Fixed(1.0), deadband 0.0, delay 200 1_000, ENDS,
        "check power and wiring of the device",
        "nothing that comes over it is known, and no limit of it is watched";
    "cell.spread" Warning CellSpread Above Of("cell_spread_max_mv", |s| s.limits.cell_spread_v), deadband 0.015, delay 5_000 10_000, ENDS,
        "see the worst cells, let the BMS balance them",
        "the weakest cell ends charge and discharge early, and less capacity is left";
    "sop.use" Warning SopUse Above Fixed(90.0), deadband 5.0, delay 1_000 5_000, ENDS,
        "hardly any power is left: lower the load",
        "a further load drops the bus, or the BMS opens the contactors";
    "cells.missing" Warning CellsMissing Above Fixed(0.0), deadband 0.0, delay 2_000 2_000, ENDS,
        "see which module does not report",
        "a cell that is not seen can leave its limits unnoticed";
    "controller.error" Critical ControllerMode Above Fixed(9.5), deadband 0.0, delay 300 2_000, ENDS,
        "read the controller's fault memory",
        "the controller may stop the battery or follow no command";
    "link.stranger" Warning LinkWrongDevice Above Fixed(0.5), deadband 0.0, delay 200 1_000, ENDS,
        "its data is ignored: connect the right device, or correct the site file",
        "the right device is not seen at all";
    "soc.impossible" Warning SocMove Above Fixed(MOVE_LIMIT_POINTS), deadband 0.5, delay 2_000 10_000, ENDS,
        "the BMS was reset or does not integrate current: check capacity and calibration",
        "reserve and run time are wrong: the battery may be empty before it says so";
    "soc.inverter.impossible" Notice InverterSocMove Above Fixed(MOVE_LIMIT_POINTS), deadband 0.5, delay 2_000 10_000, ENDS,
        "the inverter was reset or does not integrate current: check its capacity setting and calibration",
        "the inverter stops charge or discharge at the wrong time";
    "cell.voltage.high" Critical CellVoltageHigh Above Of("cell_voltage_max_v", |s| s.limits.cell_voltage_v.high), deadband 0.05, delay 300 3_000, LATCHES,
        "stop charging, then check the cell and the charger's voltage",
        "the cell is damaged for good and may vent or burn";
    "cell.voltage.high.warning" Warning CellVoltageHigh Above Of("cell_voltage_warning_max_v", |s| s.limits.cell_voltage_warning_v.high), deadband 0.05, delay 1_000 5_000, ENDS,
        "lower the charge voltage or current, let the BMS balance the cells",
        "the cell reaches its limit, and charging must stop";
    "cell.voltage.low.warning" Warning CellVoltageLow Below Of("cell_voltage_warning_min_v", |s| s.limits.cell_voltage_warning_v.low), deadband 0.05, delay 1_000 5_000, ENDS,
        "lower the load, recharge soon",
        "the cell reaches its limit, and the load loses power";
    "pack.voltage.high" Critical PackVoltage Above Of("pack_voltage_max_v", |s| s.limits.pack_voltage_v.high), deadband 0.2, delay 1_000 5_000, LATCHES,
        "stop charging, then check the charger's voltage",
        "cells are damaged for good and may vent or burn";
    "pack.voltage.low" Critical PackVoltage Below Of("pack_voltage_min_v", |s| s.limits.pack_voltage_v.low), deadband 0.2, delay 1_000 5_000, LATCHES,
        "stop discharging, recharge soon",
        "cells are damaged for good, or the BMS opens the contactors";
    "cell.temperature.low" Warning CellTemperatureLow Below Of("temperature_warning_min_c", |s| s.limits.temperature_warning_c.low), deadband 2.0, delay 5_000 10_000, ENDS,
        "warm the battery before charging it",
        "charging a cold cell damages it";
    "charge.temperature.low" Critical ChargeColdest Below Of("charge_temperature_min_c", |s| s.limits.charge_temperature_c.low), deadband 2.0, delay 1_000 2_000, LATCHES,
        "stop charging: a cold cell is damaged by it; warm the battery first",
        "lithium plates on the cell: less capacity, and a short inside later";
    "charge.temperature.high" Critical ChargeHottest Above Of("charge_temperature_max_c", |s| s.limits.charge_temperature_c.high), deadband 2.0, delay 1_000 2_000, LATCHES,
        "stop charging, check cooling",
        "cells age fast and may vent or burn";
    "discharge.temperature.low" Critical DischargeColdest Below Of("discharge_temperature_min_c", |s| s.limits.discharge_temperature_c.low), deadband 2.0, delay 1_000 2_000, ENDS,
        "stop discharging, warm the battery",
        "little power is left, and the bus sags";
    "discharge.temperature.high" Critical DischargeHottest Above Of("discharge_temperature_max_c", |s| s.limits.discharge_temperature_c.high), deadband 2.0, delay 1_000 2_000, LATCHES,
        "stop discharging, check cooling",
        "cells age fast and may vent or burn";
    "current.charge.high" Critical ChargeCurrent Above Of("charge_current_max_a", |s| OVER * s.limits.charge_current_a), deadband 1.0, delay 2_000 5_000, ENDS,
        "lower the charge current, check the charger's setting",
        "cells and busbars heat up, and the BMS opens the contactors";
    "current.discharge.high" Critical DischargeCurrent Above Of("discharge_current_max_a", |s| OVER * s.limits.discharge_current_a), deadband 1.0, delay 2_000 5_000, ENDS,
        "lower the load",
        "cells and busbars heat up, and the BMS opens the contactors";
    "bms.limit.charge" Critical ChargeLimitUse Above Fixed(110.0), deadband 5.0, delay 2_000 5_000, ENDS,
        "the charger does not keep to the BMS's limit: lower its power, check their connection",
        "the BMS opens the contactors under load";
    "bms.limit.discharge" Critical DischargeLimitUse Above Fixed(110.0), deadband 5.0, delay 2_000 5_000, ENDS,
        "the load does not keep to the BMS's limit: lower it before the BMS opens the contactors",
        "the BMS opens the contactors under load";
    "soc.low" Warning SocLow Below Of("reserve_pct", |s| s.reserve_pct), deadband 1.0, delay 10_000 10_000, ENDS,
        "the backup reserve is in use: recharge, or lower the load",
        "in an outage the battery is empty earlier than planned";
    "insulation.low" Critical Insulation Below Of("insulation_min_kohm", |s| s.limits.insulation_kohm), deadband 5.0, delay 2_000 5_000, LATCHES,
        "touch nothing: switch the system off and have the insulation to earth checked",
        "touching the battery can kill, and a second fault shorts it";
    "insulation.low.warning" Warning Insulation Below Of("insulation_warning_min_kohm", |s| s.limits.insulation_warning_kohm), deadband 20.0, delay 5_000 10_000, ENDS,
        "look for moisture and damaged cables before it becomes dangerous",
        "it becomes dangerous to touch, and the battery must be switched off";
    "contactor.mismatch" Critical ContactorMismatch Above Fixed(0.5), deadband 0.0, delay 2_000 2_000, LATCHES,
        "a contactor is stuck or its feedback is broken: do not rely on it to open",
        "the battery cannot be disconnected when it must be, or does not connect";
    "bms.alarm" Critical BmsAlarms Above Fixed(0.5), deadband 0.0, delay 300 2_000, ENDS,
        "see the BMS's own display or manual",
        "the BMS opens the contactors";
    "bms.warning" Warning BmsWarnings Above Fixed(0.5), deadband 0.0, delay 300 2_000, ENDS,
        "see the BMS's own display or manual",
        "it becomes an alarm of the BMS";
    "value.frozen" Warning StandsStill Above Fixed(10.0), deadband 0.0, delay 2_000 2_000, ENDS,
        "it repeats an old value: restart its gateway or sensor, do not rely on it",
        "a change goes unseen: no limit of this value is watched";
    "voltage.impossible" Warning VoltageOff Above Fixed(0.5), deadband 0.0, delay 5_000 5_000, ENDS,
        "a register overflows or its scale is wrong: check the mapping, and nominal_v in the site file",
        "limits of the pack voltage are not watched";
    "device.point.high" Warning DevicePointHigh Above OfSubject("alarm_above", |limits| limits.high), deadband 0.0, delay 2_000 5_000, ENDS,
        "check the device",
        "the device is damaged, or stops";
    "device.point.low" Warning DevicePointLow Below OfSubject("alarm_below", |limits| limits.low), deadband 0.0, delay 2_000 5_000, ENDS,
        "check the device",
        "the device is damaged, or stops";
    "device.point.stale" Warning DevicePointAge Above Fixed(1.0), deadband 0.0, delay 5_000 2_000, ENDS,
        "check its sensor, and the device if it does not answer",
        "its limit is not watched";
}

/// Further than this no state of charge moves without charge, beyond all errors of measuring, points.
pub const MOVE_LIMIT_POINTS: f32 = 1.0;

impl RuleIdx {
    /// The rule, or `None` for a code that this version does not know.
    pub fn rule(self) -> Option<&'static Rule> {
        RULES.get(self.0 as usize)
    }

    /// What happens if nothing is done, in a few words; empty for a code that this version does not know.
    pub fn consequence(self) -> &'static str {
        CONSEQUENCES.get(self.0 as usize).copied().unwrap_or_default()
    }
}

/// A rule with the limits that it has in one system.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The rule.
    pub rule: &'static Rule,
    /// Raised beyond this.
    pub raise: f32,
    /// Cleared on the good side of this.
    pub clear: f32,
}

impl Bound {
    /// Whether `value` is beyond the raise limit.
    pub fn is_bad(&self, value: f32) -> bool {
        match self.rule.direction {
            Direction::Above => value > self.raise,
            Direction::Below => value < self.raise,
        }
    }

    /// Whether `value` is on the good side of the clear limit.
    pub fn is_good(&self, value: f32) -> bool {
        match self.rule.direction {
            Direction::Above => value <= self.clear,
            Direction::Below => value >= self.clear,
        }
    }
}

impl Rule {
    /// The rule with the limits that it has in `system`. Of one whose subjects have limits of their own these are none:
    /// nothing is beyond them.
    pub fn bound(&'static self, system: &SystemSpec) -> Bound {
        self.bound_of(system, Subject::System)
    }

    /// The rule with the limits that it has for a subject of `system`.
    pub fn bound_of(&'static self, system: &SystemSpec, subject: Subject) -> Bound {
        let point = match subject {
            Subject::Device(number) => system.watched_point(number),
            _ => None,
        };
        let mut deadband = self.deadband;
        let raise = match self.limit {
            Limit::Fixed(limit) => limit,
            Limit::Of(_, limit) => limit(system),
            Limit::OfSubject(_, limit) => {
                let limit = point.and_then(|point| limit(&point.limits)).unwrap_or(f32::NAN);
                deadband = point.map_or(0.0, |point| point.resolution).max(OWN_DEADBAND * limit.abs());
                limit
            }
        };
        let clear = match self.direction {
            // The definition of a sag is that of playback and analysis too.
            Direction::Above if self.watch == Watch::BusSag => sag::clear_pct(raise),
            Direction::Above => raise - deadband,
            Direction::Below => raise + deadband,
        };
        Bound { rule: self, raise, clear }
    }
}
