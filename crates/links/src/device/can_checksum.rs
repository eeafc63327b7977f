//! Checksums of CAN frames that are sent. Pure.

use serde::Deserialize;

/// A signal that protects its frame.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChecksumRule {
    /// Its name: 8 bits that are one byte of the frame.
    pub signal: String,
    /// How it is made of the other bytes.
    pub kind: ChecksumKind,
}

/// How a checksum is made of all bytes of a frame but its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChecksumKind {
    /// Their sum, the lowest 8 bits.
    Sum8,
    /// All of them, exclusive or.
    Xor8,
    /// CRC-8 of SAE J1850: polynomial 0x1D, begun with 0xFF, inverted.
    Crc8J1850,
}

impl ChecksumKind {
    /// The checksum of these bytes.
    pub fn of(self, bytes: impl Iterator<Item = u8>) -> u8 {
        match self {
            ChecksumKind::Sum8 => bytes.fold(0, u8::wrapping_add),
            ChecksumKind::Xor8 => bytes.fold(0, |sum, byte| sum ^ byte),
            ChecksumKind::Crc8J1850 => !bytes.fold(0xFF_u8, |crc, byte| {
                (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x1D })
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_their_standards() {
        // The check value of CRC-8/SAE-J1850 is that of these nine bytes.
        let check = b"123456789";
        for (kind, expected) in
            [(ChecksumKind::Crc8J1850, 0x4B), (ChecksumKind::Sum8, 0xDD), (ChecksumKind::Xor8, 0x31)]
        {
            assert_eq!(kind.of(check.iter().copied()), expected, "{kind:?}");
        }
    }
}
