//! The Parquet file of a day of cells: a row for each minute and cell, a row group an hour.
//!
//! Values hardly differ from cell to cell, so a dictionary of them is short; only the hour at hand is held in memory.

use crate::checksum::checksum;
use crate::day::Day;
use crate::error::StoreError;
use crate::minutes::{DAY_MINUTES, MinuteDay, Tail, add, first_minute};
use crate::segment::{FileWriter, Opened, Written, beside, common_properties, failed, timestamp, write_file};
use domain::minute::{CellMinute, MINUTE_MS, Stat, count, value};
use domain::reading::CellQuantity;
use parquet::basic::{Encoding, Repetition, Type as Physical};
use parquet::data_type::{FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::{ColumnPath, Type};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

const HOUR_MINUTES: i64 = 60;
/// Name of the column of cell numbers, from 0.
const CELL: &str = "cell";

/// The name of a column: `voltage_mean`.
pub fn column_name(quantity: CellQuantity, stat: Stat) -> String {
    let quantity = match quantity {
        CellQuantity::Voltage => "voltage",
        CellQuantity::Temperature => "temperature",
    };
    format!("{quantity}_{}", stat.name())
}

/// The columns of values, in their order.
pub(crate) fn columns() -> impl Iterator<Item = (CellQuantity, Stat)> {
    CellQuantity::ALL.into_iter().flat_map(|quantity| Stat::ALL.map(|stat| (quantity, stat)))
}

/// Writes `minutes`, which must lie in `day`, to a file for the place of the one at `path`: with those that are there
/// already; parts of one minute become one.
///
/// # Errors
/// [`StoreError::Io`]; [`StoreError::Parquet`] if the file that is there cannot be read.
pub(crate) fn seal(path: &Path, day: Day, minutes: &[CellMinute]) -> Result<(Written, MinuteDay), StoreError> {
    let mut new = Tail::new();
    minutes.iter().for_each(|minute| add(&mut new, minute.clone()));
    let there = if path.exists() { Some(Opened::open(path)?) } else { None };
    let mut sealed = Sealed::default();
    let described = || Ok((schema()?, properties()?));
    let written = beside(path, |file| {
        write_file(file, described().map_err(failed(file))?, |writer| {
            let groups = there.as_ref().map_or(0, Opened::row_groups);
            for group in 0..groups {
                let mut old = Tail::new();
                if let Some(there) = &there {
                    read(there, day, group..group + 1, |minute| add(&mut old, minute))?;
                }
                let Some((first, last)) = ends(&old) else { continue };
                // Hours that come before it, then what joins it.
                sealed.write_hours(writer, file, before(&mut new, hour(first) * HOUR_MINUTES))?;
                let joining = before(&mut new, (hour(last) + 1) * HOUR_MINUTES);
                joining.into_values().for_each(|minute| add(&mut old, Arc::unwrap_or_clone(minute)));
                sealed.write(writer, file, &old)?;
            }
            sealed.write_hours(writer, file, new)
        })
    })?;
    let of = MinuteDay { bytes: written.bytes, checksum: Some(written.checksum), ..sealed.describe(day) };
    Ok((written, of))
}

/// Writes minutes to a file of its own. Returns its size, bytes.
///
/// # Errors
/// [`StoreError::Io`], [`StoreError::Parquet`].
pub(crate) fn write(path: &Path, minutes: &[Arc<CellMinute>]) -> Result<u64, StoreError> {
    let described = || Ok((schema()?, properties()?));
    let all: Tail<CellMinute> = minutes.iter().map(|minute| (minute.minute, Arc::clone(minute))).collect();
    write_file(path, described().map_err(failed(path))?, |writer| Sealed::default().write_hours(writer, path, all))
}

/// The catalogue's entry for a file that is there.
///
/// # Errors
/// It cannot be read.
pub(crate) fn describe(path: &Path, day: Day) -> Result<MinuteDay, StoreError> {
    let opened = Opened::open(path)?;
    let bytes = std::fs::metadata(path).map_err(StoreError::io(path))?.len();
    let mut sealed = Sealed::default();
    for group in 0..opened.row_groups() {
        let mut minutes = Tail::new();
        read(&opened, day, group..group + 1, |minute| add(&mut minutes, minute))?;
        sealed.note(&minutes);
    }
    Ok(MinuteDay { day, bytes, checksum: Some(checksum(path)?), ..sealed.describe(day) })
}

/// All minutes of a file that is there, each whole.
///
/// # Errors
/// It cannot be read.
pub(crate) fn minutes(path: &Path, day: Day) -> Result<Tail<CellMinute>, StoreError> {
    let opened = Opened::open(path)?;
    let mut minutes = Tail::new();
    read(&opened, day, 0..opened.row_groups(), |minute| add(&mut minutes, minute))?;
    Ok(minutes)
}

/// One number of every cell and minute of the day, minute by minute from its first: [`Stat::none`] where there is none.
///
/// # Errors
/// The file cannot be read, or is not the one that `of` describes.
pub(crate) fn grid(path: &Path, of: &MinuteDay, quantity: CellQuantity, stat: Stat) -> Result<Vec<u16>, StoreError> {
    let opened = Opened::open(path)?;
    // A part that joined a minute changes the file, but not its number of rows.
    let same = std::fs::metadata(path).is_ok_and(|meta| meta.len() == of.bytes);
    opened.has_rows(if same { of.rows } else { u64::MAX })?;
    let cells = of.width as usize;
    let mut grid = vec![stat.none(); DAY_MINUTES as usize * cells];
    let name = column_name(quantity, stat);
    for group in 0..opened.row_groups() {
        let values = opened.floats_of(&name, group..group + 1)?;
        each_place(&opened, of.day, group..group + 1, |row, minute, cell| {
            let place = (minute - first_minute(of.day)) as usize * cells + cell;
            if let Some(kept) = grid.get_mut(place).filter(|_| cell < cells) {
                *kept = counted(quantity, stat, values[row]);
            }
        })?;
    }
    Ok(grid)
}

/// What was written so far.
#[derive(Default)]
struct Sealed {
    rows: u64,
    values: u64,
    cells: usize,
    ends: Option<(i64, i64)>,
}

impl Sealed {
    fn describe(&self, day: Day) -> MinuteDay {
        let (first_minute, last_minute) = self.ends.unwrap_or((first_minute(day), first_minute(day)));
        let (rows, values, width) = (self.rows, self.values, self.cells as u32);
        MinuteDay { day, rows, values, width, first_minute, last_minute, bytes: 0, checksum: None }
    }

    fn note(&mut self, minutes: &Tail<CellMinute>) {
        let Some((first, last)) = ends(minutes) else { return };
        self.ends = Some(self.ends.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
        for minute in minutes.values() {
            let known = (0..minute.cells()).filter(|cell| minute.knows(*cell));
            let (rows, highest) = known.fold((0, 0), |(rows, _), cell| (rows + 1, cell + 1));
            self.rows += rows;
            let snapshots = CellQuantity::ALL.iter().flat_map(|quantity| minute.column(*quantity, Stat::N));
            self.values += snapshots.map(|n| u64::from(*n)).sum::<u64>();
            self.cells = self.cells.max(highest);
        }
    }

    fn write_hours(
        &mut self,
        writer: &mut FileWriter,
        file: &Path,
        mut minutes: Tail<CellMinute>,
    ) -> Result<(), StoreError> {
        while let Some((first, _)) = ends(&minutes) {
            let of_hour = before(&mut minutes, (hour(first) + 1) * HOUR_MINUTES);
            self.write(writer, file, &of_hour)?;
        }
        Ok(())
    }

    fn write(&mut self, writer: &mut FileWriter, file: &Path, minutes: &Tail<CellMinute>) -> Result<(), StoreError> {
        self.note(minutes);
        write_group(writer, minutes).map_err(failed(file))
    }
}

fn hour(minute: i64) -> i64 {
    minute.div_euclid(HOUR_MINUTES)
}

fn ends(minutes: &Tail<CellMinute>) -> Option<(i64, i64)> {
    Some((*minutes.first_key_value()?.0, *minutes.last_key_value()?.0))
}

/// Takes out what comes before a minute.
fn before(minutes: &mut Tail<CellMinute>, minute: i64) -> Tail<CellMinute> {
    let later = minutes.split_off(&minute);
    std::mem::replace(minutes, later)
}

fn write_group(writer: &mut FileWriter, minutes: &Tail<CellMinute>) -> Result<(), ParquetError> {
    let places = || {
        let known = |minute: &CellMinute| {
            let cells: Vec<usize> = (0..minute.cells()).filter(|cell| minute.knows(*cell)).collect();
            cells
        };
        minutes.values().flat_map(move |minute| known(minute).into_iter().map(move |cell| (minute, cell)))
    };
    let mut group = writer.next_row_group()?;
    if let Some(mut column) = group.next_column()? {
        let at_us: Vec<i64> = places().map(|(minute, _)| minute.minute * MINUTE_MS * 1_000).collect();
        column.typed::<Int64Type>().write_batch(&at_us, None, None)?;
        column.close()?;
    }
    if let Some(mut column) = group.next_column()? {
        let cells: Vec<i32> = places().map(|(_, cell)| cell as i32).collect();
        column.typed::<Int32Type>().write_batch(&cells, None, None)?;
        column.close()?;
    }
    for (quantity, stat) in columns() {
        let Some(mut column) = group.next_column()? else { break };
        let counts = places().map(|(minute, cell)| minute.column(quantity, stat)[cell]);
        if stat == Stat::N {
            let counts: Vec<i32> = counts.map(i32::from).collect();
            column.typed::<Int32Type>().write_batch(&counts, None, None)?;
        } else {
            let counts: Vec<u16> = counts.collect();
            let there: Vec<i16> = counts.iter().map(|count| i16::from(*count != stat.none())).collect();
            let values: Vec<f32> =
                counts.iter().filter(|count| **count != stat.none()).map(|count| value(quantity, *count)).collect();
            column.typed::<FloatType>().write_batch(&values, Some(&there), None)?;
        }
        column.close()?;
    }
    group.close().map(drop)
}

/// Calls `each` with the minutes of some row groups; a cell that has a row twice is joined by the caller.
fn read(opened: &Opened, day: Day, groups: Range<usize>, mut each: impl FnMut(CellMinute)) -> Result<(), StoreError> {
    let mut places = Vec::new();
    each_place(opened, day, groups.clone(), |row, minute, cell| places.push((minute, cell, row)))?;
    places.sort();
    let values = columns()
        .map(|(quantity, stat)| opened.floats_of(&column_name(quantity, stat), groups.clone()))
        .collect::<Result<Vec<_>, _>>()?;
    for of_minute in places.chunk_by(|a, b| a.0 == b.0) {
        let cells = of_minute.last().map_or(0, |(_, cell, _)| cell + 1);
        let mut minute = CellMinute::empty(of_minute[0].0, cells);
        for ((quantity, stat), values) in columns().zip(&values) {
            let column = &mut minute.columns[quantity as usize][stat as usize];
            of_minute.iter().for_each(|(_, cell, row)| column[*cell] = counted(quantity, stat, values[*row]));
        }
        each(minute);
    }
    Ok(())
}

/// Calls `each` with row, minute and cell of every row that lies in the day and can be one of ours.
fn each_place(
    opened: &Opened,
    day: Day,
    groups: Range<usize>,
    mut each: impl FnMut(usize, i64, usize),
) -> Result<(), StoreError> {
    let at_ms = opened.at_ms_of(groups.clone())?;
    let cells = opened.floats_of(CELL, groups)?;
    for (row, (at_ms, cell)) in at_ms.iter().zip(&cells).enumerate() {
        let in_day = (day.start_ms()..day.end_ms()).contains(at_ms);
        if in_day && (0.0..=f32::from(u16::MAX)).contains(cell) {
            each(row, at_ms.div_euclid(MINUTE_MS), *cell as usize);
        }
    }
    Ok(())
}

fn counted(quantity: CellQuantity, stat: Stat, read: f32) -> u16 {
    match stat {
        Stat::N if read.is_nan() => 0,
        Stat::N => read as u16,
        _ => count(quantity, read),
    }
}

fn schema() -> Result<Type, ParquetError> {
    let field = |name: &str, physical: Physical, repetition: Repetition| {
        Type::primitive_type_builder(name, physical).with_repetition(repetition).build().map(Arc::new)
    };
    let mut fields = vec![Arc::new(timestamp()?), field(CELL, Physical::INT32, Repetition::REQUIRED)?];
    for (quantity, stat) in columns() {
        let name = column_name(quantity, stat);
        fields.push(match stat {
            Stat::N => field(&name, Physical::INT32, Repetition::REQUIRED)?,
            _ => field(&name, Physical::FLOAT, Repetition::OPTIONAL)?,
        });
    }
    Type::group_type_builder("cells").with_fields(fields).build()
}

fn properties() -> Result<WriterProperties, ParquetError> {
    let of_values = columns().filter(|(_, stat)| *stat != Stat::N);
    let unit = |quantity| match quantity {
        CellQuantity::Voltage => "V",
        CellQuantity::Temperature => "\u{b0}C",
    };
    let units = of_values.map(|(quantity, stat)| (column_name(quantity, stat), unit(quantity)));
    let mut builder = common_properties(units)?
        .set_column_dictionary_enabled(ColumnPath::from(crate::segment::TIMESTAMP), false)
        .set_column_dictionary_enabled(ColumnPath::from(CELL), false)
        .set_column_encoding(ColumnPath::from(CELL), Encoding::DELTA_BINARY_PACKED);
    for (quantity, stat) in columns() {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(column_name(quantity, stat)), true);
    }
    Ok(builder.build())
}
