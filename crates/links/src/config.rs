//! A `[[link]]` table of the site file.
//!
//! ```toml
//! [[link]]
//! id = "bms"                        # short name
//! name = "Battery controller"       # for people; the id if not given
//! system = "hv"                     # the system that its readings belong to
//! kind = "cannelloni"               # or "socketcan", "candump", "modbus-tcp", "modbus-rtu-tcp", "sunspec",
//!                                   # "shared-memory", "victron-mqtt", "victron-vrm"
//! silent_ms = 1000                  # silent after this long without a reading; 3 periods, at least 1000, if not given
//! max_age_ms = 60000                # a value that is older is stale: for sources that send seldom. If not given, what
//!                                   # the point has in the catalogue, or 2.5 periods and the time-out if that is longer;
//!                                   # the period of a CAN message is the GenMsgCycleTime of its DBC file
//!
//! # cannelloni                      # candump                        # modbus-tcp
//! listen = "127.0.0.1:20000"        # file = "burst.log"             # connect = "127.0.0.1:15020"
//! peer = "10.0.0.7"                 # speed = 1.0                    # unit = 1
//! dbc = "../dbc/packtwin_hv.dbc"    # repeat = false                 # poll_ms = 200
//! map = [ ... ]                     # dbc, map                       # timeout_ms = 1000
//! # socketcan                       #                                # table = "../registers/grid_meter.toml"
//! interface = "can0"                #                                # units = { battery = 225 }
//! # dbc, map                        #                                # serial = "HQ2233ABCDE"
//! ```
//!
//! All three Modbus kinds take `max_read`, the most registers of one request, and `any_unit_in_reply = true`, for gateways
//! that answer with a unit of their own.
//!
//! `modbus-rtu-tcp` has the keys of `modbus-tcp`: it is for gateways that pass the bytes of a serial line on as they
//! are. `units` gives the table's named units other identifiers. `serial` is the number that the device must have;
//! if it is not given, the first one that the device says is kept while the server runs.
//!
//! `sunspec` is Modbus TCP without a table: the device describes itself. Its `sign` says what a positive current means to
//! it, "discharge-positive" if not given; the models leave it open.
//!
//! ```toml
//! # victron-vrm
//! installation = 290928             # its number in VRM
//! token_file = "vrm.token"          # or token_env = "VRM_TOKEN": the token itself never stands here
//! poll_s = 120                      # time between two polls
//! requests_per_hour = 50            # the most requests in any hour
//! instance = 512                    # of the battery, if there are several
//!
//! # modbus-tcp, modbus-rtu-tcp, victron-mqtt
//! installation = 290928             # the same number for a GX that is read directly: `/victron` tells it
//!
//! # victron-mqtt
//! connect = "192.168.1.20:1883"
//! portal = "c0619ab1cdef"           # portal id of the GX; the first that speaks, if not given
//! # instance
//! ```
//!
//! `shared-memory` has `segment`, "/battery_sim_shm" if not given: the name of POSIX shared memory, or the path of a
//! file. It is read every `poll_ms`; its size follows from the cells of the system.
//!
//! Paths are relative to the site file; what is not there may come with Packtwin (`dbc/`, `registers/`). All keys are in one struct, not one for each kind: a tagged enum would lose the
//! places of its values in the file, and with them the line numbers of its errors.

mod build;
mod installed;
mod kinds;
mod victron;

pub use crate::device::can_map::MapEntry;
pub use crate::device::sign::Sign;
pub use kinds::{KINDS, KindGuide};

use crate::link::between_polls;
use domain::link::LinkSpec;
use domain::spec::SystemIdx;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

/// A link that gives no `silent_ms` is not called silent before this.
const SILENT_MIN_MS: u32 = 1_000;
/// A silent link is noticed after so many periods without a reading.
const SILENT_PERIODS: u32 = 3;
const POLL_MS: u32 = 200;
const TIMEOUT_MS: u32 = 1_000;
const POLL_S: u32 = 120;
const REQUESTS_PER_HOUR: u16 = 50;
const CLOUD_TIMEOUT_MS: u32 = 20_000;
const BROKER_TIMEOUT_MS: u32 = 5_000;
/// A GX that is told of changes may be quiet for a minute before it is asked again; its values are good for as long.
const QUIET_MAX_AGE: Duration = Duration::from_secs(75);
/// Values of a cloud are good for at least so long: it does not get them more often.
const CLOUD_MAX_AGE: Duration = Duration::from_secs(300);
/// Where the battery simulators that we know write.
const SEGMENT: &str = "/battery_sim_shm";

