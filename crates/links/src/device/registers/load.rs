//! Reads a register table and groups its registers into requests.

mod row;
#[cfg(test)]
mod tests;

use super::block::{Area, Block, MAX_READ, Register, Role, Unit};
use super::{OwnPoint, PointId, RegisterTable, Writable};
use crate::device::setpoint::SETPOINTS_MAX;
use crate::text::line_of;
use domain::plain::one_line;
use domain::point::DEVICE_POINTS_MAX;
pub use row::is_point_name;
use row::{Extremes, LONGEST_LABEL, Location, Row};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::time::Duration;
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
    name: Spanned<String>,
    #[serde(default = "default_gap")]
    max_gap: u16,
    max_read: Option<Spanned<u16>>,
    max_age_ms: Option<Spanned<u32>>,
    #[serde(default)]
    extremes: Extremes,
    #[serde(default)]
    units: BTreeMap<String, u8>,
    identity: Option<IdentityRow>,
    #[serde(default)]
    register: Vec<Row>,
}

/// Where a device keeps its serial number, as text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityRow {
    address: u16,
    registers: Spanned<u16>,
    unit: Option<Spanned<String>>,
    #[serde(default)]
    fc: Area,
}

/// Ages that make sense, ms: up to a day.
const MAX_AGE_MS: RangeInclusive<u32> = 10..=86_400_000;

/// A request costs about as much as eight registers on a slow gateway.
fn default_gap() -> u16 {
    8
}

/// What is wrong, and where in the text.
type Complaint = (Range<usize>, String);

/// One register of a row, on its way into a block.
struct Placed<'a> {
    location: Location,
    role: Role,
    row: &'a Row,
    number: usize,
    instead_of: Option<usize>,
}

impl RegisterTable {
    /// Reads the text of a table.
    ///
    /// # Errors
    /// The text is not TOML of this form, names an unknown point or unit, a point twice, or a register beyond 65535.
    pub fn parse(text: &str) -> Result<RegisterTable, TableError> {
        let error = |(span, what): Complaint| TableError { line: line_of(text, span.start), what };
        let file: File =
            toml::from_str(text).map_err(|e| error((e.span().unwrap_or(0..0), domain::plain::words(e.message()))))?;
        file.table().map_err(error)
    }

    /// Reads a table's file.
    ///
    /// # Errors
    /// What is wrong, in words, beginning with the file's path.
    pub fn open(path: &Path) -> Result<RegisterTable, String> {
        let name = path.display();
        let bytes = crate::host::read(path).map_err(|e| format!("{name} cannot be read: {e}"))?;
        let text = String::from_utf8(bytes).map_err(|e| format!("{name} cannot be read: {e}"))?;
        RegisterTable::parse(&text).map_err(|e| format!("{name}, {e}"))
    }
}

impl File {
    fn table(self) -> Result<RegisterTable, Complaint> {
        let units: Vec<(String, u8)> = self.units.into_iter().collect();
        let max_read = match &self.max_read {
            Some(count) if !(2..=MAX_READ).contains(count.get_ref()) => {
                return Err((count.span(), format!("`max_read` is {}, not 2 to {MAX_READ}", count.get_ref())));
            }
            Some(count) => *count.get_ref(),
            None => MAX_READ,
        };
        if let Some(words) = one_line(self.name.get_ref(), LONGEST_LABEL) {
            return Err((self.name.span(), words));
        }
        let table_age = max_age(self.max_age_ms.as_ref())?;
        let (mut placed, mut points, mut sums) = (Vec::new(), Vec::new(), Vec::new());
        let mut row_points = Vec::with_capacity(self.register.len());
        let mut own_points: Vec<(OwnPoint, usize)> = Vec::new();
        let mut setpoints: Vec<Writable> = Vec::new();
        for (number, row) in self.register.iter().enumerate() {
            row.numbers()?;
            let (unit, addresses) = (find_unit(&units, row.unit.as_ref())?, row.addresses()?);
            let point = row.point()?;
            row_points.push(point);
            let own = row.own_point(table_age)?.map(|own| {
                let twice = own_points.iter().any(|(known, _)| known.name == own.name);
                own_points.push((own, number));
                (twice, own_points.len() - 1)
            });
            if let Some((true, index)) = own {
                return Err((row.target_span(), format!("`{}` is mapped twice", own_points[index].0.name)));
            }
            if own_points.len() > DEVICE_POINTS_MAX {
                return Err((row.target_span(), format!("more than {DEVICE_POINTS_MAX} points of one device")));
            }
            if let Some(writable) = row.writable(unit, self.extremes)? {
                clash(&setpoints, &writable).map_err(|words| (row.target_span(), words))?;
                setpoints.push(writable);
            }
            let instead_of = newer(&self.register, row, point)?;
            if let Some(point) = point {
                if instead_of.is_some() {
                    // Its newer register has said it.
                } else if points.iter().any(|(known, _)| *known == point) {
                    return Err((row.target_span(), format!("`{}` is mapped twice", point.spec().path)));
                }
                if instead_of.is_none() {
                    points.push((point, max_age(row.max_age_ms.as_ref())?.or(table_age)));
                }
                if addresses.len() > 1 {
                    sums.push((point, addresses.len()));
                }
            }
            for address in &addresses {
                let role = match point {
                    Some(point) if addresses.len() > 1 => Role::Part(sums.len() - 1, point),
                    Some(point) => Role::Point(point),
                    None => match own {
                        Some((_, index)) => Role::own(index, &own_points[index].0),
                        None => Role::Shown(row.label().unwrap_or_default()),
                    },
                };
                let location = Location { unit, area: row.fc, address: *address };
                placed.push(Placed { location, role, row, number, instead_of });
            }
        }
        if placed.is_empty() {
            return Err((0..0, "no [[register]]".into()));
        }
        placed.sort_by_key(|placed| placed.location);
        let blocks = blocks(&placed, self.max_gap, max_read, self.extremes)?;
        let identity = self.identity.map(|row| row.block(&units)).transpose()?;
        Ok(RegisterTable {
            name: self.name.into_inner(),
            blocks,
            identity,
            units,
            setpoints,
            sums,
            max_ages: points,
            row_points,
            own_points,
        })
    }
}

