//! Reading a day: whole columns, which is what every question asks for.

use super::write::TIMESTAMP;
use crate::block::Block;
use crate::error::StoreError;
use domain::point::PointId;
use domain::telemetry::from_column_name;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::page::Page;
use parquet::column::reader::{ColumnReader, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A day's file, opened. Later changes of the folder do not touch it.
pub(crate) struct Opened {
    path: PathBuf,
    file: SerializedFileReader<File>,
    rows: usize,
}

impl Opened {
    /// Opens the file and reads its footer.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Parquet`].
    pub(crate) fn open(path: &Path) -> Result<Opened, StoreError> {
        let file = File::open(path).map_err(StoreError::io(path))?;
        let bad = |why: String| StoreError::Parquet { path: path.to_owned(), why };
        let file = SerializedFileReader::new(file).map_err(|error| bad(error.to_string()))?;
        let rows = usize::try_from(file.metadata().file_metadata().num_rows()).map_err(|e| bad(e.to_string()))?;
        Ok(Opened { path: path.to_owned(), file, rows })
    }

    /// How many rows it has.
    #[cfg(test)]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether it is the file that the catalogue describes.
    ///
    /// # Errors
    /// It has another number of rows than `rows`.
    pub(crate) fn has_rows(&self, rows: u64) -> Result<(), StoreError> {
        if self.rows as u64 == rows { Ok(()) } else { Err(self.bad("it was replaced meanwhile; ask again")) }
    }

    /// How many row groups it has.
    pub(crate) fn row_groups(&self) -> usize {
        self.file.num_row_groups()
    }

    /// When each row was taken, ms since 1970-01-01 UTC.
    pub(crate) fn at_ms(&mut self) -> Result<Vec<i64>, StoreError> {
        self.at_ms_of(0..self.row_groups())
    }

    /// When each row of some row groups was taken.
    ///
    /// # Errors
    /// [`StoreError::Parquet`].
    pub(crate) fn at_ms_of(&self, groups: Range<usize>) -> Result<Vec<i64>, StoreError> {
        let Some(column) = self.place(TIMESTAMP) else { return Err(self.bad("it has no column timestamp")) };
        self.times(column, groups)
    }

    /// The numbers of a column in some row groups, NaN for none.
    ///
    /// # Errors
    /// [`StoreError::Parquet`]; also if there is no such column.
    pub(crate) fn floats_of(&self, name: &str, groups: Range<usize>) -> Result<Vec<f32>, StoreError> {
        let Some(column) = self.place(name) else { return Err(self.bad(&format!("it has no column {name}"))) };
        self.floats(column, groups)
    }

    /// The texts of a column that has one in every row, in some row groups.
    ///
    /// # Errors
    /// [`StoreError::Parquet`]; also if there is no such column.
    pub(crate) fn texts_of(&self, name: &str, groups: Range<usize>) -> Result<Vec<ByteArray>, StoreError> {
        let Some(column) = self.place(name) else { return Err(self.bad(&format!("it has no column {name}"))) };
        self.column_of::<ByteArrayType>(column, Physical::BYTE_ARRAY, groups, ByteArray::default())
    }

    /// The different texts of a column in a row group: from its dictionary alone, where the column has one.
    ///
    /// # Errors
    /// As [`Opened::texts_of`].
    pub(crate) fn dictionary_of(&self, name: &str, group: usize) -> Result<Vec<ByteArray>, StoreError> {
        let Some(column) = self.place(name) else { return Err(self.bad(&format!("it has no column {name}"))) };
        let read = |error: ParquetError| self.bad(&error.to_string());
        let mut pages =
            self.file.get_row_group(group).and_then(|group| group.get_column_page_reader(column)).map_err(read)?;
        let is_text =
            self.file.metadata().file_metadata().schema_descr().column(column).physical_type() == Physical::BYTE_ARRAY;
        match pages.get_next_page().map_err(read)? {
            Some(Page::DictionaryPage { buf, num_values, .. }) if is_text => {
                plain_texts(&buf, num_values).ok_or_else(|| self.bad("a dictionary of texts ends in the middle of one"))
            }
            _ => self.texts_of(name, group..group + 1),
        }
    }

    /// Whether a row group can have this text in a column, by what the file says of the column's ends. Bytes are compared.
    pub(crate) fn may_hold(&self, group: usize, name: &str, text: &[u8]) -> bool {
        let statistics =
            self.place(name).and_then(|column| self.file.metadata().row_group(group).column(column).statistics());
        let Some((low, high)) = statistics.and_then(|of| Some((of.min_bytes_opt()?, of.max_bytes_opt()?))) else {
            return true;
        };
        low <= text && text <= high
    }

    /// The values of a point, NaN for none: also where the file has no such column.
    pub(crate) fn column(&mut self, point: PointId) -> Result<Vec<f32>, StoreError> {
        match self.place(&domain::telemetry::column_name(point)) {
            None => Ok(vec![f32::NAN; self.rows]),
            Some(column) => self.floats(column, 0..self.row_groups()),
        }
    }

    /// All rows, with the columns that have a value.
    pub(crate) fn block(&mut self) -> Result<Block, StoreError> {
        let names: Vec<String> = self.names().map(str::to_owned).collect();
        let mut columns = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let Some(point) = from_column_name(name) else { continue };
            let values = self.floats(place, 0..self.row_groups())?;
            if values.iter().any(|v| !v.is_nan()) {
                columns.push((point, values));
            }
        }
        Ok(Block::from_columns(self.at_ms()?, columns))
    }

    /// Whether it has a column of this name.
    pub(crate) fn has_column(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.file.metadata().file_metadata().schema_descr().columns().iter().map(|column| column.name())
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names().position(|known| known == name)
    }

    /// Parts of the column's time unit in a millisecond.
    fn units_per_ms(&self, column: usize) -> i64 {
        let column = self.file.metadata().file_metadata().schema_descr().column(column);
        match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Timestamp(time)), _) => match time.unit {
                TimeUnit::MILLIS => 1,
                TimeUnit::MICROS => 1_000,
                TimeUnit::NANOS => 1_000_000,
            },
            (_, ConvertedType::TIMESTAMP_MILLIS) => 1,
            _ => 1_000,
        }
    }

    fn times(&self, column: usize, groups: Range<usize>) -> Result<Vec<i64>, StoreError> {
        let at = self.column_of::<Int64Type>(column, Physical::INT64, groups, 0)?;
        let units_per_ms = self.units_per_ms(column);
        Ok(at.into_iter().map(|at| at.div_euclid(units_per_ms)).collect())
    }

    /// A column of any numbers in some row groups, as floats.
    fn floats(&self, column: usize, groups: Range<usize>) -> Result<Vec<f32>, StoreError> {
        let physical = self.file.metadata().file_metadata().schema_descr().column(column).physical_type();
        match physical {
            Physical::FLOAT => self.column_of::<FloatType>(column, physical, groups, f32::NAN),
            Physical::DOUBLE => {
                let values = self.column_of::<DoubleType>(column, physical, groups, f64::NAN)?;
                Ok(values.into_iter().map(|v| v as f32).collect())
            }
            Physical::INT32 => {
                let values = self.column_of::<Int32Type>(column, physical, groups, i32::MIN)?;
                Ok(values.into_iter().map(|v| if v == i32::MIN { f32::NAN } else { v as f32 }).collect())
            }
            Physical::INT64 => {
                let values = self.column_of::<Int64Type>(column, physical, groups, i64::MIN)?;
                Ok(values.into_iter().map(|v| if v == i64::MIN { f32::NAN } else { v as f32 }).collect())
            }
            other => Err(self.bad(&format!("a column of numbers is {other}"))),
        }
    }

    /// A column in some row groups, `none` where it has no value.
    fn column_of<T: DataType>(
        &self,
        column: usize,
        physical: Physical,
        groups: Range<usize>,
        none: T::T,
    ) -> Result<Vec<T::T>, StoreError> {
        let found = self.file.metadata().file_metadata().schema_descr().column(column);
        if found.physical_type() != physical || found.max_rep_level() > 0 || found.max_def_level() > 1 {
            return Err(self.bad(&format!("the column {} is not plain {physical}", found.name())));
        }
        let mut all = Vec::new();
        let mut wanted = 0;
        let read = || -> Result<(), ParquetError> {
            for group in groups {
                let group = self.file.get_row_group(group)?;
                let rows = group.metadata().num_rows() as usize;
                wanted += rows;
                all.reserve(rows);
                append::<T>(group.get_column_reader(column)?, rows, &none, &mut all)?;
            }
            Ok(())
        };
        read().map_err(|error| self.bad(&error.to_string()))?;
        if all.len() == wanted { Ok(all) } else { Err(self.bad("a column is shorter than the file")) }
    }

    fn bad(&self, why: &str) -> StoreError {
        StoreError::Parquet { path: self.path.clone(), why: why.to_owned() }
    }
}

