//! CAN over UDP: packets of cannelloni version 2, of one sender.
//!
//! The format has no time: frames are as old as their packet's arrival. UDP promises nothing: lost, doubled and late
//! packets are found by their sequence numbers. There is no authentication either: another sender than the one that is
//! believed is a fault and changes nothing, but an address can be forged. Listen on an inner network.
//!
//! What is sent goes to where the believed sender sends from, as cannelloni has it. The site file must name it then: a
//! command is not for whoever is heard first.

mod packet;
mod pin;

pub use packet::{Packet, PacketError};
pub(crate) use pin::Peer;

use super::can_input::CanInput;
use super::can_output::{CanOutput, Outgoing};
use super::{BindError, Bus, Waits};
use crate::describe::Describe;
use crate::device::can_setpoint::CanSetpoint;
use crate::device::can_table::CanTable;
use crate::host::{net::UdpSocket, time};
use crate::sequence::{Order, SequenceWatch};
use crate::session::Reporter;
use crate::text::network_error;
use domain::link::{LinkFault, LinkState};
use domain::time::Now;
use domain::write::Setpoint;
use pin::{Pin, Sender};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

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
    output: CanOutput,
    pin: Pin,
    sequence: SequenceWatch,
    /// Packets that were sent, modulo 256.
    sent: u8,
}

impl Bus for Receiver {
    fn table(&self) -> Arc<dyn Describe> {
        self.input.table()
    }

    fn can(&self) -> Option<&CanInput> {
        Some(&self.input)
    }

    fn setpoints(&self) -> Vec<Setpoint> {
        self.output.setpoints()
    }

    fn bind(&mut self) -> Waits<'_, Result<(), BindError>> {
        Box::pin(self.listen())
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.socket.as_ref()?.local_addr().ok()
    }

    fn drive<'a>(&'a mut self, reporter: &'a Reporter) -> Waits<'a, ()> {
        Box::pin(self.run(reporter))
    }
}

impl Receiver {
    /// A receiver at `listen` that decodes with `table` what `peer` sends, or the first sender that is heard, and that
    /// sends it what sets `setpoints`.
    pub(crate) fn new(
        listen: SocketAddr,
        peer: Option<Peer>,
        table: CanTable,
        setpoints: Vec<CanSetpoint>,
    ) -> Receiver {
        let (input, pin, sequence) = (CanInput::new(table), Pin::new(peer), SequenceWatch::new(8));
        Receiver { listen, socket: None, input, output: CanOutput::new(setpoints), pin, sequence, sent: 0 }
    }

    async fn listen(&mut self) -> Result<(), BindError> {
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

    async fn run(&mut self, reporter: &Reporter) {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            match self.listen().await {
                Ok(()) => reporter.opened().await,
                Err(e) => reporter.closed(e).await,
            }
            if let Some(socket) = self.socket.take() {
                let error = self.receive(&socket, &mut buffer, reporter).await;
                self.output.interrupted("the socket was closed");
                reporter.closed(error).await;
            }
            reporter.orders.not_sent_during("the link is down", time::sleep(RETRY)).await;
        }
    }

    /// Receives, and sends between two packets, until the socket fails.
    async fn receive(&mut self, socket: &UdpSocket, buffer: &mut [u8], reporter: &Reporter) -> std::io::Error {
        loop {
            tokio::select! {
                received = socket.recv_from(buffer) => match received {
                    Ok((length, sender)) => {
                        let at = reporter.now();
                        self.datagram(&buffer[..length], sender, at, reporter).await;
                    }
                    Err(error) => return error,
                },
                outgoing = self.output.next(reporter) => self.send(socket, outgoing, reporter).await,
            }
        }
    }

    async fn send(&mut self, socket: &UdpSocket, outgoing: Outgoing, reporter: &Reporter) {
        let result = match self.pin.believed() {
            Some(to) => {
                let packet = Packet::of_frame(self.sent, &outgoing.frame.frame());
                self.sent = self.sent.wrapping_add(1);
                socket.send_to(&packet, to).await.map(|_| ()).map_err(|error| network_error(&error))
            }
            None => Err("nothing has come from the peer, so it is not known where it is".to_owned()),
        };
        self.output.sent(outgoing, result, reporter);
    }

    async fn datagram(&mut self, bytes: &[u8], sender: SocketAddr, at: Now, reporter: &Reporter) {
        let silent_after = reporter.record(|r| r.monitor.silent_after());
        if !self.pin.may_be(sender, at.mono, silent_after) {
            self.pin.refuse(at.mono);
            reporter.record(|r| r.monitor.fault(LinkFault::OtherSender, 1));
            let pin = &self.pin;
            let words = || format!("{sender} sends here too: only {} is listened to", pin.name());
            return self.input.sender(at, reporter, words);
        }
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
        let before = self.pin.take(sender, at.mono, silent_after);
        if silent || before != Sender::Known {
            self.sequence.forget();
        }
        if let Sender::Changed(before) = before {
            let words = format!("the sender has changed: {before} has been silent, now {sender} is listened to");
            self.input.new_sender(at, reporter, words);
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
        packet.frames().for_each(|frame| self.output.see(&frame, at.mono));
        self.input.take(packet.frames(), bytes.len(), at, reporter).await;
    }
}
