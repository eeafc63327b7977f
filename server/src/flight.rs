//! Flight checks of live systems: what the hub knows of one, run forward.

use crate::hub::Hub;
use api::flight::{Forecast, LoadRequest, OutlookResponse, Settings, load_words};
use domain::flight::{Dispatch, LoadProfile};
use domain::point::PointId;
use domain::recent::RECENT_S;
use domain::series::Trace;
use domain::time::Utc;
use sim::flight::{Recent, Twin, outlook};
use std::time::Duration;

/// What is run forward.
#[derive(Debug)]
pub(crate) struct Question {
    /// What the controls are set to.
    pub(crate) present: Settings,
    /// What they are to be set to.
    pub(crate) wanted: Settings,
    /// What the load does.
    pub(crate) load: LoadRequest,
    /// Whether the grid is lost.
    pub(crate) backup: bool,
    /// How far is looked ahead, s.
    pub(crate) horizon_s: f32,
    /// How far the curves are told, min.
    pub(crate) curve_min: f32,
}

/// What comes of it from the newest snapshot of the system at `index` on, and when that was; `None` if there is no such
/// system. It computes for some milliseconds.
pub(crate) fn forecast(hub: &Hub, index: usize, question: Question) -> Option<(Utc, Forecast)> {
    let Question { present, wanted, load: asked, backup, horizon_s, curve_min } = question;
    let (spec, newest) = (hub.site.systems.get(index)?, hub.newest(index)?);
    let now = newest.snapshot.now.utc;
    let traces = [PointId::Current, PointId::LoadPower].map(Trace::Point);
    let table = hub.table(index, now - Duration::from_secs(u64::from(RECENT_S)), &traces)?;
    let mut assumptions = Vec::new();
    let load = match asked.clone() {
        LoadRequest::Held => LoadProfile::Held,
        LoadRequest::Constant { load_w } => LoadProfile::Constant(load_w),
        LoadRequest::Bursts { base_w, burst_w, every_s, lasting_s } => {
            LoadProfile::Bursts { base_w, burst_w, every_s, lasting_s }
        }
        LoadRequest::Recorded { load_w, step_s } => LoadProfile::Recorded { load_w, step_s },
        LoadRequest::Repeated => Recent::repeated(&table, now).unwrap_or_else(|| {
            assumptions.push("Half of the load of the last minutes is not known: its mean goes on".to_owned());
            LoadProfile::Held
        }),
    };
    assumptions.extend(Recent::short_words(&load));
    let twin = Twin::of(spec, &newest.snapshot, &Recent::of(&table, now));
    let look = |settings: &Settings| {
        let dispatch = if backup { Some(Dispatch::Backup) } else { settings.dispatch() };
        let cap_w = settings.grid_cap_w.filter(|_| !backup);
        let outlook = outlook(&twin, &load, dispatch, horizon_s, &settings.controls);
        OutlookResponse::of(&outlook, cap_w, &spec.topology, curve_min)
    };
    let looked = look(&present);
    let wanted = if wanted == present { looked.clone() } else { look(&wanted) };
    if let Ok(twin) = &twin {
        assumptions.extend(twin.assumptions().iter().map(ToString::to_string));
    }
    assumptions.extend(present.assumptions);
    let load_w = twin.as_ref().ok().and_then(|twin| twin.mean_load_w(&load).ok());
    Some((
        now,
        Forecast {
            load: load_words(&asked),
            load_w: load_w.map(|watts| f64::from(watts.round())),
            horizon_min: f64::from(horizon_s) / 60.0,
            present: looked,
            wanted,
            assumptions,
        },
    ))
}
