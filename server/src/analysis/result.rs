//! What DuckDB says, for a page: a table with the kinds of its columns, and a drawing of it where there is one.

use super::script::{MEMORY, ROWS_MAX};
use api::analysis::{AnalysisResponse, Bars, Column, Curves, Kind, Table};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// More bars than this nobody reads.
const BARS_MAX: usize = 100;
/// More curves in one chart neither.
const CURVES_MAX: usize = 6;

/// A column as DuckDB describes it.
#[derive(Deserialize)]
struct Described {
    name: String,
    r#type: String,
}

/// The answer in the text of [`Format::Table`](super::Format::Table), in which NULL is written as `null`; if it was `cut`,
/// its last row is left out.
///
/// # Errors
/// It is not such a text: another DuckDB than is known.
pub(super) fn answer(text: &[u8], cut: bool, null: &str) -> Result<AnalysisResponse, String> {
    let table = table(text, cut, null).map_err(|error| format!("the answer of DuckDB cannot be read: {error}"))?;
    Ok(AnalysisResponse {
        bars: bars(&table),
        curves: curves(&table),
        table: Some(table),
        ..AnalysisResponse::default()
    })
}

fn table(text: &[u8], cut: bool, null: &str) -> Result<Table, Box<dyn std::error::Error>> {
    let mut records = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text).into_records();
    let first = records.next().ok_or("it is empty")??;
    let described: Vec<Described> = serde_json::from_str(first.get(0).unwrap_or_default())?;
    let column = |column: Described| Column { name: column.name, kind: kind(&column.r#type) };
    let columns: Vec<Column> = described.into_iter().map(column).collect();
    let (mut cells, mut rows) = (Vec::new(), 0);
    for record in records {
        let record = match record {
            // The first is of the script.
            Ok(record) if record.len() == columns.len() + 1 => record,
            // The end of a text that was cut.
            _ if cut => break,
            Ok(record) => return Err(format!("a row has {} values, not {}", record.len(), columns.len() + 1).into()),
            Err(error) => return Err(error.into()),
        };
        cells.extend(record.iter().skip(1).map(|text| (text != null).then(|| text.to_owned())));
        rows += 1;
    }
    let shown = rows.min(ROWS_MAX) - usize::from(cut && rows > 0);
    cells.truncate(shown * columns.len());
    Ok(Table { columns, cells, more: cut || rows > ROWS_MAX })
}

fn kind(sql_type: &str) -> Kind {
    const NUMBERS: [&str; 14] = [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "UHUGEINT",
        "FLOAT",
        "DOUBLE",
        "DECIMAL",
        "BIGNUM",
    ];
    let name = sql_type.split('(').next().unwrap_or_default();
    match name {
        _ if sql_type.ends_with(']') => Kind::Text,
        "DATE" => Kind::Time,
        name if name.starts_with("TIMESTAMP") => Kind::Time,
        name if NUMBERS.contains(&name) => Kind::Number,
        _ => Kind::Text,
    }
}

/// Bars: a first column that names things, few rows, and the first of the other columns that has numbers.
fn bars(table: &Table) -> Option<Bars> {
    let first = table.columns.first().filter(|first| first.kind != Kind::Time)?;
    let rows = table.rows().count();
    let (index, column) = (table.columns.iter().enumerate().skip(1)).find(|(_, column)| column.kind == Kind::Number)?;
    if !(2..=BARS_MAX).contains(&rows) {
        return None;
    }
    let bar = |row: &[Option<String>]| {
        let label = row[0].clone().unwrap_or_else(|| "none".to_owned());
        (label, number(row[index].as_deref()))
    };
    let name = format!("{} by {}", column.name, first.name);
    Some(Bars { name, unit: String::new(), bars: table.rows().map(bar).collect() })
}

/// Curves: a first column of instants in their order, and the others that have numbers.
fn curves(table: &Table) -> Option<Curves> {
    table.columns.first().filter(|first| first.kind == Kind::Time)?;
    let at_s = table.rows().map(|row| instant_s(row[0].as_deref()?)).collect::<Option<Vec<f64>>>()?;
    if at_s.len() < 2 || at_s.windows(2).any(|pair| pair[1] < pair[0]) || at_s.first() == at_s.last() {
        return None;
    }
    let values = |index: usize| {
        let value = |row: &[Option<String>]| number(row[index].as_deref()).map_or(f32::NAN, |value| value as f32);
        table.rows().map(value).collect()
    };
    let numbers = table.columns.iter().enumerate().filter(|(_, column)| column.kind == Kind::Number);
    let curves: Vec<_> = numbers.take(CURVES_MAX).map(|(index, column)| (column.name.clone(), values(index))).collect();
    (!curves.is_empty()).then_some(Curves { at_s, curves })
}

fn number(text: Option<&str>) -> Option<f64> {
    text?.parse().ok().filter(|value: &f64| value.is_finite())
}

/// An instant as DuckDB writes it, s since 1970-01-01 UTC.
fn instant_s(text: &str) -> Option<f64> {
    let text = text.strip_suffix("+00").unwrap_or(text);
    let at: DateTime = text.parse().or_else(|_| format!("{text} 00:00:00").parse()).ok()?;
    let at = at.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(at.as_microsecond() as f64 / 1e6)
}

/// What DuckDB says against a query, without colours, without the lines of our wrapping that it points to, and without
/// traces of its own stack.
pub(super) fn refusal(words: &str) -> String {
    let mut plain = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let end = ["\n\nLINE ", "\n\nStack Trace"].iter().filter_map(|mark| plain.find(mark)).min().unwrap_or(plain.len());
    let words = plain[..end].trim();
    // DuckDB's advice is to change settings, which are locked.
    match words.starts_with("Out of Memory Error") {
        true => {
            let what = words.lines().next().unwrap_or_default();
            format!("{what}. A query has {MEMORY} of memory: ask for fewer or shorter rows, or for less at once")
        }
        false => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &str = r#""[{""name"":""timestamp"",""type"":""TIMESTAMP""},{""name"":""soc"",""type"":""FLOAT""},{""name"":""words"",""type"":""VARCHAR""}]""#;

    #[test]
    fn a_text_becomes_a_table_and_its_curves() {
        let text = format!("{COLUMNS}\n,2026-11-21 00:00:00,50.5,\"a,\n\"\"b\"\"\"\n,2026-11-21 00:00:00.2,\\N,\n");
        let answer = answer(text.as_bytes(), false, "\\N").unwrap();
        let table = answer.table.unwrap();
        let kinds: Vec<Kind> = table.columns.iter().map(|column| column.kind).collect();
        assert_eq!(kinds, [Kind::Time, Kind::Number, Kind::Text]);
        let some = |text: &str| Some(text.to_owned());
        let rows: Vec<_> = table.rows().map(<[_]>::to_vec).collect();
        assert_eq!(rows[0], [some("2026-11-21 00:00:00"), some("50.5"), some("a,\n\"b\"")]);
        assert_eq!(rows[1], [some("2026-11-21 00:00:00.2"), None, some("")]);
        assert!(!table.more);
        let curves = answer.curves.unwrap();
        assert_eq!(curves.at_s, [1_795_219_200.0, 1_795_219_200.2]);
        assert!(curves.curves[0].0 == "soc" && curves.curves[0].1[0] == 50.5 && curves.curves[0].1[1].is_nan());
        assert_eq!(answer.bars, None);
    }

    #[test]
    fn names_with_numbers_become_bars() {
        let columns = r#""[{""name"":""hour"",""type"":""BIGINT""},{""name"":""mean"",""type"":""DECIMAL(21,1)""}]""#;
        let answer = answer(format!("{columns}\n,0,1.5\n,1,\\N\n").as_bytes(), false, "\\N").unwrap();
        let bars = answer.bars.unwrap();
        assert_eq!(
            (bars.name.as_str(), bars.bars),
            ("mean by hour", vec![("0".into(), Some(1.5)), ("1".into(), None)])
        );
    }

    #[test]
    fn a_table_ends_where_its_text_was_cut_or_there_are_too_many_rows() {
        let columns = r#""[{""name"":""a"",""type"":""INTEGER[]""}]""#;
        let table = |text: String, cut| answer(text.as_bytes(), cut, "\\N").unwrap().table.unwrap();
        let cut = table(format!("{columns}\n,1\n,2\n,3"), true);
        assert_eq!((cut.cells.len(), cut.more), (2, true));
        let many = table(format!("{columns}\n{}", ",7\n".repeat(ROWS_MAX + 1)), false);
        assert_eq!((many.cells.len(), many.more), (ROWS_MAX, true));
        let none = table(format!("{columns}\n"), false);
        assert_eq!((none.cells.len(), none.more), (0, false));
        let empty = table(format!("{columns}\n,a\n,\n,\\N\n,b\n"), false);
        assert_eq!(empty.cells, [Some("a".into()), Some(String::new()), None, Some("b".into())]);
        for text in ["", "nonsense\n", "\"[{\"\"name\"\":\"\"a\"\",\"\"type\"\":\"\"DATE\"\"}]\"\n,1,2\n"] {
            assert!(answer(text.as_bytes(), false, "\\N").is_err(), "{text}");
        }
    }

    #[test]
    fn a_refusal_is_in_the_words_of_duckdb_and_without_our_wrapping() {
        for (words, plain) in [
            ("Parser Error: near \"x\"\n\nLINE 1: SELECT * FROM query('x');\n   ^\n", "Parser Error: near \"x\""),
            ("\u{1b}[90mINTERNAL Error: a\nb\n\nStack Trace:\n\n0x1", "INTERNAL Error: a\nb"),
            (
                "Binder Error: no \"nope\"\nCandidate bindings: \"soc\"\n",
                "Binder Error: no \"nope\"\nCandidate bindings: \"soc\"",
            ),
            (
                "Out of Memory Error: Failed to allocate (bad allocation)\n\nPossible solutions:\n* (SET threads=X)",
                "Out of Memory Error: Failed to allocate (bad allocation). A query has 512MB of memory: ask for fewer or \
                 shorter rows, or for less at once",
            ),
            ("", ""),
        ] {
            assert_eq!(refusal(words), plain);
        }
    }
}
