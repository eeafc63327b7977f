//! Words of a model to readings, and to text.

use super::SunSpec;
use super::layout::Model;
use super::models::{CELLS, Field, INDICES, Table, table};
use crate::device::registers::Poll;
use crate::device::{push_invalid, push_plausible};
use domain::link::DecodedValue;
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData, Reading, Target};
use domain::topology::CellPosition;

/// What a field is to us.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Shown beside the raw registers, and nowhere else.
    Shown,
    /// A point.
    Point(PointId),
    /// A point whose sign is that of the device.
    Outward(PointId),
    /// The voltage of the group's cell.
    CellVoltage,
    /// The temperature of the group's cell.
    CellTemperature,
}

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
        return;
    };
    for (field, base, cell) in fields(model, table) {
        let Some((target, sign)) = target(field, device, first_cell + cell) else { continue };
        match field.value(words, base) {
            Some(Value::Number(value)) => {
                let impossible = push_plausible(&mut poll.readings, target, target.plausible(), value * sign);
                poll.impossible += u32::from(impossible);
            }
            Some(Value::Nothing) => push_invalid(&mut poll.readings, target),
            Some(Value::Impossible) => poll.impossible += 1,
            None => {}
        }
    }
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
        Some(DecodedValue {
            name,
            text: format!("{} {}", (value * 1e4).round() / 1e4, field.unit).trim_end().to_owned(),
        })
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

/// "Not implemented" of signed fields and of scale factors.
const NOTHING_SIGNED: u16 = 0x8000;
const NOTHING_UNSIGNED: u16 = 0xFFFF;

