//! A device as a Modbus server over TCP: it answers reads, of one unit or of many, takes writes where it has something to
//! be set, and has faults on demand.

mod fault;

pub use fault::WireFault;

use crate::controller::setpoints::Manner;
use crate::modbus::{Framing, Request};
use crate::registers::{Answer, Question, Taken, Write};
use fault::{Faults, Sent};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The longest request that is read: a write of 123 registers.
const REQUEST_MAX: usize = 260;

/// Answers as the device would now; `None` while it is silent.
pub(crate) type Device = Arc<dyn Fn(&Question) -> Option<Answer> + Send + Sync>;

/// Takes a write as the device would now; `None` while it is silent.
pub(crate) type Taker = Arc<dyn Fn(&Write) -> Option<Taken> + Send + Sync>;

/// How writes are answered now.
pub(crate) type Manners = Arc<dyn Fn() -> Manner + Send + Sync>;

/// A device's end of its connections.
#[derive(Clone)]
pub(crate) struct Outlet {
    device: Device,
    taker: Option<Taker>,
    manners: Option<Manners>,
    framing: Framing,
    faults: Faults,
}

impl Outlet {
    /// An outlet without a fault.
    pub(crate) fn new(framing: Framing, device: Device) -> Outlet {
        Outlet { device, taker: None, manners: None, framing, faults: Faults::default() }
    }

    /// The same outlet of a device that can be set.
    pub(crate) fn taking(mut self, taker: Taker) -> Outlet {
        self.taker = Some(taker);
        self
    }

    /// The same outlet of a device that does not always answer writes as it should.
    pub(crate) fn with_manners(mut self, manners: Manners) -> Outlet {
        self.manners = Some(manners);
        self
    }

    /// How its requests are wrapped.
    pub(crate) fn framing(&self) -> Framing {
        self.framing
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
            let request = self.read_request(&mut stream, &mut buffer);
            let length = match self.faults.idle() {
                Some(pause) => tokio::time::timeout(pause, request).await.ok().flatten(),
                None => request.await,
            };
            let Some(length) = length else { return };
            let Some(request) = Request::parse(self.framing, &buffer[..length]) else { return };
            let manner = self.manners.as_ref().filter(|_| request.is_write()).map(|now| now()).unwrap_or_default();
            if manner.drops {
                return;
            }
            let reply = {
                let taker = self.taker.as_deref().map(|taker| taker as &dyn Fn(&Write) -> Option<Taken>);
                request.answer(|question| (self.device)(question), taker)
            };
            if manner.late_s > 0.0 {
                tokio::time::sleep(Duration::from_secs_f32(manner.late_s)).await;
            }
            let reply = reply.filter(|_| !manner.keeps_silent);
            let Sent { bytes, close } = self.faults.spoil(&buffer[..length], &request, reply).await;
            if let Some(bytes) = bytes
                && stream.write_all(&bytes).await.is_err()
            {
                return;
            }
            if close {
                return;
            }
        }
    }

    /// Reads one frame and says how long it is; `None` at the end, or for one that is too short or too long.
    async fn read_request(&self, stream: &mut TcpStream, buffer: &mut [u8; REQUEST_MAX]) -> Option<usize> {
        let mut known = 0;
        loop {
            let (to, whole) = match self.framing.length(&buffer[..known]) {
                Ok(length) => (length, true),
                Err(needed) => (needed, false),
            };
            if !(known + 1..=REQUEST_MAX).contains(&to) {
                return None;
            }
            stream.read_exact(&mut buffer[known..to]).await.ok()?;
            known = to;
            if whole {
                return Some(known);
            }
        }
    }
}
