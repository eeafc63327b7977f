//! Other programs' files in the history: every codec and order, what cannot be is told, cells from channels.

use crate::history::packtwin;
use crate::support::{judge, judges, repo};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

struct Into {
    folder: TempDir,
    data: String,
}

impl Into {
    fn a_new_history() -> Into {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data").to_str().unwrap().to_owned();
        Into { folder, data }
    }

    fn import(&self, file: &Path, system: &str, more: &[&str]) -> (Option<i32>, String) {
        let file = file.to_str().unwrap();
        packtwin(&[&["import", file, "--system", system, "--data", &self.data], more].concat())
    }

    /// The rows as `packtwin export` writes them, without the first line.
    fn rows(&self, system: &str, more: &[&str]) -> Vec<String> {
        let out = self.folder.path().join("out.csv").to_str().unwrap().to_owned();
        let export = ["export", "--system", system, "--data", &self.data, "--out", &out];
        let (status, said) = packtwin(&[&export, more].concat());
        assert_eq!(status, Some(0), "{said}");
        std::fs::read_to_string(out).unwrap().lines().skip(1).map(str::to_owned).collect()
    }
}

fn fixture(name: &str) -> PathBuf {
    repo().join("server/tests/fixtures/import").join(name)
}

#[test]
fn files_of_other_programs_are_taken_in_as_they_are_meant() {
    let into = Into::a_new_history();
    for (name, rows, says, first) in [
        ("csv-capital-names.csv", 20, "", "2026-10-24T22:30:00.000Z,80.1,832.5,12.25"),
        ("csv-semicolon.csv", 20, "", "2026-10-24T22:30:00.000Z,80.1,832.5,12.25"),
        ("parquet-decimal.parquet", 1, "", "T"),
        ("parquet-gzip.parquet", 50, "", "T"),
        ("parquet-newest-first.parquet", 60, "", "2026-11-20T"),
        ("parquet-doubled-times.parquet", 50, "doubled    10 rows", "T"),
        ("parquet-epoch-s-int64.parquet", 10, "doubled    40 rows", "2026-10-24T22:30:00.000Z,"),
        ("parquet-epoch-ms-int64.parquet", 50, "", "2026-10-24T22:30:00.000Z,"),
    ] {
        let system = name.split('.').next().unwrap();
        let (status, said) = into.import(&fixture(name), system, &[]);
        let lines = into.rows(system, &[]);
        let expected = if rows == 1 { lines.len() } else { rows };
        assert!(
            status == Some(0) && said.contains(&format!("{expected} of {expected} rows taken in")),
            "{name}: {said}"
        );
        assert!(said.contains(says) && !said.contains("refused"), "{name}: {said}");
        assert_eq!(lines.len(), expected, "{name}");
        assert!(lines.is_sorted() && lines[0].contains(first), "{name}: {}", lines[0]);
        let (_, said) = into.import(&fixture(name), system, &[]);
        assert!(said.contains(&format!("0 of {expected} rows taken in; {expected} were there")), "{name}: {said}");
    }
    let decimal = into.rows("parquet-decimal", &[]);
    assert!(decimal[0].contains(",812.5,10.25,3.2,"), "{}", decimal[0]);
}

