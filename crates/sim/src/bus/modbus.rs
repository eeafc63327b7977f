//! A meter as a Modbus TCP server: function 3 only.

use crate::meter::REGISTERS;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_modbus::server::Service;
use tokio_modbus::server::tcp::{Server, accept_tcp_connection};
use tokio_modbus::{ExceptionCode, Request, Response};

/// Most registers in one request, by the protocol.
const COUNT_MAX: u16 = 125;

/// A meter's registers by address.
pub(crate) type Registers = [u16; REGISTERS as usize];
/// Reads a meter's registers now; `None` while the meter is silent.
pub(crate) type ReadRegisters = Arc<dyn Fn() -> Option<Registers> + Send + Sync>;

/// One meter's answers.
#[derive(Clone)]
struct MeterService {
    read: ReadRegisters,
}

impl Service for MeterService {
    type Request = Request<'static>;
    type Response = Option<Response>;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Self::Response, Self::Exception>>;

    /// A silent meter gives no response, and its connection stays open.
    fn call(&self, request: Self::Request) -> Self::Future {
        ready((self.read)().map(|registers| answer(&registers, &request)).transpose())
    }
}

/// What a meter answers: registers, or exception 1 for other functions, 2 for addresses it lacks, 3 for a bad count.
fn answer(registers: &Registers, request: &Request<'_>) -> Result<Response, ExceptionCode> {
    let Request::ReadHoldingRegisters(address, count) = *request else {
        return Err(ExceptionCode::IllegalFunction);
    };
    if !(1..=COUNT_MAX).contains(&count) {
        return Err(ExceptionCode::IllegalDataValue);
    }
    let end = address.checked_add(count).ok_or(ExceptionCode::IllegalDataAddress)?;
    let words = registers.get(usize::from(address)..usize::from(end)).ok_or(ExceptionCode::IllegalDataAddress)?;
    Ok(Response::ReadHoldingRegisters(words.to_vec()))
}

/// Answers for the meter called `name` on `listener` until the task is dropped, which also ends its connections.
pub(crate) async fn serve(listener: TcpListener, name: &'static str, read: ReadRegisters) {
    let service = MeterService { read };
    let new_service = move |_: SocketAddr| Ok(Some(service.clone()));
    let on_connected = |stream, peer| {
        let new_service = new_service.clone();
        async move { accept_tcp_connection(stream, peer, new_service) }
    };
    let on_error = move |error: io::Error| tracing::debug!(%error, "simulated {name}: connection ended");
    if let Err(error) = Server::new(listener).serve(&on_connected, on_error).await {
        tracing::error!(%error, "simulated {name} no longer accepts connections");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_function_3_within_the_map_is_answered() {
        use ExceptionCode::{IllegalDataAddress, IllegalDataValue, IllegalFunction};
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
            assert_eq!(answer(&[7; 8], &request).err(), refusal, "{request:?}");
        }
    }
}
