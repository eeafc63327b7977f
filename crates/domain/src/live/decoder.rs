//! Frames to snapshots.

use super::column::Scratch;
use super::layout::Layout;
use super::{DELTA, FORMAT, KEY, LiveError, OLDEST, sections};
use crate::alarm::Alarm;
use crate::cells::{CELL_MAX_AGE, CellFrame};
use crate::last_value::{DeviceValues, Node, Points, PowerFrom};
use crate::link::LinkStatus;
use crate::point::{DevicePoint, fingerprint};
use crate::spec::SystemSpec;
use crate::time::{Mono, Now, Utc};
use crate::topology::Topology;
use crate::twin::{SiteStatus, Snapshot, SystemState};
use crate::wire::{Reader, WireError};
use std::sync::Arc;
use std::time::Duration;

/// Reads the live stream of one system. It begins with a key frame.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    layout: Layout,
    snapshot: Snapshot,
    /// Points of which nothing is known, with the ages that the system allows.
    blank: Points,
    /// How old a cell may be in this system.
    cell_max_age: Option<Duration>,
    /// The points of devices that there are names for; those of a frame with other names are left out. A decoder that
    /// knows no names takes all.
    device_points: Arc<[DevicePoint]>,
    /// Number of the last frame; `None` while a key frame is waited for.
    seq: Option<u32>,
    scratch: Scratch,
}

impl Decoder {
    /// A decoder that waits for its first key frame. Ages are those of the catalogue.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// A decoder of the stream of the system that `spec` describes, with the ages that it allows.
    pub fn of(spec: &SystemSpec) -> Decoder {
        let cell_max_age = Some(spec.cell_max_age);
        let device_points = spec.device_points.clone();
        Decoder { blank: Points::new(&spec.max_ages), cell_max_age, device_points, ..Decoder::default() }
    }

    /// The snapshot of the last frame that was taken; an empty one before the first.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Number of the last frame; `None` while a key frame is waited for.
    pub fn seq(&self) -> Option<u32> {
        self.seq
    }

    /// How the system's cells are arranged, as the last key frame says.
    pub fn topology(&self) -> Topology {
        self.layout.topology
    }

    /// Takes the next frame.
    ///
    /// # Errors
    /// [`LiveError::Gap`] for a delta that does not follow. Any other error means that the frame is not sound; after a
    /// delta that is not sound, the decoder waits for a key frame. [`Decoder::snapshot`] stays as it was.
    pub fn decode(&mut self, frame: &[u8]) -> Result<(), LiveError> {
        let mut r = Reader::new(frame);
        let format = r.u8()?;
        if !(OLDEST..=FORMAT).contains(&format) {
            return Err(WireError::Format { got: format, known: FORMAT }.into());
        }
        let kind = r.u8()?;
        let seq = r.number::<u32>("number of a frame")?;
        match kind {
            KEY => self.key(&mut r, format)?,
            DELTA if self.seq.map(|last| last.wrapping_add(1)) == Some(seq) => {
                // The columns are changed in place: until the frame has proved sound, no other may follow.
                self.seq = None;
                self.delta(&mut r, format)?;
            }
            DELTA => return Err(LiveError::Gap { got: seq }),
            other => return Err(LiveError::Kind(other)),
        }
        self.seq = Some(seq);
        Ok(())
    }

