//! Asks a SunSpec device for its map and its models.
//!
//! Devices differ in what they do where they have nothing: they refuse, close the connection, answer zeros, or stay
//! silent. So whatever happens at one place of the marker, the next one is tried; and where the chain of models is
//! followed by an exception or by silence, it ends there.

use super::client::Client;
use super::plan::{Plan, PlanError};
use super::request::ReadError;
use crate::device::registers::Area;
use crate::device::sunspec::layout::{Layout, Model, Walk};
use crate::device::sunspec::setpoint::{ModelSetpoint, Steps};
use crate::device::sunspec::{BASES, MARKER, SERIAL, SunSpec};
use domain::write::Terms;
use std::time::Duration;

/// Looks for the marker, walks the models behind it, and gives the device its map. Nothing but their headers is read.
/// Returns what there is to say about the map.
pub(super) async fn open(client: &mut Client, device: &SunSpec) -> Result<Option<String>, ReadError> {
    let layout = discover(client, device).await?.fit(device.topology()).map_err(|words| {
        // The silence at the end may have hidden the rest: next time it is asked there again.
        device.set_silent_at(None);
        ReadError::WrongDevice(words)
    })?;
    let mut words = layout.odd_message();
    if device.topology().cells() > 0 && !layout.has_cells() {
        words += "; the device has no model 805, so no cell of the system can be read";
    }
    device.set_layout(layout);
    Ok((!words.is_empty()).then(|| words.trim_start_matches("; ").to_owned()))
}

async fn discover(client: &mut Client, device: &SunSpec) -> Result<Layout, ReadError> {
    let mut broken = None;
    let mut answered = false;
    for base in BASES {
        match client.read(Area::Holding, base, 2).await {
            Ok(words) if words == MARKER => return walk(client, base + 2, device).await,
            // Other registers, or none.
            Ok(_) | Err(ReadError::Exception(_)) => answered = true,
            Err(error) => {
                client.reopen().await?;
                broken = Some(error);
            }
        }
    }
    let places = BASES.map(|base| base.to_string()).join(", ");
    match broken {
        // It never said a word.
        Some(error) if !answered => Err(error),
        _ => Err(ReadError::WrongDevice(format!("no SunSpec device: no marker at {places}"))),
    }
}

async fn walk(client: &mut Client, first: u16, device: &SunSpec) -> Result<Layout, ReadError> {
    let mut walk = Walk::new(first);
    while device.silent_at() != Some(walk.next) {
        let header = match client.read(Area::Holding, walk.next, 2).await {
            Err(ReadError::Exception(_)) => break,
            Err(ReadError::Timeout(_) | ReadError::Closed) => {
                // Silence may be an accident, silence twice is none.
                client.reopen().await?;
                match client.read(Area::Holding, walk.next, 2).await {
                    Err(ReadError::Exception(_)) => break,
                    Err(ReadError::Timeout(_) | ReadError::Closed) => {
                        device.set_silent_at(Some(walk.next));
                        client.reopen().await?;
                        break;
                    }
                    header => header?,
                }
            }
            header => header?,
        };
        let &[id, length] = header.as_slice() else { break };
        if !walk.take(id, length) {
            break;
        }
    }
    Ok(walk.end())
}

/// Reads a whole model, id and length first, with as many requests as it takes.
pub(super) async fn read(client: &mut Client, model: &Model, max_read: u16) -> Result<Vec<u16>, ReadError> {
    registers(client, model.address, model.registers(), max_read).await
}

/// Reads the serial number of model 1, as text.
pub(super) async fn serial(client: &mut Client, common: &Model, max_read: u16) -> Result<Vec<u16>, ReadError> {
    let (at, count) = SERIAL;
    registers(client, common.address + at as u16, count as u32, max_read).await
}

/// What is written to set a point: its scale factor, and what else must be known, are read at once.
pub(super) async fn plan(
    client: &mut Client,
    device: &SunSpec,
    setpoint: &ModelSetpoint,
    lease: Option<Duration>,
    terms: &Terms,
) -> Result<Plan, PlanError> {
    let layout = device.layout();
    let id = setpoint.model();
    let model = layout.model(id).ok_or_else(|| PlanError::Refused(format!("the device has no model {id}")))?;
    let words = read(client, &model, device.max_read()).await?;
    if words.get(..2) != Some(&[model.id, model.length]) {
        return Err(ReadError::WrongDevice(format!("model {id} is no longer at {}", model.address)).into());
    }
    let Steps { hold, writable, switch } = setpoint.steps(&model, &words, lease, terms).map_err(PlanError::Refused)?;
    Ok(Plan { unit: client.unit(), hold, writable, switch })
}

async fn registers(client: &mut Client, address: u16, count: u32, max_read: u16) -> Result<Vec<u16>, ReadError> {
    let mut words = Vec::with_capacity(count as usize);
    while words.len() < count as usize {
        let rest = count - words.len() as u32;
        let count = rest.min(max_read.into()) as u16;
        words.extend(client.read(Area::Holding, address + words.len() as u16, count).await?);
    }
    Ok(words)
}