#[test]
fn every_codec_that_duckdb_has_and_its_own_file_give_the_same_rows() {
    let Some(python) = judges() else { return };
    let into = Into::a_new_history();
    let made = judge(&python, "duckdb_codecs.py").arg(into.folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let codecs = String::from_utf8(made.stdout).unwrap();
    let mut all = Vec::new();
    for codec in codecs.lines() {
        let file = into.folder.path().join(format!("{codec}.parquet"));
        let (status, said) = into.import(&file, codec.replace('_', "-").as_str(), &[]);
        assert!(status == Some(0) && said.contains("60 of 60 rows taken in"), "{codec}: {said}");
        all.push(into.rows(&codec.replace('_', "-"), &[]));
    }
    assert_eq!(all.len(), 7);
    // By the DuckDB program, if tests are given one.
    if let Some(program) = std::env::var_os("PACKTWIN_DUCKDB") {
        let database = into.folder.path().join("rows.duckdb");
        let made = format!("CREATE TABLE telemetry AS FROM '{}/zstd.parquet'", into.folder.path().display());
        assert!(Command::new(program).arg(&database).args(["-c", &made]).status().unwrap().success());
        let (status, said) = into.import(&database, "duckdb", &[]);
        assert!(status == Some(0) && said.contains("60 of 60 rows taken in"), "{said}");
        all.push(into.rows("duckdb", &[]));
    } else {
        testkit::skip("the import of a DuckDB file needs the DuckDB program, and PACKTWIN_DUCKDB names none");
    }
    assert!(all[0][0].starts_with("2026-10-24T22:30:00.000Z,80,832.5,12.25,"), "{}", all[0][0]);
    assert!(all.iter().all(|rows| rows == &all[0]));
}

#[test]
fn what_cannot_be_is_refused_and_told_and_the_rest_is_taken_in() {
    let into = Into::a_new_history();
    let file = into.folder.path().join("odd.csv");
    std::fs::write(
        &file,
        "timestamp,soc,pack_voltage,colour\n\
         2026-03-01T00:00:00Z,50,832.1,red\n\
         yesterday,51,832.2,1\n\
         2026-03-01T00:00:02Z,5000,832.3,1\n\
         2026-03-01T00:00:01Z,NaN,832.4,1\n\
         2099-01-01T00:00:00Z,50,832.5,1\n",
    )
    .unwrap();
    let (status, said) = into.import(&file, "hv", &[]);
    assert!(status == Some(0) && said.contains("3 of 3 rows taken in"), "{said}");
    assert!(said.contains("2026-03-01T00:00:00.000Z to 2026-03-01T00:00:02.000Z"), "{said}");
    assert!(said.contains("left out   colour"), "{said}");
    assert!(
        said.contains("refused    2 rows and 1 value, such as") && said.contains("line 3: \"yesterday\""),
        "{said}"
    );
    let rows = into.rows("hv", &[]);
    let expected = ["00.000Z,50,832.1,", "01.000Z,,832.4,", "02.000Z,,832.3,"];
    assert!(rows.len() == 3 && rows.iter().zip(expected).all(|(row, part)| row.contains(part)), "{rows:?}");

    std::fs::write(&file, "timestamp,soc\n2099-01-01T00:00:00Z,50\n").unwrap();
    let (status, said) = into.import(&file, "hv", &[]);
    assert!(status == Some(1) && said.contains("nothing can be taken in") && said.contains("in the future"), "{said}");
}

#[test]
fn a_folder_of_channels_becomes_rows_and_cells_and_cells_go_out_and_in_again() {
    let into = Into::a_new_history();
    let channels = into.folder.path().join("channels");
    std::fs::create_dir(&channels).unwrap();
    // Two minutes at 2 Hz, the channels a few milliseconds apart.
    let write = |name: &str, shift_ms: u32, value: &dyn Fn(u32) -> f64| {
        let mut text = "timestamp,value\n".to_owned();
        for k in 0..240 {
            let at = format!("2026-03-01T10:{:02}:{:02}.{:03}Z", k / 120, k / 2 % 60, k % 2 * 500 + shift_ms);
            writeln!(text, "{at},{}", value(k)).unwrap();
        }
        std::fs::write(channels.join(format!("{name}.csv")), text).unwrap();
    };
    for module in 1..=5_u32 {
        for cell in 1..=4_u32 {
            write(&format!("bms1_p{module}_v{cell}"), cell, &|k| 3_200.0 + f64::from(module * 10 + cell + k % 2));
            write(&format!("bms1_p{module}_t{cell}"), cell, &|_| 20.0 + f64::from(module));
        }
    }
    write("bms1_i", 3, &|k| 10.0 + f64::from(k));
    write("bms1_soc", 7, &|_| 55.0);
    write("bms1_humidity", 7, &|_| 40.0);
    let map = into.folder.path().join("map.toml");
    std::fs::write(
        &map,
        r#"
modules = 5
cells_per_module = 4
map = [
  { point = "cells/voltage", channel = "bms1_p{module}_v{cell}", scale = 0.001 },
  { point = "cells/temperature", channel = "bms1_p{module}_t{cell}" },
  { point = "battery/current", channel = "bms1_i", sign = "charge-positive" },
  { point = "battery/soc", channel = "bms1_soc" },
]"#,
    )
    .unwrap();
    let map = map.to_str().unwrap();
    let (status, said) = into.import(&channels, "hv", &[]);
    assert!(status == Some(1) && said.contains("--map"), "{said}");
    let (status, said) = into.import(&channels, "hv", &["--map", map]);
    assert!(status == Some(0) && said.contains("240 of 240 rows taken in"), "{said}");
    assert!(said.contains("40 of 40 cell minutes of 20 cells taken in"), "{said}");
    assert!(said.contains("left out   bms1_humidity") && !said.contains("refused"), "{said}");
    let (_, said) = into.import(&channels, "hv", &["--map", map]);
    assert!(said.contains("0 of 240 rows") && said.contains("0 of 40 cell minutes"), "{said}");

    let rows = into.rows("hv", &[]);
    assert!(rows.len() == 240 && rows[1].starts_with("2026-03-01T10:00:00.400Z,55,,-11,"), "{}", rows[1]);
    let cells = into.rows("hv", &["--cells"]);
    assert_eq!(cells.len(), 40);
    assert_eq!(cells[19], "2026-03-01T10:00:00.000Z,19,3.254,3.2545,3.255,120,25,25,25,120");

    // What was exported is the same after an import, as CSV and as Parquet.
    for kind in ["csv", "parquet"] {
        let out = into.folder.path().join(format!("cells.{kind}"));
        let export = ["export", "--cells", "--data", &into.data, "--out", out.to_str().unwrap()];
        let (status, said) = packtwin(&export);
        assert!(status == Some(0) && said.contains("40 cell minutes"), "{said}");
        let (status, said) = into.import(&out, kind, &[]);
        assert!(status == Some(0) && said.contains("40 of 40 cell minutes of 20 cells taken in"), "{said}");
        assert_eq!(into.rows(kind, &["--cells"]), cells, "{kind}");
    }

    std::fs::write(map, "modules = 4\ncells_per_module = 4\nmap = [{ point = \"cells/voltage\", channel = \"bms1_p{module}_v{cell}\" }]").unwrap();
    let (status, said) = into.import(&channels, "hv", &["--map", map]);
    assert!(status == Some(1) && said.contains("bms1_p5_v1") && said.contains("4 modules of 4 cells"), "{said}");
}
