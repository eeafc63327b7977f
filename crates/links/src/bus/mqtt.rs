//! A client of MQTT 3.1.1 that believes nothing: subscribes, listens and publishes without acknowledgements (QoS 0).
//!
//! Our own, because so little of the protocol is needed: whoever drops a connection at any await has nothing left over,
//! packets are bounded, and [`packet`] can be fuzzed.

pub mod packet;

use crate::text::{network_error, time};
use packet::{Packet, PacketError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Why a connection is no more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MqttError {
    #[error("no connection: {0}")]
    Connect(String),
    #[error("no answer within {}", time(*.0))]
    Timeout(Duration),
    #[error("the broker has not accepted our subscription within {}", time(*.0))]
    Unaccepted(Duration),
    #[error("the connection was closed")]
    Closed,
    #[error("malformed packet: {0}")]
    Malformed(#[from] PacketError),
    #[error("the broker refuses: {0}")]
    Refused(&'static str),
}

/// A connection to a broker.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of the buffer has been handed out.
    taken: usize,
    limit: Duration,
}

impl Client {
    /// Connects to `address` as `id`. The broker drops a client that is silent for longer than `keep_alive`; `limit`
    /// bounds the connecting and each sending.
    pub(crate) async fn connect(
        address: &str,
        id: &str,
        keep_alive: Duration,
        limit: Duration,
    ) -> Result<Client, MqttError> {
        let stream = timeout(limit, TcpStream::connect(address)).await.map_err(|_| MqttError::Timeout(limit))?;
        let stream = stream.map_err(|error| MqttError::Connect(network_error(&error)))?;
        let mut client = Client { stream, buffer: Vec::new(), taken: 0, limit };
        client.send(&packet::connect(id, keep_alive.as_secs() as u16)).await?;
        let answer = timeout(limit, client.next()).await.map_err(|_| MqttError::Timeout(limit))??;
        match answer {
            Packet::ConnAck { code: 0 } => Ok(client),
            Packet::ConnAck { code } => Err(MqttError::Refused(packet::refusal(code))),
            _ => Err(PacketError("something came before the connection was acknowledged").into()),
        }
    }

    /// Sends the bytes of a packet.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), MqttError> {
        let sent = timeout(self.limit, self.stream.write_all(bytes)).await;
        sent.map_err(|_| MqttError::Timeout(self.limit))?.map_err(|_| MqttError::Closed)
    }

    /// The next packet. May be dropped at any time: nothing is lost.
    pub(crate) async fn next(&mut self) -> Result<Packet<'_>, MqttError> {
        self.buffer.drain(..std::mem::take(&mut self.taken));
        let length = loop {
            packet::check(&self.buffer)?;
            if let Some(length) = packet::length(&self.buffer)? {
                break length;
            }
            if self.stream.read_buf(&mut self.buffer).await.map_err(|_| MqttError::Closed)? == 0 {
                return Err(MqttError::Closed);
            }
        };
        self.taken = length;
        Ok(packet::read(&self.buffer[..length])?)
    }
}
