//! A minute of device points as bytes, as it lies in the database until its hour is sealed.
//!
//! u32 how many points, u32 how long their names are, the names as lines `unit tab path`, then of every point the lowest
//! value, the mean and the highest (f32) and the number of snapshots (u32). Bytes of equal weight stand side by side, and
//! all is compressed. Each minute has its names, so that it can be read whatever the tables of devices say by then.

use crate::rollup::codec::{Planes, take};
use domain::device_minute::{DeviceMinute, PointMinute, PointName};
use domain::point::{DEVICE_POINTS_MAX, Unit};

/// No name is longer on the average; more is damage, not data.
const NAME_MAX: usize = 256;
const NUMBERS: usize = 4 * 4;

/// The unit with this symbol.
pub(crate) fn unit(symbol: &str) -> Option<Unit> {
    Unit::ALL.into_iter().find(|unit| unit.symbol() == symbol)
}

/// The minute as bytes.
pub(crate) fn pack(minute: &DeviceMinute) -> Vec<u8> {
    let names: String =
        minute.names.iter().flat_map(|name| [name.unit.symbol(), "\t", name.path.as_str(), "\n"]).collect();
    let mut planes = Planes::default();
    planes.put(&[minute.names.len() as u32, names.len() as u32], |n| n.to_le_bytes());
    planes.put(names.as_bytes(), |byte| [*byte]);
    planes.put(&minute.values, |value| value.min.to_le_bytes());
    planes.put(&minute.values, |value| value.mean.to_le_bytes());
    planes.put(&minute.values, |value| value.max.to_le_bytes());
    planes.put(&minute.values, |value| value.n.to_le_bytes());
    planes.pack()
}

/// The minute of this number in `bytes`; `None` if they are not what [`pack`] made.
pub(crate) fn unpack(minute: i64, bytes: &[u8]) -> Option<DeviceMinute> {
    let bytes = zstd::bulk::decompress(bytes, 8 + DEVICE_POINTS_MAX * (NAME_MAX + NUMBERS)).ok()?;
    let mut rest = &bytes[..];
    let mut lengths = [0_u32; 2];
    take(&mut rest, &mut lengths, |n, bytes| *n = u32::from_le_bytes(bytes))?;
    let [points, names] = lengths.map(|n| n as usize);
    let (names, mut rest) = rest.split_at_checked(names)?;
    if points > DEVICE_POINTS_MAX || rest.len() != points * NUMBERS {
        return None;
    }
    let name = |line: &str| {
        let (symbol, path) = line.split_once('\t')?;
        Some(PointName { path: path.to_owned(), unit: unit(symbol)? })
    };
    let names: Vec<PointName> = std::str::from_utf8(names).ok()?.lines().map(name).collect::<Option<_>>()?;
    let mut values = vec![PointMinute::NONE; points];
    take(&mut rest, &mut values, |value, bytes| value.min = f32::from_le_bytes(bytes))?;
    take(&mut rest, &mut values, |value, bytes| value.mean = f32::from_le_bytes(bytes))?;
    take(&mut rest, &mut values, |value, bytes| value.max = f32::from_le_bytes(bytes))?;
    take(&mut rest, &mut values, |value, bytes| value.n = u32::from_le_bytes(bytes))?;
    (names.len() == points).then(|| DeviceMinute { minute, names: names.into(), values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hall(points: usize) -> DeviceMinute {
        let name = |n: usize| PointName {
            path: format!("gpu-hall/gpu/{}/{}", n / 8, ["power", "temperature", "load", "fan"][n % 4]),
            unit: Unit::ALL[n % 6],
        };
        let value = |n: usize| {
            let mean = 400.0 + (n * 7_919 % 613) as f32 * 0.1;
            PointMinute { min: mean - 1.5, mean, max: mean + 2.5, n: 300 }
        };
        DeviceMinute {
            minute: 29_000_000,
            names: (0..points).map(name).collect(),
            values: (0..points).map(value).collect(),
        }
    }

    #[test]
    fn what_was_packed_comes_out_again_and_thousands_of_points_are_small() {
        for points in [0, 1, 4_096] {
            let minute = hall(points);
            assert_eq!(unpack(minute.minute, &pack(&minute)), Some(minute));
        }
        let bytes = pack(&hall(4_096)).len();
        assert!(bytes < 40_000, "{bytes} bytes");
    }

    proptest! {
        #[test]
        fn damage_is_noticed_or_harmless(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..300_usize) {
            let _ = unpack(0, &bytes);
            let good = zstd::bulk::decompress(&pack(&hall(9)), 10_000).unwrap();
            let cut = zstd::bulk::compress(&good[..cut.min(good.len() - 1)], 1).unwrap();
            prop_assert_eq!(unpack(0, &cut), None);
        }
    }
}
