//! What all kinds of links have that bring CAN frames: a DBC file, and a map of its signals.

use super::super::installed;
use super::super::key::Key;
use super::super::kind::{Rhythm, Surroundings};
use super::super::{ConfigError, LinkConfig, MapEntry, SETPOINTS};
use crate::device::can_setpoint::{CanSetpoint, undone};
use crate::device::can_table::CanTable;
use crate::device::dbc::Database;
use std::time::Duration;

pub(in crate::config) const DBC: Key<String> =
    Key::new("dbc", "the DBC file; `packtwin dbc inspect FILE` shows what is in it and proposes a map");
pub(in crate::config) const MAP: Key<Vec<MapEntry>> =
    Key::new("map", "which signal is which point; {cell}, {module}, {node} stand for numbers");

/// The table that the keys describe, and what others may set.
pub(super) fn table(link: &LinkConfig, around: &Surroundings<'_>) -> Result<(CanTable, Vec<CanSetpoint>), ConfigError> {
    let (path, span) = link.path(&DBC, around.base)?;
    let map = link.needed(&MAP)?;
    if map.get_ref().is_empty() {
        return Err(ConfigError::new(map.span(), "`map` is empty: no signal would reach the system"));
    }
    let database = Database::open(&path).map_err(|e| ConfigError::new(span, e))?;
    let setpoints = link.setpoints(|entry| CanSetpoint::new(entry, &database))?;
    let entries = link.keys.value(&SETPOINTS).map_or(&[][..], Vec::as_slice);
    if let Some((span, message)) = undone(entries, &setpoints) {
        return Err(ConfigError::new(span, message));
    }
    let table = CanTable::compile(database, map.get_ref(), around.topology)
        .map_err(|e| ConfigError::new(e.span, format!("{} ({})", e.message, path.display())))?;
    Ok((table, setpoints))
}

/// Nobody asks a CAN bus: only its DBC file can tell how often something comes.
pub(super) fn rhythm(_: &LinkConfig) -> Rhythm {
    Rhythm { max_age: Duration::ZERO, silent: Duration::ZERO }
}

/// The entries of the map that are wrong, if there is a DBC file to hold them against.
pub(super) fn wrong_entries(link: &LinkConfig, around: &Surroundings<'_>) -> Vec<ConfigError> {
    let (Some(map), Some(dbc)) = (link.keys.get(&MAP), link.keys.get(&DBC)) else { return Vec::new() };
    let path = installed::find(around.base, dbc.get_ref().as_ref());
    match Database::open(&path) {
        Ok(database) => {
            let wrong = CanTable::wrong_entries(&database, map.get_ref(), around.topology).into_iter();
            wrong.map(|e| ConfigError::new(e.span, format!("{} ({})", e.message, path.display()))).collect()
        }
        Err(e) => vec![ConfigError::new(dbc.span(), e)],
    }
}
