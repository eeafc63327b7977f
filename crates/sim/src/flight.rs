//! The flight check: the twin runs forward from the live cells, before a command is sent. Pure; runs in the browser too.
//!
//! ```text
//!   snapshot, last minutes --> reading --> estimate --> Twin --> run under a plan and control values --> Outlook
//!                                                        |        strings: power balance, at every change of the load
//!                                                        |        cells:   voltage and heat of each cell, every 0.5 %
//! ```
//!
//! The equations are those of [`crate::physics`], with the parameters of its cells. All cells of a string carry the same
//! current, so what follows from the current alone (charge drawn, polarisation, hysteresis) is kept once for each string,
//! and RC pairs move by the exact exponential of a constant current. Between two refreshes of the cells the string is one
//! source, linear in the charge drawn. Limits and dispatch are those of the simulated controller ([`crate::controller`],
//! [`crate::dispatch`]), scaled to what the BMS says now.

mod cells;
mod estimate;
mod load;
mod order;
mod reading;
mod recent;
mod run;
mod strings;
mod twin;

pub use recent::{Recent, Stretch};
pub use twin::Twin;

use domain::flight::{Controls, Dispatch, FlightCheck, Known, LoadProfile, Outlook, Plan, Unknown};
use domain::spec::SystemSpec;
use domain::twin::Snapshot;

/// Checks what `wanted` would bring beside what `present` brings, from the state of `snapshot`.
pub fn check(
    spec: &SystemSpec,
    snapshot: &Snapshot,
    recent: &Recent,
    plan: &Plan,
    present: &Controls,
    wanted: &Controls,
) -> FlightCheck {
    match Twin::of(spec, snapshot, recent) {
        Ok(twin) => twin.check(plan, present, wanted),
        Err(why) => {
            let nothing = Outlook::unknown(why);
            FlightCheck { present: nothing.clone(), wanted: nothing, assumptions: Vec::new(), load_w: Err(why) }
        }
    }
}

/// What comes of `controls` for a twin that may not be known, where it may not be said what the battery does: then of a
/// lost grid only.
pub fn outlook(
    twin: &Known<Twin>,
    load: &LoadProfile,
    dispatch: Option<Dispatch>,
    horizon_s: f32,
    controls: &Controls,
) -> Outlook {
    let twin = match twin {
        Ok(twin) => twin,
        Err(why) => return Outlook::unknown(*why),
    };
    let plan = |dispatch| Plan { load: load.clone(), dispatch, horizon_s };
    match dispatch {
        Some(dispatch) => twin.outlook(&plan(dispatch), controls),
        None => {
            let Outlook { backup, .. } = twin.outlook(&plan(Dispatch::Backup), controls);
            Outlook { backup, ..Outlook::unknown(Unknown::GridCap) }
        }
    }
}

#[cfg(test)]
mod tests;
