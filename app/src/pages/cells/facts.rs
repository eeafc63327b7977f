//! What is known of one cell, and of those that belong together.

use super::model::{Cells, Passed};
use crate::format::{self, THIN};
use crate::pages::map_quantity::MapQuantity;
use domain::cells::ColumnStats;
use domain::reading::{NodeQuantity, Sample};
use domain::topology::Topology;
use std::ops::Range;

/// What the panel of one cell says.
#[derive(Clone, Debug, PartialEq)]
pub struct CellFacts {
    /// The voltage, V.
    pub voltage: Sample,
    /// Age of the last good voltage, s.
    pub voltage_age_s: Option<f32>,
    /// The temperature, °C.
    pub temperature: Sample,
    /// Age of the last good temperature, s.
    pub temperature_age_s: Option<f32>,
    /// Voltage minus the mean of all cells at that instant, V.
    pub deviation: Sample,
    /// Voltage minus the mean of the cells of its module at that instant, V.
    pub module_deviation: Sample,
    /// Place by voltage, 1 is the lowest, and among how many fresh cells.
    pub rank: Option<(usize, usize)>,
    /// The limits it has passed.
    pub passed: Vec<Passed>,
}

/// Cells that belong together, in one line: a module, or a whole rack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupFacts {
    /// Voltages over its fresh cells, V; cells counted over the system.
    pub voltage: Option<ColumnStats>,
    /// Temperatures over its fresh cells, °C; cells counted over the system.
    pub temperature: Option<ColumnStats>,
    /// What its AFE nodes say of themselves.
    pub nodes: NodeTally,
}

/// How many AFE nodes are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeTally {
    /// Measuring.
    pub working: usize,
    /// Answering late.
    pub delayed: usize,
    /// Not answering.
    pub lost: usize,
    /// Of which nothing is known now.
    pub unknown: usize,
    /// The longest delay of an answer, ms; of one node only where it says so.
    pub delay_ms: Option<u32>,
}

impl NodeTally {
    /// The states in words: one word for one node, counts for several. A node of which nothing is known is only then
    /// silent when the server would know of it: `outdated` is whether it is away.
    pub fn words(&self, outdated: bool) -> String {
        let unknown = if outdated { "not known" } else { "no report" };
        let counts =
            [(self.lost, "lost"), (self.delayed, "delayed"), (self.unknown, unknown), (self.working, "working")];
        let one = self.working + self.delayed + self.lost + self.unknown == 1;
        let seen = counts.iter().filter(|(n, _)| *n > 0);
        let words = seen.map(|(n, word)| if one { (*word).to_owned() } else { format!("{n} {word}") });
        let mut words = words.collect::<Vec<_>>().join(", ");
        if let Some(ms) = self.delay_ms {
            let delay = if ms < 1_000 { format!("{ms}{THIN}ms") } else { format::age(ms as f32 / 1e3) };
            words.push_str(&format!(", {delay}"));
        }
        words
    }

    /// Whether any node is not measuring.
    pub fn is_bad(&self) -> bool {
        self.delayed + self.lost > 0
    }
}

