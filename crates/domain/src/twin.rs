//! The twin: what is known of the site now.

mod status;

pub use status::{Health, SiteStatus};

use crate::alarm::{Alarm, AlarmBook};
use crate::cells::CellFrame;
use crate::frozen::FrozenWatch;
use crate::last_value::{DeviceValues, Node, Points};
use crate::link::{LinkIdx, LinkState, LinkStatus};
use crate::point::PointId;
use crate::reading::{Batch, CellQuantity, Reading, Sample, Target};
use crate::sag::SagWatch;
use crate::soc::SocWatch;
use crate::spec::{SiteSpec, SystemIdx, SystemSpec};
use crate::time::{Mono, Now, Utc};

/// What is known of one system: everything that a page draws and history keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemState {
    /// Its points.
    pub points: Points,
    /// Its cells.
    pub cells: CellFrame,
    /// Its AFE nodes, one per module.
    pub nodes: Vec<Node>,
    /// The points of its devices.
    pub devices: DeviceValues,
}

impl SystemState {
    /// The state of a system of which nothing is known yet.
    pub fn new(spec: &SystemSpec) -> SystemState {
        SystemState {
            points: Points::new(&spec.max_ages),
            cells: CellFrame::with_max_age(spec.topology.cells(), spec.cell_max_age),
            nodes: vec![Node::default(); spec.topology.modules()],
            devices: DeviceValues::new(spec.device_points.iter().map(|point| point.max_age).collect()),
        }
    }

    /// Whether any point, cell voltage or device point is good and fresh at `now`.
    pub fn reports(&self, now: Mono) -> bool {
        PointId::ALL.iter().any(|point| self.points.sample(*point, now).is_ok())
            || self.cells.column(CellQuantity::Voltage).samples(now).any(|sample| sample.is_ok())
            || (0..self.devices.len()).any(|number| self.devices.sample(number, now).is_ok())
    }

    /// Takes one reading received at `at`. Values outside the target's plausible range, and cells or nodes that the
    /// system does not have, change nothing.
    pub fn apply(&mut self, reading: Reading, at: Mono) {
        let Reading { target, sample } = reading;
        if let Ok(value) = sample {
            let (low, high) = target.plausible();
            if !(low..=high).contains(&value) {
                return;
            }
        }
        match target {
            Target::Point(point) => self.points.take(point, sample, at),
            Target::Cell(quantity, cell) => self.cells.column_mut(quantity).set(cell as usize, sample, at),
            Target::Device(number) => self.devices.set(number.into(), sample, at),
            Target::Node(quantity, node) => {
                if let Some(node) = self.nodes.get_mut(node as usize) {
                    node.set(quantity, sample, at);
                }
            }
        }
    }
}

/// One system of the twin.
#[derive(Clone, Debug)]
pub struct System {
    /// How it is configured.
    pub spec: SystemSpec,
    /// What is known of it.
    pub state: SystemState,
    /// What is wrong with it.
    pub alarms: AlarmBook,
    /// Watches the bus for sag.
    pub sag: SagWatch,
    /// Watches the state of charge, and an inverter's estimate of it.
    pub soc: [SocWatch; 2],
    /// Watches for values that stand still while others move.
    pub frozen: FrozenWatch,
    /// Since when no cell has had a voltage although a link that brings cells is up.
    pub cells_due: Option<Mono>,
    /// Whether any of its values was fresh in its last cycle.
    pub reports: bool,
    /// When its newest batch was received.
    pub received: Mono,
}

/// The twin of a site.
#[derive(Clone, Debug)]
pub struct Site {
    /// How the site is configured.
    pub spec: SiteSpec,
    /// Its systems, in the order of the spec.
    pub systems: Vec<System>,
    /// Its links, in the order of the spec.
    pub links: Vec<LinkStatus>,
    /// Which links bring cell voltages, in the order of the spec: none, until that is said.
    pub cell_links: Vec<bool>,
    /// What is wrong with the storage of history, for people; empty if nothing is.
    pub storage: String,
}

