//! Parquet files that other programs wrote: any codec, any order of rows, and the types that pandas, DuckDB, Polars and
//! Spark choose for times and numbers.

use crate::error::StoreError;
use crate::guard::guarded;
use domain::time::epoch_ms;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Rows for which room is made before they are read.
const ROWS_AT_ONCE: usize = 1 << 16;

/// A Parquet file of another program, read row group by row group.
pub struct ForeignParquet {
    path: PathBuf,
    file: SerializedFileReader<File>,
}

impl ForeignParquet {
    /// Opens the file and reads its footer.
    ///
    /// # Errors
    /// It cannot be read, or is no Parquet file.
    pub fn open(path: &Path) -> Result<ForeignParquet, StoreError> {
        let file = File::open(path).map_err(StoreError::io(path))?;
        let file = unless_damaged(|| SerializedFileReader::new(file))
            .map_err(|why| StoreError::Parquet { path: path.to_owned(), why })?;
        Ok(ForeignParquet { path: path.to_owned(), file })
    }

    /// Names of the columns, in their order.
    pub fn names(&self) -> Vec<String> {
        let schema = self.file.metadata().file_metadata().schema_descr();
        schema.columns().iter().map(|column| column.path().string()).collect()
    }

    /// How many row groups it has.
    pub fn groups(&self) -> usize {
        self.file.num_row_groups()
    }

    /// How many rows a row group has.
    pub fn rows(&self, group: usize) -> usize {
        let groups = self.file.metadata().row_groups();
        groups.get(group).map_or(0, |group| usize::try_from(group.num_rows()).unwrap_or(0))
    }

    /// A column of instants in one row group, ms since 1970-01-01 UTC; `None` where there is none that can be. Whole
    /// numbers without a unit are told apart by their size; `parse` reads those that are text.
    ///
    /// # Errors
    /// The column cannot be read, or its type is no time.
    pub fn instants(
        &self,
        column: usize,
        group: usize,
        parse: impl Fn(&str) -> Option<i64>,
    ) -> Result<Vec<Option<i64>>, StoreError> {
        let descriptor = self.descriptor(column);
        let per_ms = units_per_ms(descriptor);
        let whole = move |value: i64| match per_ms {
            Some(per_ms) => Some(value.div_euclid(per_ms)),
            None => epoch_ms(value as f64),
        };
        let is_date = descriptor.logical_type_ref() == Some(&LogicalType::Date);
        self.read(column, group, |reader, out| match reader {
            ColumnReader::Int64ColumnReader(reader) => append(reader, out, None, |value| whole(*value)),
            ColumnReader::Int32ColumnReader(reader) if is_date => {
                append(reader, out, None, |days| Some(i64::from(*days) * crate::day::DAY_MS))
            }
            ColumnReader::Int32ColumnReader(reader) => append(reader, out, None, |value| whole(i64::from(*value))),
            ColumnReader::DoubleColumnReader(reader) => append(reader, out, None, |value| epoch_ms(*value)),
            // The time of old Spark and Impala.
            ColumnReader::Int96ColumnReader(reader) => append(reader, out, None, |value| Some(value.to_millis())),
            ColumnReader::ByteArrayColumnReader(reader) => {
                append(reader, out, None, |text| std::str::from_utf8(text.data()).ok().and_then(&parse))
            }
            _ => Err(unreadable("no time")),
        })
    }

