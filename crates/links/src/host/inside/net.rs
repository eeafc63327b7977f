//! Wires between links and what a program has put at their addresses.
//!
//! The names are Tokio's, so that links are written once. A device answers at once or not at all: then its link waits
//! until its own time-out.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Datagrams that wait at an address; what comes when so many wait is lost, as on a network.
const WAITING: usize = 64;

/// Takes the bytes of a request; gives those of the reply, or none if the device is silent.
type Device = Rc<dyn Fn(&[u8]) -> Option<Vec<u8>>>;

#[derive(Default)]
struct Net {
    devices: HashMap<String, Device>,
    ports: HashMap<SocketAddr, Port>,
}

#[derive(Default)]
struct Port {
    waiting: VecDeque<(Vec<u8>, SocketAddr)>,
    reader: Option<Waker>,
}

thread_local! {
    static NET: RefCell<Net> = RefCell::default();
}

/// Puts a device at `address`, written as the links write it that connect to it.
pub fn answer(address: impl Into<String>, device: impl Fn(&[u8]) -> Option<Vec<u8>> + 'static) {
    NET.with_borrow_mut(|net| net.devices.insert(address.into(), Rc::new(device)));
}

/// Sends a datagram. It is lost if no link listens at `to`.
pub fn datagram(from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
    let reader = NET.with_borrow_mut(|net| {
        let port = net.ports.get_mut(&to)?;
        if port.waiting.len() < WAITING {
            port.waiting.push_back((bytes, from));
        }
        port.reader.take()
    });
    if let Some(reader) = reader {
        reader.wake();
    }
}

/// A connection to a device.
#[derive(Debug)]
pub(crate) struct TcpStream {
    address: String,
    /// What the device has replied and was not read yet.
    replied: VecDeque<u8>,
    reader: Option<Waker>,
}

impl TcpStream {
    pub(crate) async fn connect(address: &str) -> io::Result<TcpStream> {
        let there = NET.with_borrow(|net| net.devices.contains_key(address));
        let stream = TcpStream { address: address.to_owned(), replied: VecDeque::new(), reader: None };
        there.then_some(stream).ok_or(io::ErrorKind::ConnectionRefused.into())
    }

    /// There is nothing that could wait for more bytes.
    pub(crate) fn set_nodelay(&self, _: bool) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.replied.is_empty() {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = self.replied.len().min(into.remaining());
        let bytes: Vec<u8> = self.replied.drain(..count).collect();
        into.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TcpStream {
    /// A request is written as a whole.
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, request: &[u8]) -> Poll<io::Result<usize>> {
        let device = NET.with_borrow(|net| net.devices.get(&self.address).cloned());
        self.replied.extend(device.and_then(|device| device(request)).unwrap_or_default());
        if !self.replied.is_empty()
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
        Poll::Ready(Ok(request.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Where datagrams arrive.
#[derive(Debug)]
pub(crate) struct UdpSocket(SocketAddr);

impl UdpSocket {
    pub(crate) async fn bind(at: SocketAddr) -> io::Result<UdpSocket> {
        NET.with_borrow_mut(|net| match net.ports.contains_key(&at) {
            true => Err(io::ErrorKind::AddrInUse.into()),
            false => {
                net.ports.insert(at, Port::default());
                Ok(UdpSocket(at))
            }
        })
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0)
    }

    /// What is sent is lost if no link listens at `to`.
    pub(crate) async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        datagram(self.0, to, bytes.to_vec());
        Ok(bytes.len())
    }

    pub(crate) async fn recv_from(&self, into: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (bytes, from) = poll_fn(|cx| {
            NET.with_borrow_mut(|net| {
                let Some(port) = net.ports.get_mut(&self.0) else { return Poll::Pending };
                port.reader = Some(cx.waker().clone());
                port.waiting.pop_front().map_or(Poll::Pending, Poll::Ready)
            })
        })
        .await;
        let count = bytes.len().min(into.len());
        into[..count].copy_from_slice(&bytes[..count]);
        Ok((count, from))
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        let _ = NET.try_with(|net| net.borrow_mut().ports.remove(&self.0));
    }
}
