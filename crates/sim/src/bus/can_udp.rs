//! Sends the controller's frames as cannelloni packets.

use super::can_fault::{CanFaults, Spoiler};
use crate::can::cannelloni::packets;
use crate::can::encode::sweep;
use crate::can::layout::{Message, messages};
use crate::controller::report::Report;
use domain::topology::Topology;
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

/// The controller's end of the CAN-over-UDP path.
pub(crate) struct CanSender {
    socket: UdpSocket,
    to: SocketAddr,
    messages: Vec<Message>,
    sequence: u8,
    failing: bool,
    faults: CanFaults,
    spoiler: Spoiler,
}

impl CanSender {
    /// A sender of frames of this topology to `to`.
    ///
    /// # Errors
    /// What the operating system says when no socket can be opened.
    pub(crate) async fn open(to: SocketAddr, topology: &Topology) -> io::Result<CanSender> {
        let any: SocketAddr = if to.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
        let socket = UdpSocket::bind(any).await?;
        Ok(CanSender {
            socket,
            to,
            messages: messages(topology),
            sequence: 0,
            failing: false,
            faults: CanFaults::default(),
            spoiler: Spoiler::default(),
        })
    }

    /// What goes wrong on the bus, to be changed at any time.
    pub(crate) fn faults(&self) -> CanFaults {
        self.faults.clone()
    }

    /// Sends one sweep. Packets that cannot be sent are lost, as on a real network; a change is logged once.
    pub(crate) async fn send(&mut self, report: &Report) {
        let mut result = Ok(0);
        let sweep = packets(&sweep(&self.messages, report), &mut self.sequence);
        for packet in self.spoiler.spoil(self.faults.now(), sweep, &mut self.sequence) {
            // Not connected on purpose: a receiver that is not there yet must not make the next send fail.
            result = result.and(self.socket.send_to(&packet, self.to).await);
        }
        match &result {
            Err(error) if !self.failing => tracing::warn!(to = %self.to, %error, "simulated CAN frames cannot be sent"),
            Ok(_) if self.failing => tracing::info!(to = %self.to, "simulated CAN frames are sent again"),
            _ => {}
        }
        self.failing = result.is_err();
    }
}
