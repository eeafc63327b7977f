//! What is asked of a device, and what its answers mean: the one place that knows every kind of map.

use super::client::Client;
use super::exception::Exception;
use super::plan::{Plan, PlanError};
use super::request::ReadError;
use super::sunspec;
use super::tabled::{Answer, Tabled};
use crate::describe::Describe;
use crate::device::registers::{Block, Poll, RegisterTable};
use crate::device::sunspec::SunSpec;
use domain::point::DevicePoint;
use domain::reading::Reading;
use domain::time::Now;
use domain::write::{Setpoint, Terms, WriteRequest};
use std::sync::Arc;
use std::time::Duration;

/// A device's map. A slot is what is read and decoded together.
#[derive(Clone, Debug)]
pub(crate) enum Device {
    /// As a register table says.
    Table(Arc<Tabled>),
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
    /// The device that a table describes, of which at most `max_read` registers may be asked at once.
    pub(crate) fn of_table(table: RegisterTable, max_read: u16) -> Device {
        Device::Table(Arc::new(Tabled::new(table, max_read)))
    }

    /// The table that knows what its slots mean.
    pub(crate) fn table(&self) -> Arc<dyn Describe> {
        match self {
            Device::Table(device) => device.clone(),
            Device::SunSpec(device) => device.clone(),
        }
    }

    /// What the table calls the device; empty without one.
    pub(crate) fn name(&self) -> &str {
        match self {
            Device::Table(device) => &device.table.name,
            Device::SunSpec(_) => "",
        }
    }

    /// The points that only it has, if it is called `device`.
    pub(crate) fn device_points(&self, device: &str, usual: Duration) -> Vec<DevicePoint> {
        match self {
            Device::Table(of) => of.table.device_points(device, usual),
            Device::SunSpec(_) => Vec::new(),
        }
    }

    /// Whether it has nothing but what can be set.
    pub(crate) fn only_settings(&self) -> bool {
        match self {
            Device::Table(of) => of.table.only_settings(),
            Device::SunSpec(_) => false,
        }
    }

    /// Whether it brings cell voltages, if all is as it should be.
    pub(crate) fn brings_cells(&self) -> bool {
        match self {
            Device::Table(_) => false,
            Device::SunSpec(device) => device.topology().cells() > 0,
        }
    }

    /// What can be set; `usual` is the unit of what names none.
    pub(crate) fn setpoints(&self, usual: u8) -> Vec<Setpoint> {
        let of_unit = |setpoint: &Setpoint, unit: u8| Setpoint {
            sets: format!("{}, unit {unit}", setpoint.sets),
            ..setpoint.clone()
        };
        match self {
            Device::Table(device) => {
                let table = &device.table;
                table.setpoints().iter().map(|w| of_unit(&w.setpoint, table.unit_of(w.unit, usual))).collect()
            }
            Device::SunSpec(device) => device.setpoints().iter().map(|s| of_unit(&s.setpoint, usual)).collect(),
        }
    }

    /// What is to be written for a request, by the terms of the site. A SunSpec device is asked for its scale factors first.
    ///
    /// # Errors
    /// It cannot be written, or the device does not answer.
    pub(super) async fn plan(
        &self,
        request: &WriteRequest,
        terms: &Terms,
        client: &mut Client,
    ) -> Result<Plan, PlanError> {
        let refused = || PlanError::Refused(format!("the link has no setpoint `{}`", request.setpoint));
        match self {
            Device::Table(device) => {
                let mut all = device.table.setpoints().iter();
                let writable = all.find(|w| w.setpoint.name == request.setpoint).ok_or_else(refused)?.clone();
                let unit = device.table.unit_of(writable.unit, client.unit());
                Ok(Plan { unit, ..Plan::new(writable, client.unit()) })
            }
            Device::SunSpec(device) => {
                let setpoint = device.setpoint(&request.setpoint).ok_or_else(refused)?;
                sunspec::plan(client, device, setpoint, request.lease, terms).await
            }
        }
    }

    /// Looks at the device before the first poll of a connection. Returns what there is to say about its map.
    pub(super) async fn open(&self, client: &mut Client) -> Result<Option<String>, ReadError> {
        match self {
            Device::Table(_) => Ok(None),
            Device::SunSpec(device) => sunspec::open(client, device).await,
        }
    }