/// Refuses a setpoint that another one stands in the way of.
fn clash(known: &[Writable], new: &Writable) -> Result<(), String> {
    let (name, sets) = (&new.setpoint.name, &new.setpoint.sets);
    let registers = |of: &Writable| u32::from(of.address)..u32::from(of.address) + u32::from(of.count());
    let overlaps = |other: &&Writable| {
        let (one, other_ones) = (registers(new), registers(other));
        other.unit == new.unit && one.start < other_ones.end && other_ones.start < one.end
    };
    if known.len() >= SETPOINTS_MAX {
        return Err(format!("a link has at most {SETPOINTS_MAX} setpoints"));
    }
    if known.iter().any(|other| other.setpoint.name == *name) {
        return Err(format!("there are two setpoints `{name}`"));
    }
    known.iter().find(overlaps).map_or(Ok(()), |other| {
        let other = &other.setpoint.name;
        Err(format!("{sets} is set by `{other}` already: two setpoints would overwrite one another; keep one"))
    })
}

/// The row whose place `row` takes while the device refuses it.
fn newer(rows: &[Row], row: &Row, point: Option<PointId>) -> Result<Option<usize>, Complaint> {
    let Some(address) = &row.instead_of else { return Ok(None) };
    let is_it = |other: &Row| {
        other.instead_of.is_none()
            && other.point().is_ok_and(|of| of == point && of.is_some())
            && other.addresses().is_ok_and(|addresses| addresses.first() == Some(address.get_ref()))
    };
    let words = || format!("no register of the same point begins at {}", address.get_ref());
    rows.iter().position(is_it).map(Some).ok_or_else(|| (address.span(), words()))
}

/// How old a value may be, as it is written.
fn max_age(written: Option<&Spanned<u32>>) -> Result<Option<Duration>, Complaint> {
    let possible = |ms: &Spanned<u32>| {
        let words = || format!("`max_age_ms` is {}, not {} to {}", ms.get_ref(), MAX_AGE_MS.start(), MAX_AGE_MS.end());
        let age = Duration::from_millis((*ms.get_ref()).into());
        MAX_AGE_MS.contains(ms.get_ref()).then_some(age).ok_or_else(|| (ms.span(), words()))
    };
    written.map(possible).transpose()
}

impl IdentityRow {
    fn block(&self, units: &[(String, u8)]) -> Result<Block, Complaint> {
        let count = *self.registers.get_ref();
        if !(1..=MAX_READ).contains(&count) || self.address.checked_add(count - 1).is_none() {
            return Err((self.registers.span(), format!("{count} registers cannot be read from {}", self.address)));
        }
        let unit = find_unit(units, self.unit.as_ref())?;
        Ok(Block { unit, area: self.fc, address: self.address, count, registers: Vec::new() })
    }
}

fn find_unit(units: &[(String, u8)], name: Option<&Spanned<String>>) -> Result<Option<Unit>, Complaint> {
    let Some(name) = name else { return Ok(None) };
    let index = units.iter().position(|(known, _)| known == name.get_ref());
    let words = || format!("no unit `{}` in [units]", name.get_ref());
    index.map(|index| Some(Unit(index))).ok_or_else(|| (name.span(), words()))
}

/// Groups registers, sorted by place, into as few requests as the gap and the longest request allow.
fn blocks(placed: &[Placed<'_>], max_gap: u16, max_read: u16, extremes: Extremes) -> Result<Vec<Block>, Complaint> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut needs: Vec<(usize, usize, PointId, Range<usize>)> = Vec::new();
    for Placed { location, role, row, number: of_row, instead_of } in placed {
        let Location { unit, area, address } = *location;
        // One past the last register; up to 65536.
        let end = u32::from(address) + u32::from(row.kind.words());
        let joins = |block: &Block| {
            let block_end = u32::from(block.address) + u32::from(block.count);
            let gap = u32::from(address).saturating_sub(block_end);
            let count = end.max(block_end) - u32::from(block.address);
            (block.unit, block.area) == (unit, area) && gap <= u32::from(max_gap) && count <= u32::from(max_read)
        };
        if !blocks.last().is_some_and(joins) {
            blocks.push(Block { unit, area, address, count: 0, registers: Vec::new() });
        }
        let number = blocks.len() - 1;
        let Some(block) = blocks.last_mut() else { continue };
        block.count = block.count.max((end - u32::from(block.address)) as u16);
        if let Some((point, span)) = row.needs()? {
            needs.push((number, block.registers.len(), point, span));
        }
        block.registers.push(Register {
            offset: usize::from(address - block.address),
            role: role.clone(),
            format: row.format(extremes),
            needs: None,
            words: row.words()?,
            codes: row.codes()?,
            row: *of_row,
            instead_of: *instead_of,
        });
    }
    for (block, register, point, span) in needs {
        let needed = blocks[block].registers.iter().position(|other| other.role == Role::Point(point));
        let words = || format!("`{}` is not read by the same request, so it cannot be needed here", point.spec().path);
        blocks[block].registers[register].needs = Some(needed.ok_or_else(|| (span, words()))?);
    }
    Ok(blocks)
}