impl Field {
    /// What it says in the part that begins at `base`; `None` if its words are not there.
    fn value(&self, words: &[u16], base: usize) -> Option<Value> {
        let raw = *words.get(base + usize::from(self.at))?;
        if raw == if self.signed { NOTHING_SIGNED } else { NOTHING_UNSIGNED } {
            return Some(Value::Nothing);
        }
        let number = if self.signed { f64::from(raw as i16) } else { f64::from(raw) };
        if self.factor == 0 {
            return Some(Value::Number(number));
        }
        let factor = *words.get(usize::from(self.factor))?;
        Some(match factor as i16 {
            _ if factor == NOTHING_SIGNED => Value::Nothing,
            exponent @ -10..=10 => Value::Number(number * 10_f64.powi(exponent.into())),
            _ => Value::Impossible,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::sign::Sign;
    use domain::reading::Sample;
    use domain::topology::Topology;
    use proptest::prelude::*;

    const PACK: Topology = Topology::new(2, 3, 2);

    fn decode(id: u16, words: &[u16], sign: Sign) -> (u32, Vec<(Target, Sample)>) {
        let (device, mut poll) = (SunSpec::new(PACK, sign), Poll::default());
        let model = Model { id, address: 0, length: words.len() as u16 - 2 };
        device.decode(&model, words, &mut poll).unwrap();
        (poll.impossible, poll.readings.iter().map(|r| (r.target, r.sample)).collect())
    }

    /// A module of two cells: string, module, words of the cells.
    fn module(string: u16, module: u16, cells: [[u16; 2]; 2]) -> Vec<u16> {
        let mut words = vec![0xFFFF; 52];
        words[..5].copy_from_slice(&[805, 50, string, module, 2]);
        // CellV in mV, temperature in tenths.
        (words[42], words[43]) = (-3_i16 as u16, -1_i16 as u16);
        for (cell, [voltage, temperature]) in cells.into_iter().enumerate() {
            words[44 + 4 * cell..][..2].copy_from_slice(&[voltage, temperature]);
        }
        words
    }

    #[test]
    fn cells_get_their_place_by_the_indices_of_their_module() {
        let (impossible, readings) =
            decode(805, &module(2, 1, [[3_312, 253], [0xFFFF, 0x8000]]), Sign::DischargePositive);
        let (v, t) = (CellQuantity::Voltage, CellQuantity::Temperature);
        let expected = [
            (Target::Cell(v, 6), Ok(3.312)),
            (Target::Cell(t, 6), Ok(25.3)),
            (Target::Cell(v, 7), Err(NoData::Error)),
            (Target::Cell(t, 7), Err(NoData::Error)),
        ];
        assert_eq!((impossible, readings.as_slice()), (0, expected.as_slice()));
        // Indices count from 1; the pack has two strings of three modules of two cells.
        for (string, number, cells) in [(0, 1, 2), (1, 0, 2), (3, 1, 2), (1, 4, 2), (1, 1, 3), (0xFFFF, 1, 2)] {
            let mut words = module(string, number, [[3_312, 253]; 2]);
            words[4] = cells;
            assert_eq!(decode(805, &words, Sign::DischargePositive), (1, vec![]), "{string} {number} {cells}");
        }
    }

    #[test]
    fn a_battery_has_scale_factors_and_a_sign() {
        let mut words = vec![0xFFFF; 64];
        words[..2].copy_from_slice(&[802, 62]);
        // 71.5 %, 858.2 V, 120.3 A, 103200 W.
        for (at, word) in [(11, 715), (34, 8_582), (44, 1_203), (47, 1_032)] {
            words[at] = word;
        }
        for (at, factor) in [(56, -1_i16), (59, -1), (61, -1), (63, 2)] {
            words[at] = factor as u16;
        }
        for (sign, current) in [(Sign::DischargePositive, 120.3), (Sign::ChargePositive, -120.3)] {
            let (impossible, readings) = decode(802, &words, sign);
            let of = |point| readings.iter().find(|(t, _)| *t == Target::Point(point)).map(|(_, s)| *s);
            assert_eq!((impossible, of(PointId::Soc), of(PointId::Voltage)), (0, Some(Ok(71.5)), Some(Ok(858.2))));
            assert_eq!(of(PointId::Current), Some(Ok(current)));
            assert_eq!(of(PointId::Power).map(|p| p.map(f32::abs)), Some(Ok(103_200.0)));
            assert_eq!(
                (of(PointId::Soh), of(PointId::CellVoltageMax)),
                (Some(Err(NoData::Error)), Some(Err(NoData::Error)))
            );
        }
        // A factor that is not implemented means no value; one beyond 10 cannot be.
        (words[56], words[59]) = (0x8000, 11);
        let (impossible, readings) = decode(802, &words, Sign::DischargePositive);
        let of = |point| readings.iter().find(|(t, _)| *t == Target::Point(point)).map(|(_, s)| *s);
        assert_eq!((impossible, of(PointId::Soc), of(PointId::Voltage)), (1, Some(Err(NoData::Error)), None));
    }

    #[test]
    fn a_map_that_has_changed_is_noticed() {
        let device = SunSpec::new(PACK, Sign::DischargePositive);
        let model = Model { id: 802, address: 40_070, length: 62 };
        for words in [vec![], vec![802], vec![803, 62], vec![802, 61]] {
            assert!(device.decode(&model, &words, &mut Poll::default()).unwrap_err().contains("40070"));
        }
    }

    proptest! {
        #[test]
        fn any_words_give_plausible_values_or_none(words in proptest::collection::vec(any::<u16>(), 62), id in 0_usize..4) {
            let id = [124_u16, 802, 804, 805][id];
            let head = if id == 805 { vec![id, 62, 1, 1, 2] } else { vec![id, 62] };
            let words = [head.as_slice(), &words[head.len() - 2..]].concat();
            let (_, readings) = decode(id, &words, Sign::ChargePositive);
            for (target, sample) in readings {
                let (low, high) = target.plausible();
                prop_assert!(sample.is_err() || sample.is_ok_and(|v| (low..=high).contains(&v)));
            }
        }
    }
}
