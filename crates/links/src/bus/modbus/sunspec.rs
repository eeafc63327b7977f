//! Asks a SunSpec device for its map and its models.

use super::client::{Client, ReadError};
use crate::device::registers::{Area, MAX_READ};
use crate::device::sunspec::layout::{Layout, Model, Walk};
use crate::device::sunspec::{BASES, MARKER, SERIAL};

/// Looks for the marker and walks the models behind it. Nothing but their headers is read.
pub(super) async fn discover(client: &mut Client) -> Result<Layout, ReadError> {
    for base in BASES {
        match client.read(Area::Holding, base, 2).await {
            Ok(words) if words == MARKER => return walk(client, base + 2).await,
            // Other registers, or none.
            Ok(_) | Err(ReadError::Exception(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let places = BASES.map(|base| base.to_string()).join(", ");
    Err(ReadError::Stranger(format!("no SunSpec device: no marker at {places}")))
}

async fn walk(client: &mut Client, first: u16) -> Result<Layout, ReadError> {
    let mut walk = Walk::new(first);
    loop {
        let header = client.read(Area::Holding, walk.next, 2).await?;
        if let [id, length] = header[..]
            && let Some(layout) = walk.take(id, length).map_err(ReadError::Stranger)?
        {
            return Ok(layout);
        }
    }
}

/// Reads a whole model, id and length first, with as many questions as it takes.
pub(super) async fn read(client: &mut Client, model: &Model) -> Result<Vec<u16>, ReadError> {
    let mut words = Vec::with_capacity(model.registers() as usize);
    while words.len() < model.registers() as usize {
        let rest = model.registers() - words.len() as u32;
        let count = rest.min(MAX_READ.into()) as u16;
        words.extend(client.read(Area::Holding, model.address + words.len() as u16, count).await?);
    }
    Ok(words)
}

/// Reads the serial number of model 1, as text.
pub(super) async fn serial(client: &mut Client, common: &Model) -> Result<Vec<u16>, ReadError> {
    let (at, count) = SERIAL;
    client.read(Area::Holding, common.address + at as u16, count as u16).await
}
