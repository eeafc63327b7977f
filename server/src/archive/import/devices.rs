//! Minutes of device points, as `packtwin export --device-points` writes them.

use super::intake::impossible_instant;
use super::summary::Refused;
use super::text::instant;
use anyhow::{Context as _, Result};
use domain::device_minute::{DeviceMinute, PointMinute, PointName};
use domain::minute::MINUTE_MS;
use domain::plain::quoted;
use domain::point::Unit;
use domain::reading::DEVICE_VALUE_MAX;
use links::device::registers::is_point_name;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use store::{Bulk, Day, Joined};

/// The columns that tell such a file from others.
const COLUMNS: [&str; 7] = ["timestamp", "point", "unit", "min", "mean", "max", "n"];

/// A line of a CSV file, as it is written.
#[derive(Debug, Deserialize)]
struct Line {
    timestamp: String,
    point: String,
    unit: String,
    min: String,
    mean: String,
    max: String,
    n: String,
}

impl Line {
    /// What it says; or why it cannot be used.
    fn value(self) -> Result<(i64, PointName, PointMinute), String> {
        let at_ms = instant(&self.timestamp).ok_or_else(|| format!("{} is no instant", quoted(&self.timestamp)))?;
        let number = |name: &str, text: &str| {
            text.trim().parse::<f32>().map_err(|_| format!("{name} of {} is {}, no number", self.point, quoted(text)))
        };
        let values = PointMinute {
            min: number("min", &self.min)?,
            mean: number("mean", &self.mean)?,
            max: number("max", &self.max)?,
            n: self.n.trim().parse().map_err(|_| format!("n of {} is {}, no number", self.point, quoted(&self.n)))?,
        };
        let unit = Unit::ALL.into_iter().find(|known| known.symbol() == self.unit.trim());
        let unit = unit.ok_or_else(|| {
            let known: Vec<&str> = Unit::ALL.iter().map(|unit| unit.symbol()).filter(|unit| !unit.is_empty()).collect();
            format!("{} is in {}: units are {}, or none", self.point, quoted(&self.unit), known.join(", "))
        })?;
        Ok((at_ms, PointName { path: self.point, unit }, values))
    }
}

/// What a file has.
pub(super) struct Read {
    minutes: Vec<DeviceMinute>,
    refused: Refused,
}

/// The minutes of a file; `None` if it has other columns. What cannot be, as an instant after `now_ms`, is left out.
///
/// # Errors
/// It has these columns, and cannot be read.
pub(super) fn read(path: &Path, now_ms: i64) -> Result<Option<Read>> {
    match super::extension(path).as_str() {
        "parquet" => Ok(store::read_devices_parquet(path)?.map(|minutes| possible(minutes, now_ms))),
        "csv" => lines(path, now_ms),
        _ => Ok(None),
    }
}

/// The minutes of a Parquet file without what cannot be.
fn possible(minutes: Vec<DeviceMinute>, now_ms: i64) -> Read {
    let (mut rows, mut row) = (Rows::default(), 0);
    for minute in minutes {
        for (name, value) in minute.known() {
            row += 1;
            rows.take(row, "row", Ok((minute.minute * MINUTE_MS, name.clone(), *value)), now_ms);
        }
    }
    rows.finish()
}

/// Rows on their way into minutes.
#[derive(Default)]
struct Rows {
    minutes: BTreeMap<i64, HashMap<String, PointMinute>>,
    /// Of every point that was taken.
    units: HashMap<String, Unit>,
    refused: Refused,
}

impl Rows {
    /// Takes a row, or notes why it is left out. One that is there twice counts once.
    fn take(&mut self, row: u64, kind: &str, read: Result<(i64, PointName, PointMinute), String>, now_ms: i64) {
        let checked = read.and_then(|(at_ms, name, value)| {
            let PointMinute { min, mean, max, n } = value;
            let PointName { path, unit } = &name;
            if let Some(why) = impossible_instant(at_ms, now_ms) {
                return Err(format!("{} is {why}", crate::times::rfc3339(at_ms)));
            }
            if !is_path(path) {
                return Err(format!("{} is no name of a device point, such as \"gpu-hall/gpu/3/power\"", quoted(path)));
            }
            let possible = -DEVICE_VALUE_MAX..=DEVICE_VALUE_MAX;
            if !(min <= mean && mean <= max && possible.contains(&min) && possible.contains(&max)) || n == 0 {
                return Err(format!("{path} cannot have min {min}, mean {mean}, max {max}, n {n}"));
            }
            match *self.units.entry(path.clone()).or_insert(*unit) {
                known if known == *unit => Ok((at_ms, name, value)),
                known => Err(format!(
                    "{path} is in {} here, and in {} before",
                    quoted(unit.symbol()),
                    quoted(known.symbol())
                )),
            }
        });
        match checked {
            Ok((at_ms, PointName { path, .. }, value)) => {
                self.minutes.entry(at_ms.div_euclid(MINUTE_MS)).or_default().insert(path, value);
            }
            Err(why) => self.refused.row(row, || format!("{kind} {row}: {why}")),
        }
    }

