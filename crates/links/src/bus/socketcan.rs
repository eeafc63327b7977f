//! SocketCAN: a CAN interface of Linux, classic and FD, with its error frames.
//!
//! Where frames come from is a [`FrameSource`]: the kernel's socket on Linux, a script in tests. An interface that is
//! down, or was removed, is tried again after 1 to 30 s.

#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "without Linux's sockets only tests receive"))]

mod fault;
#[cfg(target_os = "linux")]
mod socket;
#[cfg(test)]
mod tests;

use super::backoff::{self, Backoff};
use super::can_input::CanInput;
use super::can_output::CanOutput;
use super::{Bus, Waits};
use crate::can::OwnedFrame;
use crate::describe::Describe;
use crate::device::can_setpoint::CanSetpoint;
use crate::device::can_table::CanTable;
use crate::session::Reporter;
use crate::text::network_error;
use domain::link::LinkFault;
use domain::write::Setpoint;
use fault::InterfaceFault;
use std::io;
use std::sync::Arc;

/// The most frames that are taken together: a whole sweep of 260 cells and more.
const MAX_FRAMES: usize = 512;

/// What went wrong while frames were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Trouble {
    /// Reads that gave no frame.
    malformed: u32,
    /// Frames that found the receive buffer full.
    lost: u32,
}

/// An opened CAN interface.
trait FrameSource: Sized + Send {
    /// Opens an interface.
    ///
    /// # Errors
    /// It is not there, or down.
    fn open(interface: &str) -> io::Result<Self>;

    /// Waits for frames, and adds all that are there, at most [`MAX_FRAMES`].
    ///
    /// # Errors
    /// The interface has gone down or away. Frames that came before are added nonetheless.
    ///
    /// May be dropped at any time: what it has added is there, and nothing else is lost.
    fn read(&mut self, frames: &mut Vec<OwnedFrame>) -> impl Future<Output = io::Result<Trouble>> + Send;

    /// Hands a frame to the interface.
    ///
    /// # Errors
    /// It is not taken.
    fn send(&mut self, frame: &OwnedFrame) -> impl Future<Output = io::Result<()>> + Send;
}

/// Receives from one interface.
#[derive(Debug)]
pub(crate) struct Receiver {
    interface: String,
    input: CanInput,
    output: CanOutput,
}

impl Bus for Receiver {
    fn table(&self) -> Arc<dyn Describe> {
        self.input.table()
    }

    fn can(&self) -> Option<&CanInput> {
        Some(&self.input)
    }

    fn can_interface(&self) -> Option<&str> {
        Some(&self.interface)
    }

    fn setpoints(&self) -> Vec<Setpoint> {
        self.output.setpoints()
    }

    fn drive<'a>(&'a mut self, reporter: &'a Reporter) -> Waits<'a, ()> {
        Box::pin(self.run(reporter))
    }
}

impl Receiver {
    /// A receiver of `interface` (`can0`) that decodes with `table`, and sends what sets `setpoints`.
    pub(crate) fn new(interface: String, table: CanTable, setpoints: Vec<CanSetpoint>) -> Receiver {
        Receiver { interface, input: CanInput::new(table), output: CanOutput::new(setpoints) }
    }

    #[cfg(target_os = "linux")]
    async fn run(&mut self, reporter: &Reporter) {
        self.receive_from::<socket::KernelSocket>(reporter).await;
    }

    /// The site file is refused elsewhere; a link that is made nonetheless stays down and says why.
    #[cfg(not(target_os = "linux"))]
    async fn run(&mut self, reporter: &Reporter) {
        reporter.closed("SocketCAN is a part of Linux: use cannelloni on this system").await;
    }

    /// Opens the interface and receives, again and again.
    async fn receive_from<S: FrameSource>(&mut self, reporter: &Reporter) {
        let mut backoff = Backoff::default();
        loop {
            let error = match S::open(&self.interface) {
                Ok(mut source) => {
                    self.input.reopened(reporter);
                    reporter.opened().await;
                    self.receive(&mut source, &mut backoff, reporter).await
                }
                Err(error) => error,
            };
            let why = InterfaceFault::new(&error).message(&self.interface, &error);
            self.output.interrupted(&why);
            reporter.closed(&why).await;
            reporter.orders.not_sent_during(&why, tokio::time::sleep(backoff.next(backoff::random()))).await;
        }
    }

    /// Receives, and sends between two readings, until the interface fails.
    async fn receive<S: FrameSource>(
        &mut self,
        source: &mut S,
        backoff: &mut Backoff,
        reporter: &Reporter,
    ) -> io::Error {
        let mut frames = Vec::with_capacity(MAX_FRAMES);
        loop {
            frames.clear();
            let outcome = tokio::select! {
                outcome = source.read(&mut frames) => outcome,
                outgoing = self.output.next(reporter) => {
                    let result = source.send(&outgoing.frame).await;
                    self.output.sent(outgoing, result.map_err(|error| network_error(&error)), reporter);
                    Ok(Trouble::default())
                }
            };
            let at = reporter.now();
            if !frames.is_empty() {
                *backoff = Backoff::default();
                frames.iter().for_each(|frame| self.output.see(&frame.frame(), at.mono));
                let bytes = frames.iter().map(|frame| frame.frame().data.len()).sum();
                self.input.take(frames.iter().map(OwnedFrame::frame), bytes, at, reporter).await;
            }
            match outcome {
                Ok(trouble) => reporter.record(|r| {
                    r.monitor.fault(LinkFault::Malformed, trouble.malformed);
                    r.monitor.fault(LinkFault::Lost, trouble.lost);
                }),
                Err(error) => return error,
            }
        }
    }
}