    /// A column of numbers in one row group; NaN where there is none.
    ///
    /// # Errors
    /// The column cannot be read, or its type is no number.
    pub fn numbers(&self, column: usize, group: usize) -> Result<Vec<f32>, StoreError> {
        let descriptor = self.descriptor(column);
        let scale = decimal_scale(descriptor);
        let per_unit = 10_f64.powi(scale.unwrap_or(0));
        let unsigned = is_unsigned(descriptor);
        let half = descriptor.logical_type_ref() == Some(&LogicalType::Float16);
        self.read(column, group, |reader, out| match reader {
            ColumnReader::FloatColumnReader(reader) => append(reader, out, f32::NAN, |value| *value),
            ColumnReader::DoubleColumnReader(reader) => append(reader, out, f32::NAN, |value| *value as f32),
            ColumnReader::Int32ColumnReader(reader) => append(reader, out, f32::NAN, |value| {
                let whole = if unsigned { f64::from(*value as u32) } else { f64::from(*value) };
                (whole / per_unit) as f32
            }),
            ColumnReader::Int64ColumnReader(reader) => append(reader, out, f32::NAN, |value| {
                let whole = if unsigned { *value as u64 as f64 } else { *value as f64 };
                (whole / per_unit) as f32
            }),
            ColumnReader::BoolColumnReader(reader) => {
                append(reader, out, f32::NAN, |value| f32::from(u8::from(*value)))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) if half => {
                append(reader, out, f32::NAN, |value| half_float(value.data()))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) if scale.is_some() => {
                append(reader, out, f32::NAN, |value| (big_endian(value.data()) / per_unit) as f32)
            }
            ColumnReader::ByteArrayColumnReader(reader) if scale.is_some() => {
                append(reader, out, f32::NAN, |value| (big_endian(value.data()) / per_unit) as f32)
            }
            _ => Err(unreadable("no number")),
        })
    }

    /// Whether a column can be read as numbers: flat, and of a numeric type.
    pub fn is_numeric(&self, column: usize) -> bool {
        let descriptor = self.descriptor(column);
        let numeric = match descriptor.physical_type() {
            Physical::BOOLEAN | Physical::INT32 | Physical::INT64 | Physical::FLOAT | Physical::DOUBLE => true,
            Physical::INT96 => false,
            Physical::BYTE_ARRAY => decimal_scale(descriptor).is_some(),
            Physical::FIXED_LEN_BYTE_ARRAY => {
                decimal_scale(descriptor).is_some() || descriptor.logical_type_ref() == Some(&LogicalType::Float16)
            }
        };
        numeric && descriptor.max_rep_level() == 0
    }

    fn descriptor(&self, column: usize) -> &ColumnDescriptor {
        &self.file.metadata().file_metadata().schema_descr().columns()[column]
    }

    fn read<T>(
        &self,
        column: usize,
        group: usize,
        take: impl FnOnce(ColumnReader, &mut Vec<T>) -> Result<(), ParquetError>,
    ) -> Result<Vec<T>, StoreError> {
        let name = self.descriptor(column).name().to_owned();
        let bad = |why: String| StoreError::Parquet { path: self.path.clone(), why: format!("column {name}: {why}") };
        if self.descriptor(column).max_rep_level() > 0 {
            return Err(bad("it holds lists".to_owned()));
        }
        let rows = self.rows(group);
        // What the file claims to have is not there yet.
        let mut out = Vec::with_capacity(rows.min(ROWS_AT_ONCE));
        let read =
            || self.file.get_row_group(group)?.get_column_reader(column).and_then(|reader| take(reader, &mut out));
        unless_damaged(read).map_err(bad)?;
        if out.len() == rows { Ok(out) } else { Err(bad("it is shorter than the file".to_owned())) }
    }
}

/// What the reader gives, or in words why it gives nothing.
fn unless_damaged<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match guarded(read) {
        Some(outcome) => outcome.map_err(|error| error.to_string()),
        None => Err("it is damaged: it cannot be decoded".to_owned()),
    }
}

fn unreadable(what: &str) -> ParquetError {
    ParquetError::General(format!("its type is {what}"))
}

/// Appends all values of a column, `none` where there is no value.
fn append<T: DataType, V: Clone>(
    mut reader: ColumnReaderImpl<T>,
    out: &mut Vec<V>,
    none: V,
    value: impl Fn(&T::T) -> V,
) -> Result<(), ParquetError> {
    const BATCH: usize = 8_192;
    let (mut levels, mut values) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    loop {
        levels.clear();
        values.clear();
        let (records, present, _) = reader.read_records(BATCH, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            return Ok(());
        }
        if levels.is_empty() {
            // A column that must have values has no levels.
            out.extend(values[..present].iter().map(&value));
            continue;
        }
        // A value has the highest level, if there is any value.
        let highest = levels.iter().copied().max().filter(|_| present > 0);
        let mut there = values[..present].iter();
        for level in &levels {
            let next = if Some(*level) == highest { there.next() } else { None };
            out.push(next.map_or_else(|| none.clone(), &value));
        }
    }
}

