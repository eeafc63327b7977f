//! A sealed day of one system: `systems/<system>/pack/2026-11-21.parquet`, which other programs may open at any time.
//!
//! One file a day, one row group an hour. While its day lasts, the file is replaced by a longer one each hour: never
//! written in place, so that who has it open keeps what was there.

mod read;
mod write;

pub(crate) use read::Opened;
pub(crate) use write::{
    FileWriter, TIMESTAMP, Written, beside, common_properties, failed, replace, timestamp, write, write_file,
};

use crate::day::Day;
use crate::sealed::{Kind, Sealed};

/// What the catalogue says of a sealed day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its day.
    pub day: Day,
    /// How many rows it has.
    pub rows: u64,
    /// When the first row was taken, ms since 1970-01-01 UTC.
    pub first_ms: i64,
    /// When the last row was taken.
    pub last_ms: i64,
    /// Size of the file.
    pub bytes: u64,
    /// CRC-32 of the file; `None` in entries of earlier versions that were not read since.
    pub checksum: Option<u32>,
}

impl From<&Segment> for Sealed {
    fn from(of: &Segment) -> Sealed {
        let Segment { day, rows, bytes, checksum, .. } = *of;
        Sealed { kind: Kind::Pack, day, rows, bytes, checksum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::block::tests::row;
    use crate::day::DAY_MS;
    use domain::point::PointId;
    use std::fs;

    /// Two hours of a day at 5 Hz, with a gap, a column that begins late, and missing values.
    pub(crate) fn block(day: Day) -> Block {
        let mut block = Block::new();
        for k in 0..36_000_i64 {
            if (9_000..9_600).contains(&k) {
                continue;
            }
            let mut values =
                vec![(PointId::Voltage, 832.0 + (k % 97) as f32 * 0.01), (PointId::Current, (k % 7) as f32)];
            if k >= 20_000 {
                values.push((PointId::GridPower, -1_000.0 + k as f32));
            }
            if k % 11 == 0 {
                values.remove(1);
            }
            block.push(&row(day.start_ms() + k * 200, &values));
        }
        block
    }

    #[test]
    fn a_sealed_day_is_read_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (day, path) = (Day(20_778), folder.path().join("day.parquet"));
        let block = block(day);
        let bytes = write(&path, &block).unwrap();
        assert_eq!(bytes, fs::metadata(&path).unwrap().len());
        let mut opened = Opened::open(&path).unwrap();
        assert_eq!((opened.rows(), opened.row_groups()), (block.len(), 2));
        assert_eq!(opened.at_ms().unwrap(), block.at_ms());
        for point in PointId::ALL {
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            let read = opened.column(*point).unwrap();
            let empty = vec![f32::NAN; block.len()];
            assert_eq!(bits(&read), bits(block.column(*point).unwrap_or(&empty)), "{point:?}");
        }
        let whole = opened.block().unwrap();
        assert_eq!(whole.points().collect::<Vec<_>>(), [PointId::Voltage, PointId::Current, PointId::GridPower]);
    }

    #[test]
    fn what_is_no_history_file_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("day.parquet");
        write(&path, &block(Day(3))).unwrap();
        let good = fs::read(&path).unwrap();
        for (bytes, what) in [
            (Vec::new(), "empty"),
            (b"not a parquet file at all".to_vec(), "text"),
            (good[..good.len() / 2].to_vec(), "cut off"),
            (good[good.len() / 2..].to_vec(), "without its beginning"),
        ] {
            fs::write(&path, &bytes).unwrap();
            let read = Opened::open(&path).and_then(|mut opened| opened.block());
            let error = read.expect_err(what).to_string();
            assert!(error.contains("is not a good history file"), "{what}: {error}");
        }
        assert!(Opened::open(&folder.path().join("none.parquet")).is_err());
        assert_eq!(Day::of(block(Day(3)).at_ms()[0]), Day(3));
        assert!(block(Day(3)).at_ms()[0] < 4 * DAY_MS);
    }
}
