//! Writing a day: times as differences, floats with bytes of equal weight side by side, zstd. No dictionary: values of a
//! sensor hardly repeat.

use crate::block::Block;
use crate::checksum::checksum;
use crate::error::StoreError;
use crate::owner;
use domain::point::PointId;
use domain::telemetry::{LEADING, column_name, columns};
use parquet::basic::{Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the column of times.
pub(crate) const TIMESTAMP: &str = "timestamp";

const HOUR_MS: i64 = 3_600_000;
/// Hours with fewer rows share a row group: a group costs room in the footer.
const GROUP_ROWS_MIN: usize = 9_000;
/// Rows in a page. A whole hour at 5 Hz: pages of 72 kB.
const PAGE_ROWS: usize = 20_000;
const ZSTD_LEVEL: i32 = 3;

/// Writes `block` to a file of its own that was not there, and syncs it. Returns its size, bytes.
///
/// # Errors
/// [`StoreError::Io`], [`StoreError::Parquet`]; what was written so far is removed.
pub(crate) fn write(path: &Path, block: &Block) -> Result<u64, StoreError> {
    let points: Vec<PointId> =
        columns().filter(|point| LEADING.contains(point) || block.column(*point).is_some()).collect();
    let described = || Ok((schema(&points)?, properties(&points)?));
    write_file(path, described().map_err(failed(path))?, |writer| {
        let mut groups = groups(block.at_ms()).into_iter();
        groups.try_for_each(|rows| write_group(writer, block, &points, rows)).map_err(failed(path))
    })
}

/// Writes `block` in the place of the file at `path`, if there is one: all of it, or nothing changes. Makes the folder.
///
/// # Errors
/// As [`write`].
pub(crate) fn replace(path: &Path, block: &Block) -> Result<u64, StoreError> {
    let written = beside(path, |new| write(new, block))?;
    let bytes = written.bytes;
    written.put()?;
    Ok(bytes)
}

/// A file that is written and synced, beside the place that it is for.
#[must_use]
pub(crate) struct Written {
    path: PathBuf,
    new: PathBuf,
    /// Its size.
    pub(crate) bytes: u64,
    /// Its CRC-32.
    pub(crate) checksum: u32,
}

/// Has `write` write a file beside the one at `path`. Makes the folder.
///
/// # Errors
/// [`StoreError::Io`]; those of `write`.
pub(crate) fn beside(path: &Path, write: impl FnOnce(&Path) -> Result<u64, StoreError>) -> Result<Written, StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    owner::folder(folder).map_err(StoreError::io(folder))?;
    // The name does not end in `.parquet`, so nobody takes it for history.
    let new = path.with_extension("parquet.new");
    owner::file(&new).map_err(StoreError::io(&new))?;
    let bytes = write(&new)?;
    Ok(Written { path: path.to_owned(), bytes, checksum: checksum(&new)?, new })
}

impl Written {
    /// Puts it in its place, and in that of the file that is there: all of it, or nothing changes. The file of a sealed
    /// day is noted in the catalogue first: see [`crate::replaced`].
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(crate) fn put(self) -> Result<(), StoreError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::rename(&self.new, &self.path).map_err(StoreError::io(&self.path))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io(folder))
    }

    /// It is not needed. One that stays is written over by the next.
    pub(crate) fn discard(self) {
        drop(fs::remove_file(&self.new));
    }
}

/// What Parquet says of the file at `path`; what the disk says is said as such.
pub(crate) fn failed(path: &Path) -> impl Fn(ParquetError) -> StoreError + Copy + '_ {
    |error| match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => StoreError::Io { path: path.to_owned(), source: *source },
            Err(other) => StoreError::Parquet { path: path.to_owned(), why: other.to_string() },
        },
        other => StoreError::Parquet { path: path.to_owned(), why: other.to_string() },
    }
}

/// A Parquet file that is being written.
pub(crate) type FileWriter = SerializedFileWriter<BufWriter<File>>;

