//! Sends the controller's frames as cannelloni packets, and hears those that are sent to it.

use super::can_fault::{CanFaults, Spoiler};
use crate::can::cannelloni::{frames, packets};
use crate::can::encode::{Frame, sweep};
use crate::can::layout::{Message, messages};
use crate::controller::report::Report;
use domain::topology::Topology;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;

/// The controller's end of the CAN-over-UDP path.
pub(crate) struct CanSender {
    socket: Arc<UdpSocket>,
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
        // Who reads on this machine is the only one who may send something.
        let any: SocketAddr = match to {
            _ if to.ip().is_loopback() => (to.ip(), 0).into(),
            SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
            SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
        };
        let socket = Arc::new(UdpSocket::bind(any).await?);
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

    /// The other direction, for a task of its own.
    pub(crate) fn receiver(&self) -> CanReceiver {
        CanReceiver { socket: Arc::clone(&self.socket), from: self.to }
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

/// Longer than any packet that is heard.
const BUFFER_BYTES: usize = 2_048;

/// The controller's ear on the CAN-over-UDP path: it hears whom it sends to, and nobody else.
pub(crate) struct CanReceiver {
    socket: Arc<UdpSocket>,
    from: SocketAddr,
}

impl CanReceiver {
    /// Hands on every frame until the task is dropped.
    pub(crate) async fn hear(self, mut heard: impl FnMut(&Frame)) {
        let mut buffer = [0; BUFFER_BYTES];
        loop {
            match self.socket.recv_from(&mut buffer).await {
                Ok((length, sender)) if sender == self.from => {
                    frames(&buffer[..length]).iter().flatten().for_each(&mut heard);
                }
                Ok(_) => {}
                // Such as the news that nobody has received what was sent.
                Err(error) => {
                    tracing::debug!(%error, "simulated controller cannot hear CAN frames");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            }
        }
    }
}
