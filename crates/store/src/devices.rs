//! The minutes of every device point: what is left of them when the tape is gone, as bytes of the tail and as rows of a file.

pub(crate) mod codec;
pub(crate) mod file;

use crate::day::Day;
use crate::error::StoreError;
use crate::minutes::{Minute, MinuteDay, Tail};
use crate::sealed::Kind;
use crate::segment::Written;
use domain::device_minute::DeviceMinute;
use std::path::Path;
use std::sync::Arc;

impl Minute for DeviceMinute {
    const KIND: Kind = Kind::Devices;

    fn number(&self) -> i64 {
        self.minute
    }

    fn width(&self) -> usize {
        self.names.len()
    }

    fn join(&mut self, other: &DeviceMinute) {
        self.join(other);
    }

    fn share(&mut self, other: &DeviceMinute) {
        if self.names == other.names {
            self.names = Arc::clone(&other.names);
        }
    }

    fn pack(&self) -> Vec<u8> {
        codec::pack(self)
    }

    fn unpack(number: i64, bytes: &[u8]) -> Option<DeviceMinute> {
        codec::unpack(number, bytes)
    }

    fn seal(path: &Path, day: Day, minutes: &[DeviceMinute]) -> Result<(Written, MinuteDay), StoreError> {
        file::seal(path, day, minutes)
    }

    fn write(path: &Path, minutes: &[Arc<DeviceMinute>]) -> Result<u64, StoreError> {
        file::write(path, minutes)
    }

    fn describe(path: &Path, day: Day) -> Result<MinuteDay, StoreError> {
        file::describe(path, day)
    }

    fn minutes(path: &Path, day: Day) -> Result<Tail<DeviceMinute>, StoreError> {
        file::minutes(path, day)
    }
}
