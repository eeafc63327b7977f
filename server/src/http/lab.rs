//! The lab: what a person does to a simulated system.
//!
//! Programs ask here in JSON, and tell in forms. The page's own forms are an action ([`actions`](super::actions)), which
//! does the same by [`apply`].

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::asked::{Form, Query, by_name};
use super::problem::Problem;
use api::lab::{LabRequest, LabResponse};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::lab::{LabCommand, LabState};
use domain::plain::{quoted, shown};
use domain::spec::SystemSpec;
use domain::topology::Topology;
use domain::wire::Wire as _;
use sim::LabHandle;
use std::collections::HashMap;

/// The simulation of the named system, or of the first that has one.
fn find<'a>(app: &'a AppState, system: Option<&str>) -> Result<(&'a LabHandle, &'a SystemSpec), Problem> {
    let index = match system {
        Some(id) => app.hub.system(id).map(|(index, _)| index),
        None => app.hub.labs.iter().position(Option::is_some),
    };
    let lab = index.and_then(|index| Some((app.hub.labs.get(index)?.as_ref()?, app.hub.site.systems.get(index)?)));
    let (lab, spec) = lab.ok_or_else(|| {
        Problem::not_found(match system {
            Some(id) => format!("system {} is not simulated", quoted(id)),
            None => "no system of this site is simulated".to_owned(),
        })
    })?;
    Ok((lab, spec))
}

/// `GET /api/v1/lab`
pub(super) async fn read(
    State(app): State<AppState>,
    Query(which): Query<LabRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (lab, spec) = find(&app, which.system.as_deref())?;
    Ok(answer(&lab.state(), &spec.topology, &headers))
}

/// `POST /api/v1/lab` with the fields of [`LabCommand::from_fields`].
pub(super) async fn command(
    State(app): State<AppState>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = by_name(fields)?;
    let system = fields.get("system").map(String::as_str);
    let state = apply(&app, system, &fields)?;
    Ok(answer(&state, &find(&app, system)?.1.topology, &headers))
}

/// Tells the simulation of the named system, or of the first that has one, what the fields say; gives what it does then.
pub(super) fn apply(
    app: &AppState,
    system: Option<&str>,
    fields: &HashMap<String, String>,
) -> Result<LabState, Problem> {
    let (lab, spec) = find(app, system)?;
    let known = |name: &str| name == "system" || LabCommand::FIELDS.contains(&name);
    if let Some(name) = fields.keys().find(|name| !known(name)) {
        let known = LabCommand::FIELDS.join(", ");
        return Err(Problem::bad_parameter(format!("`{}` is not known here; there is system, {known}", shown(name))));
    }
    let command = LabCommand::from_fields(|name| fields.get(name).map(String::as_str), &spec.topology, spec.kind)
        .map_err(|error| Problem::bad_parameter(error.to_string()))?;
    lab.apply(command);
    tracing::info!(?command, "lab");
    Ok(lab.state())
}

fn answer(state: &LabState, topology: &Topology, headers: &HeaderMap) -> Response {
    if wants_octets(headers) {
        return octets(state.to_bytes());
    }
    json(LabResponse::of(state, topology))
}
