//! The Parquet file of a day of device points: a row for each point and minute in which anything is known of it, point by
//! point, so that the curve of one reads few row groups of the file.
//!
//! Only one group of points is held in memory while a file is written, beside what joins it.

use super::codec::unit;
use crate::checksum::checksum;
use crate::day::Day;
use crate::error::StoreError;
use crate::minutes::{MinuteDay, Tail, add, first_minute};
use crate::segment::{
    FileWriter, Opened, TIMESTAMP, Written, beside, common_properties, failed, timestamp, write_file,
};
use domain::device_minute::{DeviceMinute, PointMinute, PointName};
use domain::minute::MINUTE_MS;
use parquet::basic::{Encoding, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::{ColumnPath, Type};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Points in a row group. One that other points joined is split at twice as many.
const GROUP_POINTS: usize = 32;

const POINT: &str = "point";
const UNIT: &str = "unit";
/// The columns of values, in their order, before [`N`].
const VALUES: [&str; 3] = ["min", "mean", "max"];
const N: &str = "n";

/// A point by its name and the symbol of its unit. A file is in this order.
type Key = (String, &'static str);

/// The minutes of one point.
type Minutes = BTreeMap<i64, PointMinute>;

/// The minutes of many points.
type Points = BTreeMap<Key, Minutes>;

/// See [`crate::minutes::Minute::seal`].
pub(crate) fn seal(path: &Path, day: Day, minutes: &[DeviceMinute]) -> Result<(Written, MinuteDay), StoreError> {
    let mut new = by_point(minutes);
    let there = if path.exists() { Some(Opened::open(path)?) } else { None };
    let mut sealed = Sealed::default();
    let written = beside(path, |file| {
        write_file(file, described(file)?, |writer| {
            for group in 0..there.as_ref().map_or(0, Opened::row_groups) {
                let mut points = Points::new();
                if let Some(there) = &there {
                    read(there, Some(day), group..group + 1, |key, minute, value| {
                        insert(&mut points, key, minute, value)
                    })?;
                }
                let Some(last) = points.last_key_value().map(|(key, _)| key.clone()) else { continue };
                let later = new.split_off(&last);
                for (key, minutes) in std::mem::replace(&mut new, later) {
                    minutes.into_iter().for_each(|(minute, value)| insert(&mut points, key.clone(), minute, value));
                }
                for (minute, value) in new.remove(&last).unwrap_or_default() {
                    insert(&mut points, last.clone(), minute, value);
                }
                let most = if points.len() < 2 * GROUP_POINTS { points.len() } else { GROUP_POINTS };
                sealed.write(writer, file, points, most)?;
            }
            sealed.write(writer, file, new, GROUP_POINTS)
        })
    })?;
    let of = MinuteDay { bytes: written.bytes, checksum: Some(written.checksum), ..sealed.describe(day) };
    Ok((written, of))
}

/// See [`crate::minutes::Minute::write`].
pub(crate) fn write(path: &Path, minutes: &[Arc<DeviceMinute>]) -> Result<u64, StoreError> {
    let points = by_point(minutes.iter().map(AsRef::as_ref));
    write_file(path, described(path)?, |writer| Sealed::default().write(writer, path, points, GROUP_POINTS))
}

/// See [`crate::minutes::Minute::describe`].
pub(crate) fn describe(path: &Path, day: Day) -> Result<MinuteDay, StoreError> {
    let opened = Opened::open(path)?;
    let bytes = std::fs::metadata(path).map_err(StoreError::io(path))?.len();
    let mut sealed = Sealed::default();
    for group in 0..opened.row_groups() {
        let mut points = Points::new();
        read(&opened, Some(day), group..group + 1, |key, minute, value| insert(&mut points, key, minute, value))?;
        sealed.note(&points);
    }
    Ok(MinuteDay { bytes, checksum: Some(checksum(path)?), ..sealed.describe(day) })
}

/// See [`crate::minutes::Minute::minutes`].
pub(crate) fn minutes(path: &Path, day: Day) -> Result<Tail<DeviceMinute>, StoreError> {
    whole(&Opened::open(path)?, Some(day))
}

/// All minutes of any file with these columns, oldest first; `None` if it has others.
///
/// # Errors
/// It cannot be read.
pub(crate) fn all(path: &Path) -> Result<Option<Vec<DeviceMinute>>, StoreError> {
    let opened = Opened::open(path)?;
    if !VALUES.into_iter().chain([TIMESTAMP, POINT, UNIT, N]).all(|name| opened.has_column(name)) {
        return Ok(None);
    }
    Ok(Some(whole(&opened, None)?.into_values().map(Arc::unwrap_or_clone).collect()))
}

fn whole(opened: &Opened, day: Option<Day>) -> Result<Tail<DeviceMinute>, StoreError> {
    let mut rows: BTreeMap<i64, Vec<(Key, PointMinute)>> = BTreeMap::new();
    let mut names: BTreeSet<Key> = BTreeSet::new();
    read(opened, day, 0..opened.row_groups(), |key, minute, value| {
        names.insert(key.clone());
        rows.entry(minute).or_default().push((key, value));
    })?;
    let places: HashMap<&Key, usize> = names.iter().enumerate().map(|(place, key)| (key, place)).collect();
    let name = |(path, symbol): &Key| Some(PointName { path: path.clone(), unit: unit(symbol)? });
    let shared: Arc<[PointName]> = names.iter().filter_map(name).collect();
    let mut minutes = Tail::new();
    for (minute, of) in &rows {
        let mut values = vec![PointMinute::NONE; shared.len()];
        for (key, value) in of {
            if let Some(kept) = places.get(key).and_then(|place| values.get_mut(*place)) {
                kept.join(value);
            }
        }
        add(&mut minutes, DeviceMinute { minute: *minute, names: Arc::clone(&shared), values });
    }
    Ok(minutes)
}

/// The minutes of one point, with the unit in which each is.
///
/// # Errors
/// The file cannot be read, or is not the one that `of` describes.
pub(crate) fn point(path: &Path, of: &MinuteDay, name: &str) -> Result<Vec<(PointName, i64, PointMinute)>, StoreError> {
    let opened = Opened::open(path)?;
    let same = std::fs::metadata(path).is_ok_and(|meta| meta.len() == of.bytes);
    opened.has_rows(if same { of.rows } else { u64::MAX })?;
    let mut found = Vec::new();
    for group in 0..opened.row_groups() {
        if !opened.may_hold(group, POINT, name.as_bytes()) {
            continue;
        }
        read(&opened, Some(of.day), group..group + 1, |(path, symbol), minute, value| {
            if path == name
                && let Some(unit) = unit(symbol)
            {
                found.push((PointName { path, unit }, minute, value));
            }
        })?;
    }
    found.sort_by_key(|(_, minute, _)| *minute);
    Ok(found)
}

/// The names of the points in the file, from its dictionaries: the rows are not read.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn names(path: &Path) -> Result<BTreeSet<String>, StoreError> {
    let opened = Opened::open(path)?;
    let mut names = BTreeSet::new();
    for group in 0..opened.row_groups() {
        let texts = opened.dictionary_of(POINT, group)?;
        names.extend(texts.iter().filter_map(|text| std::str::from_utf8(text.data()).ok().map(str::to_owned)));
    }
    Ok(names)
}

/// What was written so far.
#[derive(Default)]
struct Sealed {
    rows: u64,
    values: u64,
    points: usize,
    ends: Option<(i64, i64)>,
}

impl Sealed {
    fn describe(&self, day: Day) -> MinuteDay {
        let (first_minute, last_minute) = self.ends.unwrap_or((first_minute(day), first_minute(day)));
        let (rows, values, width) = (self.rows, self.values, self.points as u32);
        MinuteDay { day, rows, values, width, first_minute, last_minute, bytes: 0, checksum: None }
    }

    fn note(&mut self, points: &Points) {
        self.points += points.len();
        for minutes in points.values() {
            let (Some((first, _)), Some((last, _))) = (minutes.first_key_value(), minutes.last_key_value()) else {
                continue;
            };
            self.ends = Some(self.ends.map_or((*first, *last), |(a, b)| (a.min(*first), b.max(*last))));
            self.rows += minutes.len() as u64;
            self.values += minutes.values().map(|value| u64::from(value.n)).sum::<u64>();
        }
    }

    /// Writes points in groups of `most`.
    fn write(&mut self, writer: &mut FileWriter, file: &Path, points: Points, most: usize) -> Result<(), StoreError> {
        self.note(&points);
        let points: Vec<(Key, Minutes)> = points.into_iter().collect();
        points.chunks(most.max(1)).try_for_each(|group| write_group(writer, group)).map_err(failed(file))
    }
}

fn insert(points: &mut Points, key: Key, minute: i64, value: PointMinute) {
    points.entry(key).or_default().entry(minute).or_insert(PointMinute::NONE).join(&value);
}

fn by_point<'a>(minutes: impl IntoIterator<Item = &'a DeviceMinute>) -> Points {
    let mut points = Points::new();
    for minute in minutes {
        for (name, value) in minute.known() {
            insert(&mut points, (name.path.clone(), name.unit.symbol()), minute.minute, *value);
        }
    }
    points
}

