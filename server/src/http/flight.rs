//! Flight checks for programs: `POST /api/v1/flight`. Nothing is sent to a device.

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::asked::JsonBody;
use super::problem::Problem;
use crate::flight::{Question, forecast};
use api::flight::{FlightRequest, FlightResponse, LoadRequest, Settings};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::control::ControlKind;
use domain::flight::HORIZON_MAX_S;
use domain::plain::quoted;
use domain::wire::Wire as _;
use std::collections::BTreeMap;

/// The shortest time of a load profile, s: shorter ones would be computed for long, and say no more.
const SHORTEST_S: f32 = 1.0;
/// The highest power that is taken for one, W.
const POWER_MAX_W: f32 = 1e9;

/// `POST /api/v1/flight`
pub(super) async fn flight(
    State(app): State<AppState>,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<FlightRequest>,
) -> Result<Response, Problem> {
    let (index, spec, _) = app.find(asked.system.as_deref())?;
    let FlightRequest { wanted, load, grid_cap_w, backup, horizon_min, .. } = asked;
    check_load(&load)?;
    let horizon_s = horizon_min.map_or(HORIZON_MAX_S, |minutes| minutes * 60.0);
    if !(60.0..=HORIZON_MAX_S).contains(&horizon_s) {
        return Err(Problem::bad_parameter("horizon_min: it is not from 1 to 1440"));
    }
    if grid_cap_w.is_some_and(|cap_w| cap_w.is_nan() || cap_w.abs() > POWER_MAX_W) {
        return Err(Problem::bad_parameter(format!("grid_cap_w: it is not from -{POWER_MAX_W} to {POWER_MAX_W}")));
    }
    let control = app.commands.state(index).ok_or_else(Problem::broken)?;
    let mut present = Settings::of(&control, spec);
    present.grid_cap_w = grid_cap_w.or(present.grid_cap_w);
    let mut with = present.clone();
    for (kind, value) in known(wanted)? {
        with.set(kind, value);
    }
    let question = Question { present, wanted: with, load, backup, horizon_s, curve_min: HORIZON_MAX_S / 60.0 };
    let (system, hub) = (spec.id.clone(), app.hub.clone());
    let permit = app.gate.question().await.map_err(Problem::busy)?;
    let run = app.gate.run(move || {
        let _permit = permit;
        forecast(&hub, index, question)
    });
    let (timestamp, forecast) = run.await.map_err(|_| Problem::broken())?.ok_or_else(Problem::broken)?;
    let answer = FlightResponse { system, timestamp, forecast };
    Ok(if wants_octets(&headers) { octets(answer.to_bytes()) } else { json(answer) })
}

/// The wanted values, each by its kind and within what the kind allows at all.
fn known(wanted: BTreeMap<String, f64>) -> Result<Vec<(ControlKind, f64)>, Problem> {
    let of = |(key, value): (String, f64)| {
        let kind = ControlKind::from_key(&key).ok_or_else(|| {
            let known: Vec<&str> = ControlKind::ALL.iter().map(|kind| kind.spec().key).collect();
            Problem::bad_parameter(format!("wanted: there is no {}; there is {}", quoted(&key), known.join(", ")))
        })?;
        let (low, high) = kind.spec().range;
        match (low..=high).contains(&value) {
            true => Ok((kind, value)),
            false => Err(Problem::bad_parameter(format!("wanted: {key} is {value}, not from {low} to {high}"))),
        }
    };
    wanted.into_iter().map(of).collect()
}

fn check_load(load: &LoadRequest) -> Result<(), Problem> {
    let power = |watts: f32| match (0.0..=POWER_MAX_W).contains(&watts) {
        true => Ok(()),
        false => Err(Problem::bad_parameter(format!("load: {watts} W is not from 0 to {POWER_MAX_W} W"))),
    };
    let time = |name: &str, seconds: f32| match (SHORTEST_S..=HORIZON_MAX_S).contains(&seconds) {
        true => Ok(()),
        false => Err(Problem::bad_parameter(format!("load: {name} is {seconds}, not from 1 to {HORIZON_MAX_S} s"))),
    };
    match load {
        LoadRequest::Repeated | LoadRequest::Held => Ok(()),
        LoadRequest::Constant { load_w } => power(*load_w),
        LoadRequest::Bursts { base_w, burst_w, every_s, lasting_s } => {
            power(*base_w)?;
            power(*burst_w)?;
            time("every_s", *every_s)?;
            time("lasting_s", *lasting_s)
        }
        LoadRequest::Recorded { load_w, .. } if load_w.is_empty() => {
            Err(Problem::bad_parameter("load: load_w has no value"))
        }
        LoadRequest::Recorded { load_w, step_s } => {
            time("step_s", *step_s)?;
            load_w.iter().try_for_each(|watts| power(*watts))
        }
    }
}
