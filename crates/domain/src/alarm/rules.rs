//! The rule table. A new alarm is one row here and one table test in `book.rs`.

use crate::decimal::fixed;
use crate::link::LinkIdx;
use crate::spec::SiteSpec;
use crate::topology::Topology;
use std::time::Duration;

/// How bad it is. Orders from harmless to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Voltage of a cell, V.
    CellVoltage,
    /// Temperature of a cell, °C.
    CellTemperature,
    /// Highest minus lowest cell voltage, V.
    CellSpread,
    /// Share of cells without a fresh voltage, %.
    CellsMissing,
    /// How far the bus lies below its recent level, %.
    BusSag,
    /// Delay of an AFE node's last answer, s.
    NodeDelay,
    /// State of an AFE node: 0 working, 1 delayed, 2 lost.
    NodeState,
    /// Age of a link's last valid reading, as a multiple of the link's `silent_after`.
    LinkSilence,
    /// Whether another device answers on a link than the one expected: 1, or 0 for the right one.
    LinkStranger,
    /// Battery power as a share of the state of power, %.
    SopUse,
    /// Controller mode: 10 is error.
    ControllerMode,
    /// How far the state of charge moved as no measured current explains, points.
    SocMove,
    /// The same of an inverter's estimate.
    InverterSocMove,
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
}

/// On which side of its limits a value is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Bad above the limit.
    Above,
    /// Bad below the limit.
    Below,
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
    pub raise: f32,
    /// Cleared on the good side of this.
    pub clear: f32,
    /// How long it must be bad before it is raised.
    pub on_delay: Duration,
    /// How long it must be good before it is cleared.
    pub off_delay: Duration,
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

/// Every alarm rule.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    Rule { id: "cell.voltage.low", severity: Severity::Critical, watch: Watch::CellVoltage, direction: Direction::Below,
        raise: 2.85, clear: 2.90, on_delay: ms(300), off_delay: ms(3_000), advice: "reduce the load, check the cell" },
    Rule { id: "cell.temperature.high", severity: Severity::Warning, watch: Watch::CellTemperature, direction: Direction::Above,
        raise: 45.0, clear: 43.0, on_delay: ms(1_000), off_delay: ms(5_000), advice: "reduce the load, check cooling and busbars" },
    Rule { id: "bus.sag", severity: Severity::Warning, watch: Watch::BusSag, direction: Direction::Above,
        raise: 5.0, clear: 3.5, on_delay: ms(400), off_delay: ms(2_000), advice: "the burst asks more than the pack gives stiffly" },
    Rule { id: "afe.node.delay", severity: Severity::Warning, watch: Watch::NodeDelay, direction: Direction::Above,
        raise: 0.25, clear: 0.15, on_delay: ms(600), off_delay: ms(3_000), advice: "check the daisy chain at this node" },
    Rule { id: "afe.node.lost", severity: Severity::Critical, watch: Watch::NodeState, direction: Direction::Above,
        raise: 1.5, clear: 0.5, on_delay: ms(600), off_delay: ms(2_000), advice: "its cells are not measured: check the daisy chain" },
    Rule { id: "link.silent", severity: Severity::Warning, watch: Watch::LinkSilence, direction: Direction::Above,
        raise: 1.0, clear: 1.0, on_delay: ms(200), off_delay: ms(1_000), advice: "check power and wiring of the device" },
    Rule { id: "cell.spread", severity: Severity::Warning, watch: Watch::CellSpread, direction: Direction::Above,
        raise: 0.060, clear: 0.045, on_delay: ms(5_000), off_delay: ms(10_000), advice: "see the worst cells" },
    Rule { id: "sop.use", severity: Severity::Warning, watch: Watch::SopUse, direction: Direction::Above,
        raise: 90.0, clear: 85.0, on_delay: ms(1_000), off_delay: ms(5_000), advice: "hardly any power is left" },
    Rule { id: "cells.missing", severity: Severity::Warning, watch: Watch::CellsMissing, direction: Direction::Above,
        raise: 0.0, clear: 0.0, on_delay: ms(2_000), off_delay: ms(2_000), advice: "see which module does not report" },
    Rule { id: "controller.error", severity: Severity::Critical, watch: Watch::ControllerMode, direction: Direction::Above,
        raise: 9.5, clear: 9.5, on_delay: ms(300), off_delay: ms(2_000), advice: "read the controller's fault memory" },
    Rule { id: "link.stranger", severity: Severity::Warning, watch: Watch::LinkStranger, direction: Direction::Above,
        raise: 0.5, clear: 0.5, on_delay: ms(200), off_delay: ms(1_000), advice: "nothing that it says is believed: connect the right device, or correct the site file" },
    Rule { id: "soc.impossible", severity: Severity::Warning, watch: Watch::SocMove, direction: Direction::Above,
        raise: MOVE_LIMIT_POINTS, clear: 0.5, on_delay: ms(2_000), off_delay: ms(10_000), advice: SOC_ADVICE },
    Rule { id: "soc.inverter.impossible", severity: Severity::Notice, watch: Watch::InverterSocMove, direction: Direction::Above,
        raise: MOVE_LIMIT_POINTS, clear: 0.5, on_delay: ms(2_000), off_delay: ms(10_000), advice: SOC_ADVICE },
];

