//! Words of a model to readings, and to text.

#[cfg(test)]
mod tests;

use super::layout::Model;
use super::models::{CELLS, INDICES, table};
use super::types::{Field, Meaning, Table};
use super::{NOTHING, NOTHING_SIGNED, SunSpec};
use crate::device::poll::{Odd, Poll};
use crate::device::{push_invalid, push_plausible};
use domain::link::DecodedValue;
use domain::reading::{CellQuantity, NoData, Reading, Target};
use domain::topology::CellPosition;

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    Number(f64),
    /// The field or its scale factor is not implemented, or has no value now.
    Nothing,
    /// The scale factor cannot be.
    Impossible,
}

/// Adds the readings of a model whose id and length are right.
pub(super) fn readings(model: &Model, words: &[u16], device: &SunSpec, poll: &mut Poll) {
    let Some(table) = table(model.id) else { return };
    let Some(first_cell) = first_cell(model, words, device) else {
        // A module that the system does not have, or that has other cells.
        poll.impossible += 1;
        poll.note(Odd::Module(model.address.into()), || module_message(model, words, device));
        return;
    };
    for (field, base, cell) in fields(model, table) {
        let Some((target, sign)) = target(field, device, first_cell + cell) else { continue };
        let odd = match field.value(words, base) {
            Some(Value::Number(value)) => {
                let impossible = push_plausible(&mut poll.readings, target, target.plausible(), value * sign);
                impossible.then(|| format!("says {} {}, which cannot be", rounded(value), field.unit))
            }
            Some(Value::Nothing) => {
                push_invalid(&mut poll.readings, target);
                None
            }
            Some(Value::Impossible) => Some("has a scale factor that cannot be".to_owned()),
            None => None,
        };
        if let Some(what) = odd {
            poll.impossible += 1;
            let group = if base == 0 { String::new() } else { format!("[{}]", cell + 1) };
            let address = usize::from(model.address) + base + usize::from(field.at);
            let words = || format!("{}{group} of model {} at {} {what}", field.name, model.id, model.address);
            poll.note(Odd::Impossible(address), words);
        }
    }
}

/// Why a module's cells have no place in the system.
fn module_message(model: &Model, words: &[u16], device: &SunSpec) -> String {
    let (topology, at) = (device.topology(), |offset: usize| words.get(offset).copied().unwrap_or_default());
    let (string, module, cells) = (at(INDICES.0), at(INDICES.1), at(INDICES.2));
    let name = format!("string {string}, module {module} (model 805 at {})", model.address);
    match cells == topology.cells_per_module {
        true => format!(
            "{name} is not in the topology: strings count from 1 to {}, modules from 1 to {}; its cells are not read",
            topology.racks, topology.modules_per_rack
        ),
        false => format!(
            "{name} says that it has {cells} cells, a module of the topology {}: they are not read",
            topology.cells_per_module
        ),
    }
}

/// A value with as many digits as people can use.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Adds that a model's points have no answer. Which cells a module has is said by its words, so they go stale.
pub(super) fn lost(model: &Model, device: &SunSpec, poll: &mut Poll) {
    let Some(table) = table(model.id) else { return };
    for field in table.fields {
        if let Some((target, _)) = target(field, device, 0) {
            poll.readings.push(Reading { target, sample: Err(NoData::Timeout) });
        }
    }
}

/// The values of a model as text with unit; what is not implemented is left out.
pub(super) fn texts(model: &Model, words: &[u16]) -> Vec<DecodedValue> {
    let Some(table) = table(model.id) else { return Vec::new() };
    let texts = fields(model, table).filter_map(|(field, base, group)| {
        let Value::Number(value) = field.value(words, base)? else { return None };
        let name = if base == 0 { field.name.to_owned() } else { format!("{}[{}]", field.name, group + 1) };
        Some(DecodedValue { name, text: format!("{} {}", rounded(value), field.unit).trim_end().to_owned() })
    });
    texts.collect()
}

/// Every field, where its part of the model begins, and the number of its group from 0.
fn fields(model: &Model, table: &'static Table) -> impl Iterator<Item = (&'static Field, usize, usize)> {
    let groups = (0..model.groups() as usize).flat_map(|group| {
        let base = usize::from(table.fixed) + group * usize::from(table.group);
        table.group_fields.iter().map(move |field| (field, base, group))
    });
    table.fields.iter().map(|field| (field, 0, 0)).chain(groups)
}

/// The system's cell that is the first of a module; 0 for other models. `None` if the system has no such module.
fn first_cell(model: &Model, words: &[u16], device: &SunSpec) -> Option<usize> {
    if model.id != CELLS {
        return Some(0);
    }
    let (string, module, cells) = INDICES;
    let index = |at: usize| words.get(at)?.checked_sub(1);
    let counted = words.get(cells).is_some_and(|count| *count == device.topology().cells_per_module);
    let position = CellPosition { rack: index(string)?, module: index(module)?, cell: 0 };
    device.topology().index(position).filter(|_| counted)
}

/// What a field is about, and the factor that makes its sign ours.
fn target(field: &Field, device: &SunSpec, cell: usize) -> Option<(Target, f64)> {
    let cell_of = |quantity| u16::try_from(cell).ok().map(|cell| (Target::Cell(quantity, cell), 1.0));
    match field.is {
        Meaning::Shown => None,
        Meaning::Point(point) => Some((Target::Point(point), 1.0)),
        Meaning::Outward(point) => Some((Target::Point(point), device.sign.factor())),
        Meaning::CellVoltage => cell_of(CellQuantity::Voltage),
        Meaning::CellTemperature => cell_of(CellQuantity::Temperature),
    }
}

/// The factor of a scale factor's register; `None` if it is not implemented, or cannot be.
pub(super) fn scale(word: u16) -> Option<f64> {
    match word as i16 {
        exponent @ -10..=10 => Some(10_f64.powi(exponent.into())),
        _ => None,
    }
}

impl Field {
    /// What it says in the part that begins at `base`; `None` if its words are not there.
    fn value(&self, words: &[u16], base: usize) -> Option<Value> {
        let raw = *words.get(base + usize::from(self.at))?;
        if raw == if self.signed { NOTHING_SIGNED } else { NOTHING } {
            return Some(Value::Nothing);
        }
        let number = if self.signed { f64::from(raw as i16) } else { f64::from(raw) };
        if self.factor == 0 {
            return Some(Value::Number(number));
        }
        let factor = *words.get(usize::from(self.factor))?;
        Some(match scale(factor) {
            Some(scale) => Value::Number(number * scale),
            None if factor == NOTHING_SIGNED => Value::Nothing,
            None => Value::Impossible,
        })
    }
}
