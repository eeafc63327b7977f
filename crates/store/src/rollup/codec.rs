//! Rollups as bytes: the numbers of a kind side by side, then zstd. Neighbours in time are alike, so it halves them.

use super::{Bucket, Flow};

/// Compression level: the next ones cost more than they save.
const ZSTD_LEVEL: i32 = 3;
/// No day has more buckets; more is damage, not data.
const BUCKETS_MAX: usize = 1_440;

/// What can be kept in the database.
pub(crate) trait Packed: Sized {
    /// The buckets as bytes.
    fn pack(buckets: &[Self]) -> Vec<u8>;
    /// The buckets of `bytes`; `None` if they are not what [`Packed::pack`] made.
    fn unpack(bytes: &[u8]) -> Option<Vec<Self>>;
}

impl Packed for Bucket {
    fn pack(buckets: &[Bucket]) -> Vec<u8> {
        let mut planes = Planes::default();
        planes.put(buckets, |b| b.n.to_le_bytes());
        planes.put(buckets, |b| b.first.to_le_bytes());
        planes.put(buckets, |b| b.min.to_le_bytes());
        planes.put(buckets, |b| b.max.to_le_bytes());
        planes.put(buckets, |b| b.last.to_le_bytes());
        planes.put(buckets, |b| b.sum.to_le_bytes());
        planes.put(buckets, |b| b.sum_sq.to_le_bytes());
        planes.pack()
    }

    fn unpack(bytes: &[u8]) -> Option<Vec<Bucket>> {
        const SIZE: usize = 4 + 4 * 4 + 2 * 8;
        let (bytes, count) = unpacked(bytes, SIZE)?;
        let mut rest = &bytes[..];
        let mut buckets = vec![Bucket::default(); count];
        take(&mut rest, &mut buckets, |b, bytes| b.n = u32::from_le_bytes(bytes))?;
        take(&mut rest, &mut buckets, |b, bytes| b.first = f32::from_le_bytes(bytes))?;
        take(&mut rest, &mut buckets, |b, bytes| b.min = f32::from_le_bytes(bytes))?;
        take(&mut rest, &mut buckets, |b, bytes| b.max = f32::from_le_bytes(bytes))?;
        take(&mut rest, &mut buckets, |b, bytes| b.last = f32::from_le_bytes(bytes))?;
        take(&mut rest, &mut buckets, |b, bytes| b.sum = f64::from_le_bytes(bytes))?;
        take(&mut rest, &mut buckets, |b, bytes| b.sum_sq = f64::from_le_bytes(bytes))?;
        Some(buckets)
    }
}

impl Packed for Flow {
    fn pack(buckets: &[Flow]) -> Vec<u8> {
        let mut planes = Planes::default();
        planes.put(buckets, |f| f.out_wh.to_le_bytes());
        planes.put(buckets, |f| f.in_wh.to_le_bytes());
        planes.put(buckets, |f| f.discharging_s.to_le_bytes());
        planes.put(buckets, |f| f.charging_s.to_le_bytes());
        planes.put(buckets, |f| f.known_s.to_le_bytes());
        planes.pack()
    }

    fn unpack(bytes: &[u8]) -> Option<Vec<Flow>> {
        const SIZE: usize = 5 * 8;
        let (bytes, count) = unpacked(bytes, SIZE)?;
        let mut rest = &bytes[..];
        let mut flows = vec![Flow::default(); count];
        take(&mut rest, &mut flows, |f, bytes| f.out_wh = f64::from_le_bytes(bytes))?;
        take(&mut rest, &mut flows, |f, bytes| f.in_wh = f64::from_le_bytes(bytes))?;
        take(&mut rest, &mut flows, |f, bytes| f.discharging_s = f64::from_le_bytes(bytes))?;
        take(&mut rest, &mut flows, |f, bytes| f.charging_s = f64::from_le_bytes(bytes))?;
        take(&mut rest, &mut flows, |f, bytes| f.known_s = f64::from_le_bytes(bytes))?;
        Some(flows)
    }
}

/// Numbers with the bytes of equal weight side by side: those that hardly change then stand in long runs.
#[derive(Default)]
pub(crate) struct Planes(Vec<u8>);

impl Planes {
    pub(crate) fn put<T, const N: usize>(&mut self, all: &[T], bytes: impl Fn(&T) -> [u8; N]) {
        let start = self.0.len();
        self.0.resize(start + all.len() * N, 0);
        for (k, one) in all.iter().enumerate() {
            for (plane, byte) in bytes(one).into_iter().enumerate() {
                self.0[start + plane * all.len() + k] = byte;
            }
        }
    }

    /// Compressed; if that should fail, which it does for want of memory only, nothing: it reads as damage.
    pub(crate) fn pack(self) -> Vec<u8> {
        zstd::bulk::compress(&self.0, ZSTD_LEVEL).unwrap_or_default()
    }
}

fn unpacked(bytes: &[u8], size: usize) -> Option<(Vec<u8>, usize)> {
    let bytes = zstd::bulk::decompress(bytes, BUCKETS_MAX * size).ok()?;
    let count = bytes.len() / size;
    (count * size == bytes.len()).then_some((bytes, count))
}

pub(crate) fn take<T, const N: usize>(
    rest: &mut &[u8],
    all: &mut [T],
    mut set: impl FnMut(&mut T, [u8; N]),
) -> Option<()> {
    let (mine, after) = rest.split_at_checked(all.len() * N)?;
    *rest = after;
    let count = all.len();
    for (k, one) in all.iter_mut().enumerate() {
        set(one, std::array::from_fn(|plane| mine[plane * count + k]));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_packed_comes_out_again(values in prop::collection::vec(-1e4..1e4_f32, 0..600)) {
            let buckets: Vec<Bucket> = values.chunks(7).map(Bucket::of).collect();
            prop_assert_eq!(Bucket::unpack(&Bucket::pack(&buckets)), Some(buckets));
            let flows: Vec<Flow> = values.chunks_exact(2).map(|v| Flow::of(&v[..1], &v[1..], &[0.2])).collect();
            prop_assert_eq!(Flow::unpack(&Flow::pack(&flows)), Some(flows));
        }

        #[test]
        fn damage_is_noticed_or_harmless(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Bucket::unpack(&bytes);
            prop_assert_eq!(Flow::unpack(&zstd::bulk::compress(&[0; 41], 1).unwrap()), None);
        }
    }
}
