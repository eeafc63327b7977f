//! What answered on a link, in words: readings with units, frames that nobody knows, faults, and advice.

use crate::config::Kind;
use crate::device::unit;
use domain::engine::Input;
use domain::link::{FrameRow, LinkFault, LinkState, LinkStatus};
use domain::point::PointId;
use domain::reading::{CellQuantity, NodeQuantity, Sample, Target};
use domain::spec::SystemSpec;
use std::collections::HashMap;
use std::fmt::Write as _;

/// What came over a link while it was listened to.
#[derive(Debug, Default)]
pub struct Heard {
    samples: HashMap<Target, Sample>,
    status: LinkStatus,
}

impl Heard {
    /// Takes what the link tells the engine.
    pub fn take(&mut self, input: Input) {
        match input {
            Input::Batch(batch) => self.samples.extend(batch.readings.iter().map(|r| (r.target, r.sample))),
            Input::Link(_, status) => self.status = status,
            _ => {}
        }
    }

    /// Whether any value came; that a device says that it has none is no value.
    pub fn anything(&self) -> bool {
        self.samples.values().any(Sample::is_ok)
    }

    /// The state of the link, as last told.
    pub fn state(&self) -> LinkState {
        self.status.state
    }

    /// All of it in words; `frames` are the link's frames, `system` names its cells and the points of its devices.
    pub fn report(&self, kind: &Kind, system: &SystemSpec, frames: &[FrameRow]) -> String {
        let topology = &system.topology;
        let mut text = format!("{}: {} frames\n", self.status.state.word(), self.status.frames);
        for point in PointId::ALL {
            if let Some(sample) = self.samples.get(&Target::Point(*point)) {
                let _ = writeln!(
                    text,
                    "  {:<30} {}",
                    point.spec().path,
                    with_unit(*sample, unit::symbol(Target::Point(*point)))
                );
            }
        }
        for (number, point) in (0..).zip(system.device_points.iter()) {
            if let Some(sample) = self.samples.get(&Target::Device(number)) {
                let _ = writeln!(text, "  {:<30} {}", point.path, with_unit(*sample, point.unit.symbol()));
            }
        }
        for quantity in CellQuantity::ALL {
            let all = topology.cells();
            text += &self.many(quantity.path(), all, |n| Target::Cell(quantity, n), |n| topology.cell_name(n.into()));
        }
        for quantity in NodeQuantity::ALL {
            let all = topology.modules();
            text += &self.many(quantity.path(), all, |n| Target::Node(quantity, n), |n| (n + 1).to_string());
        }
        for fault in LinkFault::ALL {
            if self.status.faults(fault) > 0 {
                let _ = writeln!(text, "  {}: {}", fault.words(), self.status.faults(fault));
            }
        }
        if self.anything() && !self.status.reason.is_empty() {
            let _ = writeln!(text, "  {}", self.status.reason);
        }
        for row in frames.iter().filter(|row| row.decoded.is_empty()) {
            let raw: Vec<String> = row.raw.iter().map(|byte| format!("{byte:02X}")).collect();
            let _ = writeln!(text, "  {} {}: {} times, last {}", row.key, row.name, row.count, raw.join(" "));
        }
        if let Some(advice) = self.advice(kind) {
            let _ = writeln!(text, "{advice}");
        }
        text
    }

    /// Cells or nodes in one line: how many have a value, the lowest and the highest.
    fn many(&self, path: &str, all: usize, target: impl Fn(u16) -> Target, name: impl Fn(u16) -> String) -> String {
        let sample = |n: u16| self.samples.get(&target(n)).map(|sample| (n, *sample));
        let told: Vec<(u16, Sample)> = (0..=u16::MAX).take(all).filter_map(sample).collect();
        let good = || told.iter().filter_map(|(n, sample)| sample.ok().map(|value| (*n, value)));
        let (low, high) = (good().min_by(|a, b| a.1.total_cmp(&b.1)), good().max_by(|a, b| a.1.total_cmp(&b.1)));
        let mut text = String::new();
        if let (Some((at_low, low)), Some((at_high, high))) = (low, high) {
            let unit = unit::symbol(target(0));
            let (at_low, at_high) = (name(at_low), name(at_high));
            let count = good().count();
            let _ =
                writeln!(text, "  {path:<30} {count} of {all}: {low} {unit} ({at_low}) to {high} {unit} ({at_high})");
        }
        let invalid = told.iter().filter(|(_, sample)| sample.is_err()).count();
        if invalid > 0 {
            let _ = writeln!(text, "  {path:<30} {invalid} marked invalid by the device");
        }
        text
    }

