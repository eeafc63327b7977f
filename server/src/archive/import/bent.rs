//! Files of other programs, bent at random: none may make an import panic or think for long.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

use super::intake::Intake;
use super::meaning::Meanings;
use super::summary::Refused;
use super::{parquet, text};
use std::path::{Path, PathBuf};
use testkit::{Target, fuzz};

/// 2026-11-05, after all instants of the fixtures.
const NOW_MS: i64 = 1_793_836_800_000;
/// Each input of a file is written to the disk.
const FILES: u64 = 400;

/// A kind of file, in a folder of its own.
struct Files {
    kind: &'static str,
    folder: tempfile::TempDir,
}

impl Files {
    fn of(kind: &'static str) -> Files {
        Files { kind, folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, input: &[u8]) -> PathBuf {
        let path = self.folder.path().join("file");
        std::fs::write(&path, input).unwrap();
        path
    }
}

impl Target for Files {
    fn name(&self) -> &'static str {
        self.kind
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let rows = "Timestamp,SOC (%),pack_voltage,note\n2026-10-24T22:30:00Z,80.1,832.4,a\n2026-10-24 22:30:00.2,,831,\"b,\"\n";
        let cells = "timestamp,cell,cell_v_min,cell_v_mean,cell_v_max,cell_v_n\n1792881000,3,3.1,3.2,3.3,300\n";
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
        let mut seeds: Vec<Vec<u8>> = match self.kind {
            "csv" => vec![rows.into(), rows.replace(',', ";").replace('.', ",").into(), cells.into()],
            _ => Vec::new(),
        };
        for entry in std::fs::read_dir(fixtures).unwrap().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == self.kind) {
                seeds.push(std::fs::read(path).unwrap());
            }
        }
        seeds
    }

    fn take(&self, input: &[u8]) -> bool {
        let path = self.write(input);
        let mut intake = Intake::new(&Meanings::Names, false, NOW_MS);
        let mut refused = Refused::default();
        let outcome = match self.kind {
            "csv" => text::read(&path, |_| true, &mut refused, |table| intake.take("file", table, None)),
            _ => parquet::read(&path, |_| true, &mut refused, |table| intake.take("file", table, None)),
        };
        outcome.is_ok() && intake.summary.read > 0
    }

    fn few(&self) -> u64 {
        FILES
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bent")
}

#[test]
fn bent_csv_files_do_no_harm() {
    fuzz(&Files::of("csv"), &corpus());
}

#[test]
fn bent_parquet_files_do_no_harm() {
    fuzz(&Files::of("parquet"), &corpus());
}
