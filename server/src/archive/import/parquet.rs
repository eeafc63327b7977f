//! Parquet files of other programs.

use super::summary::Refused;
use super::table::{Table, is_time};
use super::text::instant;
use anyhow::{Result, bail};
use std::path::Path;
use store::ForeignParquet;

/// Reads a file, a row group at a time. What cannot be read is counted, with the first as an example.
///
/// # Errors
/// The file cannot be read, or has no column of instants.
pub(super) fn read(path: &Path, refused: &mut Refused, mut take: impl FnMut(Table) -> Result<()>) -> Result<()> {
    let shown = path.display().to_string();
    let file = ForeignParquet::open(path)?;
    let names = file.names();
    let Some(time) = names.iter().position(|name| is_time(name)) else {
        bail!("{shown}: it has no column timestamp; its columns are {}", names.join(", "));
    };
    let mut first_row = 1;
    for group in 0..file.groups() {
        let at_ms = file.instants(time, group, instant)?;
        for (row, _) in at_ms.iter().enumerate().filter(|(_, at_ms)| at_ms.is_none()) {
            let row = first_row + row as u64;
            refused.row(row, || format!("{shown} row {row}: it has no instant"));
        }
        let mut columns = Vec::new();
        for (column, name) in names.iter().enumerate().filter(|(column, _)| *column != time && file.is_numeric(*column))
        {
            columns.push((name.clone(), file.numbers(column, group)?));
        }
        let rows = at_ms.len() as u64;
        take(Table { at_ms, columns, first_row })?;
        first_row += rows;
    }
    Ok(())
}