    /// What to try when no value came.
    fn advice(&self, kind: &Kind) -> Option<String> {
        let count = |fault| self.status.faults(fault);
        if self.anything() {
            return None;
        }
        let text = if !self.status.reason.is_empty() {
            &self.status.reason
        } else if count(LinkFault::WrongLength) > 0 {
            "Frames have other lengths than in the DBC file: is it the file of this device and this version?"
        } else if count(LinkFault::UnknownId) > 0 {
            "Frames came, but none that the DBC file has: is it the file of this device, and are its identifiers \
             extended or standard as on the bus?"
        } else if count(LinkFault::Impossible) > 0 {
            "Values came, but none that can be: are byte order, scale and type right?"
        } else if count(LinkFault::Malformed) > 0 {
            "What came does not follow the protocol: is the sender of this kind?"
        } else if count(LinkFault::OutsideRange) > 0 {
            "Values came, but all outside of the ranges that the DBC file declares: is it the file of this device?"
        } else if count(LinkFault::OtherSender) > 0 {
            "Packets came, but of another sender than `peer` names"
        } else if !self.samples.is_empty() {
            "The device answers, but marks every value as invalid: is its measurement running?"
        } else if self.status.frames > 0 {
            "Frames came, but none with a value of the map: does the map name the right signals?"
        } else if count(LinkFault::Refused) > 0 {
            "It was refused: is the unit identifier right, and does the device have these registers?"
        } else {
            kind.advice
        };
        Some(text.to_owned())
    }
}

fn with_unit(sample: Sample, symbol: &str) -> String {
    match sample {
        Ok(value) => format!("{value} {symbol}").trim_end().to_owned(),
        Err(reason) => reason.words().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KINDS;
    use domain::link::LinkIdx;
    use domain::point::{DevicePoint, PointLimits, Unit};
    use domain::reading::{Batch, NoData, Reading};
    use domain::spec::SystemIdx;
    use domain::time::{Mono, Now, Utc};
    use domain::topology::Topology;
    use std::time::Duration;

    fn kind(key: &str) -> &'static Kind {
        KINDS.iter().find(|kind| kind.key == key).unwrap()
    }

    #[test]
    fn readings_have_units_and_cells_are_summed_up() {
        let mut heard = Heard::default();
        let cell = |n, sample| Reading { target: Target::Cell(CellQuantity::Voltage, n), sample };
        let soc = Reading { target: Target::Point(PointId::Soc), sample: Ok(71.5) };
        let mut readings = vec![soc, cell(0, Ok(3.25)), cell(3, Ok(3.5)), cell(2, Err(NoData::Error))];
        readings.extend(
            [(0, Ok(412.5)), (1, Err(NoData::Error))].map(|(n, sample)| Reading { target: Target::Device(n), sample }),
        );
        let point = |path: &str, unit| DevicePoint {
            path: path.to_owned(),
            unit,
            resolution: 0.1,
            max_age: Duration::from_secs(5),
            limits: PointLimits::default(),
        };
        let mut system = SystemSpec::new("hv", "Pack", Topology::new(1, 2, 2), 280.0, 13.0);
        system.device_points =
            [point("hall/gpu/1/power", Unit::Watt), point("hall/fan", Unit::Number), point("hall/idle", Unit::Number)]
                .into();
        let at = Now { utc: Utc(0), mono: Mono(0) };
        heard.take(Input::Batch(Batch { link: LinkIdx(0), system: SystemIdx(0), at, readings }));
        let unknown = FrameRow {
            key: "0x777".into(),
            name: "unknown id".into(),
            count: 2,
            period_ms: None,
            age_ms: 1,
            raw: vec![1, 0xAB],
            decoded: Vec::new(),
        };
        let text = heard.report(kind("cannelloni"), &system, &[unknown]);
        let lines: Vec<String> = text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            lines,
            [
                "idle: 0 frames",
                "battery/soc 71.5 %",
                "hall/gpu/1/power 412.5 W",
                &format!("hall/fan {}", NoData::Error.words()),
                "cells/voltage 2 of 4: 3.25 V (1.1) to 3.5 V (2.2)",
                "cells/voltage 1 marked invalid by the device",
                "0x777 unknown id: 2 times, last 01 AB",
            ]
        );
    }

    #[test]
    fn silence_gets_advice() {
        let system = SystemSpec::new("hv", "Pack", Topology::NONE, 280.0, 48.0);
        for (key, words) in [
            ("cannelloni", "firewall"),
            ("candump", "candump -L"),
            ("modbus-tcp", "one connection only"),
            ("shared-memory", "on this machine"),
        ] {
            let text = Heard::default().report(kind(key), &system, &[]);
            assert!(text.contains(words), "{text}");
        }
    }
}
