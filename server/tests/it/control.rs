//! Commands, from HTTP to the register and back: the real server, and devices that count what arrives.

mod anything;
mod configured;
mod device;
mod fruitless;
mod judged;
mod lies;
mod lists;
mod obeys;
mod restarts;
mod site;
mod waits;

use std::time::Duration;

/// Nothing here takes longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
