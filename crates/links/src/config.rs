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
//! What others may set on a device is said where its kind of link has `setpoints`; a Modbus device has it in its register
//! table. Nothing sets them yet: who may ask for a value is not decided here.
//!
//! ```toml
//! # sunspec: model and point; scale factors are those of the device. 124.OutWRte and 124.InWRte may have a lease
//! setpoints = [{ name = "reserve", sets = "802.SoCRsvMin", min = 10, max = 50, step = 1, wear = "flash" }]
//! # victron-mqtt: service, instance and path. This one is not stored, and given up after 60 s
//! setpoints = [{ name = "grid", sets = "hub4/0/Overrides/Setpoint", min = -5000, max = 5000, step = 10,
//!                wear = "volatile", lease_s = 60 }]
//! # cannelloni (with `peer`), socketcan: message and signal, and all that its frame says beside it
//! setpoints = [{ name = "limit", sets = "Limits.Discharge", min = 0, max = 200, step = 5, wear = "volatile",
//!                with = { Charge = 50 }, counter = "Alive", checksum = { signal = "Crc", kind = "crc8-j1850" },
//!                feedback = "Status.ActiveDischarge", every_ms = 100, lease_s = 10 }]
//! ```
//!
//! Paths are relative to the site file; what is not there may come with Packtwin (`dbc/`, `registers/`).
//!
//! What is particular to a kind of link is in its file below [`kinds`]: its keys, how its bus is built, what to tell
//! people. [`KINDS`] lists them. Not an enum tagged by `kind`: that would lose the places of the values in the file, and
//! with them the line numbers of errors.

mod build;
mod installed;
mod key;
mod kind;
mod kinds;
mod place;
mod read;

pub use crate::device::can_map::MapEntry;
pub use crate::device::setpoint::SetpointEntry;
pub use crate::device::sign::Sign;
pub use key::KeyInfo;
pub use kind::Kind;
pub use kinds::KINDS;
pub use place::place;

use domain::link::LinkSpec;
use domain::plain::without_numbers;
use domain::spec::SystemIdx;
use key::{Key, Keys};
use std::ops::Range;
#[cfg(feature = "sockets")]
use std::path::Path;
use std::time::Duration;
use toml::Spanned;

/// A link that gives no `silent_ms` is not called silent before this.
const SILENT_MIN: Duration = Duration::from_secs(1);
/// A silent link is noticed after so many periods without a reading.
const SILENT_PERIODS: u32 = 3;
/// Time between two polls, ms, if the site file says nothing.
const USUAL_POLL_MS: u32 = 200;

/// The keys that every link has.
const COMMON_KEYS: [&str; 6] = ["id", "name", "system", "kind", "silent_ms", "max_age_ms"];

// Keys that several kinds have.
const POLL_MS: Key<u32> = Key::new("poll_ms", "time between two polls; 200 if not given");
const TIMEOUT_MS: Key<u32> = Key::new("timeout_ms", "longest wait for an answer; 1000 if not given");
const INSTALLATION: Key<u64> = Key::new("installation", "its number in VRM, for pages that compare both");
const INSTANCE: Key<u32> =
    Key::new("instance", "instance of the battery, if there are several; the one that the GX goes by, if not given");

const SETPOINTS: Key<Vec<SetpointEntry>> =
    Key::new("setpoints", "what may be set on the device, and within which range; nothing sets it yet");

fn ms(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

/// One link of the site file.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// Short name: `bms`.
    pub id: Spanned<String>,
    /// Name for people; the id if not given.
    pub name: Option<Spanned<String>>,
    /// Id of the system that its readings belong to.
    pub system: Spanned<String>,
    /// The protocol.
    pub kind: Spanned<&'static Kind>,
    /// Silent after so many milliseconds without a reading.
    pub silent_ms: Option<Spanned<u32>>,
    /// A value that is older than so many milliseconds is stale.
    pub max_age_ms: Option<Spanned<u32>>,
    /// What its kind asks for.
    keys: Keys,
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
        ConfigError { span: (!span.is_empty()).then_some(span), message: without_numbers(&message.into()) }
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
        let kind = self.kind.get_ref();
        LinkSpec {
            id: self.id.get_ref().clone(),
            name: self.name.as_ref().unwrap_or(&self.id).get_ref().clone(),
            protocol: kind.label.to_owned(),
            device: String::new(),
            address: (kind.address)(self).unwrap_or_default(),
            system,
            silent_after: self.silent_after(None),
            only_settings: false,
        }
    }

    /// Whether it brings CAN frames.
    pub fn is_can(&self) -> bool {
        self.kind.get_ref().is_can
    }

    /// How long its values are good, where that is longer than for their points in general: as the file says, or else
    /// by how often it is asked. Zero for links that nobody asks, such as a CAN bus: only its DBC file can tell.
    pub fn max_age(&self) -> Duration {
        match &self.max_age_ms {
            Some(given) => ms(*given.get_ref()),
            None => (self.kind.get_ref().rhythm)(self).max_age,
        }
    }

    #[cfg(feature = "sockets")]
    /// Plays `file`, as seen from the working directory, instead of listening; DBC file and map stay.
    pub fn replay(&mut self, file: &Path, speed: f64) {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        self.kind = Spanned::new(self.kind.span(), &kinds::CANDUMP);
        self.keys.keep(&[kinds::DBC.name(), kinds::MAP.name()]);
        self.keys.set(&kinds::FILE, file.to_string_lossy().into_owned());
        self.keys.set(&kinds::SPEED, speed);
    }

    /// `cycle` is how often frames of a CAN bus arrive, if its DBC file says it.
    fn silent_after(&self, cycle: Option<Duration>) -> Duration {
        let periods = cycle.map_or_else(|| (self.kind.get_ref().rhythm)(self).silent, |cycle| cycle * SILENT_PERIODS);
        self.silent_ms.as_ref().map_or(periods.max(SILENT_MIN), |given| ms(*given.get_ref()))
    }

    fn poll_ms(&self) -> u32 {
        self.keys.value(&POLL_MS).copied().unwrap_or(USUAL_POLL_MS)
    }

    fn timeout_ms(&self, usual: u32) -> u32 {
        self.keys.value(&TIMEOUT_MS).copied().unwrap_or(usual)
    }
}