    /// Asks the device who it is.
    pub(super) async fn identity(&self, client: &mut Client) -> Result<Identity, ReadError> {
        let words = match self {
            Device::Table(device) => match &device.table.identity {
                None => return Ok(Identity::Unknown),
                Some(block) => client.ask(device.request(block, (block.address, block.count), client.unit())).await,
            },
            Device::SunSpec(device) => match device.layout().common {
                None => return Ok(Identity::Unknown),
                Some(common) => sunspec::serial(client, &common, device.max_read()).await,
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
            Device::Table(device) => device.table.blocks.len(),
            Device::SunSpec(device) => device.layout().models.len(),
        }
    }

    /// Prepares a round of all slots.
    pub(super) fn begin(&self, poll: &mut Poll) {
        if let Device::Table(device) = self {
            poll.refused_rows = device.refused_rows();
        }
    }

    /// Whether a slot is to be read in this round.
    pub(super) fn wanted(&self, slot: usize, poll: &Poll) -> bool {
        match self {
            Device::Table(device) => device.wanted(slot, &poll.refused_rows),
            Device::SunSpec(_) => true,
        }
    }

    /// Reads a slot's registers.
    pub(super) async fn read(
        &self,
        slot: usize,
        client: &mut Client,
        clock: impl Fn() -> Now,
    ) -> Result<Answer, ReadError> {
        match self {
            Device::Table(device) => device.read(slot, client, clock).await,
            Device::SunSpec(device) => {
                let words = sunspec::read(client, &device.layout().models[slot], device.max_read()).await?;
                let words = words.into_iter().map(Some).collect();
                Ok(Answer { at: clock(), words })
            }
        }
    }

    /// Adds what a slot's words say.
    ///
    /// # Errors
    /// [`ReadError::WrongDevice`]: they are not those of the slot.
    pub(super) fn decode(&self, slot: usize, words: &[Option<u16>], poll: &mut Poll) -> Result<(), ReadError> {
        match self {
            Device::Table(device) => {
                device.table.blocks[slot].decode_known(words, poll);
                device.refused(slot, poll);
                Ok(())
            }
            Device::SunSpec(device) => {
                let words: Vec<u16> = words.iter().map(|word| word.unwrap_or_default()).collect();
                device.decode(&device.layout().models[slot], &words, poll).map_err(ReadError::WrongDevice)
            }
        }
    }

    /// Whether older registers bring all points of a slot that the device refuses as a whole.
    pub(super) fn is_replaced(&self, slot: usize, poll: &Poll) -> bool {
        match self {
            Device::Table(device) => device.is_replaced(slot, &poll.refused_rows),
            Device::SunSpec(_) => false,
        }
    }

    /// What there is to say about values that the device refuses; slots that `skips` names are told otherwise.
    pub(super) fn refused_message(&self, skips: impl Fn(usize) -> bool) -> Option<String> {
        match self {
            Device::Table(device) => device.refused_message(skips),
            Device::SunSpec(_) => None,
        }
    }

    /// The heartbeat among a slot's words, if there is one.
    pub(super) fn heartbeat(&self, slot: usize, words: &[Option<u16>]) -> Option<u16> {
        match self {
            Device::Table(_) => None,
            Device::SunSpec(device) => device.heartbeat(slot, words),
        }
    }

    /// Adds that a slot has no answer but a refusal.
    pub(super) fn lost(&self, slot: usize, refusal: Exception, poll: &mut Poll) {
        match self {
            Device::Table(device) if refusal.may_be_about_a_part() => device.refused(slot, poll),
            Device::Table(device) => device.table.blocks[slot].lost(poll),
            Device::SunSpec(device) => device.lost(&device.layout().models[slot], poll),
        }
    }

    /// What follows from all slots together, with the time that it is of.
    pub(super) fn finish(&self, poll: &mut Poll) -> Vec<(Now, Reading)> {
        match self {
            Device::Table(device) => device.table.finish(poll),
            Device::SunSpec(device) => device.finish(poll),
        }
    }
}
