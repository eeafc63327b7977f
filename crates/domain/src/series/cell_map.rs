//! One value for each cell and step of time: a map of a system's past, small on the wire.

use super::codec::{add_up, differences};
use crate::point::Unit;
use crate::time::Utc;
use crate::wire::{Reader, Step, Wire, WireError, Writer, rice, subset};

/// The most values of a map.
pub const CELL_MAP_MAX: usize = 1 << 20;

/// What every cell was over time.
#[derive(Clone, Debug, PartialEq)]
pub struct CellMap {
    /// When the first step begins.
    pub from: Utc,
    /// How long each step is, ms.
    pub step_ms: u64,
    /// How many steps there are.
    pub steps: usize,
    /// How many cells there are.
    pub cells: usize,
    /// The unit of the values.
    pub unit: Unit,
    /// Step of the values on the wire, in their unit.
    pub resolution: f32,
    /// Cell by cell its steps; NaN where nothing is known.
    pub values: Vec<f32>,
}

impl Default for CellMap {
    fn default() -> CellMap {
        let (from, unit) = (Utc(0), Unit::Volt);
        CellMap { from, step_ms: 1, steps: 0, cells: 0, unit, resolution: 0.001, values: Vec::new() }
    }
}

impl CellMap {
    /// The value of a cell in a step, if it is known.
    pub fn get(&self, cell: usize, step: usize) -> Option<f32> {
        let value = self.values.get(cell * self.steps + step).filter(|_| step < self.steps);
        value.copied().filter(|value| !value.is_nan())
    }

    /// The step that holds an instant, UTC in s; `None` outside.
    pub fn step_at(&self, at_s: f64) -> Option<usize> {
        let since_ms = at_s * 1e3 - self.from.0 as f64 / 1e3;
        let step = (since_ms / self.step_ms.max(1) as f64).floor();
        (step >= 0.0 && step < self.steps as f64).then_some(step as usize)
    }
}

impl Wire for CellMap {
    /// Values are rounded to the resolution; those of a cell follow one another as differences.
    fn write(&self, w: &mut Writer) {
        let step = Step::new(self.resolution).unwrap_or(Step::MILLI);
        w.signed(self.from.0);
        w.varint(self.step_ms);
        w.varint(self.steps as u64);
        w.varint(self.cells as u64);
        self.unit.write(w);
        w.f32(step.size());
        let len = self.steps * self.cells;
        let known = || self.values.iter().take(len).enumerate().filter(|(_, value)| !value.is_nan());
        let having: Vec<u32> = known().map(|(place, _)| place as u32).collect();
        let counts: Vec<i64> = known().map(|(_, value)| i64::from(step.count(*value))).collect();
        subset::write(w, len, &having);
        rice::write(w, &differences(&counts));
    }

    fn read(r: &mut Reader<'_>) -> Result<CellMap, WireError> {
        let (from, step_ms) = (Utc(r.signed()?), r.varint()?);
        let (steps, cells) = (r.number::<usize>("number of steps")?, r.number::<usize>("number of cells")?);
        let len = steps.checked_mul(cells).filter(|len| *len <= CELL_MAP_MAX);
        let len = len.ok_or_else(|| r.invalid("number of values"))?;
        let unit = Unit::read(r)?;
        let step = Step::new(r.f32()?).ok_or_else(|| r.invalid("a resolution"))?;
        let (mut having, mut counts) = (Vec::new(), Vec::new());
        subset::read(r, len, &mut having)?;
        rice::read(r, having.len(), &mut counts)?;
        add_up(&mut counts);
        let mut values = vec![f32::NAN; len];
        for (place, count) in having.iter().zip(counts) {
            values[*place as usize] = step.value(count as i32);
        }
        Ok(CellMap { from, step_ms, steps, cells, unit, resolution: step.size(), values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(steps: usize, values: Vec<Option<i16>>) -> CellMap {
        let cells = values.len() / steps;
        let values = values[..steps * cells].iter().map(|v| v.map_or(f32::NAN, |v| Step::TENTH.value(v.into())));
        CellMap {
            from: Utc(1_760_000_000_000_000),
            step_ms: 60_000,
            steps,
            cells,
            unit: Unit::Celsius,
            resolution: 0.1,
            values: values.collect(),
        }
    }

    #[test]
    fn a_month_of_a_pack_is_small() {
        let noise = |k: i32| k.wrapping_mul(7_919) % 11;
        let values = (0..260 * 720).map(|k| Some((noise(k) + k / 720 % 13) as i16)).collect();
        let bytes = map(720, values).to_bytes();
        assert!(bytes.len() < 160_000, "{} bytes", bytes.len());
    }

    #[test]
    fn a_place_has_its_step_and_its_value() {
        let map = map(3, vec![Some(1), None, Some(3), Some(4), Some(5), None]);
        assert_eq!((map.get(0, 0), map.get(0, 1), map.get(1, 0), map.get(1, 9)), (Some(0.1), None, Some(0.4), None));
        let from_s = 1_760_000_000.0;
        let steps = [-0.1, 0.0, 59.9, 60.0, 179.9, 180.0].map(|s| map.step_at(from_s + s));
        assert_eq!(steps, [None, Some(0), Some(0), Some(1), Some(2), None]);
        assert_eq!(CellMap::from_bytes(&CellMap::default().to_bytes()), Ok(CellMap::default()));
    }

    #[test]
    fn a_map_that_claims_too_much_is_refused() {
        let mut w = Writer::default();
        w.u8(crate::wire::FORMAT);
        for number in [0, 1, 1 << 15, 1 << 15] {
            w.varint(number);
        }
        let what = CellMap::from_bytes(&w.finish()).unwrap_err();
        assert!(matches!(what, WireError::Invalid { what: "number of values", .. }), "{what}");
    }

    proptest! {
        #[test]
        fn maps_round_trip_and_no_part_of_them_does(
            steps in 1..9_usize,
            values in prop::collection::vec(prop::option::weighted(0.8, any::<i16>()), 0..200),
            cut in 0.0..1.0,
        ) {
            let map = map(steps, values);
            let bytes = map.to_bytes();
            let read = CellMap::from_bytes(&bytes).unwrap();
            let bits = |map: &CellMap| map.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&read), bits(&map));
            prop_assert_eq!((read.from, read.step_ms, read.steps, read.cells), (map.from, map.step_ms, map.steps, map.cells));
            let cut = (bytes.len() as f64 * cut) as usize;
            prop_assert!(CellMap::from_bytes(&bytes[..cut]).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 1..200)) {
            bytes[0] = crate::wire::FORMAT;
            if let Ok(map) = CellMap::from_bytes(&bytes) {
                prop_assert_eq!(map.values.len(), map.steps * map.cells);
            }
        }
    }
}
