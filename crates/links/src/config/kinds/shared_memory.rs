//! Kind `shared-memory`: cells that another program of this machine writes.

use super::super::key::Key;
use super::super::kind::{Kind, Rhythm, Surroundings};
use super::super::{ConfigError, LinkConfig, POLL_MS, SILENT_PERIODS, ms};
use crate::ages::between_polls;
use crate::bus::shared_memory::{Poller, file_of};
use crate::device::shared_cells::SharedCells;
use std::path::PathBuf;
use std::time::Duration;

/// Where the battery simulators that we know write.
const USUAL_SEGMENT: &str = "/battery_sim_shm";

const SEGMENT: Key<String> = Key::new("segment", "its name, or the path of a file; /battery_sim_shm if not given");

pub(super) const KIND: Kind = Kind {
    key: "shared-memory",
    label: "Shared memory",
    reaches: "a simulator on this machine that writes its cells into shared memory; docs/connect-your-battery.md \
              has the layout",
    keys: &[SEGMENT.info(), POLL_MS.info()],
    example: r#"[[link]]
id = "cells"
system = "racks"
kind = "shared-memory"
segment = "/battery_sim_shm"
"#,
    advice: "Nothing came. Does the program that writes the segment run on this machine, with as many cells as the \
             system has?",
    is_can: false,
    address: |link| Some(segment(link).to_owned()),
    // A file is read at once.
    rhythm: |link| Rhythm {
        max_age: between_polls(ms(link.poll_ms()), Duration::ZERO),
        silent: ms(link.poll_ms()) * SILENT_PERIODS,
    },
    build: |link, around| {
        let cells = SharedCells::new(*around.topology);
        Ok(Box::new(Poller::new(segment_file(link, around)?, ms(link.poll_ms()), cells)))
    },
    more_problems: |_, _| Vec::new(),
};

fn segment(link: &LinkConfig) -> &str {
    link.keys.value(&SEGMENT).map_or(USUAL_SEGMENT, String::as_str)
}

/// The segment need not be there yet: its writer may be started later.
fn segment_file(link: &LinkConfig, around: &Surroundings<'_>) -> Result<PathBuf, ConfigError> {
    if around.topology.cells() == 0 {
        let message = "shared memory has cells only, and this system has none: give it a `topology`";
        return Err(ConfigError::new(link.kind.span(), message));
    }
    match link.keys.get(&SEGMENT) {
        Some(name) if name.get_ref().trim_matches('/').is_empty() => {
            let message = format!("`{}` is neither a name, such as {USUAL_SEGMENT}, nor a path", name.get_ref());
            Err(ConfigError::new(name.span(), message))
        }
        _ => Ok(file_of(segment(link), around.base)),
    }
}