impl Site {
    /// The twin of a site of which nothing is known yet.
    pub fn new(spec: SiteSpec) -> Site {
        let systems = (spec.systems.iter().zip(0..))
            .map(|(system, i)| System {
                spec: system.clone(),
                state: SystemState::new(system),
                alarms: AlarmBook::new(&spec, SystemIdx(i)),
                sag: SagWatch::default(),
                soc: Default::default(),
                frozen: FrozenWatch::default(),
                cells_due: None,
                reports: false,
                received: Mono(0),
            })
            .collect();
        let links = vec![LinkStatus::default(); spec.links.len()];
        let cell_links = vec![false; links.len()];
        Site { spec, systems, links, cell_links, storage: String::new() }
    }

    /// Takes what a link says of itself; a link that the site does not have changes nothing.
    pub fn set_link(&mut self, link: LinkIdx, status: LinkStatus) {
        if let Some(known) = self.links.get_mut(usize::from(link.0)) {
            // Readings say more precisely than the counters when the link was last heard.
            let last_at = known.last_at.max(status.last_at);
            *known = LinkStatus { last_at, ..status };
        }
    }

    /// Takes what a link received. A batch for a system or link that the site does not have changes nothing.
    pub fn apply(&mut self, batch: &Batch) {
        let Some(system) = self.systems.get_mut(batch.system.0 as usize) else { return };
        for reading in &batch.readings {
            system.state.apply(*reading, batch.at.mono);
        }
        system.received = system.received.max(batch.at.mono);
        // A link that only says that there are no values is as good as silent.
        let valid = batch.readings.iter().any(|reading| reading.sample.is_ok());
        if let Some(link) = self.links.get_mut(batch.link.0 as usize).filter(|_| valid) {
            link.last_at = link.last_at.max(Some(batch.at.mono));
            // The link's own word comes a snapshot later: a page in between must not wait for what has arrived.
            if matches!(link.state, LinkState::Idle | LinkState::Connecting) {
                link.state = LinkState::Up;
            }
        }
    }

    /// What a page draws of `system` at `now`.
    pub fn snapshot(&self, system: SystemIdx, now: Now) -> Option<Snapshot> {
        let system = self.systems.get(system.0 as usize)?;
        Some(Snapshot {
            now,
            received: system.received,
            state: system.state.clone(),
            alarms: system.alarms.active().to_vec(),
            waiting: system.alarms.waiting().to_vec(),
            links: self.links.clone(),
            site: SiteStatus::of(self),
        })
    }
}

/// One system at one instant, live or past: all that a page draws.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The instant.
    pub now: Now,
    /// When the newest reading in it was received: what the delay to the screen is measured from.
    pub received: Mono,
    /// Points, cells and nodes.
    pub state: SystemState,
    /// Active alarms, worst first.
    pub alarms: Vec<Alarm>,
    /// Alarms that are over and wait for a person to acknowledge or reset them, worst first.
    pub waiting: Vec<Alarm>,
    /// The site's links.
    pub links: Vec<LinkStatus>,
    /// How all systems of the site do.
    pub site: SiteStatus,
}

impl Snapshot {
    /// A snapshot of a system of which nothing is known.
    pub fn unknown(spec: &SystemSpec, at: Utc) -> Snapshot {
        Snapshot {
            now: Now { utc: at, mono: Mono::START },
            received: Mono::START,
            state: SystemState::new(spec),
            ..Snapshot::default()
        }
    }

    /// The point's value if it is good and fresh, else why not.
    pub fn point(&self, point: PointId) -> Sample {
        self.state.points.sample(point, self.now.mono)
    }

    /// The cell's value if it is good and fresh, else why not.
    pub fn cell(&self, quantity: CellQuantity, cell: usize) -> Sample {
        self.state.cells.column(quantity).sample(cell, self.now.mono)
    }
}
