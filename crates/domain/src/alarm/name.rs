//! Names of subjects that stay the same when the process starts again or the site file changes its order: what active
//! alarms are kept by.

use super::rules::Subject;
use crate::lab::parse_cell;
use crate::link::LinkIdx;
use crate::point::PointId;
use crate::spec::{SiteSpec, SystemSpec};

const SYSTEM: &str = "system";
const CELL: &str = "cell ";
const NODE: &str = "node ";
const LINK: &str = "link ";
const POINT: &str = "point ";
const DEVICE: &str = "device point ";

impl Subject {
    /// The name: `system`, `cell 7.12`, `node 3`, `link bms`, `point battery/voltage` or `device point gpu-hall/gpu/3/power`.
    pub fn name(self, site: &SiteSpec, system: &SystemSpec) -> String {
        match self {
            Subject::System => SYSTEM.to_owned(),
            Subject::Cell(cell) => format!("{CELL}{}", system.topology.cell_name(cell.into())),
            Subject::Node(node) => format!("{NODE}{}", u32::from(node) + 1),
            Subject::Link(LinkIdx(link)) => match site.links.get(usize::from(link)) {
                Some(link) => format!("{LINK}{}", link.id),
                None => format!("{LINK}{link}"),
            },
            Subject::Point(point) => format!("{POINT}{}", point.spec().path),
            Subject::Device(number) => match system.watched_point(number) {
                Some(point) => format!("{DEVICE}{}", point.path),
                None => format!("{DEVICE}{number}"),
            },
        }
    }

    /// The subject of this name; `None` if the site and the system have none such.
    pub fn from_name(name: &str, site: &SiteSpec, system: &SystemSpec) -> Option<Subject> {
        let topology = &system.topology;
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
        if let Some(path) = name.strip_prefix(POINT) {
            return PointId::from_path(path).map(Subject::Point);
        }
        if let Some(path) = name.strip_prefix(DEVICE) {
            let point = system.watched_points.iter().find(|point| point.path == path)?;
            return Some(Subject::Device(point.number));
        }
        let id = name.strip_prefix(LINK)?;
        let (_, link) = site.links.iter().zip(0..).find(|(link, _)| link.id == id)?;
        Some(Subject::Link(LinkIdx(link)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Topology;

    #[test]
    fn names_lead_back_to_their_subjects_and_those_that_are_gone_to_none() {
        let site = crate::engine::tests::site();
        for topology in [Topology::new(1, 2, 3), Topology::new(20, 10, 32)] {
            let cells = (0..topology.cells()).map(|cell| Subject::Cell(cell as u16));
            let nodes = (0..topology.modules()).map(|node| Subject::Node(node as u16));
            let point = crate::point::WatchedPoint {
                number: 9,
                path: "hall/gpu/3/temperature".to_owned(),
                unit: crate::point::Unit::Celsius,
                resolution: 0.1,
                limits: Default::default(),
            };
            let system = SystemSpec { topology, watched_points: [point].into(), ..site.systems[0].clone() };
            let others =
                [Subject::System, Subject::Link(LinkIdx(0)), Subject::Point(PointId::Voltage), Subject::Device(9)];
            for subject in cells.chain(nodes).chain(others) {
                let name = subject.name(&site, &system);
                assert_eq!(Subject::from_name(&name, &site, &system), Some(subject), "{name}");
            }
        }
        let small = SystemSpec { topology: Topology::new(1, 2, 3), ..site.systems[0].clone() };
        assert_eq!(Subject::Cell(4).name(&site, &small), "cell 2.2");
        for gone in
            ["", "cell 3.1", "cell 2.4", "node 0", "node 3", "link gx", "bms", "device point hall/gpu/3/temperature"]
        {
            assert_eq!(Subject::from_name(gone, &site, &small), None, "{gone}");
        }
    }
}
