//! From a `[[link]]` table to a link that can run: checks the keys, reads DBC file or register table.

use super::{ConfigError, Kind, LinkConfig};
use crate::bus::Bus;
use crate::bus::candump::Replay;
use crate::bus::cannelloni::Receiver;
use crate::bus::modbus::Poller;
use crate::device::can_table::CanTable;
use crate::device::dbc::Database;
use crate::device::registers::RegisterTable;
use crate::link::LinkTask;
use domain::spec::SystemIdx;
use domain::topology::Topology;
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

/// Milliseconds that make sense for polls, time-outs and silence: up to ten minutes.
const MS_RANGE: RangeInclusive<u32> = 10..=600_000;

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
            Kind::Cannelloni => Bus::Cannelloni(Receiver::new(self.listen_address()?, self.can_table(topology, base)?)),
            Kind::Candump => {
                let table = self.can_table(topology, base)?;
                let file = self.log_file(base)?;
                let repeat = self.repeat.as_ref().is_some_and(|repeat| *repeat.get_ref());
                Bus::Candump(Replay::new(file, self.replay_speed()?, repeat, table))
            }
            Kind::ModbusTcp => {
                let (path, span) = self.path("table", self.table.as_ref(), base)?;
                let table = RegisterTable::open(&path).map_err(|e| ConfigError::new(span, e))?;
                let unit = self.unit.as_ref().map_or(1, |unit| *unit.get_ref());
                let ms = |ms: u32| Duration::from_millis(ms.into());
                Bus::Modbus(Poller::new(self.host_and_port()?, unit, ms(self.poll_ms()), ms(self.timeout_ms()), table))
            }
        };
        Ok(LinkTask::new(self.id.get_ref().clone(), system, self.silent_after(), bus))
    }

    /// Everything that can be found wrong with the link at once; nothing if [`LinkConfig::build`] would work.
    pub fn problems(&self, system: SystemIdx, topology: &Topology, base: &Path) -> Vec<ConfigError> {
        let mut problems = self.wrong_keys();
        problems.extend(self.build(system, topology, base).err());
        if self.is_can() {
            // The first of these may hide the others.
            problems.extend(self.listen.as_ref().and_then(|_| self.listen_address().err()));
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
        let mut wrong = Vec::new();
        use Kind::{Candump, Cannelloni, ModbusTcp};
        type Place = Option<Range<usize>>;
        fn at<T>(key: &Option<Spanned<T>>) -> Place {
            key.as_ref().map(Spanned::span)
        }
        let keys: [(&str, Place, &[Kind]); 11] = [
            ("listen", at(&self.listen), &[Cannelloni]),
            ("file", at(&self.file), &[Candump]),
            ("speed", at(&self.speed), &[Candump]),
            ("repeat", at(&self.repeat), &[Candump]),
            ("dbc", at(&self.dbc), &[Cannelloni, Candump]),
            ("map", at(&self.map), &[Cannelloni, Candump]),
            ("connect", at(&self.connect), &[ModbusTcp]),
            ("unit", at(&self.unit), &[ModbusTcp]),
            ("poll_ms", at(&self.poll_ms), &[ModbusTcp]),
            ("timeout_ms", at(&self.timeout_ms), &[ModbusTcp]),
            ("table", at(&self.table), &[ModbusTcp]),
        ];
        let kind = *self.kind.get_ref();
        for (key, span, kinds) in keys {
            if let (Some(span), false) = (span, kinds.contains(&kind)) {
                wrong.push(ConfigError::new(span, format!("`{key}` means nothing to kind \"{}\"", kind.key())));
            }
        }
        for (key, ms) in [("silent_ms", &self.silent_ms), ("poll_ms", &self.poll_ms), ("timeout_ms", &self.timeout_ms)]
        {
            if let Some(ms) = ms.as_ref().filter(|ms| !MS_RANGE.contains(ms.get_ref())) {
                let words = format!("`{key}` is {}, not {} to {} ms", ms.get_ref(), MS_RANGE.start(), MS_RANGE.end());
                wrong.push(ConfigError::new(ms.span(), words));
            }
        }
        wrong
    }

    fn needed<'a, T>(&self, key: &str, value: Option<&'a Spanned<T>>) -> Result<&'a Spanned<T>, ConfigError> {
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
        Ok((base.join(path.get_ref()), path.span()))
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

    fn host_and_port(&self) -> Result<String, ConfigError> {
        let connect = self.needed("connect", self.connect.as_ref())?;
        match connect.get_ref().rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
                Ok(connect.get_ref().clone())
            }
            _ => {
                let words = format!("`{}` is not a host and port, such as 192.168.1.20:502", connect.get_ref());
                Err(ConfigError::new(connect.span(), words))
            }
        }
    }
}
