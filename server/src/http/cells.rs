//! `GET /api/v1/cells/history`: every cell over time, one value a cell and step.

use super::AppState;
use super::api::rfc3339;
use super::asked::Query;
use super::history::{Span, WIDTH, left_out};
use super::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::point::Unit;
use domain::series::CellMap;
use domain::spec::SystemSpec;
use domain::time::Utc;
use domain::wire::Wire as _;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{CellValue, LeftOut};

/// More values than this are in no answer: of larger systems there are fewer steps.
const VALUES_MAX: usize = 400_000;

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    system: Option<String>,
    quantity: Option<Quantity>,
    from: Option<String>,
    to: Option<String>,
    /// How many steps at most, about: pixels of the picture.
    width: Option<usize>,
}

/// [`CellValue`] as it is written.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Quantity {
    Voltage,
    Temperature,
    #[default]
    Deviation,
}

impl Quantity {
    /// What it is, its name, its unit and the step of its values.
    fn about(self) -> (CellValue, &'static str, Unit, f32) {
        match self {
            Quantity::Voltage => (CellValue::Voltage, "voltage", Unit::Volt, 0.000_1),
            Quantity::Temperature => (CellValue::Temperature, "temperature", Unit::Celsius, 0.01),
            Quantity::Deviation => (CellValue::Deviation, "deviation", Unit::Volt, 0.000_1),
        }
    }
}

/// `GET /api/v1/cells/history?system=hv&quantity=deviation&from=2026-11-20&to=2026-11-21&width=700`.
pub(super) async fn history(
    State(app): State<AppState>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (place, spec, _) = app.find(asked.system.as_deref())?;
    let (what, name, unit, resolution) = asked.quantity.unwrap_or_default().about();
    let Span { range, width } = app.span(place, &asked.from, &asked.to, asked.width.or(Some(WIDTH)))?;
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
            false => large.json(as_json(&spec, name, &map, &left)),
        })
    });
    answer.await.map_err(|words| Problem::new(StatusCode::SERVICE_UNAVAILABLE, words))
}

pub(super) fn as_json(spec: &SystemSpec, quantity: &str, map: &CellMap, left: &LeftOut) -> Value {
    // Quotients of whole numbers print short; float sums do not.
    let per_unit = (1.0 / f64::from(map.resolution)).round();
    let rounded = |value: f32| (f64::from(value) * per_unit).round() / per_unit;
    let cell = |cell: usize| {
        let values: Vec<Option<f64>> = (0..map.steps).map(|step| map.get(cell, step).map(rounded)).collect();
        json!({ "cell": spec.topology.cell_name(cell), "number": cell, "values": values })
    };
    json!({
        "system": spec.id, "quantity": quantity, "unit": map.unit.symbol(),
        "first_step": rfc3339(map.from), "step_ms": map.step_ms, "steps": map.steps,
        "cells": (0..map.cells).map(cell).collect::<Vec<_>>(), "left_out": left_out(left),
    })
}
