//! The lab: what the simulation does, and what a person does to it.

use super::read;
use crate::run::Demo;
use api::lab::LabRequest;
use domain::lab::{LabCommand, LabState};
use std::collections::HashMap;

pub(super) fn state(demo: &Demo, asked: &LabRequest) -> Result<LabState, String> {
    let place = demo.place(asked.system.as_deref())?;
    let simulated = demo.simulated(place).ok_or("this system is not simulated")?;
    Ok(simulated.lab_state())
}

/// Does what the fields of a form say; gives what the simulation does then.
pub(super) fn apply(demo: &Demo, form: &str) -> Result<LabState, String> {
    let fields: HashMap<String, String> = read(form)?;
    let place = demo.place(fields.get("system").map(String::as_str))?;
    let (spec, simulated) = (&demo.site().systems[place], demo.simulated(place));
    let simulated = simulated.ok_or("this system is not simulated")?;
    let command = LabCommand::from_fields(|name| fields.get(name).map(String::as_str), &spec.topology, spec.kind);
    simulated.apply(command.map_err(|error| error.to_string())?);
    Ok(simulated.lab_state())
}
