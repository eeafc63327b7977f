//! Sealing: rows of a day become, or join, its file and its rollups.

use crate::block::Block;
use crate::day::Day;
use crate::error::StoreError;
use crate::rollup::codec::Packed;
use crate::rollup::{Bucket, Flow, Fold, LEVELS_MS, Of, buckets_of, coarser, flows_of};
use crate::sealed::Kind;
use crate::segment::{self, Opened, Segment, Written};
use domain::point::PointId;
use std::path::Path;

/// What is kept of a day for charts: of what, packed buckets of ten minutes, packed buckets of a minute.
pub(crate) type DayRollups = Vec<(Of, Vec<u8>, Vec<u8>)>;

/// Writes `rows`, which must lie in `day`, to a file for the place of the day's file: with those of a file that is there
/// already.
///
/// # Errors
/// [`StoreError::Io`]; [`StoreError::Parquet`] if the file that is there cannot be read.
pub(crate) fn seal(data: &Path, system: &str, day: Day, rows: &Block) -> Result<Sealing, StoreError> {
    let path = Kind::Pack.path(data, system, day);
    let there = if path.exists() { Opened::open(&path)?.block()? } else { Block::new() };
    anew(data, system, day, &there.merged(rows))
}

/// A day's file that is written and not in its place yet, with what the catalogue is to say of it.
pub(crate) type Sealing = (Written, Segment, DayRollups);

/// The same without what is there already.
///
/// # Errors
/// [`StoreError::Io`].
pub(crate) fn anew(data: &Path, system: &str, day: Day, rows: &Block) -> Result<Sealing, StoreError> {
    let path = Kind::Pack.path(data, system, day);
    let written = segment::beside(&path, |new| segment::write(new, rows))?;
    let segment = describe(day, rows, written.bytes, written.checksum);
    Ok((written, segment, rollups(day, rows)))
}

/// The catalogue's entry for a day's rows in a file of `bytes` with this checksum.
pub(crate) fn describe(day: Day, rows: &Block, bytes: u64, checksum: u32) -> Segment {
    let at_ms = rows.at_ms();
    let (first_ms, last_ms) = (at_ms.first().copied().unwrap_or(0), at_ms.last().copied().unwrap_or(0));
    Segment { day, rows: rows.len() as u64, first_ms, last_ms, bytes, checksum: Some(checksum) }
}

/// The rollups of a day's rows.
pub(crate) fn rollups(day: Day, rows: &Block) -> DayRollups {
    let window = (day.start_ms(), day.end_ms());
    let mut all = Vec::new();
    for point in rows.points() {
        let Some(values) = rows.column(point) else { continue };
        let minutes = buckets_of(rows.at_ms(), window, LEVELS_MS[0], |range| Bucket::of(&values[range]));
        all.push(packed(Of::Point(point), &minutes));
    }
    if let (Some(voltage), Some(current)) = (rows.column(PointId::Voltage), rows.column(PointId::Current)) {
        let minutes: Vec<Flow> = flows_of(rows.at_ms(), (voltage, current), window, LEVELS_MS[0], None);
        all.push(packed(Of::Flow, &minutes));
    }
    all
}

fn packed<T: Fold + Packed>(of: Of, minutes: &[T]) -> (Of, Vec<u8>, Vec<u8>) {
    let tens = coarser(minutes, (LEVELS_MS[1] / LEVELS_MS[0]) as usize);
    (of, T::pack(&tens), T::pack(minutes))
}