    fn finish(self) -> Read {
        let Rows { minutes, units, refused } = self;
        let minute = |(minute, points): (i64, HashMap<String, PointMinute>)| {
            let named = points.into_iter().filter_map(|(path, value)| {
                let unit = *units.get(&path)?;
                Some((PointName { path, unit }, value))
            });
            let (names, values): (Vec<PointName>, Vec<PointMinute>) = named.unzip();
            DeviceMinute { minute, names: names.into(), values }
        };
        Read { minutes: minutes.into_iter().map(minute).collect(), refused }
    }
}

/// Whether it is a link's name and the name of a point of its device. Cells are called otherwise.
fn is_path(path: &str) -> bool {
    path.split_once('/').is_some_and(|(link, name)| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        link != "cells" && !link.is_empty() && link.chars().all(plain) && is_point_name(name)
    })
}

fn lines(path: &Path, now_ms: i64) -> Result<Option<Read>> {
    let shown = path.display().to_string();
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("open {shown}"))?;
    let names = reader.headers().with_context(|| shown.clone())?;
    if !COLUMNS.iter().all(|column| names.iter().any(|name| name == *column)) {
        return Ok(None);
    }
    let mut rows = Rows::default();
    for (number, line) in (2..).zip(reader.deserialize()) {
        let line: Line = line.with_context(|| shown.clone())?;
        rows.take(number, "line", line.value(), now_ms);
    }
    Ok(Some(rows.finish()))
}

/// Puts minutes into the history, day by day. What is known there already stays. Returns what a person is told.
///
/// # Errors
/// The disk does not take it.
pub(super) fn take(bulk: &Bulk, system: &str, Read { minutes, refused }: Read) -> Result<String> {
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
    let left_out = match refused.rows {
        0 => String::new(),
        rows => format!("; {rows} left out: {}", refused.words()),
    };
    Ok(format!("{read} minutes of device points read, {new} of them new{left_out}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_764_500_000_000;

    /// Names and units of what is taken, and what is said of the rest.
    fn taken(lines: &[&str]) -> (Vec<(String, &'static str)>, u64, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("points.csv");
        let text = format!("{}\n{}\n", COLUMNS.join(","), lines.join("\n"));
        std::fs::write(&path, text).unwrap();
        let Read { minutes, refused } = read(&path, NOW_MS).unwrap().unwrap();
        let mut names: Vec<_> = minutes
            .iter()
            .flat_map(|minute| minute.known().map(|(name, _)| (name.path.clone(), name.unit.symbol())))
            .collect();
        names.sort();
        (names, refused.rows, refused.words())
    }

    #[test]
    fn what_cannot_be_is_left_out_by_itself_and_told() {
        const GOOD: &str = "2025-11-20T10:00:00Z,gpu-hall/gpu/1/power,W,100,200,300,5";
        for (bad, why) in [
            (
                "2027-11-20T10:05:00Z,gpu-hall/gpu/1/power,W,100,200,300,5",
                "line 3: 2027-11-20T10:05:00.000Z is in the future",
            ),
            ("1979-11-20T10:05:00Z,gpu-hall/gpu/1/power,W,100,200,300,5", "before 1980"),
            ("yesterday,gpu-hall/gpu/1/power,W,100,200,300,5", "\"yesterday\" is no instant"),
            ("2025-11-20T10:05:00Z,gpu-hall/gpu/1/power,kW,1,2,3,5", "gpu-hall/gpu/1/power is in \"kW\": units are"),
            ("2025-11-20T10:05:00Z,gpu-hall/gpu/1/power,V,1,2,3,5", "is in \"V\" here, and in \"W\" before"),
            ("2025-11-20T10:05:00Z,,W,1,2,3,5", "\"\" is no name of a device point"),
            ("2025-11-20T10:05:00Z,GPU Hall/x y,W,1,2,3,5", "no name of a device point"),
            ("2025-11-20T10:05:00Z,cells/1.1/voltage,V,1,2,3,5", "no name of a device point"),
            ("2025-11-20T10:05:00Z,power,W,1,2,3,5", "no name of a device point"),
            ("2025-11-20T10:05:00Z,gpu-hall/gpu/1/power,W,,2,3,5", "min of gpu-hall/gpu/1/power is \"\", no number"),
            ("2025-11-20T10:05:00Z,gpu-hall/gpu/1/power,W,3,2,1,5", "cannot have min 3, mean 2, max 1"),
            ("2025-11-20T10:05:00Z,gpu-hall/gpu/1/power,W,nan,nan,nan,5", "cannot have min NaN"),
            ("2025-11-20T10:05:00Z,gpu-hall/gpu/1/power,W,1,2,3,0", "n 0"),
        ] {
            let (names, refused, words) = taken(&[GOOD, bad]);
            assert_eq!((names, refused), (vec![("gpu-hall/gpu/1/power".to_owned(), "W")], 1), "{bad}");
            assert!(words.contains(why), "{bad}: {words}");
        }
    }
}