/// The texts of a plain page: before each its length, four bytes. `None` if it is cut off.
fn plain_texts(mut page: &[u8], count: u32) -> Option<Vec<ByteArray>> {
    let mut next = || {
        let (length, rest) = page.split_first_chunk::<4>()?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        page = rest;
        Some(ByteArray::from(text.to_vec()))
    };
    (0..count).map(|_| next()).collect()
}

fn append<T: DataType>(
    column: ColumnReader,
    rows: usize,
    none: &T::T,
    all: &mut Vec<T::T>,
) -> Result<(), ParquetError> {
    let mut reader = get_typed_column_reader::<T>(column);
    let start = all.len();
    let mut there: Vec<i16> = Vec::new();
    let mut records = 0;
    while records < rows {
        let (more, ..) = reader.read_records(rows - records, Some(&mut there), None, all)?;
        if more == 0 {
            break;
        }
        records += more;
    }
    let present = all.len() - start;
    if present < there.len() {
        // Values stand without their gaps: moved apart from the end on, each is moved once.
        all.resize(start + there.len(), none.clone());
        let mut from = start + present;
        for (place, level) in there.iter().enumerate().rev() {
            let value = if *level > 0 {
                from -= 1;
                all[from].clone()
            } else {
                none.clone()
            };
            all[start + place] = value;
        }
    }
    Ok(())
}
