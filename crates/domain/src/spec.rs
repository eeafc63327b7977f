//! What is configured: the site, its systems and its links. Fixed while the server runs.

mod codec;
pub mod control;
pub mod control_kind;

pub use crate::topology::SystemIdx;

use crate::cells::CELL_MAX_AGE;
use crate::limits::{Chemistry, Limits};
use crate::link::{LinkIdx, LinkSpec};
use crate::point::{DevicePoint, MaxAge, PointId, WatchedPoint};
use crate::topology::Topology;
use control::ControlSpec;
use std::sync::Arc;
use std::time::Duration;

/// Everything behind one grid connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SiteSpec {
    /// Name for people: `Hall 2`.
    pub name: String,
    /// Its battery systems, at least one.
    pub systems: Vec<SystemSpec>,
    /// Its links.
    pub links: Vec<LinkSpec>,
}

/// One battery system.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemSpec {
    /// Short name in addresses: `hv`. Letters, digits and `-`.
    pub id: String,
    /// Name for people: `832 V pack`.
    pub name: String,
    /// What it is for.
    pub kind: SystemKind,
    /// How its cells are arranged.
    pub topology: Topology,
    /// Rated capacity, Ah.
    pub capacity_ah: f32,
    /// Nominal voltage, V.
    pub nominal_v: f32,
    /// Backup reserve: SoC floor, %.
    pub reserve_pct: f32,
    /// The most that the building may draw from the grid, W: above it the battery helps. `None` if that is not said.
    pub grid_cap_w: Option<f32>,
    /// What it keeps to.
    pub limits: Limits,
    /// Step of cell voltages in the live stream and in history, V: that of the source, 0.001 for most.
    pub cell_resolution_v: f32,
    /// Engine cycles a second: the rate at which the system's sources send.
    pub rate_hz: f32,
    /// Whether its devices are simulated. The page says so.
    pub simulated: bool,
    /// Points whose values may be older than the catalogue says, because their sources are slow. Each at most once.
    pub max_ages: Vec<MaxAge>,
    /// A cell value older than this is stale: [`CELL_MAX_AGE`], or more where the cells'
    /// source is slow.
    pub cell_max_age: Duration,
    /// The points of its devices, beside those of the catalogue. Not in the message to the page, which would make every
    /// document larger: a page asks for them (`/api/v1/devices`).
    pub device_points: Arc<[DevicePoint]>,
    /// Those of them that rules look at, in the order of their numbers. In the message to the page, so that it can name
    /// what an alarm is about.
    pub watched_points: Arc<[WatchedPoint]>,
    /// What of it can be commanded; nothing, if it is read-only. Not in the message to the page, as device points are not:
    /// a page asks for it (`/api/v1/control`).
    pub controls: Arc<[ControlSpec]>,
}

/// What a system is for. It gives its parts their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum SystemKind {
    /// It feeds an AI data centre.
    DataCentre = 0,
    /// It feeds a house.
    Home = 1,
    /// What it feeds is not said.
    #[default]
    Storage = 2,
}

impl SystemKind {
    /// Every kind, in wire order.
    pub const ALL: [SystemKind; 3] = [SystemKind::DataCentre, SystemKind::Home, SystemKind::Storage];

    /// The kind as a site file writes it.
    pub fn key(self) -> &'static str {
        match self {
            SystemKind::DataCentre => "data-centre",
            SystemKind::Home => "home",
            SystemKind::Storage => "storage",
        }
    }

    /// Its load's name for people.
    pub fn load_name(self) -> &'static str {
        match self {
            SystemKind::DataCentre => "AI load",
            SystemKind::Home => "House",
            SystemKind::Storage => "Load",
        }
    }

    /// Its load within a sentence: `Battery covers 68 % of the AI load`.
    pub fn load_words(self) -> &'static str {
        match self {
            SystemKind::DataCentre => "AI load",
            SystemKind::Home => "house",
            SystemKind::Storage => "load",
        }
    }

    /// What goes on as long as the battery covers it, as a noun: `training ends after 89 min`.
    pub fn lasting(self) -> &'static str {
        match self {
            SystemKind::DataCentre => "training",
            SystemKind::Home | SystemKind::Storage => "covered load",
        }
    }
}

impl SystemSpec {
    /// A storage system of LFP cells, of this rated capacity, Ah, and nominal voltage, V, with what a site file has that
    /// says no more: the usual limits, a reserve of 20 %, five cycles a second, cells to a millivolt, ages of the catalogue.
    pub fn new(id: &str, name: &str, topology: Topology, capacity_ah: f32, nominal_v: f32) -> SystemSpec {
        let cells_in_series = Limits::cells_in_series(Chemistry::Lfp, nominal_v, &topology);
        SystemSpec {
            id: id.to_owned(),
            name: name.to_owned(),
            kind: SystemKind::Storage,
            topology,
            capacity_ah,
            nominal_v,
            reserve_pct: 20.0,
            grid_cap_w: None,
            limits: Limits::of(Chemistry::Lfp, cells_in_series, capacity_ah),
            cell_resolution_v: 0.001,
            rate_hz: 5.0,
            simulated: false,
            max_ages: Vec::new(),
            cell_max_age: CELL_MAX_AGE,
            device_points: Arc::default(),
            watched_points: Arc::default(),
            controls: Arc::default(),
        }
    }

    /// Time between two engine cycles.
    pub fn period(&self) -> Duration {
        Duration::from_secs_f32(1.0 / self.rate_hz)
    }

    /// A value of the point that is older than this is stale.
    pub fn max_age(&self, point: PointId) -> Duration {
        MaxAge::of(point, &self.max_ages)
    }

    /// The device point with this number, if rules look at it.
    pub fn watched_point(&self, number: u16) -> Option<&WatchedPoint> {
        let index = self.watched_points.binary_search_by_key(&number, |point| point.number).ok()?;
        self.watched_points.get(index)
    }

    /// Rated energy, Wh.
    pub fn energy_wh(&self) -> f32 {
        self.capacity_ah * self.nominal_v
    }
}

impl SiteSpec {
    /// The system at `idx`.
    pub fn system(&self, idx: SystemIdx) -> Option<&SystemSpec> {
        self.systems.get(idx.0 as usize)
    }

    /// The first link to a Victron GX, of houses before others, with its place.
    pub fn victron(&self) -> Option<(LinkIdx, &LinkSpec)> {
        let links =
            || self.links.iter().zip(0..).filter(|(link, _)| link.is_victron()).map(|(link, i)| (LinkIdx(i), link));
        let of_house = |link: &LinkSpec| self.system(link.system).is_some_and(|system| system.kind == SystemKind::Home);
        links().find(|(_, link)| of_house(link)).or_else(|| links().next())
    }

    /// The place of the link with this id.
    pub fn find_link(&self, id: &str) -> Option<usize> {
        self.links.iter().position(|link| link.id == id)
    }

    /// The kind of the system with this id. Of one that is gone it is not known what it fed.
    pub fn kind_of(&self, id: &str) -> SystemKind {
        self.find_system(id).map(|(_, system)| system.kind).unwrap_or_default()
    }

    /// The system with this id and its place.
    pub fn find_system(&self, id: &str) -> Option<(SystemIdx, &SystemSpec)> {
        self.systems.iter().enumerate().find(|(_, s)| s.id == id).map(|(i, s)| (SystemIdx(i as u8), s))
    }
}