fn write_group(writer: &mut FileWriter, points: &[(Key, Minutes)]) -> Result<(), ParquetError> {
    let rows = || points.iter().flat_map(|(key, minutes)| minutes.iter().map(move |(at, value)| (key, *at, value)));
    let mut group = writer.next_row_group()?;
    if let Some(mut column) = group.next_column()? {
        let at_us: Vec<i64> = rows().map(|(_, minute, _)| minute * MINUTE_MS * 1_000).collect();
        column.typed::<Int64Type>().write_batch(&at_us, None, None)?;
        column.close()?;
    }
    let text: [fn(&Key) -> &str; 2] = [|key| &key.0, |key| key.1];
    for of in text {
        let Some(mut column) = group.next_column()? else { break };
        let mut all: Vec<ByteArray> = Vec::new();
        for (key, minutes) in points {
            let one = ByteArray::from(of(key).as_bytes().to_vec());
            all.extend(std::iter::repeat_n(one, minutes.len()));
        }
        column.typed::<ByteArrayType>().write_batch(&all, None, None)?;
        column.close()?;
    }
    let value: [fn(&PointMinute) -> f32; 3] = [|value| value.min, |value| value.mean, |value| value.max];
    for of in value {
        let Some(mut column) = group.next_column()? else { break };
        let values: Vec<f32> = rows().map(|(_, _, value)| of(value)).collect();
        column.typed::<FloatType>().write_batch(&values, None, None)?;
        column.close()?;
    }
    if let Some(mut column) = group.next_column()? {
        let n: Vec<i32> = rows().map(|(_, _, value)| i32::try_from(value.n).unwrap_or(i32::MAX)).collect();
        column.typed::<Int32Type>().write_batch(&n, None, None)?;
        column.close()?;
    }
    group.close().map(drop)
}

