//! The minutes of every cell: what is left of cells when the tape is gone, as bytes of the tail and as rows of a file.

pub(crate) mod codec;
pub(crate) mod file;

use crate::day::Day;
use crate::error::StoreError;
use crate::minutes::{Minute, MinuteDay, Tail};
use crate::sealed::Kind;
use crate::segment::Written;
use domain::minute::CellMinute;
use std::path::Path;
use std::sync::Arc;

impl Minute for CellMinute {
    const KIND: Kind = Kind::Cells;

    fn number(&self) -> i64 {
        self.minute
    }

    fn width(&self) -> usize {
        self.cells()
    }

    fn join(&mut self, other: &CellMinute) {
        self.join(other);
    }

    fn pack(&self) -> Vec<u8> {
        codec::pack(self)
    }

    fn unpack(number: i64, bytes: &[u8]) -> Option<CellMinute> {
        codec::unpack(number, bytes)
    }

    fn seal(path: &Path, day: Day, minutes: &[CellMinute]) -> Result<(Written, MinuteDay), StoreError> {
        file::seal(path, day, minutes)
    }

    fn write(path: &Path, minutes: &[Arc<CellMinute>]) -> Result<u64, StoreError> {
        file::write(path, minutes)
    }

    fn describe(path: &Path, day: Day) -> Result<MinuteDay, StoreError> {
        file::describe(path, day)
    }

    fn minutes(path: &Path, day: Day) -> Result<Tail<CellMinute>, StoreError> {
        file::minutes(path, day)
    }
}
