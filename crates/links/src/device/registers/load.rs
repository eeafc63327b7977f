//! Reads a register table and groups its registers into requests.

use super::{Area, Block, MAX_READ, Register, RegisterTable, RegisterType, WordOrder};
use crate::device::sign::Sign;
use crate::text::{line_of, nearest, suggestion};
use domain::point::PointId;
use serde::Deserialize;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;

/// A register table that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TableError {
    /// Line in the file, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default = "default_gap")]
    max_gap: u16,
    #[serde(default)]
    register: Vec<Row>,
}

/// A request costs about as much as eight registers on a slow gateway.
fn default_gap() -> u16 {
    8
}

fn one() -> f64 {
    1.0
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    address: Spanned<u16>,
    point: Spanned<String>,
    #[serde(rename = "type")]
    kind: RegisterType,
    #[serde(default = "one")]
    scale: f64,
    #[serde(default)]
    offset: f64,
    #[serde(default)]
    word_order: WordOrder,
    #[serde(default)]
    sentinel: Vec<f64>,
    #[serde(default)]
    fc: Area,
    sign: Option<Sign>,
}

impl RegisterTable {
    /// Reads the text of a table.
    ///
    /// # Errors
    /// The text is not TOML of this form, names an unknown point, a point twice, or a register beyond 65535.
    pub fn parse(text: &str) -> Result<RegisterTable, TableError> {
        let error = |span: Range<usize>, what: String| TableError { line: line_of(text, span.start), what };
        let file: File = toml::from_str(text).map_err(|e| error(e.span().unwrap_or(0..0), e.message().to_owned()))?;
        let mut rows = Vec::with_capacity(file.register.len());
        for row in &file.register {
            let path = row.point.get_ref();
            let point = PointId::from_path(path).ok_or_else(|| {
                let known = PointId::ALL.iter().map(|id| id.spec().path);
                error(row.point.span(), format!("no point `{path}`{}", suggestion(nearest(path, known))))
            })?;
            if rows.iter().any(|(other, _): &(PointId, &Row)| *other == point) {
                return Err(error(row.point.span(), format!("`{path}` is mapped twice")));
            }
            if row.address.get_ref().checked_add(row.kind.words() - 1).is_none() {
                return Err(error(row.address.span(), "the value ends beyond register 65535".into()));
            }
            rows.push((point, row));
        }
        if rows.is_empty() {
            return Err(TableError { line: 1, what: "no [[register]]".into() });
        }
        rows.sort_by_key(|(_, row)| (row.fc, *row.address.get_ref()));
        Ok(RegisterTable { name: file.name, blocks: blocks(&rows, file.max_gap) })
    }

    /// Reads a table's file.
    ///
    /// # Errors
    /// What is wrong, in words, beginning with the file's path.
    pub fn open(path: &Path) -> Result<RegisterTable, String> {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| format!("{name} cannot be read: {e}"))?;
        RegisterTable::parse(&text).map_err(|e| format!("{name}, {e}"))
    }
}

/// Groups rows, sorted by area and address, into as few requests as the gap allows.
fn blocks(rows: &[(PointId, &Row)], max_gap: u16) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (point, row) in rows {
        let address = *row.address.get_ref();
        // One past the last register; up to 65536.
        let end = u32::from(address) + u32::from(row.kind.words());
        let joins = |block: &Block| {
            let block_end = u32::from(block.address) + u32::from(block.count);
            let gap = u32::from(address).saturating_sub(block_end);
            let count = end.max(block_end) - u32::from(block.address);
            block.area == row.fc && gap <= u32::from(max_gap) && count <= u32::from(MAX_READ)
        };
        if !blocks.last().is_some_and(joins) {
            blocks.push(Block { area: row.fc, address, count: 0, registers: Vec::new() });
        }
        let Some(block) = blocks.last_mut() else { continue };
        block.count = block.count.max((end - u32::from(block.address)) as u16);
        block.registers.push(Register {
            place: usize::from(address - block.address),
            point: *point,
            kind: row.kind,
            word_order: row.word_order,
            scale: row.scale * row.sign.map_or(1.0, Sign::factor),
            offset: row.offset,
            sentinel: row.sentinel.clone(),
        });
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(address: u16, point: &str, more: &str) -> String {
        format!("[[register]]\naddress = {address}\npoint = \"{point}\"\n{more}\n")
    }

    #[test]
    fn neighbours_share_a_request() {
        let u16_holding = "type = \"u16\"";
        let text = [
            "name = \"A\"\nmax_gap = 4\n".to_owned(),
            row(10, "battery/soc", u16_holding),
            row(0, "grid/power", "type = \"s32\""),
            row(6, "load/power", "type = \"s32\""),
            row(15, "battery/soh", u16_holding),
            row(129, "battery/voltage", u16_holding),
            row(131, "battery/current", "type = \"u32\""),
            row(7, "solar/power", "type = \"u16\"\nfc = \"input\""),
        ]
        .concat();
        let table = RegisterTable::parse(&text).unwrap();
        let requests: Vec<_> = table.blocks.iter().map(|b| (b.area, b.address, b.count, b.registers.len())).collect();
        use Area::{Holding, Input};
        assert_eq!(requests, [(Holding, 0, 16, 4), (Holding, 129, 4, 2), (Input, 7, 1, 1)]);
    }

    #[test]
    fn a_request_never_asks_for_more_than_125() {
        let points: Vec<_> = PointId::ALL.iter().enumerate().collect();
        let rows: String = points.iter().map(|(i, p)| row(*i as u16 * 9, p.spec().path, "type = \"f32\"")).collect();
        let table = RegisterTable::parse(&format!("name = \"A\"\n{rows}")).unwrap();
        assert!(table.blocks.iter().all(|block| block.count <= MAX_READ) && table.blocks.len() == 2);
    }

    #[test]
    fn the_last_register_can_be_read() {
        let table =
            RegisterTable::parse(&format!("name = \"A\"\n{}", row(65_535, "battery/soc", "type = \"u16\""))).unwrap();
        assert_eq!((table.blocks[0].address, table.blocks[0].count), (65_535, 1));
    }

    #[test]
    fn a_wrong_table_names_the_line() {
        for (text, line, words) in [
            (row(0, "battery/sco", "type = \"u16\""), 4, "nearest is `battery/soc`"),
            (row(0, "battery/soc", "type = \"u17\""), 5, "u17"),
            (row(0, "battery/soc", "type = \"u16\"\nscael = 2"), 6, "scael"),
            (row(65_535, "battery/soc", "type = \"u32\""), 3, "65535"),
            (row(0, "battery/soc", "type = \"u16\"") + &row(1, "battery/soc", "type = \"u16\""), 8, "mapped twice"),
            (String::new(), 1, "no [[register]]"),
            ("[[register]\n".into(), 2, ""),
        ] {
            let error = RegisterTable::parse(&format!("name = \"A\"\n{text}")).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.what.contains(words), "{error}");
        }
    }
}
