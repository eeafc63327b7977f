//! Tables on the wire: times and values as differences, a few bits each.

use super::{Series, Table};
use crate::point::Unit;
use crate::time::Utc;
use crate::wire::{Reader, Step, Wire, WireError, Writer, rice, subset};

/// The most values of a table that is read: a quiet series packs so well that the bytes alone justify any length.
const VALUES_MAX: usize = 1 << 20;

impl Wire for Table {
    /// Times are rounded to 1 ms and values to the resolution of their series. A series shorter than the time axis
    /// misses its last values; what is longer is left out. Tables of more than a million values cannot be read back.
    fn write(&self, w: &mut Writer) {
        let times: Vec<i64> = self.at.iter().map(|at| at.0.saturating_add(500).div_euclid(1_000)).collect();
        w.varint(times.len() as u64);
        // Rows come at an even pace: hardly anything is left of the difference between two differences.
        rice::write(w, &differences(&differences(&times)));
        w.varint(self.series.len() as u64);
        self.series.iter().for_each(|series| write_series(w, series, times.len()));
    }

    fn read(r: &mut Reader<'_>) -> Result<Table, WireError> {
        let rows = r.number::<usize>("number of rows")?;
        if rows > VALUES_MAX {
            return Err(r.invalid("number of rows"));
        }
        let mut times = Vec::new();
        rice::read(r, rows, &mut times)?;
        add_up(&mut times);
        add_up(&mut times);
        let columns = r.count("number of series")?;
        if rows.saturating_mul(columns) > VALUES_MAX {
            return Err(r.invalid("number of series"));
        }
        Ok(Table {
            at: times.iter().map(|ms| Utc(ms.saturating_mul(1_000))).collect(),
            series: (0..columns).map(|_| read_series(r, rows)).collect::<Result<_, _>>()?,
        })
    }
}

/// Name, unit and resolution, then which rows have a value, then the differences between these.
fn write_series(w: &mut Writer, series: &Series, rows: usize) {
    let step = Step::new(series.resolution).unwrap_or(Step::MILLI);
    w.str(&series.name);
    series.unit.write(w);
    w.f32(step.size());
    let present = || series.values.iter().take(rows).enumerate().filter_map(|(row, value)| Some((row, (*value)?)));
    let having: Vec<u32> = present().map(|(row, _)| row as u32).collect();
    let counts: Vec<i64> = present().map(|(_, value)| i64::from(step.count(value))).collect();
    subset::write(w, rows, &having);
    rice::write(w, &differences(&counts));
}

fn read_series(r: &mut Reader<'_>, rows: usize) -> Result<Series, WireError> {
    let name = r.str()?.to_owned();
    let unit = Unit::read(r)?;
    let step = Step::new(r.f32()?).ok_or_else(|| r.invalid("a resolution"))?;
    let (mut having, mut counts) = (Vec::new(), Vec::new());
    subset::read(r, rows, &mut having)?;
    rice::read(r, having.len(), &mut counts)?;
    add_up(&mut counts);
    let mut values = vec![None; rows];
    for (row, count) in having.iter().zip(counts) {
        values[*row as usize] = Some(step.value(count as i32));
    }
    Ok(Series { name, unit, resolution: step.size(), values })
}

/// Each number less the one before; the first stays.
pub(super) fn differences(numbers: &[i64]) -> Vec<i64> {
    let before = [0].iter().chain(numbers);
    numbers.iter().zip(before).map(|(number, before)| number.wrapping_sub(*before)).collect()
}

