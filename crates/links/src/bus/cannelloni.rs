//! CAN over UDP: packets of cannelloni version 2, from any sender.
//!
//! The format has no time: frames are as old as their packet's arrival. UDP promises nothing: lost, doubled and late
//! packets are found by their sequence numbers. There is no authentication either: listen on an inner network.

mod packet;

pub use packet::{Packet, PacketError};

use super::can_input::CanInput;
use crate::device::can_table::CanTable;
use crate::frames::Describe;
use crate::link::{BindError, Reporter};
use crate::sequence::{Order, SequenceWatch};
use domain::link::{LinkFault, LinkState};
use domain::time::Now;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;

/// Longer than any datagram: none is cut off unnoticed.
const BUFFER_BYTES: usize = 65_536;
/// Before an address or socket that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Listens for packets.
#[derive(Debug)]
pub(crate) struct Receiver {
    listen: SocketAddr,
    socket: Option<UdpSocket>,
    input: CanInput,
    sender: Option<SocketAddr>,
    sequence: SequenceWatch,
}

impl Receiver {
    /// A receiver at `listen` that decodes with `table`.
    pub(crate) fn new(listen: SocketAddr, table: CanTable) -> Receiver {
        Receiver { listen, socket: None, input: CanInput::new(table), sender: None, sequence: SequenceWatch::new(8) }
    }

    pub(crate) fn table(&self) -> Arc<dyn Describe> {
        self.input.table()
    }

    pub(crate) fn points(&self) -> Vec<domain::point::PointId> {
        self.input.points()
    }

    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.socket.as_ref()?.local_addr().ok()
    }

    pub(crate) async fn bind(&mut self) -> Result<(), BindError> {
        if self.socket.is_none() {
            let socket = UdpSocket::bind(self.listen).await.map_err(|e| match e.kind() {
                ErrorKind::AddrInUse => BindError::InUse(self.listen),
                ErrorKind::AddrNotAvailable => BindError::NotHere(self.listen),
                _ => BindError::Refused(self.listen, e),
            })?;
            self.socket = Some(socket);
        }
        Ok(())
    }

    pub(crate) async fn drive(&mut self, reporter: &Reporter) {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            match self.bind().await {
                Ok(()) => reporter.opened().await,
                Err(e) => reporter.closed(e).await,
            }
            if let Some(socket) = self.socket.take() {
                let error = self.receive(&socket, &mut buffer, reporter).await;
                reporter.closed(error).await;
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Receives until the socket fails.
    async fn receive(&mut self, socket: &UdpSocket, buffer: &mut [u8], reporter: &Reporter) -> std::io::Error {
        loop {
            match socket.recv_from(buffer).await {
                Ok((length, sender)) => {
                    let at = reporter.now();
                    self.datagram(&buffer[..length], sender, at, reporter).await;
                }
                Err(error) => return error,
            }
        }
    }

    async fn datagram(&mut self, bytes: &[u8], sender: SocketAddr, at: Now, reporter: &Reporter) {
        let packet = match Packet::parse(bytes) {
            Ok(packet) => packet,
            Err(error) => {
                tracing::debug!("Link {}: packet of {sender} rejected: {error}", reporter.id);
                return reporter.record(|r| {
                    r.monitor.received(0, bytes.len(), at.mono);
                    r.monitor.fault(LinkFault::Malformed, 1);
                });
            }
        };
        // After a silence the numbers say nothing: they wrap within seconds, and the sender may have started again.
        let silent = reporter.record(|r| r.monitor.status(at.mono).state == LinkState::Silent);
        if silent || self.sender.replace(sender) != Some(sender) {
            self.sequence.forget();
        }
        match self.sequence.observe(packet.sequence.into()) {
            Order::Next => {}
            Order::Gap(lost) => reporter.record(|r| r.monitor.fault(LinkFault::Lost, lost)),
            late @ (Order::Late | Order::Frozen) => {
                let fault = if late == Order::Late { LinkFault::OutOfOrder } else { LinkFault::FrozenCounter };
                return reporter.record(|r| {
                    r.monitor.received(0, bytes.len(), at.mono);
                    r.monitor.fault(fault, 1);
                });
            }
        }
        self.input.take(packet.frames(), bytes.len(), at, reporter).await;
    }
}
