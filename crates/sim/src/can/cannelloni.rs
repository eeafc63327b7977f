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

#[cfg(test)]
mod tests {
    use super::*;

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
