//! What every form of a line is made of: times and identifiers. Pure.

use crate::can::{CanId, FrameKind, split_flags};

/// `1760000000.123456`, with any number of decimals, in microseconds.
pub(super) fn time_us(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    if seconds.is_empty() || !seconds.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction_us(fraction)?)
}

/// The decimals of a second, in microseconds; those after the sixth do not count.
pub(super) fn fraction_us(digits: &str) -> Option<u64> {
    let all = digits.bytes().all(|b| b.is_ascii_digit());
    all.then(|| {
        digits.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |us, digit| us * 10 + u64::from(digit - b'0'))
    })
}

/// An identifier of 3 or 8 digits, and what its frame is for.
pub(super) fn identified(text: &str, fd: bool) -> Option<(CanId, FrameKind)> {
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let word = u32::from_str_radix(text, 16).ok()?;
    match text.len() {
        3 => Some((CanId::standard(word)?, if fd { FrameKind::Fd } else { FrameKind::Classic })),
        // Eight digits always mean 29 bits; only the error flag is written above them.
        8 => split_flags(word | 0x8000_0000, fd),
        _ => None,
    }
}
