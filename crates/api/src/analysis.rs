//! Answers to questions about the past: figures, bars, curves and a table, of which each answer has some.

use crate::json::{each_shaped, maybe_words, shaped};
use domain::wire::Wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A query.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// One SELECT; docs/history.md names the tables.
    #[schemars(example = &"SELECT count(*) AS n FROM telemetry")]
    pub sql: String,
    /// The form of the answer; `table` if not given.
    #[serde(default)]
    #[schemars(example = TableFormat::Table)]
    pub format: TableFormat,
}

/// The form of an answer to SQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum TableFormat {
    /// JSON, up to some hundred rows.
    #[default]
    Table,
    /// A file of comma-separated values with all rows.
    Csv,
    /// A Parquet file with all rows.
    Parquet,
}

/// What a ready question is about: all of the past if nothing is said.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// The first instant: RFC 3339, a date, or ms since 1970.
    #[schemars(example = &"2026-11-20")]
    pub from: Option<String>,
    /// The first instant after it.
    #[schemars(example = &"2026-11-21")]
    pub to: Option<String>,
    /// The last hours, in place of `from` and `to`.
    pub hours: Option<u32>,
    /// From every row, where a rollup could answer.
    #[serde(default)]
    #[schemars(example = false)]
    pub exact: bool,
    /// By how much the reader's time is ahead of UTC, min.
    #[serde(default)]
    #[schemars(range(min = -1440, max = 1440), example = 60)]
    pub offset_minutes: i64,
}

/// The ready questions.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct QuestionsResponse {
    /// The questions.
    pub questions: Vec<ReadyQuestion>,
    /// The version of DuckDB, which answers SQL; null if there is none.
    pub duckdb: Option<String>,
    /// Why there is no SQL, and what to do; null if there is.
    pub missing: Option<String>,
}

/// A ready question.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReadyQuestion {
    /// Its id, in its address.
    pub id: &'static str,
    /// What it asks.
    pub asks: &'static str,
}

/// What is answered to a question or to a query.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct AnalysisResponse {
    /// Single values, the most important first.
    pub figures: Vec<Figure>,
    /// A value for each of a few things, in their order.
    pub bars: Option<Bars>,
    /// Values over time.
    #[serde(skip)]
    pub curves: Option<Curves>,
    /// Rows and columns.
    #[serde(flatten, serialize_with = "shaped::<_, _, RowsAndColumns>")]
    #[schemars(with = "RowsAndColumns")]
    pub table: Option<Table>,
    /// The SQL that gives the same answer; empty for an answer to SQL.
    pub sql: String,
    /// How long it took, ms.
    pub took_ms: u32,
    /// What is missing in it because files of history were damaged, as a sentence; empty if nothing is.
    #[serde(serialize_with = "maybe_words")]
    #[schemars(with = "Option<String>")]
    pub left_out: String,
    /// How much of the time that was asked about is recorded, s; null if the answer is not about a time.
    #[serde(skip)]
    pub recorded_s: Option<f64>,
}

/// A single value.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct Figure {
    /// What it is: `Energy out`.
    pub name: String,
    /// The value in its unit; null if there is none.
    pub value: Option<f64>,
    /// The unit's symbol; empty for a bare number.
    pub unit: String,
    /// How many digits after the point say something.
    #[serde(skip)]
    pub decimals: u8,
    /// What it tells.
    #[serde(skip)]
    pub role: FigureRole,
}

/// What a figure tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Wire)]
pub enum FigureRole {
    /// It answers the question.
    #[default]
    Answer,
    /// It says how much of the time the answer rests on.
    Coverage,
}

/// A value for each of a few things.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct Bars {
    /// What the values are: `Mean current`.
    pub name: String,
    /// Their unit's symbol.
    pub unit: String,
    /// Label and value; null where there is none.
    #[serde(serialize_with = "each_shaped::<_, _, Bar>")]
    #[schemars(with = "Vec<Bar>")]
    pub bars: Vec<(String, Option<f64>)>,
}

/// Values over time.
#[derive(Clone, Debug, Default, PartialEq, Wire)]
#[wire(check = Curves::is_whole)]
pub struct Curves {
    /// The instants, s since 1970-01-01 UTC, in their order.
    pub at_s: Vec<f64>,
    /// Name and values of each curve, one value for each instant; NaN for none.
    pub curves: Vec<(String, Vec<f32>)>,
}

/// Rows and columns, as text.
#[derive(Clone, Debug, Default, PartialEq, Wire)]
#[wire(check = Table::is_whole)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The values row by row; null for NULL.
    pub cells: Vec<Option<String>>,
    /// Whether there are more rows than these.
    pub more: bool,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Wire)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub enum Kind {
    /// Anything else.
    Text,
    /// Numbers.
    Number,
    /// Instants, UTC.
    Time,
}

