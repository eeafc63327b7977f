//! CAN frames in cannelloni packets, version 2, for UDP.
//!
//! A packet is version, operation, sequence number, count of frames, then per frame id, length and data, all
//! big-endian. It never exceeds what one Ethernet frame carries.

use super::encode::Frame;

/// Bytes of UDP payload in an Ethernet frame.
const PACKET_MAX: usize = 1_472;
/// Version, operation, sequence number and frame count.
const HEADER: usize = 5;
/// Id, length and eight data bytes.
const FRAME: usize = 13;
/// Frames in a full packet.
const FRAMES_MAX: usize = (PACKET_MAX - HEADER) / FRAME;
const VERSION: u8 = 2;
const DATA: u8 = 0;
/// Flag of an identifier: a frame that asks for another.
const REMOTE: u32 = 0x4000_0000;

/// Packs `frames` into as few packets as they need. `sequence` is the number of the next packet; it wraps at 256.
pub fn packets(frames: &[Frame], sequence: &mut u8) -> Vec<Vec<u8>> {
    frames
        .chunks(FRAMES_MAX)
        .map(|chunk| {
            let mut packet = Vec::with_capacity(HEADER + FRAME * chunk.len());
            packet.extend([VERSION, DATA, *sequence]);
            packet.extend((chunk.len() as u16).to_be_bytes());
            for frame in chunk {
                packet.extend(u32::from(frame.id).to_be_bytes());
                packet.push(frame.data.len() as u8);
                packet.extend(frame.data);
            }
            *sequence = sequence.wrapping_add(1);
            packet
        })
        .collect()
}

/// The frames of a packet that have 11 bits of identifier and eight data bytes, as those of the layout have; `None` for
/// one that is no packet.
pub fn frames(packet: &[u8]) -> Option<Vec<Frame>> {
    let (&[VERSION, DATA, _, c1, c0], mut rest) = packet.split_first_chunk::<HEADER>()? else { return None };
    let mut frames = Vec::new();
    for _ in 0..u16::from_be_bytes([c1, c0]) {
        let ([id @ .., length], after) = rest.split_first_chunk::<5>()?;
        // A frame of CAN FD has a byte of flags more.
        let (is_fd, length) = (length & 0x80 != 0, usize::from(length & 0x7F));
        let after = after.get(usize::from(is_fd)..)?;
        let id = u32::from_be_bytes(*id);
        // A remote frame has a length and no data.
        let length = if id & REMOTE != 0 { 0 } else { length };
        let (data, after) = after.split_at_checked(length)?;
        if let (Ok(id @ 0..=0x7FF), Ok(data), false) = (u16::try_from(id), data.try_into(), is_fd) {
            frames.push(Frame { id, data });
        }
        rest = after;
    }
    Some(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_of_a_packet_as_they_went_in_and_what_is_none_is_passed_over() {
        let sent: Vec<Frame> = (0..3).map(|n| Frame { id: 0x2B0 + n, data: [n as u8; 8] }).collect();
        let packet = packets(&sent, &mut 9).remove(0);
        assert_eq!(frames(&packet), Some(sent.clone()));
        for length in 0..packet.len() {
            assert_eq!(frames(&packet[..length]), None, "the first {length} bytes");
        }
        let others = [
            &[2, 0, 0, 0, 4][..],
            &[0x80, 0, 2, 0xB0, 8, 1, 1, 1, 1, 1, 1, 1, 1], // 29 bits of identifier
            &[0, 0, 2, 0xB0, 2, 1, 1],                      // two bytes
            &[0, 0, 2, 0xB0, 0x88, 0, 1, 1, 1, 1, 1, 1, 1, 1], // CAN FD
            &[0x40, 0, 2, 0xB0, 8],                         // a remote frame
        ];
        assert_eq!(frames(&others.concat()), Some(Vec::new()));
        assert_eq!(frames(&[1, 0, 0, 0, 0]), None, "another version");
    }

    #[test]
    fn a_packet_is_what_the_protocol_says() {
        let frame = Frame { id: 0x250, data: [0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7] };
        let mut sequence = 7;
        let bytes = [
            0x02, 0x00, 0x07, 0x00, 0x01, 0x00, 0x00, 0x02, 0x50, 0x08, 0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7,
        ];
        assert_eq!(packets(&[frame], &mut sequence), [bytes]);
        assert_eq!(sequence, 8);
    }

    #[test]
    fn a_sweep_is_split_at_the_size_of_an_ethernet_frame_and_numbers_wrap() {
        let frames = vec![Frame { id: 0x250, data: [0; 8] }; 131];
        let mut sequence = 255;
        let sizes: Vec<usize> = packets(&frames, &mut sequence).iter().map(Vec::len).collect();
        assert_eq!(sizes, [5 + 112 * 13, 5 + 19 * 13]);
        assert_eq!(sequence, 1);
        assert!(packets(&[], &mut sequence).is_empty());
    }
}
