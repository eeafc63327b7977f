//! Answers to questions about the past: figures, bars, curves and a table, of which each answer has some.

use crate::wire::{Reader, Wire, WireError, Writer};

/// What is said of a question or of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Single values, the most important first.
    pub figures: Vec<Figure>,
    /// A value for each of a few things, in their order.
    pub bars: Option<Bars>,
    /// Values over time.
    pub curves: Option<Curves>,
    /// Rows and columns.
    pub table: Option<Table>,
    /// The SQL that gives the same answer; empty for an answer to SQL.
    pub sql: String,
    /// How long it took, ms.
    pub took_ms: u32,
    /// What is missing in it because files of history were damaged, as a sentence; empty if nothing is.
    pub left_out: String,
}

/// A single value.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is: `Energy out`.
    pub name: String,
    /// The value in its unit; `None` if there is none.
    pub value: Option<f64>,
    /// The unit's symbol; empty for a bare number.
    pub unit: String,
    /// How many digits after the point say something.
    pub decimals: u8,
}

/// A value for each of a few things.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// What the values are: `Mean current`.
    pub name: String,
    /// Their unit's symbol.
    pub unit: String,
    /// Label and value; `None` where there is none.
    pub bars: Vec<(String, Option<f64>)>,
}

/// Values over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// The instants, s since 1970-01-01 UTC, in their order.
    pub at_s: Vec<f64>,
    /// Name and values of each curve, one value for each instant; NaN for none.
    pub curves: Vec<(String, Vec<f32>)>,
}

/// Rows and columns, as text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The values row by row; `None` for NULL.
    pub cells: Vec<Option<String>>,
    /// Whether there are more rows than these.
    pub more: bool,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything else.
    Text,
    /// Numbers.
    Number,
    /// Instants, UTC.
    Time,
}

impl Table {
    /// The rows, in their order.
    pub fn rows(&self) -> impl Iterator<Item = &[Option<String>]> {
        self.cells.chunks(self.columns.len().max(1))
    }
}

impl Wire for Answer {
    fn write(&self, w: &mut Writer) {
        self.figures.write(w);
        w.option(self.bars.as_ref(), |w, bars| bars.write(w));
        w.option(self.curves.as_ref(), |w, curves| curves.write(w));
        w.option(self.table.as_ref(), |w, table| table.write(w));
        w.str(&self.sql);
        w.varint(self.took_ms.into());
        w.str(&self.left_out);
    }

    fn read(r: &mut Reader<'_>) -> Result<Answer, WireError> {
        Ok(Answer {
            figures: Vec::read(r)?,
            bars: r.option(Bars::read)?,
            curves: r.option(Curves::read)?,
            table: r.option(Table::read)?,
            sql: r.str()?.to_owned(),
            took_ms: r.number("a time in ms")?,
            left_out: r.str()?.to_owned(),
        })
    }
}

impl Wire for Figure {
    fn write(&self, w: &mut Writer) {
        w.str(&self.name);
        w.option(self.value, f64_to);
        w.str(&self.unit);
        w.u8(self.decimals);
    }

    fn read(r: &mut Reader<'_>) -> Result<Figure, WireError> {
        let (name, value) = (r.str()?.to_owned(), r.option(f64_from)?);
        Ok(Figure { name, value, unit: r.str()?.to_owned(), decimals: r.u8()? })
    }
}

impl Wire for Bars {
    fn write(&self, w: &mut Writer) {
        w.str(&self.name);
        w.str(&self.unit);
        w.varint(self.bars.len() as u64);
        for (label, value) in &self.bars {
            w.str(label);
            w.option(*value, f64_to);
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Bars, WireError> {
        let (name, unit) = (r.str()?.to_owned(), r.str()?.to_owned());
        let count = r.count("number of bars")?;
        let bars =
            (0..count).map(|_| Ok((r.str()?.to_owned(), r.option(f64_from)?))).collect::<Result<_, WireError>>()?;
        Ok(Bars { name, unit, bars })
    }
}

impl Wire for Curves {
    fn write(&self, w: &mut Writer) {
        w.varint(self.at_s.len() as u64);
        self.at_s.iter().for_each(|at| f64_to(w, *at));
        w.varint(self.curves.len() as u64);
        for (name, values) in &self.curves {
            w.str(name);
            values.iter().for_each(|value| w.f32(*value));
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Curves, WireError> {
        let points = r.count("number of instants")?;
        let at_s = (0..points).map(|_| f64_from(r)).collect::<Result<_, _>>()?;
        let curves = (0..r.count("number of curves")?)
            .map(|_| {
                let name = r.str()?.to_owned();
                Ok((name, (0..points).map(|_| r.f32()).collect::<Result<_, _>>()?))
            })
            .collect::<Result<_, WireError>>()?;
        Ok(Curves { at_s, curves })
    }
}

impl Wire for Table {
    fn write(&self, w: &mut Writer) {
        w.varint(self.columns.len() as u64);
        for column in &self.columns {
            w.str(&column.name);
            w.u8(column.kind as u8);
        }
        w.varint(self.cells.len() as u64);
        self.cells.iter().for_each(|cell| w.option(cell.as_ref(), |w, text| w.str(text)));
        w.bool(self.more);
    }

    fn read(r: &mut Reader<'_>) -> Result<Table, WireError> {
        let columns = (0..r.count("number of columns")?)
            .map(|_| Ok(Column { name: r.str()?.to_owned(), kind: kind(r)? }))
            .collect::<Result<Vec<_>, WireError>>()?;
        let count = r.count("number of values")?;
        if count % columns.len().max(1) != 0 {
            return Err(r.invalid("number of values"));
        }
        let cells = (0..count).map(|_| r.option(|r| r.str().map(str::to_owned))).collect::<Result<_, _>>()?;
        Ok(Table { columns, cells, more: r.bool()? })
    }
}

fn kind(r: &mut Reader<'_>) -> Result<Kind, WireError> {
    match r.u8()? {
        0 => Ok(Kind::Text),
        1 => Ok(Kind::Number),
        2 => Ok(Kind::Time),
        _ => Err(r.invalid("kind of a column")),
    }
}

fn f64_to(w: &mut Writer, value: f64) {
    w.raw(&value.to_le_bytes());
}

fn f64_from(r: &mut Reader<'_>) -> Result<f64, WireError> {
    let mut bits = [0; 8];
    bits.copy_from_slice(r.raw(8)?);
    Ok(f64::from_le_bytes(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer {
            figures: vec![
                Figure { name: "Energy out".into(), value: Some(233.25), unit: "kWh".into(), decimals: 1 },
                Figure { name: "Times".into(), value: None, unit: String::new(), decimals: 0 },
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
        }
    }

    #[test]
    fn an_answer_is_read_back_as_it_was() {
        for answer in [answer(), Answer::default()] {
            assert_eq!(Answer::from_bytes(&answer.to_bytes()), Ok(answer));
        }
    }

    #[test]
    fn bytes_that_are_cut_or_bent_are_refused_and_never_panic() {
        let bytes = answer().to_bytes();
        for len in 0..bytes.len() {
            assert!(Answer::from_bytes(&bytes[..len]).is_err(), "{len} bytes");
        }
        for at in 0..bytes.len() {
            for bend in [0xFF, 0x80, 0x01] {
                let mut bent = bytes.clone();
                bent[at] ^= bend;
                let _ = Answer::from_bytes(&bent);
            }
        }
    }
}