/// One link of the site file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkConfig {
    /// Short name: `bms`.
    pub id: Spanned<String>,
    /// Name for people; the id if not given.
    pub name: Option<String>,
    /// Id of the system that its readings belong to.
    pub system: Spanned<String>,
    /// The protocol.
    pub kind: Spanned<Kind>,
    /// Silent after so many milliseconds without a reading.
    pub silent_ms: Option<Spanned<u32>>,
    /// A value that is older than so many milliseconds is stale.
    pub max_age_ms: Option<Spanned<u32>>,
    /// cannelloni: address to listen on.
    pub listen: Option<Spanned<String>>,
    /// cannelloni: the address whose packets are believed, with or without a port; the first that is heard, if not given.
    pub peer: Option<Spanned<String>>,
    /// socketcan: the interface as Linux names it, `can0`.
    pub interface: Option<Spanned<String>>,
    /// candump: the log to play.
    pub file: Option<Spanned<PathBuf>>,
    /// candump: how much faster than recorded; 1 if not given.
    pub speed: Option<Spanned<f64>>,
    /// candump: from the start again at the end.
    pub repeat: Option<Spanned<bool>>,
    /// CAN: the DBC file.
    pub dbc: Option<Spanned<PathBuf>>,
    /// CAN: which signal is which point.
    pub map: Option<Spanned<Vec<MapEntry>>>,
    /// Modbus: host and port of the device or gateway.
    pub connect: Option<Spanned<String>>,
    /// Modbus: unit identifier; 1 if not given.
    pub unit: Option<Spanned<u8>>,
    /// Modbus, shared memory: time between two polls; 200 if not given.
    pub poll_ms: Option<Spanned<u32>>,
    /// Modbus: longest wait for a connection or an answer; 1000 if not given.
    pub timeout_ms: Option<Spanned<u32>>,
    /// Modbus: the most registers of one request; 125 if not given.
    pub max_read: Option<Spanned<u16>>,
    /// Modbus: whether a reply may name another unit than the one that was asked.
    pub any_unit_in_reply: Option<Spanned<bool>>,
    /// Modbus: the register table.
    pub table: Option<Spanned<PathBuf>>,
    /// Modbus: identifiers of the table's named units, where they differ from the table's own.
    pub units: Option<Spanned<BTreeMap<String, u8>>>,
    /// Modbus: the serial number that the device must have.
    pub serial: Option<Spanned<String>>,
    /// sunspec: what positive power and current mean to the battery; discharge if not given.
    pub sign: Option<Spanned<Sign>>,
    /// Victron, and Modbus: the installation's number in VRM, which `/victron` tells; victron-vrm needs it.
    pub installation: Option<Spanned<u64>>,
    /// victron-vrm: the file with the access token.
    pub token_file: Option<Spanned<PathBuf>>,
    /// victron-vrm: the variable of the environment with the access token.
    pub token_env: Option<Spanned<String>>,
    /// victron-vrm: where the API is; Victron's own if not given.
    pub api: Option<Spanned<String>>,
    /// victron-vrm: time between two polls, s; 120 if not given.
    pub poll_s: Option<Spanned<u32>>,
    /// victron-vrm: the most requests in any hour; 50 if not given.
    pub requests_per_hour: Option<Spanned<u16>>,
    /// victron-mqtt: the portal id of the GX; the first that is heard if not given.
    pub portal: Option<Spanned<String>>,
    /// Victron: the instance of the battery service whose values count.
    pub instance: Option<Spanned<u32>>,
    /// shared-memory: the segment's name, or the path of a file; `/battery_sim_shm` if not given.
    pub segment: Option<Spanned<String>>,
}

/// A link's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// CAN frames in UDP packets.
    Cannelloni,
    /// CAN frames from an interface of Linux.
    Socketcan,
    /// A recorded CAN log.
    Candump,
    /// Registers over TCP.
    ModbusTcp,
    /// Registers over TCP, in the frames of a serial line.
    ModbusRtuTcp,
    /// Modbus TCP to a device that describes its registers itself.
    #[serde(rename = "sunspec")]
    SunSpec,
    /// A Victron GX's own broker.
    VictronMqtt,
    /// Victron's cloud.
    VictronVrm,
    /// Cells that a simulator on this machine writes into shared memory.
    SharedMemory,
}

impl Kind {
    /// The protocol in words.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Cannelloni => "CAN over UDP (cannelloni)",
            Kind::Socketcan => "CAN interface (SocketCAN)",
            Kind::Candump => "CAN log replay (candump)",
            Kind::ModbusTcp => "Modbus TCP",
            Kind::ModbusRtuTcp => "Modbus RTU over TCP",
            Kind::SunSpec => "SunSpec (Modbus TCP)",
            Kind::VictronMqtt => "Victron MQTT",
            Kind::VictronVrm => "Victron VRM (cloud)",
            Kind::SharedMemory => "Shared memory",
        }
    }

    /// The protocol as the site file writes it.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Cannelloni => "cannelloni",
            Kind::Socketcan => "socketcan",
            Kind::Candump => "candump",
            Kind::ModbusTcp => "modbus-tcp",
            Kind::ModbusRtuTcp => "modbus-rtu-tcp",
            Kind::SunSpec => "sunspec",
            Kind::VictronMqtt => "victron-mqtt",
            Kind::VictronVrm => "victron-vrm",
            Kind::SharedMemory => "shared-memory",
        }
    }
}

/// What is wrong with a link's configuration.
///
/// The message names the key or the file that it is about; a DBC file or register table also with its line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    span: Option<Range<usize>>,
    message: String,
}

