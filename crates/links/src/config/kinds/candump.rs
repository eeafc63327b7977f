//! Kind `candump`: a recorded CAN log.

use super::super::key::Key;
use super::super::kind::{Built, Kind, Surroundings};
use super::super::{ConfigError, LinkConfig};
use super::can::{self, DBC, MAP};
use crate::bus::candump::Replay;
use std::path::{Path, PathBuf};

pub(in crate::config) const FILE: Key<String> = Key::new("file", "the log");
pub(in crate::config) const SPEED: Key<f64> = Key::new("speed", "how much faster than recorded; 1 if not given");
const REPEAT: Key<bool> = Key::new("repeat", "true: from the start again at the end");

pub(in crate::config) const KIND: Kind = Kind {
    key: "candump",
    label: "CAN log replay (candump)",
    reaches: "a recorded CAN log, as `candump -L` writes it",
    keys: &[FILE.info(), SPEED.info(), REPEAT.info(), DBC.info(), MAP.info()],
    example: r#"[[link]]
id = "recorded"
system = "pack"
kind = "candump"
file = "burst.log"
repeat = true
dbc = "dbc/foxbms2.dbc"
map = [{ point = "battery/current", signal = "PackCurrent" }]
"#,
    advice: "The log has no frame. Is it written by candump, best by `candump -L`?",
    is_can: true,
    address: |link| link.keys.value(&FILE).cloned(),
    rhythm: can::rhythm,
    build,
    more_problems: |link, around| {
        let file = link.keys.get(&FILE).and_then(|_| file(link, around.base).err());
        file.into_iter().chain(speed(link).err()).chain(can::wrong_entries(link, around)).collect()
    },
};

fn build(link: &LinkConfig, around: &Surroundings<'_>) -> Built {
    let (table, _) = can::table(link, around)?;
    let repeat = link.keys.value(&REPEAT).is_some_and(|repeat| *repeat);
    Ok(Box::new(Replay::new(file(link, around.base)?, speed(link)?, repeat, table)))
}

fn file(link: &LinkConfig, base: &Path) -> Result<PathBuf, ConfigError> {
    let (path, span) = link.path(&FILE, base)?;
    match crate::host::is_file(&path).and_then(|()| std::fs::File::open(&path)) {
        Ok(_) => Ok(path),
        Err(e) => Err(ConfigError::new(span, format!("{} cannot be read: {e}", path.display()))),
    }
}

fn speed(link: &LinkConfig) -> Result<f64, ConfigError> {
    link.within(&SPEED, 1.0, 0.01..=1_000.0, "")
}