impl Curves {
    /// Whether every curve has a value for each instant.
    fn is_whole(&self) -> bool {
        self.curves.iter().all(|(_, values)| values.len() == self.at_s.len())
    }
}

impl Table {
    /// Whether every row has a value for each column.
    fn is_whole(&self) -> bool {
        self.cells.len().is_multiple_of(self.columns.len().max(1))
    }

    /// The rows, in their order.
    pub fn rows(&self) -> impl Iterator<Item = &[Option<String>]> {
        self.cells.chunks(self.columns.len().max(1))
    }
}

/// A value of [`Bars`].
#[derive(Serialize, JsonSchema)]
struct Bar {
    /// What it is of.
    label: String,
    /// The value; null where there is none.
    value: Option<f64>,
}

impl From<&(String, Option<f64>)> for Bar {
    fn from((label, value): &(String, Option<f64>)) -> Bar {
        Bar { label: label.clone(), value: *value }
    }
}

/// A [`Table`] with numbers as numbers.
#[derive(Serialize, JsonSchema)]
struct RowsAndColumns {
    /// The columns; null if the answer has no table.
    columns: Option<Vec<ColumnName>>,
    /// The rows, a value for each column; null if the answer has no table.
    rows: Option<Vec<Vec<Value>>>,
    /// Whether there are more rows than these.
    more: bool,
}

/// A column.
#[derive(Serialize, JsonSchema)]
struct ColumnName {
    /// Its name.
    name: String,
}

/// A value of a table: null for NULL.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Value {
    /// NULL.
    Null,
    /// A whole number.
    Whole(i64),
    /// Another number.
    Number(f64),
    /// Anything else.
    Text(String),
}

impl Value {
    fn of(text: &Option<String>, column: &Column) -> Value {
        let Some(text) = text else { return Value::Null };
        let number = || text.parse().map(Value::Whole).or_else(|_| text.parse().map(Value::Number)).ok();
        let number = Some(column.kind).filter(|kind| *kind == Kind::Number).and_then(|_| number());
        number.unwrap_or_else(|| Value::Text(text.clone()))
    }
}

impl From<&Option<Table>> for RowsAndColumns {
    fn from(table: &Option<Table>) -> RowsAndColumns {
        let row = |columns: &[Column], row: &[Option<String>]| {
            row.iter().zip(columns).map(|(text, column)| Value::of(text, column)).collect()
        };
        let table = table.as_ref();
        RowsAndColumns {
            columns: table
                .map(|table| table.columns.iter().map(|column| ColumnName { name: column.name.clone() }).collect()),
            rows: table.map(|table| table.rows().map(|values| row(&table.columns, values)).collect()),
            more: table.is_some_and(|table| table.more),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> AnalysisResponse {
        AnalysisResponse {
            figures: vec![
                Figure {
                    name: "Energy out".into(),
                    value: Some(233.25),
                    unit: "kWh".into(),
                    decimals: 1,
                    role: FigureRole::Answer,
                },
                Figure {
                    name: "Times".into(),
                    value: None,
                    unit: String::new(),
                    decimals: 0,
                    role: FigureRole::Coverage,
                },
            ],
            bars: Some(Bars {
                name: "Mean current".into(),
                unit: "A".into(),
                bars: vec![("00".into(), Some(-3.5)), ("01".into(), None)],
            }),
            curves: Some(Curves { at_s: vec![0.0, 1.763e9], curves: vec![("soc".into(), vec![50.0, 51.0])] }),
            table: Some(Table {
                columns: vec![
                    Column { name: "at".into(), kind: Kind::Time },
                    Column { name: "n".into(), kind: Kind::Number },
                    Column { name: "words".into(), kind: Kind::Text },
                ],
                cells: vec![Some("2026-11-21 00:00:00".into()), Some("1".into()), None],
                more: true,
            }),
            sql: "SELECT 1".into(),
            took_ms: 70,
            left_out: "Left out: readings of 2026-11-20.".into(),
            recorded_s: Some(0.5),
        }
    }

    #[test]
    fn an_answer_is_read_back_as_it_was() {
        for answer in [answer(), AnalysisResponse::default()] {
            assert_eq!(AnalysisResponse::from_bytes(&answer.to_bytes()), Ok(answer));
        }
    }

    #[test]
    fn bytes_that_are_cut_or_bent_are_refused_and_never_panic() {
        let bytes = answer().to_bytes();
        for len in 0..bytes.len() {
            assert!(AnalysisResponse::from_bytes(&bytes[..len]).is_err(), "{len} bytes");
        }
        for at in 0..bytes.len() {
            for bend in [0xFF, 0x80, 0x01] {
                let mut bent = bytes.clone();
                bent[at] ^= bend;
                let _ = AnalysisResponse::from_bytes(&bent);
            }
        }
    }
}
