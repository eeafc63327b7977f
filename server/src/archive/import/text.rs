//! CSV files: comma, semicolon or tabulator, decimal point or comma, names in any case.

use super::summary::Refused;
use super::table::{Table, time_column};
use crate::times::parse_instant;
use anyhow::{Context as _, Result, anyhow, bail};
use domain::plain::quoted;
use domain::time::epoch_ms;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _};
use std::path::Path;

/// Rows that are held in memory at once.
const PART: usize = 1 << 16;
/// What stands for no value.
const NONE: [&str; 7] = ["", "nan", "na", "n/a", "null", "none", "-"];

/// Reads a file part by part. What cannot be read is counted, with the first as an example; of columns that are not
/// `wanted` nothing is read.
///
/// # Errors
/// The file cannot be read, or its first line does not name a column of instants in UTC.
pub(super) fn read(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    refused: &mut Refused,
    mut take: impl FnMut(Table) -> Result<()>,
) -> Result<()> {
    let shown = path.display().to_string();
    let mut file = BufReader::new(File::open(path).with_context(|| format!("open {shown}"))?);
    let mut first = String::new();
    file.read_line(&mut first).with_context(|| format!("read {shown}"))?;
    let delimiter = delimiter(&first);
    file.rewind().with_context(|| format!("read {shown}"))?;

    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).flexible(true).from_reader(file);
    let names: Vec<String> = reader.headers().with_context(|| shown.clone())?.iter().map(str::to_owned).collect();
    let Some(time) = time_column(&names).map_err(|why| anyhow!("{shown}: {why}"))? else {
        bail!("{shown}: the first line must name the columns, and one must be timestamp");
    };
    let empty = |first_row| Table {
        first_row,
        columns: (names.iter().enumerate().filter(|(index, _)| *index != time))
            .map(|(_, name)| (name.clone(), Vec::new()))
            .collect(),
        ..Table::default()
    };
    let indices: Vec<(usize, bool)> =
        (0..names.len()).filter(|index| *index != time).map(|index| (index, wanted(&names[index]))).collect();
    let mut part = empty(2);
    for record in reader.records() {
        let record = record.with_context(|| shown.clone())?;
        let line = record.position().map_or(0, csv::Position::line);
        if part.at_ms.len() == PART {
            take(std::mem::replace(&mut part, empty(line)))?;
        }
        let written = record.get(time).unwrap_or_default();
        let at_ms = instant(written);
        if at_ms.is_none() {
            refused.row(line, || format!("{shown} line {line}: {} is no instant", quoted(written)));
        }
        part.at_ms.push(at_ms);
        for ((_, values), (index, wanted)) in part.columns.iter_mut().zip(&indices) {
            let text = record.get(*index).filter(|_| *wanted).unwrap_or_default();
            values.push(number(text, delimiter == b';').unwrap_or_else(|| {
                refused.value(line, || format!("{shown} line {line}: {} is no number", quoted(text)));
                f32::NAN
            }));
        }
    }
    // Also if it is empty: the names of its columns tell what it would be.
    take(part)
}

/// An instant as people and programs write it: words of RFC 3339, or a number whose size tells its unit.
pub(super) fn instant(text: &str) -> Option<i64> {
    match text.parse::<f64>() {
        Ok(number) => epoch_ms(number),
        Err(_) => parse_instant(text).ok(),
    }
}

/// What stands between the columns: what the first line has most of.
fn delimiter(first_line: &str) -> u8 {
    let count = |delimiter: u8| first_line.bytes().filter(|byte| *byte == delimiter).count();
    // Of equal numbers the last is taken: a comma, where there is none of them.
    [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// A number; NaN for none; `None` for what is no number. In a file with semicolons a comma may stand for the point, and
/// points may separate thousands.
fn number(text: &str, decimal_comma: bool) -> Option<f32> {
    if NONE.contains(&text.to_ascii_lowercase().as_str()) {
        return Some(f32::NAN);
    }
    let point =
        if decimal_comma && text.contains(',') { text.replace('.', "").replace(',', ".") } else { text.to_owned() };
    point.parse::<f32>().ok().filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_instants_are_read_as_they_are_written() {
        for (text, comma, expected) in [
            ("80,1", true, Some(80.1)),
            ("1.234,5", true, Some(1_234.5)),
            ("80.1", true, Some(80.1)),
            ("80,1", false, None),
            ("1e3", false, Some(1_000.0)),
            ("much", false, None),
            ("inf", false, None),
        ] {
            assert_eq!(number(text, comma), expected, "{text}");
        }
        assert!(NONE.iter().all(|none| number(none, false).is_some_and(f32::is_nan)));
        assert_eq!(instant("2026-10-24T22:30:00Z"), Some(1_792_881_000_000));
        assert_eq!(instant("2026-10-24 22:30:00.200000"), Some(1_792_881_000_200));
        assert_eq!(instant("1792881000.2"), Some(1_792_881_000_200));
        assert_eq!((instant("17"), instant("yesterday"), instant("")), (None, None, None));
        assert_eq!(
            (delimiter("a;b;c"), delimiter("a,b"), delimiter("a\tb"), delimiter("a")),
            (b';', b',', b'\t', b',')
        );
    }
}