impl ConfigError {
    fn new(span: Range<usize>, message: impl Into<String>) -> ConfigError {
        // A key that was put in by a program has no place in the file.
        ConfigError { span: (!span.is_empty()).then_some(span), message: message.into() }
    }

    /// Where in the site file it stands, in bytes, if it can be told.
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }
}

impl LinkConfig {
    /// How pages and alarms see the link; the built one knows better when it is silent
    /// ([`LinkTask::silent_after`](crate::LinkTask::silent_after)).
    pub fn spec(&self, system: SystemIdx) -> LinkSpec {
        let kind = *self.kind.get_ref();
        let address = match kind {
            Kind::Cannelloni => self.listen.as_ref().map(|address| address.get_ref().clone()),
            Kind::Socketcan => self.interface.as_ref().map(|interface| interface.get_ref().clone()),
            Kind::Candump => self.file.as_ref().map(|file| file.get_ref().display().to_string()),
            Kind::ModbusTcp | Kind::ModbusRtuTcp | Kind::SunSpec | Kind::VictronMqtt => {
                self.connect.as_ref().map(|address| address.get_ref().clone())
            }
            Kind::VictronVrm => self.installation.as_ref().map(|number| format!("installation {}", number.get_ref())),
            Kind::SharedMemory => Some(self.segment().to_owned()),
        };
        LinkSpec {
            id: self.id.get_ref().clone(),
            name: self.name.clone().unwrap_or_else(|| self.id.get_ref().clone()),
            protocol: kind.words().to_owned(),
            device: String::new(),
            address: address.unwrap_or_default(),
            system,
            silent_after: self.silent_after(None),
        }
    }

    /// Whether it brings CAN frames.
    pub fn is_can(&self) -> bool {
        matches!(self.kind.get_ref(), Kind::Cannelloni | Kind::Socketcan | Kind::Candump)
    }

    /// How long its values are good, where that is longer than for their points in general: as the file says, or else
    /// by how often it is asked. Zero for links that nobody asks, such as a CAN bus: only its DBC file can tell.
    pub fn max_age(&self) -> Duration {
        let ms = |ms: u32| Duration::from_millis(ms.into());
        if let Some(given) = &self.max_age_ms {
            return ms(*given.get_ref());
        }
        match self.kind.get_ref() {
            Kind::VictronVrm => {
                let period = Duration::from_secs(self.poll_s().into());
                // They have an age when they come.
                between_polls(period, ms(self.timeout_ms())).max(period * SILENT_PERIODS).max(CLOUD_MAX_AGE)
            }
            Kind::VictronMqtt => QUIET_MAX_AGE,
            Kind::ModbusTcp | Kind::ModbusRtuTcp | Kind::SunSpec => {
                between_polls(ms(self.poll_ms()), ms(self.timeout_ms()))
            }
            // A file is read at once.
            Kind::SharedMemory => between_polls(ms(self.poll_ms()), Duration::ZERO),
            Kind::Cannelloni | Kind::Socketcan | Kind::Candump => Duration::ZERO,
        }
    }

    /// Plays `file`, as seen from the working directory, instead of listening; DBC file and map stay.
    pub fn replay(&mut self, file: &Path, speed: f64) {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        self.kind = Spanned::new(self.kind.span(), Kind::Candump);
        self.file = Some(Spanned::new(0..0, file));
        self.speed = Some(Spanned::new(0..0, speed));
        self.repeat = None;
        self.listen = None;
        self.peer = None;
        self.interface = None;
    }

    /// `cycle` is how often frames of a CAN bus arrive, if its DBC file says it.
    fn silent_after(&self, cycle: Option<Duration>) -> Duration {
        let given = self.silent_ms.as_ref().map(|ms| *ms.get_ref());
        // What is asked for comes at our period.
        let periods = match self.kind.get_ref() {
            _ if self.is_can() => cycle.map_or(0, |cycle| cycle.as_millis() as u32 * SILENT_PERIODS),
            Kind::VictronMqtt => QUIET_MAX_AGE.as_millis() as u32,
            Kind::VictronVrm => self.poll_s().saturating_mul(1_000 * SILENT_PERIODS),
            _ => self.poll_ms().saturating_mul(SILENT_PERIODS),
        };
        Duration::from_millis(given.unwrap_or(periods.max(SILENT_MIN_MS)).into())
    }

    fn poll_ms(&self) -> u32 {
        self.poll_ms.as_ref().map_or(POLL_MS, |ms| *ms.get_ref())
    }

    fn poll_s(&self) -> u32 {
        self.poll_s.as_ref().map_or(POLL_S, |seconds| *seconds.get_ref())
    }

    fn segment(&self) -> &str {
        self.segment.as_ref().map_or(SEGMENT, |segment| segment.get_ref())
    }

    fn timeout_ms(&self) -> u32 {
        let usual = match self.kind.get_ref() {
            Kind::VictronMqtt => BROKER_TIMEOUT_MS,
            Kind::VictronVrm => CLOUD_TIMEOUT_MS,
            _ => TIMEOUT_MS,
        };
        self.timeout_ms.as_ref().map_or(usual, |ms| *ms.get_ref())
    }
}
