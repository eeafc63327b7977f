//! Links: how each one works, and what it last received.

use crate::json::{Timestamp, Word, rounded};
use domain::link::{FrameRow, LinkFault, LinkState, LinkStatus};
use domain::spec::SiteSpec;
use domain::time::Now;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Every link of the site.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LinksResponse {
    /// Now.
    pub timestamp: Timestamp,
    /// The links, in the order of the site file.
    pub links: Vec<Link>,
}

/// A link.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Link {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it speaks.
    pub protocol: String,
    /// Where it listens or connects to.
    pub address: String,
    /// The system that its readings belong to.
    pub system: Option<String>,
    /// What it is doing.
    pub state: Word<LinkState>,
    /// Age of the last valid reading, s; null if there was none.
    pub age_s: Option<f64>,
    /// Frames or replies received since the start.
    pub frames: u64,
    /// Frames or replies a second.
    pub frames_per_s: f64,
    /// Bytes a second.
    pub bytes_per_s: f64,
    /// How often the path had to be opened again.
    pub reconnects: u32,
    /// Modbus: time from request to reply, ms. CAN: time from the packet's arrival to its readings, ms. Null if not known.
    pub latency_ms: Option<f64>,
    /// How often each kind of fault was seen.
    pub faults: BTreeMap<String, u32>,
    /// Why it is in its state, in words; empty if there is nothing to say.
    pub reason: String,
}

impl LinksResponse {
    /// The links of `site`, in the order of their `statuses`.
    pub fn of(site: &SiteSpec, statuses: &[LinkStatus], now: Now) -> LinksResponse {
        let links = site.links.iter().zip(statuses).map(|(spec, status)| {
            let fault = |fault: &LinkFault| (fault.words().replace([' ', '-'], "_"), status.faults(*fault));
            Link {
                id: spec.id.clone(),
                name: spec.name.clone(),
                protocol: spec.protocol.clone(),
                address: spec.address.clone(),
                system: site.system(spec.system).map(|system| system.id.clone()),
                state: Word(status.state),
                age_s: status.age_s(now.mono).map(|age| rounded(age, 0.001)),
                frames: status.frames,
                frames_per_s: rounded(status.frames_per_s, 0.1),
                bytes_per_s: rounded(status.bytes_per_s, 1.0),
                reconnects: status.reconnects,
                latency_ms: status.latency_ms.map(|ms| rounded(ms, 0.001)),
                faults: LinkFault::ALL.iter().map(fault).collect(),
                reason: status.reason.clone(),
            }
        });
        LinksResponse { timestamp: Timestamp(now.utc), links: links.collect() }
    }
}

/// What a link last received. In the binary form: a list of [`FrameRow`].
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FramesResponse {
    /// One for each message of its table.
    pub frames: Vec<Frame>,
}

/// One CAN message, one multiplexer group of it, or one block of registers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Frame {
    /// Where it comes from: `0x250 mux 3`, `reg 0-6`.
    pub key: String,
    /// Name of the message or block.
    pub name: String,
    /// How many were received.
    pub count: u64,
    /// Mean time between two, ms; null before the second.
    pub period_ms: Option<f64>,
    /// Age of the last one, ms.
    pub age_ms: u32,
    /// Its bytes in hexadecimal.
    #[schemars(example = &"00 0F FF")]
    pub raw: String,
    /// What they mean: the value with its unit, or why there is none, by the name of the signal or register.
    pub decoded: BTreeMap<String, String>,
}

impl From<&[FrameRow]> for FramesResponse {
    fn from(rows: &[FrameRow]) -> FramesResponse {
        let frames = rows.iter().map(|row| Frame {
            key: row.key.clone(),
            name: row.name.clone(),
            count: row.count,
            period_ms: row.period_ms.map(f64::from),
            age_ms: row.age_ms,
            raw: row.raw.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" "),
            decoded: row.decoded.iter().map(|value| (value.name.clone(), value.text.clone())).collect(),
        });
        FramesResponse { frames: frames.collect() }
    }
}
