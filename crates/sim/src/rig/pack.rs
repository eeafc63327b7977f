//! The pack's devices: a controller that sends and hears CAN frames, may be set over Modbus and may have a SunSpec
//! gateway, and two meters.

use super::{Rig, RigConfig, RigError, TICK, lock};
use crate::bus::can_udp::CanSender;
use crate::can::layout::MAX_CELLS;
use crate::controller::registers;
use crate::modbus::Framing;
use crate::plant::Plant;
use crate::registers::{Question, Registers, Write};
use crate::sunspec::{self, Nameplate};
use domain::lab::SimDevice;
use domain::topology::Topology;
use std::sync::{Arc, Mutex};

impl Rig {
    /// Starts the devices of `config` with cells arranged as `topology`, and lets time run.
    ///
    /// # Errors
    /// [`RigError`] names the device and its address; nothing keeps running.
    pub async fn start(config: &RigConfig, topology: Topology) -> Result<Rig, RigError> {
        if !(1..=MAX_CELLS).contains(&topology.cells()) {
            return Err(RigError::Cells { topology });
        }
        let mut sender = CanSender::open(config.can_to, &topology)
            .await
            .map_err(|source| RigError::Send { address: config.can_to, source })?;
        let plant = Arc::new(Mutex::new(Plant::new(&config.plant(topology))));
        let plate = Nameplate {
            serial: config.serial(),
            topology,
            capacity_ah: config.capacity_ah * f32::from(topology.racks),
        };
        let mut rig = Rig::new(plant.clone());
        rig.can_faults = sender.faults();
        rig.listen(&plant, SimDevice::GridMeter, config.grid_meter, Framing::Tcp, move |plant, question| {
            plant.grid_meter().answer(question)
        })
        .await?;
        rig.listen(&plant, SimDevice::LoadMeter, config.load_meter, Framing::Tcp, move |plant, question| {
            plant.load_meter().answer(question)
        })
        .await?;
        if let Some(address) = config.controller {
            let serial = plate.serial.clone();
            let answer = move |plant: &Plant, question: &Question| {
                registers::answer(&plant.report().setpoints, &serial, question)
            };
            let take = |plant: &mut Plant, write: &Write| plant.take(write);
            rig.listen_and_take(&plant, SimDevice::Controller, address, answer, take).await?;
        }
        if let Some(address) = config.sunspec {
            let of_taker = plate.clone();
            let answer = move |plant: &Plant, question: &Question| {
                Registers::new(sunspec::BASE, plant.gateway(&plate)).answer(question)
            };
            let take = move |plant: &mut Plant, write: &Write| plant.take_at_gateway(&of_taker, write);
            rig.listen_and_take(&plant, SimDevice::Controller, address, answer, take).await?;
            rig.sunspec = rig.outlets.last().map(|(_, address, _)| *address);
        }
        let (ear, hearing) = (sender.receiver(), plant.clone());
        rig.tasks.spawn(ear.hear(move |frame| {
            let mut plant = lock(&hearing);
            if !plant.is_silent(SimDevice::Controller) {
                plant.hear(frame);
            }
        }));
        rig.tasks.spawn(async move {
            let mut tick = TICK.start();
            loop {
                let dt_s = tick.next().await;
                let report = {
                    let mut plant = lock(&plant);
                    plant.step(dt_s);
                    (!plant.is_silent(SimDevice::Controller)).then(|| plant.report().clone())
                };
                if let Some(report) = report {
                    sender.send(&report).await;
                }
            }
        });
        Ok(rig)
    }
}
