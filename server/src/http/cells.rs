//! `GET /api/v1/cells/history`: every cell over time, one value a cell and step.

use super::AppState;
use super::asked::Query;
use super::history::{Span, WIDTH, left_out};
use super::problem::Problem;
use api::cells::{CellsHistoryRequest, CellsHistoryResponse, MapQuantity};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::series::CellMap;
use domain::time::Utc;
use domain::wire::Wire as _;
use store::CellValue;

/// More values than this are in no answer: of larger systems there are fewer steps.
const VALUES_MAX: usize = 400_000;

/// `GET /api/v1/cells/history?system=hv&quantity=deviation&from=2026-11-20&to=2026-11-21&width=700`.
pub(super) async fn history(
    State(app): State<AppState>,
    Query(asked): Query<CellsHistoryRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (index, spec, _) = app.find(asked.system.as_deref())?;
    let quantity = asked.quantity.unwrap_or_default();
    let (unit, resolution) = quantity.unit();
    let what = match quantity {
        MapQuantity::Voltage => CellValue::Voltage,
        MapQuantity::Temperature => CellValue::Temperature,
        MapQuantity::Deviation => CellValue::Deviation,
    };
    let Span { range, width } = app.span(index, &asked.from, &asked.to, asked.width.or(Some(WIDTH)))?;
    let width = width.min(VALUES_MAX / spec.topology.cells().max(1)).max(1);
    let system = spec.id.clone();
    let (spec, large) = (spec.clone(), app.large(&headers));
    let answer = app.ask_history(move |history| {
        let map = history.cell_map(&system, range, width, what)?;
        let left = history.left_out(&system, range).of_cells();
        let map = CellMap {
            from: Utc(map.from_ms * 1_000),
            step_ms: map.step_ms as u64,
            steps: map.steps,
            cells: map.cells,
            unit,
            resolution,
            values: map.values,
        };
        Ok(match large.wants_octets() {
            true => large.octets(map.to_bytes()),
            false => large.json(&CellsHistoryResponse::of(&spec, quantity, &map, left_out(&left))),
        })
    });
    answer.await.map_err(|words| Problem::new(StatusCode::SERVICE_UNAVAILABLE, words))
}
