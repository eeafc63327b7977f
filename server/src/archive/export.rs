//! `packtwin export`: a stretch of history as CSV or Parquet, or its recorded frames. A server may be running.

use super::candump::candump;
use crate::cli::Export;
use crate::times::{csv_header, csv_row, parse_instant, rfc3339};
use anyhow::{Context as _, Result, anyhow, bail};
use domain::device_minute::PointMinute;
use domain::minute::{MINUTE_MS, NONE, Stat, value};
use domain::plain::quoted;
use domain::point::PointId;
use domain::reading::CellQuantity;
use domain::telemetry::{LEADING, columns};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use store::{Block, Day, History, Range, StoreError, cell_column_name};

/// Writes what was asked for.
///
/// # Errors
/// There is no such history, or the file cannot be written.
pub(crate) fn export(options: &Export) -> Result<()> {
    let path = &options.out;
    let extension = path.extension().and_then(|name| name.to_str()).unwrap_or_default();
    if extension == "log" {
        let range = range(options, i64::MIN, i64::MAX)?;
        let mut out = create(path)?;
        let frames = candump(&options.data, range, &mut out)?;
        out.flush().with_context(|| format!("write {}", path.display()))?;
        println!("{frames} frames in {}", path.display());
        return Ok(());
    }
    let history = History::open(&options.data)?;
    if options.cells {
        return cells(&history, options, extension);
    }
    if options.device_points {
        return device_points(&history, options, extension);
    }
    let coverage = history.coverage(&options.system);
    let (Some(first_ms), Some(last_ms)) = (coverage.first_ms, coverage.last_ms) else {
        let known = history.systems().join(", ");
        bail!("{} has no rows of a system {}; it has: {known}", options.data.display(), quoted(&options.system));
    };
    let range = range(options, first_ms, last_ms + 1)?;
    let rows = match extension {
        "csv" => {
            let mut out = create(path)?;
            let rows = csv(&history, &options.system, range, &mut out)?;
            out.flush().with_context(|| format!("write {}", path.display()))?;
            rows
        }
        "parquet" => {
            let rows = history.rows(&options.system, range, PointId::ALL)?;
            store::write_parquet(path, &rows)?;
            rows.len()
        }
        _ => bail!("--out {}: the name must end in .csv, .parquet or .log", path.display()),
    };
    println!("{rows} rows in {}", path.display());
    Ok(())
}

/// Writes the minutes of single cells: a line for each minute and cell.
fn cells(history: &History, options: &Export, extension: &str) -> Result<()> {
    let (path, system) = (&options.out, &options.system);
    let there = history.cell_coverage(system);
    let (Some(first_ms), Some(end_ms)) = (there.first_ms, there.end_ms) else {
        bail!("{} has no minutes of cells of a system {}", options.data.display(), quoted(system));
    };
    let range = range(options, first_ms, end_ms)?;
    let count = match extension {
        "csv" => {
            let mut out = create(path)?;
            let lines = cells_csv(history, system, range, &mut out)?;
            out.flush().with_context(|| format!("write {}", path.display()))?;
            lines
        }
        "parquet" => {
            let (mut minutes, mut count) = (Vec::new(), 0);
            history.each_cell_minute(system, range, |minute| {
                count += (0..minute.cells()).filter(|cell| minute.knows(*cell)).count();
                minutes.push(Arc::new(minute.clone()));
                Ok::<(), StoreError>(())
            })?;
            store::write_cells_parquet(path, &minutes)?;
            count
        }
        _ => bail!("--out {}: the name must end in .csv or .parquet", path.display()),
    };
    println!("{count} cell minutes in {}", path.display());
    Ok(())
}

/// Writes the minutes of device points: a line for each point and minute.
fn device_points(history: &History, options: &Export, extension: &str) -> Result<()> {
    let (path, system) = (&options.out, &options.system);
    let there = history.device_coverage(system);
    let (Some(first_ms), Some(end_ms)) = (there.first_ms, there.end_ms) else {
        bail!("{} has no device points of a system {}", options.data.display(), quoted(system));
    };
    let range = range(options, first_ms, end_ms)?;
    let mut count = 0;
    match extension {
        "csv" => {
            let mut out = csv::Writer::from_writer(create(path)?);
            out.write_record(["timestamp", "point", "unit", "min", "mean", "max", "n"])?;
            history.each_device_minute(system, range, |minute| {
                let at = rfc3339(minute.minute * MINUTE_MS);
                for (name, value) in minute.known() {
                    let PointMinute { min, mean, max, n } = value;
                    let numbers = [min, mean, max].map(f32::to_string);
                    let [min, mean, max] = numbers.each_ref().map(String::as_str);
                    out.write_record([&at, name.path.as_str(), name.unit.symbol(), min, mean, max, &n.to_string()])?;
                    count += 1;
                }
                Ok::<(), anyhow::Error>(())
            })?;
            out.flush().with_context(|| format!("write {}", path.display()))?;
        }
        "parquet" => {
            let mut minutes = Vec::new();
            history.each_device_minute(system, range, |minute| {
                count += minute.known().count();
                minutes.push(Arc::new(minute.clone()));
                Ok::<(), StoreError>(())
            })?;
            store::write_devices_parquet(path, &minutes)?;
        }
        _ => bail!("--out {}: the name must end in .csv or .parquet", path.display()),
    }
    println!("{count} minutes of device points in {}", path.display());
    Ok(())
}

