//! `packtwin import`: other programs' telemetry into the history. No server may be running.

#[cfg(test)]
mod bent;
mod devices;
mod duckdb;
mod intake;
mod meaning;
mod parquet;
mod summary;
mod table;
mod text;

use crate::cli::Import;
use crate::clock::system_clock;
use anyhow::{Context as _, Result, bail};
use intake::Intake;
use meaning::Meanings;
use std::path::{Path, PathBuf};
use store::Bulk;
use summary::Refused;
use table::Table;

/// Takes in a file, or all files of a folder. Rows and minutes of times that are there already fill what is empty
/// there and overwrite nothing.
///
/// # Errors
/// A file is none of the known kinds or has nothing that can be used; then nothing was taken in.
pub(crate) fn import(options: &Import) -> Result<()> {
    let path = &options.file;
    let meanings = match &options.map {
        Some(map) => Meanings::read(map)?,
        None => Meanings::Names,
    };
    let now = system_clock()().utc;
    let devices =
        if path.is_dir() || options.map.is_some() { None } else { devices::read(path, now.0.div_euclid(1_000))? };
    if let Some(minutes) = devices {
        let (bulk, notice) = Bulk::open(&options.data, now)?;
        if let Some(notice) = notice {
            eprintln!("{notice}");
        }
        println!("{}: {}", options.system, devices::take(&bulk, &options.system, minutes)?);
        return Ok(bulk.close()?);
    }
    let mut intake = Intake::new(&meanings, path.is_dir(), now.0.div_euclid(1_000));
    if path.is_dir() {
        if options.map.is_none() {
            bail!("{} is a folder: say with --map which of its files is which channel", path.display());
        }
        let files = files(path)?;
        if files.is_empty() {
            bail!("{} holds no file whose name ends in .csv or .parquet", path.display());
        }
        for file in files {
            read(&file, options, &meanings, &mut intake, true)?;
            intake.next_file();
        }
    } else {
        read(path, options, &meanings, &mut intake, false)?;
    }
    let (bulk, notice) = Bulk::open(&options.data, now)?;
    if let Some(notice) = notice {
        eprintln!("{notice}");
    }
    let summary = intake.finish(&bulk, &options.system).with_context(|| path.display().to_string())?;
    bulk.close()?;
    print!("{}: {summary}", options.system);
    Ok(())
}

/// Reads a file. One of a folder with a single column is a channel that is called as the file is.
fn read(path: &Path, options: &Import, meanings: &Meanings, intake: &mut Intake, in_folder: bool) -> Result<()> {
    let shown = path.display().to_string();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).filter(|_| in_folder);
    let mut refused = Refused::default();
    let take = |table: Table| {
        let channel = stem.as_deref().filter(|_| table.columns.len() == 1);
        intake.take(&shown, table, channel)
    };
    let wanted = |name: &str| in_folder || meanings.wants(name);
    match extension(path).as_str() {
        "parquet" => parquet::read(path, wanted, &mut refused, take)?,
        "csv" => text::read(path, wanted, &mut refused, take)?,
        "duckdb" | "db" => duckdb::read(path, options.duckdb.clone(), wanted, &mut refused, take)?,
        _ => bail!("{shown}: the name must end in .parquet, .csv, .duckdb or .db"),
    }
    intake.summary.refused.add(refused);
    Ok(())
}

/// The files of a folder and its folders that can be read, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
            let path = entry.with_context(|| format!("read {}", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if ["csv", "parquet"].contains(&extension(&path).as_str()) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn extension(path: &Path) -> String {
    path.extension().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase()
}