impl Cells<'_> {
    /// All that is known of `cell`; `None` when the system has no such cell.
    pub fn facts(&self, cell: usize) -> Option<CellFacts> {
        self.topology.position(cell)?;
        let voltage = self.sample(MapQuantity::Voltage, cell);
        let deviation = self.sample(MapQuantity::Deviation, cell);
        // Against the cells of its module at the same instant.
        let (module, width) = (self.topology.module_of(cell), self.topology.cells_per_module as usize);
        let beside =
            (module * width..(module + 1) * width).filter_map(|cell| self.sample(MapQuantity::Deviation, cell).ok());
        let (sum, n) = beside.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
        let rank = voltage.ok().map(|v| {
            let values = || (0..self.count()).filter_map(|c| self.sample(MapQuantity::Voltage, c).ok());
            (1 + values().filter(|other| *other < v).count(), values().count())
        });
        Some(CellFacts {
            voltage,
            voltage_age_s: self.last(MapQuantity::Voltage, cell).map(|(_, age)| age),
            temperature: self.sample(MapQuantity::Temperature, cell),
            temperature_age_s: self.last(MapQuantity::Temperature, cell).map(|(_, age)| age),
            deviation,
            module_deviation: deviation.map(|own| own - sum / f32::max(n, 1.0)),
            rank,
            passed: self.passed(cell),
        })
    }

    /// What the system is made of: its modules, or its racks where it has several.
    pub fn groups(&self) -> Vec<GroupFacts> {
        let Topology { racks, modules_per_rack, .. } = self.topology;
        let modules = |from: usize, n: usize| self.group(from..from + n);
        match racks {
            0 | 1 => (0..self.topology.modules()).map(|module| modules(module, 1)).collect(),
            _ => (0..racks as usize)
                .map(|rack| modules(rack * modules_per_rack as usize, modules_per_rack as usize))
                .collect(),
        }
    }

    fn group(&self, modules: Range<usize>) -> GroupFacts {
        let width = self.topology.cells_per_module as usize;
        let cells = modules.start * width..modules.end * width;
        let stats = |by| ColumnStats::of(cells.clone().filter_map(|cell| Some((cell, self.sample(by, cell).ok()?))));
        let mut nodes = NodeTally::default();
        for module in modules {
            let reported =
                |quantity| self.snapshot.state.nodes.get(module).map(|n| n.sample(quantity, self.snapshot.now.mono));
            if let Some(Ok(delay_s)) = reported(NodeQuantity::Delay) {
                nodes.delay_ms = nodes.delay_ms.max(Some((delay_s * 1e3).round() as u32));
            }
            let node = reported(NodeQuantity::State);
            match node {
                Some(Ok(state)) if state < 0.5 => nodes.working += 1,
                Some(Ok(state)) if state < 1.5 => nodes.delayed += 1,
                Some(Ok(_)) => nodes.lost += 1,
                Some(Err(_)) | None => nodes.unknown += 1,
            }
        }
        GroupFacts { voltage: stats(MapQuantity::Voltage), temperature: stats(MapQuantity::Temperature), nodes }
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{example, spec};
    use super::*;
    use domain::reading::NoData;
    use domain::spec::SystemSpec;

    #[test]
    fn a_cells_facts_compare_it_with_its_module_and_with_all() {
        let (snapshot, spec) = (example(), spec());
        let cells = Cells::of(&snapshot, &spec);
        let facts = cells.facts(2).unwrap();
        assert_eq!((facts.voltage, facts.rank), (Ok(3.19), Some((2, 5))));
        assert!((facts.voltage_age_s.unwrap() - 0.4).abs() < 1e-4);
        assert!((facts.deviation.unwrap() - 0.07).abs() < 1e-4);
        assert!((facts.module_deviation.unwrap() + 0.01).abs() < 1e-4);
        let gone = cells.facts(5).unwrap();
        assert_eq!((gone.voltage, gone.deviation, gone.rank), (Err(NoData::Error), Err(NoData::Error), None));
        assert!(cells.facts(6).is_none());
    }

    #[test]
    fn a_module_says_what_its_fresh_cells_say() {
        let (snapshot, spec) = (example(), spec());
        let groups = Cells::of(&snapshot, &spec).groups();
        let voltage = groups[1].voltage.unwrap();
        assert_eq!((groups.len(), voltage.fresh, voltage.min_at, voltage.max_at), (2, 2, 3, 4));
        assert!((voltage.mean - 3.0).abs() < 1e-6);
        assert_eq!(groups[1].temperature.map(|t| t.fresh), Some(1));
        assert_eq!(groups[1].nodes.words(false), "no report");
        assert_eq!(groups[1].nodes.words(true), "not known", "the node is not blamed for the server");
    }

    #[test]
    fn racks_are_told_together() {
        let racks = SystemSpec { topology: Topology::new(2, 1, 3), ..spec() };
        let snapshot = example();
        let groups = Cells::of(&snapshot, &racks).groups();
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[1].voltage.map(|v| v.min_at), Some(3));
        for (tally, words) in [
            (NodeTally { working: 10, ..NodeTally::default() }, "10 working"),
            (NodeTally { working: 8, lost: 1, delayed: 1, ..NodeTally::default() }, "1 lost, 1 delayed, 8 working"),
            (NodeTally { lost: 1, ..NodeTally::default() }, "lost"),
            (NodeTally { working: 1, delay_ms: Some(12), ..NodeTally::default() }, "working, 12\u{202f}ms"),
        ] {
            assert_eq!(tally.words(false), words);
        }
    }
}
