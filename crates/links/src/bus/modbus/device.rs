//! What is asked of a device, and what its answers mean: the one place that knows every kind of map.

use super::client::{Client, Question, ReadError};
use super::sunspec;
use crate::device::registers::{Block, Poll, RegisterTable};
use crate::device::sunspec::SunSpec;
use crate::frames::Describe;
use domain::point::MaxAge;
use std::sync::Arc;
use std::time::Duration;

/// A device's map. A slot is what is read and decoded together.
#[derive(Clone, Debug)]
pub(crate) enum Device {
    /// As a register table says.
    Table(Arc<RegisterTable>),
    /// As the device itself says.
    SunSpec(Arc<SunSpec>),
}

/// What a device says when it is asked who it is.
#[derive(Debug)]
pub(super) enum Identity {
    /// Its serial number.
    Serial(String),
    /// It has none, or does not say it.
    Unknown,
    /// It cannot say it now.
    Busy,
}

impl Device {
    /// The table that knows what its slots mean.
    pub(crate) fn table(&self) -> Arc<dyn Describe> {
        match self {
            Device::Table(table) => table.clone(),
            Device::SunSpec(device) => device.clone(),
        }
    }

    /// What the table calls the device; empty without one.
    pub(crate) fn name(&self) -> &str {
        match self {
            Device::Table(table) => &table.name,
            Device::SunSpec(_) => "",
        }
    }

    /// Which points may be older than the catalogue says, if the device is asked each `poll`.
    pub(crate) fn max_ages(&self, poll: Duration) -> Vec<MaxAge> {
        match self {
            Device::Table(table) => table.max_ages(poll),
            // What it has is known only once it has been asked; its cells have one age for all.
            Device::SunSpec(_) => Vec::new(),
        }
    }

    /// Looks at the device before the first poll of a connection.
    pub(super) async fn open(&self, client: &mut Client) -> Result<(), ReadError> {
        match self {
            Device::Table(_) => Ok(()),
            Device::SunSpec(device) => {
                let layout = sunspec::discover(client).await?;
                device.set_layout(layout.fit(device.topology()).map_err(ReadError::Stranger)?);
                Ok(())
            }
        }
    }

    /// Asks the device who it is.
    pub(super) async fn identity(&self, client: &mut Client) -> Result<Identity, ReadError> {
        let words = match self {
            Device::Table(table) => match &table.identity {
                None => return Ok(Identity::Unknown),
                Some(block) => client.ask(question(table, block, client.unit())).await,
            },
            Device::SunSpec(device) => match device.layout().common {
                None => return Ok(Identity::Unknown),
                Some(common) => sunspec::serial(client, &common).await,
            },
        };
        match words {
            Ok(words) => Ok(match Block::text(&words) {
                serial if serial.is_empty() => Identity::Unknown,
                serial => Identity::Serial(serial),
            }),
            Err(ReadError::Exception(exception)) if exception.means_lost() => Ok(Identity::Unknown),
            Err(ReadError::Exception(_)) => Ok(Identity::Busy),
            Err(error) => Err(error),
        }
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        match self {
            Device::Table(table) => table.blocks.len(),
            Device::SunSpec(device) => device.layout().models.len(),
        }
    }

    /// Reads a slot's registers.
    pub(super) async fn read(&self, slot: usize, client: &mut Client) -> Result<Vec<u16>, ReadError> {
        match self {
            Device::Table(table) => client.ask(question(table, &table.blocks[slot], client.unit())).await,
            Device::SunSpec(device) => sunspec::read(client, &device.layout().models[slot]).await,
        }
    }

    /// Adds what a slot's words say.
    ///
    /// # Errors
    /// [`ReadError::Stranger`]: they are not those of the slot.
    pub(super) fn decode(&self, slot: usize, words: &[u16], poll: &mut Poll) -> Result<(), ReadError> {
        match self {
            Device::Table(table) => {
                table.blocks[slot].decode(words, poll);
                Ok(())
            }
            Device::SunSpec(device) => {
                device.decode(&device.layout().models[slot], words, poll).map_err(ReadError::Stranger)
            }
        }
    }

    /// Adds that a slot has no answer.
    pub(super) fn lost(&self, slot: usize, poll: &mut Poll) {
        match self {
            Device::Table(table) => table.blocks[slot].lost(poll),
            Device::SunSpec(device) => device.lost(&device.layout().models[slot], poll),
        }
    }

    /// Adds what follows from all slots together.
    pub(super) fn finish(&self, poll: &mut Poll) {
        match self {
            Device::Table(table) => table.finish(poll),
            Device::SunSpec(_) => {}
        }
    }
}

fn question(table: &RegisterTable, block: &Block, unit: u8) -> Question {
    Question { unit: table.unit(block, unit), area: block.area, address: block.address, count: block.count }
}
