//! Parquet files of other programs.

use super::summary::Refused;
use super::table::{Table, time_column};
use super::text::instant;
use anyhow::{Result, anyhow, bail};
use std::path::Path;
use store::ForeignParquet;

/// Reads a file, a row group at a time. What cannot be read is counted, with the first as an example; of columns that are
/// not `wanted` nothing is read.
///
/// # Errors
/// The file cannot be read, or has no column of instants in UTC.
pub(super) fn read(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    refused: &mut Refused,
    mut take: impl FnMut(Table) -> Result<()>,
) -> Result<()> {
    let shown = path.display().to_string();
    let file = ForeignParquet::open(path)?;
    let names = file.names();
    let Some(time) = time_column(&names).map_err(|why| anyhow!("{shown}: {why}"))? else {
        bail!("{shown}: it has no column timestamp; its columns are {}", names.join(", "));
    };
    let (mut indices, mut text) = (Vec::new(), Vec::new());
    for index in (0..names.len()).filter(|index| *index != time) {
        if file.is_numeric(index) {
            indices.push(index);
        } else if wanted(&names[index]) {
            text.push(index);
        }
    }
    for index in text {
        refused.column(&names[index], "its values are no numbers");
    }
    let empty = |index: &usize| (names[*index].clone(), Vec::new());
    if file.groups() == 0 {
        return take(Table { columns: indices.iter().map(empty).collect(), ..Table::default() });
    }
    let mut first_row = 1;
    for group in 0..file.groups() {
        let at_ms = file.instants(time, group, instant)?;
        for (row, _) in at_ms.iter().enumerate().filter(|(_, at_ms)| at_ms.is_none()) {
            let row = first_row + row as u64;
            refused.row(row, || format!("{shown} row {row}: it has no instant"));
        }
        let mut columns = Vec::new();
        for index in &indices {
            let name = &names[*index];
            let values = if wanted(name) { file.numbers(*index, group)? } else { vec![f32::NAN; at_ms.len()] };
            columns.push((name.clone(), values));
        }
        let rows = at_ms.len() as u64;
        take(Table { at_ms, columns, first_row })?;
        first_row += rows;
    }
    Ok(())
}