    fn key(&mut self, r: &mut Reader<'_>, format: u8) -> Result<(), WireError> {
        let now = Now { mono: Mono(r.varint()?), utc: Utc(r.signed()?) };
        let received = read_received(r, now)?;
        let mut layout = Layout::read(r)?;
        read_columns(r, &mut layout, now.mono, &mut self.scratch)?;
        let sections = Sections::read(r, now, format, &[])?;
        if sections.devices {
            layout.read_devices(r)?;
            layout.devices.read_since(now.mono, r, &mut self.scratch)?;
        }
        r.end()?;
        let known = &self.device_points;
        layout.other_devices = !known.is_empty() && layout.device_names != fingerprint(known);
        let device_ages = match layout.other_devices {
            true => known.iter().map(|point| point.max_age).collect(),
            false => layout.device_ages.clone(),
        };

        let mut state = SystemState {
            cells: CellFrame::with_max_age(layout.topology.cells(), self.cell_max_age.unwrap_or(CELL_MAX_AGE)),
            nodes: vec![Node::default(); layout.topology.modules()],
            points: self.blank.clone(),
            devices: DeviceValues::new(device_ages),
        };
        layout.put(&mut state);
        self.layout = layout;
        self.snapshot.state = state;
        self.snapshot.site = SiteStatus::default();
        self.show(now, received, sections);
        Ok(())
    }

    fn delta(&mut self, r: &mut Reader<'_>, format: u8) -> Result<(), WireError> {
        let before = self.snapshot.now;
        let passed = r.signed()?;
        let now = Now {
            mono: Mono(before.mono.0.wrapping_add(passed as u64)),
            utc: Utc(before.utc.0.wrapping_add(passed).wrapping_add(r.signed()?)),
        };
        let received = read_received(r, now)?;
        read_columns(r, &mut self.layout, now.mono, &mut self.scratch)?;
        let sections = Sections::read(r, now, format, &self.snapshot.links)?;
        if sections.devices {
            self.layout.devices.read_since(now.mono, r, &mut self.scratch)?;
        }
        r.end()?;

        self.layout.put(&mut self.snapshot.state);
        self.show(now, received, sections);
        Ok(())
    }

    fn show(&mut self, now: Now, received: Mono, sections: Sections) {
        self.snapshot.now = now;
        self.snapshot.received = received;
        self.snapshot.state.points.set_power_from(sections.power_from);
        if let Some((active, waiting)) = sections.alarms {
            (self.snapshot.alarms, self.snapshot.waiting) = (active, waiting);
        }
        self.snapshot.links = sections.links;
        if let Some(site) = sections.site {
            self.snapshot.site = site;
        }
    }
}

struct Sections {
    /// Active ones, and those that wait for a person.
    alarms: Option<(Vec<Alarm>, Vec<Alarm>)>,
    links: Vec<LinkStatus>,
    site: Option<SiteStatus>,
    power_from: PowerFrom,
    /// Whether points of devices follow.
    devices: bool,
}

impl Sections {
    /// The last part of a frame but points of devices; `before` are the links of the snapshot before.
    fn read(r: &mut Reader<'_>, now: Now, format: u8, before: &[LinkStatus]) -> Result<Sections, WireError> {
        let present = r.u8()?;
        if present > 0b1_1111 {
            return Err(r.invalid("sections of a frame"));
        }
        let alarms = |r: &mut Reader<'_>| {
            let active = sections::read_alarms(r, now, format)?;
            let waits = format >= sections::STANDING_SINCE;
            Ok((active, if waits { sections::read_alarms(r, now, format)? } else { Vec::new() }))
        };
        let alarms = (present & 1 != 0).then(|| alarms(r)).transpose()?;
        let links = if present & 2 != 0 {
            sections::read_links(r, now)?
        } else {
            let mut links = before.to_vec();
            sections::read_heard(r, &mut links, now)?;
            links
        };
        let site = (present & 4 != 0).then(|| SiteStatus::read(r, format >= sections::STANDING_SINCE)).transpose()?;
        let power_from = if present & 8 != 0 { PowerFrom::Derived } else { PowerFrom::default() };
        Ok(Sections { alarms, links, site, power_from, devices: present & 16 != 0 })
    }
}

fn read_received(r: &mut Reader<'_>, now: Now) -> Result<Mono, WireError> {
    Ok(Mono(now.mono.0.wrapping_sub(r.signed()? as u64)))
}

fn read_columns(r: &mut Reader<'_>, layout: &mut Layout, now: Mono, scratch: &mut Scratch) -> Result<(), WireError> {
    layout.columns_mut().try_for_each(|column| column.read_since(now, r, scratch))
}