/// Writes a file of its own that was not there, row group by row group, and syncs it. Returns its size, bytes.
///
/// # Errors
/// [`StoreError::Io`], [`StoreError::Parquet`], those of `groups`; what was written so far is removed.
pub(crate) fn write_file(
    path: &Path,
    (schema, properties): (Type, WriterProperties),
    groups: impl FnOnce(&mut FileWriter) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let try_write = || {
        let file = BufWriter::with_capacity(1 << 18, File::create(path).map_err(StoreError::io(path))?);
        let mut writer =
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(failed(path))?;
        groups(&mut writer)?;
        let mut file = writer.into_inner().map_err(failed(path))?;
        file.flush().map_err(StoreError::io(path))?;
        let file = file.get_ref();
        file.sync_all().map_err(StoreError::io(path))?;
        Ok(file.metadata().map_err(StoreError::io(path))?.len())
    };
    let written = try_write();
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

fn write_group(
    writer: &mut FileWriter,
    block: &Block,
    points: &[PointId],
    rows: Range<usize>,
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    if let Some(mut column) = group.next_column()? {
        let at_us: Vec<i64> = block.at_ms()[rows.clone()].iter().map(|at| at.saturating_mul(1_000)).collect();
        column.typed::<Int64Type>().write_batch(&at_us, None, None)?;
        column.close()?;
    }
    let mut there = Vec::with_capacity(rows.len());
    let mut present = Vec::new();
    for point in points {
        let Some(mut column) = group.next_column()? else { break };
        there.clear();
        let values = match block.column(*point).map(|values| &values[rows.clone()]) {
            None => {
                there.resize(rows.len(), 0);
                &[][..]
            }
            Some(values) if !values.iter().any(|v| v.is_nan()) => {
                there.resize(rows.len(), 1);
                values
            }
            Some(values) => {
                there.extend(values.iter().map(|v| i16::from(!v.is_nan())));
                present.clear();
                present.extend(values.iter().copied().filter(|v| !v.is_nan()));
                &present[..]
            }
        };
        column.typed::<FloatType>().write_batch(values, Some(&there), None)?;
        column.close()?;
    }
    group.close()?;
    Ok(())
}

/// Where the row groups begin and end: at full hours.
fn groups(at_ms: &[i64]) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut start = 0;
    for k in 1..at_ms.len() {
        let new_hour = at_ms[k].div_euclid(HOUR_MS) != at_ms[k - 1].div_euclid(HOUR_MS);
        if new_hour && k - start >= GROUP_ROWS_MIN {
            groups.push(start..k);
            start = k;
        }
    }
    if start < at_ms.len() {
        groups.push(start..at_ms.len());
    }
    groups
}

fn schema(points: &[PointId]) -> Result<Type, ParquetError> {
    let mut fields = vec![Arc::new(timestamp()?)];
    for point in points {
        let field = Type::primitive_type_builder(&column_name(*point), Physical::FLOAT)
            .with_repetition(Repetition::OPTIONAL)
            .build()?;
        fields.push(Arc::new(field));
    }
    Type::group_type_builder("telemetry").with_fields(fields).build()
}

/// The column of times.
pub(crate) fn timestamp() -> Result<Type, ParquetError> {
    // Not adjusted to UTC in the words of the format, or DuckDB would show the reader's local time. The times are UTC.
    let time = LogicalType::timestamp(false, TimeUnit::MICROS);
    Type::primitive_type_builder(TIMESTAMP, Physical::INT64)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(time))
        .build()
}

/// Under this key every file of ours says the units of its columns: `soc %, pack_voltage V`.
const UNITS: &str = "packtwin.units";

/// What every file of ours has: times as differences, zstd, the units of its columns, and who wrote it.
pub(crate) fn common_properties(
    units: impl IntoIterator<Item = (String, &'static str)>,
) -> Result<WriterPropertiesBuilder, ParquetError> {
    let units: Vec<String> = units.into_iter().map(|(column, unit)| format!("{column} {unit}")).collect();
    Ok(WriterProperties::builder()
        .set_key_value_metadata(Some(vec![KeyValue::new(UNITS.to_owned(), units.join(", "))]))
        .set_created_by(concat!("packtwin ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_column_encoding(ColumnPath::from(TIMESTAMP), Encoding::DELTA_BINARY_PACKED)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_write_batch_size(PAGE_ROWS)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(1 << 20))
}

fn properties(points: &[PointId]) -> Result<WriterProperties, ParquetError> {
    let units = points.iter().map(|point| (column_name(*point), point.spec().unit.symbol()));
    let common = common_properties(units.filter(|(_, unit)| !unit.is_empty()))?;
    Ok(common.set_dictionary_enabled(false).set_encoding(Encoding::BYTE_STREAM_SPLIT).build())
}