/// The inverse of [`differences`].
pub(super) fn add_up(numbers: &mut [i64]) {
    let mut sum = 0_i64;
    for number in numbers {
        sum = sum.wrapping_add(*number);
        *number = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(name: &str, resolution: f32, values: Vec<Option<f32>>) -> Series {
        Series { name: name.into(), unit: Unit::Watt, resolution, values }
    }

    #[test]
    fn ten_minutes_of_three_series_take_little() {
        let at: Vec<Utc> = (0..3_000).map(|i| Utc(1_760_000_000_000_000 + i * 200_000 + (i * 7_919) % 900)).collect();
        let noise = |i: i32| ((i.wrapping_mul(7_919) % 601) - 300) as f32;
        let wave = |i: i32, high: f32| Some(if i % 400 > 250 { high } else { 30_000.0 } + noise(i));
        let table = Table {
            at,
            series: vec![
                series("load/power", 1.0, (0..3_000).map(|i| wave(i, 180_000.0)).collect()),
                series("battery/power", 1.0, (0..3_000).map(|i| wave(i, 155_000.0)).collect()),
                series("cells/voltage/131", 0.001, (0..3_000).map(|i| Some(3.2 + noise(i) * 1e-5)).collect()),
            ],
        };
        let bytes = table.to_bytes();
        assert!(bytes.len() <= 14_000, "{} bytes", bytes.len());
        let read = Table::from_bytes(&bytes).unwrap();
        assert_eq!(read.series[0], table.series[0]);
        assert!(read.at.iter().zip(&table.at).all(|(a, b)| a.0.abs_diff(b.0) <= 500));
    }

    #[test]
    fn every_unit_has_a_code_and_odd_tables_are_made_even() {
        for unit in [Unit::Volt, Unit::Ampere, Unit::Watt, Unit::Celsius, Unit::Percent, Unit::Number] {
            let table = Table { at: vec![], series: vec![Series { unit, ..series("", 1.0, vec![]) }] };
            assert_eq!(Table::from_bytes(&table.to_bytes()), Ok(table));
        }
        let odd = Table {
            at: vec![Utc(0), Utc(-1_000)],
            series: vec![series("short", 1.0, vec![Some(1.0)]), series("long", f32::NAN, vec![None; 9])],
        };
        let even = Table::from_bytes(&odd.to_bytes()).unwrap();
        assert_eq!(even.series[0].values, [Some(1.0), None]);
        assert_eq!((even.series[1].values.len(), even.series[1].resolution), (2, 0.001));
    }

    #[test]
    fn a_table_that_claims_too_much_is_refused() {
        let mut w = Writer::default();
        w.u8(crate::wire::FORMAT);
        w.varint(1 << 19);
        w.raw(&[0, 3, 0, 0, 0, 0, 0, 0, 0]);
        let what = Table::from_bytes(&w.finish()).unwrap_err();
        assert!(matches!(what, WireError::Invalid { what: "number of series", .. }), "{what}");
    }

    prop_compose! {
        fn table()(rows in prop::collection::vec((-1_000..1_000_i64, prop::collection::vec(prop::option::weighted(0.9, -1e6_f32..1e6), 3)), 0..200))
            -> Table {
            let mut ms = 1_760_000_000_000;
            let at = rows.iter().map(|(step, _)| { ms += step; Utc(ms * 1_000) }).collect();
            let column = |c: usize, resolution: f32| {
                let step = Step::new(resolution).unwrap();
                series("x", resolution, rows.iter().map(|(_, values)| values[c].map(|v| step.round(v))).collect())
            };
            Table { at, series: vec![column(0, 1.0), column(1, 0.01), column(2, 0.1)] }
        }
    }

    proptest! {
        #[test]
        fn tables_round_trip_and_no_part_of_them_does(table in table(), cut in 0.0..1.0) {
            let bytes = table.to_bytes();
            let cut = (bytes.len() as f64 * cut) as usize;
            prop_assert!(Table::from_bytes(&bytes[..cut]).is_err());
            prop_assert_eq!(Table::from_bytes(&bytes), Ok(table));
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 1..200), real in table(), flip: u16) {
            bytes[0] = crate::wire::FORMAT;
            let _ = Table::from_bytes(&bytes);
            let mut bytes = real.to_bytes();
            let place = flip as usize % bytes.len();
            bytes[place] ^= 1 << (flip % 8);
            if let Ok(table) = Table::from_bytes(&bytes) {
                prop_assert!(table.series.iter().all(|s| s.values.len() == table.at.len()));
                prop_assert!(table.series.iter().flat_map(|s| &s.values).flatten().all(|v| v.is_finite()));
            }
        }
    }
}
