//! Snapshots to frames.

use super::column::Scratch;
use super::layout::Layout;
use super::{DELTA, FORMAT, KEY, sections};
use crate::alarm::Alarm;
use crate::last_value::PowerFrom;
use crate::link::LinkStatus;
use crate::spec::SystemSpec;
use crate::time::{Mono, Now};
use crate::twin::{SiteStatus, Snapshot};
use crate::wire::Writer;

/// One snapshot for those who have the snapshot before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// The snapshot's number, one more than that of the snapshot before; it wraps.
    pub seq: u32,
    /// The frame. Of the first snapshot it is a key frame.
    pub delta: Vec<u8>,
}

/// The frame of a snapshot that stands alone, made when somebody needs one. Cells and nodes beyond the topology of the
/// spec are left out.
pub fn key_frame(spec: &SystemSpec, seq: u32, snapshot: &Snapshot) -> Vec<u8> {
    let nothing = Layout::new(spec);
    let mut known = nothing.clone();
    known.take(&snapshot.state);
    let now = snapshot.now;
    let mut w = header(KEY, seq);
    w.varint(now.mono.0);
    w.signed(now.utc.0);
    write_received(&mut w, snapshot);
    nothing.write(&mut w);
    write_columns(&mut w, &known, &nothing, now.mono, &mut Scratch::default());
    write_sections(
        &mut w,
        snapshot,
        Sent { alarms: true, links: true, site: true, devices: !known.devices.is_empty() },
    );
    if !known.devices.is_empty() {
        known.write_devices(&mut w);
        known.devices.write_since(&nothing.devices, now.mono, &mut w, &mut Scratch::default());
    }
    w.finish()
}

/// Makes the live stream of one system.
#[derive(Clone, Debug)]
pub struct Encoder {
    spec: SystemSpec,
    /// The last snapshot: what delta frames refer to.
    last: Layout,
    /// Room for the snapshot being encoded.
    next: Layout,
    /// Number and time of the last snapshot.
    sent: Option<(u32, Now)>,
    alarms: Section<Alarm>,
    /// Those that were last said to wait for a person: sent with the active ones.
    waiting: Vec<Alarm>,
    links: Section<LinkStatus>,
    /// What was last said of the whole site.
    site: SiteStatus,
    scratch: Scratch,
}

/// A list that is sent whole, but not in every delta frame.
#[derive(Clone, Debug)]
struct Section<T> {
    /// The list of the last snapshot.
    list: Vec<T>,
    /// Whether it changed since it was last sent.
    changed: bool,
    sent: Mono,
}

impl<T: Clone + PartialEq> Section<T> {
    const NEW: Section<T> = Section { list: Vec::new(), changed: false, sent: Mono(0) };

    /// Whether a delta frame at `now` carries `list`: at once if it must, else in the first frame of a second if
    /// anything in it changed.
    fn due(&mut self, list: &[T], now: Mono, must: bool) -> bool {
        if self.list != list {
            self.list.clear();
            self.list.extend_from_slice(list);
            self.changed = true;
        }
        let second = |at: Mono| at.0 / 1_000_000;
        let due = must || (self.changed && second(now) != second(self.sent));
        if due {
            self.changed = false;
            self.sent = now;
        }
        due
    }
}

impl Encoder {
    /// The stream of the system that `spec` describes.
    pub fn new(spec: &SystemSpec) -> Encoder {
        let nothing = Layout::new(spec);
        Encoder {
            spec: spec.clone(),
            last: nothing.clone(),
            next: nothing,
            sent: None,
            alarms: Section::NEW,
            waiting: Vec::new(),
            links: Section::NEW,
            site: SiteStatus::default(),
            scratch: Scratch::default(),
        }
    }

    /// Encodes the next snapshot of the system. Cells and nodes beyond the topology of its spec are left out.
    pub fn encode(&mut self, snapshot: &Snapshot) -> Encoded {
        let now = snapshot.now;
        let seq = self.sent.map_or(0, |(seq, _)| seq.wrapping_add(1));
        self.next.take(&snapshot.state);

        let first = self.sent.is_none();
        let other_alarms =
            !sections::same_alarms(&self.alarms.list, &snapshot.alarms) || self.waiting != snapshot.waiting;
        self.waiting.clone_from(&snapshot.waiting);
        let alarms = self.alarms.due(&snapshot.alarms, now.mono, first || other_alarms);
        let links = self.links.due(&snapshot.links, now.mono, first || self.links.list.len() != snapshot.links.len());
        let site = first || self.site != snapshot.site;
        if site {
            self.site.clone_from(&snapshot.site);
        }
        let delta = match self.sent {
            None => key_frame(&self.spec, seq, snapshot),
            Some((_, before)) => {
                let mut w = header(DELTA, seq);
                let passed = now.mono.0.wrapping_sub(before.mono.0) as i64;
                w.signed(passed);
                // Both clocks mostly go at the same pace.
                w.signed(now.utc.0.wrapping_sub(before.utc.0).wrapping_sub(passed));
                write_received(&mut w, snapshot);
                write_columns(&mut w, &self.next, &self.last, now.mono, &mut self.scratch);
                write_sections(&mut w, snapshot, Sent { alarms, links, site, devices: !self.next.devices.is_empty() });
                if !self.next.devices.is_empty() {
                    self.next.devices.write_since(&self.last.devices, now.mono, &mut w, &mut self.scratch);
                }
                w.finish()
            }
        };
        std::mem::swap(&mut self.last, &mut self.next);
        self.sent = Some((seq, now));
        Encoded { seq, delta }
    }
}

fn header(kind: u8, seq: u32) -> Writer {
    let mut w = Writer::default();
    w.u8(FORMAT);
    w.u8(kind);
    w.varint(u64::from(seq));
    w
}

fn write_received(w: &mut Writer, snapshot: &Snapshot) {
    w.signed(snapshot.now.mono.0.wrapping_sub(snapshot.received.0) as i64);
}

fn write_columns(w: &mut Writer, next: &Layout, base: &Layout, now: Mono, scratch: &mut Scratch) {
    for (column, base) in next.columns().zip(base.columns()) {
        column.write_since(base, now, w, scratch);
    }
}

/// Which sections a frame carries whole.
#[derive(Clone, Copy)]
struct Sent {
    alarms: bool,
    links: bool,
    site: bool,
    /// Not a section, but said beside them: whether points of devices follow.
    devices: bool,
}

/// Links that are not sent whole say at least when they were heard: whether one is silent is not told a second late.
fn write_sections(w: &mut Writer, snapshot: &Snapshot, Sent { alarms, links, site, devices }: Sent) {
    let derived = snapshot.state.points.power_from() == PowerFrom::Derived;
    let bits = [alarms, links, site, derived, devices];
    w.u8(bits.into_iter().zip(0..).map(|(bit, place)| u8::from(bit) << place).sum());
    if alarms {
        sections::write_alarms(w, &snapshot.alarms, snapshot.now);
        sections::write_alarms(w, &snapshot.waiting, snapshot.now);
    }
    if links {
        sections::write_links(w, &snapshot.links, snapshot.now);
    } else {
        sections::write_heard(w, &snapshot.links, snapshot.now);
    }
    if site {
        snapshot.site.write(w);
    }
}
