//! What is known of a system now or at an instant of the past: its state, its cells.

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::asked::Query;
use super::instant::instant;
use super::problem::Problem;
use crate::past::Past;
use api::cells::CellsResponse;
use api::devices::{DevicesRequest, DevicesResponse};
use api::state::{StateRequest, StateResponse};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::spec::SystemSpec;
use domain::twin::Snapshot;
use domain::wire::Wire as _;

impl AppState {
    /// The snapshot of a system that is asked for.
    async fn snapshot(&self, asked: &StateRequest) -> Result<(&SystemSpec, Snapshot), Problem> {
        let (index, spec, newest) = self.find(asked.system.as_deref())?;
        let Some(at) = asked.at.as_deref() else { return Ok((spec, newest.snapshot.clone())) };
        let at_ms = instant("at", at)?;
        let ask = move |past: &Past<'_>| Ok((past.snapshot(at_ms)?, past.left_out(at_ms)));
        let (snapshot, left_out) = self.ask_past(index, ask).await?;
        let missing = || match left_out.as_str() {
            "" => Problem::not_found(format!("nothing was recorded at {at}")),
            left_out => Problem::not_found(format!("nothing is known of {at}. {left_out}")),
        };
        Ok((spec, snapshot.ok_or_else(missing)?))
    }
}

/// `GET /api/v1/state?system=hv&at=2026-11-20T13:00:00Z`: points, nodes, alarms, cell statistics.
pub(super) async fn state(
    State(app): State<AppState>,
    Query(asked): Query<StateRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (spec, snapshot) = app.snapshot(&asked).await?;
    if spec.device_points.len() <= DEVICE_POINTS_AT_ONCE {
        return Ok(json(StateResponse::of(&app.hub.site, spec, &snapshot)));
    }
    let (large, site, spec) = (app.large(&headers), app.hub.site.clone(), spec.clone());
    app.write(move || large.json(&StateResponse::of(&site, &spec, &snapshot))).await
}

/// The state with more device points is a large answer, and so is their list.
const DEVICE_POINTS_AT_ONCE: usize = 200;

/// The cells of more are a large answer.
const CELLS_AT_ONCE: usize = 600;

/// `GET /api/v1/cells?system=hv&at=2026-11-20T13:00:00Z`: every cell's voltage and temperature.
pub(super) async fn cells(
    State(app): State<AppState>,
    Query(asked): Query<StateRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (spec, snapshot) = app.snapshot(&asked).await?;
    if spec.topology.cells() <= CELLS_AT_ONCE {
        return Ok(json(CellsResponse::of(spec, &snapshot)));
    }
    let (large, spec) = (app.large(&headers), spec.clone());
    app.write(move || large.json(&CellsResponse::of(&spec, &snapshot))).await
}

/// `GET /api/v1/devices?system=hv`: the points of a system's devices, in the order in which the live stream has them.
pub(super) async fn devices(
    State(app): State<AppState>,
    Query(asked): Query<DevicesRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, spec, _) = app.find(asked.system.as_deref())?;
    if spec.device_points.len() > DEVICE_POINTS_AT_ONCE {
        let (large, spec) = (app.large(&headers), spec.clone());
        let written = move || match large.wants_octets() {
            true => large.octets(spec.device_points.to_vec().to_bytes()),
            false => large.json(&DevicesResponse::of(&spec)),
        };
        return app.write(written).await;
    }
    Ok(if wants_octets(&headers) {
        octets(spec.device_points.to_vec().to_bytes())
    } else {
        json(DevicesResponse::of(spec))
    })
}
