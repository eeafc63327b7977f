//! Names of subjects that stay the same when the process starts again or the site file changes its order: what active
//! alarms are kept by.

use super::rules::Subject;
use crate::lab::parse_cell;
use crate::link::LinkIdx;
use crate::spec::SiteSpec;
use crate::topology::Topology;

const SYSTEM: &str = "system";
const CELL: &str = "cell ";
const NODE: &str = "node ";
const LINK: &str = "link ";

impl Subject {
    /// The name: `system`, `cell 7.12`, `node 3` or `link bms`.
    pub fn name(self, site: &SiteSpec, topology: &Topology) -> String {
        match self {
            Subject::System => SYSTEM.to_owned(),
            Subject::Cell(cell) => format!("{CELL}{}", topology.cell_name(cell.into())),
            Subject::Node(node) => format!("{NODE}{}", u32::from(node) + 1),
            Subject::Link(LinkIdx(link)) => match site.links.get(usize::from(link)) {
                Some(link) => format!("{LINK}{}", link.id),
                None => format!("{LINK}{link}"),
            },
        }
    }

    /// The subject of this name; `None` if the site and the system's topology have none such.
    pub fn from_name(name: &str, site: &SiteSpec, topology: &Topology) -> Option<Subject> {
        if name == SYSTEM {
            return Some(Subject::System);
        }
        if let Some(cell) = name.strip_prefix(CELL) {
            return Some(Subject::Cell(u16::try_from(parse_cell(cell, topology)?).ok()?));
        }
        if let Some(node) = name.strip_prefix(NODE) {
            let node = node.parse::<usize>().ok()?.checked_sub(1).filter(|node| *node < topology.modules())?;
            return Some(Subject::Node(u16::try_from(node).ok()?));
        }
        let id = name.strip_prefix(LINK)?;
        let (_, link) = site.links.iter().zip(0..).find(|(link, _)| link.id == id)?;
        Some(Subject::Link(LinkIdx(link)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_subjects_and_those_that_are_gone_to_none() {
        let site = crate::engine::tests::site();
        for topology in [Topology::new(1, 2, 3), Topology::new(20, 10, 32)] {
            let cells = (0..topology.cells()).map(|cell| Subject::Cell(cell as u16));
            let nodes = (0..topology.modules()).map(|node| Subject::Node(node as u16));
            for subject in cells.chain(nodes).chain([Subject::System, Subject::Link(LinkIdx(0))]) {
                let name = subject.name(&site, &topology);
                assert_eq!(Subject::from_name(&name, &site, &topology), Some(subject), "{name}");
            }
        }
        let small = Topology::new(1, 2, 3);
        assert_eq!(Subject::Cell(4).name(&site, &small), "cell 2.2");
        for gone in ["", "cell 3.1", "cell 2.4", "node 0", "node 3", "link gx", "bms"] {
            assert_eq!(Subject::from_name(gone, &site, &small), None, "{gone}");
        }
    }
}