/// Calls `each` with every row of some row groups that lies in the day, if one is given, and can be one of ours.
fn read(
    opened: &Opened,
    day: Option<Day>,
    groups: Range<usize>,
    mut each: impl FnMut(Key, i64, PointMinute),
) -> Result<(), StoreError> {
    let at_ms = opened.at_ms_of(groups.clone())?;
    let (points, units) = (opened.texts_of(POINT, groups.clone())?, opened.texts_of(UNIT, groups.clone())?);
    let [min, mean, max] = VALUES.map(|name| opened.floats_of(name, groups.clone()));
    let (min, mean, max, n) = (min?, mean?, max?, opened.floats_of(N, groups)?);
    for (row, at_ms) in at_ms.iter().enumerate() {
        let in_day = day.is_none_or(|day| (day.start_ms()..day.end_ms()).contains(at_ms));
        let text = |of: &[ByteArray]| std::str::from_utf8(of[row].data()).ok().map(str::to_owned);
        let unit = text(&units).and_then(|symbol| unit(&symbol));
        let value = PointMinute { min: min[row], mean: mean[row], max: max[row], n: n[row].max(0.0) as u32 };
        if let (Some(path), Some(unit), true) = (text(&points), unit, in_day && value.n > 0) {
            each((path, unit.symbol()), at_ms.div_euclid(MINUTE_MS), value);
        }
    }
    Ok(())
}

fn described(path: &Path) -> Result<(Type, WriterProperties), StoreError> {
    let described = || Ok((schema()?, properties()?));
    described().map_err(failed(path))
}

fn schema() -> Result<Type, ParquetError> {
    let field = |name: &str, physical: Physical, logical: Option<LogicalType>| {
        let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
        field.with_logical_type(logical).build().map(Arc::new)
    };
    let text = |name: &str| field(name, Physical::BYTE_ARRAY, Some(LogicalType::String));
    let mut fields = vec![Arc::new(timestamp()?), text(POINT)?, text(UNIT)?];
    for name in VALUES {
        fields.push(field(name, Physical::FLOAT, None)?);
    }
    fields.push(field(N, Physical::INT32, None)?);
    Type::group_type_builder("device_points").with_fields(fields).build()
}

fn properties() -> Result<WriterProperties, ParquetError> {
    let mut builder = common_properties(VALUES.map(|name| (name.to_owned(), "as in the column unit")))?
        .set_column_dictionary_enabled(ColumnPath::from(TIMESTAMP), false);
    for name in VALUES {
        let column = ColumnPath::from(name);
        builder = builder.set_column_dictionary_enabled(column.clone(), false);
        builder = builder.set_column_encoding(column, Encoding::BYTE_STREAM_SPLIT);
    }
    Ok(builder.build())
}
