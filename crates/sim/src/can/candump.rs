//! CAN frames as lines of a candump log.

use super::encode::Frame;
use std::fmt::Write;

/// The log line of `frame`, received at `at_us` microseconds of Unix time on `interface`, without a line end.
pub fn line(at_us: u64, interface: &str, frame: &Frame) -> String {
    let mut line = format!("({:010}.{:06}) {interface} {:03X}#", at_us / 1_000_000, at_us % 1_000_000, frame.id);
    for byte in frame.data {
        // Writing to a string cannot fail.
        let _ = write!(line, "{byte:02X}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_candump_writes_it() {
        let frame = Frame { id: 0x250, data: [0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7] };
        assert_eq!(line(1_760_000_000_123_456, "can0", &frame), "(1760000000.123456) can0 250#00F67233959CCCE7");
    }
}
