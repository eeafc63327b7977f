//! A CAN frame as every CAN bus hands it to every CAN codec.

pub mod log;

use std::fmt;

/// The most data bytes of a CAN FD frame.
pub const MAX_DATA: usize = 64;
/// The most data bytes of a classic CAN frame.
pub const MAX_CLASSIC_DATA: usize = 8;
/// The lengths that a CAN FD frame may have above those of a classic one.
const FD_LENGTHS: [usize; 7] = [12, 16, 20, 24, 32, 48, 64];

/// The length of a frame that carries so many bytes: CAN FD frames come in steps.
pub(crate) fn fd_length(bytes: usize) -> usize {
    if bytes <= MAX_CLASSIC_DATA {
        return bytes;
    }
    FD_LENGTHS.into_iter().find(|length| *length >= bytes).unwrap_or(bytes)
}

const EXTENDED: u32 = 0x8000_0000;
const REMOTE: u32 = 0x4000_0000;
const ERROR: u32 = 0x2000_0000;

/// A CAN identifier: 11 bits, or 29 bits with bit 31 set, as DBC files write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanId(u32);

impl CanId {
    /// An 11-bit identifier; `None` if it has more bits.
    pub fn standard(id: u32) -> Option<CanId> {
        (id <= 0x7FF).then_some(CanId(id))
    }

    /// A 29-bit identifier; `None` if it has more bits.
    pub fn extended(id: u32) -> Option<CanId> {
        (id <= 0x1FFF_FFFF).then_some(CanId(id | EXTENDED))
    }

    /// Whether it has 29 bits.
    pub fn is_extended(self) -> bool {
        self.0 & EXTENDED != 0
    }

    /// The identifier with bit 31 set if it has 29 bits.
    pub fn raw(self) -> u32 {
        self.0
    }
}

impl fmt::Display for CanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 & EXTENDED {
            0 => write!(f, "0x{:03X}", self.0),
            _ => write!(f, "0x{:08X}", self.0 & !EXTENDED),
        }
    }
}

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Classic frame with up to 8 data bytes.
    Classic,
    /// CAN FD frame with up to 64 data bytes.
    Fd,
    /// Asks another node for its data; has none itself.
    Remote,
    /// The controller's report of a bus error, not a message of a node.
    Error,
}

/// A CAN frame whose bytes belong to the packet or line that it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanFrame<'a> {
    /// Identifier; of an error frame, the error class bits.
    pub id: CanId,
    /// What it is for.
    pub kind: FrameKind,
    /// Data bytes, at most 8, or 64 for [`FrameKind::Fd`].
    pub data: &'a [u8],
}

/// A frame that owns its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnedFrame {
    id: CanId,
    kind: FrameKind,
    len: u8,
    data: [u8; MAX_DATA],
}

impl OwnedFrame {
    /// Copies a frame. Data beyond [`MAX_DATA`] bytes, which no [`CanFrame`] has, is left out.
    pub fn new(frame: &CanFrame<'_>) -> OwnedFrame {
        let mut data = [0; MAX_DATA];
        let len = frame.data.len().min(MAX_DATA);
        data[..len].copy_from_slice(&frame.data[..len]);
        OwnedFrame { id: frame.id, kind: frame.kind, len: len as u8, data }
    }

    /// A frame from Linux: `word` is the identifier with its three flag bits. A remote frame has no data.
    ///
    /// `None` if flags, identifier or length contradict one another.
    pub fn from_linux(word: u32, fd: bool, data: &[u8]) -> Option<OwnedFrame> {
        let (id, kind) = split_flags(word, fd)?;
        let data = if kind == FrameKind::Remote { &[] } else { data };
        (data.len() <= if fd { MAX_DATA } else { MAX_CLASSIC_DATA })
            .then(|| OwnedFrame::new(&CanFrame { id, kind, data }))
    }

    /// The frame.
    pub fn frame(&self) -> CanFrame<'_> {
        CanFrame { id: self.id, kind: self.kind, data: &self.data[..usize::from(self.len)] }
    }
}

/// Splits an identifier with the three flag bits that Linux puts above it. `None` if the flags and bits contradict.
pub(crate) fn split_flags(word: u32, fd: bool) -> Option<(CanId, FrameKind)> {
    let bits = word & 0x1FFF_FFFF;
    if word & ERROR != 0 {
        return Some((CanId(bits | EXTENDED), FrameKind::Error));
    }
    let id = if word & EXTENDED != 0 { CanId::extended(bits) } else { CanId::standard(bits) }?;
    match (word & REMOTE != 0, fd) {
        // CAN FD has no remote frames.
        (true, true) => None,
        (true, false) => Some((id, FrameKind::Remote)),
        (false, true) => Some((id, FrameKind::Fd)),
        (false, false) => Some((id, FrameKind::Classic)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_decide_what_an_identifier_means() {
        let id = |bits| CanId::standard(bits).unwrap();
        let wide = |bits| CanId::extended(bits).unwrap();
        for (word, fd, expected) in [
            (0x250, false, Some((id(0x250), FrameKind::Classic))),
            (0x250, true, Some((id(0x250), FrameKind::Fd))),
            (0x98FF_50E5, false, Some((wide(0x18FF_50E5), FrameKind::Classic))),
            (0x4000_0250, false, Some((id(0x250), FrameKind::Remote))),
            (0x4000_0250, true, None),
            (0x2000_0004, false, Some((wide(4), FrameKind::Error))),
            (0x0000_0800, false, None),
        ] {
            assert_eq!(split_flags(word, fd), expected, "{word:#x}");
        }
        let long = [7; 12];
        for (word, fd, data, expected) in [
            (0x250, false, &long[..8], Some(&long[..8])),
            (0x250, false, &long[..], None),
            (0x250, true, &long[..], Some(&long[..])),
            (0x4000_0250, false, &long[..8], Some(&long[..0])),
            (0x800, false, &long[..8], None),
        ] {
            let owned = OwnedFrame::from_linux(word, fd, data);
            assert_eq!(owned.as_ref().map(|owned| owned.frame().data), expected, "{word:#x}");
        }
        assert_eq!((id(0x50).to_string(), wide(0x50).to_string()), ("0x050".into(), "0x00000050".into()));
    }
}