/// Parts of the column's time unit in a millisecond; `None` if it has no unit.
fn units_per_ms(column: &ColumnDescriptor) -> Option<i64> {
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Timestamp(time)), _) => Some(match time.unit {
            TimeUnit::MILLIS => 1,
            TimeUnit::MICROS => 1_000,
            TimeUnit::NANOS => 1_000_000,
        }),
        (_, ConvertedType::TIMESTAMP_MILLIS) => Some(1),
        (_, ConvertedType::TIMESTAMP_MICROS) => Some(1_000),
        _ => None,
    }
}

fn decimal_scale(column: &ColumnDescriptor) -> Option<i32> {
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Decimal(decimal)), _) => Some(decimal.scale),
        (_, ConvertedType::DECIMAL) => Some(column.type_scale()),
        _ => None,
    }
}

fn is_unsigned(column: &ColumnDescriptor) -> bool {
    use ConvertedType::{UINT_8, UINT_16, UINT_32, UINT_64};
    matches!(column.converted_type(), UINT_8 | UINT_16 | UINT_32 | UINT_64)
}

/// A whole number of any length in two's complement, the most significant byte first.
fn big_endian(bytes: &[u8]) -> f64 {
    let sign = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    bytes.iter().fold(if sign { -1.0 } else { 0.0 }, |value, byte| value * 256.0 + f64::from(*byte))
}

/// A number in 16 bits (IEEE 754 binary16), the least significant byte first.
fn half_float(bytes: &[u8]) -> f32 {
    let [low, high] = *bytes else { return f32::NAN };
    half::f16::from_le_bytes([low, high]).to_f32()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_and_half_floats_are_what_they_are() {
        for (bytes, expected) in [
            (&[0x01_u8, 0x00][..], 256.0),
            (&[0xFF, 0xFF], -1.0),
            (&[0x80], -128.0),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x3D, 0x65], 81_253.0),
            (&[], 0.0),
        ] {
            assert_eq!(big_endian(bytes), expected, "{bytes:?}");
        }
        for (bits, expected) in [(0x3C00_u16, 1.0), (0xC000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8)] {
            assert_eq!(half_float(&bits.to_le_bytes()), expected, "{bits:#x}");
        }
        assert!(half_float(&0x7E00_u16.to_le_bytes()).is_nan() && half_float(&[1]).is_nan());
    }

    /// The reader of the format panics at some of them.
    #[test]
    fn no_bent_byte_makes_more_than_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bent.parquet");
        let rows = crate::Block::from_columns(
            vec![1_792_881_000_000, 1_792_881_000_200],
            [(domain::point::PointId::Soc, vec![80.0, 79.5])],
        );
        crate::write_parquet(&path, &rows).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let read = || -> Result<usize, StoreError> {
            let file = ForeignParquet::open(&path)?;
            let mut values = 0;
            for (column, group) in (0..file.names().len()).flat_map(|c| (0..file.groups()).map(move |g| (c, g))) {
                values += file.instants(column, group, |_| None).map_or(0, |instants| instants.len());
                values += if file.is_numeric(column) { file.numbers(column, group)?.len() } else { 0 };
            }
            Ok(values)
        };
        assert!(read().unwrap() > 0);
        let (mut sound, mut damaged) = (0, 0);
        for at in 0..whole.len() {
            // The lowest bit of a number in the footer is its sign.
            for bits in [0x01, 0x80, 0xFF] {
                let mut bent = whole.clone();
                bent[at] ^= bits;
                std::fs::write(&path, &bent).unwrap();
                match read() {
                    Ok(_) => sound += 1,
                    Err(error) => damaged += usize::from(error.to_string().contains("it is damaged")),
                }
            }
        }
        assert!(sound > 0 && damaged > 0, "{sound} sound, {damaged} damaged");
    }
}
