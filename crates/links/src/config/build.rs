//! From a `[[link]]` table to a link that can run: checks the keys, reads DBC file or register table.

use super::key::{Key, Shaped, read_as};
use super::kind::Surroundings;
use super::{ConfigError, INSTALLATION, LinkConfig, POLL_MS, SETPOINTS, SetpointEntry, TIMEOUT_MS, installed, kinds};
use crate::device::setpoint;
use crate::link::LinkTask;
use domain::spec::SystemIdx;
use domain::topology::Topology;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Milliseconds that make sense for polls, time-outs and silence: up to ten minutes.
const MS_RANGE: RangeInclusive<u32> = 10..=600_000;
/// So many warnings of a DBC file are told where it is used.
const WARNINGS: usize = 5;

impl LinkConfig {
    /// Checks the link and reads the files that it names, relative to `base`, the folder of the site file.
    ///
    /// # Errors
    /// The first thing that is wrong; nothing has been started then.
    pub fn build(&self, system: SystemIdx, topology: &Topology, base: &Path) -> Result<LinkTask, ConfigError> {
        if let Some(wrong) = self.wrong_keys().into_iter().next() {
            return Err(wrong);
        }
        let bus = (self.kind.get_ref().build)(self, &Surroundings { topology, base })?;
        let silent_after = self.silent_after(bus.can().and_then(|can| can.cycle()));
        let task = LinkTask::new(self.id.get_ref().clone(), system, silent_after, bus);
        Ok(task.good_for(self.max_age()).of_installation(self.keys.value(&INSTALLATION).copied()))
    }

    /// Everything that can be found wrong with the link at once; nothing if [`LinkConfig::build`] would work.
    pub fn problems(&self, system: SystemIdx, topology: &Topology, base: &Path) -> Vec<ConfigError> {
        let mut problems = self.wrong_keys();
        problems.extend(self.build(system, topology, base).err());
        // The first of these may hide the others.
        problems.extend((self.kind.get_ref().more_problems)(self, &Surroundings { topology, base }));
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
        let Ok((path, _)) = self.path(&kinds::DBC, base) else { return Vec::new() };
        let (all, shown) = (task.file_warnings(), path.display());
        let mut warnings: Vec<String> =
            all.iter().take(WARNINGS).map(|warning| format!("{shown}, {warning}")).collect();
        if let Some(more) = all.len().checked_sub(WARNINGS).filter(|more| *more > 0) {
            warnings.push(format!("{shown}: {more} more; `packtwin dbc inspect` tells all"));
        }
        warnings
    }

    /// Keys that mean nothing to the link's kind, and times that make no sense.
    pub(super) fn wrong_keys(&self) -> Vec<ConfigError> {
        let kind = self.kind.get_ref();
        let foreign = self.keys.all().filter(|(name, _)| !kind.has(name));
        let mut wrong: Vec<ConfigError> = foreign
            .map(|(name, at)| ConfigError::new(at, format!("`{name}` means nothing to kind \"{}\"", kind.key)))
            .collect();
        for (name, given) in [
            ("silent_ms", self.silent_ms.as_ref()),
            ("max_age_ms", self.max_age_ms.as_ref()),
            (POLL_MS.name(), self.keys.get(&POLL_MS)),
            (TIMEOUT_MS.name(), self.keys.get(&TIMEOUT_MS)),
        ] {
            if let Some(ms) = given.filter(|ms| !MS_RANGE.contains(ms.get_ref())) {
                let message =
                    format!("`{name}` is {}, not {} to {} ms", ms.get_ref(), MS_RANGE.start(), MS_RANGE.end());
                wrong.push(ConfigError::new(ms.span(), message));
            }
        }
        wrong
    }

    /// A key without which the link's kind cannot be.
    pub(super) fn needed<T: Shaped>(&self, key: &Key<T>) -> Result<&Spanned<T>, ConfigError> {
        let message = || format!("kind \"{}\" needs `{}`", self.kind.get_ref().key, key.name());
        self.keys.get(key).ok_or_else(|| ConfigError::new(self.kind.span(), message()))
    }

    /// The file that a key names, and where the key stands.
    pub(super) fn path(&self, key: &Key<String>, base: &Path) -> Result<(PathBuf, Range<usize>), ConfigError> {
        let path = self.needed(key)?;
        Ok((installed::find(base, path.get_ref().as_ref()), path.span()))
    }

    /// A number of this range, or `usual` where the key is not given.
    pub(super) fn within<T>(
        &self,
        key: &Key<T>,
        usual: T,
        range: RangeInclusive<T>,
        unit: &str,
    ) -> Result<T, ConfigError>
    where
        T: Shaped + Copy + PartialOrd + Display,
    {
        let Some(given) = self.keys.get(key) else { return Ok(usual) };
        let (value, low, high) = (*given.get_ref(), range.start(), range.end());
        let wrong =
            || ConfigError::new(given.span(), format!("`{}` is {value}, not {low} to {high}{unit}", key.name()));
        range.contains(&value).then_some(value).ok_or_else(wrong)
    }

    /// What others may set, each made by `one` of its entry.
    pub(super) fn setpoints<T>(
        &self,
        one: impl Fn(&SetpointEntry) -> Result<T, (Range<usize>, String)>,
    ) -> Result<Vec<T>, ConfigError> {
        let entries = self.keys.value(&SETPOINTS).map_or(&[][..], Vec::as_slice);
        setpoint::all(entries, one).map_err(|(span, message)| ConfigError::new(span, message))
    }

    /// What is connected to; `usual` is the port of an example.
    pub(super) fn host_and_port(&self, key: &Key<String>, usual: u16) -> Result<String, ConfigError> {
        read_as(self.needed(key)?, &format!("a host and port, such as 192.168.1.20:{usual}"), |text| {
            let (host, port) = text.rsplit_once(':')?;
            let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
            (!host.is_empty() && is_port).then(|| text.to_owned())
        })
    }
}
