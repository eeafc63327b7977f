//! The text of a DBC file, whatever its encoding. Pure.
//!
//! The format does not say its encoding. Tools write Windows-1252 (also called Latin-1), UTF-8 with and without a byte
//! order mark, and in China GB 2312 or its superset GBK. A text that is valid UTF-8 is that; of the others, runs of
//! Chinese letters are told from accents by their length: four high bytes in a row are no Latin word.

use encoding_rs::{Encoding, GBK, UTF_8, WINDOWS_1252};
use std::borrow::Cow;

/// Two Chinese letters: the shortest run of high bytes that no Latin text has.
const CHINESE_RUN: usize = 4;

/// The file as text, without its byte order mark. Every sequence of bytes is some text.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    match UTF_8.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => text,
        None if has_chinese(bytes) => chinese(bytes).into(),
        None => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// Whether the pair is a letter of GB 2312.
fn is_pair(pair: &[u8]) -> bool {
    matches!(pair, [0xA1..=0xF7, 0xA1..=0xFE])
}

/// Whether these high bytes, one after the other, are letters of GB 2312.
fn is_run(run: &[u8]) -> bool {
    run.len().is_multiple_of(2) && run.chunks(2).all(is_pair)
}

fn high_runs(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(u8::is_ascii).filter(|run| !run.is_empty())
}

fn has_chinese(bytes: &[u8]) -> bool {
    high_runs(bytes).any(|run| run.len() >= CHINESE_RUN && is_run(run))
}

/// A Chinese file: its runs of letters are GBK; a lone high byte, as of `°C`, is Windows-1252.
fn chinese(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let ascii = rest[0].is_ascii();
        let length = rest.iter().position(|byte| byte.is_ascii() != ascii).unwrap_or(rest.len());
        let (run, after) = rest.split_at(length);
        let encoding = if ascii || is_run(run) { GBK } else { WINDOWS_1252 };
        text.push_str(&encoding.decode_without_bom_handling(run).0);
        rest = after;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_that_tools_write_is_read() {
        for (bytes, expected) in [
            (&b"plain"[..], "plain"),
            ("°C Größe".as_bytes(), "°C Größe"),
            (b"\xEF\xBB\xBFVERSION", "VERSION"),
            (b"\xFF\xFEV\0\xB0\0C\0", "V°C"),
            (b"\xB0C, Gr\xF6\xDFe, m\xB3, \xB5V, \x80", "°C, Größe, m³, µV, €"),
            (b"\"\xB0C\" \"\xB5\xE7\xB3\xD8\xCE\xC2\xB6\xC8\" \"\xA1\xE6\"", "\"°C\" \"电池温度\" \"℃\""),
        ] {
            assert_eq!(decode(bytes), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_some_text(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
