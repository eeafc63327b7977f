//! A device as a Modbus TCP server: function 3 only, and faults on demand.

mod fault;
mod frame;

pub use fault::WireFault;
pub(crate) use frame::Registers;

use fault::Faults;
use frame::{Request, answer};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The longest request that is read: a write of 123 registers.
const REQUEST_MAX: usize = 260;

/// Reads a device's registers now; `None` while the device is silent.
pub(crate) type ReadRegisters = Arc<dyn Fn() -> Option<Registers> + Send + Sync>;

/// A device's end of its connections.
#[derive(Clone)]
pub(crate) struct Outlet {
    read: ReadRegisters,
    faults: Faults,
}

impl Outlet {
    /// An outlet without a fault.
    pub(crate) fn new(read: ReadRegisters) -> Outlet {
        Outlet { read, faults: Faults::default() }
    }

    /// What goes wrong on the wire, to be changed at any time.
    pub(crate) fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// Answers for the device called `name` on `listener` until the task is dropped, which also ends its connections.
    pub(crate) async fn serve(self, listener: TcpListener, name: &'static str) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(self.clone().talk(stream))),
                    Err(error) => {
                        tracing::error!(%error, "simulated {name} no longer accepts connections");
                        return;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    /// Answers requests until the other side hangs up or sends what is no request.
    async fn talk(self, mut stream: TcpStream) {
        let mut buffer = [0; REQUEST_MAX];
        loop {
            let Ok(6) = stream.read_exact(&mut buffer[..6]).await else { return };
            let length = usize::from(u16::from_be_bytes([buffer[4], buffer[5]]));
            if !(2..=REQUEST_MAX - 6).contains(&length) || stream.read_exact(&mut buffer[6..6 + length]).await.is_err()
            {
                return;
            }
            let Some(request) = Request::parse(&buffer[..6 + length]) else { return };
            let reply = (self.read)().map(|registers| answer(&registers, &request));
            let Some(reply) = self.faults.spoil(&request, reply).await else { continue };
            if stream.write_all(&reply).await.is_err() {
                return;
            }
        }
    }
}
