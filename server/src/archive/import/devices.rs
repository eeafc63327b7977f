//! Minutes of device points, as `packtwin export --device-points` writes them.

use super::text::instant;
use anyhow::{Context as _, Result, anyhow, bail};
use domain::device_minute::{DeviceMinute, PointMinute, PointName};
use domain::minute::MINUTE_MS;
use domain::point::Unit;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use store::{Bulk, Day, Joined};

/// The columns that tell such a file from others.
const COLUMNS: [&str; 7] = ["timestamp", "point", "unit", "min", "mean", "max", "n"];

/// A line of a CSV file.
#[derive(Debug, Deserialize)]
struct Line {
    timestamp: String,
    point: String,
    unit: String,
    min: f32,
    mean: f32,
    max: f32,
    n: u32,
}

/// The minutes of a file; `None` if it has other columns.
///
/// # Errors
/// It has these columns, and cannot be read.
pub(super) fn read(path: &Path) -> Result<Option<Vec<DeviceMinute>>> {
    match super::extension(path).as_str() {
        "parquet" => Ok(store::read_devices_parquet(path)?),
        "csv" => lines(path),
        _ => Ok(None),
    }
}

fn lines(path: &Path) -> Result<Option<Vec<DeviceMinute>>> {
    let shown = path.display().to_string();
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("open {shown}"))?;
    let names = reader.headers().with_context(|| shown.clone())?;
    if !COLUMNS.iter().all(|column| names.iter().any(|name| name == *column)) {
        return Ok(None);
    }
    let mut minutes: BTreeMap<i64, HashMap<PointName, PointMinute>> = BTreeMap::new();
    for line in reader.deserialize() {
        let Line { timestamp, point, unit, min, mean, max, n } = line.with_context(|| shown.clone())?;
        let at_ms = instant(&timestamp).ok_or_else(|| anyhow!("{shown}: {timestamp:?} is no instant"))?;
        let unit = Unit::ALL.into_iter().find(|known| known.symbol() == unit);
        let unit = unit.ok_or_else(|| anyhow!("{shown}: {point} at {timestamp} has a unit that is not known"))?;
        if !(min <= mean && mean <= max) || n == 0 {
            bail!("{shown}: {point} at {timestamp} cannot have min {min}, mean {mean}, max {max}, n {n}");
        }
        let of_minute = minutes.entry(at_ms.div_euclid(MINUTE_MS)).or_default();
        // A line that is there twice counts once.
        of_minute.insert(PointName { path: point, unit }, PointMinute { min, mean, max, n });
    }
    let minute = |(minute, points): (i64, HashMap<PointName, PointMinute>)| {
        let (names, values): (Vec<PointName>, Vec<PointMinute>) = points.into_iter().unzip();
        DeviceMinute { minute, names: names.into(), values }
    };
    Ok(Some(minutes.into_iter().map(minute).collect()))
}

/// Puts minutes into the history, day by day. What is known there already stays. Returns what a person is told.
///
/// # Errors
/// The disk does not take it.
pub(super) fn take(bulk: &Bulk, system: &str, minutes: Vec<DeviceMinute>) -> Result<String> {
    let mut days: BTreeMap<Day, Vec<DeviceMinute>> = BTreeMap::new();
    let (mut read, mut new) = (0, 0);
    for minute in minutes {
        read += minute.known().count() as u64;
        days.entry(Day::of(minute.minute * MINUTE_MS)).or_default().push(minute);
    }
    for (day, minutes) in days {
        let Joined { new: of_day, .. } = bulk.join_new_devices(system, day, minutes)?;
        new += of_day;
    }
    Ok(format!("{read} minutes of device points read, {new} of them new"))
}