/// Writes minutes of cells as CSV. Returns how many lines there were.
fn cells_csv(history: &History, system: &str, range: Range, out: &mut impl Write) -> Result<usize> {
    let columns = || CellQuantity::ALL.into_iter().flat_map(|quantity| Stat::ALL.map(|stat| (quantity, stat)));
    let names: Vec<String> = columns().map(|(quantity, stat)| cell_column_name(quantity, stat)).collect();
    write!(out, "timestamp,cell,{}\r\n", names.join(","))?;
    let (mut lines, mut text) = (0, String::new());
    history.each_cell_minute(system, range, |minute| {
        text.clear();
        let at = rfc3339(minute.minute * MINUTE_MS);
        for cell in (0..minute.cells()).filter(|cell| minute.knows(*cell)) {
            text.push_str(&at);
            let _ = std::fmt::Write::write_fmt(&mut text, format_args!(",{cell}"));
            for (quantity, stat) in columns() {
                let kept = minute.column(quantity, stat)[cell];
                let _ = match stat {
                    Stat::N => std::fmt::Write::write_fmt(&mut text, format_args!(",{kept}")),
                    _ if kept == NONE => std::fmt::Write::write_char(&mut text, ','),
                    _ => std::fmt::Write::write_fmt(&mut text, format_args!(",{}", value(quantity, kept))),
                };
            }
            text.push_str("\r\n");
            lines += 1;
        }
        out.write_all(text.as_bytes()).map_err(anyhow::Error::from)
    })?;
    Ok(lines)
}

/// The time that is asked for, within what is there.
fn range(options: &Export, first_ms: i64, end_ms: i64) -> Result<Range> {
    let Export { from, to, .. } = options;
    let (from_ms, to_ms) = (instant("--from", from, first_ms)?, instant("--to", to, end_ms)?);
    match (from, to) {
        (Some(from), Some(to)) if from_ms >= to_ms => bail!("--from {from} is not before --to {to}"),
        (Some(from), None) if from_ms >= to_ms => bail!("--from {from} is after the end, {}", rfc3339(end_ms)),
        (None, Some(to)) if from_ms >= to_ms => bail!("--to {to} is before the beginning, {}", rfc3339(first_ms)),
        _ => Ok(Range::new(from_ms, to_ms)),
    }
}

fn instant(flag: &str, text: &Option<String>, other: i64) -> Result<i64> {
    match text {
        Some(text) => parse_instant(text).map_err(|why| anyhow!("{flag}: {why}")),
        None => Ok(other),
    }
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
    Ok(BufWriter::with_capacity(1 << 18, file))
}

/// Writes the rows of a range as CSV, a day at a time. Returns how many there were.
pub(crate) fn csv(history: &History, system: &str, range: Range, out: &mut impl Write) -> Result<usize> {
    let there = history.points(system);
    let points: Vec<PointId> = columns().filter(|p| LEADING.contains(p) || there.contains(p)).collect();
    out.write_all(csv_header(&points).as_bytes())?;
    let mut count = 0;
    let mut text = String::new();
    for part in days(range) {
        let rows: Block = history.rows(system, part, &points)?;
        for index in 0..rows.len() {
            csv_row(&mut text, &rows, index, &points);
            if text.len() > 1 << 16 {
                out.write_all(text.as_bytes())?;
                text.clear();
            }
        }
        count += rows.len();
    }
    out.write_all(text.as_bytes())?;
    Ok(count)
}

/// The parts of a range that lie in one day each.
pub(crate) fn days(range: Range) -> impl Iterator<Item = Range> {
    let (first, last) = (Day::of(range.from_ms), Day::of(range.to_ms.saturating_sub(1)));
    (first.0..=last.0)
        .map(move |day| Range::new(range.from_ms.max(Day(day).start_ms()), range.to_ms.min(Day(day).end_ms())))
}
