//! From a `[[link]]` table to a link that can run: checks the keys, reads DBC file or register table.

use super::{ConfigError, Kind, LinkConfig, SEGMENT, Sign, installed};
use crate::bus::Bus;
use crate::bus::candump::Replay;
use crate::bus::cannelloni::{Peer, Receiver};
use crate::bus::modbus::{Device, Dial, Framing, Poller};
use crate::bus::vrm::Vrm;
use crate::bus::{shared_memory, socketcan, victron_mqtt};
use crate::device::can_table::CanTable;
use crate::device::dbc::Database;
use crate::device::registers::{MAX_READ, RegisterTable};
use crate::device::shared_cells::SharedCells;
use crate::device::sunspec::SunSpec;
use crate::link::LinkTask;
use domain::spec::SystemIdx;
use domain::topology::Topology;
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;

/// Milliseconds that make sense for polls, time-outs and silence: up to ten minutes.
const MS_RANGE: RangeInclusive<u32> = 10..=600_000;
/// So many warnings of a DBC file are told where it is used.
const WARNINGS: usize = 5;
/// The longest name that Linux gives an interface, bytes.
const LONGEST_INTERFACE: usize = 15;

fn ms(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

impl LinkConfig {
    /// Checks the link and reads the files that it names, relative to `base`, the folder of the site file.
    ///
    /// # Errors
    /// The first thing that is wrong; nothing has been started then.
    pub fn build(&self, system: SystemIdx, topology: &Topology, base: &Path) -> Result<LinkTask, ConfigError> {
        if let Some(wrong) = self.wrong_keys().into_iter().next() {
            return Err(wrong);
        }
        let bus = match self.kind.get_ref() {
            Kind::Cannelloni => {
                Bus::Cannelloni(Receiver::new(self.listen_address()?, self.peer()?, self.can_table(topology, base)?))
            }
            Kind::Socketcan => {
                let interface = self.can_interface()?;
                Bus::Socketcan(socketcan::Receiver::new(interface, self.can_table(topology, base)?))
            }
            Kind::Candump => {
                let table = self.can_table(topology, base)?;
                let file = self.log_file(base)?;
                let repeat = self.repeat.as_ref().is_some_and(|repeat| *repeat.get_ref());
                Bus::Candump(Replay::new(file, self.replay_speed()?, repeat, table))
            }
            Kind::ModbusTcp | Kind::ModbusRtuTcp => {
                let table = Device::of_table(self.register_table(base)?, self.max_read()?);
                Bus::Modbus(Poller::new(self.dial()?, ms(self.poll_ms()), table, self.expected_serial()))
            }
            Kind::SunSpec => {
                let sign = self.sign.as_ref().map_or(Sign::DischargePositive, |sign| *sign.get_ref());
                let device = SunSpec::new(*topology, sign).with_max_read(self.max_read()?);
                let device = Device::SunSpec(Arc::new(device));
                Bus::Modbus(Poller::new(self.dial()?, ms(self.poll_ms()), device, self.expected_serial()))
            }
            Kind::VictronMqtt => Bus::VictronMqtt(victron_mqtt::Listener::new(self.victron_mqtt()?)),
            Kind::VictronVrm => Bus::Vrm(Box::new(Vrm::new(self.vrm(base)?))),
            Kind::SharedMemory => {
                let file = self.segment_file(topology, base)?;
                Bus::SharedMemory(shared_memory::Poller::new(file, ms(self.poll_ms()), SharedCells::new(*topology)))
            }
        };
        let task = LinkTask::new(self.id.get_ref().clone(), system, self.silent_after(bus.cycle()), bus);
        let installation = self.installation.as_ref().map(|number| *number.get_ref());
        Ok(task.good_for(self.max_age()).of_installation(installation))
    }

    /// Everything that can be found wrong with the link at once; nothing if [`LinkConfig::build`] would work.
    pub fn problems(&self, system: SystemIdx, topology: &Topology, base: &Path) -> Vec<ConfigError> {
        let mut problems = self.wrong_keys();
        problems.extend(self.build(system, topology, base).err());
        if self.is_can() {
            // The first of these may hide the others.
            problems.extend(self.listen.as_ref().and_then(|_| self.listen_address().err()));
            problems.extend(self.peer().err());
            problems.extend(self.file.as_ref().and_then(|_| self.log_file(base).err()));
            problems.extend(self.replay_speed().err());
            problems.extend(self.wrong_entries(topology, base));
        }
        let mut found = Vec::new();
        problems.retain(|problem| {
            !found.contains(problem) && {
                found.push(problem.clone());
                true
            }
        });
        problems
    }

    /// What a person should know of the files of the link's `task`, although it could be built.
    pub fn warnings(&self, task: &LinkTask, base: &Path) -> Vec<String> {
        let Ok((path, _)) = self.path("dbc", self.dbc.as_ref(), base) else { return Vec::new() };
        let (all, shown) = (task.file_warnings(), path.display());
        let mut warnings: Vec<String> =
            all.iter().take(WARNINGS).map(|warning| format!("{shown}, {warning}")).collect();
        if let Some(more) = all.len().checked_sub(WARNINGS).filter(|more| *more > 0) {
            warnings.push(format!("{shown}: {more} more; `packtwin dbc inspect` tells all"));
        }
        warnings
    }

    /// The entries of the map that are wrong, if there is a DBC file to hold them against.
    fn wrong_entries(&self, topology: &Topology, base: &Path) -> Vec<ConfigError> {
        let (Some(map), Ok((path, span))) = (&self.map, self.path("dbc", self.dbc.as_ref(), base)) else {
            return Vec::new();
        };
        match Database::open(&path) {
            Ok(database) => {
                let wrong = CanTable::wrong_entries(&database, map.get_ref(), topology).into_iter();
                wrong.map(|e| ConfigError::new(e.span, format!("{} ({})", e.message, path.display()))).collect()
            }
            Err(e) => vec![ConfigError::new(span, e)],
        }
    }

    /// Keys that mean nothing to the link's kind, and times that make no sense.
    pub(super) fn wrong_keys(&self) -> Vec<ConfigError> {
        use Kind::{
            Candump, Cannelloni, ModbusRtuTcp, ModbusTcp, SharedMemory, Socketcan, SunSpec, VictronMqtt, VictronVrm,
        };
        const CAN: &[Kind] = &[Cannelloni, Socketcan, Candump];
        const MODBUS: &[Kind] = &[ModbusTcp, ModbusRtuTcp, SunSpec];
        const TABLES: &[Kind] = &[ModbusTcp, ModbusRtuTcp];
        const POLLED: &[Kind] = &[ModbusTcp, ModbusRtuTcp, SunSpec, SharedMemory];
        const CONNECTING: &[Kind] = &[ModbusTcp, ModbusRtuTcp, SunSpec, VictronMqtt];
        const WAITING: &[Kind] = &[ModbusTcp, ModbusRtuTcp, SunSpec, VictronMqtt, VictronVrm];
        const VRM: &[Kind] = &[VictronVrm];
        const INSTALLATIONS: &[Kind] = &[VictronVrm, VictronMqtt, ModbusTcp, ModbusRtuTcp];
        let mut wrong = Vec::new();
        type Place = Option<Range<usize>>;
        fn at<T>(key: &Option<Spanned<T>>) -> Place {
            key.as_ref().map(Spanned::span)
        }
        let keys: [(&str, Place, &[Kind]); 27] = [
            ("listen", at(&self.listen), &[Cannelloni]),
            ("peer", at(&self.peer), &[Cannelloni]),
            ("interface", at(&self.interface), &[Socketcan]),
            ("file", at(&self.file), &[Candump]),
            ("speed", at(&self.speed), &[Candump]),
            ("repeat", at(&self.repeat), &[Candump]),
            ("dbc", at(&self.dbc), CAN),
            ("map", at(&self.map), CAN),
            ("connect", at(&self.connect), CONNECTING),
            ("unit", at(&self.unit), MODBUS),
            ("poll_ms", at(&self.poll_ms), POLLED),
            ("timeout_ms", at(&self.timeout_ms), WAITING),
            ("max_read", at(&self.max_read), MODBUS),
            ("any_unit_in_reply", at(&self.any_unit_in_reply), MODBUS),
            ("table", at(&self.table), TABLES),
            ("units", at(&self.units), TABLES),
            ("serial", at(&self.serial), MODBUS),
            ("sign", at(&self.sign), &[SunSpec]),
            ("installation", at(&self.installation), INSTALLATIONS),
            ("token_file", at(&self.token_file), VRM),
            ("token_env", at(&self.token_env), VRM),
            ("api", at(&self.api), VRM),
            ("poll_s", at(&self.poll_s), VRM),
            ("requests_per_hour", at(&self.requests_per_hour), VRM),
            ("portal", at(&self.portal), &[VictronMqtt]),
            ("instance", at(&self.instance), &[VictronMqtt, VictronVrm]),
            ("segment", at(&self.segment), &[SharedMemory]),
        ];
        let kind = *self.kind.get_ref();
        for (key, span, kinds) in keys {
            if let (Some(span), false) = (span, kinds.contains(&kind)) {
                wrong.push(ConfigError::new(span, format!("`{key}` means nothing to kind \"{}\"", kind.key())));
            }
        }
        for (key, ms) in [
            ("silent_ms", &self.silent_ms),
            ("max_age_ms", &self.max_age_ms),
            ("poll_ms", &self.poll_ms),
            ("timeout_ms", &self.timeout_ms),
        ] {
            if let Some(ms) = ms.as_ref().filter(|ms| !MS_RANGE.contains(ms.get_ref())) {
                let words = format!("`{key}` is {}, not {} to {} ms", ms.get_ref(), MS_RANGE.start(), MS_RANGE.end());
                wrong.push(ConfigError::new(ms.span(), words));
            }
        }
        wrong
    }

    pub(super) fn needed<'a, T>(
        &self,
        key: &str,
        value: Option<&'a Spanned<T>>,
    ) -> Result<&'a Spanned<T>, ConfigError> {
        let kind = self.kind.get_ref().key();
        value.ok_or_else(|| ConfigError::new(self.kind.span(), format!("kind \"{kind}\" needs `{key}`")))
    }

    fn path(
        &self,
        key: &str,
        value: Option<&Spanned<PathBuf>>,
        base: &Path,
    ) -> Result<(PathBuf, Range<usize>), ConfigError> {
        let path = self.needed(key, value)?;
        Ok((installed::find(base, path.get_ref()), path.span()))
    }

    fn can_table(&self, topology: &Topology, base: &Path) -> Result<CanTable, ConfigError> {
        let (path, span) = self.path("dbc", self.dbc.as_ref(), base)?;
        let map = self.needed("map", self.map.as_ref())?;
        if map.get_ref().is_empty() {
            return Err(ConfigError::new(map.span(), "`map` is empty: no signal would reach the system"));
        }
        let database = Database::open(&path).map_err(|e| ConfigError::new(span, e))?;
        CanTable::compile(database, map.get_ref(), topology)
            .map_err(|e| ConfigError::new(e.span, format!("{} ({})", e.message, path.display())))
    }

    fn register_table(&self, base: &Path) -> Result<RegisterTable, ConfigError> {
        let (path, span) = self.path("table", self.table.as_ref(), base)?;
        let mut table = RegisterTable::open(&path).map_err(|e| ConfigError::new(span, e))?;
        for (units, (name, id)) in self.units.iter().flat_map(|units| units.get_ref().iter().map(move |u| (units, u))) {
            table.set_unit(name, *id).map_err(|e| ConfigError::new(units.span(), e))?;
        }
        Ok(table)
    }

    fn dial(&self) -> Result<Dial, ConfigError> {
        Ok(Dial {
            address: self.host_and_port()?,
            framing: if *self.kind.get_ref() == Kind::ModbusRtuTcp { Framing::Rtu } else { Framing::Tcp },
            unit: self.unit.as_ref().map_or(1, |unit| *unit.get_ref()),
            timeout: ms(self.timeout_ms()),
            any_unit: self.any_unit_in_reply.as_ref().is_some_and(|any| *any.get_ref()),
        })
    }

    fn max_read(&self) -> Result<u16, ConfigError> {
        let Some(given) = &self.max_read else { return Ok(MAX_READ) };
        let words = || format!("`max_read` is {}, not 2 to {MAX_READ}", given.get_ref());
        let possible = (2..=MAX_READ).contains(given.get_ref());
        possible.then_some(*given.get_ref()).ok_or_else(|| ConfigError::new(given.span(), words()))
    }

    fn expected_serial(&self) -> Option<String> {
        self.serial.as_ref().map(|serial| serial.get_ref().trim().to_owned())
    }

    fn log_file(&self, base: &Path) -> Result<PathBuf, ConfigError> {
        let (path, span) = self.path("file", self.file.as_ref(), base)?;
        match std::fs::File::open(&path) {
            Ok(_) => Ok(path),
            Err(e) => Err(ConfigError::new(span, format!("{} cannot be read: {e}", path.display()))),
        }
    }

    fn replay_speed(&self) -> Result<f64, ConfigError> {
        let Some(speed) = &self.speed else { return Ok(1.0) };
        let possible = (0.01..=1_000.0).contains(speed.get_ref());
        let words = || format!("`speed` is {}, not 0.01 to 1000", speed.get_ref());
        possible.then_some(*speed.get_ref()).ok_or_else(|| ConfigError::new(speed.span(), words()))
    }

    fn listen_address(&self) -> Result<SocketAddr, ConfigError> {
        let listen = self.needed("listen", self.listen.as_ref())?;
        listen.get_ref().parse().map_err(|_| {
            let words = format!("`{}` is not an address to listen on, such as 127.0.0.1:20000", listen.get_ref());
            ConfigError::new(listen.span(), words)
        })
    }

    fn peer(&self) -> Result<Option<Peer>, ConfigError> {
        let Some(peer) = &self.peer else { return Ok(None) };
        let words = || format!("`{}` is not the address of a sender, such as 192.168.1.20", peer.get_ref());
        peer.get_ref().parse().map(Some).map_err(|_| ConfigError::new(peer.span(), words()))
    }

    /// The segment need not be there yet: its writer may be started later.
    fn segment_file(&self, topology: &Topology, base: &Path) -> Result<PathBuf, ConfigError> {
        if topology.cells() == 0 {
            let words = "shared memory has cells only, and this system has none: give it a `topology`";
            return Err(ConfigError::new(self.kind.span(), words));
        }
        match &self.segment {
            Some(name) if name.get_ref().trim_matches('/').is_empty() => {
                let words = format!("`{}` is neither a name, such as {SEGMENT}, nor a path", name.get_ref());
                Err(ConfigError::new(name.span(), words))
            }
            _ => Ok(shared_memory::file_of(self.segment(), base)),
        }
    }

    /// The interface need not be there yet: it may be plugged in later.
    fn can_interface(&self) -> Result<String, ConfigError> {
        let interface = self.needed("interface", self.interface.as_ref())?;
        if !cfg!(target_os = "linux") {
            let words = "SocketCAN is a part of Linux: on this system use kind \"cannelloni\"";
            return Err(ConfigError::new(self.kind.span(), words));
        }
        let name = interface.get_ref();
        let letters = |letter: char| !letter.is_whitespace() && !matches!(letter, '/' | ':');
        if !(1..=LONGEST_INTERFACE).contains(&name.len()) || !name.chars().all(letters) {
            let words = format!("`{name}` is not the name of an interface, such as can0 (see `ip link`)");
            return Err(ConfigError::new(interface.span(), words));
        }
        Ok(name.clone())
    }

    pub(super) fn host_and_port(&self) -> Result<String, ConfigError> {
        let connect = self.needed("connect", self.connect.as_ref())?;
        match connect.get_ref().rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
                Ok(connect.get_ref().clone())
            }
            _ => {
                let port = if *self.kind.get_ref() == Kind::VictronMqtt { 1883 } else { 502 };
                let words = format!("`{}` is not a host and port, such as 192.168.1.20:{port}", connect.get_ref());
                Err(ConfigError::new(connect.span(), words))
            }
        }
    }
}
