//! The house's devices: a Cerbo GX and a Sol-Ark inverter, both over Modbus.

use super::{HomeConfig, Rig, RigError, TICK, lock};
use crate::home::day::{DAY_S, hour_of_day};
use crate::home::{Home, cerbo, solark};
use crate::modbus::Framing;
use crate::registers::{Question, exception};
use domain::lab::SimDevice;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

impl Rig {
    /// Starts a house and its devices, and lets time run.
    ///
    /// # Errors
    /// [`RigError`] names the device and its address; nothing keeps running.
    pub async fn start_home(config: &HomeConfig) -> Result<Rig, RigError> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let home = Arc::new(Mutex::new(Home::new(&config.house(hour_of_day(since_1970 % DAY_S)))));
        let mut rig = Rig::new(home.clone());
        let mac = config.mac();
        let answer = move |home: &Home, question: &Question| cerbo::answer(home, &mac, question);
        rig.listen_and_take(&home, SimDevice::Gx, config.gx, answer, cerbo::take).await?;
        let serial = config.serial();
        let of_gateway = serial.clone();
        rig.listen(&home, SimDevice::Inverter, config.inverter, Framing::Tcp, move |home, question| {
            solark::answer(home, &of_gateway, question)
        })
        .await?;
        if let Some(address) = config.inverter_rtu {
            // On the serial line itself nobody answers for a unit that is not there.
            rig.listen_or_not(&home, SimDevice::Inverter, address, Framing::Rtu, move |home, question| {
                Some(solark::answer(home, &serial, question)).filter(|answer| *answer != Err(exception::NO_TARGET))
            })
            .await?;
        }
        let scale = config.time_scale;
        rig.tasks.spawn(async move {
            let mut tick = TICK.start();
            loop {
                let dt_s = tick.next().await;
                lock(&home).step_faster(dt_s, scale);
            }
        });
        Ok(rig)
    }
}