/// Further than this no state of charge moves without charge, beyond all errors of measuring, points.
pub const MOVE_LIMIT_POINTS: f32 = 1.0;
const SOC_ADVICE: &str = "it was set anew, or does not count: check its capacity and calibration before relying on it";

impl RuleIdx {
    /// The rule, or `None` for a code that this version does not know.
    pub fn rule(self) -> Option<&'static Rule> {
        RULES.get(self.0 as usize)
    }
}

impl Rule {
    /// Whether `value` is beyond the raise limit.
    pub fn is_bad(&self, value: f32) -> bool {
        match self.direction {
            Direction::Above => value > self.raise,
            Direction::Below => value < self.raise,
        }
    }

    /// Whether `value` is on the good side of the clear limit.
    pub fn is_good(&self, value: f32) -> bool {
        match self.direction {
            Direction::Above => value <= self.clear,
            Direction::Below => value >= self.clear,
        }
    }

    /// What is wrong, in words, for a person: `Cell 7.12 is at 2 841 mV, limit 2 850`.
    pub fn words(&self, subject: Subject, value: f32, site: &SiteSpec, topology: &Topology) -> String {
        let cell = |c: u16| topology.cell_name(c as usize);
        let whole = |value: f32| fixed(value.into(), 0);
        let limit = whole(self.raise);
        match (self.watch, subject) {
            (Watch::CellVoltage, Subject::Cell(c)) => {
                format!("Cell {} at {} mV, limit {} mV", cell(c), whole(value * 1e3), whole(self.raise * 1e3))
            }
            (Watch::CellTemperature, Subject::Cell(c)) => {
                format!("Cell {} at {} °C, limit {limit} °C", cell(c), whole(value))
            }
            (Watch::CellSpread, _) => {
                format!("Cells {} mV apart, limit {} mV", whole(value * 1e3), whole(self.raise * 1e3))
            }
            (Watch::CellsMissing, _) => {
                let missing = whole(value / 100.0 * topology.cells() as f32);
                format!("{missing} of {} cells without a fresh voltage", topology.cells())
            }
            (Watch::BusSag, _) => format!("Bus sags by {} %, limit {limit} %", fixed(value.into(), 1)),
            (Watch::NodeDelay, Subject::Node(n)) => {
                let late =
                    if value < 1.0 { format!("{} ms", whole(value * 1e3)) } else { format!("{} s", whole(value)) };
                format!("AFE node {} answers {late} late, limit {} ms", n + 1, whole(self.raise * 1e3))
            }
            (Watch::NodeState, Subject::Node(n)) => format!("AFE node {} does not answer", n + 1),
            (Watch::LinkSilence, Subject::Link(l)) => match site.links.get(l.0 as usize) {
                Some(link) => format!("{} is silent", link.name),
                None => "A link is silent".to_owned(),
            },
            (Watch::LinkStranger, Subject::Link(l)) => match site.links.get(l.0 as usize) {
                Some(link) => format!("{}: another device answers than the one expected", link.name),
                None => "A link leads to another device than the one expected".to_owned(),
            },
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded frames name a rule by its number: a new rule goes to the end, and none ever goes.
    const NUMBERS: &[&str] = &[
        "cell.voltage.low",
        "cell.temperature.high",
        "bus.sag",
        "afe.node.delay",
        "afe.node.lost",
        "link.silent",
        "cell.spread",
        "sop.use",
        "cells.missing",
        "controller.error",
        "link.stranger",
        "soc.impossible",
        "soc.inverter.impossible",
    ];

    #[test]
    fn every_rule_keeps_its_number() {
        let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids, NUMBERS);
    }
}
