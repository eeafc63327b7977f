//! `packtwin import`: other programs' telemetry into the history. No server may be running.

use super::parse_instant;
use crate::cli::Import;
use crate::clock::system_clock;
use anyhow::{Context as _, Result, anyhow, bail};
use domain::point::PointId;
use domain::telemetry::{Row, from_column_name};
use std::fs::File;
use std::path::Path;
use std::process::Command;
use store::{Block, Bulk, by_day, read_parquet};

/// Takes in a file. Rows of a time that is there already are left out.
///
/// # Errors
/// The file is none of the known kinds or has a line that cannot be read; then nothing was taken in.
pub(crate) fn import(options: &Import) -> Result<()> {
    let path = &options.file;
    let rows = match path.extension().and_then(|name| name.to_str()) {
        Some("parquet") => read_parquet(path)?,
        Some("csv") => read_csv(path)?,
        Some("duckdb" | "db") => read_duckdb(path, &options.duckdb)?,
        _ => bail!("{}: the name must end in .parquet, .csv, .duckdb or .db", path.display()),
    };
    let (bulk, notice) = Bulk::open(&options.data, system_clock()().utc)?;
    if let Some(notice) = notice {
        eprintln!("{notice}");
    }
    let count = rows.len();
    let mut stored = 0;
    for (day, rows) in by_day(rows) {
        let before: u64 = bulk.days(&options.system)?.iter().filter(|s| s.day == day).map(|s| s.rows).sum();
        stored += bulk.join(&options.system, day, &rows)?.rows - before;
    }
    bulk.close()?;
    println!("{stored} of {count} rows taken in as {}; the others were there already", options.system);
    Ok(())
}

/// Reads a CSV file whose first line names the columns.
fn read_csv(path: &Path) -> Result<Block> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let headers = reader.headers().with_context(|| path.display().to_string())?.clone();
    let Some(timestamp) = headers.iter().position(|name| name == "timestamp") else {
        bail!("{}: the first line must name the columns, and one must be timestamp", path.display());
    };
    let points: Vec<Option<PointId>> = headers.iter().map(from_column_name).collect();
    if points.iter().all(Option::is_none) {
        bail!("{}: none of its columns is one of telemetry: soc, pack_voltage, pack_current, ...", path.display());
    }
    let mut rows = Block::new();
    for record in reader.records() {
        let record = record.with_context(|| path.display().to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let place = |what: String| anyhow!("{} line {line}: {what}", path.display());
        let at_ms = parse_instant(record.get(timestamp).unwrap_or_default()).map_err(place)?;
        let mut row = Row::empty(at_ms);
        for (text, point) in record.iter().zip(&points) {
            let Some(point) = point.filter(|_| !text.is_empty()) else { continue };
            let value: f32 = text.parse().map_err(|_| place(format!("{text:?} is no number")))?;
            row.set(point, value);
        }
        rows.push(&row);
    }
    Ok(rows)
}

/// Reads the table `telemetry` of a DuckDB file, by the DuckDB program.
fn read_duckdb(path: &Path, duckdb: &Path) -> Result<Block> {
    let out = std::env::temp_dir().join(format!("packtwin-import-{}.parquet", std::process::id()));
    let quoted = out.display().to_string().replace('\'', "''");
    let sql = format!("COPY (SELECT * FROM telemetry ORDER BY timestamp) TO '{quoted}' (FORMAT parquet)");
    let ran = Command::new(duckdb).arg("-readonly").arg(path).arg("-c").arg(sql).output();
    let ran = ran.with_context(|| {
        format!("run {} to read {}: install DuckDB, or export the table as Parquet", duckdb.display(), path.display())
    })?;
    if !ran.status.success() {
        bail!("{}: {}", path.display(), String::from_utf8_lossy(&ran.stderr).trim());
    }
    let rows = read_parquet(&out);
    let _ = std::fs::remove_file(&out);
    Ok(rows?)
}
