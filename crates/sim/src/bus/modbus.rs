//! A meter as a Modbus TCP server: function 3 only.

use crate::meter::{Meter, REGISTERS};
use crate::plant::Plant;
use domain::lab::SimDevice;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_modbus::server::Service;
use tokio_modbus::server::tcp::{Server, accept_tcp_connection};
use tokio_modbus::{ExceptionCode, Request, Response};

/// Most registers in one request, by the protocol.
const COUNT_MAX: u16 = 125;

/// One meter's answers.
#[derive(Clone)]
pub(crate) struct MeterService {
    plant: Arc<Mutex<Plant>>,
    device: SimDevice,
}

impl MeterService {
    /// The service of the grid meter or of the load's meter.
    pub(crate) fn new(plant: Arc<Mutex<Plant>>, device: SimDevice) -> MeterService {
        MeterService { plant, device }
    }

    fn answer(&self, request: &Request<'_>) -> Result<Option<Response>, ExceptionCode> {
        let plant = crate::rig::lock(&self.plant);
        if plant.is_silent(self.device) {
            return Ok(None);
        }
        let meter = match self.device {
            SimDevice::LoadMeter => plant.load_meter(),
            SimDevice::GridMeter | SimDevice::Controller => plant.grid_meter(),
        };
        answer(meter, request).map(Some)
    }
}

impl Service for MeterService {
    type Request = Request<'static>;
    type Response = Option<Response>;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Self::Response, Self::Exception>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        ready(self.answer(&request))
    }
}

/// What a meter answers: registers, or exception 1 for other functions, 2 for addresses it lacks, 3 for a bad count.
fn answer(meter: &Meter, request: &Request<'_>) -> Result<Response, ExceptionCode> {
    let Request::ReadHoldingRegisters(address, count) = *request else {
        return Err(ExceptionCode::IllegalFunction);
    };
    if !(1..=COUNT_MAX).contains(&count) {
        return Err(ExceptionCode::IllegalDataValue);
    }
    let end = address.checked_add(count).filter(|end| *end <= REGISTERS).ok_or(ExceptionCode::IllegalDataAddress)?;
    Ok(Response::ReadHoldingRegisters(meter.registers()[usize::from(address)..usize::from(end)].to_vec()))
}

/// Answers on `listener` until the task is dropped, which also ends the connections.
pub(crate) async fn serve(listener: TcpListener, service: MeterService) {
    let server = Server::new(listener);
    let name = service.device.name();
    let new_service = move |_: SocketAddr| Ok(Some(service.clone()));
    let on_connected = |stream, peer| {
        let new_service = new_service.clone();
        async move { accept_tcp_connection(stream, peer, new_service) }
    };
    let on_error = move |error: io::Error| tracing::debug!(%error, "simulated {name}: connection ended");
    if let Err(error) = server.serve(&on_connected, on_error).await {
        tracing::error!(%error, "simulated {name} no longer accepts connections");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_function_3_within_the_map_is_answered() {
        use ExceptionCode::{IllegalDataAddress, IllegalDataValue, IllegalFunction};
        let meter = Meter::new(1, 1);
        for (request, refusal) in [
            (Request::ReadHoldingRegisters(0, 8), None),
            (Request::ReadHoldingRegisters(7, 1), None),
            (Request::ReadHoldingRegisters(7, 2), Some(IllegalDataAddress)),
            (Request::ReadHoldingRegisters(8, 1), Some(IllegalDataAddress)),
            (Request::ReadHoldingRegisters(65_535, 2), Some(IllegalDataAddress)),
            (Request::ReadHoldingRegisters(0, 0), Some(IllegalDataValue)),
            (Request::ReadHoldingRegisters(0, 126), Some(IllegalDataValue)),
            (Request::ReadInputRegisters(0, 2), Some(IllegalFunction)),
            (Request::WriteSingleRegister(0, 1), Some(IllegalFunction)),
        ] {
            assert_eq!(answer(&meter, &request).err(), refusal, "{request:?}");
        }
    }
}
