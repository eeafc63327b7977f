//! A Modbus device made with pymodbus that does as it is told.

use crate::support::{Running, judge, judges};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Stdio};

/// The device, and the way to tell it what to do.
pub(crate) struct Device {
    process: Running,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    port: u16,
}

impl Device {
    /// Starts a device that answers for `unit` with these blocks of registers, each `first:count`; `None` where there is
    /// no judge.
    pub(crate) fn start(unit: u8, blocks: &[&str]) -> Option<Device> {
        let mut program = judge(&judges()?, "modbus_device.py");
        program.arg(unit.to_string()).args(blocks).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = program.spawn().unwrap();
        let (orders, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut device = Device { process: Running(child), orders, answers, port: 0 };
        device.port = device.line().parse().expect("a port");
        Some(device)
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the device ended: {:?}", self.process.0.try_wait());
        line.trim().to_owned()
    }

    /// Gives an order: see `judges/modbus_device.py`.
    pub(crate) fn tell(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
        assert_eq!(self.line(), "ok", "{order}");
    }
}
