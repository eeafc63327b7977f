//! The heatmap of the first paint: the raster as a PNG in a `data:` address, so that the server's page shows real
//! colours before any script runs. Stored without compression: one pixel a cell is small enough.

use super::Raster;

/// The raster as a `data:image/png;base64,…` address.
pub(super) fn data_url(raster: &Raster) -> String {
    let (width, height) = (raster.grid().columns(), raster.grid().rows());
    format!("data:image/png;base64,{}", base64(&png(width, height, raster.bytes())))
}

/// An 8-bit RGBA PNG of `width` x `height` pixels.
fn png(width: usize, height: usize, rgba: &[u8]) -> Vec<u8> {
    let mut header = [0, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 0, 0];
    header[..4].copy_from_slice(&(width as u32).to_be_bytes());
    header[4..8].copy_from_slice(&(height as u32).to_be_bytes());
    let rows: Vec<u8> =
        rgba.chunks_exact((width * 4).max(1)).flat_map(|row| std::iter::once(0).chain(row.iter().copied())).collect();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, b"IHDR", &header);
    chunk(&mut out, b"IDAT", &stored_zlib(&rows));
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend(kind);
    out.extend(data);
    let crc = crc32(&out[start..]);
    out.extend(crc.to_be_bytes());
}

/// A zlib stream of stored blocks.
fn stored_zlib(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let last = data.len().div_ceil(0xffff).saturating_sub(1);
    for (i, block) in data.chunks(0xffff).enumerate() {
        let length = block.len() as u16;
        out.push(u8::from(i == last));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (a, b) = data.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    out.extend((b << 16 | a).to_be_bytes());
    out
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 })
    })
}

fn base64(data: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(data.len().div_ceil(3) * 4);
    for three in data.chunks(3) {
        let bits = three.iter().enumerate().fold(0_u32, |bits, (i, byte)| bits | u32::from(*byte) << (16 - 8 * i));
        for i in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= three.len() { letter as char } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_and_crc_have_their_published_values() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(stored_zlib(b"Wikipedia")[16..], 0x11e6_0398_u32.to_be_bytes());
    }

    #[test]
    fn a_picture_is_header_data_end_with_one_filter_byte_a_row() {
        let file = png(2, 1, &[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(file[..8], *b"\x89PNG\r\n\x1a\n");
        assert_eq!(file[16..24], [0, 0, 0, 2, 0, 0, 0, 1]);
        let data = file.windows(4).position(|w| w == b"IDAT").unwrap() + 4;
        assert_eq!(file[data + 7..data + 16], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert!(file.ends_with(&[b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82]));
    }
}
