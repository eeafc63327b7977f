//! Many small numbers with rare large ones, in few bits.
//!
//! Each number is cut into low bits and a rest in unary (Rice code); the count of low bits is the best one for the
//! numbers at hand. A rest too long for unary escapes to plain bits, so one outlier costs its own width and a little
//! more, and stays exact. Numbers that are mostly zero are sent as the few that are not, with the gaps between them.

use super::{BitReader, BitWriter, Reader, WireError, Writer, unzigzag, zigzag};

/// Header of a list of zeros; nothing follows.
const ZEROS: u8 = 0;
/// Header of a dense list is this plus the count of low bits.
const DENSE: u8 = 0x40;
/// Header of a sparse list is this plus the count of low bits.
const SPARSE: u8 = 0x80;
/// The most low bits.
const LOW_BITS_MAX: u32 = 0x3f;
/// This many ones escape to plain bits.
const ESCAPE: u32 = 16;
/// Bits that say how wide escaped bits are, less one.
const WIDTH_BITS: u32 = 6;
/// Sparse is worth a try when at most one in this many numbers is not zero.
const SPARSE_WORTH: usize = 4;

/// Appends `values`; the reader must know how many there are.
pub(crate) fn write(w: &mut Writer, values: &[i64]) {
    let codes = || values.iter().map(|v| zigzag(*v));
    let some = values.iter().filter(|v| **v != 0).count();
    if some == 0 {
        return w.u8(ZEROS);
    }
    let (low_bits, cost) = best(codes());
    if some * SPARSE_WORTH <= values.len() {
        let (gaps, others) = split(values);
        let (gap_bits, gap_cost) = best(gaps.iter().copied());
        let (other_bits, other_cost) = best(others.iter().copied());
        // The two bytes are the gaps' header and, for most lists, the number of others.
        if gap_cost + other_cost + 16 < cost {
            w.u8(SPARSE + other_bits as u8);
            w.u8(gap_bits as u8);
            w.varint(some as u64);
            return w.bits(|bits| {
                for (gap, other) in gaps.iter().zip(&others) {
                    put(bits, *gap, gap_bits);
                    put(bits, *other, other_bits);
                }
            });
        }
    }
    w.u8(DENSE + low_bits as u8);
    w.bits(|bits| codes().for_each(|code| put(bits, code, low_bits)));
}

/// The numbers that are not zero, and how many zeros stand before each.
fn split(values: &[i64]) -> (Vec<u64>, Vec<u64>) {
    let mut gap = 0;
    let mut parts = (Vec::new(), Vec::new());
    for value in values {
        if *value == 0 {
            gap += 1;
        } else {
            parts.0.push(gap);
            parts.1.push(zigzag(*value) - 1);
            gap = 0;
        }
    }
    parts
}

/// Reads `n` numbers into `values`, after clearing it.
///
/// # Errors
/// [`WireError`] when the bits end too early or name a number beyond `n`.
pub(crate) fn read(r: &mut Reader<'_>, n: usize, values: &mut Vec<i64>) -> Result<(), WireError> {
    values.clear();
    match r.u8()? {
        ZEROS => values.resize(n, 0),
        header @ DENSE..SPARSE => {
            // A dense number takes a bit at least.
            if n.div_ceil(8) > r.remaining() {
                return Err(r.invalid("number of values"));
            }
            values.reserve(n);
            r.bits(|bits| {
                for _ in 0..n {
                    values.push(unzigzag(take(bits, u32::from(header - DENSE))?));
                }
                Ok(())
            })?;
        }
        header @ SPARSE..=0xbf => {
            let gap_bits = u32::from(r.u8()?);
            if gap_bits > LOW_BITS_MAX {
                return Err(r.invalid("bits of a gap"));
            }
            let some = r.number::<usize>("number of values")?;
            values.resize(n, 0);
            r.bits(|bits| {
                let mut next = 0_u64;
                for _ in 0..some {
                    let at = take(bits, gap_bits)?.saturating_add(next);
                    let code = take(bits, u32::from(header - SPARSE))?;
                    let value = usize::try_from(at).ok().and_then(|at| values.get_mut(at));
                    *value.ok_or_else(|| bits.invalid("a gap"))? = unzigzag(code.wrapping_add(1));
                    next = at + 1;
                }
                Ok(())
            })?;
        }
        _ => return Err(r.invalid("a kind of list")),
    }
    Ok(())
}

fn put(bits: &mut BitWriter<'_>, code: u64, low_bits: u32) {
    let ones = code >> low_bits;
    if ones < u64::from(ESCAPE) {
        bits.put((1 << ones) - 1, ones as u32 + 1);
        bits.put_wide(code, low_bits);
    } else {
        let width = width(code);
        bits.put((1 << ESCAPE) - 1, ESCAPE);
        bits.put(u64::from(width - 1), WIDTH_BITS);
        bits.put_wide(code, width);
    }
}

fn take(bits: &mut BitReader<'_>, low_bits: u32) -> Result<u64, WireError> {
    let ones = bits.take_ones(ESCAPE)?;
    if ones < ESCAPE {
        Ok(u64::from(ones) << low_bits | bits.take_wide(low_bits)?)
    } else {
        let width = bits.take(WIDTH_BITS)? as u32 + 1;
        bits.take_wide(width)
    }
}

/// The count of low bits with the fewest bits in all, and about how many these are.
///
/// One pass counts the numbers by their width; those of one width are taken as spread evenly over it. That is as good
/// as trying every count on every number, in a tenth of the time.
fn best(codes: impl Iterator<Item = u64>) -> (u32, u64) {
    let mut of_width = [0_u64; 65];
    codes.for_each(|code| of_width[width(code) as usize] += 1);
    let widest = of_width.iter().rposition(|n| *n > 0).unwrap_or(0) as u32;
    let cost = |low_bits| -> u64 { (0..=widest).map(|w| of_width[w as usize] * half_bits(w, low_bits)).sum() };
    let costs = (0..=widest.min(LOW_BITS_MAX)).map(|low_bits| (low_bits, cost(low_bits) / 2));
    costs.min_by_key(|(_, cost)| *cost).unwrap_or((0, 0))
}

/// Half bits that [`put`] takes on the average of all numbers of this width.
fn half_bits(width: u32, low_bits: u32) -> u64 {
    // From 2^(width-1) to 2^width, without the low bits: 1, 2.5, 5.5, 11.5 ones on the average.
    let ones = width.checked_sub(low_bits + 1).map_or(0, |above| (3_u64 << above.min(60)) - 1);
    if ones < 2 * u64::from(ESCAPE) {
        ones + 2 * u64::from(1 + low_bits)
    } else {
        2 * u64::from(ESCAPE + WIDTH_BITS + width)
    }
}

fn width(code: u64) -> u32 {
    u64::BITS - code.leading_zeros()
}
