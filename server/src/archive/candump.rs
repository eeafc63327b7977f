//! `packtwin export --out frames.log`: the raw frames that were recorded in a stretch of time, as one candump log.

use anyhow::{Context as _, Result, bail};
use links::can::log::{Line, Stamp, parse};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write};
use std::path::{Path, PathBuf};
use store::Range;

/// One recording, read line by line.
struct Recording {
    path: PathBuf,
    lines: std::io::Split<BufReader<File>>,
    /// The next line that lies in the range, and when, µs since 1970-01-01 UTC.
    next: Option<(i64, Vec<u8>)>,
}

impl Recording {
    /// Goes to the next line in the range. What is no frame is left out: the last line of a recording may be cut.
    fn advance(&mut self, range: Range) -> Result<()> {
        for line in self.lines.by_ref() {
            let mut line = line.with_context(|| format!("read {}", self.path.display()))?;
            let Ok(Line::Frame(Stamp::At(at_us), _)) = parse(&line) else { continue };
            let at_us = i64::try_from(at_us).unwrap_or(i64::MAX);
            if (range.from_ms..range.to_ms).contains(&(at_us / 1_000)) {
                line.push(b'\n');
                self.next = Some((at_us, line));
                return Ok(());
            }
        }
        self.next = None;
        Ok(())
    }
}

/// Writes the frames of all recordings in the data folder that lie in the range, oldest first. Returns how many.
///
/// # Errors
/// Nothing was recorded in the range, or a file cannot be read or written.
pub(crate) fn candump(data: &Path, range: Range, out: &mut impl Write) -> Result<usize> {
    let folder = data.join("recordings");
    let mut recordings = Vec::new();
    for entry in std::fs::read_dir(&folder).into_iter().flatten() {
        let path = entry.with_context(|| format!("read {}", folder.display()))?.path();
        if path.extension().is_some_and(|name| name == "log") {
            let file = File::open(&path).with_context(|| format!("open {}", path.display()))?;
            let mut recording = Recording { path, lines: BufReader::new(file).split(b'\n'), next: None };
            recording.advance(range)?;
            recordings.push(recording);
        }
    }
    let mut count = 0;
    // Few files are open at once: looking at all of them is as good as a heap.
    let oldest = |recordings: &mut Vec<Recording>| {
        let index = (0..recordings.len()).filter(|index| recordings[*index].next.is_some());
        index.min_by_key(|index| recordings[*index].next.as_ref().map(|(at_us, _)| *at_us))
    };
    while let Some(index) = oldest(&mut recordings) {
        if let Some((_, line)) = recordings[index].next.take() {
            out.write_all(&line)?;
            count += 1;
        }
        recordings[index].advance(range)?;
    }
    if count == 0 {
        bail!(
            "{} holds no frame of this time: frames are kept only while a link is recorded (page Links, or POST /api/v1/links/ID/recording)",
            folder.display()
        );
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_joined_in_the_order_of_time_and_cut_to_the_range() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("recordings");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(
            folder.join("bms-1.log"),
            "(10.000000) can0 100#01\n(12.000000) can0 100#02\n(13.000000) can0 10",
        )
        .unwrap();
        std::fs::write(folder.join("bms-2.log"), "(11.000000) can1 200#03\n(30.000000) can1 200#04\n").unwrap();
        std::fs::write(folder.join("notes.txt"), "(11.500000) can1 200#FF\n").unwrap();
        let mut out = Vec::new();
        let count = candump(data.path(), Range::new(10_000, 30_000), &mut out).unwrap();
        let expected = "(10.000000) can0 100#01\n(11.000000) can1 200#03\n(12.000000) can0 100#02\n";
        assert_eq!((count, String::from_utf8(out).unwrap().as_str()), (3, expected));

        for (data, range) in [(data.path(), Range::new(0, 1)), (Path::new("nowhere"), Range::new(0, i64::MAX))] {
            let error = candump(data, range, &mut Vec::new()).unwrap_err().to_string();
            assert!(error.contains("no frame of this time"), "{error}");
        }
    }
}
